"""One criterion in one line, its numbers below; a click unfolds definition, publication, reason and the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Choice, Facts, Text, clear, column, row

if TYPE_CHECKING:
    from ecgview.desktop.state.criteria import Criteria
    from ecgview.signal.criteria.criterion import Criterion

SIGN_PX = 14


class CriterionRow(QWidget):
    """A criterion with its state in words.

    Signals:
        unfolded: its code, and whether all of it is shown now.
    """

    unfolded = Signal(str, bool)

    def __init__(self, one: Criterion, criteria: Criteria, is_unfolded: bool) -> None:
        super().__init__()
        self._one, self._criteria = one, criteria
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

    def _fill(self) -> None:
        clear(self._below)
        one = self._one
        if one.state == "met" and one.evidence:
            self._below.addWidget(Text(one.evidence, size="caption", tone="secondary"))
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
    """The name, cut where it is too long, and the state at the right."""

    def __init__(self, one: Criterion, is_unfolded: bool) -> None:
        super().__init__()
        self.is_unfolded = is_unfolded
        self._one = one
        name = f"{one.name} ({one.choice})" if one.choice else one.name
        self.setText(name)
        self.setToolTip(f"{name}: {one.state}\n{one.definition}\n{one.publication}")
        self.setAccessibleName(f"{name}: {one.state}")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Return one line."""
        return QSize(120, self.fontMetrics().height() + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the sign, the name and the state in words, none of it green."""
        one = self._one
        met = one.state == "met"
        tone = "error" if met and one.critical else "text" if met else "secondary"
        with QPainter(self) as painter:
            font = tokens.font(self.font(), "body", bold=met)
            font.setUnderline(self.underMouse() or self.hasFocus())
            painter.setFont(font)
            painter.setPen(tokens.colour(self, tone))
            metrics = painter.fontMetrics()
            state_px = metrics.horizontalAdvance(one.state)
            area = self.rect()
            side, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
            painter.drawText(area, int((side | middle).value), one.state)
            room = area.adjusted(SIGN_PX, 0, -state_px - tokens.SPACE_S, 0)
            text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int((Qt.AlignmentFlag.AlignLeft | middle).value), text)
            sign = "▾" if self.is_unfolded else "▸"
            font.setUnderline(False)
            painter.setFont(font)
            painter.setPen(tokens.colour(self, "faint"))
            painter.drawText(area, int((Qt.AlignmentFlag.AlignLeft | middle).value), sign)
