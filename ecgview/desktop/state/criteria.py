"""The criteria of the open record, by the definitions that the reader chose, and whom the reader told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ecgview.desktop.state.measuring import CHOICES, Measuring
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.work import tasks
from ecgview.desktop.work.jobs import Jobs
from ecgview.review.history import AddTold, RemoveTold
from ecgview.review.moment import now
from ecgview.review.read import Told
from ecgview.signal.criteria.criterion import Criterion

if TYPE_CHECKING:
    from ecgview.desktop.settings import Settings
    from ecgview.signal.measure.measured import Measured


REST_MS = 100  # longer than between two steps of a hand that moves


class Criteria(QObject):
    """Judges the measurements of the open record off the UI thread, again after every edit of them.

    They are closed while the measurements are.

    Signals:
        changed: tuple[Criterion, ...] | None, of the open record.
        told_changed: whom the reader told is another list now.
        sought: the reader wants to see what is critical.
    """

    changed = Signal(object)
    told_changed = Signal()
    sought = Signal()

    def __init__(
        self,
        jobs: Jobs,
        settings: Settings,
        reader: Reader,
        reading: Reading,
        steps: ReadSteps,
        ecg: OpenRecord,
        measuring: Measuring,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._settings, self._reader, self._reading = jobs, settings, reader, reading
        self._steps, self._ecg, self._measuring, self._telling = steps, ecg, measuring, telling
        self._found: tuple[Criterion, ...] | None = None
        self._told: tuple[Told, ...] = ()
        self._told_as: object = None
        self._rested = QTimer(self, singleShot=True, interval=REST_MS)
        self._rested.timeout.connect(lambda: self._judge(measuring.measured))
        measuring.changed.connect(self._follow_measured)
        reading.session_changed.connect(self._follow)
        reading.draft_changed.connect(self._follow)

    @property
    def found(self) -> tuple[Criterion, ...] | None:
        """The criteria as they came out; None until they are there, or while measurements are closed."""
        return self._found if self._measuring.is_open else None

    @property
    def critical(self) -> tuple[Criterion, ...]:
        """Those that must not be missed and are met."""
        return tuple(one for one in self.found or () if one.critical and one.state == "met")

    @property
    def choices(self) -> Mapping[str, str]:
        """The definitions that the reader chose, by code; what is no choice any more is passed over."""
        from ecgview.signal import criteria

        return criteria.choices_in(self._settings.text(CHOICES))

    def choose(self, code: str, name: str) -> None:
        """Judge by another definition from now on; it is kept for the next start."""
        chosen = {**self.choices, code: name}
        self._settings.set(CHOICES, "\n".join(f"{key}={value}" for key, value in chosen.items()))
        self._measuring.range_again()

    def point_at(self, one: Criterion) -> None:
        """Show on the trace where a criterion looked."""
        if one.where_s is not None:
            self._measuring.pointed.emit(one.leads[0] if len(one.leads) == 1 else "", *one.where_s)

    # ---- W6 --------------------------------------------------------------------------------------------

    @property
    def told(self) -> tuple[Told, ...]:
        """Whom the reader of the open read told of critical findings."""
        return self._told

    @property
    def may_tell(self) -> bool:
        """Whether the open read takes edits."""
        return self._measuring.may_edit

    def tell(self, person: str) -> None:
        """Keep that the reader told somebody, now, of each critical finding."""
        person = " ".join(person.split())
        if not person:
            return
        at = now().utc
        for one in self.critical:
            self._steps.apply(AddTold(Told(one.code, one.name, person, at, self._reader.name)))

    def take_back(self, told: Told) -> None:
        """Say that somebody was not told, as an edit of the open read."""
        self._steps.apply(RemoveTold(told))

    def _follow(self, _session: object = None) -> None:
        session = self._reading.session
        told = () if session is None else session.draft.told
        answer = (told, self.may_tell, self._measuring.is_open)
        if answer != self._told_as:  # most edits of a read tell nobody
            self._told, self._told_as = told, answer
            self.told_changed.emit()

    # ---- judging ---------------------------------------------------------------------------------------

    def _follow_measured(self, measured: Measured | None) -> None:
        """Judge at once, but while the hand moves an edge: then once it rests, for its numbers are what is watched."""
        if measured is not None and self._found is not None and self._measuring.is_held:
            self._rested.start()
        else:
            self._rested.stop()
            self._judge(measured)

    def _judge(self, measured: Measured | None) -> None:
        record = self._ecg.record
        if record is None or measured is None:
            self._jobs.cancel("criteria")
            self._show(None)
            return
        self._jobs.start(
            tasks.judge,
            record,
            measured,
            self.choices,
            title="Looking at criteria",
            on_done=self._show,
            on_failed=lambda error: self._telling.fail(error, self._ecg.path),
            key="criteria",
            is_light=True,
        )

    def _show(self, found: tuple[Criterion, ...] | None) -> None:
        if found is not None and found == self._found:
            return  # an edge moved, and no number of a criterion with it
        self._found = found
        self.changed.emit(self.found)
