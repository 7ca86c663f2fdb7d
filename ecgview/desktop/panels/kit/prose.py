"""Prose that is there but does not take the panel: one line, and all of it on request."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Text, column, row
from ecgview.desktop.theme import set_role


class Prose(QWidget):
    """A paragraph shown as its first line with "more", which opens the whole of it in place."""

    def __init__(self, text: str, *, tone: str = "secondary") -> None:
        super().__init__()
        self.line = Text(text, size="caption", tone=tone, elide=True)
        self.whole = Text(text, size="caption", tone=tone)
        self.whole.hide()
        self.more = QPushButton("more")
        self.more.setCursor(Qt.CursorShape.PointingHandCursor)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.setAccessibleName("Show all of the text")
        self.more.clicked.connect(lambda: self.unfold(self.whole.isHidden()))
        set_role(self.more, "prose")
        self.more.setFixedWidth(self.more.fontMetrics().horizontalAdvance("more") + tokens.SPACE_S)
        inside = column(self, spacing=0)
        inside.addWidget(self.whole)
        inside.addLayout(row(self.line, self.more, spacing=tokens.SPACE_XS))

    def unfold(self, on: bool) -> None:
        """Show the whole text, or its first line."""
        self.whole.setVisible(on)
        self.line.setVisible(not on)
        self.more.setText("less" if on else "more")
