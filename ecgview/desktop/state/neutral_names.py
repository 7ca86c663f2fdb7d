"""What a record is called in the window: by a number until this reader's first read is locked (W2).

File names, folders and paths tell diagnoses. While a record is read blind it is "Record 12", the place of its
row in the worklist, which never changes; its file's name is there from the lock on, or without blind reading.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.messages import Message
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.worklist import Worklist, WorklistItem, name_of
from ecgview.errors import EcgviewError, FormatError, SignalError
from ecgview.record import EcgRecord, Patient
from ecgview.review.read import ReadState

if TYPE_CHECKING:
    from ecgview.review.session import ReadingSession

LOCKED = frozenset(state.value for state in (ReadState.READ, ReadState.CONFIRMED, ReadState.AMENDED))
NO_NUMBER = "Record"
FOLDER = "…"
UNLISTED = "One of the files"
_TELLING = 4  # characters: a shorter name is a part of too many words that are no names
_WORD = 6  # letters: a shorter name without anything else in it may be a plain word of a sentence


class Names(QObject):
    """The one place that says what a record may be called now.

    Signals:
        changed: blind reading or the reader changed, so that every record may be called something else. A
            single record is called something else when its state changes: see `Worklist.rows_changed`.
    """

    changed = Signal()

    def __init__(self, reader: Reader, worklist: Worklist, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._worklist = worklist
        self._open: tuple[Path | None, ReadingSession] | None = None
        self._words: list[tuple[str, ...]] = []  # of each row, what a text that names it must hold
        self._folders: set[str] = set()
        worklist.rows_added.connect(self._take_in)
        reader.blind_changed.connect(lambda _on: self.changed.emit())
        reader.name_changed.connect(lambda _name: self.changed.emit())

    def attend(self, path: Path | None, session: ReadingSession | None) -> None:
        """Ask this session, not its row, how far the read of the open record is; None: no record is read."""
        self._open = None if session is None else (path, session)

    def is_closed(self, path: Path | None) -> bool:
        """Return whether the file name of this record is closed: it is read blind, and not locked yet."""
        if not self._reader.blind:
            return False
        if not self._reader.name:
            return True
        if path is None:
            return False
        if self._open is not None:
            opened, session = self._open
            if session.reader == self._reader.name and path == opened:
                return not session.reads
        place = self._worklist.place(path)
        return place < 0 or self._worklist[place].state not in LOCKED

    def closed_rows(self) -> Callable[[int], bool]:
        """Return a function that says of a row whether its name is closed now: `is_closed` for many rows at once."""
        if not self._reader.blind:
            return lambda place: False
        if not self._reader.name:
            return lambda place: True
        items = self._worklist.items
        return lambda place: items[place].state not in LOCKED

    def of(self, path: Path | None) -> str:
        """Return what a record is called: "Record 12", or its own name; "" where there is none."""
        if path is None:
            return ""
        place = self._worklist.place(path)
        if self.is_closed(path):
            return f"{NO_NUMBER} {place + 1}" if place >= 0 else NO_NUMBER
        return (self._worklist[place].label if place >= 0 else "") or name_of(path)

    def row(self, place: int) -> WorklistItem:
        """Return a row of the worklist as it may be shown now."""
        item = self._worklist[place]
        return self.neutral_row(place) if self.is_closed(item.path) else item

    def neutral_row(self, place: int) -> WorklistItem:
        """Return a row of the worklist with nothing in it of what its file is called."""
        item = self._worklist[place]
        neutral, summary = f"{NO_NUMBER} {place + 1}", item.summary
        if summary is not None:
            patient = _nameless(summary.patient, item.path)
            summary = replace(summary, path=neutral, name=neutral, patient=patient)
        problem = _unnamed(item.problem, item.path, neutral) if item.problem else ""
        return WorklistItem(Path(neutral), summary, problem, item.state, neutral)

    def patient(self, record: EcgRecord, path: Path | None) -> Patient:
        """Return the patient of a record; a name or ID that only repeats a closed file name is left out."""
        closed = path is not None and self.is_closed(path)
        return _nameless(record.patient, path) if closed and path is not None else record.patient

    def file_of(self, path: Path) -> str:
        """Return the name, without a suffix, of a file that is made from a record."""
        return self.of(path).lower().replace(" ", "-") if self.is_closed(path) else name_of(path)

    def without(self, text: str, path: Path | None = None) -> str:
        """Return a text in which no closed record is called by its file's name, nor its folder named.

        Args:
            text: anything that is to be shown.
            path: the one record that it tells of; all of the worklist where None.
        """
        if not text or not self._reader.blind:
            return text
        for one in [path] if path is not None else self._named_in(text):
            if self.is_closed(one):
                text = _unnamed(text, one, self.of(one))
        for folder in self._folders:
            if folder in text:
                text = _replaced(text, (folder, os.path.basename(folder)), FOLDER)
        return text

    def message(self, message: Message, error: EcgviewError | None = None) -> Message:
        """Return a message as it may be shown, and of a file that is not in the worklist without its name."""
        if not self._reader.blind:
            return message
        parts = [message.text, message.details]
        about = message.about
        if about is not None and self.is_closed(about):
            parts = [_unnamed(part, about, self.of(about)) for part in parts]
        parts = [self.without(part) for part in parts]
        where = Path(error.where) if isinstance(error, FormatError | SignalError) and error.where else None
        if where is not None and where.name != where.as_posix() and self._worklist.place(where) < 0:
            beside = about is not None and self.is_closed(about)  # a file that belongs to that record
            called = self.of(about) if beside and about is not None else UNLISTED
            parts = [_unnamed(part, where, called) for part in parts]
        return replace(message, text=parts[0], details=parts[1])

    def _take_in(self, first: int, end: int) -> None:
        for place in range(first, end):
            path = self._worklist[place].path
            file, _, member = path.name.casefold().partition("#")
            self._words.append(tuple(os.path.splitext(name)[0] for name in (file, member) if name))
            self._folders.add(str(path.parent))

    def _named_in(self, text: str) -> list[Path]:
        """Return the records that a text may name, the longest names first."""
        folded = text.casefold()
        places = [place for place, words in enumerate(self._words) if any(word in folded for word in words)]
        return sorted((self._worklist[place].path for place in places), key=lambda one: -len(one.name))


def _names(path: Path) -> tuple[str, ...]:
    """Return how a text may name a record, longest first."""
    file, _, member = path.name.partition("#")
    found = {str(path), path.name, file, Path(file).stem, member, Path(member).stem, name_of(path)}
    return tuple(sorted((name for name in found if name), key=len, reverse=True))


def _nameless(patient: Patient, path: Path) -> Patient:
    name, patient_id = ("" if _repeats(text, path) else text for text in (patient.name, patient.patient_id))
    return replace(patient, name=name, patient_id=patient_id)


def _repeats(text: str, path: Path) -> bool:
    """Return whether a text is the name of a file, or holds it."""
    folded = text.casefold()
    names = (name.casefold() for name in _names(path)) if text else ()
    return any(folded == name or (len(name) >= _TELLING and name in folded) for name in names)


def _unnamed(text: str, path: Path, neutral: str) -> str:
    text = _replaced(text, _names(path), neutral)
    return _replaced(text, (str(path.parent), path.parent.name), FOLDER)


def _replaced(text: str, names: tuple[str, ...], neutral: str) -> str:
    for name in names if text else ():
        if len(name) >= (_WORD if name.isalnum() else 2):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", neutral, text, flags=re.IGNORECASE)
    return text
