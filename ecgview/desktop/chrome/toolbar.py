"""The tool bar: open, walk, paper, filter, caliper, blind switch; every button is an action of a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QSizePolicy, QToolBar, QToolButton, QWidget

from ecgview.desktop.actions import view as choices
from ecgview.desktop.chrome import lead_choice
from ecgview.signal.filters import CHOICES

if TYPE_CHECKING:
    from ecgview.desktop.chrome.window import MainWindow


class ToolBar(QToolBar):
    """Compact: words for what has no well-known sign."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__("Tools", window)
        self.setObjectName("tools")
        self.setMovable(False)
        self._window = window
        self._add("file.open")
        self._add("file.previous")
        self._add("file.next")
        self.addSeparator()
        self.speed = self._combo(
            "Speed", [(f"{speed:g} mm/s", speed) for speed in choices.SPEEDS], "speed_mm_per_s"
        )
        self.gain = self._combo(
            "Gain", [(f"{gain:g} mm/mV", gain) for gain in choices.GAINS], "gain_mm_per_mv"
        )
        self.layout_box = self._combo("Layout", [(name, name) for name in choices.LAYOUT_CHOICES], "layout")
        self.lead = self._combo("Lead shown alone", [], "single_lead")
        self._lead_shown = self.actions()[-1]
        self.filter = self._combo("Filter", [(band.label, band) for band in CHOICES], "display_filter")
        self.addSeparator()
        self._add("view.zoom_out")
        self._add("view.zoom_in")
        self._add("view.fit_width")
        self._add("view.caliper")
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self.blind = self._add("read.blind")
        self._add("help.shortcuts")
        window.workspace.paper.changed.connect(self._follow)
        window.workspace.ecg.opened.connect(self._offer_filters)
        window.workspace.ecg.opened.connect(self._offer_leads)
        window.workspace.reader.blind_changed.connect(self._say_blind)
        self._follow(window.workspace.paper.settings)
        self._say_blind(window.workspace.reader.blind)

    def _add(self, action_id: str) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(self._window.menus[action_id])
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(self._window.menus[action_id].text())
        self.addWidget(button)
        return button

    def _combo(self, name: str, entries: list[tuple[str, object]], field: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for text, value in entries:
            box.addItem(text, value)
        box.activated.connect(lambda index: self._chosen(field, box.itemData(index)))
        self.addWidget(box)
        return box

    def _chosen(self, field: str, value: object) -> None:
        choices.change_paper(self._window, **{field: value})
        self._window.canvas.setFocus()

    def _follow(self, paper: object) -> None:
        for box, field in (
            (self.speed, "speed_mm_per_s"),
            (self.gain, "gain_mm_per_mv"),
            (self.layout_box, "layout"),
            (self.filter, "display_filter"),
        ):
            value = getattr(paper, field)
            for index in range(box.count()):
                if box.itemData(index) == value:
                    box.setCurrentIndex(index)
        self._follow_lead()

    def _offer_filters(self, _record: object) -> None:
        """Name every band as the open file leaves it, and offer those that differ on it (F5)."""
        workspace = self._window.workspace
        for index in range(self.filter.count()):
            self.filter.setItemText(index, choices.filter_label(workspace, self.filter.itemData(index)))
        _enable(self.filter, choices.offered_filters(workspace))

    def _offer_leads(self, _record: object) -> None:
        """Offer the leads of the open record, and the layouts that make sense with them."""
        workspace = self._window.workspace
        _enable(self.layout_box, lead_choice.offered(workspace))
        self.lead.clear()
        for name in lead_choice.leads(workspace):
            self.lead.addItem(name, name)
        self._follow_lead()

    def _follow_lead(self) -> None:
        """Show the choice of a lead while one is shown alone."""
        now = lead_choice.shown(self._window.workspace)
        self._lead_shown.setVisible(bool(now))
        self.lead.setCurrentIndex(self.lead.findData(now))

    def _say_blind(self, on: bool) -> None:
        text = "Blind reading: on" if on else "Blind reading: off"
        self._window.menus["read.blind"].setIconText(text)


def _enable(box: QComboBox, offered: tuple[object, ...]) -> None:
    """Grey the entries that are not offered."""
    rows = box.model()
    if isinstance(rows, QStandardItemModel):
        for index in range(box.count()):
            rows.item(index).setEnabled(box.itemData(index) in offered)
