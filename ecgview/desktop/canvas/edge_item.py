"""The edges of waves on the paper: thin lines over all leads, moved by mouse and keys, one edit each time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import ceil, floor

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas.item_on_paper import HeldItem, ItemOnPaper, in_px
from ecgview.desktop.canvas.span_item import HEIGHT, TOP, row_at, seconds_along
from ecgview.desktop.canvas.surface import Surface
from ecgview.desktop.theme import Colours
from ecgview.paper import median_page
from ecgview.paper.page import Page, TracePath
from ecgview.signal.measure import hands
from ecgview.signal.measure.measured import EDGES, Edge, Measured

NEAR_PX = 3.0  # a line among many: taken up only where the hand aims at it
PLATE_PX, PAD_PX = 12, 4
WITHIN = 1e-3  # of a sample: a limit that is one, too, but for its decimals
REACH_S = 2.5  # beyond a page: edges of beats there, and the beats beside those
LINE_PX, HELD_PX = 1, 2
# Which wave it is must not hang on a colour: P dashed, QRS whole, T dotted.
STYLES = {"P": Qt.PenStyle.DashLine, "QRS": Qt.PenStyle.SolidLine, "T": Qt.PenStyle.DotLine}
SHOWN: dict[Edge, str] = {  # the value that an edge is read for
    "P onset": "PR",
    "P offset": "P duration",
    "QRS onset": "QRS duration",
    "QRS offset": "QRS duration",
    "T offset": "QT",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One edge: of which beat (None = the median beat), where on the page's time, between which it may be moved."""

    edge: Edge
    beat: int | None
    seconds: float
    low_s: float
    high_s: float
    is_edited: bool
    words: str  # what is measured by it: "QT 412 ms"


def lines(measured: Measured, page: Page) -> tuple[Line, ...]:
    """Return the edges that a page can show: of the median beat on its own page, else of every beat in the record."""
    edited = {(one.edge, one.beat) for one in measured.edits}
    if page.is_of_median:
        return tuple(_of_median(measured, page, edited))
    return tuple(_of_beats(measured, page, edited))


def _of_median(measured: Measured, page: Page, edited: set[tuple[Edge, int | None]]) -> Iterator[Line]:
    median, peak = measured.median, page.peak_s
    if median is None or peak is None:
        return
    last = (median.signal.shape[1] - 1) / median.sampling_rate_hz
    yield from _edges_of(measured, None, median.overall, peak, last, edited)


def beats_between(measured: Measured, start_s: float, end_s: float) -> tuple[int, int]:
    """Return the first beat at or after a time, and one after the last before another: a day has 100,000 beats."""
    beats = measured.beats
    return (
        bisect_left(beats, start_s, key=lambda beat: beat.time_s),
        bisect_right(beats, end_s, key=lambda beat: beat.time_s),
    )


def _of_beats(measured: Measured, page: Page, edited: set[tuple[Edge, int | None]]) -> Iterator[Line]:
    start = min((row.start_s for row in page.traces), default=0.0)
    end = max((row.end_s for row in page.traces), default=0.0)
    first, last = beats_between(measured, start - REACH_S, end + REACH_S)
    for number in range(first, last):
        waves = measured.beats[number].overall
        places = [at for edge in EDGES if (at := hands.place(waves, edge)) is not None]
        if places and max(places) >= start and min(places) <= end:
            yield from _edges_of(measured, number, waves, 0.0, end, edited)


def _edges_of(
    measured: Measured,
    beat: int | None,
    waves: hands.Waves,
    zero_s: float,
    end_s: float,
    edited: set[tuple[Edge, int | None]],
) -> Iterator[Line]:
    """Yield the lines of a beat, each with how far it may be moved; its times begin at `zero_s` of the page."""
    for edge in EDGES:
        at = hands.place(waves, edge)
        if at is not None:
            room = hands.limits(measured, edge, beat, end_s)
            low, high = zero_s + room.low_s, zero_s + room.high_s
            yield Line(edge, beat, zero_s + at, low, high, (edge, beat) in edited, _words(measured, edge))


def _words(measured: Measured, edge: Edge) -> str:
    found = next((one for one in measured.values if one.name == SHOWN[edge] and one.value is not None), None)
    return "" if found is None else f"{found.name} {found.value:.0f} {found.unit}"


@cache
def _pen(wave: str, colour: str, ground: str, share: float, width: int) -> QPen:
    """Return the pen of a line; `share` of its colour is left on this ground.

    It is opaque: the raster engine takes a hundred times as long for a thin line that shows what is beneath.
    """
    one, other = QColor(colour), QColor(ground)
    pairs = ((one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue()))
    mixed = QColor(*(round(share * a + (1 - share) * b) for a, b in pairs))
    return QPen(mixed, width, STYLES[wave])


class EdgeItem(HeldItem):
    """One edge on every trace that shows its moment. While the hand or a key has it, it shows where it would be.

    Signals:
        moved: (edge, beat, seconds of the page) while it is moved.
        put: (edge, beat, seconds of the page), once per drag or key, when it is let go of elsewhere.
        dropped: it stands where it was again.
        redrawn: it is drawn elsewhere, or otherwise.
    """

    redrawn = Signal()
    moved = Signal(str, object, float)
    put = Signal(str, object, float)
    dropped = Signal()

    def __init__(self, page: Page, line: Line, rate_hz: float, colours: Colours) -> None:
        super().__init__()
        self._page, self._line, self._rate, self._colours = page, line, rate_hz, colours
        self._live: float | None = None
        self._put_at: float | None = None  # written, until the measurements have it there
        self._was = 0.0  # before the hand moved it: the numbers follow the hand, and this line with them
        self._row: TracePath | None = None
        self._from_s = 0.0
        self._scale = 4.0
        self._segments: tuple[tuple[float, float, float], ...] = ()  # mm: x, top, bottom
        self._plate = QRectF()
        self._font = QFont()
        self._font.setPixelSize(PLATE_PX)
        self._metrics = QFontMetricsF(self._font)
        self.is_hovered = False
        self.setZValue(19)  # under marks and calipers, which are laid on purpose
        self._place()

    # ---- what it shows -------------------------------------------------------------------------------

    @property
    def line(self) -> Line:
        """The edge as the measurements have it."""
        return self._line

    @property
    def seconds(self) -> float:
        """Where it is, under the hand or as measured."""
        at = self._put_at if self._live is None else self._live
        return self._line.seconds if at is None else at

    @property
    def is_live(self) -> bool:
        """Whether it is moved now, and not yet written."""
        return self._live is not None

    @property
    def is_shown(self) -> bool:
        """Whether a trace on the page shows its moment."""
        return bool(self._segments)

    @property
    def segments(self) -> tuple[tuple[float, float, float], ...]:
        """The lines that it is drawn as, mm of the page: x, top, bottom."""
        return self._segments

    @property
    def name(self) -> str:
        """It in words, for the tool tip and for screen readers."""
        line = self._line
        if line.beat is None:
            of, at = (
                "of the median beat",
                f"{self.seconds - (self._page.peak_s or 0.0):+.3f} s from the QRS peak",
            )
        else:
            of, at = f"of beat {line.beat + 1}", f"at {self.seconds:.3f} s"
        parts = (f"{line.edge} {of}, {at}", line.words, "put here by hand" if line.is_edited else "")
        return "; ".join(part for part in parts if part)

    @property
    def label(self) -> str:
        """What stands beside it while it is meant."""
        return " · ".join(part for part in (self._line.edge, self._line.words) if part)

    def show_line(self, line: Line, page: Page, rate_hz: float, colours: Colours) -> None:
        """Be the line of another moment, on another page, or in other colours; under the hand it stays there."""
        stands = self._put_at is None
        self._put_at = None
        if not stands or (line, page, rate_hz, colours) != (
            self._line,
            self._page,
            self._rate,
            self._colours,
        ):
            self._line, self._page, self._rate, self._colours = line, page, rate_hz, colours
            self._place()

    def show_scale(self, px_per_mm: float) -> None:
        """Follow the zoom: a line is as easy to take up at every scale."""
        if px_per_mm != self._scale:
            self._scale = px_per_mm
            self._place()

    def hover(self, on: bool) -> None:
        """Show its name while the mouse is over it, or no more."""
        if on != self.is_hovered:
            self.is_hovered = on
            self.setZValue(28 if on or self.hasFocus() else 19)
            self._place()

    @property
    def is_meant(self) -> bool:
        """Whether it is drawn by itself: the mouse is over it, or the hand or the keys have it."""
        return self.is_hovered or self.is_live or self.hasFocus()

    def _place(self) -> None:
        self.prepareGeometryChange()
        at, found = self.seconds, []
        for trace in self._page.traces:
            if trace.start_s - 1e-6 <= at <= trace.end_s + 1e-6:
                x = trace.x0_mm + (at - trace.start_s) * trace.mm_per_s
                top = trace.baseline_mm - TOP * trace.row_mm
                begin = median_page.below_names(self._page, top, trace) if self._page.is_of_median else top
                found.append((x, begin, top + HEIGHT * trace.row_mm))
        self._segments = tuple(dict.fromkeys(found))
        near, path, bounds = NEAR_PX / self._scale, QPainterPath(), QRectF()
        path.setFillRule(Qt.FillRule.WindingFill)
        for x, top, bottom in self._segments:
            path.addRect(x - near, top, 2 * near, bottom - top)
        bounds = path.boundingRect().adjusted(-near, -near, near, near)
        self._plate = self._plate_place() if self.is_meant else QRectF()
        self._shape, self._bounds = path, bounds.united(self._plate.adjusted(-near, -near, near, near))
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, not self.is_meant)
        self.update()
        self.redrawn.emit()

    def _plate_place(self) -> QRectF:
        """Return where its name stands, mm: at the top of its highest line, beside it, clear of names of leads."""
        if not self._segments:
            return QRectF()
        width = (self._metrics.horizontalAdvance(self.label) + 2 * PAD_PX) / self._scale
        height = (self._metrics.height() + PAD_PX) / self._scale
        x, top, _ = min(self._segments, key=lambda one: one[1])
        gap = 4 / self._scale
        places = [QRectF(left, max(0.0, top), width, height) for left in (x + gap, x - gap - width)]
        inside = [one for one in places if one.left() >= 0 and one.right() <= self._page.width_mm]
        return next((one for one in inside if not self._hides_name(one)), (inside or places)[0])

    def _hides_name(self, plate: QRectF) -> bool:
        return any(
            text.role == "lead"
            and plate.intersects(
                QRectF(text.x_mm, text.y_mm - text.size_mm, 0.7 * text.size_mm * len(text.text), text.size_mm)
            )
            for text in self._page.texts
        )

    # ---- moving --------------------------------------------------------------------------------------

    def meets(self, at: QPointF) -> bool:
        """Return whether a place of the page, mm, is on it."""
        return self._shape.contains(at)

    def take(self, at: QPointF) -> bool:
        """Take it up at a place of the page, mm."""
        row = row_at(self._page, at)
        if row is None or not self.meets(at):
            return False
        self._row, self._from_s = row, seconds_along(row, at, ()) - self.seconds
        self.setFocus()
        self._place()
        return True

    def drag_to(self, at: QPointF) -> None:
        """Follow the hand to a place of the page, mm, from sample to sample (C4)."""
        if self._row is not None:
            self._move(seconds_along(self._row, at, self._page.traces) - self._from_s)

    def nudge(self, samples: int) -> None:
        """Move it by whole samples; `let_go` writes it."""
        self._move(self.seconds + samples / self._rate)

    def _move(self, seconds: float) -> None:
        step = 1.0 / self._rate
        low, high = ceil(self._line.low_s / step - WITHIN), floor(self._line.high_s / step + WITHIN)
        at = min(max(round(seconds / step), low), max(low, high)) * step
        if abs(at - self.seconds) > step / 4:
            if self._live is None:
                self._was = self.seconds
            self._live = at
            self._place()
            self.moved.emit(self._line.edge, self._line.beat, at)

    def let_go(self) -> None:
        """Write where it is now, as one edit; nothing where it did not move."""
        live, self._live, self._row = self._live, None, None
        if live is not None and abs(live - self._was) > 0.25 / self._rate:
            self._put_at = live
            self.put.emit(self._line.edge, self._line.beat, live)
        elif live is not None:
            self.dropped.emit()
        self._place()

    def drop(self) -> None:
        """Forget where the hand had it: it stands where the measurements have it."""
        if self._live is not None:
            self._live, self._row = None, None
            self.dropped.emit()
            self._place()

    # ---- Qt ------------------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw it in px of the screen: one width at every zoom."""
        with in_px(painter) as world:
            self.paint_line(painter, world)
            if self.is_meant and not self._plate.isNull():
                plate = world.mapRect(self._plate)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._colours.accent))
                painter.drawRoundedRect(plate, 3, 3)
                if self.hasFocus():
                    painter.setPen(QPen(QColor(self._colours.text), 1.5))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRoundedRect(plate.adjusted(-1.5, -1.5, 1.5, 1.5), 4, 4)
                painter.setFont(self._font)
                painter.setPen(QColor(self._colours.on_accent))
                painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self.label)

    def paint_line(self, painter: QPainter, world: QTransform) -> None:
        """Draw the line alone, in px of the screen; `world` maps mm to them."""
        is_meant, is_edited = self.is_meant, self._line.is_edited
        colours = self._colours
        share = (
            1.0 if is_meant or is_edited else 0.8 if self._line.beat is None else 0.6
        )  # the trace is the hero
        colour = colours.accent if is_meant else colours.annotation
        width = HELD_PX if is_meant or is_edited else LINE_PX
        painter.setPen(_pen(self._line.edge.partition(" ")[0], colour, colours.base, share, width))
        scale, dx, dy = world.m22(), world.dx(), world.dy()
        for x, top, bottom in self._segments:
            at = round(x * scale + dx)
            painter.drawLine(at, round(top * scale + dy), at, round(bottom * scale + dy))

    def focusInEvent(self, _event: object) -> None:
        """Show its name from now on."""
        self.setZValue(28)
        self._place()

    def focusOutEvent(self, _event: object) -> None:
        """Be one of the lines again."""
        self.setZValue(19)
        self._place()


class EdgeLines(ItemOnPaper):
    """All the lines that nobody means, painted by one item: one each would take tens of ms in a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[tuple[Edge, int | None], EdgeItem] = {}
        self.setZValue(17)

    def show_page(self, page: Page | None) -> None:
        """Stand on a page, or nowhere."""
        self.prepareGeometryChange()
        self._bounds = QRectF() if page is None else QRectF(0, 0, page.width_mm, page.height_mm)
        self.setVisible(bool(self.items))
        self.update()

    def shape(self) -> QPainterPath:
        """Nowhere: the lines themselves are taken up."""
        return QPainterPath()

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw the lines in px of the screen."""
        with in_px(painter) as world:
            for item in self.items.values():
                if not item.is_meant:
                    item.paint_line(painter, world)


class Edges(QObject):
    """The lines on the page: one item each, kept while the edge lives on, whoever moves it.

    Signals:
        moved, put: (edge, beat, seconds) of the record, or of the median beat from its QRS peak.
        dropped: the hand let go of one where it was.
    """

    moved = Signal(str, object, float)
    put = Signal(str, object, float)
    dropped = Signal()

    def __init__(self, surface: Surface, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._surface = surface
        self._lines = EdgeLines()
        self._items = self._lines.items
        self._surface.put(self._lines)

    @property
    def items(self) -> tuple[EdgeItem, ...]:
        """One for each edge that is on the paper."""
        return tuple(self._items.values())

    def show(self, measured: Measured | None, colours: Colours) -> None:
        """Have an item for each edge that the page of now shows; none without measurements."""
        page, drawn = self._surface.page, self._surface.drawn
        if page is None or drawn is None or measured is None:
            self.forget()
            return
        wanted = {(line.edge, line.beat): line for line in lines(measured, page)}
        for key in [key for key in self._items if key not in wanted]:
            self._surface.take_off(self._items.pop(key))
        for key, line in wanted.items():
            item = self._items.get(key)
            if item is not None:
                item.show_line(line, page, drawn.sampling_rate_hz, colours)
                continue
            made = EdgeItem(page, line, drawn.sampling_rate_hz, colours)
            made.show_scale(self._surface.px_per_mm)
            made.moved.connect(lambda edge, beat, at: self.moved.emit(edge, beat, self._in_time(at)))
            made.put.connect(lambda edge, beat, at: self.put.emit(edge, beat, self._in_time(at)))
            made.dropped.connect(self.dropped)
            made.redrawn.connect(self._lines.update)
            self._items[key] = made
            self._surface.put(made)
        self._lines.show_page(page)

    def _in_time(self, seconds: float) -> float:
        page = self._surface.page
        return seconds - (page.peak_s if page is not None and page.peak_s is not None else 0.0)

    def show_scale(self, px_per_mm: float) -> None:
        """Follow the zoom."""
        for item in self._items.values():
            item.show_scale(px_per_mm)

    def hover(self, item: EdgeItem | None) -> None:
        """Let the line under the mouse show its name, and no other."""
        for one in self._items.values():
            one.hover(one is item)

    def forget(self) -> None:
        """Leave nothing of a record."""
        for item in self._items.values():
            self._surface.take_off(item)
        self._items.clear()
        self._lines.show_page(None)
