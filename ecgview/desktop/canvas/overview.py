"""The strip under the paper: the whole of a record that is longer than its page, and what the paper shows of it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ecgview.desktop.canvas.envelope import Envelope, envelope
from ecgview.desktop.canvas.time_strip import TimeStrip
from ecgview.desktop.canvas.trace_canvas import TraceCanvas
from ecgview.desktop.state.paper_choices import change
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import SPACE, set_role
from ecgview.paper import time_span
from ecgview.paper.families import lead_of
from ecgview.paper.page import Page, TracePath
from ecgview.paper.plan import plan
from ecgview.paper.scale_line import shown_s
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord

KEY = "overview"  # of the job that reads the whole lead
HEIGHT_PX = 68
HOURS_S = 3600.0  # from here on the words for a stretch need two lines
WORDS_PX = 196  # "shown 23 h 59 min 50 s" fits
ALL_S = 0.02  # a page that leaves out no more shows the whole record, as the words below it say
NEAR_S = 1e-6


class Overview(QFrame):
    """Beneath the paper of a long record; moving either of them moves the other. Hidden where the page shows all."""

    def __init__(self, workspace: Workspace, canvas: TraceCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._canvas = workspace, canvas
        self._record: EcgRecord | None = None
        self._asked: tuple[str, ...] = ()  # the leads that the envelope was asked of
        self._wanted: float | None = None  # where the paper is to begin, s, until its page is there
        self._strip: TimeStrip | None = None
        self.length, self.lead, self.stretch = _words("heading"), _words("muted"), _words("muted")
        first = QHBoxLayout()
        first.addWidget(self.length)
        first.addStretch(1)
        first.addWidget(self.lead)
        words = QWidget()
        words.setFixedWidth(WORDS_PX)
        column = QVBoxLayout(words)
        column.setContentsMargins(0, SPACE // 2, 0, 0)
        column.setSpacing(0)
        column.addLayout(first)
        column.addWidget(self.stretch)
        column.addStretch(1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2 * SPACE, 0, SPACE, 0)
        self._row.setSpacing(SPACE // 2)
        self._row.addWidget(words)
        self.setFixedHeight(HEIGHT_PX)
        self.hide()
        canvas.page_changed.connect(self._take_page)
        canvas.moved.connect(self._tell_region)
        workspace.paper.theme_changed.connect(self._recolour)
        workspace.reading.session_changed.connect(self._show_marks)
        workspace.reading.marks_changed.connect(self._show_marks)

    # ---- what is told ----------------------------------------------------------------------------------

    @property
    def record(self) -> EcgRecord | None:
        """The record that the strip tells of; None while it is away."""
        return self._record

    @property
    def strip(self) -> TimeStrip | None:
        """The scene; made with the first record that is longer than its page."""
        return self._strip

    @property
    def seen_s(self) -> tuple[float, float]:
        """The stretch of time that the paper shows, s; (0, 0) without a record."""
        page, shown = self._canvas.page, self._page_s()
        return (0.0, 0.0) if page is None else _seen(page, self._canvas.seen_mm, shown)

    @property
    def region_s(self) -> tuple[float, float]:
        """The stretch where the paper is, or is wanted by the hand while its page is being made, s."""
        return self.seen_s if self._wanted is None else (self._wanted, self._wanted + self._reach_s())

    def _reach_s(self) -> float:
        """Return how much time the paper shows where neither a margin nor a pulse takes room beside it, s."""
        start, end = self._page_s()
        paper = self._canvas.composed
        speed = 1.0 if paper is None else paper.speed_mm_per_s
        return min(self._canvas.seen_mm.width() / speed, end - start)

    def _page_s(self) -> tuple[float, float]:
        paper = self._canvas.composed
        return (0.0, 0.0) if self._record is None or paper is None else shown_s(self._record, paper)

    # ---- moving the paper ------------------------------------------------------------------------------

    def show_from(self, start_s: float) -> None:
        """Move the paper so that what is seen of it begins here: within its page, else by another page."""
        if self._record is not None:
            last = max(0.0, self._record.seconds - self._reach_s())
            self._wanted = min(max(0.0, start_s), last)
            self._follow()
            self._tell_region()

    def _follow(self) -> None:
        """Bring the paper to where it is wanted; one page is made at a time, and the last wish counts."""
        page, paper, wanted = self._canvas.page, self._canvas.composed, self._wanted
        if page is None or paper is None or wanted is None or self._workspace.jobs.is_running("layout"):
            return
        (start, end), reach = self._page_s(), self._reach_s()
        is_there = start - NEAR_S <= wanted and wanted + reach <= end + NEAR_S
        first = wanted if wanted > start else max(0.0, wanted + reach - (end - start))
        if is_there or abs(first - paper.start_s) < NEAR_S:
            self._wanted = None
            self._canvas.show_from_mm(_place_mm(page, wanted) if wanted > start + NEAR_S else 0.0)
        else:
            change(self._workspace, start_s=first)

    def _step(self, shares: float) -> None:
        self.show_from(self.region_s[0] + shares * self._reach_s())

    # ---- following the paper ---------------------------------------------------------------------------

    def _take_page(self) -> None:
        """Tell of the page that is on the paper now, or of none; in the same step as the paper itself."""
        record, paper, page = self._canvas.record, self._canvas.composed, self._canvas.page
        if page is not None and page.is_of_median:
            record = None  # nothing of the record's time is on it
        start, end = (0.0, 0.0) if record is None or paper is None else shown_s(record, paper)
        told = record if record is not None and (start > 0 or record.seconds - end > ALL_S) else None
        if told is not self._record:
            self._record, self._asked, self._wanted = told, (), None
            self._workspace.jobs.cancel(KEY)
            if self._strip is not None:
                self._strip.show_record(told)
        if told is None or paper is None:
            self.hide()
            return
        if self._strip is None:
            self._make_strip(told)
        self.length.setText(time_span.words(told.seconds))
        self._ask_envelope(told, paper)
        self._show_marks()
        self.show()
        self._follow()
        self._tell_region()

    def _make_strip(self, record: EcgRecord) -> None:
        self._strip = strip = TimeStrip(self._workspace.paper.colours)
        strip.show_record(record)
        strip.moved_to.connect(self.show_from)
        strip.stepped.connect(self._step)
        self._row.addWidget(strip, 1)
        self.setFocusProxy(strip)

    def _ask_envelope(self, record: EcgRecord, paper: PaperSettings) -> None:
        leads = _leads(record, paper)
        if leads == self._asked or self._strip is None:
            return
        self._asked = leads
        self._strip.show_envelope(None)
        self.lead.setText("")
        self._workspace.jobs.start(
            envelope,
            record,
            leads,
            title="Drawing the overview",
            on_done=self._take_envelope,
            on_failed=lambda error: self._workspace.telling.fail(error, self._workspace.ecg.path),
            key=KEY,
            is_light=True,
        )

    def _take_envelope(self, made: Envelope) -> None:
        if self._strip is not None and self._record is not None:
            self.lead.setText(made.lead)
            self._strip.show_envelope(made)
            self._show_marks()

    def _tell_region(self) -> None:
        if self._record is None or self._strip is None:
            return
        low, high = self.seen_s
        digits = 1 if high - low >= 2.0 else 2
        between = "\n" if self._record.seconds >= HOURS_S else " "
        if self._record.seconds < time_span.LONG_S:
            self.stretch.setText(f"shown {low:.{digits}f} to {high:.{digits}f} s")
        else:
            ends = [time_span.words(edge, whole=True) for edge in (low, high)]
            self.stretch.setText(f"shown {ends[0]}{between}to {ends[1]}")
        self._strip.show_region(*self.region_s)
        spoken = " ".join(self.stretch.text().split())
        self._strip.setAccessibleDescription(f"{self.length.text()}, {spoken}")

    def _show_marks(self, _changed: object = None) -> None:
        session = self._workspace.reading.session
        if self._strip is not None and self._record is not None:
            marks = session.draft.annotations if session is not None else ()
            self._strip.show_marks([mark.start_s for mark in marks])

    def _recolour(self, _theme: object = None) -> None:
        if self._strip is not None:
            self._strip.recolour(self._workspace.paper.colours)


def _words(role: str) -> QLabel:
    made = QLabel()
    set_role(made, role)
    return made


def _leads(record: EcgRecord, paper: PaperSettings) -> tuple[str, ...]:
    """Return the leads to draw, the best first: the layout's rhythm lead, II, V1, the first that was recorded."""
    wanted = (*plan(record.lead_names, paper).rhythm, "II", "V1", record.lead_names[0])
    found = [lead[0] for name in wanted if (lead := lead_of(name, record.lead_names))]
    return tuple(dict.fromkeys(found))


def _widest(page: Page) -> list[TracePath]:
    """Return the traces that say best which time stands where: rhythm rows, where there are any."""
    width = max((trace.x1_mm - trace.x0_mm for trace in page.traces), default=0.0)
    return [trace for trace in page.traces if trace.x1_mm - trace.x0_mm > width - 1e-3]


def _seen(page: Page, seen_mm: QRectF, shown: tuple[float, float]) -> tuple[float, float]:
    """Return the stretch of time between the edges of what is seen, s, within what the page shows."""
    times: list[float] = []
    for trace in _widest(page):
        left, right = max(trace.x0_mm, seen_mm.left()), min(trace.x1_mm, seen_mm.right())
        if left < right:
            times += [trace.start_s + (x - trace.x0_mm) / trace.mm_per_s for x in (left, right)]
    if not times:
        return shown
    return max(min(times), shown[0]), min(max(times), shown[1])


def _place_mm(page: Page, time_s: float) -> float:
    """Return where a time stands on the page, mm from its left."""
    places = (
        trace.x0_mm + (time_s - trace.start_s) * trace.mm_per_s
        for trace in _widest(page)
        if trace.start_s <= time_s <= trace.end_s
    )
    return next(places, 0.0)
