"""The one ordered worker that writes: an edit is there at once and saved after it, a step waits its turn.

The session is changed on the UI thread; a twin of it does the writing (see `review.handover`), so
nothing here waits for the disk. An edit that could not be saved stays in the draft and is tried again.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError, StoreError
from ecgview.progress import Progress, silent
from ecgview.review.handover import Handover
from ecgview.review.merging import SupersededError
from ecgview.review.session import ReadingSession

RETRY_MS = 2000

Then = Callable[[bool], None]
Change = Callable[[ReadingSession], object]
Kind = Literal["edit", "log", "step", "register", "save"]
"""What is done to a session: an "edit" in memory, saved afterwards; the rest on the disk at once. Nothing is
edited while a "step" runs (it locks, signs, opens or closes an amendment); a "log" is written beside the draft.
"register" and "save" are tried again by themselves, so that a store that does not take them is not told twice.
"""
State = Literal["", "saved", "saving", "not saved"]


Write = tuple[Callable[..., object], tuple[Any, ...]]


@dataclass(slots=True)
class _Work:
    kind: Kind
    change: Change
    then: Then | None = None
    first: list[Write] = field(default_factory=list)  # has to be there before a step
    handover: Handover | None = None
    is_over: bool = False  # set by the worker

    def carry_out(self, progress: Progress = silent) -> None:  # worker thread
        while self.first:
            function, args = self.first[0]
            function(*args)
            del self.first[0]
        if self.handover is not None:
            try:
                self.change(self.handover.twin)
            finally:
                self.is_over = True


def _save() -> _Work:
    return _Work("save", ReadingSession.save)


class Keeping(QObject):
    """Writes what is done to the session of the open record.

    Signals:
        changed: the session changed.
        state_changed: "saved", "saving" or "not saved"; "" while there is nothing to save.
        failed: Exception: something could not be done, or not yet.
        conflicted: ConflictError: another window changed the same; `ReadingSession.resolve` says whose stands.
        superseded: SupersededError: the read was committed elsewhere; the session holds what was `offer`ed.
        blocked: Exception: what is to be left cannot be saved; `answer` says what to do.
    """

    changed = Signal()
    state_changed = Signal(str)
    failed = Signal(object)
    conflicted = Signal(object)
    superseded = Signal(object)
    blocked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = Jobs(self, workers=1)
        self._session: ReadingSession | None = None
        self._queue: deque[_Work] = deque()
        self._running: _Work | None = None
        self._waiting: list[Then] = []  # for the next save
        self._sent: list[Then] = []  # with the one that runs
        self._leaving: list[Then] = []
        self._undone: list[Write] = []  # what `write` was given and is not done yet
        self._undone_told = False
        self._state: State = ""
        self.problem: Exception | None = None  # why the last save failed
        self._retry = QTimer(self, singleShot=True, interval=RETRY_MS)
        self._retry.timeout.connect(self._go)

    @property
    def state(self) -> State:
        """Whether the draft on the screen is on the disk."""
        return self._state

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being written or waits for it; what could not be saved may remain."""
        return self._running is None and not self._queue and self._worker.n_alive == 0

    @property
    def is_kept(self) -> bool:
        """Whether everything that was done is on the disk."""
        if self._running is not None or self._queue or self._undone:
            return False
        return self._session is None or self._session.is_saved

    def attend(self, session: ReadingSession | None) -> None:
        """Write for this session from now on; the one before was left, see `leave`."""
        self._drop()
        self._session = session
        self.problem = None
        self._set_state("")
        if session is not None and not session.view_only:
            self._queue.append(_Work("register", ReadingSession.register))
            self._go()

    def do(self, kind: Kind, change: Change, then: Then | None = None) -> bool:
        """Do one thing to the session; False if there is no session.

        Args:
            kind: how it is kept.
            change: does it, to the session or to its twin on the worker's thread.
            then: called on this thread with True once it is on the disk, with False when it never will
                be; an edit that cannot be saved yet waits.

        Raises:
            ReviewError: an edit that is not open now; what comes later is told through `failed`.
        """
        session = self._session
        if session is None:
            return False
        if kind != "edit" or self._is_stepping():
            self._queue.append(_Work(kind, change, then))
        else:
            self._edit(session, change, then)
        self._go()
        return True

    def write(self, function: Callable[..., object], *args: Any) -> None:
        """Run a function in the worker, after what was asked of it before; what fails is tried again later."""
        self._undone.append((function, args))
        self._go()

    def leave(self, then: Then) -> None:
        """Save what is not saved yet, then call `then`: True once nothing is left, False if the reader stays."""
        session = self._session
        if session is not None and session.conflict is not None:
            self.conflicted.emit(session.conflict)
            then(False)
        elif self.is_kept:
            then(True)
        else:
            self._leaving.append(then)
            self._retry.stop()
            self._go()

    def answer(self, choice: Literal["retry", "discard", "stay"]) -> None:
        """Say what to do about what cannot be saved and is to be left."""
        if choice == "retry":
            self._retry.stop()
            self._go()
            return
        if choice == "discard":
            self._drop()
            self._session = None
            self._set_state("")
        leaving, self._leaving = self._leaving, []
        for then in leaving:
            then(choice == "discard")

    def close(self) -> bool:
        """Write what is left, now, and end the worker; returns whether everything was kept."""
        self._retry.stop()
        ended, session, work = self._worker.shutdown(), self._session, self._running
        self._session = None
        for function, args in self._undone:
            with contextlib.suppress(EcgviewError):
                function(*args)
        if session is None:
            return ended
        if work is not None and work.handover is not None and ended:
            work.handover.settle()
            if not work.is_over:
                self._queue.appendleft(work)
        session.autosave = True
        for left in (*self._queue, _save()):
            try:
                left.change(session)
            except StoreError:
                ended = False
            except EcgviewError:  # a step that is not open any more
                continue
        return ended

    # ---- one after the other ---------------------------------------------------------------------------

    def _is_stepping(self) -> bool:
        running = () if self._running is None else (self._running,)
        return any(work.kind == "step" for work in (*running, *self._queue))

    def _edit(self, session: ReadingSession, change: Change, then: Then | None) -> None:
        change(session)
        if then is not None:
            self._waiting.append(then)
        if not session.is_saved and self._state != "not saved":
            self._set_state("saving")
        self.changed.emit()

    def _go(self) -> None:
        session = self._session
        if self._running is not None:
            return
        if self._queue and session is not None:
            work = self._queue.popleft()
            if work.kind != "edit":
                self._start(session, work)
            else:
                try:
                    self._edit(session, work.change, work.then)
                except EcgviewError as error:
                    self._end(work.then, False)
                    self.failed.emit(error)
                self._go()
        elif self._undone and not self._retry.isActive():
            self._start(session, _save())
        elif session is not None and not session.is_saved:
            if session.conflict is None and not self._retry.isActive():
                self._start(session, _save())
        else:
            if self._state or self._waiting:
                self._set_state("saved" if session is not None else "")
            waiting, self._waiting = self._waiting, []
            leaving, self._leaving = self._leaving, []
            for then in (*waiting, *leaving):
                then(True)

    def _start(self, session: ReadingSession | None, work: _Work) -> None:
        """Have the worker do a piece of work; without a session only what `write` was given."""
        work.first, self._undone = self._undone, []
        self._running = work
        self._sent, self._waiting = self._waiting, []
        if session is not None:
            work.handover = Handover(session)
            if work.kind == "step" or not session.is_saved:
                self._set_state("saving")
        self._worker.start(
            work.carry_out,
            title="Saving",
            is_light=True,
            on_done=lambda _: self._over(work, None),
            on_failed=lambda error: self._over(work, error),
        )

    def _over(self, work: _Work, error: Exception | None) -> None:
        self._put_back(work.first, error)
        if work is not self._running:  # its record was let go; what `write` was given is not
            self._go()
            return
        self._running = None
        if work.handover is not None and self._session is not None:
            self._settle(work, work.handover, error, self._session)
        self._go()

    def _put_back(self, left: list[Write], error: Exception | None) -> None:
        """Keep what `write` could not do, ahead of the next piece of work; told once, tried again later."""
        if left and error is not None:
            if not isinstance(error, StoreError):  # a fault of our own is not tried again
                self.failed.emit(error)
                del left[0]
            elif not self._undone_told:
                self.failed.emit(error)
            self._undone_told = True
            self._retry.start()
        elif not self._undone:
            self._undone_told = False
        self._undone = [*left, *self._undone]

    def _settle(
        self, work: _Work, handover: Handover, error: Exception | None, session: ReadingSession
    ) -> None:
        handover.settle()
        sent, self._sent = self._sent, []
        if isinstance(error, SupersededError):
            sent, self._waiting = [*sent, *self._waiting], []
            for then in sent:
                then(False)
        elif handover.twin.is_saved:
            for then in sent:
                then(True)
        else:
            self._waiting = [*sent, *self._waiting]
        self.changed.emit()
        self._end(work.then, error is None)
        self._tell(work, error, session)

    def _tell(self, work: _Work, error: Exception | None, session: ReadingSession) -> None:
        """Tell what came of a piece of work, and try again later where that may help."""
        if session.conflict is not None:
            self._set_state("not saved")
            self.conflicted.emit(session.conflict)
            self._stay()
        elif isinstance(error, SupersededError):
            self.superseded.emit(error)
            self._stay()
        elif not session.is_saved and (isinstance(error, StoreError) or (error and work.kind == "save")):
            is_news, self.problem = self.problem is None or work.kind == "step", error
            self._set_state("not saved")
            self._retry.start()
            if self._leaving:
                self.blocked.emit(error)
            elif is_news:
                self.failed.emit(error)
        elif error is not None and not (isinstance(error, StoreError) and work.kind in ("register", "save")):
            self.failed.emit(error)
        if session.is_saved:
            self.problem = None

    def _stay(self) -> None:
        leaving, self._leaving = self._leaving, []
        for then in leaving:
            then(False)

    def _drop(self) -> None:
        """Drop everything that was not written; the outcome of what still runs is ignored."""
        self._retry.stop()
        dropped = [*self._sent, *self._waiting, *(work.then for work in self._queue)]
        if self._running is not None:
            dropped.append(self._running.then)
        self._queue.clear()
        self._running, self._sent, self._waiting = None, [], []
        for then in dropped:
            self._end(then, False)

    @staticmethod
    def _end(then: Then | None, is_kept: bool) -> None:
        if then is not None:
            then(is_kept)

    def _set_state(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
