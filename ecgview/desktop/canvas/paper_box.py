"""The view box of the paper: its coordinates are millimetres of the page, one scale both ways, y downwards."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize


class PaperBox(pg.ViewBox):
    """A view box that shows what it is told to; the canvas, not the box, hears mouse and wheel."""

    def __init__(self) -> None:
        super().__init__(
            lockAspect=1.0, invertY=True, enableMenu=False, enableMouse=False, defaultPadding=0.0
        )
        self.disableAutoRange()

    def place(self, corner: QPointF, px_per_mm: float, size: QSize) -> None:
        """Show the page with its corner at this place of the viewport, logical px."""
        left, top = -corner.x() / px_per_mm, -corner.y() / px_per_mm
        self.setRange(
            xRange=(left, left + size.width() / px_per_mm),
            yRange=(top, top + size.height() / px_per_mm),
            padding=0,
        )
        self.updateMatrix()  # not at the next frame only: a press before it meets the items where they are
