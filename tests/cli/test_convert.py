"""`ecgview convert`: one file and many, names, keys, what fails, what is left alone."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview import api, formats
from ecgview.cli import main
from ecgview.record import EcgRecord, Patient


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
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, key = tmp_path / "shared", tmp_path / "key.csv"
    words = ["convert", str(folder), str(out), "--to", "npz", "--key", str(key), "--json"]
    assert main(words) == 1
    said = capsys.readouterr()
    rows = json.loads(said.out)
    assert [bool(row["error"]) for row in rows] == [False, False, True]
    assert "wang_c" in said.err
    assert "Traceback" not in said.err
    assert sorted(path.name for path in out.iterdir()) == ["ecg-00001.npz", "ecg-00002.npz"]
    assert b"wang" not in b"".join(path.read_bytes() for path in out.iterdir())
    table = list(csv.reader(key.open(encoding="utf-8")))
    assert table[1] == ["ecg-00001.npz", str(folder / "wang_a.hea")]


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
