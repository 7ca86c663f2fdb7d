"""A short line under the rhythm strip for each pacemaker stimulus that is seen; the trace is not touched (L9)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas.item_on_paper import ItemOnPaper
from ecgview.desktop.theme import Colours
from ecgview.paper import stimuli
from ecgview.paper.page import Page, Tick

WIDTH_PX = 2.0


class StimulusMarks(ItemOnPaper):
    """The marks of one page; nothing of it takes the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks: tuple[Tick, ...] = ()  # mm
        self._colour = QColor()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setZValue(17)

    def show(self, times_s: Sequence[float], page: Page | None, colours: Colours) -> None:  # type: ignore[override]
        """Stand at these times of the record on this page; nothing on a page of the median beat."""
        self.prepareGeometryChange()
        self._colour = QColor(colours.text)
        self.ticks = () if page is None else tuple(stimuli.ticks(page, times_s))
        self._bounds = QRectF()
        for tick in self.ticks:
            self._bounds = self._bounds.united(
                QRectF(tick.x_mm - 1, tick.y0_mm - 1, 2, tick.y1_mm - tick.y0_mm + 2)
            )
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, not self.ticks)
        self.update()

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw the marks as thin at every zoom."""
        pen = QPen(self._colour, WIDTH_PX)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for tick in self.ticks:
            painter.drawLine(QPointF(tick.x_mm, tick.y0_mm), QPointF(tick.x_mm, tick.y1_mm))
