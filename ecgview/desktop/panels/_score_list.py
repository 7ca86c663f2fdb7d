"""A list of scores: each a name, a bar with a threshold tick, and the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
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

from ecgview.desktop.panels import _tokens as tokens
from ecgview.results import LabelScore

Index = QModelIndex | QPersistentModelIndex
ROW_PX = 42


@dataclass(frozen=True, slots=True)
class Row:
    """What one row shows; `threshold` None draws no tick, `is_positive` colours the bar.

    `decides` is off for numbers that rank and are not meant to meet a threshold.
    """

    name: str
    code: str
    value: float
    threshold: float | None
    is_positive: bool
    decides: bool = True

    @property
    def against(self) -> str:
        """Return the threshold in words."""
        if not self.decides:
            return ""
        return "no threshold" if self.threshold is None else f"threshold {self.threshold:.2f}"

    @property
    def sentence(self) -> str:
        """Return the row in words, for tooltips and screen readers."""
        code = f" ({self.code})" if self.code and self.code != self.name else ""
        return ", ".join(part for part in (f"{self.name}{code}: {self.value:.3f}", self.against) if part)


def row_of(score: LabelScore) -> Row:
    """Return the row of a classifier's score; without a threshold it ranks and is never positive."""
    name = score.label or score.code
    return Row(name[:1].upper() + name[1:], score.code, score.probability, score.threshold, reaches(score))


def reaches(score: LabelScore) -> bool:
    """Return whether a score reaches a threshold that is known."""
    return score.threshold is not None and score.is_positive


class ScoreModel(QAbstractListModel):
    """The rows, filtered by name or code."""

    def __init__(self, rows: Sequence[Row], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all = tuple(rows)
        self._shown = self._all

    def set_filter(self, text: str) -> None:
        """Keep the rows whose name or code contains the text."""
        wanted = text.strip().casefold()
        self.beginResetModel()
        self._shown = tuple(row for row in self._all if wanted in f"{row.code} {row.name}".casefold())
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Return the number of rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the row for the delegate, or the row in words."""
        if not index.isValid():
            return None
        row = self._shown[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return row.sentence
        return None


class _ScoreDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(Qt.ItemDataRole.UserRole)
        place: Any = option  # the binding's stubs leave out what a style option holds
        view: QWidget = place.widget
        area = QRectF(place.rect).adjusted(6, 3, -6, -3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if place.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour(view, "surface"))
            painter.drawRoundedRect(QRectF(place.rect), tokens.RADIUS, tokens.RADIUS)
        _paint_texts(painter, view, row, area)
        texts = QFontMetricsF(tokens.font(view.font(), "caption")).horizontalAdvance("threshold 0.00 ") + 4
        room = area.width() - (texts if row.decides else 0)
        bar = QRectF(area.left(), area.bottom() - 10, room, 6)
        paint_bar(painter, view, bar, row.value, row.threshold, "accent" if row.is_positive else "faint")
        painter.restore()


def _paint_texts(painter: QPainter, view: QWidget, row: Row, area: QRectF) -> None:
    upper = QRectF(area.left(), area.top(), area.width(), area.height() * 0.58)
    lower = QRectF(area.left(), upper.bottom() - 2, area.width(), area.bottom() - upper.bottom() + 2)
    middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.setFont(tokens.font(view.font(), "body", bold=row.is_positive))
    painter.setPen(tokens.colour(view, "text" if row.is_positive else "secondary"))
    name = QFontMetricsF(painter.font()).elidedText(row.name, Qt.TextElideMode.ElideRight, area.width() - 52)
    painter.drawText(upper, middle, name)
    painter.drawText(upper, right, f"{row.value:.2f}")
    painter.setFont(tokens.font(view.font(), "caption"))
    painter.setPen(tokens.colour(view, "faint"))
    painter.drawText(lower, right, row.against)


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
    """The rows as a list; at most `visible_rows` tall, then it scrolls."""

    def __init__(self, rows: Sequence[Row], *, visible_rows: int) -> None:
        super().__init__()
        self.scores = ScoreModel(rows, self)
        self.setModel(self.scores)
        self.setItemDelegate(_ScoreDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if len(rows) <= visible_rows:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(ROW_PX * min(max(len(rows), 1), visible_rows))
        self.setStyleSheet("background: transparent;")
        self.setAccessibleName("Scores")
