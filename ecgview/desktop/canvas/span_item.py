"""A stretch of time on some leads of the paper, as an item: found under the mouse, focused, ringed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QGraphicsItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from ecgview.desktop.canvas.item_on_paper import HeldItem, in_px
from ecgview.desktop.theme import Colours
from ecgview.paper.page import Page, TracePath

NEAR_PX = 5.0  # how far from an edge it is still the edge that is taken up
EDGES_FROM_PX = 3 * NEAR_PX  # a narrower stretch has a middle all the same: its edges are taken from outside
SAME_S = 5e-4  # rows of a page that show one moment at one place differ by less
TOP, HEIGHT = 0.52, 0.96  # of a row: what the page painter shades

Part = Literal["start", "end", "whole"]


@dataclass(frozen=True, slots=True)
class Box:
    """The piece of a stretch on one trace, mm; its sides are edges of the stretch, or of the trace's cell."""

    rect: QRectF
    has_start: bool
    has_end: bool


def boxes(page: Page, leads: tuple[str, ...], start_s: float, end_s: float) -> tuple[Box, ...]:
    """Return where a stretch of time of some leads (empty = all) is drawn on a page."""
    found = []
    for trace in page.traces:
        low, high = max(start_s, trace.start_s), min(end_s, trace.end_s)
        if high < low or (leads and trace.lead not in leads):
            continue
        left = trace.x0_mm + (low - trace.start_s) * trace.mm_per_s
        width = (high - low) * trace.mm_per_s
        rect = QRectF(left, trace.baseline_mm - TOP * trace.row_mm, width, HEIGHT * trace.row_mm)
        found.append(Box(rect, low == start_s, high == end_s))
    return tuple(found)


def row_at(page: Page, at: QPointF, lead: str = "") -> TracePath | None:
    """Return the trace at a place, mm, or the nearest one; of one lead where it is named. None on an empty page."""
    rows = [row for row in page.traces if not lead or row.lead == lead]
    held = page.trace_at(at.x(), at.y())
    if held is not None and held in rows:
        return held
    return min(
        rows,
        key=lambda row: (max(row.x0_mm - at.x(), 0.0, at.x() - row.x1_mm), abs(row.baseline_mm - at.y())),
        default=None,
    )


def seconds_along(row: TracePath, at: QPointF, others: Iterable[TracePath]) -> float:
    """Return the time at a place, mm, of a drag that began on a row.

    It goes beyond the row's ends only where another one continues it: where columns show the same seconds, the hand
    that strays onto another row must not leap through time.
    """
    seconds = _time_at(row, at.x())
    if any(
        one.x0_mm <= at.x() <= one.x1_mm and abs(_time_at(one, at.x()) - seconds) < SAME_S for one in others
    ):
        return seconds
    return min(max(seconds, row.start_s), row.end_s)


def _time_at(row: TracePath, x_mm: float) -> float:
    return row.start_s + (x_mm - row.x0_mm) / row.mm_per_s


class SpanItem(HeldItem):
    """A stretch that is hit-tested and focused; the paper's overlay paints it, this item only its ring.

    An item without contents costs nothing in a frame: with a hundred marks the paper is moved as without any.

    Signals:
        taken: it was taken up by the hand, or has the keys now.
    """

    taken = Signal()

    def __init__(self, page: Page, colours: Colours) -> None:
        super().__init__()
        self._page, self._colours, self._scale = page, colours, 4.0
        self._boxes: tuple[Box, ...] = ()
        self.part: Part = "whole"  # what the arrow keys move
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Its pieces on the page."""
        return self._boxes

    def show_scale(self, px_per_mm: float) -> None:
        """Follow the zoom: an edge is as easy to take up at every scale."""
        if px_per_mm != self._scale:
            self._scale = px_per_mm
            self.place(self._boxes)

    def place(self, pieces: Iterable[Box]) -> None:
        """Stand on these pieces of the page."""
        self.prepareGeometryChange()
        self._boxes = tuple(pieces)
        near = NEAR_PX / self._scale
        path, bounds = QPainterPath(), QRectF()
        path.setFillRule(Qt.FillRule.WindingFill)
        for box in self._boxes:
            path.addRect(box.rect.adjusted(-near, 0, near, 0))
            bounds = bounds.united(box.rect.adjusted(-near, -near, near, near))
        self._shape, self._bounds = path, bounds
        length = max((box.rect.width() for box in self._boxes), default=0.0)
        self.setZValue(
            20 + 1 / (1 + length)
        )  # the shorter of two that overlap lies above: both can be reached
        self.update()

    def part_at(self, at: QPointF) -> Part | None:
        """Return what a press at a place of the page (mm) takes up."""
        near = NEAR_PX / self._scale
        for box in self._boxes:
            rect = box.rect
            if not rect.adjusted(-near, 0, near, 0).contains(at):
                continue
            inner = near if rect.width() * self._scale >= EDGES_FROM_PX else 0.0
            if box.has_end and at.x() >= rect.right() - inner:
                return "end"
            if box.has_start and at.x() <= rect.left() + inner:
                return "start"
            return "whole"
        return None

    # ---- Qt ------------------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw the ring of the focus, and the edge that the keys move."""
        if not self.hasFocus():
            return
        with in_px(painter) as world:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for box in self._boxes:
                rect = world.mapRect(box.rect)
                # a halo: the ring is seen on every paper
                painter.setPen(QPen(QColor(self._colours.base), 4.0))
                painter.drawRect(rect)
                painter.setPen(QPen(QColor(self._colours.accent), 2.0))
                painter.drawRect(rect)
                if self.part != "whole":
                    has, x = (
                        (box.has_start, rect.left()) if self.part == "start" else (box.has_end, rect.right())
                    )
                    if has:
                        painter.fillRect(
                            QRectF(x - 3, rect.top(), 6, rect.height()), QColor(self._colours.accent)
                        )

    def focusInEvent(self, event: object) -> None:
        """Paint the ring from now on."""
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, False)
        self.taken.emit()
        self.update()

    def focusOutEvent(self, event: object) -> None:
        """Paint nothing any more."""
        self.update()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, not self.is_live)

    @property
    def is_live(self) -> bool:
        """Whether it paints itself, since the hand has it."""
        return False
