"""`ecgview convert`: one file and many, names, keys, what fails, what is left alone."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgview import api, formats
from ecgview.cli import main
from ecgview.errors import EcgviewError
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.record import DeviceMeasurement, DeviceReading, EcgRecord, Patient


@pytest.fixture
def folder(pulse_record: EcgRecord, tmp_path: Path) -> Path:
    """Return a folder with three records of Wang Xiaoming, one of them damaged."""
    there = tmp_path / "王小明"
    there.mkdir()
    named = replace(pulse_record, patient=Patient("H-0042", "王小明", "male", 93.0, "1933-01-02"))
    for name in ("a", "b"):
        formats.writers()[".hea"].write(named, there / f"wang_{name}.hea")
    (there / "wang_c.hea").write_text("wang_c 12 500 5000\n")
    return there


def test_one_file_to_every_format(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for suffix, writer in formats.writers().items():
        target = tmp_path / "out" / f"one{suffix}"
        assert main(["convert", str(folder / "wang_a.hea"), str(target)]) == 0
        said = capsys.readouterr()
        assert str(target) in said.out
        assert "Research use only" in said.err
        record = formats.read(target)
        assert record.source.format == writer.NAME
        assert (record.patient.name, record.patient.birth_date) == ("", "")
        assert record.patient.age_years == 90.0


def test_a_folder_is_converted_as_far_as_it_goes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECGVIEW_KEY_PASSPHRASE", "a passphrase of tests")
    out, key = tmp_path / "shared", tmp_path / "key"
    words = ["convert", str(folder), str(out), "--to", "npz", "--key", str(key), "--json"]
    assert main(words) == 1
    said = capsys.readouterr()
    rows = json.loads(said.out)
    assert [bool(row["error"]) for row in rows] == [False, False, True]
    assert "wang_c" in said.err
    assert "Traceback" not in said.err
    assert sorted(path.name for path in out.iterdir()) == ["ecg-00001.npz", "ecg-00002.npz"]
    assert b"wang" not in b"".join(path.read_bytes() for path in out.iterdir())
    assert b"wang" not in key.read_bytes()
    assert api.read_key(key)[0] == ("ecg-00001.npz", str(folder / "wang_a.hea"))


def test_a_second_batch_goes_on_counting(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        api.convert([folder / "wang_a.hea"], tmp_path / "shared", "csv")
    assert sorted(path.name for path in (tmp_path / "shared").iterdir()) == ["ecg-00001.csv", "ecg-00002.csv"]


def test_identified_keeps_all_and_the_name(folder: Path, tmp_path: Path) -> None:
    rows = api.convert([folder / "wang_a.hea"], tmp_path / "own", "hea", deidentify=False)
    record = formats.read(rows[0].target)
    assert record.patient == Patient("H-0042", "王小明", "male", 93.0, "1933-01-02")
    assert Path(rows[0].target).name == "wang_a.hea"


def test_nothing_is_replaced_unasked(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "one.npz"
    target.write_bytes(b"precious")
    (row,) = api.convert([folder / "wang_a.hea"], target)
    assert "already" in row.error
    assert target.read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".ecgview")] == []
    (row,) = api.convert([folder / "wang_a.hea"], target, overwrite=True)
    assert not row.error
    assert np.isfinite(formats.read(target).signal).all()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ecg.xyz"], "nothing writes .xyz"),
        (["out", "--to", "mp3"], "nothing writes .mp3"),
        (["all.npz"], "several records for one file"),
        (["out", "--to", "csv", "--key", "out/key.csv"], "the key would be shared"),
    ],
)
def test_wrong_orders_are_refused(
    words: list[str],
    told: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["convert", str(folder), *words]) != 0
    assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*"))


def test_names_that_meet_are_kept_apart(pulse_record: EcgRecord, tmp_path: Path) -> None:
    source = tmp_path / "in"
    for place, gain in (("d1/a", 1.0), ("d2/a", 0.5), ("d3/a-2", 0.25)):
        (source / place).parent.mkdir(parents=True)
        path = source / f"{place}.npz"
        formats.writers()[".npz"].write(pulse_record.with_signal(pulse_record.signal * gain), path)
    rows = api.convert([source], tmp_path / "out", "csv", deidentify=False, overwrite=True)
    assert [row.error for row in rows] == ["", "", ""]
    heights = sorted(float(formats.read(row.target).lead("II").max()) for row in rows)
    assert len({Path(row.target).name for row in rows}) == 3
    assert heights == pytest.approx([0.25, 0.5, 1.0], rel=0.01)


def test_odd_names_do_not_stop_a_batch_of_wfdb(pulse_record: EcgRecord, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a", "b.v2", "王小明 图"):
        formats.writers()[".npz"].write(pulse_record, source / f"{name}.npz")
    for deidentify in (True, False):
        rows = api.convert([source], tmp_path / f"out{deidentify}", "hea", deidentify=deidentify)
        assert [row.error for row in rows] == ["", "", ""]
        assert all(np.isfinite(formats.read(row.target).signal).all() for row in rows)


def test_the_key_grows_with_the_files_and_is_never_replaced(folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.csv"
    key.write_text("mine")
    with pytest.raises(EcgviewError, match="the key cannot be written"):
        api.convert([folder], tmp_path / "out", "csv", key=key, passphrase="a passphrase of tests")
    assert key.read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_a_long_recording_is_not_called_lossless(
    pulse_record: EcgRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wfdb.write(pulse_record, tmp_path / "h")
    monkeypatch.setattr(wfdb, "MOST_SAMPLES", 12 * 2500)
    (row,) = api.convert([path], tmp_path / "out.npz")
    assert "recorded, the first" in row.loss
    assert "lossless" not in row.loss


def test_free_text_in_names_of_leads_and_units_is_not_given_out(
    pulse_record: EcgRecord, tmp_path: Path
) -> None:
    reading = DeviceReading(
        (DeviceMeasurement("qt", 400.0, "ms", "Meier"), DeviceMeasurement("pr", 160.0, "Meier")), (), None, ()
    )
    named = replace(pulse_record, lead_names=("Meier", *STANDARD_12[1:]), device_reading=reading)
    shared = formats.deidentified(named)
    assert "Meier" not in repr(shared)
    assert shared.lead_names == ("lead 1", *STANDARD_12[1:])


def test_many_records_of_a_file_in_an_archive(tmp_path: Path) -> None:
    tracings = np.zeros((3, 4096, 12), dtype=np.float32)
    tracings[:, 500:4000] = np.random.default_rng(0).normal(0, 0.2, (3, 3500, 12))
    with h5py.File(tmp_path / "exams_part0.hdf5", "w") as file:
        file["tracings"], file["exam_id"] = tracings, np.array([11, 22, 33])
    table = "exam_id,age,is_male,patient_id,trace_file\n33,61,True,p-33,exams_part0.hdf5\n"
    with zipfile.ZipFile(tmp_path / "c15.zip", "w") as archive:
        archive.write(tmp_path / "exams_part0.hdf5", "exams_part0.hdf5")
        archive.writestr("exams.csv", table)
    listed = formats.list_records([tmp_path / "c15.zip"])
    assert [path.name for path in listed] == [f"c15.zip#exams_part0.hdf5#{one}" for one in (11, 22, 33)]
    assert formats.read(listed[2]).patient.patient_id == "p-33"
    rows = api.convert([tmp_path / "c15.zip"], tmp_path / "out", "npz")
    assert [bool(row.target) for row in rows] == [True, True, True]
