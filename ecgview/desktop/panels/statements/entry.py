"""Search-as-you-type entry of statements: code, English, Chinese or pinyin initials, then Enter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Text, column
from ecgview.labels import entry
from ecgview.labels.entry import Offer
from ecgview.labels.label_set import FREE_TEXT, LabelSet, Statement

SHOWN = 6
ROW_PX = 28
_CODE_PX = 66
SEVERAL = "Several statements are meant by this. ↓ and Enter take one."
NOTHING = "No statement of this set matches. ↓ and Enter state it in your own words."


class StatementEntry(QWidget):
    """A field with the best matches below it; arrow keys choose, Enter takes, Escape clears, then leaves.

    The reader's own words stand last; those that no table knows are chosen by an arrow key first.

    Signals:
        chosen: Offer.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._label_set: LabelSet | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText("Add a statement: code, English, 中文, pinyin")
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Add a statement")
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.matches = QListWidget()
        self.matches.setFrameShape(QFrame.Shape.NoFrame)
        self.matches.setStyleSheet("QAbstractItemView { background: transparent; }")  # not its tooltip
        self.matches.setItemDelegate(_MatchDelegate(self.matches))
        self.matches.setUniformItemSizes(True)
        self.matches.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.matches.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.matches.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.matches.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.matches.itemClicked.connect(self._take)
        self._nothing = Text(NOTHING, size="caption", tone="secondary")
        whole = column(self, spacing=tokens.SPACE_XS)
        whole.addWidget(self.field)
        whole.addWidget(self.matches)
        whole.addWidget(self._nothing)
        self._search("")

    def set_label_set(self, label_set: LabelSet) -> None:
        """Search another set."""
        self._label_set = label_set
        self._search(self.field.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the arrow keys, Enter and Escape of the field to the list."""
        if watched is not self.field or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        assert isinstance(event, QKeyEvent)
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.matches.count():
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.matches.setCurrentRow((self.matches.currentRow() + step) % self.matches.count())
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if (item := self.matches.currentItem()) is not None:
                self._take(item)
            return True
        if event.key() == Qt.Key.Key_Escape:
            if not self.field.text():
                self.field.clearFocus()
            self.field.clear()
            return True
        return False

    def _search(self, text: str) -> None:
        self.matches.clear()
        found = entry.understand(self._label_set, text, SHOWN) if self._label_set is not None else ()
        for offer in found:
            item = QListWidgetItem(named(offer), self.matches)
            item.setData(Qt.ItemDataRole.UserRole, offer)
            item.setToolTip(words(offer.statement) if offer.label_set != FREE_TEXT else "In your own words")
        self.matches.setCurrentRow(0 if found and found[0].is_known else -1)
        self.matches.setFixedHeight(ROW_PX * len(found))
        self.matches.setVisible(bool(found))
        only_own = all(offer.label_set == FREE_TEXT for offer in found)
        self._nothing.setText(NOTHING if only_own else SEVERAL)
        self._nothing.setVisible(bool(found) and (only_own or not found[0].is_known))

    def _take(self, item: QListWidgetItem) -> None:
        offer = item.data(Qt.ItemDataRole.UserRole)
        self.field.clear()
        self.chosen.emit(offer)


def named(offer: Offer) -> str:
    """Return what would be stated: modifiers, English words, certainty where it is not definite."""
    said = " ".join((*offer.modifiers, offer.statement.english))
    return said if offer.certainty == "definite" else f"{said} ({offer.certainty.replace('_', ' ')})"


def words(statement: Statement) -> str:
    """Return a statement in full: English, Chinese and code."""
    named = " ".join(part for part in (statement.english, statement.chinese) if part)
    return named if statement.code == statement.english else f"{named} ({statement.code})"


class _MatchDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(160, ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        place: Any = option  # the binding's stubs leave out what a style option holds
        offer: Offer = index.data(Qt.ItemDataRole.UserRole)
        view: QWidget = place.widget
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if place.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour(view, "info_ground"))
            painter.drawRoundedRect(QRectF(place.rect), 4, 4)
        area = QRectF(place.rect).adjusted(8, 0, -8, 0)
        self._paint_words(painter, view, area, offer)
        painter.restore()

    def _paint_words(self, painter: QPainter, view: QWidget, area: QRectF, offer: Offer) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(tokens.font(view.font(), "caption"))
        painter.setPen(tokens.colour(view, "secondary"))
        statement = offer.statement
        code = "" if statement.code == statement.english else statement.code
        code = "own words" if offer.label_set == FREE_TEXT else code
        width = min(QFontMetricsF(painter.font()).horizontalAdvance(code), _CODE_PX)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, code)
        painter.setFont(tokens.font(view.font(), "body"))
        painter.setPen(tokens.colour(view, "text"))
        metrics = QFontMetricsF(painter.font())
        room = area.width() - width - 10
        said = f"{named(offer)}  {statement.chinese}".strip()
        painter.drawText(area, middle, metrics.elidedText(said, Qt.TextElideMode.ElideRight, room))
