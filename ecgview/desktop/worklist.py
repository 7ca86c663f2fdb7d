"""The worklist: which records are there, what is known of each, which one is open.

A folder is listed at once, without reading a sample; what the files say of themselves is read in the
background, a slice at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.formats._summary import RecordSummary

SLICE = 32  # records looked into per background job


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
        """The record's name: the file's, without its suffix."""
        return self.path.stem


class Worklist(QObject):
    """The records of this sitting, in order.

    Signals:
        changed: list[WorklistItem], after anything about it changed.
        listed: list[Path], the records that were just added.
        failed: Exception.
    """

    changed = Signal(object)
    listed = Signal(object)
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

    def _add_found(self, found: list[Path]) -> None:
        fresh = [path for path in found if path not in self._place]
        for path in fresh:
            self._place[path] = len(self._items)
            self._items.append(WorklistItem(path))
        self.changed.emit(self.items)
        self.listed.emit(found)
        self._look_into(fresh)

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


def _list(paths: Sequence[str | Path], progress: Progress = silent) -> list[Path]:
    from ecgview import formats

    return formats.list_records(paths)


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
