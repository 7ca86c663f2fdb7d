"""Small letters over the rhythm strip that say what kind of beat each is."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas.edge_item import beats_between
from ecgview.desktop.canvas.item_on_paper import ItemOnPaper, in_px
from ecgview.desktop.theme import Colours
from ecgview.paper.page import Page, TracePath
from ecgview.paper.stimuli import rhythm_row
from ecgview.signal.measure.measured import BeatClass, Measured

LETTERS: dict[BeatClass, str] = {
    "dominant": "N",
    "ventricular": "V",
    "supraventricular": "S",
    "paced": "P",
    "noise": "?",
}
WORDS = "N dominant, V ventricular, S supraventricular, P paced, ? noise; found by ecgview, not by the reader"
SIZE_PX = 12
NAME_MM = 3.4  # height of the name of a lead
ABOVE = 0.44  # of a row above its baseline


class BeatLetters(ItemOnPaper):
    """One letter for each beat, over the row that shows the most time; nothing of it takes the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self._letters: tuple[tuple[QPointF, str], ...] = ()  # mm
        self._colours: Colours | None = None
        self._font = QFont()
        self._font.setPixelSize(SIZE_PX)
        self._font.setWeight(QFont.Weight.DemiBold)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setZValue(18)

    @property
    def letters(self) -> str:
        """The letters on the paper, in time order."""
        return "".join(letter for _, letter in self._letters)

    def show(self, measured: Measured | None, page: Page | None, colours: Colours) -> None:  # type: ignore[override]
        """Stand over the beats of this page; without measurements, or on a page of the median beat, nothing."""
        self.prepareGeometryChange()
        self._colours = colours
        row = None if page is None or page.is_of_median or measured is None else rhythm_row(page)
        if row is None or measured is None:
            self._letters = ()
        else:
            y = row.baseline_mm - ABOVE * row.row_mm
            first, last = beats_between(measured, row.start_s, row.end_s)
            self._letters = tuple(
                (_place(row, measured.beats[k].time_s, y), LETTERS.get(measured.classes[k], "?"))
                for k in range(first, last)
            )
        self._bounds = QRectF()
        for at, _ in self._letters:
            self._bounds = self._bounds.united(QRectF(at.x() - 3, at.y() - 5, 6, 8))
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, not self._letters)
        self.update()

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw the letters at one size at every zoom; what is not dominant is darker."""
        if self._colours is None:
            return
        with in_px(painter) as world:
            painter.setFont(self._font)
            usual, other = QColor(self._colours.muted), QColor(self._colours.text)
            for at, letter in self._letters:
                painter.setPen(usual if letter == "N" else other)
                place = world.map(at)
                painter.drawText(
                    QRectF(place.x() - 10, place.y() - 8, 20, 16), Qt.AlignmentFlag.AlignCenter, letter
                )


def _place(row: TracePath, seconds: float, y_mm: float) -> QPointF:
    """Return where a letter stands; above the name of the lead where that stands at the beat."""
    x_mm = row.x0_mm + (seconds - row.start_s) * row.mm_per_s
    return QPointF(x_mm, y_mm - NAME_MM if x_mm - row.x0_mm < 2 * NAME_MM else y_mm)
