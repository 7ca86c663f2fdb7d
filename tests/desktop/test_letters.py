"""Letters write medicine only where they were meant; what a run was set to is not met by the next patient."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from waiting import kept

from ecgview.desktop.canvas.caliper import Caliper
from ecgview.desktop.chrome import menus
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.panels.worklist.table import RecordTable
from ecgview.desktop.settings import SETTINGS, Settings
from ecgview.desktop.state import paper as paper_part
from ecgview.paper.settings import PaperSettings
from ecgview.review.history import SetComment


def _codes(window: MainWindow) -> list[str]:
    session = window.workspace.reading.session
    assert session is not None
    return [item.code for item in session.draft.statements]


def test_a_statement_put_by_a_key_shows_a_toast_that_undoes_it(opened: MainWindow, qtbot: QtBot) -> None:
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_N)
    assert opened.toast.isVisible()
    assert opened.toast.text.text() == "Added: normal ECG"
    assert opened.toast.undo.text() == "Undo (Ctrl+Z)"
    assert opened.canvas.hasFocus()
    assert opened.canvas.rect().contains(opened.toast.geometry())
    qtbot.mouseClick(opened.toast.undo, Qt.MouseButton.LeftButton)
    assert _codes(opened) == []
    assert not opened.toast.isVisible()
    assert opened.canvas.hasFocus()


def test_the_toast_says_what_a_second_press_took_away(opened: MainWindow, qtbot: QtBot) -> None:
    for _ in range(2):
        qtbot.keyClick(opened.canvas, Qt.Key.Key_N)
    assert opened.toast.text.text() == "Removed: normal ECG"
    opened.toast.undo.click()
    assert _codes(opened) == ["NORM"]


def test_the_toast_leaves_with_the_next_change_and_with_its_record(
    opened: MainWindow, qtbot: QtBot, rest: Callable[[], None]
) -> None:
    qtbot.keyClick(opened.canvas, Qt.Key.Key_N)
    opened.workspace.steps.apply(SetComment("typed after it"))
    assert not opened.toast.isVisible()
    opened.menus["read.normal"].trigger()
    assert opened.toast.isVisible()
    opened.menus["file.next"].trigger()
    rest()
    assert not opened.toast.isVisible()


def test_a_mark_put_or_taken_by_a_key_shows_a_toast_too(opened: MainWindow) -> None:
    record = opened.workspace.ecg.record
    assert record is not None
    opened.canvas.set_caliper(Caliper.at(record, "II", 1.0).moved_to(record, 1.5))
    opened.menus["annotate.from_caliper"].trigger()
    assert opened.toast.text.text() == "Marked: II, 1.00 to 1.50 s"
    opened.menus["annotate.remove_last"].trigger()
    assert opened.toast.text.text() == "Mark removed: II, 1.00 to 1.50 s"
    opened.toast.undo.click()
    session = opened.workspace.reading.session
    assert session is not None
    assert len(session.draft.annotations) == 1


def test_a_refused_key_shows_no_toast(opened: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(opened.canvas, Qt.Key.Key_N)
    opened.workspace.steps.sign()
    kept(qtbot, opened.workspace)
    qtbot.keyClick(opened.canvas, Qt.Key.Key_N)
    assert not opened.toast.isVisible()
    assert _codes(opened) == ["NORM"]


@pytest.mark.parametrize("kind", [RecordTable, QComboBox, QLineEdit])
def test_a_letter_in_a_list_or_a_field_is_no_command(
    opened: MainWindow, qtbot: QtBot, kind: type[QWidget]
) -> None:
    place = next(one for one in opened.findChildren(kind) if one.isVisible() and one.isEnabled())
    paper = opened.workspace.paper.settings
    place.setFocus()
    qtbot.waitUntil(place.hasFocus)
    for key in (Qt.Key.Key_N, Qt.Key.Key_G, Qt.Key.Key_B, Qt.Key.Key_2):
        qtbot.keyClick(place, key)
    assert _codes(opened) == []
    assert opened.workspace.paper.settings == paper
    assert opened.workspace.reader.blind
    assert opened.workspace.paper.view == "read"
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_N)
    assert _codes(opened) == ["NORM"]


def test_keys_with_ctrl_act_wherever_the_focus_is(opened: MainWindow, qtbot: QtBot) -> None:
    opened.workspace.steps.toggle_statement("NORM")
    table = opened.findChild(RecordTable)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert _codes(opened) == []


def test_a_key_held_down_writes_once(opened: MainWindow) -> None:
    """The window system sends a held key again and again; only what moves hears more than the first."""
    moving = ("file.next", "file.previous", "view.zoom", "view.later", "view.earlier")
    for row in (row for rows in menus.rows().values() for row in rows):
        assert opened.menus[row.id].autoRepeat() == row.id.startswith(moving), row.id


# ---- opening the AI before the first read ---------------------------------------------------------------


def test_b_asks_once_and_enter_leaves_the_read_blind(opened: MainWindow, qtbot: QtBot) -> None:
    opened.menus["read.blind"].trigger()
    (sheet,) = opened.findChildren(Sheet)
    words = " ".join(label.text() for label in sheet.findChildren(type(opened.header.name)))
    assert "will not be blind for good" in words
    assert sheet.buttons.button(QDialogButtonBox.StandardButton.Close).isDefault()
    qtbot.keyClick(sheet, Qt.Key.Key_Return)
    assert opened.workspace.reader.blind
    assert opened.menus["read.blind"].isChecked()
    kept(qtbot, opened.workspace)
    session = opened.workspace.reading.session
    assert session is not None
    assert session.revealed_at is None


@pytest.mark.parametrize("unread", [True, False])
def test_what_b_asks_is_shown_whole(opened: MainWindow, unread: bool) -> None:
    if not unread:
        opened.workspace.steps.set_blind(False)
        opened.workspace.steps.set_blind(True)
    opened.menus["read.blind"].trigger()
    (sheet,) = opened.findChildren(Sheet)
    QApplication.processEvents()
    for label in sheet.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width())


def test_after_a_question_letters_are_for_the_trace_not_for_the_filter(
    opened: MainWindow, qtbot: QtBot
) -> None:
    opened.canvas.setFocus()
    opened.canvas.clearFocus()
    opened.activateWindow()
    opened.menus["read.blind"].trigger()
    (sheet,) = opened.findChildren(Sheet)
    sheet.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is sheet)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    opened.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is opened)
    assert opened.focusWidget() is opened.canvas


def test_b_opens_the_ai_after_a_yes(opened: MainWindow, qtbot: QtBot) -> None:
    opened.menus["read.blind"].trigger()
    (sheet,) = opened.findChildren(Sheet)
    sheet.buttons.accepted.emit()
    assert not opened.workspace.reader.blind
    kept(qtbot, opened.workspace)
    session = opened.workspace.reading.session
    assert session is not None
    assert session.revealed_at is not None
    opened.menus["read.blind"].trigger()  # back to blind needs no question
    assert opened.workspace.reader.blind


# ---- what a run was set to ------------------------------------------------------------------------------

CHOSEN = PaperSettings(50.0, 20.0, 0.5, "6x2", sequential=False)


def _used(path: Path) -> Settings:
    settings = Settings(path)
    settings.set("reader.name", "Reader One")
    settings.set("paper.palette", "grey")
    settings.set("window.theme", "dark")
    settings.set("reader.blind", False)
    settings.set("paper.notch", 50.0)
    paper_part.keep(settings, CHOSEN)
    return settings


def test_a_run_starts_at_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    assert not _used(path).flag("reader.blind")
    next_run = Settings(path)
    assert paper_part.from_settings(next_run) == PaperSettings()
    assert next_run.flag("reader.blind")
    assert next_run.text("reader.name") == "Reader One"
    assert (next_run.text("paper.palette"), next_run.text("window.theme")) == ("grey", "dark")


def test_a_run_starts_as_kept_after_keep_these(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    used = _used(path)
    used.set("paper.kept", True)
    kept = Settings(path)
    assert paper_part.from_settings(kept) == CHOSEN
    assert not kept.flag("reader.blind")
    kept.set("paper.kept", False)
    assert paper_part.from_settings(Settings(path)) == PaperSettings()


def test_an_old_file_that_holds_them_is_ignored_quietly(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        '[paper]\nspeed = 50.0\ngain = 40.0\nchest_half = true\nlayout = "no such"\nsequential = false\n'
        'filter = "off"\nnotch = 7.0\npalette = "grey"\n[reader]\nblind = false\nname = "R"\n',
        encoding="utf-8",
    )
    settings = Settings(path)
    assert settings.problems == []
    assert all(settings.get(row.key) == row.default for row in SETTINGS if row.per_run)
    assert (settings.text("reader.name"), settings.text("paper.palette")) == ("R", "grey")


def test_keep_these_is_in_the_view_menu(opened: MainWindow) -> None:
    action = opened.menus["view.keep"]
    assert not action.isChecked()
    action.trigger()
    assert action.isChecked()
    assert opened.workspace.settings.flag("paper.kept")
