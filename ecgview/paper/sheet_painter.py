"""Sheets as PDF: a calibrated page and columns of text, painted at true scale. Qt's second file here."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QApplication

from ecgview.paper.page import PageText
from ecgview.paper.painter import page_font, paint_page, paint_text
from ecgview.paper.palette import Palette
from ecgview.paper.sheet import Column, Picture, Sheet, TextRun


def ensure_application() -> None:
    """Make an offscreen QApplication if there is none: painting text without one aborts the interpreter.

    QGuiApplication would do for painting, but then the window could not follow in the same process.
    """
    if QApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _kept.append(QApplication([]))


_kept: list[QApplication] = []
PDF_DPI = 1200
BOTTOM_MM = 12.0  # kept free for the footer


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
    scale = PDF_DPI / 25.4
    waiting = list(sheets)
    is_first = True
    while waiting:
        sheet = waiting.pop(0)
        if not is_first:
            writer.newPage()
        is_first = False
        left_over = _paint_sheet(painter, sheet, palette, scale)
        if left_over:
            further = replace(sheet, columns=left_over, page=None, overlay=None, pictures=())
            waiting.insert(0, further)
    painter.end()
    path.write_bytes(whole.data().data())


def _paint_sheet(painter: QPainter, sheet: Sheet, palette: Palette, scale: float) -> tuple[Column, ...]:
    """Paint one sheet and return the columns that go on, on the next."""
    if sheet.page is not None:
        painter.save()
        painter.translate(sheet.page_x_mm * scale, sheet.page_y_mm * scale)
        paint_page(painter, sheet.page, palette, px_per_mm=scale, overlay=sheet.overlay, background=False)
        painter.restore()
    for picture in sheet.pictures:
        _paint_picture(painter, picture, scale)
    limit = sheet.size_mm[1] - BOTTOM_MM
    for column in sheet.heading:
        _paint_column(painter, column, palette, scale, limit)
    left_over = []
    for column in sheet.columns:
        rest = _paint_column(painter, column, palette, scale, limit)
        if rest:
            left_over.append(Column(column.x_mm, sheet.body_mm, column.width_mm, rest))
    if sheet.footer:
        footer = PageText(sheet.footer, sheet.size_mm[0] / 2, sheet.size_mm[1] - 5.0, 2.8, "scale", "centre")
        paint_text(painter, footer, palette, scale)
    return tuple(left_over)


def _paint_picture(painter: QPainter, picture: Picture, scale: float) -> None:
    """Paint a picture as large as its box allows, in its own proportions, at the upper left."""
    image = QImage.fromData(picture.content)
    if image.isNull():
        return
    part = min(picture.width_mm / image.width(), picture.height_mm / image.height())
    size = QSizeF(part * image.width() * scale, part * image.height() * scale)
    painter.drawImage(QRectF(QPointF(picture.x_mm * scale, picture.y_mm * scale), size), image)


def _paint_column(
    painter: QPainter, column: Column, palette: Palette, scale: float, limit_mm: float
) -> tuple[TextRun, ...]:
    """Paint paragraphs and return those that no longer fit."""
    tones = {"text": palette.text, "faint": palette.faint, "caution": palette.caution}
    y = column.y_mm
    for i, run in enumerate(column.runs):
        painter.setFont(page_font(run.size_mm * scale, bold=run.bold))
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft)
        area = QRectF(column.x_mm * scale, y * scale, column.width_mm * scale, 500 * scale)
        needed = painter.boundingRect(area, flags, run.text).height() / scale
        bar_mm = 1.8 if run.bar is not None else 0.0
        if y + needed + bar_mm > limit_mm and y > column.y_mm:
            return column.runs[i:]
        painter.setPen(QColor(tones[run.tone]))
        painter.drawText(area, flags, run.text)
        y += needed
        if run.bar is not None:
            _paint_signed_bar(painter, column, palette, scale, y, run.bar)
            y += bar_mm
        y += run.gap_mm
    return ()


def _paint_signed_bar(
    painter: QPainter, column: Column, palette: Palette, scale: float, y_mm: float, value: float
) -> None:
    middle, half = column.x_mm + column.width_mm / 2, column.width_mm / 2
    colour = QColor(palette.roles["positive" if value > 0 else "negative"])
    colour.setAlpha(255)
    length = abs(value) * half
    left = middle if value > 0 else middle - length
    painter.fillRect(QRectF(left * scale, y_mm * scale, length * scale, 1.2 * scale), colour)
