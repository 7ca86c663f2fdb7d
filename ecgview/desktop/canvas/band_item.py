"""The rubber band under a drag: a rectangle to zoom to, or a stretch of time on one lead or on all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas.item_on_paper import ItemOnPaper, in_px

PLATE_PX = 12
PAD_PX = 4


class BandItem(ItemOnPaper):
    """Above everything else, found by no press; hidden unless a drag is under way."""

    def __init__(self) -> None:
        super().__init__()
        self._rects: tuple[QRectF, ...] = ()
        self._colour, self._on, self._text = QColor(), QColor(), ""
        self.setZValue(50)
        self.hide()

    @property
    def rects(self) -> tuple[QRectF, ...]:
        """What it spans, mm."""
        return self._rects

    def span(self, rects: Sequence[QRectF], colours: tuple[str, str], text: str, px_per_mm: float) -> None:
        """Show it over these rectangles, mm, in a colour and with its reading on a plate in the other."""
        self.prepareGeometryChange()
        self._rects, self._text = tuple(rects), text
        self._colour, self._on = QColor(colours[0]), QColor(colours[1])
        bounds = QRectF()
        for rect in self._rects:
            bounds = bounds.united(rect)
        room = 200 / px_per_mm  # the plate at its corner
        self._bounds = bounds.adjusted(-room, -room, room, room)
        self.show()
        self.update()

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw a thin frame with a light fill: the trace beneath stays readable."""
        fill = QColor(self._colour)
        fill.setAlpha(50)
        with in_px(painter) as world:
            painter.setPen(QPen(self._colour, 1.0))
            painter.setBrush(fill)
            drawn = [world.mapRect(rect) for rect in self._rects]
            for rect in drawn:
                painter.drawRect(rect)
            if drawn and self._text:
                self._paint_plate(painter, drawn[0])

    def _paint_plate(self, painter: QPainter, beside: QRectF) -> None:
        font = QFont(painter.font())
        font.setPixelSize(PLATE_PX)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        width, height = metrics.horizontalAdvance(self._text) + 2 * PAD_PX, metrics.height() + PAD_PX
        plate = QRectF(beside.left(), beside.top() - height, width, height)
        room = painter.device().width() - width - 2  # inside the window, wherever the band began
        plate.moveTopLeft(QPointF(max(2.0, min(plate.left(), room)), max(2.0, plate.top())))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(plate, 3, 3)
        painter.setPen(self._on)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self._text)
