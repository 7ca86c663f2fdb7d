"""What the strips above the trace are made of: a text that wraps, and buttons behind it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QSizePolicy, QWidget

from ecgview.desktop.theme import SPACE


def text() -> QLabel:
    """Return the text: of any length, for it takes the lines that it needs."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return made


def line(words: QLabel, *behind: QWidget) -> QHBoxLayout:
    """Return the text with what stands behind it."""
    made = QHBoxLayout()
    made.setSpacing(SPACE)
    made.addWidget(words, 1)
    for one in behind:
        made.addWidget(one)
    return made


def keep_margins(layout: QLayout) -> None:
    """Give a strip the margins of all strips."""
    layout.setContentsMargins(2 * SPACE, SPACE - 2, SPACE, SPACE - 2)
