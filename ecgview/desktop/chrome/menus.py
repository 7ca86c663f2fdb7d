"""Menus, shortcuts and tool buttons made from the rows of `ecgview.desktop.actions`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from ecgview import plugins
from ecgview.desktop import actions as room
from ecgview.desktop.action import Action, Fact

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame

_OF_SIDES = (QEvent.Type.HideToParent, QEvent.Type.ShowToParent, QEvent.Type.WindowStateChange)


def rows() -> dict[str, tuple[Action, ...]]:
    """Return every menu with its rows, in order."""
    found = sorted(
        plugins.discover(room, needs=("MENU", "ORDER", "ACTIONS")), key=lambda module: module.ORDER
    )
    return {module.MENU: module.ACTIONS for module in found}


class Menus(QObject):
    """The window's actions by id; a row is brought up to date when a fact changes that it follows.

    That is done once per turn of the event loop, or as soon as a key comes or somebody asks for an action.
    """

    _due = Signal()

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._frame = frame
        self._workspace = frame.workspace
        self._rows: dict[str, Action] = {}
        self._actions: dict[str, QAction] = {}
        self._stale: dict[str, None] = {}  # in the order they became so
        self.submenus: dict[str, QMenu] = {}
        for menu, entries in rows().items():
            self._fill(frame.menuBar().addMenu(menu), entries)
        self._due.connect(self._refresh_stale, Qt.ConnectionType.QueuedConnection)
        self._listen()
        for action_id in self._actions:
            self._refresh(action_id)

    def __getitem__(self, action_id: str) -> QAction:
        return self.actions[action_id]

    @property
    def actions(self) -> dict[str, QAction]:
        """Every action by its id, as the facts of now have it."""
        self._refresh_stale()
        return self._actions

    def expected(self, action_id: str) -> tuple[bool, bool, str]:
        """Return by the row of an action whether it is enabled and checked now, and what it is called."""
        row, workspace = self._rows[action_id], self._workspace
        refuses = row.edits and workspace.reading.is_held  # a key that does nothing tells nothing
        is_checked = row.checked_when is not None and row.checked_when(self._frame)
        text = row.text if row.text_when is None else row.text_when(workspace)
        return refuses or row.enabled_when(workspace), is_checked, text

    def _refresh(self, action_id: str) -> None:
        made = self._actions[action_id]
        is_enabled, is_checked, text = self.expected(action_id)
        made.setEnabled(is_enabled)
        if made.isCheckable():
            made.setChecked(is_checked)
        if made.text() != text:
            made.setText(text)

    def _refresh_stale(self) -> None:
        stale, self._stale = self._stale, {}
        for action_id in stale:
            self._refresh(action_id)

    # ---- what the rows follow --------------------------------------------------------------------------

    def _listen(self) -> None:
        """Note which rows are to be asked again whenever a fact changes."""
        parts = self._workspace
        told: dict[Fact, tuple[SignalInstance, ...]] = {
            "record": (parts.ecg.opened, parts.ecg.closed),
            "opening": (parts.ecg.opening.changed,),
            "read": (parts.reading.session_changed,),
            "draft": (parts.reading.draft_changed,),
            "view": (parts.paper.view_changed,),
            "paper": (parts.paper.changed,),
            "theme": (parts.paper.theme_changed,),
            "blind": (parts.reader.blind_changed,),
            "lines": (parts.measuring.lines_changed,),
            "mouse": (parts.mouse.changed,),
            "map": (parts.maps.changed, parts.answers.lef_ready),
            "thumbnails": (parts.thumbnails.switched,),
            "recent": (parts.worklist.opened,),
        }
        for fact, signals in told.items():
            following = [row.id for row in self._rows.values() if fact in row.follows]
            for signal in signals if following else ():
                signal.connect(partial(self._mark, following))
        editing = [row.id for row in self._rows.values() if row.edits]
        parts.reading.held_changed.connect(partial(self._mark, editing))
        self._sides = [row.id for row in self._rows.values() if "sides" in row.follows]
        for widget in (self._frame, self._frame.left, self._frame.right, self._frame.lead_values):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what is shown beside the trace; a key that comes meets the actions as they are now."""
        if event.type() in _OF_SIDES:
            self._mark(self._sides)
        elif event.type() == QEvent.Type.ShortcutOverride:
            self._refresh_stale()
        return False

    def _mark(self, action_ids: Sequence[str], *_changed: object) -> None:
        if not self._stale and action_ids:
            self._due.emit()
        self._stale.update(dict.fromkeys(action_ids))

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
        made = QAction(row.text, self._frame)
        made.setObjectName(row.id)
        made.setShortcuts([QKeySequence(text) for text in row.shortcuts])
        made.setAutoRepeat(row.repeats)
        made.setCheckable(row.checked_when is not None)
        keys = f" ({shown_keys(row)})" if row.shortcuts else ""
        made.setToolTip(f"{row.text.removesuffix(' …')}{keys}" + (f"\n{row.hint}" if row.hint else ""))
        made.setStatusTip(row.hint)
        if row.short:
            made.setIconText(row.short)
        self._frame.addAction(made)  # so that its keys work where the menu bar is hidden
        made.triggered.connect(lambda _checked=False: self._run(row))
        self._rows[row.id] = row
        self._actions[row.id] = made
        return made

    def _run(self, row: Action) -> None:
        if row.edits and self._workspace.reading.is_held:
            self._workspace.steps.refuse()
        else:
            row.run(self._frame)
        self._mark([row.id])  # Qt toggles a checkable action by itself
        self._refresh_stale()


def shown_keys(row: Action) -> str:
    """Return the first shortcut of a row as the system writes it; empty if it has none."""
    if not row.shortcuts:
        return ""
    return QKeySequence(row.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)
