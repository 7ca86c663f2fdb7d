"""The tool bar: open, walk, paper, filter, mouse mode, blind switch; every button is an action of a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QSizePolicy, QToolBar, QToolButton, QWidget

from ecgview.desktop.state import paper_choices as choices
from ecgview.paper.plan import LAYOUTS
from ecgview.signal.filters import CHOICES

if TYPE_CHECKING:
    from ecgview.desktop.chrome.menus import Menus
    from ecgview.desktop.frame import Frame

MODES = (
    ("pan", "Move", "moves the paper"),
    ("caliper", "Caliper", "measures from sample to sample (C)"),
    ("zoom", "Zoom", "says what is to fill the view (Z)"),
    ("mark", "Mark", "marks a stretch of one lead, with Shift of all (A)"),
    ("mask", "Hide", "hides a stretch in the reconstruct view, with Shift shows it again"),
)


class ToolBar(QToolBar):
    """Compact: words for what has no well-known sign."""

    def __init__(self, frame: Frame, menus: Menus) -> None:
        super().__init__("Tools", frame)
        self.setObjectName("tools")
        self.setMovable(False)
        self._canvas, self._menus = frame.canvas, menus
        self._workspace = workspace = frame.workspace
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
        self.layout_box = self._combo("Layout", [(name, name) for name in LAYOUTS], "layout")
        self.lead = self._combo("Lead shown alone", [], "single_lead")
        self._lead_shown = self.actions()[-1]
        self.filter = self._combo("Filter", [(band.label, band) for band in CHOICES], "display_filter")
        self.addSeparator()
        self._add("view.zoom_out")
        self._add("view.zoom_in")
        self._add("view.fit_width")
        self.mode = self._mode_choice()
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self.blind = self._add("read.blind")
        self._add("help.shortcuts")
        workspace.paper.changed.connect(self._follow)
        workspace.ecg.opened.connect(self._offer_filters)
        workspace.ecg.opened.connect(self._offer_leads)
        workspace.reader.blind_changed.connect(self._say_blind)
        self._follow(workspace.paper.settings)
        self._say_blind(workspace.reader.blind)

    def _add(self, action_id: str) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(self._menus[action_id])
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(self._menus[action_id].text())
        self.addWidget(button)
        return button

    def _mode_choice(self) -> QComboBox:
        """Return the choice of what a drag over the trace does, which shows what it does now."""
        box = QComboBox()
        box.setAccessibleName("What a drag over the trace does")
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        mouse = self._workspace.mouse
        box.activated.connect(lambda index: self._choose_mode(box.itemData(index)))
        mouse.changed.connect(self._show_mode)
        mouse.modes_changed.connect(self._offer_modes)
        self.mode = box
        self._offer_modes()
        self.addWidget(box)
        return box

    def _offer_modes(self) -> None:
        """Offer the modes of the canvas, and those that other parts offer now."""
        added = tuple((mode.id, mode.title, mode.hint) for mode in self._workspace.mouse.added)
        self.mode.clear()
        for mode_id, title, hint in (*MODES, *added):
            self.mode.addItem(title, mode_id)
            self.mode.setItemData(self.mode.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)
        self._show_mode(self._workspace.mouse.mode)

    def _show_mode(self, mode: str) -> None:
        index = self.mode.findData(mode)
        self.mode.setCurrentIndex(index)
        hint = self.mode.itemData(index, Qt.ItemDataRole.ToolTipRole)
        self.mode.setToolTip(f"What a drag over the trace does: {hint}")

    def _choose_mode(self, mode: str) -> None:
        self._workspace.mouse.choose(mode)
        self._show_mode(self._workspace.mouse.mode)
        self._canvas.setFocus()

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
        choices.change(self._workspace, **{field: value})
        self._canvas.setFocus()

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
        workspace = self._workspace
        for index in range(self.filter.count()):
            self.filter.setItemText(index, choices.filter_label(workspace, self.filter.itemData(index)))
        _enable(self.filter, choices.display_filters(workspace))

    def _offer_leads(self, _record: object) -> None:
        """Offer the leads of the open record, and the layouts that make sense with them."""
        workspace = self._workspace
        _enable(self.layout_box, choices.layouts(workspace))
        self.lead.clear()
        for name in choices.leads(workspace):
            self.lead.addItem(name, name)
        self._follow_lead()

    def _follow_lead(self) -> None:
        """Show the choice of a lead while one is shown alone."""
        now = choices.single_lead(self._workspace)
        self._lead_shown.setVisible(bool(now))
        self.lead.setCurrentIndex(self.lead.findData(now))

    def _say_blind(self, on: bool) -> None:
        text = "Blind reading: on" if on else "Blind reading: off"
        self._menus["read.blind"].setIconText(text)


def _enable(box: QComboBox, offered: tuple[object, ...]) -> None:
    """Grey the entries that are not offered."""
    rows = box.model()
    if isinstance(rows, QStandardItemModel):
        for index in range(box.count()):
            rows.item(index).setEnabled(box.itemData(index) in offered)
