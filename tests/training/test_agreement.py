"""Agreement with reasons against agreement with shams: known counts, honest intervals, no claim across zero."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ecgview.cli import main
from ecgview.errors import StoreError
from ecgview.record import EcgRecord, Source
from ecgview.review.judgement import Judged, Judgement, Opinion, Shown, Verdict
from ecgview.review.moment import Moment
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.training.evaluation import agreement

YES, NO, MISSED, ARTEFACT = Verdict.AGREE, Verdict.DISAGREE, Verdict.MISSED, Verdict.ARTEFACT


def _judged(shown: Shown, target: str = "AFIB", kind: str = "map") -> Judged:
    return Judged(kind, target, "m", "1.0", "f" * 64, "ig", "no failure found", shown, "x")  # type: ignore[arg-type]


def _rows(
    verdicts: Sequence[tuple[Verdict, Shown]],
    *,
    records: Sequence[str] = (),
    reader: str = "A",
    target: str = "AFIB",
) -> list[Judgement]:
    """Return a judgement per verdict, each of a record of its own unless they are given."""
    made = []
    for number, (verdict, shown) in enumerate(verdicts, 1):
        record = records[number - 1] if records else f"{reader}{target}{number}"
        opinion = Opinion(verdict, ("V1",), 1.0, 1.2, _judged(shown, target), "Planted Person")
        made.append(
            Judgement(record, reader, number, opinion, 1, Moment("2026-01-01T00:00:00.000Z"), "ecgview")
        )
    return made


def test_agreement_with_maps_is_held_against_agreement_with_shams() -> None:
    verdicts: list[tuple[Verdict, Shown]] = [(YES, "true")] * 45 + [(NO, "true")] * 5
    verdicts += [(YES, "sham-other")] * 10 + [(NO, "sham-random")] * 15
    verdicts += [(MISSED, "true")] * 3 + [(ARTEFACT, "sham-other")] * 2
    found = agreement.figures(_rows(verdicts))
    (row,) = found["agreement"]
    assert (row["kind"], row["model"], row["version"]) == ("map", "m", "1.0")
    assert (row["true"]["agree"], row["true"]["disagree"]) == (45, 5)
    assert row["true"]["agreement"] == {"value": 0.9, "low": 0.7864, "high": 0.9565}  # Wilson's
    assert row["sham"]["agreement"]["value"] == 0.4
    assert (row["true"]["missed_here"], row["sham"]["artefact"]) == (3, 2)  # in neither share
    assert row["difference"]["value"] == 0.5
    assert 0.2 < row["difference"]["low"] < 0.5 < row["difference"]["high"] < 0.75
    assert row["claim"] == "readers agree more often with these maps than with shams"
    counted = {(one["shown"], one["verdict"]): one["n"] for one in found["counts"]}
    assert counted[("true", "agree")] == 45
    assert counted[("sham-random", "disagree")] == 15
    assert sum(counted.values()) == found["judgements"] == 80


def test_a_reader_who_nods_at_everything_proves_nothing() -> None:
    verdicts: list[tuple[Verdict, Shown]] = [(YES, "true")] * 30 + [(YES, "sham-other")] * 30
    (row,) = agreement.figures(_rows(verdicts))["agreement"]
    assert row["true"]["agreement"]["value"] == row["sham"]["agreement"]["value"] == 1.0
    assert row["difference"]["low"] < 0 < row["difference"]["high"]
    assert row["claim"] == "none: the interval of the difference contains zero"


def test_fewer_agreements_than_with_shams_are_said_too() -> None:
    verdicts: list[tuple[Verdict, Shown]] = [(NO, "true")] * 30 + [(YES, "sham-other")] * 30
    (row,) = agreement.figures(_rows(verdicts))["agreement"]
    assert row["claim"] == "readers agree less often with these maps than with shams"


def test_many_judgements_of_few_records_are_not_many_records() -> None:
    verdicts: list[tuple[Verdict, Shown]] = [(YES, "true")] * 40 + [(NO, "true")] * 40
    alone = agreement.figures(_rows(verdicts))["agreement"][0]["true"]["agreement"]
    records = [f"r{k // 20}" for k in range(80)]  # four records, each of one mind
    together = agreement.figures(_rows(verdicts, records=records))["agreement"][0]["true"]
    assert together["records"] == 4
    assert together["agreement"]["value"] == alone["value"] == 0.5
    assert together["agreement"]["high"] - together["agreement"]["low"] > 2 * (alone["high"] - alone["low"])
    verdicts = [(YES, "true")] * 40 + [(NO, "sham-other")] * 40
    (row,) = agreement.figures(_rows(verdicts, records=[f"r{k % 2}" for k in range(80)]))["agreement"]
    assert row["difference"]["value"] == 1.0
    assert row["difference"]["low"] < 0.3  # two records, whatever the number of marks on them


def test_without_shams_or_ratings_there_is_no_difference() -> None:
    (row,) = agreement.figures(_rows([(YES, "true"), (MISSED, "sham-other")]))["agreement"]
    assert row["difference"] is None
    assert row["sham"]["agreement"] is None
    assert row["claim"].startswith("none")
    assert agreement.figures([])["agreement"] == []


def test_targets_and_readers_stand_apart() -> None:
    rows = _rows([(YES, "true")] * 4, reader="Dr Zebra") + _rows(
        [(NO, "true")] * 4, reader="Dr Okapi", target="LVH"
    )
    found = agreement.figures(rows)
    assert [row["target"] for row in found["by_target"]] == ["AFIB", "LVH"]
    assert [row["true"]["agreement"]["value"] for row in found["by_target"]] == [1.0, 0.0]
    assert [(row["reader"], row["true"]["agree"]) for row in found["by_reader"]] == [
        ("reader 1", 4),
        ("reader 2", 0),
    ]
    assert "Zebra" not in json.dumps(found)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    with Store(path) as store:
        for k, verdict in enumerate((YES, YES, NO)):
            signal = np.full((1, 5000), 0.1 * (k + 1), np.float32)
            record = EcgRecord(
                signal, ("V1",), 500.0, source=Source(sha256=f"{k}" * 64, format="npy", path=f"{k}.npy")
            )
            session = ReadingSession(store, record, "Dr Zebra")
            session.set_comment("read")
            session.commit_first_read()
            session.reveal()
            session.judge(Opinion(verdict, ("V1",), 1.0, 1.2, _judged("true"), "Planted Person"))
        session.withdraw(1)
    return path


def test_the_command_counts_a_store_and_writes_every_judgement(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, told = tmp_path / "rows.csv", tmp_path / "told.json"
    words = ["evaluate", "--judgements", str(database), "--csv", str(rows), "-o", str(told), "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(told.read_text(encoding="utf-8"))
    assert (found["judgements"], found["withdrawn"], found["records"], found["readers"]) == (2, 1, 2, 1)
    text = rows.read_text(encoding="utf-8")
    assert "Zebra" not in text
    assert "Planted" not in text
    first, second = csv.DictReader(text.splitlines())
    assert (first["record_sha256"], first["reader"], first["verdict"]) == ("0" * 64, "reader 1", "agree")
    assert (second["target"], second["stamp"], second["shown"]) == ("AFIB", "no failure found", "true")
    assert main(words[:-1]) == 0
    printed = capsys.readouterr().out
    assert "2 judgements, 1 withdrawn, 2 records, 1 readers" in printed
    assert "claim: none: nothing to hold agreement against" in printed


def test_a_store_that_is_not_there_is_named_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.db"
    with pytest.raises(StoreError, match="no database"):
        agreement.read(missing)
    assert main(["evaluate", "--judgements", str(missing)]) == 1
    assert "none.db: there is no database of reads" in capsys.readouterr().err
    assert not missing.exists()
    assert main(["evaluate"]) == 1
    assert "MODEL DATA, or --judgements" in capsys.readouterr().err
