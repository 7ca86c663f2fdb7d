"""The one painter of the page: screen, PNG and PDF come from the same millimetres. The only Qt file outside desktop."""

import os
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
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

from ecgview import resources
from ecgview.overlay import Bar, Curve, Overlay, Span
from ecgview.paper.page import Page, PageText, TracePath
from ecgview.paper.palette import Palette
from ecgview.paper.sheet import Picture, Sheet

LATIN, CHINESE = "Noto Sans", "Droid Sans Fallback"
TRACE_MM = 0.25  # width on paper
FINE_MM, HEAVY_MM = 0.10, 0.18
FINE_FROM_PX = 2.0
CHUNK = 40  # points per stroked piece: Qt's raster stroker slows down with the length of a wide polyline
BAR_MM = 2.0
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
) -> None:
    """Paint a page with its upper left corner at the painter's origin.

    Args:
        painter: on a widget, image, pixmap or PDF; one unit is one pixel of it.
        page: what to draw, in mm.
        palette: colours.
        px_per_mm: the device's units per mm.
        overlay: what an explanation adds; drawn under (spans, bars) and over (curves) the traces.
        trace_px: width of the trace in units; None = 0.25 mm of paper, at least 1.5 units.
        background: fill the page first.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if background:
        painter.fillRect(
            QRectF(0, 0, page.width_mm * px_per_mm, page.height_mm * px_per_mm), QColor(palette.background)
        )
    paint_grid(painter, page, palette, px_per_mm)
    if overlay is not None:
        _paint_spans(painter, page, palette, px_per_mm, overlay.spans)
    width = max(1.5, TRACE_MM * px_per_mm) if trace_px is None else trace_px
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for pulse in page.pulses:
        _paint_line(painter, pulse.x_mm, pulse.y_mm, px_per_mm, QColor(palette.trace), width, exact=True)
    for tick in page.ticks:
        painter.setPen(_pen(palette.faint, max(1.0, 0.2 * px_per_mm)))
        x = tick.x_mm * px_per_mm
        painter.drawLine(QPointF(x, tick.y0_mm * px_per_mm), QPointF(x, tick.y1_mm * px_per_mm))
    _clip_to_grid(painter, page, px_per_mm)
    for trace in page.traces:
        _paint_line(painter, trace.x_mm, trace.y_mm, px_per_mm, QColor(palette.trace), width)
    if overlay is not None:
        for curve in overlay.curves:
            _paint_curve(painter, page, palette, px_per_mm, curve, width)
        for bar in overlay.bars:
            _paint_bar(painter, page, palette, px_per_mm, bar)
    painter.setClipping(False)
    for text in page.texts:
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
) -> None:
    """Paint only what an explanation adds, for a picture that lies over a page painted before."""
    painter.save()
    _clip_to_grid(painter, page, px_per_mm)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    _paint_spans(painter, page, palette, px_per_mm, overlay.spans)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    width = max(1.5, TRACE_MM * px_per_mm) if trace_px is None else trace_px
    for curve in overlay.curves:
        _paint_curve(painter, page, palette, px_per_mm, curve, width)
    for bar in overlay.bars:
        _paint_bar(painter, page, palette, px_per_mm, bar)
    painter.restore()


def paint_grid(painter: QPainter, page: Page, palette: Palette, px_per_mm: float) -> None:
    """Paint the 1 mm and 5 mm lines; the fine ones only where they are at least 2 px of the device apart."""
    device = painter.device()
    ratio = device.devicePixelRatio() if device is not None else 1.0
    grid = page.grid
    left, top = grid.x_mm, grid.y_mm
    right, bottom = left + grid.width_mm, top + grid.height_mm
    for step, colour, width in ((1, palette.fine, FINE_MM), (5, palette.heavy, HEAVY_MM)):
        if step == 1 and px_per_mm * ratio < FINE_FROM_PX:
            continue
        painter.setPen(_pen(colour, max(1.0 / ratio, width * px_per_mm)))
        for x in _lines(left, right, grid.origin_x_mm, step):
            painter.drawLine(
                QPointF(x * px_per_mm, top * px_per_mm), QPointF(x * px_per_mm, bottom * px_per_mm)
            )
        for y in _lines(top, bottom, grid.origin_y_mm, step):
            painter.drawLine(
                QPointF(left * px_per_mm, y * px_per_mm), QPointF(right * px_per_mm, y * px_per_mm)
            )


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


def _paint_line(
    painter: QPainter,
    x_mm: NDArray[np.float64],
    y_mm: NDArray[np.float64],
    scale: float,
    colour: QColor,
    width: float,
    *,
    exact: bool = False,
) -> None:
    """Stroke a line; NaN breaks it. Points closer than half a unit are reduced to each column's extremes."""
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin if exact else Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    known = np.isfinite(y_mm)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    is_raster = painter.device() is not None and painter.paintEngine().type().name == "Raster"
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        x, y = x_mm[first:last] * scale, y_mm[first:last] * scale
        if is_raster and not exact:
            x, y = _thinned(x, y)
        step = CHUNK if is_raster else len(x)
        for start in range(0, max(1, len(x) - 1), step):
            painter.drawPolyline(_polygon(x[start : start + step + 1], y[start : start + step + 1]))


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
    return QPolygonF(list(map(QPointF, x.tolist(), y.tolist())))


def _role(palette: Palette, role: str) -> QColor:
    return QColor(palette.roles.get(role, palette.text))


def _paint_spans(
    painter: QPainter, page: Page, palette: Palette, scale: float, spans: Iterable[Span]
) -> None:
    for span in spans:
        colour = _role(palette, span.role)
        for trace in page.traces:
            if span.leads and trace.lead not in span.leads:
                continue
            box = _box(trace, span.start_s, span.end_s, scale)
            if box is not None:
                painter.fillRect(box, colour)
                if span.text:
                    painter.setPen(QColor(palette.text))
                    painter.setFont(page_font(2.6 * scale))
                    painter.drawText(QPointF(box.left() + 0.5 * scale, box.bottom() - 0.8 * scale), span.text)


def _box(trace: TracePath, start_s: float, end_s: float, scale: float) -> QRectF | None:
    """Return the part of a cell between two times, None where they do not meet."""
    low, high = max(start_s, trace.start_s), min(end_s, trace.end_s)
    if high <= low:
        return None
    x0 = trace.x0_mm + (low - trace.start_s) * trace.mm_per_s
    x1 = trace.x0_mm + (high - trace.start_s) * trace.mm_per_s
    top = trace.baseline_mm - 0.52 * trace.row_mm
    return QRectF(x0 * scale, top * scale, (x1 - x0) * scale, 0.96 * trace.row_mm * scale)


def _paint_curve(
    painter: QPainter, page: Page, palette: Palette, scale: float, curve: Curve, width: float
) -> None:
    times = curve.start_s + np.arange(curve.signal.size) / curve.sampling_rate_hz
    for trace in page.traces:
        if trace.lead != curve.lead:
            continue
        inside = (times >= trace.start_s) & (times <= trace.end_s)
        x = trace.x0_mm + (times[inside] - trace.start_s) * trace.mm_per_s
        y = trace.baseline_mm - curve.signal[inside].astype(np.float64) * trace.mm_per_mv
        _paint_line(painter, x, y, scale, _role(palette, curve.role), width * 1.15)


def _paint_bar(painter: QPainter, page: Page, palette: Palette, scale: float, bar: Bar) -> None:
    """Paint a thin strip beneath a lead, or beneath the lowest row when it speaks for all leads."""
    lowest = max((trace.baseline_mm for trace in page.traces), default=0.0)
    length = (bar.end_s - bar.start_s) / max(1, bar.values.size)
    for trace in page.traces:
        if trace.lead != bar.lead and not (bar.lead == "" and trace.baseline_mm == lowest):
            continue
        for i, value in enumerate(bar.values):
            box = _box(trace, bar.start_s + i * length, bar.start_s + (i + 1) * length, scale)
            if box is None or not np.isfinite(value):
                continue
            colour = QColor(palette.caution)
            colour.setAlphaF(float(np.clip(value, 0.03, 1.0)))
            bottom = (trace.baseline_mm + 0.42 * trace.row_mm) * scale
            painter.fillRect(QRectF(box.left(), bottom - BAR_MM * scale, box.width(), BAR_MM * scale), colour)


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
