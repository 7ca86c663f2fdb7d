"""A measured value as text that can be clicked: marked in words where a reader must not overlook something."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.signal.measure import block

if TYPE_CHECKING:
    from ecgview.signal.device_values import Compared
    from ecgview.signal.measurements import Measurement


class MeasuredValue(QAbstractButton):
    """The value of one measurement, or those of one place of the block; a click, Space or Enter points at the trace."""

    def __init__(self, point_at: Callable[[Measurement], object], *, right: bool = False) -> None:
        super().__init__()
        self._point_at, self._right = point_at, right
        self._items: tuple[Measurement, ...] = ()
        self._marks: tuple[str, ...] = ()
        self._can = False  # it knows where it was measured
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._go)

    def show_entry(self, entry: block.Entry) -> None:
        """Show a place of the block; its marks are a colour here, and words that stand below it."""
        self._show(entry.text, entry.values, entry.marks, says_marks=False)

    def show_value(self, item: Measurement, marks: Sequence[str] = ()) -> None:
        """Show one value, without its unit; `marks` are words behind it."""
        self._show(
            f"{block.number(item)}{f' {arrow}' if (arrow := block.arrow(item)) else ''}",
            (item,),
            tuple(marks),
        )

    def _show(
        self, text: str, items: tuple[Measurement, ...], marks: tuple[str, ...], *, says_marks: bool = True
    ) -> None:
        if (items, marks) == (self._items, self._marks):
            return
        self._items, self._marks = items, marks
        whole, hint = " ".join((text, *marks)), self.sizeHint()
        self.setText(whole if says_marks else text)
        self.setAccessibleName(whole)
        self.setToolTip("\n\n".join(map(block.told, items)))
        self.setAccessibleDescription(self.toolTip())
        can = any(one.where_s is not None for one in items)
        self._can = can
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if can else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor)
        if self.sizeHint() != hint:  # else a whole panel would be laid out anew at each step of a drag
            self.updateGeometry()
        self.update()

    def _go(self) -> None:
        item = next((one for one in self._items if one.where_s is not None), None)
        if item is not None:
            self._point_at(item)

    def sizeHint(self) -> QSize:
        """Return the text on one line."""
        metrics = QFontMetrics(tokens.font(self.font(), "body", bold=True))
        return QSize(metrics.horizontalAdvance(self.text()) + 4, metrics.height() + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the text; underlined where it can be clicked and the mouse or the keys are on it."""
        is_meant = self._can and (self.underMouse() or self.hasFocus())
        with QPainter(self) as painter:
            font = tokens.font(self.font(), "body", bold=True)
            font.setUnderline(is_meant)
            painter.setFont(font)
            tone = "warning" if self._marks else "accent" if is_meant else "text"
            painter.setPen(tokens.colour(self, tone))
            side = Qt.AlignmentFlag.AlignRight if self._right else Qt.AlignmentFlag.AlignLeft
            painter.drawText(self.rect(), int((side | Qt.AlignmentFlag.AlignVCenter).value), self.text())

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew in other colours."""
        super().changeEvent(event)
        self.update()


class MeasuredTable(QWidget):
    """Rows of measurements: name, value, unit; below them what must not be overlooked, and what the file says.

    Rows are made when other values are named; where only numbers change they stay.
    """

    def __init__(self, point_at: Callable[[Measurement], object]) -> None:
        super().__init__()
        self._point_at = point_at
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.SPACE_S)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self._names: tuple[tuple[str, str], ...] = ()
        self._shown: dict[str, tuple[Measurement, Compared | None]] = {}
        self._rows: list[tuple[Text, MeasuredValue, Text, Text]] = []

    def show_values(self, items: Sequence[Measurement], filed: Mapping[str, Compared]) -> None:
        """Show these values; `filed` is what the file says of the same quantities, by name."""
        names = tuple((one.name, one.unit) for one in items)
        if names != self._names:
            self._make(items)
            self._names = names
        for (name, value, _, beside), item in zip(self._rows, items, strict=True):
            if self._shown.get(item.name) == (item, filed.get(item.name)):
                continue
            self._shown[item.name] = item, filed.get(item.name)
            words, tone = _beside(item, filed.get(item.name))
            name.setToolTip(block.told(item))
            value.show_value(item)
            beside.setText(words)
            beside.set_tone(tone)
            beside.setVisible(bool(words))

    def _make(self, items: Sequence[Measurement]) -> None:
        for row in self._rows:
            for part in row:
                self._grid.removeWidget(part)
                part.hide()
                part.deleteLater()
        self._rows, self._shown = [], {}
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for index, item in enumerate(items):
            name = Text(item.name, elide=True)
            value = MeasuredValue(self._point_at, right=True)
            unit = Text(
                block.UNITS.get(item.unit, item.unit).strip(), size="caption", tone="secondary", wrap=False
            )
            unit.setMinimumWidth(34)
            beside = Text("", size="caption", tone="faint")
            beside.setAlignment(Qt.AlignmentFlag.AlignRight)
            beside.hide()
            self._grid.addWidget(name, 2 * index, 0)
            self._grid.addWidget(value, 2 * index, 1, right)
            self._grid.addWidget(unit, 2 * index, 2)
            self._grid.addWidget(beside, 2 * index + 1, 0, 1, 3)
            self._rows.append((name, value, unit, beside))


def _beside(item: Measurement, filed: Compared | None) -> tuple[str, str]:
    """Return what stands below a value, and its tone; "" where it is as usual, sure and computed."""
    said = []
    if filed is not None:
        whose = f"ecgview {filed.version} in the file" if filed.version else "file"
        said.append(f"{whose} {filed.value:g}" + (", differs" if filed.differs else ""))
    if side := block.in_words(item):
        said.append(side.partition(" (")[0])
    if item.source == "edited":
        said.append(f"edited by {item.by}" if item.by else "edited")
        if item.before is not None:
            said.append(f"was {block.number(replace(item, value=item.before))}")
    if item.confidence == "low":
        said.append("uncertain")
    is_marked = (
        (bool(side) and not block.is_quiet(item))
        or item.source == "edited"
        or item.confidence == "low"
        or (filed is not None and filed.differs)
    )
    return ", ".join(said), "warning" if is_marked else "faint"
