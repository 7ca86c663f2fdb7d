"""The criteria of the open record, by the definitions that the reader chose, and whom the reader told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

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
        measuring.changed.connect(self._judge)
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
        if told != self._told:
            self._told = told
        self.told_changed.emit()

    # ---- judging ---------------------------------------------------------------------------------------

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
        self._found = found
        self.changed.emit(self.found)
