"""A command that shows what a blind reader must not know logs it, and the read that comes after says so."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview import formats, resources
from ecgview.cli import main
from ecgview.formats import scp, wfdb
from ecgview.record import DeviceReading, DeviceStatement, EcgRecord, Patient
from ecgview.review.history import SetComment
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store, default_path


@pytest.fixture
def ecg(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a record on disk with a name."""
    named = replace(pulse_record, patient=Patient("7", "Wang", "male", 63.0))
    return Path(wfdb.write(named, tmp_path / "one"))


def _kinds(path: Path) -> list[str]:
    with Store() as store:
        return [one.kind for one in store.exposures(formats.read(path).source.sha256)]


def test_classify_makes_the_read_after_it_not_blind_on_this_workstation() -> None:
    path = Path(resources.path("demo")) / "normal.hea"
    assert main(["classify", str(path), "--top", "1"]) == 0
    record = formats.read(path)
    with Store() as store:
        session = ReadingSession(store, record, "One")
        session.apply(SetComment("read"))
        read = session.commit_first_read()
        assert read.blind
        assert "diagnoses of a model on the command line" in read.exposed
        assert store.verify() == []


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (["lef", "{ecg}"], "lef"),
        (["report", "{ecg}", "-o", "{out}.json", "--no-ai"], "report"),
        (["reconstruct", "{ecg}", "-o", "{out}.npz"], "reconstruct"),
        (["explain", "{ecg}", "--with", "contributions", "-o", "{out}.json"], "explain"),
        (["explain", "{ecg}", "--mask", "2.0-2.4@V1;lead:aVL"], "explain"),
        (["convert", "{ecg}", "{out}.edf", "--identified"], "identified_export"),
        (["screenshot", "{ecg}", "-o", "{out}.png", "--size", "960x640"], "screenshot"),
    ],
)
def test_each_command_that_shows_logs_its_kind(
    ecg: Path, tmp_path: Path, command: list[str], kind: str
) -> None:
    filled = [part.format(ecg=ecg, out=tmp_path / "out") for part in command]
    assert main(filled) == 0
    assert _kinds(ecg) == [kind]


@pytest.mark.parametrize("command", [["info"], ["measure"]])
def test_a_command_that_shows_nothing_of_a_reading_logs_nothing(ecg: Path, command: list[str]) -> None:
    assert main([*command, str(ecg)]) == 0
    assert not default_path().exists()


def test_info_that_tells_what_a_device_said_is_an_exposure(tmp_path: Path, pulse_record: EcgRecord) -> None:
    said = DeviceReading(statements=(DeviceStatement("Atrial fibrillation"),))
    path = Path(scp.write(replace(pulse_record, device_reading=said), tmp_path / "said.scp"))
    assert formats.read(path).device_reading.statements
    assert main(["info", str(path)]) == 0
    assert _kinds(path) == ["device_text"]


def test_a_deidentified_conversion_is_no_exposure(ecg: Path, tmp_path: Path) -> None:
    assert main(["convert", str(ecg), str(tmp_path / "out.edf")]) == 0
    assert not default_path().exists()


def test_a_store_that_cannot_be_written_does_not_stop_the_command(
    ecg: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.makedirs(default_path())  # a folder where the database would be
    assert main(["report", str(ecg), "-o", str(tmp_path / "out.json"), "--no-ai"]) == 0
    said = capsys.readouterr().err
    assert "could not be logged" in said
    assert "Traceback" not in said
    assert (tmp_path / "out.json").exists()
