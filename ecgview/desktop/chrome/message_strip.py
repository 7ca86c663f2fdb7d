"""One line above the trace that says what happened, with the details on request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ecgview.desktop.chrome import strip
from ecgview.desktop.messages import Level, Message
from ecgview.desktop.state.hand import Hand
from ecgview.desktop.theme import SPACE, set_role

SHOWN_MS = 6000  # an info goes away by itself; a warning or an error stays until it is closed


class MessageStrip(QFrame):
    """Hidden while there is nothing to say."""

    def __init__(self, hand: Hand, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hand = hand
        self.text = strip.text()
        self.details = QLabel()
        self.details.setTextFormat(Qt.TextFormat.PlainText)
        self.details.setWordWrap(True)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        set_role(self.details, "muted")
        self.more = _link("Details", self._toggle)
        self.close_button = _link("Close", self.hide)
        whole = QVBoxLayout(self)
        strip.keep_margins(whole)
        whole.setSpacing(4)
        whole.addLayout(strip.line(self.text, self.more, self.close_button))
        whole.addWidget(self.details)
        self._about: Path | None = None
        self._level: Level = "info"
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(lambda: hand.when_free(self, self.hide))
        self.hide()

    def show_message(self, message: Message) -> None:
        """Say one thing, once the hand is off the trace; it replaces what was said before."""
        self._hand.when_free(self, lambda: self._say(message))

    def _say(self, message: Message) -> None:
        self._about, self._level = message.about, message.level
        self.text.setText(message.text)
        self.details.setText(message.details)
        self.details.hide()
        self.more.setVisible(bool(message.details))
        self.more.setText("Details")
        set_role(self, message.level)
        self.show()
        if message.level == "info":
            self._timer.start()
        else:
            self._timer.stop()

    def keep_about(self, path: Path | None, *, is_open: bool) -> None:
        """Take away what is about another record than this one, and why it was not open where it is now."""
        is_over = self._about != path or (is_open and self._level == "error")
        if self._about is not None and is_over:
            self.forget()

    def forget(self) -> None:
        """Take away what was said, whatever it was about."""
        self._timer.stop()
        self.hide()
        self.text.clear()
        self.details.clear()

    def _toggle(self) -> None:
        self.details.setVisible(self.details.isHidden())
        self.more.setText("Details" if self.details.isHidden() else "Less")


class ReaderStrip(QFrame):
    """Asks once, in place, who reads; nothing waits for it but the reading itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Your name")
        self.field.setAccessibleName("Name of the reader")
        self.button = QPushButton("Begin reading")
        set_role(self.button, "primary")
        question = QLabel("Who reads? Your name is kept with every read you save.")
        question.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * SPACE, SPACE + 4, 2 * SPACE, SPACE + 4)
        whole.addWidget(question)
        whole.addLayout(row)
        set_role(self, "info")


def _link(text: str, run: object) -> QPushButton:
    made = QPushButton(text)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(run)
    set_role(made, "link")
    return made
