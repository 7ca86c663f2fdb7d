"""Packed records of several sets: rows, units, rates, and errors that say where."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from ecgview.errors import EcgviewError, FormatError
from ecgview.training.data import sources
from ecgview.training.data.sources import packed


def test_rows_and_records_are_those_of_the_sources(packed_sets: Path) -> None:
    source = sources.open(packed_sets)
    assert source.name == packed.NAME
    rows = {row.record_id: row for row in source.rows()}
    assert list(rows) == ["501", "7", "E1", "E2", "A1", "1"]  # the twin S0001 is left out
    assert (rows["501"].source, rows["501"].fold, rows["501"].age_years) == ("ptbxl", 9, 90.0)
    assert rows["501"].codes == ("NORM", "SR")
    assert rows["E1"].codes == ("426177001", "59118001")
    assert (rows["E2"].source, rows["E2"].age_years, rows["E2"].sex, rows["E2"].fold) == (
        "georgia",
        None,
        "female",
        0,
    )
    assert rows["A1"].codes == ("59118001",)  # the word RBBB
    assert rows["1"].codes == ()
    assert len({row.patient_id for row in rows.values()}) == 6
    assert [name for name, row in rows.items() if not packed.names_patient(row)] == ["501", "7"]
    found = list(source.records())
    assert [row for row, _ in found] == list(rows.values())
    assert {
        row.record_id: (row.rate_hz, record.sampling_rate_hz, record.n_samples) for row, record in found
    } == {
        "501": (100.0, 100.0, 1000),
        "7": (100.0, 100.0, 1000),
        "E1": (500.0, 500.0, 5000),
        "E2": (500.0, 500.0, 5000),
        "A1": (500.0, 500.0, 6000),
        "1": (400.0, 400.0, 4096),
    }


def test_signals_are_in_millivolts(packed_sets: Path) -> None:
    counts = np.load(packed_sets.parent / "others.npz.counts.npy").astype(np.float64)
    found = {row.record_id: record for row, record in packed.open(packed_sets).records()}
    np.testing.assert_allclose(found["E1"].lead("V6"), (counts[7, :5000] - 10) / 4880, atol=1e-6)
    np.testing.assert_allclose(found["A1"].lead("V1"), counts[2, 10000:16000] / 1000, atol=1e-6)
    np.testing.assert_allclose(
        found["A1"].lead("III"), (counts[1] - counts[0])[10000:16000] / 1000, atol=1e-6
    )


def _changed(folder: Path, file: str, **arrays: np.ndarray | None) -> None:
    with np.load(folder / file) as stored:
        kept = {name: stored[name] for name in stored.files}
    kept |= arrays  # type: ignore[arg-type]
    np.savez(folder / file, **{name: array for name, array in kept.items() if array is not None})


DAMAGE: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "an array is missing": (lambda f: _changed(f, "slow.npz", high=None), r"slow\.npz.*lacks an array.*high"),
    "lengths that do not add up": (
        lambda f: _changed(f, "slow.npz", low=np.zeros((8, 1999), np.uint8)),
        r"slow\.npz, array low.*\(8, 2000\)",
    ),
    "seven leads": (lambda f: _changed(f, "slow.npz", high=np.zeros((7, 2000), np.uint8)), "array high"),
    "wide numbers": (lambda f: _changed(f, "slow.npz", low=np.zeros((8, 2000), np.uint16)), "array low"),
    "far more than the records": (
        lambda f: _changed(f, "slow.npz", low=np.zeros((80, 2000), np.uint8)),
        "array low.*bytes at most",
    ),
    "no gain": (lambda f: _changed(f, "slow.npz", gain=np.zeros(2, np.float32)), "array gain.*above 0"),
    "a rate that is none": (
        lambda f: _changed(f, "slow.npz", fs=np.full(2, np.nan, np.float32)),
        "array fs.*finite",
    ),
    "a length below zero": (
        lambda f: _changed(f, "slow.npz", n=np.array([-1000, 3000], np.int32)),
        "array n",
    ),
    "too few rates": (lambda f: _changed(f, "slow.npz", fs=np.ones(1, np.float32)), "array fs"),
    "a name twice": (lambda f: _changed(f, "slow.npz", name=np.array(["00501"] * 2)), "array name.*once"),
    "another name": (lambda f: _changed(f, "slow.npz", name=np.array(["00501", "9"])), "line 3, column name"),
    "objects": (
        lambda f: _changed(f, "slow.npz", name=np.array(["00501", {}], object)),
        r"slow\.npz.*without objects",
    ),
    "cut short": (lambda f: (f / "slow.npz").write_bytes((f / "slow.npz").read_bytes()[:900]), r"slow\.npz"),
    "no archive": (lambda f: (f / "slow.npz").write_bytes(b"\x93NUMPY"), r"slow\.npz.*\.npz file"),
}
LINES: Mapping[str, tuple[str, str, str]] = {
    "leads out": ("slow.npz,00007", "../slow.npz,00007", r"line 3, column file.*relative path"),
    "a set that is none": ("7,PTB-XL", "7,Elsewhere", "line 3, column set.*Georgia"),
    "a length at odds": ("100.0,1000,1000.0,0,SR,", "100.0,999,1000.0,0,SR,", "line 3, column n.*1000"),
    "a rate at odds": ("00007,PTB-XL,100.0", "00007,PTB-XL,500.0", "line 3, column fs.*100"),
    "a rate in words": ("00007,PTB-XL,100.0", "00007,PTB-XL,fast", "line 3, column fs"),
    "no fold": ("60.0,male,2", "60.0,male,", "line 3, column strat_fold"),
    "fold 11": ("60.0,male,2", "60.0,male,11", "line 3, column strat_fold.*1 to 10"),
    "no number": ("slow.npz,00007", "slow.npz,HR7", "line 3, column name.*ecg_id"),
    "an age below zero": ("60.0,male,2", "-4,male,2", "line 3, column age"),
    "a cell too few": ("60.0,male,2", "60.0,male", "line 3.*expected 11"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_named_and_the_others_are_read(packed_sets: Path, kind: str) -> None:
    damage, words = DAMAGE[kind]
    damage(packed_sets)
    source = packed.open(packed_sets)
    with pytest.raises(FormatError, match=words):
        list(source.records())
    heard: list[EcgviewError] = []
    read = [row.record_id for row, _ in source.records(heard.append)]
    assert len(heard) == 1
    assert read[-4:] == ["E1", "E2", "A1", "1"]
    list(source.problems())  # told, not raised


@pytest.mark.parametrize("kind", LINES)
def test_a_wrong_line_is_named(packed_sets: Path, kind: str) -> None:
    before, after, words = LINES[kind]
    table = packed_sets / packed.TABLE
    text = table.read_text()
    assert text.count(before) == 1
    table.write_text(text.replace(before, after))
    with pytest.raises(FormatError, match=words):
        list(packed.open(packed_sets).records())


def test_a_file_that_is_not_here_is_told(packed_sets: Path) -> None:
    (packed_sets / "slow.npz").unlink()
    source = packed.open(packed_sets)
    assert [row.record_id for row in source.rows()] == ["E1", "E2", "A1", "1"]
    assert [problem.kind for problem in source.problems()] == ["missing-file"]


def test_the_real_sets(shared_data: Path) -> None:
    source = packed.open(shared_data / "more")
    rows = list(source.rows())
    counts = Counter((row.source, row.rate_hz) for row in rows)
    assert counts[packed.PTBXL, 100.0] == 1165
    assert counts[packed.PTBXL, 500.0] == 37
    assert sum(n for (name, _), n in counts.items() if name not in (packed.PTBXL, "cinc_2025")) == 50
    assert not list(source.problems())
    others = list(packed.open(shared_data / "more", lambda name: name == "ptb").records())
    assert {record.sampling_rate_hz for _, record in others} == {1000.0}
    assert all(0.2 < np.abs(record.signal).max() < 10 for _, record in others)
