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
WIDE = 0.7  # of its size: a letter in the name of a lead
NEAR_MM = 4.0  # a letter of 12 px is as large on a small screen
ABOVE = 0.44  # of a row above its baseline


class BeatLetters(ItemOnPaper):
    """One letter for each beat, over the row that shows the most time; nothing of it takes the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self._letters: tuple[
            tuple[QPointF, str, bool], ...
        ] = ()  # mm; whether it stands on the place, or around it
        self._colours: Colours | None = None
        self._font = QFont()
        self._font.setPixelSize(SIZE_PX)
        self._font.setWeight(QFont.Weight.DemiBold)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setZValue(18)

    @property
    def letters(self) -> str:
        """The letters on the paper, in time order."""
        return "".join(letter for _, letter, _ in self._letters)

    @property
    def places(self) -> tuple[tuple[float, float, bool], ...]:
        """Where they are, mm of the page, and whether one stands on its place, above a name, or around it."""
        return tuple((at.x(), at.y(), stands) for at, _, stands in self._letters)

    def show(self, measured: Measured | None, page: Page | None, colours: Colours) -> None:  # type: ignore[override]
        """Stand over the beats of this page; without measurements, or on a page of the median beat, nothing."""
        self.prepareGeometryChange()
        self._colours = colours
        row = None if page is None or page.is_of_median or measured is None else rhythm_row(page)
        if row is None or page is None or measured is None:
            self._letters = ()
        else:
            y = row.baseline_mm - ABOVE * row.row_mm
            first, last = beats_between(measured, row.start_s, row.end_s)
            self._letters = tuple(
                (at, LETTERS.get(measured.classes[k], "?"), stands)
                for k in range(first, last)
                for at, stands in (_place(page, row, measured.beats[k].time_s, y),)
            )
        self._bounds = QRectF()
        for at, _, _ in self._letters:
            self._bounds = self._bounds.united(QRectF(at.x() - 6, at.y() - 10, 12, 15))
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
            for at, letter, stands in self._letters:
                painter.setPen(usual if letter == "N" else other)
                place = world.map(at)
                painter.drawText(
                    QRectF(place.x() - 10, place.y() - (16 if stands else 8), 20, 16),
                    Qt.AlignmentFlag.AlignCenter,
                    letter,
                )


def _place(page: Page, row: TracePath, seconds: float, y_mm: float) -> tuple[QPointF, bool]:
    """Return where a letter is, and whether it stands on that place: on the name of a lead that it would hide."""
    x_mm = row.x0_mm + (seconds - row.start_s) * row.mm_per_s
    for name in page.texts:
        if name.role != "lead" or not -NEAR_MM < name.y_mm - y_mm < NEAR_MM + name.size_mm:
            continue
        if -NEAR_MM < x_mm - name.x_mm < WIDE * name.size_mm * len(name.text) + NEAR_MM:
            return QPointF(x_mm, name.y_mm - name.size_mm), True
    return QPointF(x_mm, y_mm), False
