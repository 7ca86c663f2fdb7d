"""How many recordings a pack will have, and how few of each fold a trial packs."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from operator import length_hint
from pathlib import Path

import numpy as np
import pytest

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
