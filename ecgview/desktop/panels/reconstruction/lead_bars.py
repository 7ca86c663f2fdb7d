"""One thin bar per lead: the model's error, with a tick where linear interpolation would stand."""

from __future__ import annotations

from math import isfinite

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.reconstruction.errors import LeadError

ROW_PX = 20
_LEAD_PX = 38
_NUMBER_PX = 62


class LeadBars(QWidget):
    """Errors by lead, in microvolts, all on one scale."""

    def __init__(self, rows: tuple[LeadError, ...]) -> None:
        super().__init__()
        self._rows = rows
        known = [value for row in rows for value in (row.model_uv, row.linear_uv) if isfinite(value)]
        self._reach = max(known, default=1.0) or 1.0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Error by lead")
        self.setAccessibleDescription(
            "; ".join(f"{row.lead} {row.model_uv:.0f} µV, linear {row.linear_uv:.0f} µV" for row in rows)
        )

    def sizeHint(self) -> QSize:
        """Return one row's height for every lead."""
        return QSize(280, ROW_PX * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every lead."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(tokens.font(self.font(), "caption"))
            for index, row in enumerate(self._rows):
                self._paint_row(painter, row, float(index * ROW_PX))

    def _paint_row(self, painter: QPainter, row: LeadError, top: float) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(tokens.colour(self, "secondary"))
        painter.drawText(QRectF(0, top, _LEAD_PX, ROW_PX), middle, row.lead)
        room = self.width() - _LEAD_PX - _NUMBER_PX
        bar = QRectF(_LEAD_PX, top + ROW_PX / 2 - 3, room, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.colour(self, "track"))
        painter.drawRoundedRect(bar, 3, 3)
        painter.setBrush(tokens.colour(self, "reconstructed"))
        if isfinite(row.model_uv):
            width = max(row.model_uv / self._reach * room, 3.0)
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), width, 6), 3, 3)
        if isfinite(row.linear_uv):
            at = bar.left() + row.linear_uv / self._reach * room
            painter.fillRect(QRectF(at - 1, bar.top() - 3, 2, 12), tokens.colour(self, "text"))
        painter.setPen(tokens.colour(self, "text"))
        number = f"{row.model_uv:.0f} µV" if isfinite(row.model_uv) else "–"
        place = QRectF(self.width() - _NUMBER_PX, top, _NUMBER_PX, ROW_PX)
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, number)
