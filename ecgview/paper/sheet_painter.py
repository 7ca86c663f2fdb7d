"""Sheets as PDF: a calibrated page with lines of text around it, at true scale. Qt's second file here."""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, QSizeF
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QApplication

from ecgview.paper.painter import page_font, paint_page
from ecgview.paper.palette import Palette
from ecgview.paper.sheet import Picture, Sheet


def ensure_application() -> None:
    """Make an offscreen QApplication if there is none: painting text without one aborts the interpreter.

    QGuiApplication would do for painting, but then the window could not follow in the same process.
    """
    if QApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _kept.append(QApplication([]))


_kept: list[QApplication] = []
PDF_DPI = 1200
SCALE = PDF_DPI / 25.4
STROKE_MM = 0.15
FIRST_HAN = "\u2e80"


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
