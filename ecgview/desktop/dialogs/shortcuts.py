"""The keyboard sheet, made from the same rows as the menus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ecgview.desktop.action import Action
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.menus import rows, shown_keys
from ecgview.desktop.theme import SPACE, set_role

COLUMNS = 3
GESTURES = (
    ("Move the paper", "Drag, wheel"),
    ("Zoom", "Ctrl+wheel"),
    ("Caliper end: one sample, 10 ms", "Arrows, Shift+arrows"),
    ("Other end of the caliper", "Tab"),
    ("Put the caliper away", "Esc"),
)


def show(parent: QWidget) -> Sheet:
    """Open the sheet and return it."""
    sheet = Sheet(parent, "Keyboard shortcuts", scrolls=True)
    columns = QHBoxLayout()
    columns.setSpacing(5 * SPACE)
    groups = [(menu, _lines(entries)) for menu, entries in rows().items()]
    groups.append(("On the trace", list(GESTURES)))
    for share in _shares(groups):
        column = QVBoxLayout()
        column.setSpacing(2 * SPACE)
        for title, lines in share:
            column.addLayout(_group(title, lines))
        column.addStretch(1)
        columns.addLayout(column, 1)
    sheet.body.addLayout(columns)
    sheet.resize(min(1040, parent.width() - 60), min(720, parent.height() - 60))
    sheet.open()
    return sheet


def _lines(entries: tuple[Action, ...]) -> list[tuple[str, str]]:
    return [(row.text.removesuffix(" …"), shown_keys(row)) for row in entries if row.shortcuts]


def _shares(groups: list[tuple[str, list[tuple[str, str]]]]) -> list[list[tuple[str, list[tuple[str, str]]]]]:
    """Return the groups in columns of about equal height, order kept."""
    total = sum(len(lines) + 2 for _, lines in groups)
    columns: list[list[tuple[str, list[tuple[str, str]]]]] = [[] for _ in range(COLUMNS)]
    filled = 0
    for group in groups:
        height = len(group[1]) + 2
        columns[min(COLUMNS - 1, int((filled + height / 2) * COLUMNS / total))].append(group)
        filled += height
    return columns


def _group(title: str, lines: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(5)
    grid.setHorizontalSpacing(2 * SPACE)
    grid.setColumnStretch(0, 1)
    heading = QLabel(title)
    set_role(heading, "section")
    grid.addWidget(heading, 0, 0, 1, 2)
    for index, (text, keys) in enumerate(lines, 1):
        grid.addWidget(QLabel(text), index, 0)
        key = QLabel(keys)
        set_role(key, "key")
        grid.addWidget(key, index, 1, Qt.AlignmentFlag.AlignRight)
    return grid
