"""What the read says so far: one row per statement with its certainty, one row per mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from ecgview.desktop.panels.kit.widgets import Text, clear, column, row
from ecgview.labels import label_set as label_sets
from ecgview.labels import modifiers
from ecgview.review.annotation import Annotation
from ecgview.review.read import Certainty, ReadStatement

_T = TypeVar("_T")
PLACE_PX = 128
ARROW = """QToolButton { padding-right: 16px; }
QToolButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: right center; right: 2px; }"""


class StatementRows(QWidget):
    """The statements made, in the order they were made.

    Signals:
        certainty_chosen: (ReadStatement, Certainty). modifiers_chosen: (ReadStatement, modifiers).
        removed: ReadStatement.
    """

    certainty_chosen = Signal(object, object)
    modifiers_chosen = Signal(object, object)
    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rows = column(self, spacing=2)
        self._keys: tuple[object, ...] = ()
        self.buttons: list[CertaintyButton] = []

    def show_statements(self, statements: Sequence[ReadStatement], is_editable: bool) -> None:
        """Show these statements; rows that stay keep the keyboard focus."""
        keys = (is_editable, *((item.key, item.modifiers) for item in statements))
        if keys != self._keys or not statements:
            self._keys = keys
            self._rebuild(statements, is_editable)
        for button, item in zip(self.buttons, statements, strict=False):
            button.show_certainty(item.certainty)

    def _rebuild(self, statements: Sequence[ReadStatement], is_editable: bool) -> None:
        clear(self._rows)
        self.buttons = []
        if not statements:
            self._rows.addWidget(Text("No statement yet.", tone="secondary"))
        for item in statements:
            name = Text(item.words(label_sets.name_of(item.label_set, item.code)))
            name.setAccessibleDescription(item.code)
            button = CertaintyButton(f"Certainty of {item.code}", partial(self.certainty_chosen.emit, item))
            button.offer_modifiers(item.modifiers, partial(self.modifiers_chosen.emit, item))
            button.setEnabled(is_editable)
            self.buttons.append(button)
            parts: list[QWidget | int] = [name, button]
            if is_editable:
                parts.append(_remove(f"Remove {item.code}", partial(self.removed.emit, item)))
            line = row(*parts, spacing=2)
            line.setStretch(0, 1)
            line.setAlignment(name, Qt.AlignmentFlag.AlignVCenter)
            self._rows.addLayout(line)


class CertaintyButton(QToolButton):
    """How sure the reader is, as a word that opens a menu of the four."""

    def __init__(self, name: str, choose: Callable[[Certainty], object]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setStyleSheet(ARROW)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(self)
        for certainty in Certainty:
            menu.addAction(certainty.words).triggered.connect(partial(_call, choose, certainty))
        self.setMenu(menu)

    def offer_modifiers(self, held: tuple[str, ...], choose: Callable[[tuple[str, ...]], object]) -> None:
        """Offer age and site below the certainties; what is chosen again is taken back."""
        for title, choices in (("Age", modifiers.AGES), ("Site", modifiers.SITES)):
            part = self.menu().addMenu(title)
            for one in choices:
                others = tuple(other for other in held if other not in choices)
                wanted = others if one in held else modifiers.in_order((*others, one))
                entry = part.addAction(one)
                entry.setCheckable(True)
                entry.setChecked(one in held)
                entry.triggered.connect(partial(_call, choose, wanted))

    def show_certainty(self, certainty: Certainty) -> None:
        """Show this certainty."""
        self.setText(certainty.words)


class MarkRows(QWidget):
    """The marks on the signal: where, when and what.

    Signals:
        removed: Annotation.
    """

    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rows = column(self, spacing=2)
        self._shown: tuple[object, ...] | None = None

    def show_marks(self, marks: Sequence[Annotation], is_editable: bool) -> None:
        """Show these marks, earliest first."""
        if (is_editable, *marks) == self._shown:
            return
        self._shown = (is_editable, *marks)
        clear(self._rows)
        if not marks:
            hint = "No marks. In the annotate view, drag over a lead to mark a stretch."
            self._rows.addWidget(Text(hint, size="caption", tone="secondary"))
        for mark in sorted(marks, key=lambda mark: (mark.start_s, mark.end_s)):
            where = Text(place(mark), size="caption", tone="secondary", wrap=False)
            where.setMinimumWidth(PLACE_PX)
            what = Text(mark.title or "mark", elide=True)
            parts: list[QWidget | int] = [where, what]
            if is_editable:
                parts.append(_remove(f"Remove the mark {place(mark)}", partial(self.removed.emit, mark)))
            line = row(*parts)
            line.setStretch(1, 1)
            self._rows.addLayout(line)


def place(mark: Annotation) -> str:
    """Return lead and span of a mark: "V2, 1.20–1.45 s"."""
    leads = " ".join(mark.leads) if mark.leads else "all leads"
    span = f"{mark.start_s:.2f}" if mark.start_s == mark.end_s else f"{mark.start_s:.2f}–{mark.end_s:.2f}"
    return f"{leads}, {span} s"


def _remove(name: str, run: Callable[[], object]) -> QToolButton:
    button = QToolButton()
    button.setText("×")
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setFixedSize(QSize(26, 26))
    button.setAutoRaise(True)
    button.clicked.connect(lambda: run())
    return button


def _call(choose: Callable[[_T], object], chosen: _T, _checked: bool = False) -> None:
    choose(chosen)
