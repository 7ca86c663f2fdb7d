"""The read of the open record: who reads, whether blind, the session, and what the store keeps."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.settings import Settings
from ecgview.desktop.state.keeping import Keeping, Then
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review import subject
from ecgview.review.presence import Presence
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the store gave for a record; `problem` says why it can only be looked at, if so."""

    record: EcgRecord
    reader: str
    session: ReadingSession | None = None
    presence: Presence | None = None
    problem: EcgviewError | None = None

    def drop(self) -> None:
        """Nobody wants it."""
        if self.presence is not None:
            self.presence.leave()


class Reading(QObject):
    """Owns the store and the session of the open record.

    There is no session before a reader gave a name: a read without a reader is none. Nor is there one
    where the store cannot be used; the record is shown all the same, and `problem` says why.

    Signals:
        session_changed: ReadingSession | None, after every edit and every change of state.
        problem_changed: EcgviewError | None, why reads are only shown, or not even that.
        shared: Presence, the record is open in another window too.
        ai_opened: models may be asked about this record, other than after `do`.
    """

    session_changed = Signal(object)
    problem_changed = Signal(object)
    shared = Signal(object)
    ai_opened = Signal()

    def __init__(
        self, store_path: Path | None, settings: Settings, jobs: Jobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._jobs = jobs
        self.store = Store(store_path)
        self.session: ReadingSession | None = None
        self.problem: EcgviewError | None = None
        self.keeping = Keeping(self)
        self.keeping.changed.connect(self.tell)
        self._window = uuid.uuid4().hex  # told apart from other windows by this
        self._prepared: Prepared | None = None  # by the job that opens a record
        self._now: Prepared | None = None

    @property
    def reader_name(self) -> str:
        """Who reads; "" until somebody said so."""
        return self._settings.text("reader.name")

    @property
    def blind(self) -> bool:
        """Whether AI stays closed until the first read is saved."""
        return self._settings.flag("reader.blind")

    def prepare(self, record: EcgRecord, progress: Progress = silent) -> Prepared:  # any thread
        """Ask the store for what there is of a record, so that `begin` need not wait for it."""
        reader, session = self.reader_name, None
        problem: EcgviewError | None = None
        try:
            self.store.try_again()
            record = subject.completed(self.store, record)
            if reader:
                session = ReadingSession(self.store, record, reader, autosave=False)
            problem = self.store.problem
        except EcgviewError as error:
            problem = error
        presence = None
        if session is not None and not session.view_only:
            presence = Presence(self.store.path, record.source.sha256, session.reader, self._window)
        made = Prepared(record, reader, session, presence, problem)
        before, self._prepared = self._prepared, made
        if before is not None:
            before.drop()
        return made

    def completed(self, record: EcgRecord) -> EcgRecord:  # any thread
        """Return a record with what was entered of its patient, its read asked for."""
        return self.prepare(record).record

    def begin(self, record: EcgRecord | None) -> None:
        """Start the read of a record that was just opened, or end the one there is; tells nobody yet.

        Without `prepare` the store is asked now, off the UI thread, and the session comes when it is there.
        """
        self._let_go()
        if record is None:
            return
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            pass
        elif prepared.record is record and prepared.reader == self.reader_name:
            self._take(prepared)
            return
        else:
            prepared.drop()
        self._jobs.start(
            self.prepare,
            record,
            title="Looking up the read",
            on_done=self._begin_late,
            on_failed=self.keeping.failed.emit,
            key="prepare",
        )

    def tell(self) -> None:
        """Tell everybody that the session changed."""
        self.session_changed.emit(self.session)

    def do(self, what: str, *args: Any, then: Then | None = None) -> bool:
        """Do one thing to the session by name; False if there is no session. See `Keeping.do`."""
        return self.keeping.do(what, *args, then=then)

    def leave(self, then: Then) -> None:
        """Save what is not saved yet before the record is left. See `Keeping.leave`."""
        self.keeping.leave(then)

    def answer(self, choice: Literal["retry", "discard", "stay"]) -> None:
        """Say what to do about edits that cannot be saved and are to be left."""
        if choice == "discard":
            self.session = None
            self.tell()
        self.keeping.answer(choice)

    def again(self) -> None:
        """Ask the store once more about the open record."""
        if self._now is not None:
            self.begin(self._now.record)
            self.tell()

    def write(self, function: Callable[..., object], *args: Any) -> None:
        """Have the store keep something else, in order and off the UI thread."""
        self.keeping.write(function, *args)

    def keep(self, result: Prediction | LefResult) -> None:
        """Keep what a model said in the store."""
        if self.problem is None:
            self.write(self.store.add_result, result)

    def recall(self, model_sha256: str) -> Prediction | None:
        """Return what a classifier said of this record before; BlindedError while AI is closed."""
        if self.session is None or not model_sha256:
            return None
        return self.session.prediction(model_sha256)

    def start_anew(self) -> None:
        """Let a fresh store take the place of an empty file, as the reader said."""
        try:
            self.store.start_anew()
        except EcgviewError as error:
            self.keeping.failed.emit(error)
        self.again()

    def close(self) -> bool:
        """Write what is left and close the store; returns whether everything was kept."""
        kept = self.keeping.close()
        self._let_go()
        if self._prepared is not None:
            self._prepared.drop()
        self.store.close()
        return kept

    def _begin_late(self, prepared: Prepared) -> None:
        self._prepared = None
        self._take(prepared)
        self.tell()
        self._tell_ai(True)

    def _take(self, prepared: Prepared) -> None:
        self._now, self.session = prepared, prepared.session
        self.take_problem(prepared.problem)
        self.keeping.attend(self.session)
        if self.session is not None and not self.blind and not self.session.view_only:
            self.keeping.do("set_blind", False, then=self._tell_ai)
        if prepared.presence is not None and prepared.presence.others:
            self.shared.emit(prepared.presence)

    def _tell_ai(self, _is_kept: bool) -> None:
        if self.session is not None and self.session.may_show_ai:
            self.ai_opened.emit()

    def _let_go(self) -> None:
        self._jobs.cancel("prepare")
        if self._now is not None:
            self._now.drop()
        self._now = self.session = None
        self.keeping.attend(None)

    def take_problem(self, problem: EcgviewError | None) -> None:
        """Tell why the store cannot be used, or that it can."""
        if problem is not None or self.problem is not None:
            self.problem = problem
            self.problem_changed.emit(problem)
