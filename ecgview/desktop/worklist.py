"""The worklist: which records are there, what is known of each, which one is open.

A folder is listed at once, without reading a sample; what the files say of themselves is read in the
background, a slice at a time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.jobs import Jobs
from ecgview.errors import EcgviewError, FormatError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.formats._summary import RecordSummary

SLICE = 32  # records looked into per background job
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")  # as `ecgview.formats` opens them


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """One row: a file, what it says of itself once that is read, and how far its reading is.

    `state` is the state of the reader's own read ("" where there is none); nothing that a model said
    is ever part of a row.
    """

    path: Path
    summary: RecordSummary | None = None
    problem: str = ""
    state: str = ""

    @property
    def name(self) -> str:
        """The record's name: the file's or the member's, without its suffix."""
        return name_of(self.path)


class Worklist(QObject):
    """The records of this sitting, in order.

    Signals:
        changed: list[WorklistItem], after anything about it changed.
        listed: list[Path], the records that were just added.
        opened: list[str], what was asked for and is there: files, folders and archives, absolute.
        failed: Exception.
    """

    changed = Signal(object)
    listed = Signal(object)
    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._items: list[WorklistItem] = []
        self._place: dict[Path, int] = {}
        self.current: Path | None = None

    @property
    def items(self) -> list[WorklistItem]:
        """The rows, in order (a copy)."""
        return list(self._items)

    def add(self, paths: Sequence[str | Path]) -> None:
        """Look for records at files, folders and globs, and add them; `listed` tells which."""
        self._jobs.start(
            _list, tuple(paths), title="Looking for ECGs", on_done=self._add_found, on_failed=self.failed.emit
        )

    def neighbour(self, step: int) -> Path | None:
        """Return the record `step` rows after the open one; None at either end."""
        if not self._items:
            return None
        if self.current not in self._place:
            return self._items[0].path
        index = self._place[self.current] + step
        return self._items[index].path if 0 <= index < len(self._items) else None

    def set_state(self, path: Path, state: str) -> None:
        """Show how far the reading of a record is."""
        if (index := self._place.get(path)) is not None and self._items[index].state != state:
            self._items[index] = replace(self._items[index], state=state)
            self.changed.emit(self.items)

    def set_states(self, states: dict[Path, str]) -> None:
        """Show how far the reading of many records is."""
        for index, item in enumerate(self._items):
            if (state := states.get(item.path)) is not None:
                self._items[index] = replace(item, state=state)
        self.changed.emit(self.items)

    def set_problem(self, path: Path, problem: str) -> None:
        """Show that a record could not be opened, and why."""
        if (index := self._place.get(path)) is not None:
            self._items[index] = replace(self._items[index], problem=problem)
            self.changed.emit(self.items)

    def _add_found(self, answer: _Found) -> None:
        found = answer.records
        fresh = [path for path in found if path not in self._place]
        for path in fresh:
            self._place[path] = len(self._items)
            self._items.append(WorklistItem(path))
        self.changed.emit(self.items)
        self.listed.emit(found)
        self._look_into(fresh)
        self.opened.emit(answer.opened)
        if answer.problem is not None:
            self.failed.emit(answer.problem)

    def _look_into(self, paths: list[Path]) -> None:
        if paths:
            now, later = paths[:SLICE], paths[SLICE:]
            self._jobs.start(
                _peek_all,
                now,
                title="Reading headers",
                on_done=lambda found: self._keep(found, later),
                on_failed=self.failed.emit,
            )

    def _keep(self, found: list[tuple[Path, RecordSummary | None, str]], later: list[Path]) -> None:
        for path, summary, problem in found:
            index = self._place[path]
            item = self._items[index]
            self._items[index] = replace(item, summary=summary, problem=problem or item.problem)
        self.changed.emit(self.items)
        self._look_into(later)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search found, where, and the first thing that went wrong beside it."""

    records: list[Path]
    opened: list[str]
    problem: EcgviewError | None


def name_of(path: Path) -> str:
    """Return how a record is called: its file, or its own name within an archive or a file of many.

    From the words alone: it is asked for at every row that is painted, and no disk may be waited for.
    """
    file, _, member = path.as_posix().partition("#")
    if not member or not PurePosixPath(file).suffix:
        return path.stem
    if file.lower().endswith(ARCHIVES):
        return PurePosixPath(member).stem
    return f"{PurePosixPath(file).stem}-{member}"


def _list(paths: Sequence[str | Path], progress: Progress = silent) -> _Found:
    """Look at each path by itself: a broken archive does not keep the files beside it away."""
    from ecgview import formats

    records: dict[Path, None] = {}
    opened: list[str] = []
    problems: list[EcgviewError] = []
    for index, path in enumerate(paths):
        progress(index / len(paths))
        try:
            found = formats.list_records([path])
            if not found:
                known = ", ".join(sorted((*formats.extensions(), *ARCHIVES)))
                raise FormatError("holds no ECG files", where=str(path), expected=known)
        except EcgviewError as error:
            problems.append(error)
            continue
        records |= dict.fromkeys(found)
        if os.path.exists(path):
            opened.append(os.path.abspath(path))
    if problems and not records:
        raise problems[0]
    return _Found(list(records), opened, problems[0] if problems else None)


def _peek_all(paths: list[Path], progress: Progress = silent) -> list[tuple[Path, RecordSummary | None, str]]:
    from ecgview import formats

    found: list[tuple[Path, RecordSummary | None, str]] = []
    for index, path in enumerate(paths):
        progress(index / len(paths), path.name)
        try:
            found.append((path, formats.peek(path), ""))
        except EcgviewError as error:
            found.append((path, None, error.message))
    return found
