"""The main window as its actions, dialogs and parts may use it; `chrome.window` builds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMainWindow, QToolBar, QWidget

if TYPE_CHECKING:
    from ecgview.desktop.canvas.trace_canvas import TraceCanvas
    from ecgview.desktop.chrome.lead_values import LeadValues
    from ecgview.desktop.chrome.recent import RecentFiles
    from ecgview.desktop.chrome.side_panels import Section, SidePanels
    from ecgview.desktop.chrome.status_line import StatusLine
    from ecgview.desktop.chrome.toast import Toast
    from ecgview.desktop.state.workspace import Workspace


class Frame(QMainWindow):
    """One window over one workspace: what is in it, by name.

    Whoever is given the frame need not know the module that builds it, which knows them all.
    """

    workspace: Workspace
    canvas: TraceCanvas
    left: QWidget  # the worklist
    right: QWidget  # the panels, with what is asked above them
    side: SidePanels
    lead_values: LeadValues  # below the trace
    tools: QToolBar
    status: StatusLine
    toast: Toast
    recent: RecentFiles
    hidden_for_reading: tuple[QWidget, ...]  # what full screen took away

    def section(self, panel_id: str) -> Section | None:
        """Return the section of a panel by its id; None if there is no such panel."""
        return self.side.section(panel_id)

    def set_sides(self, width: int) -> None:
        """Share this width, logical px: the trace gets what the sides do not need."""
        raise NotImplementedError
