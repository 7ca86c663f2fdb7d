"""Menus, shortcuts and tool buttons made from the rows of `ecgview.desktop.actions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from ecgview import plugins
from ecgview.desktop import actions as room
from ecgview.desktop.action import Action

if TYPE_CHECKING:
    from ecgview.desktop.chrome.window import MainWindow


def rows() -> dict[str, tuple[Action, ...]]:
    """Return every menu with its rows, in order."""
    found = sorted(plugins.discover(room), key=lambda module: module.ORDER)
    return {module.MENU: module.ACTIONS for module in found}


class Menus:
    """The window's actions by id; `refresh` brings what is enabled and checked up to date."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._rows: dict[str, Action] = {}
        self.actions: dict[str, QAction] = {}
        self.submenus: dict[str, QMenu] = {}
        for menu, entries in rows().items():
            self._fill(window.menuBar().addMenu(menu), entries)
        self.refresh()

    def __getitem__(self, action_id: str) -> QAction:
        return self.actions[action_id]

    def refresh(self, _changed: object = None) -> None:
        """Enable, disable, check and name every action by what its row says."""
        for action_id, made in self.actions.items():
            row = self._rows[action_id]
            refuses = (
                row.edits and self._window.workspace.reading.is_held
            )  # a key that does nothing tells nothing
            made.setEnabled(refuses or row.enabled_when(self._window.workspace))
            if row.checked_when is not None:
                made.setChecked(row.checked_when(self._window))
            if row.text_when is not None:
                made.setText(row.text_when(self._window.workspace))

    def _fill(self, menu: QMenu, entries: tuple[Action, ...]) -> None:
        for row in entries:
            target = menu
            if row.submenu:
                if row.submenu not in self.submenus:
                    self.submenus[row.submenu] = menu.addMenu(row.submenu)
                target = self.submenus[row.submenu]
            if row.separator_before:
                target.addSeparator()
            target.addAction(self._make(row))

    def _make(self, row: Action) -> QAction:
        made = QAction(row.text, self._window)
        made.setObjectName(row.id)
        made.setShortcuts([QKeySequence(text) for text in row.shortcuts])
        made.setAutoRepeat(row.repeats)
        made.setCheckable(row.checked_when is not None)
        keys = f" ({shown_keys(row)})" if row.shortcuts else ""
        made.setToolTip(f"{row.text.removesuffix(' …')}{keys}" + (f"\n{row.hint}" if row.hint else ""))
        made.setStatusTip(row.hint)
        if row.short:
            made.setIconText(row.short)
        self._window.addAction(made)  # so that its keys work where the menu bar is hidden
        made.triggered.connect(lambda _checked=False: self._run(row))
        self._rows[row.id] = row
        self.actions[row.id] = made
        return made

    def _run(self, row: Action) -> None:
        if row.edits and self._window.workspace.reading.is_held:
            self._window.workspace.steps.refuse()
        else:
            row.run(self._window)
        self.refresh()


def shown_keys(row: Action) -> str:
    """Return the first shortcut of a row as the system writes it; empty if it has none."""
    if not row.shortcuts:
        return ""
    return QKeySequence(row.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)
