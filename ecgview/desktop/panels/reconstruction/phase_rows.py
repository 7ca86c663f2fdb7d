"""The error by part of the beat, with its place among those of other records in the same part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.results import whole_percentile

if TYPE_CHECKING:
    from ecgview.explain.reconstruction import PhaseError

HEAD = ("Phase", "Hidden", "Error", "Percentile")


class PhaseRows(QWidget):
    """One row for each part of the beat of which something was hidden."""

    def __init__(self, parts: Sequence[PhaseError]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.SPACE_M)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, name in enumerate(HEAD):
            head = Text(name, size="caption", tone="secondary", wrap=False)
            grid.addWidget(head, 0, column, right if column else Qt.AlignmentFlag.AlignLeft)
        for index, part in enumerate(parts, 1):
            place = "–" if part.percentile is None else whole_percentile(part.percentile)
            cells = (part.phase, str(part.segments), f"{part.error_uv:.0f} µV", place)
            for column, cell in enumerate(cells):
                text = Text(cell, wrap=False)
                grid.addWidget(text, index, column, right if column else Qt.AlignmentFlag.AlignLeft)
