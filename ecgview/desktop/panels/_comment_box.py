"""A few lines of free text that are handed over when the typing pauses."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

PAUSE_MS = 700


class CommentBox(QPlainTextEdit):
    """Free text; `keep` gets it when the typing pauses, when the box is left, and on `flush`."""

    def __init__(self, keep: Callable[[str], None]) -> None:
        super().__init__()
        self._keep = keep
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
        self.setReadOnly(not is_editable)
        is_typing = self._pause.isActive() and not is_other
        if is_typing or (text == self._kept and text == self.toPlainText()):
            return
        self._kept = text
        self.setPlainText(text)
        self._pause.stop()

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
