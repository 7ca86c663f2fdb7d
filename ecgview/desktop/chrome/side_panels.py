"""The stack of panels beside the trace: discovered, shown by view, each under its own title."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from ecgview import plugins
from ecgview.desktop import panels as room
from ecgview.desktop.panel import Panel
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import SPACE, set_role
from ecgview.desktop.views import VIEWS

WORKLIST = "worklist"  # the one panel that stands at the left, in every view


def discovered() -> list[Panel]:
    """Return every panel, from the top."""
    needs = ("PANEL.id", "PANEL.title", "PANEL.order", "PANEL.make")
    found = plugins.discover(room, besides=("kit",), needs=needs)
    return sorted((module.PANEL for module in found), key=lambda panel: panel.order)


class Section(QWidget):
    """A panel under its title; a click on the title folds the panel away."""

    def __init__(self, panel: Panel, workspace: Workspace, *, folds: bool = True) -> None:
        super().__init__()
        self.panel = panel
        self.content = panel.make(workspace)
        self.setObjectName(panel.id)
        self.title: QLabel | QPushButton
        if folds:
            self.title = QPushButton(panel.title)
            self.title.setCursor(Qt.CursorShape.PointingHandCursor)
            self.title.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.title.clicked.connect(lambda: self.fold(not self.is_folded))
        else:
            self.title = QLabel(panel.title)
        set_role(self.title, "section")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SPACE)
        whole.addWidget(self.title)
        whole.addWidget(self.content, 1)

    @property
    def is_folded(self) -> bool:
        """Whether only the title is shown."""
        return self.content.isHidden()

    def fold(self, on: bool) -> None:
        """Show the title alone, or all of the panel."""
        self.content.setVisible(not on)
        self.title.setText(f"{self.panel.title} …" if on else self.panel.title)


class SidePanels(QFrame):
    """Four tabs, one per view, over the panels of that view."""

    def __init__(self, workspace: Workspace, panels: list[Panel], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        set_role(self, "side")
        self.tabs = QTabBar()
        self.tabs.setExpanding(True)
        self.tabs.setDrawBase(False)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for number, view in enumerate(VIEWS, 1):
            self.tabs.addTab(view.capitalize())
            self.tabs.setTabToolTip(number - 1, f"{view.capitalize()} view ({number})")
        self.sections = [Section(panel, workspace) for panel in panels]
        stack = QWidget()
        set_role(stack, "stack")
        column = QVBoxLayout(stack)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(3 * SPACE)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(stack)
        self._area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.tabs)
        whole.addWidget(self._area, 1)
        self.tabs.currentChanged.connect(lambda index: workspace.paper.set_view(VIEWS[index]))
        workspace.paper.view_changed.connect(self.show_view)
        workspace.mouse.changed.connect(self._bring_into_sight)
        workspace.criteria.sought.connect(self._bring_criteria)
        self.show_view(workspace.paper.view)

    def show_view(self, view: str) -> None:
        """Show the panels of a view."""
        self.tabs.setCurrentIndex(VIEWS.index(view))
        for section in self.sections:
            section.setVisible(view in section.panel.views)
        self._area.verticalScrollBar().setValue(0)
        self._bring_into_sight(self._workspace.mouse.mode)

    def _bring_into_sight(self, mode: str) -> None:
        """Scroll to the panel that shows what a mouse mode does; numbers that move out of sight are not seen."""
        for section in self.sections:
            if section.panel.mouse_mode == mode and not section.isHidden():
                self.bring(section.panel.id)
                return

    def _bring_criteria(self) -> None:
        self._workspace.paper.set_view("read")
        self.bring("criteria")

    def bring(self, panel_id: str) -> None:
        """Scroll to a panel of the view that is shown, unfolded."""
        section = self.section(panel_id)
        if section is not None and not section.isHidden():
            section.fold(on=False)
            self._area.widget().adjustSize()  # now: what was just shown has no place yet
            self._area.verticalScrollBar().setValue(section.y())

    def section(self, panel_id: str) -> Section | None:
        """Return the section of a panel; None if there is no such panel."""
        return next((section for section in self.sections if section.panel.id == panel_id), None)
