"""Drawing the caliper: two lines on the samples, a span between them, the reading beside it."""

from __future__ import annotations

from old.caliper import Caliper
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from ecgview.desktop.theme import Colours
from ecgview.paper.page import Page, TracePath
from ecgview.record import EcgRecord

PAD = 5


def paint_caliper(
    painter: QPainter, page: Page, record: EcgRecord, caliper: Caliper, px_per_mm: float, colours: Colours
) -> None:
    """Draw a caliper on every trace of its lead where both ends are shown; the painter is in page px."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    times = caliper.seconds(record)
    for trace in page.traces:
        shown = all(trace.start_s - 1e-6 <= time <= trace.end_s + 1e-6 for time in times)
        if trace.lead == caliper.lead and shown:
            _paint_on(painter, trace, record, caliper, px_per_mm, colours)
    painter.restore()


def _paint_on(
    painter: QPainter,
    trace: TracePath,
    record: EcgRecord,
    caliper: Caliper,
    px_per_mm: float,
    colours: Colours,
) -> None:
    ends = [QPointF(_drawn_point(trace, seconds) * px_per_mm) for seconds in caliper.seconds(record)]
    top = (trace.baseline_mm - 0.5 * trace.row_mm) * px_per_mm
    bottom = (trace.baseline_mm + 0.42 * trace.row_mm) * px_per_mm
    colour = QColor(colours.caliper)
    for index, end in enumerate(ends):
        is_active = index == caliper.active
        painter.setPen(QPen(colour, 1.8 if is_active else 1.0))
        painter.drawLine(QPointF(end.x(), top), QPointF(end.x(), bottom))
        painter.setBrush(colour if is_active else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(end, 3.0, 3.0)
    painter.setPen(QPen(colour, 1.0))
    painter.drawLine(QPointF(ends[0].x(), top), QPointF(ends[1].x(), top))
    _paint_reading(painter, caliper.text(record), QPointF((ends[0].x() + ends[1].x()) / 2, top), colours)


def _drawn_point(trace: TracePath, seconds: float) -> QPointF:
    """Return where the sample nearest to a time is drawn, mm; on the baseline in a gap."""
    x_mm = trace.x0_mm + (seconds - trace.start_s) * trace.mm_per_s
    index = min(
        max(round((x_mm - trace.x_mm[0]) / trace.mm_per_s * trace.sampling_rate_hz), 0), len(trace.y_mm) - 1
    )
    y_mm = float(trace.y_mm[index])
    return QPointF(x_mm, y_mm if y_mm == y_mm else trace.baseline_mm)


def _paint_reading(painter: QPainter, text: str, above: QPointF, colours: Colours) -> None:
    font = QFont(painter.font())
    font.setPixelSize(13)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(text) + 2 * PAD, metrics.height() + PAD
    plate = QRectF(max(2.0, above.x() - width / 2), max(2.0, above.y() - height - 3), width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.caliper))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(QColor(colours.on_accent))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
