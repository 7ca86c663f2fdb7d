"""The menus ask a row again when something changes that it depends on, once per turn, and no other row."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ecgview.desktop.action import always
from ecgview.desktop.chrome import menus
from ecgview.desktop.chrome.menus import Menus
from ecgview.desktop.chrome.window import MainWindow
from ecgview.review.history import SetComment
from ecgview.signal.filters import CHOICES

ROWS = [row for entries in menus.rows().values() for row in entries]


@pytest.fixture
def asked(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each row is asked, from now on."""
    counted: Counter[str] = Counter()
    real = Menus.expected

    def expected(self: Menus, action_id: str) -> tuple[bool, bool, str]:
        counted[action_id] += 1
        return real(self, action_id)

    _turn()
    monkeypatch.setattr(Menus, "expected", expected)
    return counted


def _turn() -> None:
    """Let everything through that was posted, without waiting for anything."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.MetaCall)


def _outdated(window: MainWindow) -> list[str]:
    """Return the actions that are not what their rows say."""
    wrong = []
    for action_id, made in window.menus._actions.items():
        is_enabled, is_checked, text = window.menus.expected(action_id)
        if (made.isEnabled(), made.isChecked(), made.text()) != (is_enabled, is_checked, text):
            wrong.append(action_id)
    return wrong


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_with_a_condition_says_what_it_follows(row) -> None:
    has_condition = (
        row.enabled_when is not always or row.checked_when is not None or row.text_when is not None
    )
    assert bool(row.follows) == has_condition


def test_after_every_kind_of_change_each_action_is_what_its_row_says(
    opened: MainWindow, rest: Callable[[], None], qtbot: QtBot
) -> None:
    workspace = opened.workspace
    paper, steps = workspace.paper, workspace.steps

    def lay(**changes: object) -> Callable[[], None]:
        return lambda: paper.choose(replace(paper.settings, **changes))  # type: ignore[arg-type]

    changes: dict[str, Callable[[], object]] = {
        "view": lambda: paper.set_view("annotate"),
        "speed": lay(speed_mm_per_s=50.0),
        "chest": lay(chest_gain_factor=0.5),
        "layout": lay(layout="single"),
        "filter": lay(display_filter=CHOICES[-1]),
        "theme": lambda: paper.set_theme("dark"),
        "thumbnails": lambda: workspace.thumbnails.switch(not workspace.thumbnails.is_on),
        "caliper": lambda: opened.menus["view.caliper"].trigger(),
        "escape": lambda: QTest.keyClick(opened.canvas, Qt.Key.Key_Escape),
        "worklist": opened.left.hide,
        "panels": opened.right.hide,
        "full screen": lambda: opened.menus["view.full_screen"].trigger(),
        "no full screen": lambda: QTest.keyClick(opened, Qt.Key.Key_Escape),
        "keep": lambda: opened.menus["view.keep"].trigger(),
        "statement": lambda: steps.toggle_statement("NORM"),
        "comment": lambda: steps.apply(SetComment("seen")),
        "locked": steps.commit_first_read,
        "revealed": steps.reveal,
        "signed": steps.sign,
        "amended": lambda: steps.amend("second look"),
        "discarded": steps.discard_amendment,
        "not blind": lambda: steps.set_blind(False),
        "next": workspace.walk.next,
        "cleared": lambda: opened.menus["file.clear_recent"].trigger(),
        "reader": lambda: workspace.reading.set_reader("Reader Two"),
    }
    for name, change in changes.items():
        change()
        not_due = set(_outdated(opened)) - set(opened.menus._stale)
        assert (name, not_due) == (name, set())
        rest()
        _turn()
        assert (name, _outdated(opened)) == (name, [])


def test_while_a_record_is_opened_a_row_that_edits_stays_open_and_says_why_not(opened: MainWindow) -> None:
    opened.workspace.walk.next()
    _turn()
    assert _outdated(opened) == []
    assert opened.menus["file.stop"].isEnabled()
    assert opened.menus["read.reveal"].isEnabled()


def test_a_statement_asks_the_rows_that_follow_the_draft_and_no_others(
    opened: MainWindow, asked: Counter[str], rest: Callable[[], None]
) -> None:
    steps = opened.workspace.steps
    steps.toggle_statement("AFIB")  # the first one begins the read, and so asks its rows too
    rest()
    _turn()
    asked.clear()
    steps.toggle_statement("NORM")
    rest()
    _turn()
    assert asked == Counter({row.id: 1 for row in ROWS if "draft" in row.follows})
    assert opened.menus["read.normal"].isChecked()


def test_another_record_asks_a_row_once_in_a_turn(
    opened: MainWindow, asked: Counter[str], qtbot: QtBot
) -> None:
    """What a switch changes is collected until the turn ends; what a worker brings later is another turn's."""
    ecg, during, after = opened.workspace.ecg, Counter[str](), Counter[str]()

    def end() -> None:
        during.update(asked)
        asked.clear()
        opened.menus._refresh_stale()  # as the loop does when the turn has ended
        after.update(asked)

    ecg.opening.set_blink_ms(
        60_000
    )  # on a busy machine the paper is blank first, which is a switch of its own
    ecg.opened.connect(asked.clear)
    ecg.switched.connect(end)
    with qtbot.waitSignal(ecg.switched):
        opened.workspace.walk.next()
    assert during == Counter()
    assert set(after.values()) == {1}
    assert set(after) >= {row.id for row in ROWS if {"record", "read", "opening"} & set(row.follows)}


def test_who_looks_at_an_action_sees_what_is_so_now(opened: MainWindow) -> None:
    opened.workspace.paper.set_view("explain")
    assert opened.menus["view.explain"].isChecked()
    assert not opened.menus["view.read"].isChecked()
