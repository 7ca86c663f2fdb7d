"""Records without marks for the second pass of the delineator: which are taken, and what their statements say."""

from pathlib import Path

import numpy as np
import pytest

from ecgview.training.data import unmarked


@pytest.fixture
def with_fibrillation(tiny_ptbxl: Path) -> Path:
    table = tiny_ptbxl / "ptbxl" / "ptbxl_database.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("IMI", "AFIB"), encoding="utf-8")
    return tiny_ptbxl


def _names(found: list[unmarked.Unmarked]) -> list[str]:
    return [Path(one.record.source.path).stem for one in found]


def test_folds_held_out_are_left_alone_and_fibrillation_has_no_p(with_fibrillation: Path) -> None:
    found = unmarked.read(with_fibrillation, 1000)
    numbers = [int(name.partition("_")[0]) for name in _names(found)]
    assert sorted(numbers) == [i for i in range(1, 41) if 1 + i % 9 in unmarked.FOLDS]
    assert [one.no_p for one in found] == [number % 2 == 0 for number in numbers]


def test_a_count_takes_kinds_in_their_shares_and_the_same_again(with_fibrillation: Path) -> None:
    found = unmarked.read(with_fibrillation, 20)
    assert [one.no_p for one in found] == [True] * 5 + [False] * 5
    assert _names(found) == _names(unmarked.read(with_fibrillation, 20))
    assert _names(found) != _names(unmarked.read(with_fibrillation, 20, seed=1))
    assert np.isfinite(found[0].record.signal).all()


def test_without_ptbxl_there_are_none(tmp_path: Path) -> None:
    assert unmarked.read(tmp_path, 10) == []
