"""Pieces of a page as pictures in device pixels: the whole of it small or sharp, and one tile of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from ecgview.overlay import Curve, Overlay
from ecgview.paper import painter
from ecgview.paper.page import Page, TracePath
from ecgview.paper.palette import Palette

WHOLE_PX = 6_000_000  # device px up to which a worker paints the whole page at the scale it will be seen at
COARSE_PX = 1_200_000  # of the picture of a larger page: enough to be stretched for the moment of a gesture
THINNEST_PX = 1.5  # of the trace, logical px: thinner, it is grey on a screen
AROUND_MM = 1.0  # what is drawn beyond a tile's edge, so that a stroke is not cut short there


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A page and a picture of the whole of it, opaque, `scale` device px per mm."""

    page: Page
    palette: Palette
    ratio: float
    scale: float
    picture: QImage


def draw_page(page: Page, palette: Palette, px_per_mm: float, ratio: float) -> Drawn:
    """Paint a page at the scale it will be seen at, smaller if that is large; an image belongs to no thread."""
    scale = px_per_mm * ratio
    size = page_size(page, scale)
    if size.width() * size.height() > WHOLE_PX:
        scale *= (COARSE_PX / (size.width() * size.height())) ** 0.5
        size = page_size(page, scale)
    return Drawn(
        page,
        palette,
        ratio,
        scale,
        draw(page, palette, QRect(0, 0, size.width(), size.height()), scale, ratio),
    )


def page_size(page: Page, scale: float) -> QSize:
    """Return a page's size at a scale in px per mm."""
    return QSize(max(1, round(page.width_mm * scale)), max(1, round(page.height_mm * scale)))


def draw(page: Page, palette: Palette, area: QRect, scale: float, ratio: float) -> QImage:
    """Return a part of a page, `area` in device px from its corner, as an opaque picture."""
    image = QImage(area.size(), QImage.Format.Format_RGB32)
    seen = QRectF(area.x() / scale, area.y() / scale, area.width() / scale, area.height() / scale)
    with QPainter(image) as brush:
        brush.translate(-area.x(), -area.y())
        painter.paint_page(brush, part(page, seen), palette, px_per_mm=scale, trace_px=trace_px(scale, ratio))
    return image


def lay(
    image: QImage, page: Page, palette: Palette, area: QRect, scale: float, ratio: float, overlay: Overlay
) -> QImage:
    """Return the picture of a part with an overlay upon it; the picture itself where nothing touches it."""
    seen = QRectF(area.x() / scale, area.y() / scale, area.width() / scale, area.height() / scale)
    near = _near(page, seen)
    if not near:
        return image
    image = image.copy()
    with QPainter(image) as brush:
        brush.translate(-area.x(), -area.y())
        here = replace(page, traces=near)
        painter.paint_overlay(
            brush,
            here,
            palette,
            px_per_mm=scale,
            overlay=_cut(overlay, near, seen),
            trace_px=trace_px(scale, ratio),
        )
    return image


def trace_px(scale: float, ratio: float) -> float:
    """Return the width of the trace in device px at a scale in device px per mm."""
    return max(THINNEST_PX * ratio, painter.TRACE_MM * scale)


def part(page: Page, seen: QRectF) -> Page:
    """Return what of a page touches a rectangle in mm; its lines run on a little beyond it."""
    x0, x1 = seen.left() - AROUND_MM, seen.right() + AROUND_MM
    y0, y1 = seen.top() - AROUND_MM, seen.bottom() + AROUND_MM
    grid = page.grid
    left, right = max(grid.x_mm, x0), min(grid.x_mm + grid.width_mm, x1)
    top, bottom = max(grid.y_mm, y0), min(grid.y_mm + grid.height_mm, y1)
    here = replace(
        grid, x_mm=left, y_mm=top, width_mm=max(0.0, right - left), height_mm=max(0.0, bottom - top)
    )
    traces = [_trace_part(trace, x0, x1, y0, y1) for trace in page.traces]
    return replace(
        page,
        grid=here,
        traces=tuple(trace for trace in traces if trace is not None),
        pulses=tuple(pulse for pulse in page.pulses if pulse.x_mm[0] <= x1 and pulse.x_mm[-1] >= x0),
        ticks=tuple(tick for tick in page.ticks if x0 <= tick.x_mm <= x1),
        texts=tuple(
            text
            for text in page.texts
            if text.y_mm - 1.5 * text.size_mm <= y1 and text.y_mm + text.size_mm >= y0
        ),
    )


def _trace_part(trace: TracePath, x0: float, x1: float, y0: float, y1: float) -> TracePath | None:
    """Return a trace between two places, cut where the painter ends a piece, so that the ink is the same."""
    if trace.x1_mm < x0 or trace.x0_mm > x1:
        return None
    first = max(0, int(np.searchsorted(trace.x_mm, x0)) - 2) // painter.CHUNK * painter.CHUNK
    last = int(np.searchsorted(trace.x_mm, x1)) + 2
    y = trace.y_mm[first:last]
    known = y[np.isfinite(y)]
    if len(known) < 2 or known.max() < y0 or known.min() > y1:
        return None
    return replace(trace, x_mm=trace.x_mm[first:last], y_mm=y)


def reach(trace: TracePath) -> tuple[float, float]:
    """Return how far up and down the overlay of a trace may reach, mm: a tall wave leaves its row by far."""
    return trace.baseline_mm - 2 * trace.row_mm, trace.baseline_mm + 2 * trace.row_mm


def _near(page: Page, seen: QRectF) -> tuple[TracePath, ...]:
    """Return the traces whose overlay may touch a rectangle in mm; the lowest row bears the strips of all leads."""
    low = max((trace.baseline_mm for trace in page.traces), default=0.0)
    found = []
    for trace in page.traces:
        top, bottom = reach(trace)
        is_beside = trace.x0_mm <= seen.right() + AROUND_MM and trace.x1_mm >= seen.left() - AROUND_MM
        if is_beside and (top <= seen.bottom() and bottom >= seen.top()):
            found.append(trace)
    touches = {trace.baseline_mm for trace in found}
    rest = [t for t in page.traces if t.baseline_mm == low and t not in found] if touches else []
    return (*found, *rest)


def _cut(overlay: Overlay, near: tuple[TracePath, ...], seen: QRectF) -> Overlay:
    """Return the overlay with its curves cut to what a rectangle in mm shows; a curve is long and slow to stroke."""
    if not overlay.curves:
        return overlay
    return replace(
        overlay, curves=tuple(cut for curve in overlay.curves for cut in _pieces(curve, near, seen))
    )


def _pieces(curve: Curve, near: tuple[TracePath, ...], seen: QRectF) -> list[Curve]:
    found: list[tuple[int, int]] = []
    for trace in near:
        if trace.lead != curve.lead:
            continue
        from_s = trace.start_s + (seen.left() - AROUND_MM - trace.x0_mm) / trace.mm_per_s
        to_s = trace.start_s + (seen.right() + AROUND_MM - trace.x0_mm) / trace.mm_per_s
        first = max(0, int((from_s - curve.start_s) * curve.sampling_rate_hz) - 2)
        last = min(curve.signal.size, int((to_s - curve.start_s) * curve.sampling_rate_hz) + 3)
        if first < last:
            found.append((first // painter.CHUNK * painter.CHUNK, last))
    return [
        replace(curve, start_s=curve.start_s + a / curve.sampling_rate_hz, signal=curve.signal[a:b])
        for a, b in dict.fromkeys(found)
    ]
