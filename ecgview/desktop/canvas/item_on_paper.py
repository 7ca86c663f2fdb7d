"""What lies on the paper in mm of the page: its bounds, where a hand takes it up, and drawing in px of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject


class ItemOnPaper(QGraphicsObject):  # not pyqtgraph's, see `PaperItem`
    """Takes no mouse of its own: the canvas hands an item what the mouse does."""

    def __init__(self) -> None:
        super().__init__()
        self._bounds = QRectF()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """Everything that is painted, mm."""
        return self._bounds


class HeldItem(ItemOnPaper):
    """One that a hand takes up at its shape, and the keys move while it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self._shape = QPainterPath()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable)

    def shape(self) -> QPainterPath:
        """Where it is taken up."""
        return self._shape

    def contains(self, point: QPointF | QPoint | QPainterPath.Element) -> bool:
        """Return whether a press at a place, mm, meets it; Qt's own answer is the bounding rectangle's."""
        return self._shape.contains(QPointF(cast(QPointF, point)))  # Qt asks with points alone


@contextmanager
def in_px(painter: QPainter) -> Iterator[QTransform]:
    """Draw in px of the screen meanwhile: lines and text have one width at every zoom; yields what maps mm to them."""
    world = painter.worldTransform()
    painter.save()
    painter.resetTransform()
    yield world
    painter.restore()
