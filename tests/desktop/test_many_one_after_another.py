"""Hundreds of records one after another: what is kept of those before does not grow. Counted in objects."""

import gc
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.record import Signal as Samples

SETTLED = 8  # openings after which every memory of a few records is full


@pytest.mark.timeout(900)  # the long one; a short one is told of by the limit of all
@pytest.mark.parametrize("steps", [8, pytest.param(500, marks=pytest.mark.long)])
def test_next_and_previous_keep_nothing_more(
    opened: MainWindow, rest: Callable[[], None], qtbot: QtBot, steps: int
) -> None:
    """Run the long one by hand: pytest -m long tests/desktop/test_many_one_after_another.py"""
    workspace = opened.workspace
    seen: list[weakref.ref[Samples]] = []
    workspace.ecg.opened.connect(lambda record: seen.append(weakref.ref(record.signal)))
    kept: dict[int, tuple[int, int]] = {}
    for step in range(1, SETTLED + steps + 1):
        back = (step - 1) // 2 % 2 == 1  # the list has three records
        with qtbot.waitSignal(workspace.ecg.opened):
            (workspace.walk.previous if back else workspace.walk.next)()
        if step in (SETTLED, SETTLED + steps):
            rest()
            gc.collect()
            alive = sum(one() is not None for one in seen)
            kept[step] = (alive, len(opened.findChildren(QObject)))
    first, last = kept.values()
    assert last[0] <= first[0] <= SETTLED
    assert last[1] <= first[1]
