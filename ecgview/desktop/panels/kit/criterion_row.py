"""One criterion in one line, its numbers below; a click unfolds definition, publication, reason and the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Choice, Facts, Text, clear, column, row

if TYPE_CHECKING:
    from ecgview.desktop.state.criteria import Criteria
    from ecgview.signal.criteria.criterion import Criterion

SIGN_PX = 14
WRAPPED = int((Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop).value) | int(
    Qt.TextFlag.TextWordWrap.value
)


class CriterionRow(QWidget):
    """A criterion with its state in words.

    Signals:
        unfolded: its code, and whether all of it is shown now.
    """

    unfolded = Signal(str, bool)

    def __init__(self, one: Criterion, criteria: Criteria, is_unfolded: bool) -> None:
        super().__init__()
        self._one, self._criteria = one, criteria
        self._numbers: Text | None = None
        whole = column(self, spacing=2)
        self.head = _Head(one, is_unfolded)
        self.head.clicked.connect(self._turn)
        whole.addWidget(self.head)
        self._below = column(spacing=tokens.SPACE_XS)
        self._below.setContentsMargins(SIGN_PX, 0, 0, tokens.SPACE_XS)
        whole.addLayout(self._below)
        self._fill()

    def _turn(self) -> None:
        self.head.is_unfolded = not self.head.is_unfolded
        self._fill()
        self.unfolded.emit(self._one.code, self.head.is_unfolded)

    def show_criterion(self, one: Criterion) -> None:
        """Show what came out now of the same criterion; where only its numbers are others, no widget is made."""
        before, self._one = self._one, one
        if one == before:
            return
        self.head.show_criterion(one)
        is_same = (one.state, bool(one.evidence)) == (before.state, bool(before.evidence))
        if not is_same or self.head.is_unfolded:
            self._fill()
        elif self._numbers is not None:
            self._numbers.setText(one.evidence)

    def _fill(self) -> None:
        clear(self._below)
        one, self._numbers = self._one, None
        if one.state == "met" and one.evidence:
            self._numbers = Text(one.evidence, size="caption", tone="secondary")
            self._below.addWidget(self._numbers)
        if not self.head.is_unfolded:
            return
        rows = [
            ("Rule", one.definition),
            ("Published", one.publication),
            ("Not asked of", "" if not one.needs else f"others than: {one.needs}"),
            ("Numbers", "" if one.state == "met" else one.numbers),
            ("Note", one.reason),
            ("Leads", ", ".join(one.leads)),
            ("", "" if one.validated else "Shown, not validated."),
        ]
        self._below.addWidget(Facts(rows, name_width=64))
        if one.choices:
            self._below.addLayout(row(Text("By", size="caption", tone="secondary"), self._choice(), 1))
        if one.where_s is not None:
            there = QPushButton("Show on the trace")
            there.clicked.connect(lambda: self._criteria.point_at(one))
            self._below.addLayout(row(there, 1))

    def _choice(self) -> Choice:
        one = self._one
        made = Choice(f"Definition of {one.name}")
        made.addItems(list(one.choices))
        made.setCurrentText(one.choice)
        made.setMinimumWidth(140)
        made.currentTextChanged.connect(lambda name: self._criteria.choose(one.code, name))
        return made


class _Head(QAbstractButton):
    """The name, on as many lines as it needs, and the state at the right."""

    def __init__(self, one: Criterion, is_unfolded: bool) -> None:
        super().__init__()
        self.is_unfolded = is_unfolded
        self.show_criterion(one)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_criterion(self, one: Criterion) -> None:
        """Show another outcome."""
        self._one = one
        name = f"{one.name} ({one.choice})" if one.choice else one.name
        self.setText(name)
        self.setToolTip(f"{name}: {one.state}\n{one.definition}\n{one.publication}")
        self.setAccessibleName(f"{name}: {one.state}")
        if self.isVisible() and self.minimumHeight() != (needed := self.heightForWidth(self.width())):
            self.setMinimumHeight(needed)
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Return that a narrower place makes the name taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the whole name beside its state."""
        metrics = QFontMetrics(self._font())
        room = width - SIGN_PX - metrics.horizontalAdvance(self._one.state) - tokens.SPACE_S
        bounds = metrics.boundingRect(0, 0, max(room, 1), 10_000, WRAPPED, self.text())
        return max(bounds.height(), metrics.height()) + 4

    def _font(self) -> QFont:
        return tokens.font(self.font(), "body", bold=self._one.state == "met")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the height that the name needs."""
        super().resizeEvent(event)
        if self.minimumHeight() != (needed := self.heightForWidth(self.width())):
            self.setMinimumHeight(needed)

    def sizeHint(self) -> QSize:
        """Return one line."""
        return QSize(120, QFontMetrics(self._font()).height() + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the sign, the name and the state in words, none of it green."""
        one = self._one
        met = one.state == "met"
        tone = "error" if met and one.critical else "text" if met else "secondary"
        with QPainter(self) as painter:
            font = self._font()
            font.setUnderline(self.underMouse() or self.hasFocus())
            painter.setFont(font)
            painter.setPen(tokens.colour(self, tone))
            metrics = painter.fontMetrics()
            state_px = metrics.horizontalAdvance(one.state)
            area = self.rect().adjusted(0, 2, 0, 0)
            side, top = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignTop
            painter.drawText(area, int((side | top).value), one.state)
            room = area.adjusted(SIGN_PX, 0, -state_px - tokens.SPACE_S, 0)
            painter.drawText(room, WRAPPED, self.text())
            sign = "▾" if self.is_unfolded else "▸"
            font.setUnderline(False)
            painter.setFont(font)
            painter.setPen(tokens.colour(self, "faint"))
            painter.drawText(area, int((Qt.AlignmentFlag.AlignLeft | top).value), sign)
