"""What the canvas says where there is no trace."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from ecgview.desktop.messages import sentence
from ecgview.desktop.state.opening import Shown
from ecgview.desktop.theme import Colours

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
