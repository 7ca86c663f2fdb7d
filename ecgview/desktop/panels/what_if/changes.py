"""The list of what hiding changes: each number before and after, its difference, and that against chance."""

from __future__ import annotations

import html
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
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ecgview.desktop.panels.kit import tokens
from ecgview.results import Changed, Compared, WhatIf

Index = QModelIndex | QPersistentModelIndex
ROW_PX, HEADING_PX = 40, 22
DIGITS = 3  # at two, 0.145 and 0.144 would stand side by side as 0.15 and 0.14, with a change of 0.00
NUMBER_PX, DIFFERENCE_PX = 44, 54
NOT_COMPARED = Compared()
MOST = 8  # rows beside the positive ones
LEAST = 0.005  # of a row beside the positive ones; ours


@dataclass(frozen=True, slots=True)
class Row:
    """One number; without `changed` a line that names those below it and, where `columns`, what they are."""

    name: str
    changed: Changed | None = None
    compared: Compared = NOT_COMPARED
    columns: bool = False

    @property
    def below(self) -> str:
        """What stands below the name: whether it is a statement no more, and the difference against chance."""
        found = self.compared
        larger = f"larger than {found.larger_than} of {found.n}" if found.n else ""
        turn = (
            ""
            if self.changed is None or self.changed.was_positive == self.changed.is_positive
            else _turn(self.changed)
        )
        return " · ".join(
            filter(None, (turn, larger if turn or not found.n else f"{larger}; those {_range(found)}"))
        )

    @property
    def sentence(self) -> str:
        """Return the row in words, for tooltips and screen readers."""
        if self.changed is None:
            return self.name
        one = self.changed
        ends = f"{one.before:.{DIGITS}f} before, {one.after:.{DIGITS}f} after"
        numbers = f"{self.name}: {ends}, difference {signed(one.difference)}"
        return ", ".join(filter(None, (numbers, _turn(one), _against(self.compared))))


def signed(value: float, digits: int = DIGITS) -> str:
    """Return a difference with its sign, without one where it is nothing at these digits."""
    text = f"{abs(value):.{digits}f}"
    return text if float(text) == 0 else f"{'−' if value < 0 else '+'}{text}"


def _turn(one: Changed | None) -> str:
    if one is None or one.was_positive == one.is_positive:
        return "positive" if one is not None and one.was_positive else ""
    return "positive now" if one.is_positive else "positive no more"


def _against(compared: Compared) -> str:
    return f"{compared.words}, those {_range(compared)}" if compared.n else ""


def _range(compared: Compared) -> str:
    smallest, largest = signed(compared.smallest), signed(compared.largest)
    return smallest if smallest == largest else f"{smallest} to {largest}"


def rows_of(
    answer: WhatIf, blocked: frozenset[str], *, all_of_them: bool = False, lef_reason: str = ""
) -> list[Row]:
    """Return every statement that is positive before or after, and those that change most, the largest change first.

    Args:
        answer: to be shown.
        blocked: codes that cannot be assessed in this record beside what its reader states.
        all_of_them: every statement that can be assessed.
        lef_reason: why there is no LEF number; "" where there is one.
    """
    found = [
        Row(
            one.label[:1].upper() + one.label[1:] or one.code,
            one,
            NOT_COMPARED if answer.chance is None else answer.chance.statement(place, one.difference),
        )
        for place, one in enumerate(answer.statements)
        if one.code not in blocked and not one.not_assessable
    ]
    found.sort(key=lambda row: -_size(row))
    if not all_of_them:
        others = [row for row in found if not _is_positive(row.changed) and _size(row) >= LEAST][:MOST]
        found = [row for row in found if _is_positive(row.changed) or row in others]
    rows = [Row("Statements", columns=True), *found]
    if len(found) == 0:
        rows.append(Row("No statement changes by 0.005 or more."))
    if answer.lef is not None and not lef_reason:
        note = ": index, not a probability" if answer.lef.label.endswith("index") else ""
        compared = NOT_COMPARED if answer.chance is None else answer.chance.of_lef(answer.lef.difference)
        rows += [Row(f"LEF{note}"), Row(answer.lef.label, answer.lef, compared)]
    return rows


def _size(row: Row) -> float:
    return 0.0 if row.changed is None else abs(row.changed.difference)


def _is_positive(one: Changed | None) -> bool:
    return one is not None and (one.was_positive or one.is_positive)


class ChangeModel(QAbstractListModel):
    """The rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Take other rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the row for the delegate, or the row in words."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return html.escape(row.sentence)  # a tooltip would take a name's angle brackets for markup
        return (
            row.sentence
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            else None
        )


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        is_heading = index.data(Qt.ItemDataRole.UserRole).changed is None
        return QSize(160, HEADING_PX if is_heading else ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(Qt.ItemDataRole.UserRole)
        place: Any = option  # the binding's stubs leave out what a style option holds
        view: QWidget = place.widget
        area = QRectF(place.rect).adjusted(0, 2, 0, -2)
        painter.save()
        if row.changed is None:
            painter.setFont(tokens.font(view.font(), "caption", bold=True))
            painter.setPen(tokens.colour(view, "secondary"))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, row.name)
            painter.setFont(tokens.font(view.font(), "caption"))
            if row.columns:
                _paint_numbers(painter, area, ("before", "after", "change"))
        else:
            _paint_row(painter, view, row, row.changed, area)
        painter.restore()


def _paint_row(painter: QPainter, view: QWidget, row: Row, one: Changed, area: QRectF) -> None:
    upper = QRectF(area.left(), area.top(), area.width(), area.height() * 0.56)
    lower = QRectF(area.left(), upper.bottom() - 1, area.width(), area.bottom() - upper.bottom() + 1)
    bold = _is_positive(one)
    painter.setFont(tokens.font(view.font(), "body", bold=bold))
    painter.setPen(tokens.colour(view, "text" if bold else "secondary"))
    room = area.width() - 2 * NUMBER_PX - DIFFERENCE_PX - 4
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(upper, middle, _elided(painter, row.name, room))
    _paint_numbers(painter, upper, (f"{one.before:.{DIGITS}f}", f"{one.after:.{DIGITS}f}", ""))
    painter.setFont(tokens.font(view.font(), "body", bold=True))
    painter.setPen(tokens.colour(view, "text"))
    _paint_numbers(painter, upper, ("", "", signed(one.difference)))
    painter.setFont(tokens.font(view.font(), "caption"))
    painter.setPen(tokens.colour(view, "faint"))
    painter.drawText(lower, middle, _elided(painter, row.below, area.width()))


def _paint_numbers(painter: QPainter, area: QRectF, texts: tuple[str, str, str]) -> None:
    right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    ends = (area.right() - DIFFERENCE_PX - NUMBER_PX, area.right() - DIFFERENCE_PX, area.right())
    for text, end in zip(texts, ends, strict=True):
        painter.drawText(QRectF(area.left(), area.top(), end - area.left(), area.height()), right, text)


def _elided(painter: QPainter, text: str, room: float) -> str:
    return QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room)


class ChangeList(QListView):
    """The rows as a list as tall as they are, up to `visible_px`; then it scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = ChangeModel(self)
        self.setModel(self.changes)
        self.setItemDelegate(_Delegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setStyleSheet("QAbstractItemView { background: transparent; }")  # not its tooltip
        self.setAccessibleName("What hiding changes")

    def show_rows(self, rows: Sequence[Row], *, visible_px: int = 10_000) -> None:
        """Show other rows."""
        tall = sum(HEADING_PX if row.changed is None else ROW_PX for row in rows)
        off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(off if tall <= visible_px else Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.changes.show(rows)
        self.setFixedHeight(min(max(tall, ROW_PX), visible_px))
