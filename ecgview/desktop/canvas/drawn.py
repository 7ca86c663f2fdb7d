"""Pieces of a page as pictures in device pixels: what is seen of it, the whole of it small, and one tile of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from ecgview.overlay import Overlay
from ecgview.paper import painter
from ecgview.paper.page import Page, TracePath
from ecgview.paper.painter import Ink
from ecgview.paper.palette import Palette

COARSE_PX = 600_000  # of the picture of a page larger than what is seen: enough for the moment of a gesture
THINNEST_PX = 1.5  # of the trace, logical px: thinner, it is grey on a screen
AROUND_MM = 1.0  # what an overlay may draw beyond the stretch it speaks of
TEXT_MM = 60.0  # how far the words of a stretch may reach to its right
WORD_MM = 25.0  # how far the watermark of a short curve may reach beyond its ends


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A page and opaque pictures of it: `sharp` is what will be seen first, `scale` device px per mm; `coarse` is all.

    `sharp` begins at the page's corner. `ink` holds the lines of the page at `scale`.
    """

    page: Page
    palette: Palette
    ratio: float
    scale: float
    sharp: QImage
    coarse: QImage
    ink: Ink


def draw_page(
    page: Page, palette: Palette, px_per_mm: float, ratio: float, seen_px: tuple[int, int]
) -> Drawn:
    """Paint a page as it will be seen first, from its corner; an image belongs to no thread."""
    scale = px_per_mm * ratio
    size = page_size(page, scale)
    seen = QSize(round(seen_px[0] * ratio), round(seen_px[1] * ratio)).boundedTo(size)
    ink = Ink(scale)
    sharp = coarse = draw(page, palette, QRect(QPoint(0, 0), seen), scale, ratio, ink)
    if seen != size:
        coarse = draw_small(page, palette, scale, ratio)
    return Drawn(page, palette, ratio, scale, sharp, coarse, ink)


def draw_small(page: Page, palette: Palette, scale: float, ratio: float) -> QImage:
    """Paint the whole of a page, smaller than at a scale in device px per mm where that is large."""
    size = page_size(page, scale)
    less = min(1.0, (COARSE_PX / (size.width() * size.height())) ** 0.5)
    area = QRect(QPoint(0, 0), page_size(page, scale * less))
    return draw(page, palette, area, scale * less, ratio * less, Ink(scale * less))


def page_size(page: Page, scale: float) -> QSize:
    """Return a page's size at a scale in px per mm."""
    return QSize(max(1, round(page.width_mm * scale)), max(1, round(page.height_mm * scale)))


def draw(page: Page, palette: Palette, area: QRect, scale: float, ratio: float, ink: Ink) -> QImage:
    """Return a part of a page, `area` in device px from its corner, as an opaque picture."""
    image = QImage(area.size(), QImage.Format.Format_RGB32)
    with QPainter(image) as brush:
        brush.translate(-area.x(), -area.y())
        width = trace_px(scale, ratio)
        painter.paint_page(brush, page, palette, px_per_mm=scale, trace_px=width, ink=ink, on_whole_px=True)
    return image


def lay(
    image: QImage,
    page: Page,
    palette: Palette,
    area: QRect,
    scale: float,
    ratio: float,
    overlay: Overlay,
    ink: Ink,
) -> QImage:
    """Return the picture of a part with an overlay upon it; `ink` is the overlay's at this scale."""
    image = image.copy()
    with QPainter(image) as brush:
        brush.translate(-area.x(), -area.y())
        width = trace_px(scale, ratio)
        painter.paint_overlay(brush, page, palette, px_per_mm=scale, overlay=overlay, trace_px=width, ink=ink)
    return image


def trace_px(scale: float, ratio: float) -> float:
    """Return the width of the trace in device px at a scale in device px per mm."""
    return max(THINNEST_PX * ratio, painter.TRACE_MM * scale)


# ---- where an overlay lies -----------------------------------------------------------------------------


def places(page: Page, overlay: Overlay) -> list[QRectF]:
    """Return where on a page an overlay draws, mm."""
    found: list[QRectF] = []
    for span in overlay.spans:
        more = TEXT_MM if span.text else 0.0
        for trace in _of(page, span.leads):
            found += _stretch(trace, span.start_s, span.end_s, more, *_row(trace))
    for curve in overlay.curves:
        known = curve.signal[np.isfinite(curve.signal)]
        end_s = curve.start_s + curve.signal.size / curve.sampling_rate_hz
        for trace in _of(page, (curve.lead,)) if known.size else ():
            ends = [trace.baseline_mm - float(edge) * trace.mm_per_mv for edge in (known.min(), known.max())]
            top, bottom = _row(trace)  # where its watermark stands, at least
            drawn = _stretch(trace, curve.start_s, end_s, WORD_MM, min(top, *ends), max(bottom, *ends))
            found += [rect.adjusted(-WORD_MM, 0.0, 0.0, 0.0) for rect in drawn]
    for bar in overlay.bars:
        lowest = max((trace.baseline_mm for trace in page.traces), default=0.0)
        for trace in page.traces:
            if trace.lead == bar.lead or (not bar.lead and trace.baseline_mm == lowest):
                found += _stretch(trace, bar.start_s, bar.end_s, 0.0, *painter.strip_mm(trace, bar))
        if bar.role == "signed":  # what its colours say stands at the foot
            foot = page.grid.y_mm + page.grid.height_mm
            found.append(QRectF(0.0, foot, page.width_mm, max(0.0, page.height_mm - foot)))
    return found


def difference(before: Overlay, after: Overlay) -> Overlay:
    """Return what one of two overlays has and the other has not; curves and strips are known by being the same one."""
    spans = set(before.spans) ^ set(after.spans)
    curves = {id(one): one for one in before.curves}, {id(one): one for one in after.curves}
    bars = {id(one): one for one in before.bars}, {id(one): one for one in after.bars}
    return Overlay(
        spans=tuple(spans),
        curves=tuple((curves[0] | curves[1])[key] for key in curves[0].keys() ^ curves[1].keys()),
        bars=tuple((bars[0] | bars[1])[key] for key in bars[0].keys() ^ bars[1].keys()),
    )


def _of(page: Page, leads: tuple[str, ...]) -> list[TracePath]:
    return [trace for trace in page.traces if not leads or trace.lead in leads]


def _row(trace: TracePath) -> tuple[float, float]:
    return trace.baseline_mm - 0.6 * trace.row_mm, trace.baseline_mm + 0.6 * trace.row_mm


def _stretch(
    trace: TracePath, start_s: float, end_s: float, more_mm: float, top: float, bottom: float
) -> list[QRectF]:
    low, high = max(start_s, trace.start_s), min(end_s, trace.end_s)
    if high < low:
        return []
    x0 = trace.x0_mm + (low - trace.start_s) * trace.mm_per_s - AROUND_MM
    x1 = trace.x0_mm + (high - trace.start_s) * trace.mm_per_s + AROUND_MM + more_mm
    return [QRectF(x0, top - AROUND_MM, x1 - x0, bottom - top + 2 * AROUND_MM)]
