"""What the canvas says where there is no trace, and the span under a drag."""

from __future__ import annotations

from old.gestures import Drag
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from ecgview.desktop.messages import sentence
from ecgview.desktop.state.opening import Shown
from ecgview.desktop.theme import Colours
from ecgview.paper.page import Page

_EMPTY = (
    ("Open an ECG", True),
    ("Drop files or a folder here, or press Ctrl+O.", False),
    ("Ctrl+D opens the demonstration worklist: six synthetic ECGs.", False),
    ("? shows every key.", False),
)
_STOP = "Ctrl+. stops it."
_GO_ON = "Page Down goes on to the next record."
_SIZES = {True: 20, False: 14}  # px of a title, of a line


def paint_empty(painter: QPainter, area: QRect, colours: Colours, shown: Shown, name: str) -> None:
    """Say how to open an ECG, or the name of the one that is being opened, or why it cannot be shown."""
    top = area.height() * 0.36
    width = min(area.width() - 40.0, 640.0)
    for text, is_title in _lines(shown, name):
        font = QFont(painter.font())
        font.setPixelSize(_SIZES[is_title])
        font.setWeight(QFont.Weight.DemiBold if is_title else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colours.text if is_title else colours.muted))
        room = QRectF((area.width() - width) / 2, top, width, area.height())
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWrapAnywhere
        if not is_title:
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        top += painter.drawText(room, flags, text).height() + (16 if is_title else 12)


def _lines(shown: Shown, name: str) -> tuple[tuple[str, bool], ...]:
    if shown.kind == "opening":
        return ((f"Opening {name} …", True), (_STOP, False))
    if shown.kind == "failed":
        return ((f"{name} is not shown", True), (sentence(shown.reason), False), (_GO_ON, False))
    return _EMPTY


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
