"""What is measured of the open record with the edits of its read laid on it, and where a value was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.settings import MEASUREMENTS_OPEN, Settings
from ecgview.desktop.state import inference
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.work.inference_queue import Urgency
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError, SignalError
from ecgview.record import EcgRecord
from ecgview.review.history import PutEdges, RestoreEdges
from ecgview.review.moment import now
from ecgview.review.read import edge_key
from ecgview.signal.measure import engine
from ecgview.signal.measure.measured import Edge, Measured
from ecgview.signal.measure.measured import Edit as EdgeEdit

if TYPE_CHECKING:
    from ecgview.signal.measurements import Measurement

CHOICES = "criteria.choices"  # of definitions, CODE=NAME, one on each line
CLOSED = "Measurements stay closed until you lock your first read, as this study asks."
FIXED = "Edges are not moved where a long record is measured minute by minute."
AWAY: dict[str, tuple[Edge, ...]] = {"P": ("P onset", "P offset"), "T": ("T offset",)}  # a beat is its QRS


class Measuring(QObject):
    """Measures the open record once its trace is on the screen, and anew whenever an edge is put elsewhere.

    The network runs once; after an edit only what follows from the waves is computed, off the UI thread, the last
    wish next: while an edge is dragged the numbers follow the hand.

    Signals:
        changed: Measured | None, of the open record, with every edit that there is.
        opened_changed: whether the measurements may be shown is another answer now.
        pointed: (lead, start in s, end in s), a value's place on the trace is to be shown.
        lines_changed: whether edges of waves are drawn, or the letters of beats.
    """

    changed = Signal(object)
    opened_changed = Signal()
    pointed = Signal(str, float, float)
    lines_changed = Signal()

    def __init__(
        self,
        jobs: Jobs,
        settings: Settings,
        reader: Reader,
        reading: Reading,
        steps: ReadSteps,
        ecg: OpenRecord,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._settings = jobs, settings
        self._reader, self._reading, self._steps, self._ecg, self._telling = (
            reader,
            reading,
            steps,
            ecg,
            telling,
        )
        self._computed: Measured | None = None  # without any edit
        self._measured: Measured | None = None
        self._wanted: tuple[EdgeEdit, ...] | None = None  # to be laid on next, while a job runs
        self._laid: tuple[EdgeEdit, ...] = ()  # what `_measured` was asked for with; not all of it may fit
        self._held: tuple[EdgeEdit, ...] = ()  # under the hand, not yet in the read
        self._was_open = True
        self._stays_open = False  # what is shown is made from a record whose measurements are open
        self.shows_edges = False
        self.shows_letters = False
        ecg.painted.connect(self._measure)
        ecg.opened.connect(self._forget)
        ecg.closed.connect(self._forget)
        reading.session_changed.connect(self._follow)
        reading.draft_changed.connect(self._follow)

    # ---- what there is -------------------------------------------------------------------------------

    @property
    def measured(self) -> Measured | None:
        """What is measured of the open record, edits and all; None until it is there, or while it is closed."""
        return self._measured if self.is_open else None

    @property
    def is_open(self) -> bool:
        """Whether our measurements may be shown: a study may close them until the first read is locked."""
        session = self._reading.session
        if self._settings.flag(MEASUREMENTS_OPEN) or self._reading.may_show_ai() or self._stays_open:
            return True
        return session is not None and bool(session.reads)

    @property
    def is_under_way(self) -> bool:
        """Whether the open record is being measured."""
        return self._jobs.is_running("measure_fully")

    @property
    def why_not(self) -> str:
        """Why there is no median beat to be shown, "" where there is."""
        if not self.is_open:
            return "measurements stay closed until your first read is locked"
        if self._measured is None:
            return "still measuring"
        return "" if self._measured.median is not None else self._measured.reason or "no beats were found"

    def switch_edges(self) -> None:
        """Draw the edges of waves on every beat, or not."""
        self.shows_edges = not self.shows_edges
        self.lines_changed.emit()

    def switch_letters(self) -> None:
        """Write a letter over every beat of the rhythm, or not."""
        self.shows_letters = not self.shows_letters
        self.lines_changed.emit()

    def point_at(self, item: Measurement) -> None:
        """Show on the trace where a value was measured."""
        if item.where_s is not None:
            self.pointed.emit(item.lead, *item.where_s)

    # ---- edits ---------------------------------------------------------------------------------------

    @property
    def may_edit(self) -> bool:
        """Whether the open read takes edits."""
        session = self._reading.session
        is_editable = session is not None and session.is_editable and not self.is_fixed
        return is_editable and not self._reading.is_held

    @property
    def is_held(self) -> bool:
        """Whether the hand, or a key, has an edge elsewhere than the read has it."""
        return bool(self._held)

    @property
    def is_fixed(self) -> bool:
        """Whether no edge can be moved, whoever reads: a long record is measured minute by minute."""
        return self._computed is not None and bool(self._computed.trend)

    def hold(self, edge: Edge, beat: int | None, to_s: float) -> None:
        """Let the numbers follow an edge that the hand has; nothing is written."""
        self._held = (EdgeEdit(edge, to_s, beat, self._reader.name),)
        self._lay_on(self._edits)

    def let_go(self) -> None:
        """Let the numbers be those of the read again."""
        if self._held:
            self._held = ()
            self._lay_on(self._edits)

    def put(self, edge: Edge, beat: int | None, to_s: float) -> None:
        """Put an edge elsewhere, as one edit of the read."""
        self._held = ()
        self._apply(PutEdges((self._edit(edge, beat, to_s),)))

    def take_away(self, edge: Edge, beat: int | None) -> None:
        """Say that the wave of an edge is not there, as one edit of the read; a QRS complex stays."""
        edges = AWAY.get(edge.split()[0], ())
        if edges:
            self._apply(PutEdges(tuple(self._edit(one, beat, None) for one in edges)))
        else:
            self._telling.post("A QRS complex cannot be taken away; say in the read that the beat is none.")

    def restore(self, edge: Edge, beat: int | None) -> None:
        """Let an edge, or the whole wave where it was taken away, lie where it was computed, as one edit."""
        keys = tuple((one, beat) for one in AWAY.get(edge.split()[0], (edge,)))
        gone = any(edge_key(one) in keys and one.to_s is None for one in self._edits)
        self._apply(RestoreEdges(keys if gone else ((edge, beat),)))

    def _edit(self, edge: Edge, beat: int | None, to_s: float | None) -> EdgeEdit:
        return EdgeEdit(edge, to_s, beat, self._reader.name, now().utc)

    def _apply(self, edit: PutEdges | RestoreEdges) -> None:
        before = self._edits
        if self.is_fixed:
            self._telling.post(FIXED, about=self._ecg.path)
        elif (refused := self._refused_by(edit)) is not None:
            self._telling.fail(refused, self._ecg.path)
        else:
            self._steps.apply(edit)
        if self._edits == before:  # the read refused it
            self.changed.emit(self.measured)
        self._lay_on(self._edits)

    def _refused_by(self, edit: PutEdges | RestoreEdges) -> SignalError | None:
        """Return why the edges of the read would not fit any more after an edit, None where they do as before."""
        session, record, computed = self._reading.session, self._ecg.record, self._computed
        if session is None or record is None or computed is None:
            return None
        wanted = edit.apply(session.draft).edges
        unfit = set(session.draft.edges) - set(engine.fitting(computed, record, session.draft.edges)[0])
        kept, refused = engine.fitting(computed, record, wanted)
        return refused[0] if set(wanted) - set(kept) - unfit else None

    @property
    def _edits(self) -> tuple[EdgeEdit, ...]:
        session, record = self._reading.session, self._ecg.record
        if session is None or record is None or session.record_sha256 != record.source.sha256:
            return self._held
        held = {edge_key(one) for one in self._held}
        return (*(one for one in session.draft.edges if edge_key(one) not in held), *self._held)

    # ---- measuring -----------------------------------------------------------------------------------

    def _forget(self, record: EcgRecord | None = None) -> None:
        # A what-if has no read of its own: it is as open as the recording was, which `_was_open` still says.
        self._stays_open = record is not None and bool(record.what_if) and self._was_open
        for key in ("measure_fully", "measure_again"):
            self._jobs.cancel(key)
        self._computed = self._measured = self._wanted = None
        self._held, self._laid = (), ()
        self.changed.emit(None)

    def _measure(self) -> None:
        record = self._ecg.record
        if record is None or self._computed is not None:
            return
        self._jobs.start(
            inference.measure_fully,
            record,
            title="Measuring",
            on_done=lambda found: self._take_computed(record, found),
            on_failed=lambda error: self._fail(record, error),
            key="measure_fully",
            urgency=Urgency.MEASUREMENT,
        )

    def _take_computed(self, record: EcgRecord, found: Measured) -> None:
        if record is not self._ecg.record:
            return
        self._computed = found
        if self._edits:
            self._lay_on(self._edits)
        else:
            self._show(found)

    def _lay_on(self, edits: Sequence[EdgeEdit]) -> None:
        """Have the measurements made with these edits: at once, or after the ones under way."""
        record, computed = self._ecg.record, self._computed
        if record is None or computed is None:
            return
        is_running = self._jobs.is_running("measure_again")
        if not is_running and self._measured is not None and tuple(edits) == self._laid:
            return
        if is_running:
            self._wanted = tuple(edits)
            return
        self._wanted = None
        self._jobs.start(
            inference.measure_again,
            computed,
            record,
            tuple(edits),
            title="Measuring",
            on_done=lambda found: self._take_again(record, found, tuple(edits)),
            on_failed=lambda error: self._refuse(record, error),
            key="measure_again",
            is_light=True,
        )

    def _take_again(self, record: EcgRecord, found: Measured, laid: tuple[EdgeEdit, ...]) -> None:
        if record is not self._ecg.record:
            return
        known = set(self._laid) - set(() if self._measured is None else self._measured.edits)
        if set(laid) - set(found.edits) - known and not self._held:
            told = [text for text in found.warnings if text.startswith(engine.NOT_LAID_ON)]
            self._telling.post(" ".join(told), "warning", about=self._ecg.path)
        self._laid = laid
        self._show(found)
        self._go_on()

    def _refuse(self, record: EcgRecord, error: Exception) -> None:
        """Tell of a fault; what was measured before stands."""
        if record is self._ecg.record:
            self._telling.fail(error, self._ecg.path)
            if self._wanted is None and self._measured is None and self._computed is not None:
                self._show(self._computed)
            self._go_on()

    def _go_on(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._lay_on(wanted)

    def _fail(self, record: EcgRecord, error: Exception) -> None:
        if record is self._ecg.record:
            if not isinstance(error, EcgviewError):
                self._telling.fail(error, self._ecg.path)
            said = error.message if isinstance(error, EcgviewError) else "ecgview met an error of its own"
            self._show(Measured((), {}, reason=said))

    def range_again(self) -> None:
        """Show the same values with their ranges by the definitions that the reader has chosen now."""
        if self._measured is not None:
            self._show(self._measured)

    def _show(self, found: Measured) -> None:
        from ecgview.signal import criteria

        found = criteria.ranged(found, criteria.choices_in(self._settings.text(CHOICES)))
        self._measured = found
        quick = self._ecg.measurements or ()
        names = {one.name for one in found.values}
        rest = tuple(one for one in quick if one.name not in names) if found.values else quick
        self._ecg.take_measurements((*found.values, *rest))
        self.changed.emit(self.measured)

    def _follow(self, _session: object) -> None:
        """Follow the read: another edge may be elsewhere, and the measurements closed or open."""
        if self.is_open != self._was_open:
            self._was_open = self.is_open
            self.opened_changed.emit()
            self.changed.emit(self.measured)
        self._lay_on(self._edits)


def named(edits: Sequence[EdgeEdit], edge: str, beat: int | None) -> EdgeEdit | None:
    """Return the edit of an edge, if there is one."""
    return next((one for one in edits if edge_key(one) == (edge, beat)), None)
