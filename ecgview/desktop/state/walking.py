"""Walking through the worklist: by one row, or to the next record that this reader has not read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from ecgview.desktop.state.keeping import Then
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.state.worklist import Worklist, WorklistItem
from ecgview.desktop.work import tasks
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import StoreError
from ecgview.review.read import ReadState

LAST = "This is the last record of the worklist."
FIRST = "This is the first record of the worklist."
NONE_UNREAD = "No other record of the worklist is unread."
UNREAD = ("", ReadState.NEW.value, ReadState.IN_READING.value)


class Walk(QObject):
    """Steps count from the record that is being opened, else from the one that is shown."""

    def __init__(
        self,
        jobs: Jobs,
        worklist: Worklist,
        reader: Reader,
        reading: Reading,
        steps: ReadSteps,
        ecg: OpenRecord,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._worklist, self._reader = jobs, worklist, reader
        self._reading, self._steps, self._ecg, self._telling = reading, steps, ecg, telling
        self._n_looking = 0
        self._wants_unread = False
        worklist.listed.connect(self._look_up)
        reader.name_changed.connect(self._look_up_all)

    @property
    def _here(self) -> Path | None:
        return self._ecg.opening.path or self._ecg.shown.path

    def next(self) -> None:
        """Open the next record of the worklist, counted from the one that is being opened already."""
        self._by(1)

    def previous(self) -> None:
        """Open the record before this one."""
        self._by(-1)

    def next_unread(self) -> None:
        """Open the next record that this reader has not read, from the top again after the last row."""
        if self._n_looking:  # until then a row does not say whether it was read
            self._wants_unread = True
            return
        path = self._worklist.next_row(self._here, is_unread)
        if path is None:
            self._telling.post(NONE_UNREAD)
        else:
            self._ecg.open(path)

    def lock_and_next(self) -> None:
        """Save and lock the first read, and open the next record once that is on the disk."""
        self._go_on_after(self._steps.commit_first_read)

    def sign_and_next(self) -> None:
        """Sign the read, and open the next record once that is on the disk."""
        self._go_on_after(self._steps.sign)

    def _by(self, step: int) -> None:
        path = self._worklist.neighbour(step, self._here)
        if path is None:
            self._telling.post(LAST if step > 0 else FIRST)
        else:
            self._ecg.open(path)

    def _go_on_after(self, step: Callable[[Then], None]) -> None:
        """Open the next record once this step of the read is kept; until then nothing else is edited."""
        if self._reading.goes_on:
            self._steps.refuse()
            return
        is_over = False

        def over(is_kept: bool) -> None:
            nonlocal is_over
            is_over = True
            self._reading.go_on(False)
            if is_kept:
                self.next()

        step(over)
        self._reading.go_on(not is_over)

    # ---- how far the records are read ------------------------------------------------------------------

    def _look_up_all(self, _reader: str) -> None:
        self._look_up([item.path for item in self._worklist.items])

    def _look_up(self, paths: list[Path]) -> None:
        """Ask the store how far this reader's reading of these records is."""
        reader = self._reader.name
        self._n_looking += 1
        self._jobs.start(
            tasks.states,
            self._reading.store,
            paths,
            reader,
            title="Looking up reads",
            is_light=True,
            on_done=lambda states: self._looked_up(reader, paths, states),
            on_failed=self._not_looked_up,
        )

    def _looked_up(self, reader: str, paths: list[Path], states: dict[Path, str]) -> None:
        """Show what was found; a row of which nothing was found says so: its file may have been replaced since.

        Of the open record its read tells, which may be further by now.
        """
        if reader == self._reader.name:
            self._worklist.set_states(
                {path: states.get(path, "") for path in paths if path in states or path != self._ecg.path}
            )
        self._go_on()

    def _not_looked_up(self, error: Exception) -> None:
        if isinstance(error, StoreError):
            self._reading.take_problem(error)
        else:
            self._telling.fail(error)
        self._go_on()

    def _go_on(self) -> None:
        self._n_looking -= 1
        if self._wants_unread and not self._n_looking:
            self._wants_unread = False
            self.next_unread()


def is_unread(item: WorklistItem) -> bool:
    """Return whether this reader has no locked read of a record that can be opened."""
    return item.state in UNREAD and not item.problem
