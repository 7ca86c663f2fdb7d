"""Where an exposure cannot be logged, the read cannot be called blind; a run is logged in one entry."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview import formats
from ecgview.cli import main
from ecgview.desktop.settings import MEASUREMENTS_OPEN, Settings, settings_path
from ecgview.formats import wfdb
from ecgview.record import DeviceReading, DeviceStatement, EcgRecord, Patient
from ecgview.review import _database
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


@pytest.fixture
def ecg(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    said = DeviceReading(statements=(DeviceStatement("sinus rhythm"),))
    named = replace(pulse_record, patient=Patient("7", "Wang", "male", 63.0), device_reading=said)
    return Path(wfdb.write(named, tmp_path / "one"))


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the store be opened for reading alone, as in a folder that may not be written."""
    Store().open().close()
    connect = sqlite3.connect

    def opened(path: str | Path, **more: object) -> sqlite3.Connection:
        return connect(f"file:{path}?mode=ro", uri=True, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(_database.sqlite3, "connect", opened)
    return monkeypatch


def test_what_a_read_only_store_cannot_take_waits_for_it(
    ecg: Path, read_only: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], isolated_home: Path
) -> None:
    assert main(["info", str(ecg)]) == 0
    assert "no read is called blind" in capsys.readouterr().err
    record = formats.read(ecg)
    with Store() as store:
        assert [one.kind for one in store.exposures(record.source.sha256)] == ["device_text"]
    read_only.undo()
    read_only.setenv("HOME", str(isolated_home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        read_only.setenv(name, str(isolated_home))
    with Store() as store:
        session = ReadingSession(store, record, "One")
        session.set_comment("x")
        assert "statements on the command line" in session.commit_first_read().exposed
        assert [one.kind for one in store.exposures(record.source.sha256)] == [
            "device_text"
        ]  # once, in the store
        assert list(isolated_home.rglob("unlogged/*.jsonl")) == []
        assert store.verify() == []


def test_two_that_wait_are_both_taken(ecg: Path, pulse_record: EcgRecord) -> None:
    store = Store()
    store.keep_unlogged("classify", "m", ["pulse"])
    store.keep_unlogged("score", "table", ["pulse", "a" * 64], as_run=True)
    store.keep_unlogged("lef", "", ["another"])
    with store:
        session = ReadingSession(store, pulse_record, "One")
        session.set_comment("x")
        exposed = session.commit_first_read().exposed
        assert "diagnoses of a model" in exposed
        assert "table of scores written on the command line: table" in exposed
        assert "LEF" not in exposed
        assert [one.kind for one in store.exposures("another")] == ["lef"]
        assert store.runs("a" * 64) == store.runs("pulse")
        assert len(store.runs("pulse")) == 1
        assert store.verify() == []


def test_score_logs_one_entry_with_its_manifest(ecg: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    records = []
    for number in range(3):
        one = replace(formats.read(ecg), signal=formats.read(ecg).signal * (1 + number / 10))
        records.append(formats.read(wfdb.write(one, folder / f"ecg{number}")))
    arguments = [
        "score",
        str(folder),
        "-o",
        str(tmp_path / "table.parquet"),
        "--device",
        "cpu",
        "--workers",
        "1",
    ]
    assert main(arguments) == 0
    with Store() as store:
        entries = store.audit()
        assert [entry.action for entry in entries] == ["ran"]
        assert entries[0].details == "score of 3 records: table.parquet"
        (run,) = store.runs(records[1].source.sha256)
        assert run.records == tuple(sorted(record.source.sha256 for record in records))
        assert store.runs("f" * 64) == ()
        session = ReadingSession(store, records[2], "One")
        session.set_comment("x")
        assert (
            "table of scores written on the command line: table.parquet"
            in session.commit_first_read().exposed
        )
        assert store.verify() == []


def test_measurements_that_a_study_closes_are_an_exposure(ecg: Path, tmp_path: Path) -> None:
    record = formats.read(ecg)
    table, copy = str(tmp_path / "table.csv"), str(tmp_path / "copy.hea")
    commands = (
        ["measure", str(ecg)],
        ["measure", str(ecg), "--csv", table, "--workers", "1"],
        ["convert", str(ecg), copy, "--deidentify", "--with", "measurements"],
    )
    for command in commands:
        main(command)
    with Store() as store:  # every reader sees them from the start
        assert store.audit() == []
    Settings(settings_path()).set(MEASUREMENTS_OPEN, False)
    for command in commands:
        main([*command, "--overwrite"] if command[0] == "convert" else command)
    with Store() as store:
        kinds = [(one.kind, one.details) for one in store.exposures(record.source.sha256)]
        assert kinds == [("measured", ""), ("measured", "convert")]
        assert [run.details for run in store.runs(record.source.sha256)] == ["table.csv"]
        session = ReadingSession(store, record, "One")
        session.set_comment("x")
        assert "measurements on the command line" in session.commit_first_read().exposed
