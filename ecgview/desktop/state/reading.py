"""The read of the open record: its session, whether AI may be shown, and what the store keeps."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.state.keeping import Keeping, Then
from ecgview.desktop.state.neutral_names import Names
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.state.worklist import Worklist
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review import reader_name, subject
from ecgview.review.presence import Presence
from ecgview.review.read import Draft
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


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last of a session.

    `standing` is what tells one session from another, and where it stands; `draft` what it says, and `steps`
    whether there is anything to take back or to do again.
    """

    standing: tuple[object, ...] = ()
    draft: Draft = field(default_factory=Draft)
    steps: tuple[bool, bool] = (False, False)

    @classmethod
    def of(cls, session: ReadingSession | None) -> Told:
        """Return what there is to tell of a session now."""
        if session is None:
            return cls()
        place = (id(session), session.state, len(session.reads), session.amendment_reason)
        may = (session.is_editable, session.view_only, session.blind, session.may_show_ai)
        return cls((*place, *may), session.draft, (session.can_undo, session.can_redo))


class Reading(QObject):
    """Owns the store and the session of the open record, and so says whether AI may be shown.

    There is no session before a reader gave a name: a read without a reader is none. Nor is there one
    where the store cannot be used; the record is shown all the same, and `problem` says why.

    Signals:
        session_changed: ReadingSession | None, it is another one, or stands elsewhere: locked, signed, opened for
            an amendment, AI opened; whatever its draft says comes with it.
        draft_changed: ReadingSession, what the reader states changed, or what undo would do, and nothing else.
        marks_changed: ReadingSession, with `draft_changed`, where its marks on the signal are others.
        held_changed: whether edits are refused for a while, see `is_held`.
        typing_ended: what was typed so far is handed over now: the read is locked, or left.
        problem_changed: EcgviewError | None, why reads are only shown, or not even that.
        shared: Presence, the record is open in another window too.
        read_under_other_data: str, in what the patient or the acquisition differs from what the read was locked with.
        ai_opened: models may be asked about this record once it is on the screen: reads are not begun blind.
        revealed: the reader opened the AI of this record.
    """

    session_changed = Signal(object)
    draft_changed = Signal(object)
    marks_changed = Signal(object)
    held_changed = Signal(bool)
    typing_ended = Signal()
    problem_changed = Signal(object)
    shared = Signal(object)
    read_under_other_data = Signal(str)
    ai_opened = Signal()
    revealed = Signal()

    def __init__(
        self,
        store_path: Path | None,
        jobs: Jobs,
        reader: Reader,
        worklist: Worklist,
        names: Names,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._reader, self._worklist, self._names, self._telling = reader, worklist, names, telling
        self.store = Store(store_path)
        self._record: EcgRecord | None = None
        self._path: Path | None = None
        self._session: ReadingSession | None = None
        self.problem: EcgviewError | None = None
        self._waits_for: Path | None = None
        self._goes_on = False
        self._told: Told | None = None
        self.keeping = Keeping(self)
        self.keeping.changed.connect(self.tell)
        self.keeping.failed.connect(lambda error: telling.fail(error, self._path))
        self._window = uuid.uuid4().hex  # told apart from other windows by this
        self._prepared: Prepared | None = None  # by the job that opens a record
        self._now: Prepared | None = None

    @property
    def session(self) -> ReadingSession | None:
        """The reading session of the open record; None until a reader gave a name."""
        return self._session

    @property
    def path(self) -> Path | None:
        """The file of the record that is read."""
        return self._path

    @property
    def waits_for(self) -> Path | None:
        """The record that is being opened instead: nothing is edited until it is there."""
        return self._waits_for

    @property
    def goes_on(self) -> bool:
        """Whether a step is being kept after which the next record is opened: nothing is edited until then."""
        return self._goes_on

    @property
    def is_held(self) -> bool:
        """Whether nothing may be edited for a while: another record was asked for."""
        return self._waits_for is not None or self._goes_on

    def wait_for(self, path: Path | None) -> None:
        """Refuse edits while this record is being opened; None: none is."""
        self._hold(path, self._goes_on)

    def go_on(self, on: bool) -> None:
        """Refuse edits from a step of the read until the next record is asked for."""
        self._hold(self._waits_for, on)

    def _hold(self, waits_for: Path | None, goes_on: bool) -> None:
        before = self.is_held
        self._waits_for, self._goes_on = waits_for, goes_on
        if self.is_held != before:
            self.held_changed.emit(self.is_held)

    def may_show_ai(self) -> bool:
        """Return whether anything that a model or the file's device says of the open record may be shown.

        The one place of the window that decides it (W2): every panel, menu, answer and report asks here.
        """
        return self._session is not None and self._session.may_show_ai

    def prepare(self, record: EcgRecord, progress: Progress = silent) -> Prepared:  # any thread
        """Ask the store for what there is of a record, so that `begin` need not wait for it."""
        reader, session = self._reader.name, None
        problem: EcgviewError | None = None
        try:
            self.store.try_again()
            record = record if record.what_if else subject.completed(self.store, record)
            if reader and not record.what_if:  # nobody reads, signs or keeps what was not recorded (T7)
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

    def begin(self, record: EcgRecord | None, path: Path | None = None) -> None:
        """Start the read of a record that was just opened, or end the one there is; tells nobody yet.

        Without `prepare` the store is asked now, off the UI thread, and the session comes when it is there.
        """
        self._let_go()
        self._told = None
        self._record, self._path = record, path if record is not None else None
        if record is None:
            return
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            pass
        elif prepared.record is record and prepared.reader == self._reader.name:
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
            is_light=True,
        )

    def tell(self) -> None:
        """Tell what changed since it was told last; after `begin` that is all of it."""
        session = self._session
        before, now = self._told, Told.of(session)
        self._told = now
        if before is None or before.standing != now.standing:
            if self._path is not None and session is not None:
                self._worklist.set_state(self._path, session.state.value)
            self.session_changed.emit(session)
            return
        if (before.draft, before.steps) != (now.draft, now.steps):
            self.draft_changed.emit(session)
        if before.draft.annotations != now.draft.annotations:
            self.marks_changed.emit(session)

    def set_reader(self, name: str) -> None:
        """Say who reads from now on; the read of the open record is begun anew under that name."""
        name = reader_name.clean(name)
        if name != self._reader.name:
            self.typing_ended.emit()
            self.keeping.leave(lambda may_go: self._be_reader(name) if may_go else None)

    def leave(self, then: Then) -> None:
        """Save what is not saved yet before the record is left. See `Keeping.leave`."""
        self.keeping.leave(then)

    def answer(self, choice: Literal["retry", "discard", "stay"]) -> None:
        """Say what to do about edits that cannot be saved and are to be left."""
        if choice == "discard":
            self._attend(None)
            self.tell()
        self.keeping.answer(choice)

    def again(self) -> None:
        """Ask the store once more about the open record."""
        if self._record is not None:
            self.begin(self._record, self._path)
            self.tell()

    def write(self, function: Callable[..., object], *args: Any) -> None:
        """Have the store keep something else, in order and off the UI thread."""
        self.keeping.write(function, *args)

    def keep(self, question: str, result: Prediction | LefResult) -> None:
        """Keep what a model answered to a question in the store."""
        if self.problem is None:
            self.write(self.store.add_result, result, question)

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

    def _be_reader(self, name: str) -> None:
        self._worklist.forget_states()  # they were those of the reader before
        self._reader.set_name(name)
        self.again()

    def _begin_late(self, prepared: Prepared) -> None:
        self._prepared = None
        self._take(prepared)
        self.tell()
        self._tell_ai(True)

    def _take(self, prepared: Prepared) -> None:
        self._now, session, self._told = prepared, prepared.session, None
        self._attend(session)
        self.take_problem(prepared.problem)
        self.keeping.attend(session)
        if session is not None and not self._reader.blind and not session.view_only:
            self.keeping.do("log", lambda kept: kept.set_blind(False), then=self._tell_ai)
        if session is not None and session.read_under:
            self.read_under_other_data.emit(session.read_under)
        if prepared.presence is not None and prepared.presence.others:
            self.shared.emit(prepared.presence)

    def _tell_ai(self, _is_kept: bool) -> None:
        if self.may_show_ai():
            self.ai_opened.emit()

    def _attend(self, session: ReadingSession | None) -> None:
        self._session = session
        self._names.attend(self._path, session)

    def _let_go(self) -> None:
        self._jobs.cancel("prepare")
        if self._now is not None:
            self._now.drop()
        self._now = None
        self._attend(None)
        self.keeping.attend(None)

    def take_problem(self, problem: EcgviewError | None) -> None:
        """Tell why the store cannot be used, or that it can."""
        if problem is not None or self.problem is not None:
            self.problem = problem
            self.problem_changed.emit(problem)
