"""What the window tells its user: every line and every error of every part goes through here.

File names tell diagnoses: nothing is told before the names that are closed were taken out of it (W2).
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ecgview.desktop import messages
from ecgview.desktop.messages import Level, Message
from ecgview.desktop.state.neutral_names import Names
from ecgview.errors import EcgviewError

UNEXPECTED = "This did not work because of an error in ecgview."


class Telling(QObject):
    """Says one thing at a time.

    Signals:
        posted: Message, as it may be shown.
        unexpected: Exception, a bug to be told in a dialog.
    """

    posted = Signal(object)
    unexpected = Signal(object)

    def __init__(self, names: Names, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names = names

    def post(self, text: str, level: Level = "info", details: str = "", about: Path | None = None) -> None:
        """Put one line into the message strip; what is `about` a record leaves with it."""
        self.posted.emit(self._names.message(Message(text, level, details, about)))

    def fail(self, error: Exception, about: Path | None = None) -> None:
        """Tell an error: one line if the user can understand it, else a dialog with a report."""
        if isinstance(error, EcgviewError):
            self.posted.emit(self._names.message(messages.from_error(error, about), error))
        else:
            self.unexpected.emit(error)

    def reason(self, error: Exception) -> str:
        """Return why something failed, as the part that asked for it shows it; a bug is told in a dialog, too."""
        if isinstance(error, EcgviewError):
            return error.sentence
        self.unexpected.emit(error)
        return UNEXPECTED
