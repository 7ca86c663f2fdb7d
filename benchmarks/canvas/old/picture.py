"""One layer of the canvas kept as a picture: whole while it is of moderate size, else in squares."""

from __future__ import annotations

from collections.abc import Callable

from old.tiles import Square, Tiles
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

WHOLE_PX = 6_000_000  # device px up to which a page is one picture


class Picture:
    """What `paint` draws of a page of `size` logical px, made anew only after `forget` or `rescale`."""

    def __init__(self, paint: Callable[[QPainter], None]) -> None:
        self._paint = paint
        self._tiles = Tiles(paint)
        self._whole: QPixmap | None = None
        self._size = QSize()
        self._ratio = 1.0
        self._is_sharp = False

    def forget(self) -> None:
        """Draw everything anew when it is next needed."""
        self._whole = None
        self._is_sharp = False
        self._tiles.clear()

    def rescale(self, size: QSize, ratio: float) -> None:
        """Draw for another size from now on; what there was is shown stretched until then."""
        if size != self._size or ratio != self._ratio:
            self._size, self._ratio = size, ratio
            self._is_sharp = False
            self._tiles.clear(ratio)

    def adopt(self, image: QImage, size: QSize, ratio: float) -> None:
        """Take a sharp picture of the whole page that was painted elsewhere."""
        self.forget()
        self.rescale(size, ratio)
        self._whole, self._is_sharp = QPixmap.fromImage(image), True

    def prepare(self) -> None:
        """Draw the whole page now where that is quick, or where there is nothing to stretch."""
        fits = is_moderate(self._size, self._ratio)
        if self._is_sharp or self._size.isEmpty() or not (fits or self._whole is None):
            return
        ratio = self._ratio if fits else self._ratio / 2
        picture = QPixmap(self._size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            self._paint(painter)
        self._whole, self._is_sharp = picture, fits

    def draw(self, painter: QPainter, size: QSize, seen: QRect) -> list[Square]:
        """Draw what is seen of a page of this size; returns the squares that are still to be made."""
        if self._whole is None or seen.isEmpty():
            return []
        if self._is_sharp and size == self._size:
            ratio = self._whole.devicePixelRatio()
            source = QRectF(seen.x() * ratio, seen.y() * ratio, seen.width() * ratio, seen.height() * ratio)
            painter.drawPixmap(QRectF(seen), self._whole, source)
            return []
        painter.drawPixmap(QRect(0, 0, size.width(), size.height()), self._whole)
        return self._tiles.draw(painter, seen) if size == self._size else []

    def make(self, square: Square) -> None:
        """Make one square."""
        self._tiles.make(square)


def is_moderate(size: QSize, ratio: float) -> bool:
    """Return whether a page of this size (logical px) is kept as one picture."""
    return size.width() * size.height() * ratio**2 <= WHOLE_PX
