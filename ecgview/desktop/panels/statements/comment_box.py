"""A few lines of free text that are handed over when the typing pauses."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

PAUSE_MS = 700


class CommentBox(QPlainTextEdit):
    """Free text; `keep` gets it when the typing pauses, when the box is left, and on `flush`.

    While it `is_held` nothing can be typed, pasted or dropped into it, and `refuse` says so for every key.
    """

    def __init__(self, keep: Callable[[str], None], refuse: Callable[[], None]) -> None:
        super().__init__()
        self._keep = keep
        self._refuse = refuse
        self._is_editable = True
        self._is_held = False
        self._kept = ""
        self.setPlaceholderText("Comment")
        self.setAccessibleName("Comment")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(64)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self.textChanged.connect(self._typed)

    def show_comment(self, text: str, is_editable: bool, *, is_other: bool) -> None:
        """Show what is kept; text still being typed is left alone unless it belongs to another read."""
        self._is_editable = is_editable
        self._let()
        is_typing = self._pause.isActive() and not is_other
        if is_typing or (text == self._kept and text == self.toPlainText()):
            return
        self._kept = text
        self.setPlainText(text)
        self._pause.stop()

    @property
    def is_held(self) -> bool:
        """Whether nothing can be typed for a while."""
        return self._is_held

    @is_held.setter
    def is_held(self, on: bool) -> None:
        self._is_held = on
        self._let()

    def _let(self) -> None:
        self.setReadOnly(self._is_held or not self._is_editable)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take what is typed, or say why not."""
        if self._is_held and event.text() and event.text().isprintable():
            self._refuse()
        else:
            super().keyPressEvent(event)

    def flush(self) -> None:
        """Hand over what was typed, now."""
        self._pause.stop()
        if (text := self.toPlainText()) != self._kept:
            self._kept = text
            self._keep(text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keep what was typed when the box is left."""
        super().focusOutEvent(event)
        self.flush()

    def _typed(self) -> None:
        if self.toPlainText() != self._kept:
            self._pause.start()
