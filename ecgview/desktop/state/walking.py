"""Walking through the worklist: by one row, or to the next record that this reader has not read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ecgview.desktop.state.worklist import WorklistItem
from ecgview.desktop.work import tasks
from ecgview.errors import StoreError
from ecgview.review.read import ReadState

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

LAST = "This is the last record of the worklist."
FIRST = "This is the first record of the worklist."
NONE_UNREAD = "No other record of the worklist is unread."
UNREAD = ("", ReadState.NEW.value, ReadState.IN_READING.value)


class Walk(QObject):
    """Steps count from the record that is being opened, else from the one that is shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._n_looking = 0
        self._wants_unread = False

    @property
    def _here(self) -> Path | None:
        return self._workspace.opening.path or self._workspace.shown.path

    def by(self, step: int) -> None:
        """Go on by one row, or back."""
        path = self._workspace.worklist.neighbour(step, self._here)
        if path is None:
            self._workspace.post_message(LAST if step > 0 else FIRST)
        else:
            self._workspace.open_record(path)

    def to_unread(self) -> None:
        """Go to the next record that this reader has not read, from the top again after the last row."""
        if self._n_looking:  # until then a row does not say whether it was read
            self._wants_unread = True
            return
        path = self._workspace.worklist.next_row(self._here, is_unread)
        if path is None:
            self._workspace.post_message(NONE_UNREAD)
        else:
            self._workspace.open_record(path)

    def look_up(self, paths: list[Path]) -> None:
        """Ask the store how far the reading of these records is."""
        workspace = self._workspace
        reader = workspace.reader_name
        self._n_looking += 1
        workspace.jobs.start(
            tasks.states,
            workspace.store,
            paths,
            reader,
            title="Looking up reads",
            on_done=lambda states: self._looked_up(reader, states),
            on_failed=self._not_looked_up,
        )

    def _looked_up(self, reader: str, states: dict[Path, str]) -> None:
        if reader == self._workspace.reader_name:
            self._workspace.worklist.set_states(states)
        self._go_on()

    def _not_looked_up(self, error: Exception) -> None:
        if isinstance(error, StoreError):
            self._workspace.reading.take_problem(error)
        else:
            self._workspace.fail(error)
        self._go_on()

    def _go_on(self) -> None:
        self._n_looking -= 1
        if self._wants_unread and not self._n_looking:
            self._wants_unread = False
            self.to_unread()


def is_unread(item: WorklistItem) -> bool:
    """Return whether this reader has no locked read of a record that can be opened."""
    return item.state in UNREAD and not item.problem
