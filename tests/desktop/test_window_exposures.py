"""What the window showed of a record before its lock makes the read "not blind on this workstation"."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.dialogs import share
from ecgview.review.history import SetComment
from ecgview.review.read import Read


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no model: what it would say is not looked at here."""
    from ecgview.desktop.state.answers import Answers

    for name in ("request_prediction", "request_lef"):
        monkeypatch.setattr(Answers, name, lambda self: None)


def _locked(window: MainWindow, rest: Callable[[], None]) -> Read:
    window.workspace.steps.apply(SetComment("read"))
    window.workspace.steps.commit_first_read()
    rest()
    session = window.workspace.reading.session
    assert session is not None
    return session.reads[0]


def _reader(window: MainWindow, name: str, rest: Callable[[], None]) -> None:
    window.workspace.reading.set_reader(name)
    rest()


def test_a_reader_changed_and_changed_back_is_told(opened: MainWindow, rest: Callable[[], None]) -> None:
    _reader(opened, "Reader Two", rest)
    _reader(opened, "Reader One", rest)
    read = _locked(opened, rest)
    assert read.blind
    assert "the reader was changed: Reader Two to Reader One" in read.exposed
    step = opened.section("statements")
    assert step is not None
    assert "Not blind on this workstation: the reader was changed" in step.content.step.hint.text()  # type: ignore[attr-defined]


def test_a_name_that_was_corrected_before_anything_was_done_is_none(
    opened: MainWindow, rest: Callable[[], None]
) -> None:
    _reader(opened, "Reader Oen", rest)
    assert _locked(opened, rest).exposed == ""


def test_a_reader_who_takes_over_what_another_wrote_is_told(
    opened: MainWindow, rest: Callable[[], None]
) -> None:
    opened.workspace.steps.apply(SetComment("an opinion"))
    _reader(opened, "Reader Two", rest)
    assert "Reader One to Reader Two" in _locked(opened, rest).exposed


def test_the_ai_opened_by_another_reader_is_told(opened: MainWindow, rest: Callable[[], None]) -> None:
    _locked(opened, rest)
    opened.workspace.steps.reveal()
    rest()
    _reader(opened, "Reader Two", rest)
    assert "AI opened by Reader One" in _locked(opened, rest).exposed


def test_names_that_were_on_the_screen_are_told(opened: MainWindow, rest: Callable[[], None]) -> None:
    opened.workspace.steps.set_blind(False)
    rest()
    opened.workspace.steps.set_blind(True)
    opened.workspace.walk.next()
    rest()
    read = _locked(opened, rest)
    assert read.blind
    assert "the file's name was shown" in read.exposed


def test_an_identified_export_before_the_lock_is_told(
    opened: MainWindow, rest: Callable[[], None], tmp_path: Path, qtbot: QtBot
) -> None:
    path = opened.workspace.ecg.path
    assert path is not None
    share.write(opened, path, tmp_path / "new.edf", True, overwrite=False)
    rest()
    opened.workspace.walk.next()
    rest()
    assert _locked(opened, rest).exposed == ""
    opened.workspace.walk.previous()
    rest()
    share.write(opened, path, tmp_path / "named.edf", False, overwrite=False)
    rest()
    report_sheet.write(opened.workspace, tmp_path / "named.pdf", identified=True)
    rest()
    exposed = _locked(opened, rest).exposed
    assert "export with all that the file says: for sharing" in exposed
    assert "export with all that the file says: report" in exposed
