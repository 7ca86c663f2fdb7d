"""At the head of the read: rate, PR, QRS, QT and QTc, axes, as every cart prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.measured_value import MeasuredValue
from ecgview.desktop.panels.kit.widgets import Text, clear, column
from ecgview.desktop.state.measuring import CLOSED
from ecgview.signal.measure import block

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace


class GlancePanel(QWidget):
    """The block of values; each says on hover all that is known of it, and by a click where it was measured."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._content = column(self, spacing=tokens.SPACE_XS)
        self._titles: tuple[str, ...] | None = None  # of the rows that stand there; None while words do
        self._values: list[MeasuredValue] = []
        self._marks: list[Text] = []
        self._why = column(spacing=0)
        self._lines: list[str] = []
        for signal in (workspace.ecg.opened, workspace.ecg.closed, workspace.ecg.measured):
            signal.connect(self._renew)
        workspace.measuring.changed.connect(self._renew)
        workspace.measuring.opened_changed.connect(self._renew)
        self._renew()

    def _renew(self, _changed: object = None) -> None:
        workspace = self._workspace
        if workspace.ecg.record is None or not workspace.measuring.is_open or not workspace.ecg.measurements:
            words = workspace.ecg.shown.instead("Open an ECG to see its measurements.")
            if workspace.ecg.record is not None:
                words = "Measuring …" if workspace.measuring.is_open else CLOSED
            clear(self._content)
            self._titles, self._values, self._marks = None, [], []
            self._content.addWidget(Text(words, tone="secondary"))
            return
        entries = block.of(workspace.ecg.measurements)
        if self._titles != tuple(entry.title for entry in entries):
            self._make(entries)
        for shown, marks, entry in zip(self._values, self._marks, entries, strict=True):
            shown.show_entry(entry)
            words = ", ".join(entry.marks)
            if marks.text() != words:
                marks.setText(words)
            marks.setVisible(bool(words))
        reasons: dict[str, list[str]] = {}
        for entry in entries:
            if entry.why and workspace.measuring.measured is not None:
                reasons.setdefault(entry.why, []).append(entry.title)
        lines = [f"{', '.join(titles)}: {why}" for why, titles in reasons.items()]
        if lines != self._lines:
            self._lines = lines
            clear(self._why)
            for text in lines:
                self._why.addWidget(Text(text, size="caption", tone="secondary"))

    def _make(self, entries: tuple[block.Entry, ...]) -> None:
        clear(self._content)
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.SPACE_M)
        grid.setVerticalSpacing(2)
        self._titles, self._values, self._marks = tuple(entry.title for entry in entries), [], []
        for index, entry in enumerate(entries):
            made = MeasuredValue(self._workspace.measuring.point_at)
            marks = Text(
                "", size="caption", tone="warning"
            )  # below: beside a long value it would widen the panel
            marks.hide()
            grid.addWidget(Text(entry.title, size="caption", tone="secondary", wrap=False), 2 * index, 0)
            grid.addWidget(made, 2 * index, 1)
            grid.addWidget(marks, 2 * index + 1, 1)
            self._values.append(made)
            self._marks.append(marks)
        grid.setColumnStretch(1, 1)
        self._content.addWidget(table)
        self._why, self._lines = column(spacing=0), []
        self._content.addLayout(self._why)


PANEL = Panel(id="glance", title="At a glance", views=("read", "annotate"), order=5, make=GlancePanel)
