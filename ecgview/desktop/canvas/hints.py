"""What the canvas says where there is no trace, and the span under a drag."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from ecgview.desktop.canvas.gestures import Drag
from ecgview.desktop.theme import Colours
from ecgview.paper.page import Page

_EMPTY = (
    ("Open an ECG", 20, True),
    ("Drop files or a folder here, or press Ctrl+O.", 14, False),
    ("Ctrl+D opens the demonstration worklist: six synthetic ECGs.", 14, False),
    ("? shows every key.", 14, False),
)
_OPENING = (("Opening the ECG …", 20, True), ("Ctrl+. stops it.", 14, False))


def paint_empty(painter: QPainter, area: QRect, colours: Colours, *, is_opening: bool) -> None:
    """Say how to open an ECG, or that one is being opened."""
    top = area.height() * 0.36
    for text, size, is_title in _OPENING if is_opening else _EMPTY:
        font = QFont(painter.font())
        font.setPixelSize(size)
        font.setWeight(QFont.Weight.DemiBold if is_title else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colours.text if is_title else colours.muted))
        line = QRectF(0, top, area.width(), size * 2)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)
        top += size * 2 + (8 if is_title else 0)


def paint_drag(painter: QPainter, page: Page, drag: Drag, px_per_mm: float, colours: Colours) -> None:
    """Shade what a drag spans, on the traces it will mark; the painter is in page px."""
    start_s, end_s = drag.span_s
    fill = QColor(colours.annotation)
    fill.setAlpha(50)
    painter.setPen(QPen(QColor(colours.annotation), 1))
    painter.setBrush(fill)
    for trace in page.traces:
        first, last = max(start_s, trace.start_s), min(end_s, trace.end_s)
        if first < last and (drag.all_leads or trace.lead == drag.lead):
            left = trace.x0_mm + (first - trace.start_s) * trace.mm_per_s
            top, height = trace.baseline_mm - 0.5 * trace.row_mm, 0.92 * trace.row_mm
            box = QRectF(left, top, (last - first) * trace.mm_per_s, height)
            painter.drawRect(QRectF(box.topLeft() * px_per_mm, box.size() * px_per_mm))
