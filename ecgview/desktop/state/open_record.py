"""The open record, and how another takes its place: every part of the window changes in one step, or all is blank."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.state.opening import Opening, Read, Shown
from ecgview.desktop.state.paper import Paper
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.state.worklist import Worklist, is_name_of_file
from ecgview.desktop.work import tasks
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.review import subject as subjects
from ecgview.review.subject import Subject

if TYPE_CHECKING:
    from ecgview.signal.measurements import Measurement

STOPPED = "Opening was stopped."
OF_RECORD = (
    "as_if",
    "measure",
    "layout",
    "lef_pictures",
    "overview",
)  # jobs whose answer tells of the open record; models have theirs
OWN_ERROR = "ecgview met an error of its own"


class OpenRecord(QObject):
    """What the window tells of: the open record, or the one that is being opened or cannot be.

    Signals (each states a fact):
        opened: EcgRecord, with its page in `opening.page`. failed: EcgviewError.
        closed: no record is open any more; `shown` says why, and what the window tells of instead.
        switched: every part of the window tells of what is `shown` now, and of nothing else.
        measured: tuple[Measurement, ...], of the open record.
        painted: the trace is on the screen: from now on the models may take the processor.
    """

    opened = Signal(object)
    failed = Signal(object)
    closed = Signal()
    switched = Signal()
    measured = Signal(object)
    painted = Signal()

    def __init__(
        self,
        jobs: Jobs,
        worklist: Worklist,
        paper: Paper,
        reading: Reading,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._worklist, self._paper, self._reading, self._telling = worklist, paper, reading, telling
        self._record: EcgRecord | None = None
        self._recorded: EcgRecord | None = None
        self._painted: EcgRecord | None = None
        self._shown = Shown()
        self._measurements: tuple[Measurement, ...] | None = None
        self._open_when_listed = False
        self._named: tuple[
            str | Path, ...
        ] = ()  # from when a user named paths until the first of them is open
        self.opening = Opening(jobs, reading, self)
        self.opening.changed.connect(self._hold_read)
        self.opening.slow.connect(self._blank)
        self.opening.several.connect(self._list_named)
        self.opening.read.connect(self._fill_row)
        self.opening.ready.connect(self._open)
        self.opening.failed.connect(self._fail)
        worklist.listed.connect(self._open_first)
        paper.changed.connect(self._try_other_paper)

    # ---- what there is ---------------------------------------------------------------------------------

    @property
    def record(self) -> EcgRecord | None:
        """The open record."""
        return self._record

    @property
    def recorded(self) -> EcgRecord | None:
        """The open record as it was recorded, whatever is shown instead of it."""
        return self._recorded

    @property
    def path(self) -> Path | None:
        """The file of the open record."""
        return self._shown.path if self._record is not None else None

    @property
    def shown(self) -> Shown:
        """What the window tells of."""
        return self._shown

    @property
    def measurements(self) -> tuple[Measurement, ...] | None:
        """Measurements of the open record; None until they are there."""
        return self._measurements

    @property
    def is_opening(self) -> bool:
        """Whether another record than the one that is shown is being opened."""
        return self.opening.path is not None

    @property
    def is_painted(self) -> bool:
        """Whether the trace of the open record has been on the screen."""
        return self._record is not None and self._painted is self._record

    # ---- opening ---------------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[str | Path]) -> None:
        """Add files, folders and globs to the worklist and open the first record found."""
        paths = [os.path.abspath(path) for path in paths]  # a file has one row, however it is named
        self._let_named_go()
        if paths and is_name_of_file(paths[0]):
            self._begin(Path(paths[0]), named=tuple(paths))
        else:
            self._list(paths)

    def open(self, path: str | Path) -> None:
        """Open one record; until it can be shown no read is edited, and nothing of two records is shown.

        The one before stays until this one can be shown, or it takes longer than a blink.
        """
        self._let_named_go()
        self._begin(Path(os.path.abspath(path)))

    def stop(self) -> None:
        """Give up opening; the record before stays if it is still there."""
        path = self.opening.stop()
        self._let_named_go()
        if path is not None and self._record is None:
            self._tell_of(Shown("failed", path, STOPPED))
        if self._reading.session is None:  # its edits were let go
            self._reading.again()
        self._telling.post(STOPPED, about=self._shown.path)

    def show_as_if(self, electrodes: str) -> None:
        """Show what the open record would be without an exchange of limb electrodes, to be looked at alone (T7).

        It has no read, no model is asked about it, and nothing of it is kept; `show_recorded` ends it.
        """
        recorded = self._recorded
        if recorded is None:
            return
        self._jobs.start(
            tasks.as_if,
            recorded,
            electrodes,
            title="Exchanging leads",
            on_done=lambda made: self._leave_for(recorded, made),
            on_failed=lambda error: self._telling.fail(error, self._shown.path),
            key="as_if",
            is_light=True,
        )

    def show_recorded(self) -> None:
        """Show the recording again."""
        if self._record is not None and self._record.what_if and self._shown.path is not None:
            self.open(self._shown.path)

    def _leave_for(self, recorded: EcgRecord, made: EcgRecord) -> None:
        def go(may_go: bool) -> None:
            path = self._shown.path
            if may_go and path is not None and recorded is self._recorded:
                self._open(path, made)

        if recorded is self._recorded:
            self._reading.typing_ended.emit()
            self._reading.leave(go)

    def enter_subject(self, record: EcgRecord, subject: Subject) -> None:
        """Keep the age and sex of a record whose file does not say them, and show it anew with them."""
        self._reading.write(subjects.enter, self._reading.store, record.source.sha256, subject)
        if record is self._record and (path := self.path) is not None:
            self.open(path)

    # ---- what the canvas says --------------------------------------------------------------------------

    def tell_painted(self) -> None:
        """Take note that the trace is on the screen."""
        self._painted = self._record
        self.painted.emit()

    def page_failed(self, record: EcgRecord, error: Exception) -> None:
        """Take the open record away: it cannot be laid out as it is wanted now."""
        path = self.path
        if record is self._record and path is not None:
            self._reading.typing_ended.emit()
            self._reading.leave(
                lambda may_go: self._fail(path, error, True) if may_go and path is not None else None
            )

    # ---- one step --------------------------------------------------------------------------------------

    def _begin(self, path: Path, named: tuple[str | Path, ...] = ()) -> None:
        self._named = named
        self._open_when_listed = self._open_when_listed and not named
        self._reading.typing_ended.emit()
        self.opening.start(path, named=bool(named))
        if self._record is None:
            self._blank(path)

    def _list(self, paths: Sequence[str | Path]) -> None:
        self._open_when_listed = True
        self._worklist.add(paths)

    def _let_named_go(self) -> None:
        """List what was named and is not open yet: another record was asked for, or none."""
        named, self._named = self._named, ()
        if named:
            self._worklist.add(named)

    def _list_named(self, _path: Path) -> None:
        """Look for records at what was named: it is no file of one record, or is not there."""
        named, self._named = self._named, ()
        if self._record is None:
            self._tell_of(Shown())
        elif self._reading.session is None:  # its edits were let go
            self._reading.again()
        self._list(named)

    def _fill_row(self, path: Path, found: Read) -> None:
        if self._named or self._worklist.place(path) >= 0:
            self._worklist.take_read(path, found.summary)

    def _tell_named(self, path: Path) -> None:
        """Tell of what was named as if it had been listed, now that its first record is shown, or cannot be."""
        named, self._named = self._named, ()
        if named:
            self._worklist.listed.emit([path])
            is_there = [os.path.abspath(path)]
            if len(named) > 1:
                self._worklist.add(named[1:], is_there)
            else:
                self._worklist.opened.emit(is_there)

    def _hold_read(self, _is_opening: bool) -> None:
        self._reading.wait_for(self.opening.path)

    def _open_first(self, found: list[Path]) -> None:
        if self._open_when_listed and found:
            self._open_when_listed = False
            self.open(found[0])

    def _try_other_paper(self, _paper: PaperSettings) -> None:
        if self._shown.retry and self._shown.path is not None:
            self.open(self._shown.path)

    def _blank(self, path: Path) -> None:
        self._tell_of(Shown("opening", path))

    def _open(self, path: Path, record: EcgRecord) -> None:
        self._tell_of(Shown("open", path), record)
        self._tell_named(path)
        self._jobs.start(
            tasks.measure,
            record,
            title="Measuring",
            on_done=self._take_quick,
            on_failed=lambda error: self._telling.fail(error, path),
            key="measure",
        )

    def _take_quick(self, found: tuple[Measurement, ...]) -> None:
        """Take the quick measurements; of a record that was measured a moment ago all of them may be there before."""
        have = self._measurements or ()
        names = {one.name for one in have}
        self.take_measurements((*have, *(one for one in found if one.name not in names)))

    def take_measurements(self, found: tuple[Measurement, ...]) -> None:
        """Let these be the measurements of the open record: the quick ones, or all of them once they are there."""
        self._measurements = found
        self.measured.emit(found)

    def _fail(self, path: Path, error: Exception, by_layout: bool) -> None:
        known = error if isinstance(error, EcgviewError) else None
        if self._named:
            self._worklist.take_read(path, None)
        if known is not None and not by_layout:
            self._worklist.set_problem(path, known.message)
        self._tell_of(Shown("failed", path, known.sentence if known else OWN_ERROR, retry=by_layout))
        if known is not None:
            self.failed.emit(known)
        self._telling.fail(error, path)
        self._tell_named(path)

    def _tell_of(self, shown: Shown, record: EcgRecord | None = None) -> None:
        """Let every part of the window tell of something else, all in this one step."""
        for key in OF_RECORD:
            self._jobs.cancel(key)
        self._record, self._shown, self._measurements = record, shown, None
        if record is None or not record.what_if:
            self._recorded = record
        is_other_page = self._paper.to_start()
        self._reading.begin(record, shown.path)
        if record is None:
            self.closed.emit()
        else:
            self.opened.emit(record)
        if is_other_page:
            self._paper.changed.emit(self._paper.settings)
        self._reading.tell()
        self.switched.emit()
