"""Criteria in a report and on the command line: what must not be missed heads page 1, and who was told of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pdfplumber
import pytest

from ecgview import api, resources
from ecgview.cli import main
from ecgview.paper.settings import PaperSettings
from ecgview.report import _head, content, json_report, pdf
from ecgview.review.moment import now
from ecgview.review.read import Draft, Read, ReadKind, Told

BLOCK = str(resources.path("demo", "complete_av_block.hea"))
NORMAL = str(resources.path("demo", "normal.hea"))
TOLD = Told("AVB3", "complete AV block", "Dr Li (ward 3)", "2026-01-02T03:04:05Z", "Reader A")


def text_of(path: Path) -> str:
    with pdfplumber.open(path) as document:
        return " ".join((document.pages[0].extract_text() or "").split())


def gathered(file: str, *told: Told) -> content.ReportContent:
    record = api.open_ecg(file)
    read = Read(
        record.source.sha256, "Reader A", 1, ReadKind.FIRST, Draft(told=told), now(), "ecgview 0", blind=True
    )
    return content.gather(
        record, read=read if told else None, measured=api.measured(record), paper=PaperSettings()
    )


def test_w6_a_critical_criterion_heads_page_1(tmp_path: Path) -> None:
    text = text_of(pdf.write(gathered(BLOCK), tmp_path / "r.pdf"))
    before, flag, after = text.partition("CRITICAL, by rule, to be confirmed: P waves independent of the QRS")
    assert flag
    assert "synthetic ECG" in after  # the head of the page stands below
    assert "synthetic" not in before
    assert "nobody is recorded as told; ecgview sends no alarm" in text
    assert "Atrial rate 82 bpm" in text


def test_w6_who_was_told_stands_beside_it(tmp_path: Path) -> None:
    found = gathered(BLOCK, TOLD)
    text = text_of(pdf.write(found, tmp_path / "r.pdf"))
    assert "Told: Dr Li (ward 3) told of complete AV block on 2026-01-02 03:04 UTC" in text
    assert "nobody is recorded" not in text
    made = json_report.as_dict(found)
    assert made["critical"] == ["AVB3"]
    assert made["read"]["content"]["told"][0]["person"] == "Dr Li (ward 3)"


def test_criteria_that_are_met_stand_on_the_page_with_their_numbers(tmp_path: Path) -> None:
    text = text_of(pdf.write(gathered(BLOCK), tmp_path / "r.pdf"))
    assert "CRITERIA MET, rules, no diagnosis" in text
    assert "Bradycardia, whatever the rhythm, 60 (Heart" in text
    found = gathered(NORMAL)
    normal = text_of(pdf.write(found, tmp_path / "n.pdf"))
    assert "CRITICAL" not in normal
    assert {one.state for one in found.criteria} & {"met", "not measurable"} == set()
    assert "none; " in normal  # P of its lead II is under 120 ms
    doubted = tuple(
        replace(one, state="met", doubts=("check the gain of each lead",)) if one.code == "LVOLT" else one
        for one in found.criteria
    )
    told = text_of(pdf.write(replace(found, criteria=doubted), tmp_path / "d.pdf"))
    assert "check the gain of each lead" in told
    one_met = tuple(replace(one, state="met") if one.code == "LONG-P" else one for one in found.criteria)
    assert "none; " not in text_of(pdf.write(replace(found, criteria=one_met), tmp_path / "n.pdf"))


def test_where_only_critical_ones_are_met_their_names_stand_under_the_heading(tmp_path: Path) -> None:
    found = gathered(BLOCK)
    only = tuple(
        one if one.critical or one.state != "met" else replace(one, state="not met") for one in found.criteria
    )
    names = "; ".join(one.name for one in found.critical)
    assert names
    shown = replace(found, criteria=only)
    said = [run.text for run in _head.criteria(shown)]
    assert said[0] == "CRITERIA MET, rules, no diagnosis"
    assert said[1] == f"Critical, named above: {names}"
    assert len(said) == 3
    assert not said[2].startswith("none")
    assert "named above" in text_of(pdf.write(shown, tmp_path / "r.pdf"))


def test_a_report_of_nobody_who_asked_has_no_word_of_criteria(tmp_path: Path) -> None:
    bare = replace(gathered(BLOCK), criteria=())
    text = text_of(pdf.write(bare, tmp_path / "r.pdf"))
    assert "CRITERIA" not in text
    assert "CRITICAL" not in text


def test_a_report_from_the_command_line_has_them(tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert main(["report", BLOCK, "--no-ai", "-o", str(out)]) == 0
    made = json.loads(out.read_text(encoding="utf-8"))
    assert made["critical"] == ["AVB3"]
    by_code = {row["code"]: row for row in made["criteria"]}
    assert by_code["BRADY"]["numbers"] == "Heart rate 38 bpm"
    assert by_code["CLBBB"]["choice"] == "Strauss"


def measured(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["measure", *words]) == 0
    return capsys.readouterr().out


def test_measure_gives_all_of_them_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = json.loads(measured(capsys, BLOCK, "--json", "--criteria-choice", "SBRAD=50"))
    by_code = {row["code"]: row for row in found["criteria"]}
    assert len(by_code) == len(found["criteria"]) > 50
    assert {row["state"] for row in found["criteria"]} <= {
        "met",
        "not met",
        "not measurable",
        "not applicable",
    }
    assert by_code["SBRAD"]["choice"] == "50"
    assert by_code["AVB3"]["used"][0]["unit"] == "bpm"
    assert all(row["definition"] and row["publication"] for row in found["criteria"])


def test_measure_prints_what_is_met_and_what_could_not_be_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = measured(capsys, BLOCK)
    assert "met: Bradycardia, whatever the rhythm (60) [BRADY]: Heart rate 38 bpm" in text
    assert "LAE, LONG-P, RAE: no P wave" in text
    assert "SBRAD" not in text  # not met: only said in JSON
    assert "exclud" not in text.lower()


@pytest.mark.parametrize(
    ("choice", "said"),
    [("CLBBB", "CODE=NAME"), ("CLBBB=WHO", "Strauss, AHA"), ("LVH=X", "no criterion 'LVH'")],
)
def test_a_choice_that_there_is_not_is_told(
    choice: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", NORMAL, "--criteria-choice", choice]) != 0
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
