"""What was opened before: the last files, folders and archives, newest first, and their submenu.

While reads are blind, a name is shown only of a file whose first read this reader has locked (W2).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ecgview import resources
from ecgview.desktop.state.neutral_names import LOCKED
from ecgview.desktop.state.worklist import ARCHIVES
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent
from ecgview.review import same_file
from ecgview.review.store import Store

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

KEPT = 10
SETTING = "files.recent"
SUBMENU = "Open recent"


class RecentFiles(QObject):
    """Keeps the list in the settings and fills the submenu; only names are shown, never a folder (P2)."""

    def __init__(self, workspace: Workspace, menu: QMenu) -> None:
        super().__init__(menu)
        self._workspace, self._menu = workspace, menu
        self._shown: list[QAction] = []
        self._locked: frozenset[str] = frozenset()
        self._missing: frozenset[str] = frozenset()
        workspace.worklist.opened.connect(self.add)
        workspace.names.changed.connect(self._close_names)
        menu.aboutToShow.connect(self.look)
        self._fill()

    @property
    def paths(self) -> list[str]:
        """The paths, newest first."""
        return [line for line in self._workspace.settings.text(SETTING).split("\n") if line]

    def add(self, opened: Sequence[str]) -> None:
        """Put what was just opened in front; the demonstration needs no second way to it."""
        shipped = str(resources.path("demo"))
        fresh = [path for path in opened if path != shipped and "\n" not in path]
        if fresh:
            self._keep(list(dict.fromkeys([*fresh, *self.paths]))[:KEPT])

    def clear(self) -> None:
        """Forget everything."""
        self._keep([])

    def look(self) -> None:
        """See which are still there, and read; a path may be on a slow disk, so a job looks."""
        self._workspace.jobs.start(
            _looked_at,
            self.paths,
            self._workspace.reading.store,
            self._workspace.reader.name,
            title="Looking for recent files",
            on_done=self._take,
            on_failed=self._workspace.telling.fail,
            key="recent",
            is_light=True,
        )

    def _keep(self, paths: list[str]) -> None:
        try:
            self._workspace.settings.set(SETTING, "\n".join(paths))
        except EcgviewError as error:
            self._workspace.telling.fail(error)
        self._fill()

    def _fill(self) -> None:
        for action in self._shown:
            self._menu.removeAction(action)
            action.deleteLater()
        before = self._menu.actions()[0] if self._menu.actions() else None
        self._shown = []
        for path in self.paths:
            made = QAction(self._menu)
            made.setData(len(self._shown))  # not the path: it may be closed
            made.triggered.connect(lambda _checked=False, path=path: self._workspace.ecg.open_paths([path]))
            self._menu.insertAction(before, made) if before is not None else self._menu.addAction(made)
            self._shown.append(made)
        self._name()

    def _name(self) -> None:
        """Name each as it may be called now, and grey which were found to be gone when somebody last looked."""
        for action, path, text in zip(self._shown, self.paths, self._names(), strict=True):
            action.setEnabled(path not in self._missing)
            action.setText(f"{text} (not there)" if path in self._missing else text)

    def _names(self) -> list[str]:
        shown = names(self.paths)
        if self._workspace.reader.blind:
            for number, path in enumerate(self.paths, 1):
                if path not in self._locked:
                    shown[number - 1] = f"{kind(path)} {number}"
        return shown

    def _close_names(self) -> None:
        """Another reader, or blind reading switched: what was looked up does not hold any more."""
        self._locked = frozenset()
        self._fill()

    def _take(self, found: tuple[frozenset[str], frozenset[str]]) -> None:
        self._missing, self._locked = found
        self._name()


def names(paths: Sequence[str]) -> list[str]:
    """Return the name of each file or folder as a menu shows it: "&" is no mnemonic."""
    return [os.path.basename(path.rstrip("/\\")).replace("&", "&&") or path for path in paths]


def kind(path: str) -> str:
    """Return what a path is, by its words alone: no disk may be waited for here."""
    if path.lower().endswith(ARCHIVES):
        return "Archive"
    return "File" if os.path.splitext(path)[1] else "Folder"


def _looked_at(
    paths: list[str], store: Store, reader: str, progress: Progress = silent
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the paths that are not there, and those of which this reader has locked a read."""
    missing = frozenset(path for path in paths if not os.path.exists(path))
    try:
        states = same_file.statuses(store, paths, reader, progress) if reader else {}
    except EcgviewError:
        states = {}  # the menu is of use without the store
    return missing, frozenset(path for path, state in states.items() if state.value in LOCKED)
