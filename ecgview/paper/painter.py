"""The one painter of the page: screen, PNG and PDF come from the same millimetres. The only Qt file outside desktop."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QLineF, QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QPolygonF,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QApplication
from shiboken6 import VoidPtr

from ecgview import resources
from ecgview.overlay import Bar, Curve, Overlay, Span
from ecgview.paper.page import Page, PageText, Polyline, TracePath
from ecgview.paper.palette import Palette
from ecgview.paper.sheet import Picture, Sheet
from ecgview.runs import runs

LATIN, CHINESE = "Noto Sans", "Droid Sans Fallback"
TRACE_MM = 0.25  # width on paper
FINE_MM, HEAVY_MM = 0.10, 0.18
FINE_FROM_PX = 2.0
CHUNK = 40  # points per stroked piece: Qt's raster stroker slows down with the length of a wide polyline
BAR_MM = 2.0
BAR_AT, SIGNED_AT = 0.42, 0.44  # of a row beneath the baseline: where a strip ends
SIGNED_MM = (
    4.0  # what raises stands above the middle of the strip, what lowers below it: seen in a grey print, too
)
LEVELS = 12  # of height to either side; neighbours of one height are one rectangle
STRIPE_MM = 0.8  # between the lines of a strip that must not be read
LEGEND_MM = 2.6
HATCH_MM = 1.4  # between the lines over a masked stretch: seldom enough to leave the trace readable
# of the trace's width: a reconstructed curve shows on both sides of the measured one
RECONSTRUCTED_PART = 2.2
WATERMARK, WATERMARK_MM, WATERMARK_EVERY_MM = "reconstructed", 2.2, 60.0
MARK_MM = 2.4  # height of the words at a mark
_kept: list[QApplication] = []
PDF_DPI = 1200
SCALE = PDF_DPI / 25.4
STROKE_MM = 0.15
FIRST_HAN = "\u2e80"


@cache
def load_fonts() -> tuple[str, ...]:
    """Register the shipped fonts and return their families; needs a running QGuiApplication.

    A machine without fonts then shows Latin and Chinese text in the window, the picture and the PDF.
    """
    families: list[str] = []
    for name in ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "DroidSansFallbackFull.ttf"):
        number = QFontDatabase.addApplicationFont(str(resources.path("fonts", name)))
        families += QFontDatabase.applicationFontFamilies(number)
    QFont.insertSubstitution(LATIN, CHINESE)
    return tuple(dict.fromkeys(families))


def page_font(size: float, *, bold: bool = False) -> QFont:
    """Return the page's font; `size` in units of the painter."""
    load_fonts()
    font = QFont()
    font.setFamilies([LATIN, CHINESE])
    font.setPixelSize(max(1, round(size)))
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def paint_page(
    painter: QPainter,
    page: Page,
    palette: Palette,
    *,
    px_per_mm: float,
    overlay: Overlay | None = None,
    trace_px: float | None = None,
    background: bool = True,
    ink: Ink | None = None,
    on_whole_px: bool = False,
) -> None:
    """Paint a page with its upper left corner at the painter's origin.

    Args:
        painter: on a widget, image, pixmap or PDF; one unit is one pixel of it.
        page: what to draw, in mm.
        palette: colours.
        px_per_mm: the device's units per mm.
        overlay: what an explanation adds; spans and curves beneath the traces, bars over them.
        trace_px: width of the trace in units; None = 0.25 mm of paper, at least 1.5 units.
        background: fill the page first.
        ink: the page's lines at this scale as they were cut before, where it is painted in parts: a picture of a
            part has the same pixels as the picture of the whole.
        on_whole_px: every grid line of a kind as many whole units wide as the next, for a screen; on paper and in
            pictures of it they lie where they belong.
    """
    ink = ink or Ink(px_per_mm, is_raster=_is_raster(painter))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if background:
        painter.fillRect(
            QRectF(0, 0, page.width_mm * px_per_mm, page.height_mm * px_per_mm), QColor(palette.background)
        )
    paint_grid(painter, page, palette, px_per_mm, on_whole_px=on_whole_px)
    if overlay is not None:
        _paint_spans(painter, page, palette, ink, overlay.spans)
    width = max(1.5, TRACE_MM * px_per_mm) if trace_px is None else trace_px
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    _set_pen(painter, QColor(palette.trace), width, exact=True)
    for pulse in page.pulses:
        ink.of_pulse(pulse).stroke(painter, width, _seen(painter))
    for tick in page.ticks:
        painter.setPen(_pen(palette.faint, max(1.0, 0.2 * px_per_mm)))
        x = tick.x_mm * px_per_mm
        painter.drawLine(QPointF(x, tick.y0_mm * px_per_mm), QPointF(x, tick.y1_mm * px_per_mm))
    _clip_to_grid(painter, page, px_per_mm)
    if overlay is not None:
        _paint_signed(painter, page, palette, ink, overlay.bars)
        _paint_curves(painter, page, palette, ink, overlay.curves, width)
    _set_pen(painter, QColor(palette.trace), width)
    seen = _seen(painter)
    for trace in page.traces:
        ink.of_trace(trace).stroke(painter, width, seen)
    if overlay is not None:
        for bar in overlay.bars:
            if bar.role != "signed":
                _paint_bar(painter, page, palette, px_per_mm, bar)
    painter.setClipping(False)
    if overlay is not None:
        _paint_key(painter, page, palette, px_per_mm, overlay.bars)
    seen = _seen(painter)
    for text in page.texts:
        if not ink.is_raster or _text_box(text, px_per_mm).intersects(seen):
            paint_text(painter, text, palette, px_per_mm)
    painter.restore()


def paint_overlay(
    painter: QPainter,
    page: Page,
    palette: Palette,
    *,
    px_per_mm: float,
    overlay: Overlay,
    trace_px: float | None = None,
    ink: Ink | None = None,
) -> None:
    """Paint only what an explanation adds, over a page painted before.

    Signed strips and curves do not cover its traces: of two colours the one stays that stands out more from the
    background. `ink` is this overlay's own, else as in `paint_page`.
    """
    ink = ink or Ink(px_per_mm, is_raster=_is_raster(painter))
    painter.save()
    _paint_key(painter, page, palette, px_per_mm, overlay.bars)
    _clip_to_grid(painter, page, px_per_mm)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if overlay.spans:
        _paint_spans(painter, page, palette, ink, overlay.spans)
    is_dark = QColor(palette.background).lightness() < 128
    modes = QPainter.CompositionMode
    painter.setCompositionMode(modes.CompositionMode_Lighten if is_dark else modes.CompositionMode_Darken)
    _paint_signed(painter, page, palette, ink, overlay.bars)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    width = max(1.5, TRACE_MM * px_per_mm) if trace_px is None else trace_px
    _paint_curves(painter, page, palette, ink, overlay.curves, width)
    painter.setCompositionMode(modes.CompositionMode_SourceOver)
    for bar in overlay.bars:
        if bar.role != "signed":
            _paint_bar(painter, page, palette, px_per_mm, bar)
    painter.restore()


def paint_grid(
    painter: QPainter, page: Page, palette: Palette, px_per_mm: float, *, on_whole_px: bool = False
) -> None:
    """Paint the 1 mm and 5 mm lines; the fine ones only where they are at least 2 px of the device apart."""
    device = painter.device()
    ratio = device.devicePixelRatio() if device is not None else 1.0
    grid = page.grid
    left, top = grid.x_mm, grid.y_mm
    right, bottom = left + grid.width_mm, top + grid.height_mm
    first_x, last_x, first_y, last_y = left, right, top, bottom
    if _is_raster(painter):  # each line in its whole length: it ends where it does on the whole page
        seen = _seen(painter)
        first_x, last_x = max(left, seen.left() / px_per_mm - 1), min(right, seen.right() / px_per_mm + 1)
        first_y, last_y = max(top, seen.top() / px_per_mm - 1), min(bottom, seen.bottom() / px_per_mm + 1)
    for step, colour, width in ((1, palette.fine, FINE_MM), (5, palette.heavy, HEAVY_MM)):
        if step == 1 and px_per_mm * ratio < FINE_FROM_PX:
            continue
        across = [x * px_per_mm for x in _lines(first_x, last_x, grid.origin_x_mm, step)]
        down = [y * px_per_mm for y in _lines(first_y, last_y, grid.origin_y_mm, step)]
        box = QRectF(
            left * px_per_mm, top * px_per_mm, (right - left) * px_per_mm, (bottom - top) * px_per_mm
        )
        if on_whole_px:
            _fill_lines(painter, QColor(colour), max(1, round(width * px_per_mm)), across, down, box)
            continue
        painter.setPen(_pen(colour, max(1.0 / ratio, width * px_per_mm)))
        for x in across:
            painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        for y in down:
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))


def _fill_lines(
    painter: QPainter, colour: QColor, width: int, across: list[float], down: list[float], box: QRectF
) -> None:
    """Fill lines of whole units: a pen of 1.03 units without antialiasing draws some of its lines 2 units wide."""
    left, top, right, bottom = (round(edge) for edge in (box.left(), box.top(), box.right(), box.bottom()))
    for x in across:
        painter.fillRect(round(x - width / 2), top, width, bottom - top, colour)
    for y in down:
        painter.fillRect(left, round(y - width / 2), right - left, width, colour)


def _lines(low: float, high: float, origin: float, step: int) -> Iterable[float]:
    first = int(np.ceil((low - origin) / step - 1e-6))
    last = int(np.floor((high - origin) / step + 1e-6))
    return (origin + k * step for k in range(first, last + 1) if step == 5 or k % 5)


def _pen(colour: str, width: float) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _clip_to_grid(painter: QPainter, page: Page, scale: float) -> None:
    grid = page.grid
    painter.setClipRect(
        QRectF(grid.x_mm * scale, grid.y_mm * scale, grid.width_mm * scale, grid.height_mm * scale),
        Qt.ClipOperation.IntersectClip,
    )


def _is_raster(painter: QPainter) -> bool:
    return painter.device() is not None and painter.paintEngine().type().name == "Raster"


class Ink:
    """What is drawn on one page, or by one overlay, at one scale, each cut and placed when it is first painted.

    A picture, unlike paper, wants short pieces (see `CHUNK`) and no more points than it has columns.
    """

    def __init__(self, px_per_mm: float, *, is_raster: bool = True) -> None:
        self.px_per_mm, self.is_raster = px_per_mm, is_raster
        self._kept: dict[tuple[int, int], tuple[object, object, Strokes | _Strip]] = {}
        self._stretches: tuple[object, object, _Stretches] | None = None

    def of_trace(self, trace: TracePath) -> Strokes:
        """Return the pieces of a trace."""
        return self._strokes(trace, trace, lambda: (trace.x_mm, trace.y_mm))

    def of_pulse(self, pulse: Polyline) -> Strokes:
        """Return the pieces of a calibration pulse, with every point."""
        return self._strokes(pulse, pulse, lambda: (pulse.x_mm, pulse.y_mm), exact=True)

    def of_curve(self, curve: Curve, trace: TracePath) -> Strokes:
        """Return the pieces of a curve over one cell of its lead."""

        def points() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            times = curve.start_s + np.arange(curve.signal.size) / curve.sampling_rate_hz
            inside = (times >= trace.start_s) & (times <= trace.end_s)
            x = trace.x0_mm + (times[inside] - trace.start_s) * trace.mm_per_s
            return x, trace.baseline_mm - curve.signal[inside].astype(np.float64) * trace.mm_per_mv

        return self._strokes(curve, trace, points)

    def of_strip(self, bar: Bar, trace: TracePath) -> _Strip:
        """Return the cells of a signed strip beneath one cell of its lead."""
        made = self._of(bar, trace, lambda: _Strip(bar, trace, self.px_per_mm))
        assert isinstance(made, _Strip)
        return made

    def of_spans(self, page: Page, spans: Sequence[Span]) -> _Stretches:
        """Return where stretches lie on a page; those asked for last are kept."""
        kept = self._stretches
        if kept is None or kept[0] is not page or kept[1] is not spans:
            kept = self._stretches = (page, spans, _Stretches(page, spans, self.px_per_mm))
        return kept[2]

    def keep_only(self, overlay: Overlay) -> None:
        """Let go of the lines and strips that an overlay does not have."""
        lines = {id(line) for line in (*overlay.curves, *overlay.bars)}
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] in lines}

    def _strokes(
        self,
        line: object,
        cell: object,
        points: Callable[[], tuple[NDArray[np.float64], NDArray[np.float64]]],
        *,
        exact: bool = False,
    ) -> Strokes:
        def made() -> Strokes:
            x_mm, y_mm = points()
            x, y = x_mm * self.px_per_mm, y_mm * self.px_per_mm
            return Strokes(x, y, is_raster=self.is_raster, exact=exact)

        found = self._of(line, cell, made)
        assert isinstance(found, Strokes)
        return found

    def _of(self, line: object, cell: object, make: Callable[[], Strokes | _Strip]) -> Strokes | _Strip:
        key = (id(line), id(cell))  # nobody else gets these numbers: both are kept
        if key not in self._kept:
            self._kept[key] = (line, cell, make())
        return self._kept[key][2]


class Strokes:
    """A line in pieces, in units of the painter; NaN breaks it.

    Points closer than half a unit are reduced to each column's extremes, unless the line is to be `exact`.
    """

    def __init__(
        self, x: NDArray[np.float64], y: NDArray[np.float64], *, is_raster: bool, exact: bool
    ) -> None:
        known = np.isfinite(y)
        # where the line is not broken
        drawn = runs(known)
        self.stretches = [(float(x[first]), float(x[after - 1])) for first, after in drawn]
        self._culls = is_raster
        self._pieces: list[QPolygonF] = []
        boxes: list[tuple[float, float, float, float]] = []
        for first, last in drawn:
            run_x, run_y = x[first:last], y[first:last]
            if is_raster and not exact:
                run_x, run_y = _thinned(run_x, run_y)
            step = CHUNK if is_raster else len(run_x)
            for start in range(0, max(1, len(run_x) - 1), step):
                piece_x, piece_y = run_x[start : start + step + 1], run_y[start : start + step + 1]
                self._pieces.append(_polygon(piece_x, piece_y))
                boxes.append((piece_x[0], piece_y.min(), piece_x[-1], piece_y.max()))
        self._boxes = _edges(boxes)
        self._whole = _around(self._boxes)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to stroke."""
        return not self._pieces

    def stroke(self, painter: QPainter, width: float, seen: QRectF) -> None:
        """Stroke the pieces that lie in what is `seen` with the painter's pen, which is `width` units wide."""
        if not self._culls:
            for piece in self._pieces:
                painter.drawPolyline(piece)
            return
        around = width + 1.0
        seen = seen.adjusted(-around, -around, around, around)
        if not self._whole.intersects(seen):  # a tile shows a few lines of many
            return
        for index in _within(self._boxes, seen):
            painter.drawPolyline(self._pieces[index])


class _Stretches:
    """Where stretches of time lie on a page, in units, in the order in which they are painted."""

    def __init__(self, page: Page, spans: Iterable[Span], scale: float) -> None:
        self.boxes: list[tuple[Span, QRectF]] = []
        reach: list[tuple[float, float, float, float]] = []
        for span in spans:
            words_mm = 0.8 * MARK_MM * len(span.text)  # they run on beyond a short stretch
            for trace in page.traces:
                if span.leads and trace.lead not in span.leads:
                    continue
                box = _box(trace, span.start_s, span.end_s, scale)
                if box is not None:
                    self.boxes.append((span, box))
                    right = box.right() + (1 + words_mm) * scale
                    reach.append((box.left() - scale, box.top() - scale, right, box.bottom() + scale))
        self._reach = _edges(reach)

    def within(self, seen: QRectF) -> list[tuple[Span, QRectF]]:
        """Return those of which something may be seen."""
        return [self.boxes[index] for index in _within(self._reach, seen)]


class _Strip:
    """A signed strip beneath one cell of its lead, in units: `boxes` say whether they raise, and where they are."""

    def __init__(self, bar: Bar, trace: TracePath, scale: float) -> None:
        whole = _box(trace, bar.start_s, bar.end_s, scale)
        self.whole, self.failed = QRectF(), bar.failed
        self.boxes: list[tuple[bool, QRectF]] = []
        if whole is not None:
            middle = sum(strip_mm(trace, bar)) / 2 * scale
            self.whole = QRectF(
                whole.left(), middle - SIGNED_MM / 2 * scale, whole.width(), SIGNED_MM * scale
            )
            length = (bar.end_s - bar.start_s) / max(1, bar.values.size)
            for first, last, level in _runs(bar.values):
                part = _box(trace, bar.start_s + first * length, bar.start_s + last * length, scale)
                if part is not None:
                    height = -level / LEVELS * SIGNED_MM / 2 * scale
                    box = QRectF(part.left(), middle, part.width(), height).normalized()
                    self.boxes.append((level > 0, box))
        self._edges = _edges(box.getCoords() for _, box in self.boxes)  # type: ignore[misc]  # four floats

    def within(self, seen: QRectF) -> list[tuple[bool, QRectF]]:
        """Return the cells of which something may be seen."""
        return [self.boxes[index] for index in _within(self._edges, seen)]


def _edges(boxes: Iterable[tuple[float, float, float, float]]) -> NDArray[np.float64]:
    """Return (4, n): left, top, right, bottom."""
    return np.array(list(boxes), dtype=np.float64).reshape(-1, 4).T


def _around(edges: NDArray[np.float64]) -> QRectF:
    """Return what (4, n) boxes fill together, a level line a unit high; nothing where there are none."""
    if not edges.size:
        return QRectF()
    left, top, right, bottom = (float(edge) for edge in (*edges[:2].min(axis=1), *edges[2:].max(axis=1)))
    return QRectF(left, top, right - left, bottom - top).adjusted(-0.5, -0.5, 0.5, 0.5)


def _within(edges: NDArray[np.float64], seen: QRectF) -> list[int]:
    """Return which of (4, n) boxes meet what is seen."""
    left, top, right, bottom = edges
    across = (left <= seen.right()) & (right >= seen.left())
    found: list[int] = np.flatnonzero(across & (top <= seen.bottom()) & (bottom >= seen.top())).tolist()
    return found


def _set_pen(painter: QPainter, colour: QColor, width: float, *, exact: bool = False) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin if exact else Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)


def _thinned(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the line with at most first, lowest, highest and last point per half unit of width."""
    if len(x) < 8 or (x[-1] - x[0]) / len(x) >= 0.25:
        return x, y
    column = np.floor((x - x[0]) * 2.0).astype(np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    order = np.lexsort((y, column))
    ends = np.append(starts[1:], len(x))
    keep = np.unique(np.concatenate([starts, ends - 1, order[starts], order[ends - 1]]))
    return x[keep], y[keep]


def _polygon(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF:
    """Return points as Qt has them, written through its memory: an object for each costs five times as much."""
    polygon = QPolygonF()
    polygon.resize(len(x))
    pointer: Any = VoidPtr  # whose stubs know neither its size nor that it is a buffer
    memory = np.frombuffer(pointer(polygon.data(), 16 * len(x), True), np.float64)
    memory[0::2], memory[1::2] = x, y
    return polygon


def _role(palette: Palette, role: str) -> QColor:
    return QColor(palette.roles.get(role, palette.text))


def _paint_spans(painter: QPainter, page: Page, palette: Palette, ink: Ink, spans: Sequence[Span]) -> None:
    scale = ink.px_per_mm
    for span, box in ink.of_spans(page, spans).within(_seen(painter)):
        if span.role == "judgement":
            _paint_word(painter, palette, scale, box, span.text)
            continue
        if span.role == "stretch":
            _paint_bracket(painter, _role(palette, span.role), scale, box)
            continue
        painter.fillRect(box, _role(palette, span.role))
        if span.role == "masked":
            _paint_hatch(painter, palette, ink, box)
        if span.text:
            painter.setPen(QColor(palette.text))
            painter.setFont(page_font(2.6 * scale))
            painter.drawText(QPointF(box.left() + 0.5 * scale, box.bottom() - 0.8 * scale), span.text)


def _paint_hatch(painter: QPainter, palette: Palette, ink: Ink, box: QRectF) -> None:
    """Fill a box with slanted lines; they lie on one raster of the page, so that boxes and tiles join.

    A picture is filled with a piece of the raster, whose lines are whole units apart: to draw them in every tile
    takes ten times as long.
    """
    step, colour = HATCH_MM * 2**0.5 * ink.px_per_mm, _role(palette, "hatch")
    if ink.is_raster:
        painter.fillRect(box, QBrush(_hatch(max(4, round(step)), colour.rgba(), HEAVY_MM * ink.px_per_mm)))
        return
    left, right, top, bottom = box.left(), box.right(), box.top(), box.bottom()
    lines = []
    for k in range(math.ceil((left + top) / step), math.floor((right + bottom) / step) + 1):
        x0, x1 = max(left, k * step - bottom), min(right, k * step - top)  # of the line x + y = k * step
        lines.append(QLineF(x0, k * step - x0, x1, k * step - x1))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, HEAVY_MM * ink.px_per_mm))
    painter.drawLines(lines)
    painter.restore()


@lru_cache(maxsize=16)
def _hatch(step: int, rgba: int, width: float) -> QImage:
    """Return a square of slanted lines `step` units apart that continues itself on every side."""
    image = QImage(step, step, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as brush:
        brush.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        brush.setPen(QPen(QColor.fromRgba(rgba), width))
        for k in range(3):
            brush.drawLine(QPointF(k * step + step, -step), QPointF(k * step - 2 * step, 2 * step))
    return image


def _paint_word(painter: QPainter, palette: Palette, scale: float, box: QRectF, text: str) -> None:
    """Draw a small bracket with its word at the top of a box, clear of the trace."""
    colour = _role(palette, "judgement")
    top = box.top() + (WATERMARK_MM + MARK_MM + 1.0) * scale  # beneath the watermark of a reconstruction
    painter.setPen(_pen(colour.name(), max(1.0, 0.35 * scale)))
    for x in (box.left(), box.right()):
        painter.drawLine(QPointF(x, top), QPointF(x, top + 1.2 * scale))
    painter.drawLine(QPointF(box.left(), top), QPointF(box.right(), top))
    painter.setFont(page_font(MARK_MM * scale))
    painter.drawText(QPointF(box.left(), top - 0.6 * scale), text)


def _box(trace: TracePath, start_s: float, end_s: float, scale: float) -> QRectF | None:
    """Return the part of a cell between two times, None where they do not meet."""
    low, high = max(start_s, trace.start_s), min(end_s, trace.end_s)
    if high <= low:
        return None
    x0 = trace.x0_mm + (low - trace.start_s) * trace.mm_per_s
    x1 = trace.x0_mm + (high - trace.start_s) * trace.mm_per_s
    top = trace.baseline_mm - 0.52 * trace.row_mm
    return QRectF(x0 * scale, top * scale, (x1 - x0) * scale, 0.96 * trace.row_mm * scale)


def _paint_curves(
    painter: QPainter, page: Page, palette: Palette, ink: Ink, curves: Iterable[Curve], width: float
) -> None:
    """Paint second traces, each over the cells of its lead alone: without the measured trace there is none."""
    seen = _seen(painter)
    for curve in curves:
        colour = _role(palette, curve.role)
        for trace in page.traces:
            if trace.lead != curve.lead:
                continue
            strokes = ink.of_curve(curve, trace)
            if strokes.is_empty:
                continue
            _set_pen(painter, colour, width * RECONSTRUCTED_PART)
            strokes.stroke(painter, width * RECONSTRUCTED_PART, seen)
            if curve.role == "reconstructed":
                _paint_watermark(painter, page, trace, ink.px_per_mm, colour, strokes.stretches)


def _paint_watermark(
    painter: QPainter,
    page: Page,
    trace: TracePath,
    scale: float,
    colour: QColor,
    stretches: Sequence[tuple[float, float]],
) -> None:
    """Write what the coloured curve is over each of its stretches, in units; nothing is said of the measured trace."""
    y_mm = trace.baseline_mm - 0.5 * trace.row_mm + WATERMARK_MM
    y, seen = y_mm * scale, _seen(painter)
    if y - 2 * WATERMARK_MM * scale > seen.bottom() or y + WATERMARK_MM * scale < seen.top():
        return
    font = page_font(WATERMARK_MM * scale, bold=True)
    painter.setFont(font)
    painter.setPen(colour)
    width = QFontMetricsF(font, painter.device()).horizontalAdvance(WATERMARK)
    names = [
        ((text.x_mm - 1.0) * scale, (text.x_mm + 0.8 * text.size_mm * len(text.text) + 1.0) * scale)
        for text in page.texts
        if text.role == "lead" and y_mm - WATERMARK_MM < text.y_mm < y_mm + text.size_mm
    ]
    cell = (trace.x0_mm * scale, trace.x1_mm * scale)
    for x in _words_over(stretches, cell, width, WATERMARK_EVERY_MM * scale, names):
        if x <= seen.right() and x + width >= seen.left():
            painter.drawText(QPointF(x, y), WATERMARK)


def _words_over(
    stretches: Sequence[tuple[float, float]],
    cell: tuple[float, float],
    width: float,
    every: float,
    names: Sequence[tuple[float, float]],
) -> list[float]:
    """Return where a word begins over each stretch of a cell; all in one unit.

    A stretch shorter than the word has it at its start, running on; none is written onto another, nor onto `names`. A
    long stretch has it again after each `every`, so that a part of the paper has it, too.
    """
    found: list[float] = []
    for left, right in stretches:
        free = found[-1] + 1.1 * width if found else left
        if free > left and free + width > right:  # the word before it runs on over this one
            continue
        x = max(left, free)
        while True:
            x = max(cell[0], min(x, cell[1] - width))
            for name_left, name_right in names:
                if x < name_right and x + width > name_left:
                    x = name_right
            if found and x < free:
                break
            found.append(x)
            free, x = x + 1.1 * width, x + every
            if x + width > right:
                break
    return found


def _paint_bar(painter: QPainter, page: Page, palette: Palette, scale: float, bar: Bar) -> None:
    """Paint a thin strip beneath a lead, or beneath the lowest row when it speaks for all leads."""
    lowest = max((trace.baseline_mm for trace in page.traces), default=0.0)
    length, seen = (bar.end_s - bar.start_s) / max(1, bar.values.size), _seen(painter)
    for trace in page.traces:
        if trace.lead != bar.lead and not (bar.lead == "" and trace.baseline_mm == lowest):
            continue
        for i in _cells_seen(trace, bar, scale, seen):
            value = bar.values[i]
            box = _box(trace, bar.start_s + i * length, bar.start_s + (i + 1) * length, scale)
            if box is None or not np.isfinite(value):
                continue
            is_error = bar.role == "reconstructed"  # in the colour of the curve that errs, not of an alarm
            colour = _role(palette, bar.role) if is_error else QColor(palette.caution)
            colour.setAlphaF(float(np.clip(value, 0.03, 1.0)))
            top, bottom = strip_mm(trace, bar)
            painter.fillRect(QRectF(box.left(), top * scale, box.width(), (bottom - top) * scale), colour)


def strip_mm(trace: TracePath, bar: Bar) -> tuple[float, float]:
    """Return where the strip beneath a lead begins and ends from above, mm."""
    if bar.role == "signed":
        bottom = trace.baseline_mm + SIGNED_AT * trace.row_mm
        return bottom - SIGNED_MM, bottom
    bottom = trace.baseline_mm + BAR_AT * trace.row_mm
    return bottom - BAR_MM, bottom


def _paint_bracket(painter: QPainter, colour: QColor, scale: float, box: QRectF) -> None:
    """Draw square brackets at the ends of a stretch, with nothing between them that could hide the trace."""
    painter.setPen(QPen(colour, max(1.0, 0.3 * scale)))
    hook = min(1.2 * scale, box.width() / 3)
    for x, inward in ((box.left(), hook), (box.right(), -hook)):
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        for y in (box.top(), box.bottom()):
            painter.drawLine(QPointF(x, y), QPointF(x + inward, y))


def _paint_signed(painter: QPainter, page: Page, palette: Palette, ink: Ink, bars: Iterable[Bar]) -> None:
    """Paint the strips that say what raises and what lowers a number, each beneath its lead."""
    seen = _seen(painter)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for bar in bars:
        for trace in page.traces:
            if bar.role != "signed" or trace.lead != bar.lead:
                continue
            strip = ink.of_strip(bar, trace)
            if seen.intersects(strip.whole):  # a tile of the paper shows a few leads of many
                _paint_strip(painter, palette, ink.px_per_mm, strip.whole, strip.within(seen), strip.failed)
    painter.restore()


def _cells_seen(trace: TracePath, bar: Bar, scale: float, seen: QRectF) -> range:
    """Return the cells of a strip that stand beneath what is seen of a trace: a tile shows a few of hundreds."""
    length = (bar.end_s - bar.start_s) / max(1, bar.values.size)
    if length <= 0.0:
        return range(0)
    from_s, to_s = (
        trace.start_s + (x / scale - trace.x0_mm) / trace.mm_per_s for x in (seen.left(), seen.right())
    )
    first = max(0, math.floor((max(from_s, trace.start_s) - bar.start_s) / length) - 1)
    last = min(bar.values.size, math.ceil((min(to_s, trace.end_s) - bar.start_s) / length) + 1)
    return range(first, max(first, last))


def _seen(painter: QPainter) -> QRectF:
    """Return what of the painter's plane can be seen: its device, and the clip where one is set."""
    inverse, _ = (
        painter.worldTransform().inverted()
    )  # the combined one counts a screen's ratio, the window does not
    seen = inverse.mapRect(QRectF(painter.window()))
    return seen & painter.clipBoundingRect() if painter.hasClipping() else seen


def _runs(values: NDArray[np.float32]) -> list[tuple[int, int, int]]:
    """Return (first, behind the last, level) of neighbours of one height, without those of no height."""
    finite = np.where(np.isfinite(values), values, 0.0)
    levels = np.rint(np.clip(finite, -1.0, 1.0) * LEVELS).astype(int)
    starts = np.flatnonzero(np.diff(levels, prepend=LEVELS + 1))
    ends = np.append(starts[1:], levels.size)
    return [
        (int(first), int(last), int(levels[first]))
        for first, last in zip(starts, ends, strict=True)
        if levels[first]
    ]


def _paint_strip(
    painter: QPainter,
    palette: Palette,
    scale: float,
    whole: QRectF,
    boxes: Sequence[tuple[bool, QRectF]],
    failed: bool,
) -> None:
    """Paint one strip: its middle, and above and below it what raises and lowers; one that failed only striped."""
    faint = QColor(palette.faint)
    thin = max(1.0, 0.12 * scale)
    middle = whole.center().y()
    painter.fillRect(QRectF(whole.left(), middle - thin / 2, whole.width(), thin), faint)
    if not failed:
        for raises, box in boxes:
            painter.fillRect(box, _role(palette, "raises" if raises else "lowers"))
        return
    painter.setPen(QPen(faint, max(1.0, 0.2 * scale)))
    # the stripes lie on one raster of the page, so that they join from cell to cell and from tile to tile
    step = STRIPE_MM * 2**0.5 * scale
    lines = []
    for _raises, box in boxes:
        low, high = box.left() + box.top(), box.right() + box.bottom()
        for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1):
            x0, x1 = max(box.left(), k * step - box.bottom()), min(box.right(), k * step - box.top())
            lines.append(QLineF(x0, k * step - x0, x1, k * step - x1))
        lines += [
            QLineF(box.topLeft(), box.topRight()),
            QLineF(box.topLeft(), box.bottomLeft()),
            QLineF(box.topRight(), box.bottomRight()),
        ]
    painter.drawLines(lines)


def _paint_key(painter: QPainter, page: Page, palette: Palette, scale: float, bars: Iterable[Bar]) -> None:
    """Paint at the foot of the page what the colours of a signed strip say, where the line has room for it."""
    failed = {bar.failed for bar in bars if bar.role == "signed"}
    if not failed:
        return
    y = page.grid.y_mm + page.grid.height_mm + 4.0
    line = QRectF(0.0, (y - SIGNED_MM) * scale, page.width_mm * scale, 2 * SIGNED_MM * scale)
    if not _seen(painter).intersects(line):
        return
    font = page_font(LEGEND_MM * scale)
    words = ("raises", "lowers") if failed == {False} else ("failed: not to be read",)
    metrics = QFontMetricsF(font, painter.device())
    widths = [metrics.horizontalAdvance(word) / scale + SIGNED_MM + 4.0 for word in words]
    left, right = _room(painter, page, y, scale)
    if right - left < sum(widths) + 4.0:
        return
    x = right - sum(widths) - 2.0
    painter.setFont(font)
    for word, width in zip(words, widths, strict=True):
        whole = QRectF(x * scale, (y - SIGNED_MM / 2 - 0.6) * scale, SIGNED_MM * scale, SIGNED_MM * scale)
        upper = QRectF(whole.left(), whole.top(), whole.width(), whole.height() / 2)
        raises = word != "lowers"
        box = upper if raises else upper.translated(0, upper.height())
        _paint_strip(painter, palette, scale, whole, [(raises, box)], failed != {False})
        painter.setPen(QColor(palette.text))
        painter.drawText(QPointF((x + SIGNED_MM + 1.0) * scale, y * scale), word)
        x += width


def _room(painter: QPainter, page: Page, y_mm: float, scale: float) -> tuple[float, float]:
    """Return where a line of the page is free between what stands at its left and at its right, in mm."""
    left, right = page.grid.x_mm, page.grid.x_mm + page.grid.width_mm
    for text in page.texts:
        if abs(text.y_mm - y_mm) > LEGEND_MM:
            continue
        font = page_font(text.size_mm * scale, bold=text.role in ("lead", "caution"))
        width = QFontMetricsF(font, painter.device()).horizontalAdvance(text.text) / scale
        if text.align == "right":
            right = min(right, text.x_mm - width)
        else:
            left = max(left, text.x_mm + width)
    return left, right


def _text_box(text: PageText, scale: float) -> QRectF:
    """Return where a text may lie, in units: no letter is wider than 1.2 em."""
    width, height = 1.2 * text.size_mm * len(text.text) + 2.0, 3.0 * text.size_mm
    left = text.x_mm - {"left": 1.0, "centre": width / 2, "right": width - 1.0}[text.align]
    return QRectF(left * scale, (text.y_mm - height / 2) * scale, width * scale, height * scale)


def paint_text(painter: QPainter, text: PageText, palette: Palette, scale: float) -> None:
    """Paint one text of a page; `scale` in units per mm."""
    colours = {
        "lead": palette.text,
        "header": palette.text,
        "scale": palette.text,
        "caution": palette.caution,
    }
    font = page_font(text.size_mm * scale, bold=text.role in ("lead", "caution"))
    painter.setFont(font)
    painter.setPen(QColor(colours.get(text.role, palette.faint)))
    width = QFontMetricsF(font, painter.device()).horizontalAdvance(text.text)
    shift = {"left": 0.0, "centre": width / 2, "right": width}[text.align]
    painter.drawText(QPointF(text.x_mm * scale - shift, text.y_mm * scale), text.text)


# ---- sheets: a page with lines of text around it, as PDF at true scale ----------------------------------


def ensure_application() -> None:
    """Make an offscreen QApplication if there is none: painting text without one aborts the interpreter.

    QGuiApplication would do for painting, but then the window could not follow in the same process.
    """
    if QApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _kept.append(QApplication([]))


def write_pdf(path: Path, sheets: Sequence[Sheet], palette: Palette, title: str) -> None:
    """Write sheets as a vector PDF at true scale; the fonts are embedded.

    Raises:
        OSError: the file cannot be written.
    """
    ensure_application()
    whole = QBuffer()  # Qt would not say that a disk is full, nor why it cannot write
    whole.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(whole)
    writer.setResolution(PDF_DPI)
    writer.setTitle(title)
    writer.setCreator("ecgview")
    width, height = sheets[0].size_mm
    size = QPageSize(
        QSizeF(width, height), QPageSize.Unit.Millimeter, "", QPageSize.SizeMatchPolicy.ExactMatch
    )
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError("the PDF cannot be begun")
    for number, sheet in enumerate(sheets):
        if number:
            writer.newPage()
        _paint_sheet(painter, sheet, palette, SCALE)
    painter.end()
    path.write_bytes(whole.data().data())


def write_png(path: Path, page: Page, palette: Palette, overlay: Overlay | None, px_per_mm: float) -> None:
    """Write one page as a picture.

    Raises:
        OSError: the file cannot be written.
    """
    ensure_application()
    size = QSize(round(page.width_mm * px_per_mm), round(page.height_mm * px_per_mm))
    image = QImage(size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_page(painter, page, palette, px_per_mm=px_per_mm, overlay=overlay)
    painter.end()
    whole = QBuffer()  # Qt would not say why it cannot write
    whole.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(whole, "PNG")  # type: ignore[call-overload]
    path.write_bytes(whole.data().data())


@lru_cache(maxsize=4096)
def wrapped(text: str, size_mm: float, bold: bool, width_mm: float) -> tuple[str, ...]:
    """Return a text in lines no wider than `width_mm`; joined, they are the text again, line ends apart.

    A word that is wider than a line is broken within.
    """
    ensure_application()
    found: list[str] = []
    for paragraph in text.split("\n"):
        if not paragraph:
            found.append("")
            continue
        shaped = QTextLayout(paragraph, _font(text, size_mm * SCALE, bold))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        shaped.setTextOption(option)
        units = paragraph.encode("utf-16-le", "replace")  # Qt counts so
        shaped.beginLayout()
        while (line := shaped.createLine()).isValid():
            line.setLineWidth(width_mm * SCALE)
            start, length = line.textStart(), line.textLength()
            found.append(units[2 * start : 2 * (start + length)].decode("utf-16-le", "replace"))
        shaped.endLayout()
    return tuple(found)


def _font(text: str, size: float, bold: bool) -> QFont:
    """Return the font of a text; the Chinese one has no bold: thickened, each sign would stand twice in the PDF."""
    font = page_font(size, bold=bold and not any(one >= FIRST_HAN for one in text))
    font.setFeature(QFont.Tag("liga"), 0)  # a word with a ligature is not found when the PDF is searched
    return font


def _paint_sheet(painter: QPainter, sheet: Sheet, palette: Palette, scale: float) -> None:
    if sheet.page is not None:
        painter.save()
        painter.translate(sheet.page_x_mm * scale, sheet.page_y_mm * scale)
        paint_page(painter, sheet.page, palette, px_per_mm=scale, overlay=sheet.overlay, background=False)
        painter.restore()
    for picture in sheet.pictures:
        _paint_picture(painter, picture, scale)
    for block in sheet.blocks:
        colour = QColor(palette.roles.get(block.role, palette.faint))
        colour.setAlpha(255)
        box = (block.x_mm, block.y_mm, block.width_mm, block.height_mm)
        painter.fillRect(QRectF(*(side * scale for side in box)), colour)
    painter.setPen(QPen(QColor(palette.faint), STROKE_MM * scale))
    for stroke in sheet.strokes:
        ends = ((stroke.x0_mm, stroke.y0_mm), (stroke.x1_mm, stroke.y1_mm))
        painter.drawLine(*(QPointF(x * scale, y * scale) for x, y in ends))
    tones = {"text": palette.text, "faint": palette.faint, "caution": palette.caution}
    for line in sheet.lines:
        font = _font(line.text, line.size_mm * scale, line.bold)
        painter.setFont(font)
        painter.setPen(QColor(tones[line.tone]))
        width = QFontMetricsF(font, painter.device()).horizontalAdvance(line.text)
        left = line.x_mm * scale - (width if line.side == "right" else 0.0)
        painter.drawText(QPointF(left, line.y_mm * scale), line.text)


def _paint_picture(painter: QPainter, picture: Picture, scale: float) -> None:
    """Paint a picture as large as its box allows, in its own proportions, at the upper left."""
    image = QImage.fromData(picture.content)
    if image.isNull():
        return
    part = min(picture.width_mm / image.width(), picture.height_mm / image.height())
    size = QSizeF(part * image.width() * scale, part * image.height() * scale)
    painter.drawImage(QRectF(QPointF(picture.x_mm * scale, picture.y_mm * scale), size), image)
