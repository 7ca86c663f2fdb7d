"""Pictures of a page in squares, made when first needed and kept, so that panning is a blit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPixmap

SIDE = 512  # logical px
KEPT = 64  # squares per layer, some 64 MiB at a device pixel ratio of 1

Square = tuple[int, int]


class Tiles:
    """One layer of squares at one scale; `paint` draws the whole page with its origin at (0, 0) px."""

    def __init__(self, paint: Callable[[QPainter], None]) -> None:
        self._paint = paint
        self._made: OrderedDict[Square, QPixmap] = OrderedDict()
        self._ratio = 1.0

    def clear(self, ratio: float | None = None) -> None:
        """Forget every square; from now on they are made for this device pixel ratio."""
        self._made.clear()
        if ratio is not None:
            self._ratio = ratio

    def draw(self, painter: QPainter, seen: QRect) -> list[Square]:
        """Draw the squares there are over `seen` (page px) and return those that are missing."""
        missing: list[Square] = []
        for square in squares_over(seen):
            picture = self._made.get(square)
            if picture is None:
                missing.append(square)
                continue
            self._made.move_to_end(square)
            painter.drawPixmap(square[0] * SIDE, square[1] * SIDE, picture)
        return missing

    def make(self, square: Square) -> None:
        """Paint one square now."""
        side = round(SIDE * self._ratio)
        picture = QPixmap(side, side)
        picture.setDevicePixelRatio(self._ratio)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            painter.setClipRect(0, 0, SIDE, SIDE)
            painter.translate(-square[0] * SIDE, -square[1] * SIDE)
            self._paint(painter)
        self._made[square] = picture
        while len(self._made) > KEPT:
            self._made.popitem(last=False)


def squares_over(seen: QRect) -> list[Square]:
    """Return the squares that lie over a rectangle in page px, row by row."""
    if seen.isEmpty():
        return []
    columns = range(seen.left() // SIDE, seen.right() // SIDE + 1)
    return [(x, y) for y in range(seen.top() // SIDE, seen.bottom() // SIDE + 1) for x in columns]
