"""From asking for a record until it can be shown whole: read, then laid out, both off the UI thread.

One record is opened at a time and the last one asked for wins. Until it is ready nothing on the screen
changes; where that takes longer than a blink, the workspace is told to take away what tells of the record
before, so that the window never tells of two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.thumbnails import MOST_SAMPLES, Trace, trace_of
from ecgview.desktop.work import tasks
from ecgview.desktop.work.jobs import Jobs
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord

if TYPE_CHECKING:
    from ecgview.formats import RecordSummary

BLINK_MS = 150  # a record that is opened within this time replaces the one before in one step
KEY = "open"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the window tells of, in every part of it.

    "nothing" before anything was opened, "opening" and "failed" with a blank paper that names `path`, and
    "open". `reason` is the sentence of a failure; `retry` says that other paper settings may mend it.
    """

    kind: Literal["nothing", "opening", "open", "failed"] = "nothing"
    path: Path | None = None
    reason: str = ""
    retry: bool = False

    def instead(self, sentence: str) -> str:
        """Return what a part of the window says where it has nothing to show; `sentence` at the start."""
        return {"opening": "Opening …", "failed": "No ECG is shown."}.get(self.kind, sentence)


@dataclass(frozen=True, slots=True)
class Read:
    """A record as it was read, with what its row shows: None where that is not in the record (a long one, or one
    of many in a file), so that its row looks into the file itself.
    """

    record: EcgRecord
    summary: RecordSummary | None
    trace: Trace | None


class Pages(Protocol):
    """What lays a record out for the screen; its plan is made in the UI thread and carried out in a worker."""

    def plan(self) -> Callable[..., object]:
        """Return a function of (record, progress) that makes the page for the settings of now."""

    def is_current(self, plan: object) -> bool:
        """Return whether a page made by this plan is what the settings of now ask for."""


class Opening(QObject):
    """The record that is being opened, if there is one.

    Signals:
        changed: bool, whether a record is being opened from now on.
        slow: Path, it takes longer than a blink.
        several: Path, it was named, and is not one file of one record: it has to be listed.
        read: (Path, Read), before `ready`: what its row in the worklist shows.
        ready: (Path, EcgRecord), it can be shown; `page` holds what `pages` made of it.
        failed: (Path, Exception, bool), it cannot be shown; True where it was read but not laid out.
    """

    changed = Signal(bool)
    slow = Signal(object)
    several = Signal(object)
    read = Signal(object, object)
    ready = Signal(object, object)
    failed = Signal(object, object, bool)

    def __init__(self, jobs: Jobs, reading: Reading, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._reading = reading
        self._path: Path | None = None
        self.pages: Pages | None = None
        self.page: object = None
        self.most_s: float | None = None  # of a recording of hours that are opened; None = all
        self._blink = QTimer(self, singleShot=True, interval=BLINK_MS)
        self._blink.timeout.connect(lambda: self.slow.emit(self._path))

    @property
    def path(self) -> Path | None:
        """The file of the record that is being opened; None while none is."""
        return self._path

    def set_blink_ms(self, wait_ms: int) -> None:
        """Let the record before stay on the screen for this long at most."""
        self._blink.setInterval(wait_ms)

    def start(self, path: Path, *, named: bool = False) -> None:
        """Open a record, and no longer the one that was asked for before.

        A path that a user named may turn out to be something else than one record: `several` says so.
        """
        self._path = path
        self.changed.emit(True)
        self._reading.leave(lambda may_go: self._read(path, may_go, named))

    def _read(self, path: Path, may_go: bool, named: bool) -> None:
        """Read the file, now that nothing of the record before is unsaved; unless its reader stays there."""
        if path != self._path:
            return  # another one was asked for meanwhile
        if not may_go:
            self._end()
            return
        if not self._blink.isActive():  # the wait counts from the first of several steps
            self._blink.start()
        self._jobs.start(
            _read,
            path,
            named,
            self.most_s,
            self._reading.completed,
            title="Opening the ECG",
            on_done=lambda found: self._take(path, found),
            on_failed=lambda error: self._fail(path, error, False),
            key=KEY,
            is_light=True,
        )

    def stop(self) -> Path | None:
        """Give up; returns what was being opened."""
        path = self._path
        if path is not None:
            self._jobs.cancel(KEY)
            self._end()
        return path

    def _take(self, path: Path, found: Read | None) -> None:
        if found is None:
            self._end()
            self.several.emit(path)
        else:
            self._lay_out(path, found)

    def _lay_out(self, path: Path, found: Read) -> None:
        if self.pages is None:
            self._show(path, found, None)
            return
        plan = self.pages.plan()
        self._jobs.start(
            plan,
            found.record,
            title="Laying out the paper",
            on_done=lambda page: self._check(path, found, plan, page),
            on_failed=lambda error: self._fail(path, error, True),
            key=KEY,
            is_light=True,
        )

    def _check(self, path: Path, found: Read, plan: object, page: object) -> None:
        if self.pages is not None and not self.pages.is_current(plan):
            self._lay_out(path, found)  # other settings were chosen meanwhile
        else:
            self._show(path, found, page)

    def _show(self, path: Path, found: Read, page: object) -> None:
        self._end()
        self.read.emit(path, found)
        self.page = page
        self.ready.emit(path, found.record)
        self.page = None

    def _fail(self, path: Path, error: Exception, by_layout: bool) -> None:
        self._end()
        self.failed.emit(path, error, by_layout)

    def _end(self) -> None:
        self._blink.stop()
        self._path = None
        self.changed.emit(False)


def _read(
    path: Path,
    named: bool,
    most_s: float | None,
    complete: Callable[[EcgRecord], EcgRecord],
    progress: Progress = silent,
) -> Read | None:  # worker thread
    """Return the record in a file; None where a path that was named is not one file of one record."""
    from ecgview import formats

    if named and not formats.stands_alone(path):
        return None
    record = (tasks.beginning(path, most_s) if most_s else None) or tasks.read(path, progress)
    is_whole = "#" not in path.name and record.signal.size <= MOST_SAMPLES
    return Read(
        complete(record),
        formats.summary_of(record, path) if is_whole else None,
        trace_of(record) if is_whole else None,
    )
