"""Run a plain function off the UI thread and deliver its outcome on the UI thread.

A job is a function with a `progress` keyword (see `ecgview.progress`); its own progress call is
also where it learns that it was cancelled, and where one that runs a network gives way to a more
urgent one. One QObject lives in the UI thread, and no Qt object is made or destroyed in a worker
(not by a garbage collection either, see `steady`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from ecgview.desktop.work import steady
from ecgview.desktop.work.inference_queue import InferenceQueue, Turn, Urgency
from ecgview.errors import Cancelled

CLOSE_WAIT_S = 3.0  # a closing window waits no longer for work that does not hear its cancel


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work: who hears of it, and whether anybody still waits for it."""

    title: str
    key: str | None
    on_done: Callable[[Any], None]
    on_failed: Callable[[Exception], None]
    on_progress: Callable[[float, str], None] | None = None
    is_light: bool = False
    _cancel: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Ask the job to stop; its result is dropped even if it is finished already."""
        self._cancel.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for this job any more."""
        return self._cancel.is_set()


class Jobs(QObject):
    """The pool of one window; lives in the UI thread and calls its listeners there.

    Signals:
        busy_changed: number of jobs that still run.
        job_progressed: (title, fraction, text) of the job that reported last.
    """

    busy_changed = Signal(int)
    job_progressed = Signal(object)
    _posted = Signal(object, str, object)  # worker thread -> UI thread

    def __init__(self, parent: QObject | None = None, workers: int = 4) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._networks = InferenceQueue()
        self._by_key: dict[str, Job] = {}
        self._alive: set[Job] = set()
        self._futures: set[Future[None]] = set()
        self._closed = False
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def n_alive(self) -> int:
        """Number of jobs whose outcome has not been delivered yet."""
        return len(self._alive)

    def is_running(self, key: str) -> bool:
        """Return whether the newest job of this key is still to be delivered."""
        return key in self._by_key

    def start(
        self,
        function: Callable[..., Any],
        *args: Any,
        title: str,
        on_done: Callable[[Any], None],
        on_failed: Callable[[Exception], None],
        on_progress: Callable[[float, str], None] | None = None,
        key: str | None = None,
        is_light: bool = False,
        urgency: Urgency | None = None,
    ) -> Job:
        """Run `function(*args, progress=...)` in a worker; a newer job replaces an older one of its key.

        One that is light, because a page waits for it and it needs no scipy, does not wait for the large libraries.
        One that runs a network says how urgent it is: of these only one runs at a time.
        """
        job = Job(title, key, on_done, on_failed, on_progress, is_light)
        if self._closed:
            job.cancel()
            return job
        if key is not None:
            self.cancel(key)
            self._by_key[key] = job
        self._alive.add(job)
        steady.hold_collection()
        self.busy_changed.emit(len(self._alive))
        if urgency is None:
            future = self._pool.submit(self._run, job, function, args)
        else:
            future = self._networks.submit(urgency, lambda turn: self._run(job, function, args, turn))
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return job

    def cancel(self, key: str) -> None:
        """Cancel the newest job of a key, if there is one; its result is not delivered."""
        if (older := self._by_key.pop(key, None)) is not None:
            older.cancel()

    def shutdown(self) -> bool:
        """Cancel everything and wait at most `CLOSE_WAIT_S`; returns whether every worker ended in time."""
        self._closed = True
        for job in self._alive:
            job.cancel()
        self._networks.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + CLOSE_WAIT_S
        _, late = wait(set(self._futures), timeout=CLOSE_WAIT_S)
        for worker in self._workers():
            worker.join(max(0.0, deadline - time.monotonic()))
        for job in list(self._alive):
            self._settle(job)
        return not late

    def _workers(self) -> list[threading.Thread]:
        workers = self._pool._threads | self._networks.pool._threads
        return [thread for thread in threading.enumerate() if thread in workers]

    def _run(  # worker thread
        self, job: Job, function: Callable[..., Any], args: tuple[Any, ...], turn: Turn | None = None
    ) -> None:
        def progress(fraction: float, text: str = "") -> None:
            if turn is not None and not job.is_cancelled:
                self._networks.give_way(turn)
            if job.is_cancelled:
                raise Cancelled
            self._post(job, "progress", (fraction, text))

        try:
            progress(0.0)
            if not job.is_light:
                steady.load_foundations()
            result = function(*args, progress=progress)
        except Cancelled:
            self._post(job, "cancelled", None)
        except Exception as error:  # whatever it is, the UI thread decides how it is told
            self._post(job, "failed", error)
        else:
            self._post(job, "done", result)

    def _post(self, job: Job, kind: str, payload: object) -> None:
        if not self._closed:  # the window may be gone already
            self._posted.emit(job, kind, payload)

    def _settle(self, job: Job) -> None:
        """Count a job as over, once."""
        if job in self._alive:
            self._alive.remove(job)
            steady.release_collection()

    @Slot(object, str, object)
    def _deliver(self, job: Job, kind: str, payload: Any) -> None:  # UI thread
        if kind != "progress":
            self._settle(job)
            if job.key is not None and self._by_key.get(job.key) is job:
                del self._by_key[job.key]
            self.busy_changed.emit(len(self._alive))
        if job.is_cancelled or self._closed:
            return  # nobody wants it any more
        if kind == "progress":
            self.job_progressed.emit((job.title, *payload))
            if job.on_progress is not None:
                job.on_progress(*payload)
        elif kind == "done":
            job.on_done(payload)
        elif kind == "failed":
            job.on_failed(payload)
