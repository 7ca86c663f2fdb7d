"""The File menu: open, walk through the worklist, export."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from ecgview import resources
from ecgview.desktop.action import Action, with_record, with_recording
from ecgview.desktop.chrome.recent import SUBMENU
from ecgview.desktop.dialogs import about_file, report, share
from ecgview.desktop.state.worklist import ARCHIVES

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame

MENU = "File"
ORDER = 10


def ask_files(window: Frame) -> None:
    """Ask for files and open them."""
    from ecgview import formats

    paths, _ = QFileDialog.getOpenFileNames(window, "Open ECGs", "", file_kinds(formats.extensions()))
    if paths:
        window.workspace.ecg.open_paths(paths)


def file_kinds(extensions: Iterable[str]) -> str:
    """Return what the open dialog lists: ECGs with the archives of them, archives alone, everything."""
    known, packed = (" ".join(f"*{one}" for one in group) for group in (sorted(extensions), ARCHIVES))
    return f"ECGs and archives of ECGs ({known} {packed});;Archives ({packed});;All files (*)"


def ask_folder(window: Frame) -> None:
    """Ask for a folder and open it as a worklist."""
    path = QFileDialog.getExistingDirectory(window, "Open a folder of ECGs")
    if path:
        window.workspace.ecg.open_paths([path])


def open_demonstration(window: Frame) -> None:
    """Open the synthetic ECGs that ship with ecgview."""
    window.workspace.ecg.open_paths([resources.path("demo")])


def ask_screenshot(window: Frame) -> None:
    """Ask where a picture of the window goes, and write it there."""
    picture = window.grab()
    path, _ = QFileDialog.getSaveFileName(
        window, "Save screenshot (with the names and dates in the window)", "ecgview.png", "Pictures (*.png)"
    )
    if path and picture.save(path):
        said = f"Screenshot written: {path}. It shows what the window shows, names and dates too."
        window.workspace.telling.post(said, "warning")
    elif path:
        window.workspace.telling.post("The screenshot could not be written.", "error", f"Where: {path}")


ACTIONS = (
    Action("file.open", "Open files …", ask_files, ("Ctrl+O",), short="Open"),
    Action("file.open_folder", "Open folder …", ask_folder, ("Ctrl+Shift+O",)),
    Action(
        "file.clear_recent",
        "Clear",
        lambda w: w.recent.clear(),
        enabled_when=lambda workspace: bool(workspace.settings.text("files.recent")),
        submenu=SUBMENU,
        separator_before=True,
        follows=("recent",),
    ),
    Action(
        "file.open_demo",
        "Open the demonstration worklist",
        open_demonstration,
        ("Ctrl+D",),
        hint="Six synthetic ECGs that ship with ecgview",
    ),
    Action(
        "file.stop",
        "Stop opening",
        lambda w: w.workspace.ecg.stop(),
        ("Ctrl+.",),
        enabled_when=lambda workspace: workspace.ecg.is_opening,
        follows=("opening",),
    ),
    Action(
        "file.next",
        "Next record",
        lambda w: w.workspace.walk.next(),
        ("PgDown", "Alt+Down"),
        short="›",
        separator_before=True,
        repeats=True,
    ),
    Action(
        "file.previous",
        "Previous record",
        lambda w: w.workspace.walk.previous(),
        ("PgUp", "Alt+Up"),
        short="‹",
        repeats=True,
    ),
    Action(
        "file.export_report",
        "Export report …",
        report.show,
        ("Ctrl+E",),
        enabled_when=with_record,
        separator_before=True,
        follows=("record",),
    ),
    Action(
        "file.share",
        "Export for sharing …",
        share.show,
        ("Ctrl+Shift+E",),
        enabled_when=with_recording,
        hint="The ECG in another format, without what tells who, where and when",
        follows=("record",),
    ),
    Action(
        "file.about",
        "About this file",
        about_file.show,
        ("Alt+Return",),
        enabled_when=with_record,
        follows=("record",),
    ),
    Action("file.screenshot", "Save screenshot …", ask_screenshot, ("Ctrl+Shift+S",)),
    Action("file.quit", "Quit", lambda w: w.close(), ("Ctrl+Q",), separator_before=True),
)
