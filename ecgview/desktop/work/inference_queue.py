"""Who may run a network now: one job at a time, what the hand waits for first.

Two networks at once would share the processor and torch's one count of threads, so that each is slower than both in
turn. A job that runs gives way at its own progress calls to one that is more urgent, and goes on after it: a check of
some seconds must not hold up an answer that follows the hand within 100 ms. Each has a thread of its own, because
torch keeps its modes (inference, gradients) and its count of threads by thread: what a job that stands still has set
does not reach the one that runs meanwhile.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum


class Urgency(IntEnum):
    """What a network is run for, the most urgent first."""

    WHAT_IF = 0
    RECONSTRUCTION = 1
    MEASUREMENT = 2  # a network of tens of milliseconds, before those of tenths of seconds
    ANSWER = 3
    MAP = 4
    STAMP = 5
    ERROR_STRIP = 6
    PATIENT = 7  # a check that nobody has asked for


@dataclass(order=True, slots=True)
class Turn:
    """One job's place: by urgency, then by when it was asked for."""

    urgency: Urgency
    number: int
    run: Callable[[Turn], None] = field(compare=False)
    future: Future[None] = field(default_factory=Future, compare=False)


class InferenceQueue:
    """The turns of one window; from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # A job gives way only to a more urgent one, so that no more stand started than there are urgencies.
        self.pool = ThreadPoolExecutor(len(Urgency), thread_name_prefix="job-network")
        self._queued: list[Turn] = []
        self._standing: list[Turn] = []  # started, and gave way
        self._running: Turn | None = None
        self._n_asked = 0
        self._is_closed = False

    def submit(self, urgency: Urgency, run: Callable[[Turn], None]) -> Future[None]:
        """Have `run(turn)` called in a worker at its turn; it must raise nothing."""
        with self._changed:
            self._n_asked += 1
            turn = Turn(urgency, self._n_asked, run)
            heapq.heappush(self._queued, turn)
            if self._running is None:
                self._let_next_run()
        return turn.future

    def give_way(self, turn: Turn) -> None:
        """Let those run that are more urgent than this one, which runs now; returns when it is its turn again."""
        with self._changed:
            if self._queued and self._queued[0].urgency < turn.urgency:
                self._standing.append(turn)
                self._let_next_run()
                self._changed.wait_for(lambda: self._running is turn)

    def close(self) -> None:
        """Start nothing more; what has started comes to its end."""
        with self._changed:
            self._is_closed = True
            for turn in self._queued:
                turn.future.cancel()
            self._queued.clear()
        self.pool.shutdown(wait=False)

    def _let_next_run(self) -> None:  # the lock is held
        self._running = None
        queued, standing = self._queued[:1], sorted(self._standing)[:1]
        if standing and not (queued and queued[0].urgency < standing[0].urgency):
            self._running = standing[0]
            self._standing.remove(self._running)
            self._changed.notify_all()
        elif queued and not self._is_closed:
            self._running = heapq.heappop(self._queued)
            self.pool.submit(self._run, self._running)

    def _run(self, turn: Turn) -> None:  # worker thread
        try:
            turn.run(turn)
        finally:
            turn.future.set_result(None)
            with self._changed:
                self._let_next_run()
