"""The keyboard sheet, made from the same rows as the menus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from ecgview.desktop.action import Action
from ecgview.desktop.chrome.menus import rows, shown_keys
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.theme import SPACE, set_role

COLUMNS = 3
GESTURES = (
    ("Move the paper", "Drag, wheel, Space+drag"),
    ("Zoom", "Ctrl+wheel"),
    ("Zoom to a lead, and back", "Double click"),
    ("Menu of a caliper, mark or place", "Right click"),
    ("Next caliper or mark", "Alt+←→"),
    ("Move its end: one sample, 10 ms", "←→, Shift+←→"),
    ("Its other end", "Tab"),
    ("Caliper end at a peak", "Alt+drag"),
    ("A new mark inside another", "Ctrl+drag"),
    ("Remove it", "Delete"),
    ("Out of the mode, calipers away", "Esc"),
)


def show(parent: QWidget) -> Sheet:
    """Open the sheet and return it."""
    sheet = Sheet(parent, "Keyboard shortcuts", scrolls=True)
    columns = QHBoxLayout()
    columns.setSpacing(5 * SPACE)
    lines = [line for menu, entries in rows().items() for line in _lines(menu, entries)]
    lines += [("", "On the trace"), *GESTURES]
    for share in _shares(lines):
        columns.addLayout(_column(share), 1)
    sheet.body.addLayout(columns)
    sheet.body.addStretch(1)
    sheet.resize(min(1180, parent.width() - 40), min(780, parent.height() - 40))
    sheet.open()
    return sheet


def _lines(menu: str, entries: tuple[Action, ...]) -> list[tuple[str, str]]:
    """Return a title, as ("", title), and its rows, as (text, keys)."""
    shown = [(row.text.removesuffix(" …"), shown_keys(row)) for row in entries if row.shortcuts]
    return [("", menu), *shown]


def _shares(lines: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return the lines in columns of equal length; a title never stands last in a column."""
    shares: list[list[tuple[str, str]]] = []
    rest, title = lines, ""
    for left in range(COLUMNS, 0, -1):
        length = -(-len(rest) // left)
        while left > 1 and length > 1 and not rest[length - 1][0]:
            length -= 1
        share, rest = rest[:length], rest[length:]
        if title and share and share[0][0]:
            share = [("", f"{title} (continued)"), *share]
        title = next((keys for text, keys in reversed(share) if not text), title).removesuffix(" (continued)")
        shares.append(share)
    return shares


def _column(lines: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(2)
    grid.setHorizontalSpacing(SPACE)
    grid.setColumnStretch(0, 1)
    for index, (text, keys) in enumerate(lines):
        if text:
            key = QLabel(keys)
            set_role(key, "key")
            grid.addWidget(QLabel(text), index, 0)
            grid.addWidget(key, index, 1, Qt.AlignmentFlag.AlignRight)
        else:
            heading = QLabel(keys)
            set_role(heading, "section")
            heading.setContentsMargins(0, SPACE if index else 0, 0, 0)
            grid.addWidget(heading, index, 0, 1, 2)
    grid.setRowStretch(len(lines), 1)
    return grid
