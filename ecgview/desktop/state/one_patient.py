"""Whether another ECG of this sitting, filed under the open one's patient, looks like that patient's.

A model says so, so that nothing of it is asked or shown while AI is closed (W2). One other ECG is looked at: the
nearest one before, or else the nearest one after, or else the first in the list.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.state import inference
from ecgview.desktop.state.measuring import Measuring
from ecgview.desktop.state.neutral_names import Names
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.state.worklist import Worklist, WorklistItem
from ecgview.desktop.work.inference_queue import Urgency
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.record import EcgRecord
from ecgview.results import Identification

if TYPE_CHECKING:
    from ecgview.signal.measure.measured import Measured

KEY = "one_patient"
LONGEST_S = 120.0  # of the other ECG: what is longer is measured minute by minute, for minutes
# More ECGs under one ID than one patient has are those of an ID that stands for nobody ("0", "anonymous").
MOST = 40
CLOSED = "Whether two ECGs are of one patient is told once AI results are open."
NOBODY = "The file names no patient ID, so that no other ECG can be filed under it."
ALONE = "No other ECG in the list that is {0:.0f} s long at most is filed under patient ID {1}."
SHARED = "{0} ECGs in the list are filed under patient ID {1}: it stands for no single patient."
WAITING = "Still comparing with {0} …"


class OnePatient(QObject):
    """Compares the open record with one other of its patient, once it is measured and AI may be shown.

    Signals:
        changed: `warning` or `words` may be others.
    """

    changed = Signal()

    def __init__(
        self,
        jobs: Jobs,
        worklist: Worklist,
        names: Names,
        reading: Reading,
        ecg: OpenRecord,
        measuring: Measuring,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._worklist, self._names = jobs, worklist, names
        self._reading, self._ecg, self._measuring, self._telling = reading, ecg, measuring, telling
        self._places: dict[str, set[int]] = {}  # of the rows, by patient ID
        self._asked: tuple[EcgRecord, Path] | None = None
        self._found: Identification | None = None
        self._reason = ""
        worklist.rows_added.connect(lambda first, end: self._take_in(list(range(first, end))))
        worklist.rows_changed.connect(self._take_in)
        ecg.opened.connect(self._forget)
        ecg.closed.connect(self._forget)
        measuring.changed.connect(self._look)
        reading.session_changed.connect(self._look)
        names.changed.connect(self.changed)

    # ---- what may be told ------------------------------------------------------------------------------

    @property
    def found(self) -> Identification | None:
        """What the comparison gave; None while AI is closed, until it is there, and where it could not be judged."""
        return self._found if self._reading.may_show_ai() else None

    @property
    def warning(self) -> str:
        """One sentence where the two do not look like one patient's; "" otherwise, also where it cannot be judged."""
        found = self.found
        if found is None or found.known is None or found.verdict != "like two patients":
            return ""
        alarm, count = found.known.false_alarm, found.known.n_genuine
        return (
            f"Perhaps of two patients: {self._other} has the same patient ID, but its QRS complexes are not like these "
            f"({found.model.named}; of {count} known pairs of one patient {alarm.value:.1%} look so, at most "
            f"{alarm.high:.0%})."
        )

    @property
    def words(self) -> tuple[str, ...]:
        """All that can be said of it, a paragraph each; never empty."""
        if not self._reading.may_show_ai():
            return (CLOSED,)
        record = self._ecg.recorded
        if record is None or self._asked is None:
            return (self._why_not(record),)
        if self._reason:
            return (f"Cannot be judged against {self._other}: {self._reason}.",)
        if self._found is None:
            return (WAITING.format(self._other),)
        from ecgview.models import same_patient

        worth = (f"{text[:1].upper()}{text[1:]}." for text in same_patient.worth(self._found))
        return (f"Compared with {self._other}: {self._found.verdict}.", *worth)

    @property
    def _other(self) -> str:
        """What the other ECG is called now, and when it was recorded."""
        if self._asked is None:
            return ""
        path = self._asked[1]
        place = self._worklist.place(path)
        summary = self._worklist[place].summary if place >= 0 else None
        when = summary.start_time.replace("T", " ")[:16] if summary is not None else ""
        return f"{self._names.of(path)} of {when}" if when else self._names.of(path)

    def _why_not(self, record: EcgRecord | None) -> str:
        if record is None:
            return "No ECG is open."
        if not record.patient.patient_id.strip():
            return NOBODY
        called = self._names.patient(record, self._ecg.shown.path).patient_id or "of this file"
        count = len(self._places.get(record.patient.patient_id.strip(), ()))
        if count > MOST:
            return SHARED.format(count, called)
        if self._candidate(record) is not None:
            return "The ECG is still being measured."
        return ALONE.format(LONGEST_S, called)

    # ---- asking ----------------------------------------------------------------------------------------

    def _take_in(self, places: list[int]) -> None:
        for place in places:
            summary = self._worklist[place].summary
            if summary is not None and (named := summary.patient.patient_id.strip()):
                self._places.setdefault(named, set()).add(place)
        self._look()

    def _candidate(self, record: EcgRecord) -> Path | None:
        """Return the other ECG to look at."""
        places = self._places.get(record.patient.patient_id.strip(), set())
        if not 2 <= len(places) <= MOST:
            return None
        own, day = self._ecg.shown.path, _day(record.acquisition.start_time)
        items = [self._worklist[place] for place in sorted(places)]
        others = [one for one in items if one.path != own and not _is_long(one)]
        return min(others, key=lambda one: _distance(one, day)).path if others else None

    def _look(self, _changed: object = None) -> None:
        """Start comparing, unless that was done for this record and this other one."""
        record, measured = self._ecg.recorded, self._measuring.measured
        is_shown = record is not None and record is self._ecg.record
        if record is None or measured is None or not is_shown or not self._reading.may_show_ai():
            self.changed.emit()
            return
        other = self._candidate(record)
        if other is not None and (self._asked is None or self._asked[1] != other):
            self._start(record, measured, other)
        self.changed.emit()

    def _start(self, record: EcgRecord, measured: Measured, other: Path) -> None:
        self._asked, self._found, self._reason = (record, other), None, ""
        asked = self._asked
        self._jobs.start(
            inference.compare_patients,
            record,
            measured,
            other,
            title="Comparing with another ECG of this patient",
            on_done=lambda found: self._take(asked, found, ""),
            on_failed=lambda error: self._fail(asked, error),
            key=KEY,
            urgency=Urgency.PATIENT,
        )

    def _take(self, asked: tuple[EcgRecord, Path], found: Identification | None, reason: str) -> None:
        if asked is self._asked and asked[0] is self._ecg.recorded:
            self._found, self._reason = found, reason
            self.changed.emit()

    def _fail(self, asked: tuple[EcgRecord, Path], error: Exception) -> None:
        """Keep the reason for who asks; a file that is gone, or noise, is no message of its own."""
        if isinstance(error, EcgviewError):
            text = error.message.removeprefix("not analysed: ")
            self._take(asked, None, self._names.without(text, asked[1]).rstrip("."))
        elif asked is self._asked:
            self._take(asked, None, "ecgview met an error of its own")
            self._telling.fail(error, asked[1])

    def _forget(self, _record: object = None) -> None:
        self._jobs.cancel(KEY)
        self._asked, self._found, self._reason = None, None, ""
        self.changed.emit()


def _is_long(item: WorklistItem) -> bool:
    seconds = None if item.summary is None else item.summary.duration_s
    return seconds is not None and seconds > LONGEST_S


def _day(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _distance(item: WorklistItem, day: datetime.datetime | None) -> tuple[int, float]:
    """Return what to sort by: those before the open one, then those after it, then those of no known time."""
    own = _day(item.summary.start_time) if item.summary is not None else None
    if own is None or day is None:
        return 2, 0.0
    apart = (day - own).total_seconds()
    return (0, apart) if apart >= 0 else (1, -apart)
