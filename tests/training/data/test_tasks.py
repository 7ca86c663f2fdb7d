"""Label tasks against the published table, and by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest

from ecgview.errors import ModelError
from ecgview.training.data import tasks
from ecgview.training.data.labels import statement_codes, superclass_targets, targets
from ecgview.training.data.pack import Pack
from ecgview.training.data.rows import Row


def row(*codes: str) -> Row:
    return Row("test", "1", "p1", codes=codes)


def test_sizes_are_those_of_the_names() -> None:
    sizes = {"all71": 71, "diag44": 44, "sub23": 23, "super5": 5, "form19": 19, "rhythm12": 12, "cinc26": 26}
    assert {name: len(tasks.get(name)) for name in tasks.names()} == sizes
    with pytest.raises(ModelError, match=r"all71.*nonsense"):
        tasks.get("nonsense")


def test_classes_are_those_of_the_published_table(shared_reference: Path) -> None:
    with open(shared_reference / "ptbxl_71_statements.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert tasks.get("all71").codes == tuple(line["code"] for line in table)
    for name, column in (("diag44", "diagnostic"), ("form19", "form"), ("rhythm12", "rhythm")):
        assert tasks.get(name).codes == tuple(line["code"] for line in table if line[column])
    for name, column in (("sub23", "diagnostic_subclass"), ("super5", "diagnostic_class")):
        task = tasks.get(name)
        for line in table:
            one_hot = task.targets([row(line["code"])])[0]
            assert [task.codes[k] for k in np.flatnonzero(one_hot)] == [c for c in [line[column]] if c]


def test_targets_and_the_rows_left_out_by_hand() -> None:
    rows = [row("AFIB"), row("IMI", "NDT"), row("NORM", "SR"), row("PVC"), row()]
    super5 = tasks.get("super5")
    assert super5.codes == ("NORM", "MI", "STTC", "CD", "HYP")
    assert super5.targets(rows).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert super5.keeps(rows).tolist() == [False, True, True, False, False]
    assert tasks.get("rhythm12").keeps(rows).tolist() == [True, False, True, False, False]
    assert tasks.get("form19").keeps(rows).tolist() == [False, True, False, True, False]  # NDT is form too
    assert tasks.get("all71").targets([]).shape == (0, 71)


def test_the_challenge_scores_equivalent_codes_as_one_and_keeps_negatives() -> None:
    task = tasks.get("cinc26")
    rows = [row("284470004"), row("63593006"), row("164884008"), row()]  # PAC, SVPB, unscored, no diagnosis
    found = task.targets(rows)
    assert np.flatnonzero(found[0]).tolist() == np.flatnonzero(found[1]).tolist() == [task.codes.index("PAC")]
    assert found[2:].sum() == 0
    assert task.keeps(rows).tolist() == [True, True, True, False]


def test_agrees_with_the_labels_that_the_shipped_models_were_trained_on() -> None:
    rng = np.random.default_rng(0)
    codes = np.array(statement_codes())
    rows = tuple(row(*codes[rng.random(71) < 0.05]) for _ in range(50))
    pack = Pack(np.zeros((50, 8, 1), np.int16), rows)
    all71 = targets(pack, np.arange(50))
    assert np.array_equal(tasks.get("all71").targets(rows), all71)
    assert np.array_equal(tasks.get("super5").targets(rows), superclass_targets(all71))


def test_own_labels_keep_every_row() -> None:
    task = tasks.of_codes("labels", ["b", "a", "b"])
    assert task.codes == ("b", "a")
    assert task.targets([row("a"), row()]).tolist() == [[0, 1], [0, 0]]
    assert task.keeps([row("a"), row()]).all()
