"""Signed horizontal bars around a zero line, drawn by hand; one row can be chosen by mouse or arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ecgview.counts import probability
from ecgview.desktop.panels.kit import tokens
from ecgview.results import Contribution

ROW_PX = 30
_NAME_SHARE = 0.46
_NUMBER_PX = 58


class SignedBars(QWidget):
    """Contributions as bars: to the right what raises the output, to the left what lowers it.

    Signals:
        row_chosen: index of the row chosen, -1 for none.
    """

    row_chosen = Signal(int)

    def __init__(self, items: Sequence[Contribution]) -> None:
        super().__init__()
        self._items = tuple(items)
        self._chosen = -1
        self._reach = max((abs(item.contribution) for item in self._items), default=0.0) or 1.0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Contributions")
        self.setAccessibleDescription("; ".join(sentence(item) for item in self._items))

    @property
    def items(self) -> tuple[Contribution, ...]:
        """The rows, from the top."""
        return self._items

    def choose(self, index: int) -> None:
        """Choose a row; choosing it again, or a row that is not there, chooses none."""
        valid = 0 <= index < len(self._items) and index != self._chosen
        self._chosen = index if valid else -1
        self.update()
        self.row_chosen.emit(self._chosen)

    def mark(self, predictor: str) -> None:
        """Mark the row of a predictor, none where there is no such row; tells nobody."""
        names = [item.predictor for item in self._items]
        self._chosen = names.index(predictor) if predictor in names else -1
        self.update()

    def sizeHint(self) -> QSize:
        """Return one row's height for every item."""
        return QSize(280, ROW_PX * len(self._items))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the mouse."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.choose(int(event.position().y()) // ROW_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk through the rows with the arrow keys; Enter takes the choice away."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.choose(max(self._chosen, 0))
            return
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        if (index := min(max(self._chosen + step, 0), len(self._items) - 1)) != self._chosen:
            self.choose(index)

    def event(self, event: QEvent) -> bool:
        """Offer the row in words."""
        if event.type() == QEvent.Type.ToolTip:
            index = int(event.pos().y()) // ROW_PX  # type: ignore[attr-defined]
            if 0 <= index < len(self._items):
                QToolTip.showText(event.globalPos(), sentence(self._items[index]), self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every row, then the zero line through all of them."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            area = self._bar_area()
            for index, item in enumerate(self._items):
                self._paint_row(painter, item, index, area)
            painter.fillRect(
                QRectF(area.center().x() - 0.5, 0, 1, self.height()), tokens.colour(self, "faint")
            )

    def _bar_area(self) -> QRectF:
        left = self.width() * _NAME_SHARE
        return QRectF(left, 0, max(40.0, self.width() - left - _NUMBER_PX), self.height())

    def _paint_row(self, painter: QPainter, item: Contribution, index: int, area: QRectF) -> None:
        top = float(index * ROW_PX)
        if index == self._chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour(self, "surface"))
            painter.drawRoundedRect(QRectF(0, top + 1, self.width(), ROW_PX - 2), 4, 4)
            painter.setBrush(tokens.colour(self, "accent"))
            painter.drawRect(QRectF(0, top + 4, 3, ROW_PX - 8))
        middle, right = (
            Qt.AlignmentFlag.AlignVCenter,
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
        )
        painter.setFont(tokens.font(self.font(), "body"))
        painter.setPen(tokens.colour(self, "text"))
        value = _written(item)
        metrics = QFontMetricsF(painter.font())
        name_width = area.left() - 12 - metrics.horizontalAdvance(value if len(value) > 5 else "00.00")
        name = metrics.elidedText(item.predictor, Qt.TextElideMode.ElideRight, name_width)
        painter.drawText(QRectF(4, top, name_width, ROW_PX), middle, name)
        painter.drawText(
            QRectF(area.right(), top, self.width() - area.right() - 4, ROW_PX),
            right,
            signed(item.contribution),
        )
        painter.setPen(tokens.colour(self, "secondary"))
        painter.drawText(QRectF(4, top, area.left() - 10, ROW_PX), right, value)
        length = item.contribution / self._reach * (area.width() / 2 - 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.colour(self, "positive" if length >= 0 else "negative"))
        bar = QRectF(area.center().x(), top + 8, length, ROW_PX - 16).normalized()
        painter.drawRoundedRect(bar, 2, 2)


def _written(item: Contribution) -> str:
    """Return the predictor's value in few signs: a probability as everywhere, another one with two decimals."""
    if isnan(item.value):
        return ""
    return probability(item.value) if "P(" in item.predictor else f"{item.value:.2f}"


def signed(value: float, digits: int = 3) -> str:
    """Return the number with its sign; zero has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def sentence(item: Contribution) -> str:
    """Return one contribution in words."""
    verb = "raises" if item.contribution >= 0 else "lowers"
    value = "" if isnan(item.value) else f" = {item.value:.3f}"
    return f"{item.predictor}{value} {verb} the output by {abs(item.contribution):.3f}"
