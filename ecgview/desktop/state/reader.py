"""Who reads, and whether the AI stays closed until the first read is locked: both are settings of the user."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.settings import Settings, Value
from ecgview.errors import EcgviewError


class Reader(QObject):
    """The person at this window.

    Signals:
        name_changed: str.
        blind_changed: bool.
        needed: something was asked that needs the reader's name.
        failed: EcgviewError, a choice could not be kept for the next start.
    """

    name_changed = Signal(str)
    blind_changed = Signal(bool)
    needed = Signal()
    failed = Signal(object)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings

    @property
    def name(self) -> str:
        """Who reads; "" until somebody said so."""
        return self._settings.text("reader.name")

    @property
    def blind(self) -> bool:
        """Whether reads are begun blind: AI stays closed until the first read is locked."""
        return self._settings.flag("reader.blind")

    def set_name(self, name: str) -> None:
        """Say who reads; the open read is begun anew by `Reading.set_reader`."""
        self._set("reader.name", name)
        self.name_changed.emit(name)

    def set_blind(self, on: bool) -> None:
        """Say whether reads are begun blind; what that means for the open one is `ReadSteps.set_blind`."""
        self._set("reader.blind", on)
        self.blind_changed.emit(on)

    def _set(self, key: str, value: Value) -> None:
        try:
            self._settings.set(key, value)
        except EcgviewError as error:
            self.failed.emit(error)
