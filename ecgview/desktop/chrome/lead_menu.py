"""The submenu of the leads that were recorded, each to be shown alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from ecgview.desktop.state import paper_choices

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

SUBMENU = "Single lead"


class LeadMenu(QObject):
    """The submenu with every recorded lead of the open record, filled when it opens."""

    def __init__(self, workspace: Workspace, menu: QMenu) -> None:
        super().__init__(menu)
        self._workspace = workspace
        self.menu = menu.addMenu(SUBMENU)
        self.menu.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """Name the leads of the open record and check the one that is shown alone."""
        self.menu.clear()
        now = paper_choices.single_lead(self._workspace)
        for lead in paper_choices.leads(self._workspace):
            made = self.menu.addAction(lead.replace("&", "&&"))
            made.setCheckable(True)
            made.setChecked(lead == now)
            made.triggered.connect(
                lambda _checked=False, lead=lead: paper_choices.show_lead(self._workspace, lead)
            )
        if self.menu.isEmpty():
            self.menu.addAction("No ECG is open.").setEnabled(False)
