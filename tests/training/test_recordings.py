"""How many recordings a pack will have, and how few of each fold a trial packs."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from operator import length_hint
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.progress import Counted
from ecgview.record import EcgRecord
from ecgview.training.data import collection, material
from ecgview.training.data.inputs import MTECG
from ecgview.training.data.recordings import Reading, Recordings, Several
from ecgview.training.data.rows import Row

ROWS = [Row("s", str(k), f"p{k}", fold=k % 4) for k in range(20)]


@pytest.fixture
def ecg() -> EcgRecord:
    return EcgRecord(np.zeros((1, 10), np.float32), ("I",), 500.0)


def _read(ecg: EcgRecord, seen: list[str]) -> Iterator[Reading]:
    for row in ROWS:
        seen.append(row.record_id)
        yield row, ecg


def test_a_few_of_each_fold_are_taken_and_the_reading_ends_with_the_last(ecg: EcgRecord) -> None:
    seen: list[str] = []
    some = Recordings(lambda: ROWS, partial(_read, ecg, seen), per_fold=2)
    assert length_hint(some) == 8
    assert Counter(row.fold for row, _ in some) == {0: 2, 1: 2, 2: 2, 3: 2}
    assert len(seen) == 8  # the other twelve are not read
    every = Several(lambda: [some, Recordings(lambda: ROWS, partial(_read, ecg, seen))])
    assert (length_hint(every), len(list(every))) == (28, 28)


def test_one_that_cannot_be_read_gives_way_to_the_next_of_its_fold(ecg: EcgRecord) -> None:
    some = Recordings(lambda: ROWS, lambda: ((row, ecg) for row in ROWS[3:]), per_fold=1)
    assert sorted((row.record_id, row.fold) for row, _ in some) == [("3", 3), ("4", 0), ("5", 1), ("6", 2)]


def test_nothing_is_looked_at_where_the_pack_is_there(tiny_ptbxl: Path, tmp_path: Path) -> None:
    whole = material.open_pack(tiny_ptbxl, tmp_path / "cache", MTECG)
    few = material.open_pack(tiny_ptbxl, tmp_path / "cache", MTECG, per_fold=2)
    (tiny_ptbxl / "ptbxl/ptbxl_database.csv").write_text("no table any more", encoding="utf-8")
    again = material.open_pack(tiny_ptbxl, tmp_path / "cache", MTECG, serving=material.PTBXL)
    assert (len(whole), len(few), len(again)) == (40, 18, 40)


def test_packing_says_how_many_of_how_many(tiny_ptbxl: Path, tmp_path: Path) -> None:
    said: list[tuple[int, int, str]] = []

    def tell(fraction: float, text: str = "") -> None:
        assert isinstance(fraction, Counted)
        said.append((fraction.done, fraction.total, text))

    material.open_pack(tiny_ptbxl, tmp_path / "cache", MTECG, tell)
    assert said == [*((k, 40, "packing") for k in range(1, 41)), (40, 40, "packed")]
    assert length_hint(collection.read_all(tiny_ptbxl)) == 40


def _where(data: Path) -> Counter[tuple[str, int]]:
    return Counter((row.source, row.fold) for row, _ in collection.read_all(data))


@pytest.mark.parametrize("how", ["its own folder", "a link beside it", "100 Hz beside it", "renamed copies"])
def test_a_record_of_ptbxl_is_taken_once_and_with_its_fold(
    how: str, ten_fold_ptbxl: Path, tmp_path: Path
) -> None:
    data, own = ten_fold_ptbxl, ten_fold_ptbxl / "ptbxl"
    expected = _where(data)
    assert sorted(expected.values()) == [5] * 10
    if how == "its own folder":
        shutil.copytree(own / "records500", own / "records100")
        data = own
    elif how == "a link beside it":
        (data / "also").symlink_to(own)
    elif how == "100 Hz beside it":
        (data / "low").mkdir()
        for path in (own / "records500").glob("*.hea"):
            low = replace(formats.read(path), sampling_rate_hz=100.0)
            wfdb.write(low, data / "low" / path.stem.replace("_hr", "_lr"))
    else:
        (data / "collected").mkdir()
        for path in (own / "records500").glob("*.hea"):
            wfdb.write(formats.read(path), data / "collected" / f"case{path.stem[:5]}")
    assert _where(data) == expected
    assert length_hint(collection.read_all(data)) == (100 if how == "renamed copies" else 50)


def test_a_record_of_another_source_is_unlabelled_material(ten_fold_ptbxl: Path, ecg: EcgRecord) -> None:
    (ten_fold_ptbxl / "others").mkdir()
    rng = np.random.default_rng(1)
    other = rng.standard_normal((12, 5000)).astype(np.float32)
    wfdb.write(EcgRecord(other, STANDARD_12, 500.0, synthetic=True), ten_fold_ptbxl / "others" / "a")
    assert _where(ten_fold_ptbxl)["others", 0] == 1


def test_a_pack_knows_the_rate_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    rng = np.random.default_rng(3)
    for name, rate in (("fast", 500.0), ("slow", 100.0)):
        signal = rng.standard_normal((12, round(10 * rate))).astype(np.float32)
        wfdb.write(EcgRecord(signal, STANDARD_12, rate, synthetic=True), tmp_path / "own" / name)
    (tmp_path / "own" / "table.csv").write_text("path,patient_id,labels\nfast.hea,a,NORM\nslow.hea,b,NORM\n")
    for _ in range(2):  # made, and found again
        pack = material.open_pack(tmp_path / "own", tmp_path / "cache", MTECG)
        assert {row.record_id: row.rate_hz for row in pack.rows} == {"fast.hea": 500.0, "slow.hea": 100.0}
