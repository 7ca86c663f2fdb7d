"""What a reader types finds what a reader means, best first."""

import pytest

from ecgview.labels.label_set import load
from ecgview.labels.search import find


@pytest.mark.parametrize(
    ("set_id", "typed", "first"),
    [
        ("ptbxl71", "AFIB", "AFIB"),
        ("ptbxl71", "afi", "AFIB"),
        ("ptbxl71", "af", "AFIB"),
        ("ptbxl71", "心房颤动", "AFIB"),
        ("ptbxl71", "房颤", "AFIB"),
        ("ptbxl71", "室早", "PVC"),  # characters left out
        ("ptbxl71", "左束支", "CLBBB"),
        ("ptbxl71", "xfcd", "AFIB"),
        ("ptbxl71", "sxzb", "PVC"),
        ("ptbxl71", "zcxdt", "NORM"),
        ("ptbxl71", "dxxl", "SR"),  # exact initials before 窦性心律不齐
        ("ptbxl71", "left bundle", "CLBBB"),
        ("ptbxl71", "bundle  LEFT", "CLBBB"),
        ("ptbxl71", "long qt", "LNGQT"),
        ("ecgfounder150", "lbbb", "LEFT BUNDLE BRANCH BLOCK"),
        ("ecgfounder150", "nsr", "NORMAL SINUS RHYTHM"),
        ("ecgfounder150", "normal ecg", "NORMAL ECG"),
        ("cinc2021", "stach", "STach"),
    ],
)
def test_the_first_hit(set_id: str, typed: str, first: str) -> None:
    assert find(load(set_id), typed)[0].code == first


def test_nothing_typed_lists_everything_in_the_order_of_the_set() -> None:
    labels = load("ptbxl71")
    assert tuple(find(labels, "  ")) == labels.statements
    assert len(find(labels, "", limit=5)) == 5


def test_nothing_fits_nothing() -> None:
    assert find(load("ptbxl71"), "zzqqxx") == []


def test_every_statement_is_found_by_each_of_its_own_names() -> None:
    for set_id in ("ptbxl71", "ecgfounder150", "cinc2021", "general28"):
        labels = load(set_id)
        for statement in labels.statements:
            for name in (statement.code, statement.english, statement.chinese, statement.pinyin):
                if name:
                    assert statement in find(labels, name)[:6], (set_id, name)
