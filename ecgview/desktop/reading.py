"""The read of the open record: who reads, whether blind, the session, and what the store keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.settings import Settings
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


class Reading(QObject):
    """Owns the store and the session of the open record.

    There is no session before a reader gave a name: a read without a reader is none.

    Signals:
        session_changed: ReadingSession | None, after every edit and every change of state.
    """

    session_changed = Signal(object)

    def __init__(self, store_path: Path | None, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.store = Store(store_path)
        self.session: ReadingSession | None = None

    @property
    def reader_name(self) -> str:
        """Who reads; "" until somebody said so."""
        return self._settings.text("reader.name")

    @property
    def blind(self) -> bool:
        """Whether AI stays closed until the first read is saved."""
        return self._settings.flag("reader.blind")

    def begin(self, record: EcgRecord | None) -> None:
        """Start the session of a record that was just opened, or end the one there is; tells nobody yet."""
        self.session = None
        if record is not None and self.reader_name:
            self.session = ReadingSession(self.store, record, self.reader_name, blind=self.blind)

    def tell(self) -> None:
        """Tell everybody that the session changed."""
        self.session_changed.emit(self.session)

    def do(self, what: str, *args: Any) -> bool:
        """Do one thing to the session by name and tell it; False if there is no session."""
        if self.session is None:
            return False
        try:
            getattr(self.session, what)(*args)
        finally:
            self.tell()  # an edit that could not be saved is in the draft all the same
        return True

    def write(self, function: Callable[..., object], *args: Any) -> None:
        """Have the store keep something else; StoreError if it cannot."""
        function(*args)

    def keep(self, result: Prediction | LefResult) -> None:
        """Keep what a model said in the store."""
        self.store.add_result(result)

    def recall(self, model_sha256: str) -> Prediction | None:
        """Return what a classifier said of this record before; BlindedError while AI is closed."""
        if self.session is None or not model_sha256:
            return None
        return self.session.prediction(model_sha256)

    def close(self) -> None:
        """Close the store."""
        self.session = None
        self.store.close()
