"""Which leads the paper shows: a single one of those recorded, or the next page of more than fit on one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from ecgview.paper.families import in_order
from ecgview.paper.layouts import single_lead
from ecgview.paper.plan import LAYOUTS, choices, plan

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

SUBMENU = "Single lead"
SINGLE = single_lead.LAYOUT.name


def offered(workspace: Workspace) -> tuple[str, ...]:
    """Return the layouts that make sense for the open record; all while none is open."""
    return tuple(LAYOUTS) if workspace.ecg.record is None else choices(workspace.ecg.record.lead_names)


def has_pages(workspace: Workspace) -> bool:
    """Return whether the open record has more leads than fit on one page of the layout."""
    record = workspace.ecg.record
    return record is not None and plan(record.lead_names, workspace.paper.settings).parts > 1


def turn(workspace: Workspace, pages: int) -> None:
    """Show the page of leads so many further on; nothing beyond the first and the last."""
    record, paper = workspace.ecg.record, workspace.paper.settings
    if record is not None:
        now = plan(record.lead_names, paper)
        part = min(max(0, now.part + pages), now.parts - 1)
        workspace.paper.choose(replace(paper, part=part))


def leads(workspace: Workspace) -> tuple[str, ...]:
    """Return the open record's leads in the order they are read."""
    return () if workspace.ecg.record is None else in_order(workspace.ecg.record.lead_names)


def shown(workspace: Workspace) -> str:
    """Return the lead that the layout "single" shows of the open record; "" in every other layout."""
    record, paper = workspace.ecg.record, workspace.paper.settings
    if record is None or paper.layout != SINGLE:
        return ""
    return plan(record.lead_names, paper).rows[0][0]


def show(workspace: Workspace, lead: str) -> None:
    """Show one lead alone, over the whole width."""
    workspace.paper.choose(replace(workspace.paper.settings, layout=SINGLE, single_lead=lead, part=0))


def step(workspace: Workspace, leads_on: int) -> None:
    """Show another lead alone: the one so many on, and first of all the one chosen before."""
    names, now = leads(workspace), shown(workspace)
    if names and not now:
        wanted = workspace.paper.settings.single_lead
        show(workspace, wanted if wanted in names else names[0])
    elif names:
        show(workspace, names[(names.index(now) + leads_on) % len(names)])


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
        now = shown(self._workspace)
        for lead in leads(self._workspace):
            made = self.menu.addAction(lead.replace("&", "&&"))
            made.setCheckable(True)
            made.setChecked(lead == now)
            made.triggered.connect(lambda _checked=False, lead=lead: show(self._workspace, lead))
        if self.menu.isEmpty():
            self.menu.addAction("No ECG is open.").setEnabled(False)
