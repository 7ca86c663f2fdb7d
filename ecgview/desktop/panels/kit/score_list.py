"""A list of scores: each a name, a bar with a threshold tick, its percentile and the number; headings between."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ecgview.counts import probability
from ecgview.desktop.panels.kit import tokens
from ecgview.labels.statements_shown import ShownStatement

Index = QModelIndex | QPersistentModelIndex
ROW_PX, HEADING_PX = 42, 22
VALUE_PX, PERCENTILE_PX = 48, 36  # the columns of the number and of the percentile
LEAST_BAR_PX = 24


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that names the rows below it, and with `columns` what their numbers are."""

    title: str
    columns: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What one row shows; `threshold` None draws no tick, `is_positive` colours the bar, `state` says how it stands.

    `percentile` is among reference negatives, empty where none is known. `shares` is what its logit is made of where it
    rests on measured values, too.
    """

    name: str
    code: str
    value: float
    threshold: float | None
    is_positive: bool
    state: str = ""
    percentile: str = ""
    shares: str = ""

    @property
    def sentence(self) -> str:
        """Return the row in words, for tooltips and screen readers."""
        code = f" ({self.code})" if self.code and self.code != self.name else ""
        place = f"percentile {self.percentile} among reference negatives" if self.percentile else ""
        return ", ".join(
            part for part in (f"{self.name}{code}: {self.value:.3f}", self.state, place, self.shares) if part
        )


def row_of(item: ShownStatement) -> Row:
    """Return the row of a classifier's statement."""
    score = item.score
    return Row(
        item.name,
        score.code,
        score.probability,
        score.threshold,
        score.is_positive,
        item.state,
        item.percentile,
        item.shares,
    )


class ScoreModel(QAbstractListModel):
    """The rows, filtered by name or code."""

    def __init__(self, rows: Sequence[Row | Heading], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all = tuple(rows)
        self._shown = self._all

    def set_filter(self, text: str) -> None:
        """Keep the rows whose name or code contains the text."""
        wanted = text.strip().casefold()
        self.beginResetModel()
        self._shown = tuple(_kept(self._all, wanted))
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Return the number of rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the row for the delegate, or the row in words."""
        if not index.isValid():
            return None
        row = self._shown[index.row()]
        words = row.title if isinstance(row, Heading) else row.sentence
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return html.escape(words)  # a tooltip would take a name's angle brackets for markup
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return words
        return None


def _kept(rows: Sequence[Row | Heading], wanted: str) -> Iterator[Row | Heading]:
    """Yield the rows whose name or code contains the text, and the headings that keep a row."""
    heading: Heading | None = None
    for row in rows:
        if isinstance(row, Heading):
            heading = row
        elif wanted in f"{row.code} {row.name}".casefold():
            if heading is not None:
                yield heading
                heading = None
            yield row


class _ScoreDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        is_heading = isinstance(index.data(Qt.ItemDataRole.UserRole), Heading)
        return QSize(160, HEADING_PX if is_heading else ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | Heading = index.data(Qt.ItemDataRole.UserRole)
        place: Any = option  # the binding's stubs leave out what a style option holds
        view: QWidget = place.widget
        area = QRectF(place.rect).adjusted(6, 3, -6, -3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if place.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour(view, "surface"))
            painter.drawRoundedRect(QRectF(place.rect), tokens.RADIUS, tokens.RADIUS)
            painter.setBrush(tokens.colour(view, "accent"))
            painter.drawRect(QRectF(place.rect.left(), place.rect.top() + 4, 3, place.rect.height() - 8))
        if isinstance(row, Heading):
            painter.setFont(tokens.font(view.font(), "caption", bold=True))
            painter.setPen(tokens.colour(view, "secondary"))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, row.title)
            if row.columns:
                right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
                painter.setFont(tokens.font(view.font(), "caption"))
                painter.drawText(area, right, "percentile, probability")
        else:
            _paint_texts(painter, view, row, area)
            texts = QFontMetricsF(tokens.font(view.font(), "caption")).horizontalAdvance(row.state) + 8
            room = area.width() - (texts if row.state else 0)
            bar = QRectF(area.left(), area.bottom() - 10, room, 6)
            tone = "accent" if row.is_positive else "faint"
            if room > LEAST_BAR_PX:  # a long reason needs the line for itself
                paint_bar(painter, view, bar, row.value, row.threshold, tone)
        painter.restore()


def _paint_texts(painter: QPainter, view: QWidget, row: Row, area: QRectF) -> None:
    upper = QRectF(area.left(), area.top(), area.width(), area.height() * 0.58)
    lower = QRectF(area.left(), upper.bottom() - 2, area.width(), area.bottom() - upper.bottom() + 2)
    middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.setFont(tokens.font(view.font(), "body", bold=row.is_positive))
    painter.setPen(tokens.colour(view, "text" if row.is_positive else "secondary"))
    columns = VALUE_PX + PERCENTILE_PX if row.percentile else VALUE_PX + 6
    room = area.width() - columns
    name = QFontMetricsF(painter.font()).elidedText(row.name, Qt.TextElideMode.ElideRight, room)
    painter.drawText(upper, middle, name)
    painter.drawText(upper, right, probability(row.value))
    painter.setFont(tokens.font(view.font(), "caption"))
    painter.setPen(tokens.colour(view, "faint"))
    painter.drawText(upper.adjusted(0, 0, -VALUE_PX, 0), right, row.percentile)
    painter.drawText(lower, right, row.state)


def paint_bar(
    painter: QPainter, widget: QWidget, bar: QRectF, value: float, threshold: float | None, tone: str
) -> None:
    """Paint a value in 0..1 as a bar, with a tick at the threshold."""
    half = bar.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.colour(widget, "track"))
    painter.drawRoundedRect(bar, half, half)
    width = min(max(value, 0.0), 1.0) * bar.width()
    if width > 0:
        painter.setBrush(tokens.colour(widget, tone))
        painter.drawRoundedRect(
            QRectF(bar.left(), bar.top(), max(width, bar.height()), bar.height()), half, half
        )
    if threshold is not None:
        at = bar.left() + min(max(threshold, 0.0), 1.0) * bar.width()
        painter.setBrush(tokens.colour(widget, "text"))
        painter.drawRect(QRectF(at - 1, bar.top() - 3, 2, bar.height() + 6))


class ScoreList(QListView):
    """The rows as a list; at most `visible_rows` tall, then it scrolls.

    Signals:
        row_chosen: (code, whether by going there with the arrow keys) of a row that is clicked, entered or gone to.
    """

    row_chosen = Signal(str, bool)

    def __init__(self, rows: Sequence[Row | Heading], *, visible_rows: int) -> None:
        super().__init__()
        self.scores = ScoreModel(rows, self)
        self.setModel(self.scores)
        self.setItemDelegate(_ScoreDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if len(rows) <= visible_rows:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        tall = sum(HEADING_PX if isinstance(row, Heading) else ROW_PX for row in rows[:visible_rows])
        self.setFixedHeight(max(tall, ROW_PX))
        self.setStyleSheet("QAbstractItemView { background: transparent; }")  # not its tooltip
        self.setAccessibleName("Scores")
        self.clicked.connect(lambda index: self._tell(index, by_arrow=False))

    def choose(self, code: str) -> None:
        """Mark the row of a code, none where there is no such row; tells nobody."""
        for at in range(self.scores.rowCount()):
            row = self.scores.index(at, 0).data(Qt.ItemDataRole.UserRole)
            if isinstance(row, Row) and row.code == code:
                self.setCurrentIndex(self.scores.index(at, 0))
                return
        self.clearSelection()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the row that has the keys, or go to another one."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._tell(self.currentIndex(), by_arrow=False)
            return
        before = self.currentIndex()
        super().keyPressEvent(event)
        if self.currentIndex() != before:
            self._tell(self.currentIndex(), by_arrow=True)

    def _tell(self, index: Index, *, by_arrow: bool) -> None:
        row = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(row, Row) and row.code:
            self.row_chosen.emit(row.code, by_arrow)
