"""Letters are for the trace: where words are typed or looked for, a letter is a letter and no command."""

from __future__ import annotations

import contextlib

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_TAKES_LETTERS = (
    QAbstractItemView,  # types ahead
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTextEdit,
)
_WITHOUT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.KeypadModifier,
)


class LetterKeys(QObject):
    """Keeps the letter shortcuts of a window away from what takes letters itself, and from other windows.

    Only the widget that has the keys is watched, so that no other event passes through here.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._watched: QWidget | None = None
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)
            self._follow(None, application.focusWidget())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim a letter before the shortcuts of the window see it."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and is_letter(event)
            and isinstance(watched, QWidget)
            and takes_letters(watched, self._window)
        ):
            event.accept()
            return True
        return False

    def _follow(self, _before: QWidget | None, now: QWidget | None) -> None:
        if self._watched is not None:
            with contextlib.suppress(RuntimeError):  # a sheet that closes may have taken it along
                self._watched.removeEventFilter(self)
                self._watched.destroyed.disconnect(self._forget)
        self._watched = now
        if now is not None:
            now.installEventFilter(self)
            now.destroyed.connect(self._forget)

    def _forget(self) -> None:
        self._watched = None


def is_letter(event: QKeyEvent) -> bool:
    """Return whether a key stands for one printed character, not for a command with Ctrl or Alt."""
    return event.modifiers() in _WITHOUT and event.text().isprintable() and bool(event.text().strip())


def takes_letters(widget: QWidget, window: QWidget) -> bool:
    """Return whether letters belong to this widget: a field, a list, a menu, or anything in another window."""
    return widget.window() is not window or isinstance(widget, _TAKES_LETTERS)
