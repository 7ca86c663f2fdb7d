"""Dropping files, folders and archives on the real window; what was opened before."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ecgview.desktop.actions import file
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.worklist import name_of

COPY, LEFT, NO_KEY = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _dragged(urls: list[str | Path]) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(url)) if isinstance(url, Path) else QUrl(url) for url in urls])
    return mime


def _enter(window: MainWindow, mime: QMimeData) -> QDragEnterEvent:
    event = QDragEnterEvent(QPoint(50, 50), COPY, mime, LEFT, NO_KEY)
    window.dragEnterEvent(event)
    return event


def _drop(window: MainWindow, mime: QMimeData) -> None:
    window.dropEvent(QDropEvent(QPointF(50, 50), COPY, mime, LEFT, NO_KEY))


def _archive(folder: Path, files: list[Path]) -> Path:
    made = folder / "ward.zip"
    with zipfile.ZipFile(made, "w") as packed:
        for header in files:
            for part in (header, header.with_suffix(".dat")):
                packed.write(part, f"monday/{part.name}")
    return made


def test_a_hint_shows_while_files_hover_and_names_none(window: MainWindow, record_files: list[Path]) -> None:
    assert _enter(window, _dragged([*record_files])).isAccepted()
    assert window.drop_hint.isVisible()
    assert window.drop_hint.text == "Drop to open 3 files or folders"
    assert window.drop_hint.size() == window.splitter.size()
    banner = window.header.banner  # P4: it is never covered
    assert not window.drop_hint.geometry().contains(banner.mapTo(window, banner.rect().center()))
    window.dragLeaveEvent(QDragLeaveEvent())
    assert not window.drop_hint.isVisible()
    text = QMimeData()
    text.setText("no file")
    event = QDragEnterEvent(QPoint(50, 50), COPY, text, LEFT, NO_KEY)
    event.ignore()
    window.dragEnterEvent(event)
    assert not event.isAccepted()


def test_no_field_takes_a_path_as_text(opened: MainWindow) -> None:
    assert opened.acceptDrops()
    assert [part for part in opened.findChildren(QWidget) if part.acceptDrops()] == []


@pytest.mark.parametrize("what", ["files", "folder", "archive"])
def test_files_folders_and_archives_become_the_worklist(
    what: str, window: MainWindow, record_files: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    paths = {
        "files": list(record_files),
        "folder": [record_files[0].parent],
        "archive": [_archive(tmp_path, record_files)],
    }[what]
    _enter(window, _dragged([*paths]))
    with qtbot.waitSignal(window.workspace.ecg.measured):
        _drop(window, _dragged([*paths]))
    assert not window.drop_hint.isVisible()
    assert [item.name for item in window.workspace.worklist.items] == ["a", "b", "c"]
    assert window.header.name.text() == "Record 1"  # read blind
    assert window.windowTitle().startswith("Record 1 ")


def test_what_cannot_be_opened_is_told(
    window: MainWindow, record_files: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "scan.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    for what, said in (
        ("https://example.org/ecg.xml", "no file of this computer"),
        (tmp_path / "empty", "holds no ECG files"),
        (tmp_path / "scan.png", "picture"),
    ):
        with qtbot.waitSignal(window.workspace.telling.posted) as told:
            _drop(window, _dragged([what]))
        assert told.args[0].level == "error"
        assert said in told.args[0].text
        assert window.messages.isVisible()


def test_a_broken_archive_does_not_keep_the_others_away(
    window: MainWindow, record_files: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\3\4 and nothing more")
    with qtbot.waitSignals([window.workspace.ecg.opened, window.workspace.telling.posted]):
        _drop(window, _dragged([broken, record_files[1]]))
    assert window.workspace.ecg.path == record_files[1]
    assert window.messages.text.text() == "One of the files: the archive is damaged."  # read blind


def test_the_open_dialog_lists_archives() -> None:
    kinds = file.file_kinds([".hea", ".dcm"]).split(";;")
    assert kinds[0].startswith("ECGs and archives of ECGs (*.dcm *.hea ")
    for packed in ("*.zip", "*.tar", "*.tar.gz", "*.tgz"):
        assert packed in kinds[0].replace(")", " ").split()
        assert packed in kinds[1].replace("(", " ").split()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/x/a.hea", "a"),
        ("/x/ward.zip#monday/a.xml", "a"),
        ("/x/ward.tar.gz#a.dcm", "a"),
        ("/x/exams.hdf5#1234", "exams-1234"),
        ("/x/bed #4.xml", "bed #4"),
    ],
)
def test_a_record_is_called_by_its_own_name(path: str, name: str) -> None:
    assert name_of(Path(path)) == name


# ---- what was opened before ----------------------------------------------------------------------------


def _recent(window: MainWindow) -> list[str]:
    menu = window.menus.submenus["Open recent"]
    return [action.text() for action in menu.actions() if action.data() is not None]


def test_what_was_opened_stands_in_the_menu_by_name_alone(
    opened: MainWindow, record_files: list[Path], rest: Callable[[], None]
) -> None:
    opened.workspace.steps.set_blind(False)
    opened.workspace.ecg.open_paths([record_files[2]])
    rest()
    assert _recent(opened) == ["c.hea", "ecgs"]
    assert opened.workspace.settings.text("files.recent").split("\n") == [
        str(record_files[2]),
        str(record_files[0].parent),
    ]
    menu = opened.menus.submenus["Open recent"]
    shown = [action.text() + action.toolTip() + action.statusTip() for action in menu.actions()]
    assert not [text for text in shown if str(record_files[0].parent) in text]
    menu.actions()[1].trigger()
    rest()
    assert _recent(opened) == ["ecgs", "c.hea"]
    opened.menus["file.clear_recent"].trigger()
    assert _recent(opened) == []
    assert not opened.menus["file.clear_recent"].isEnabled()


def test_what_is_gone_is_grey_and_only_ten_are_kept(
    opened: MainWindow, record_files: list[Path], rest: Callable[[], None], tmp_path: Path
) -> None:
    opened.workspace.steps.set_blind(False)
    opened.recent.add([str(tmp_path / f"gone{number}.dcm") for number in range(9)])
    opened.recent.add([str(tmp_path / "one & more.dcm"), str(record_files[0])])
    menu = opened.menus.submenus["Open recent"]
    menu.aboutToShow.emit()
    rest()
    entries = [action for action in menu.actions() if action.data() is not None]
    assert len(entries) == 10
    assert [action.isEnabled() for action in entries] == [False, True, *[False] * 8]
    assert entries[0].text() == "one && more.dcm (not there)"


def test_the_list_outlives_the_window(tmp_path: Path, record_files: list[Path], qtbot: QtBot) -> None:
    from ecgview.desktop import app

    kept = tmp_path / "settings.toml"
    for expected in ([], ["File 1"]):  # blind: by number
        window = app.open_window(settings=Settings(kept), store_path=tmp_path / "s.db")
        qtbot.addWidget(window)
        assert window.workspace.settings.problems == []
        assert _recent(window) == expected
        with qtbot.waitSignal(window.workspace.ecg.measured):
            window.workspace.ecg.open_paths([record_files[0]])
        window.close()


def test_the_demonstration_is_not_kept(window: MainWindow, rest: Callable[[], None], qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.workspace.ecg.measured):
        file.open_demonstration(window)
    rest()
    assert _recent(window) == []
