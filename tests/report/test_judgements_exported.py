"""Judgements of reasons in the exports of a read: beside it, not in it; de-identified; shams stay concealed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import wfdb

from ecgview.record import EcgRecord, Patient
from ecgview.report import content, json_report, pdf, wfdb_annotations
from ecgview.review.judgement import Judged, Opinion, Verdict
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

MAP = Judged("map", "AFIB", "m", "1.0", "f" * 64, "integrated gradients", "failed: x", "sham-other", "LVH")
OPINION = Opinion(Verdict.DISAGREE, ("V1",), 1.0, 1.5, MAP, "as told by Planted Person")


@pytest.fixture
def read(tmp_path: Path, pulse_record: EcgRecord) -> ReadingSession:
    record = replace(pulse_record, patient=Patient(name="Planted Person", patient_id="id-77"))
    session = ReadingSession(Store(tmp_path / "s.db"), record, "Reader A")
    session.set_comment("read")
    session.sign()
    session.reveal()
    session.judge(OPINION)
    session.judge(replace(OPINION, verdict=Verdict.AGREE, text="", leads=()))
    session.withdraw(2)
    return session


def _gathered(session: ReadingSession, record: EcgRecord, *, identified: bool) -> content.ReportContent:
    named = replace(record, patient=Patient(name="Planted Person", patient_id="id-77"))
    return content.gather(
        named,
        read=session.latest,
        judgements=session.judgements,
        identified=identified,
        study_name="ecg-00001",
    )


@pytest.mark.parametrize("identified", [True, False])
def test_the_json_report_carries_what_stands_and_conceals_shams(
    identified: bool, read: ReadingSession, pulse_record: EcgRecord, tmp_path: Path
) -> None:
    path = json_report.write(_gathered(read, pulse_record, identified=identified), tmp_path / "r.json")
    text = path.read_text(encoding="utf-8")
    (found,) = json.loads(text)["judgements"]  # the one that was withdrawn is gone
    assert (found["verdict"], found["leads"], found["start_s"], found["end_s"]) == (
        "disagree",
        ["V1"],
        1.0,
        1.5,
    )
    assert (found["reader"], found["read_number"]) == ("Reader A", 2)
    assert found["judged"] == {
        "kind": "map",
        "target": "AFIB",
        "model_id": "m",
        "version": "1.0",
        "sha256": "f" * 64,
        "method": "integrated gradients",
    }
    assert "sham" not in text
    assert "LVH" not in {one["judged"]["target"] for one in json.loads(text)["judgements"]}
    without = {name: value for name, value in json.loads(text).items() if name != "criteria"}
    assert "LVH" not in json.dumps(without)  # the shams' target; the criteria have rules of that name
    assert ("Planted" in text) is identified
    assert found["text"] == ("as told by Planted Person" if identified else "as told by [removed]")
    assert "disagree" not in json.dumps(json.loads(text)["read"])


def test_the_printed_report_says_nothing_of_them(
    read: ReadingSession, pulse_record: EcgRecord, tmp_path: Path
) -> None:
    """A judgement is of the model, not of the patient: with and without it the pages are the same."""
    whole = _gathered(read, pulse_record, identified=True)
    without = replace(whole, judgements=())
    sizes = {pdf.write(one, tmp_path / "r.pdf").stat().st_size for one in (whole, without)}
    assert len(sizes) == 1


def test_wfdb_annotations_name_them_as_what_they_are(
    read: ReadingSession, pulse_record: EcgRecord, tmp_path: Path
) -> None:
    wfdb_annotations.write(_gathered(read, pulse_record, identified=False), tmp_path / "r.ecgview")
    notes = wfdb.rdann(str(tmp_path / "r"), "ecgview")
    assert list(zip(notes.sample.tolist(), notes.aux_note, strict=True)) == [
        (500, "( V1 judgement disagree map of AFIB by m 1.0 as told by [removed]"),
        (750, ") V1 judgement disagree"),
    ]
