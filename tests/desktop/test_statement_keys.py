"""One key says more of the statement made last: possible, how sure, how old, where."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.review.read import Certainty, ReadStatement


def _last(window: MainWindow) -> ReadStatement:
    assert window.workspace.reading.session is not None
    return window.workspace.reading.session.draft.statements[-1]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (Qt.Key.Key_Apostrophe, lambda item: item.certainty is Certainty.POSSIBLE),
        (Qt.Key.Key_Semicolon, lambda item: item.certainty is Certainty.PROBABLE),
        (Qt.Key.Key_Period, lambda item: item.modifiers == ("acute",)),
        (Qt.Key.Key_Comma, lambda item: item.modifiers == ("anterior",)),
    ],
)
def test_a_key_changes_the_statement_made_last_with_a_toast_and_undo(
    opened: MainWindow, qtbot: QtBot, key: Qt.Key, shown: Callable[[ReadStatement], bool]
) -> None:
    opened.workspace.steps.toggle_statement("IMI")
    opened.canvas.setFocus()
    before = _last(opened)
    qtbot.keyClick(opened.canvas, key)
    assert shown(_last(opened))
    assert opened.toast.isVisible()
    assert "Changed: " in opened.toast.text.text()
    opened.workspace.steps.undo()
    assert _last(opened) == before


def test_age_stands_before_site_and_is_kept_with_the_locked_read(
    opened: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    opened.workspace.steps.toggle_statement("IMI")
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Comma)
    for _ in range(3):
        qtbot.keyClick(opened.canvas, Qt.Key.Key_Period)
    assert _last(opened).modifiers == ("old", "anterior")
    opened.workspace.steps.commit_first_read()
    session = opened.workspace.reading.session
    assert session is not None
    qtbot.waitUntil(lambda: bool(session.reads))
    rest()
    store = opened.workspace.reading.store
    (read,) = store.reads(session.record_sha256)
    assert read.statements[0].modifiers == ("old", "anterior")
    assert store.verify() == []


def test_without_a_statement_the_keys_say_so(opened: MainWindow, qtbot: QtBot) -> None:
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Period)
    assert "Make a statement first" in opened.messages.text.text()
