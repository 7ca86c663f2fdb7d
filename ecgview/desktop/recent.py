"""What was opened before: the last files, folders and archives, newest first, and their submenu."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ecgview import resources
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.desktop.workspace import Workspace

KEPT = 10
SETTING = "files.recent"
SUBMENU = "Open recent"


class RecentFiles(QObject):
    """Keeps the list in the settings and fills the submenu; only names are shown, never a folder (P2)."""

    def __init__(self, workspace: Workspace, menu: QMenu) -> None:
        super().__init__(menu)
        self._workspace, self._menu = workspace, menu
        self._shown: list[QAction] = []
        workspace.worklist.opened.connect(self.add)
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
        """See which are still there; a path may be on a slow disk, so a job looks."""
        self._workspace.jobs.start(
            _missing,
            self.paths,
            title="Looking for recent files",
            on_done=self._grey,
            on_failed=self._workspace.fail,
            key="recent",
        )

    def _keep(self, paths: list[str]) -> None:
        try:
            self._workspace.settings.set(SETTING, "\n".join(paths))
        except EcgviewError as error:
            self._workspace.fail(error)
        self._fill()

    def _fill(self) -> None:
        for action in self._shown:
            self._menu.removeAction(action)
            action.deleteLater()
        before = self._menu.actions()[0] if self._menu.actions() else None
        self._shown = []
        for path, text in zip(self.paths, names(self.paths), strict=True):
            made = QAction(text, self._menu)
            made.setData(path)
            made.triggered.connect(lambda _checked=False, path=path: self._workspace.open_paths([path]))
            self._menu.insertAction(before, made) if before is not None else self._menu.addAction(made)
            self._shown.append(made)

    def _grey(self, missing: frozenset[str]) -> None:
        for action, text in zip(self._shown, names(self.paths), strict=True):
            is_missing = action.data() in missing
            action.setEnabled(not is_missing)
            action.setText(f"{text} (not there)" if is_missing else text)


def names(paths: Sequence[str]) -> list[str]:
    """Return the name of each file or folder as a menu shows it: "&" is no mnemonic."""
    return [os.path.basename(path.rstrip("/\\")).replace("&", "&&") or path for path in paths]


def _missing(paths: list[str], progress: Progress = silent) -> frozenset[str]:
    return frozenset(path for path in paths if not os.path.exists(path))
