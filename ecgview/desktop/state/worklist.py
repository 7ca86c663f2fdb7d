"""The worklist: which records are there, what is known of each, which one is open.

A folder is listed without reading a sample, a slice at a time, so that its first rows stand before the last
folder was looked into; what the files say of themselves follows in slices, the rows on the screen first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError, FormatError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.formats import RecordSummary

FIRST_SLICE = 32  # records listed before anything is shown
LIST_SLICE = 200  # records listed per background job after that: what the window takes in within a few ms
PEEK_SLICE = 64  # records looked into per background job
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")  # as `ecgview.formats` opens them
SLICE_S = 0.2  # a slice of slow files ends here, and shows what it has

Listed = list[tuple[Path, str]]  # path, and its name where that is not the path's stem
Peeked = list[tuple[int, "RecordSummary | None", str]]  # place, summary, problem


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """One row: a file, what it says of itself once that is read, and how far its reading is.

    `state` is the state of the reader's own read ("" where there is none); nothing that a model said
    is ever part of a row. `label` names the record where its file's name does not.
    """

    path: Path
    summary: RecordSummary | None = None
    problem: str = ""
    state: str = ""
    label: str = ""

    @property
    def name(self) -> str:
        """The record's name: its label, or the file's name without its suffix."""
        return self.label or self.path.stem


class Worklist(QObject):
    """The records of this sitting, in order; the place of a record never changes.

    Signals:
        rows_added: (first place, end), after records were added.
        rows_changed: list[int], the places of records of which more, or something else, is known.
        listed: list[Path], records that were just found, new ones and known ones.
        opened: list[str], what was asked for and is there: files, folders and archives, absolute.
        failed: Exception.
    """

    rows_added = Signal(int, int)
    rows_changed = Signal(object)
    listed = Signal(object)
    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._items: list[WorklistItem] = []
        self._place: dict[Path, int] = {}
        self._looked_into = bytearray()  # one per row: whether its header was read, or is being read
        self._first_unread = 0
        self._wanted: Sequence[int] = ()
        self._is_looking = False
        self._n_listing = 0

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return True  # an empty list is a list

    def __getitem__(self, place: int) -> WorklistItem:
        return self._items[place]

    @property
    def items(self) -> list[WorklistItem]:
        """The rows, in order (a copy)."""
        return list(self._items)

    def place(self, path: Path) -> int:
        """Return where a record stands; -1 if it is not in the list."""
        return self._place.get(path, -1)

    def add(self, paths: Sequence[str | Path], is_there: Sequence[str] = ()) -> None:
        """Look for records at files, folders and globs, and add them; `listed` tells which.

        `is_there` are those named before them that were found already: `opened` tells of all in their order.
        """
        self._n_listing += 1
        self._list_on(_Search(paths, is_there), FIRST_SLICE)

    def take(self, found: Listed) -> None:
        """Add records that are known to be there, as (path, label); those already in the list stay."""
        first = len(self._items)
        for path, label in found:
            if path not in self._place:
                self._place[path] = len(self._items)
                self._items.append(WorklistItem(path, label=label))
        if first < len(self._items):
            self._looked_into.extend(bytes(len(self._items) - first))
            self.rows_added.emit(first, len(self._items))
            self._look_on()

    def take_read(self, path: Path, summary: RecordSummary | None) -> None:
        """Show a record that was just read, in its row or in a new one; with a summary nobody looks into its file."""
        place = self.place(path)
        if place < 0:
            self._place[path] = place = len(self._items)
            self._items.append(WorklistItem(path, summary))
            self._looked_into.append(summary is not None)
            self.rows_added.emit(place, place + 1)
            self._look_on()
            return
        now = self._items[place]
        if summary is not None and now.summary is None:
            self._looked_into[place] = 1
            now = replace(now, summary=summary)
        now = replace(now, problem="")  # whatever it was, the record has been read
        if now != self._items[place]:
            self._items[place] = now
            self.rows_changed.emit([place])

    def prefer(self, places: Sequence[int]) -> None:
        """Look into these records before the others: they are on the screen."""
        self._wanted = places
        self._look_on()

    def neighbour(self, step: int, here: Path | None) -> Path | None:
        """Return the record `step` rows after this one; None at either end, the first where it is in no row."""
        if not self._items:
            return None
        if here is None or here not in self._place:
            return self._items[0].path
        index = self._place[here] + step
        return self._items[index].path if 0 <= index < len(self._items) else None

    def next_row(self, here: Path | None, fits: Callable[[WorklistItem], bool]) -> Path | None:
        """Return the next record that fits, from the top again after the last; never the one that is `here`."""
        first = 0 if here is None else self.place(here) + 1
        for item in (*self._items[first:], *self._items[:first]):
            if item.path != here and fits(item):
                return item.path
        return None

    def set_state(self, path: Path, state: str) -> None:
        """Show how far the reading of a record is."""
        self.set_states({path: state})

    def set_states(self, states: dict[Path, str]) -> None:
        """Show how far the reading of many records is."""
        changed = []
        for path, state in states.items():
            if (index := self.place(path)) >= 0 and self._items[index].state != state:
                self._items[index] = replace(self._items[index], state=state)
                changed.append(index)
        if changed:
            self.rows_changed.emit(changed)

    def forget_states(self) -> None:
        """Show no reading of any record, until it is known how far this reader's is."""
        self.set_states({item.path: "" for item in self._items if item.state})

    def set_problem(self, path: Path, problem: str) -> None:
        """Show that a record could not be opened, and why."""
        if (index := self.place(path)) >= 0:
            self._items[index] = replace(self._items[index], problem=problem)
            self.rows_changed.emit([index])

    # ---- listing -------------------------------------------------------------------------------------

    def _list_on(self, search: _Search, n: int) -> None:
        self._jobs.start(
            _next_records,
            search,
            n,
            title="Looking for ECGs",
            is_light=True,
            on_done=lambda found: self._add_found(search, *found),
            on_failed=self._stop_listing,
        )

    def _stop_listing(self, error: Exception) -> None:
        self._n_listing -= 1
        self._look_on()
        self.failed.emit(error)

    def _add_found(self, search: _Search, found: Listed, ended: bool) -> None:
        if not ended:
            self._list_on(search, LIST_SLICE)
        self.take(found)
        self.listed.emit([path for path, _ in found])
        if ended:
            self._n_listing -= 1
            self._look_on()
            self.opened.emit(search.opened)
            if search.problems:
                self.failed.emit(search.problems[0])

    # ---- looking into them ---------------------------------------------------------------------------

    def _look_on(self) -> None:
        """Start on the next slice, unless one is being looked into."""
        if self._is_looking or not (places := self._next_places()):
            return
        self._is_looking = True
        self._jobs.start(
            _peek_all,
            [(place, self._items[place].path) for place in places],
            title="Reading headers",
            is_light=True,
            on_done=self._keep,
            on_failed=lambda error: self._give_up(places, error),
        )

    def _next_places(self) -> list[int]:
        wanted = [
            place for place in self._wanted if place < len(self._looked_into) and not self._looked_into[place]
        ]
        if wanted:
            return wanted[:PEEK_SLICE]
        if self._n_listing:  # one worker at a time for what is not on the screen: the window stays free
            return []
        unread = self._looked_into.find(0, self._first_unread)
        self._first_unread = len(self._items) if unread < 0 else unread
        nearby = range(self._first_unread, min(self._first_unread + PEEK_SLICE, len(self._items)))
        return [place for place in nearby if not self._looked_into[place]]

    def _keep(self, found: Peeked) -> None:
        for place, summary, problem in found:
            item = self._items[place]
            self._looked_into[place] = 1
            self._items[place] = replace(item, summary=summary, problem=problem or item.problem)
        self._is_looking = False
        self._look_on()
        self.rows_changed.emit([place for place, _, _ in found])

    def _give_up(self, places: list[int], error: Exception) -> None:
        for place in places:  # a bug in a reader is told once, and the rows after it are read all the same
            self._looked_into[place] = 1
        self._is_looking = False
        self._look_on()
        self.failed.emit(error)


def is_name_of_file(path: str | Path) -> bool:
    """Return whether a path may be one file of one record, from its words alone: no folder, pattern or archive."""
    text = os.fspath(path)
    return bool(Path(text).suffix) and not set("#*?[") & set(text) and not text.lower().endswith(ARCHIVES)


def name_of(path: Path) -> str:
    """Return how a record is called: its file, or its own name within an archive or a file of many.

    From the words alone, since no disk may be waited for here.
    """
    file, _, member = path.as_posix().partition("#")
    if not member or not PurePosixPath(file).suffix:
        return path.stem
    if file.lower().endswith(ARCHIVES):
        return PurePosixPath(member).stem
    return f"{PurePosixPath(file).stem}-{member}"


class _Search:
    """The records at some paths, one by one, in whatever worker asks for the next.

    A path that cannot be searched, or holds nothing, is kept in `problems` and does not keep the others away.
    """

    def __init__(self, paths: Sequence[str | Path], is_there: Sequence[str] = ()) -> None:
        self.opened: list[str] = list(is_there)
        self.problems: list[EcgviewError] = []
        self._records = self._walk([os.path.abspath(path) for path in paths])

    def next(self, n: int) -> Iterator[tuple[Path, str]]:
        """Yield the next records, at most `n`."""
        return islice(self._records, n)

    def _walk(self, paths: Sequence[str]) -> Iterator[tuple[Path, str]]:
        from ecgview import formats

        for path in paths:
            count = 0
            try:
                for record in formats.iter_records([path]):
                    count += 1
                    name = formats.record_name(record)
                    yield record, "" if name == record.stem else name
                if not count:
                    known = ", ".join(sorted((*formats.extensions(), *ARCHIVES)))
                    raise FormatError("holds no ECG files", where=str(path), expected=known)
            except EcgviewError as error:
                self.problems.append(error)
            if count and os.path.exists(path):
                self.opened.append(os.path.abspath(path))


def _next_records(search: _Search, n: int, progress: Progress = silent) -> tuple[Listed, bool]:
    """Return the next records and whether these were the last."""
    found: Listed = []
    began = time.monotonic()
    for record in search.next(n):
        found.append(record)
        if time.monotonic() - began > SLICE_S:
            return found, False
    return found, len(found) < n


def _peek_all(wanted: list[tuple[int, Path]], progress: Progress = silent) -> Peeked:
    """Return what the files say, as far as the time of a slice goes; never nothing."""
    from ecgview import formats

    found: Peeked = []
    began = time.monotonic()
    for place, path in wanted:
        progress(len(found) / len(wanted))  # no name: it may be closed
        try:
            found.append((place, formats.peek(path), ""))
        except EcgviewError as error:
            found.append((place, None, error.message))
        if time.monotonic() - began > SLICE_S:
            break
    return found
