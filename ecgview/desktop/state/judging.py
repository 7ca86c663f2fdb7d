"""What the reader says of a model's reason: a verdict on a stretch of the map or reconstruction on the trace.

Kept at once beside the read, and no part of it: not of the draft, not of what is signed. Nothing of it exists while the
read is blind (W2); what other readers said is never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from ecgview.counts import counted
from ecgview.desktop.state import stretches
from ecgview.desktop.state.answers import Answers
from ecgview.desktop.state.maps import Maps
from ecgview.desktop.state.mouse import MenuRow, Mouse, SpanMode, Spot
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.paper import Paper
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.reading import Reading
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay, Span, joined
from ecgview.review.judgement import Judged, Judgement, Opinion, Verdict, to_overlay
from ecgview.runs import runs

MODE = "judge"
HINT = "Drag over a stretch of a lead, with Shift of all leads, then say what you think of the model's reason there"
CLICKED_S = 0.2  # length of the stretch about a place where nothing else says which is meant: about a wave
METHOD = "hidden segments filled in by the masked autoencoder"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is judged: times in seconds, `leads` empty for all."""

    leads: tuple[str, ...]
    start_s: float
    end_s: float

    @property
    def words(self) -> str:
        """Leads and times as read by people."""
        return f"{' '.join(self.leads) or 'all leads'}, {self.start_s:.2f} to {self.end_s:.2f} s"

    def holds(self, spot: Spot) -> bool:
        """Return whether a place lies in it."""
        return self.start_s <= spot.seconds <= self.end_s and (not self.leads or spot.lead in self.leads)


@dataclass(frozen=True, slots=True)
class Subject:
    """A model's reason that lies on the trace, and the stretches it has of its own, the first one meant by default.

    `failed` is why it is not to be read, "" where nothing is known against it; nobody judges it without these words.
    """

    judged: Judged
    stretches: tuple[Stretch, ...]
    failed: str = ""


Provider = Callable[[], Subject | None]


def _apart_from_checks(judged: Judged) -> Judged:
    """Return what lies on the trace, whatever its checks say by now: they come later than the map."""
    return replace(judged, stamp="")


class Judging(QObject):
    """The stretch that is meant, the verdicts on it, and the reader's own judgements of the open record.

    Signals:
        changed: another reason lies on the trace, another stretch is meant, or something was judged or withdrawn.
    """

    changed = Signal()

    def __init__(
        self,
        paper: Paper,
        reading: Reading,
        steps: ReadSteps,
        ecg: OpenRecord,
        answers: Answers,
        mouse: Mouse,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._paper, self._reading, self._steps = paper, reading, steps
        self._ecg, self._answers, self._mouse = ecg, answers, mouse
        self._providers: dict[str, Provider] = {"reconstruct": self._reconstruction}
        self._chosen: Stretch | None = None
        self._of: Judged | None = None  # what the chosen stretch was chosen on
        self._brackets: tuple[Stretch, ...] = ()
        self._standing: tuple[Judgement, ...] = ()
        ecg.opened.connect(self._forget)
        ecg.closed.connect(self._forget)
        reading.session_changed.connect(self._read_anew)
        paper.view_changed.connect(self._follow)
        answers.reconstruction_ready.connect(self._follow)
        answers.mask_changed.connect(self._follow)
        mouse.add(SpanMode(MODE, "Judge", HINT, self._dragged, None, self._may_judge, "judgement"))
        mouse.offer(self._rows)

    def add_subject(self, view: str, provider: Provider, *changed: Signal) -> None:
        """Say what can be judged in a view, and by which signals it becomes another."""
        self._providers[view] = provider
        for signal in changed:
            signal.connect(self._follow)  # type: ignore[attr-defined]
        self._follow()

    def attend_maps(self, maps: Maps) -> None:
        """Let the map of the explain view be judged: the stretch in brackets first, then its strongest ones."""

        def brackets() -> tuple[Stretch, ...]:
            spans = maps.overlay.spans if maps.overlay is not None else ()
            return tuple(Stretch(one.leads, one.start_s, one.end_s) for one in spans if one.role == "stretch")

        def subject() -> Subject | None:
            judged, attribution = maps.shown, maps.attribution
            if judged is None or attribution is None:
                return None
            strongest = stretches.strongest(attribution)
            own = tuple(Stretch((one.lead,), one.start_s, one.end_s) for one in strongest)
            failed = maps.verdict if maps.verdict.startswith("failed") else ""  # no word of it in a study
            return Subject(judged, (*brackets(), *own), failed)

        def follow() -> None:
            if (found := brackets()) != self._brackets:  # the reader went to another stretch of the map
                self._brackets, self._chosen = found, None
            self._follow()

        maps.changed.connect(follow)
        self.add_subject("explain", subject)

    # ---- what may be shown -----------------------------------------------------------------------------

    @property
    def subject(self) -> Subject | None:
        """The reason on the trace of this view; None where there is none, and while AI is closed."""
        provider = self._providers.get(self._paper.view)
        if provider is None or self._ecg.record is None or not self._reading.may_show_ai():
            return None
        return provider()

    @property
    def stretch(self) -> Stretch | None:
        """The stretch that a verdict is given on: the one chosen, else the first that the reason itself has."""
        subject = self.subject
        if subject is None:
            return None
        if self._chosen is not None and self._of == _apart_from_checks(subject.judged):
            return self._chosen
        return subject.stretches[0] if subject.stretches else None

    @property
    def standing(self) -> tuple[Judgement, ...]:
        """This reader's judgements of the open record that stand, oldest first; none while AI is closed."""
        return self._standing if self._reading.may_show_ai() else ()

    @property
    def why_not(self) -> str:
        """Why nothing can be judged though there is something to judge, a sentence; "" where it can."""
        session = self._reading.session
        return session.view_only if session is not None else ""

    # ---- judging ---------------------------------------------------------------------------------------

    def choose(self, stretch: Stretch | None) -> None:
        """Mean this stretch from now on; None: the one that the reason itself has."""
        subject = self.subject
        self._chosen, self._of = stretch, None if subject is None else _apart_from_checks(subject.judged)
        self._lay()

    def judge(self, verdict: Verdict, stretch: Stretch | None = None) -> None:
        """Give a verdict on a stretch, by default the one that is meant; nothing happens where there is none."""
        subject, meant = self.subject, stretch or self.stretch
        if subject is None or meant is None:
            return
        opinion = Opinion(verdict, meant.leads, meant.start_s, meant.end_s, subject.judged)
        self._steps.judge(opinion, self._kept)

    def withdraw(self, number: int) -> None:
        """Take one of the judgements back; it stays in the store, with a row that says so."""
        self._steps.withdraw_judgement(number, self._kept)

    def withdraw_last(self) -> None:
        """Take back the newest judgement that stands."""
        if self.standing:
            self.withdraw(self.standing[-1].number)

    # ---- the reconstruction ----------------------------------------------------------------------------

    def _reconstruction(self) -> Subject | None:
        answer = self._answers.reconstruction
        if answer is None:
            return None
        found = answer[0]
        if not np.array_equal(found.mask, self._answers.mask):
            return None  # the paper shows another mask already
        facts, hidden = found.model, int(found.mask.sum())
        judged = Judged(
            "reconstruction",
            counted(hidden, "hidden segment"),
            facts.model_id,
            facts.version,
            facts.sha256,
            METHOD,
        )
        length = found.segment_samples / found.sampling_rate_hz
        spans = (runs(found.mask) * length).tolist()
        return Subject(judged, tuple(Stretch((), start, end) for start, end in spans))

    # ---- by hand ---------------------------------------------------------------------------------------

    def _may_judge(self) -> bool:
        return self.subject is not None

    def _dragged(self, _mode: str, lead: str, start_s: float, end_s: float) -> None:
        self.choose(Stretch((lead,) if lead else (), start_s, end_s))

    def _rows(self, spot: Spot | None) -> list[MenuRow]:
        """Offer a verdict on the place under the mouse, and to take back what was said of it."""
        subject = self.subject
        if subject is None or spot is None or self.why_not:
            return []
        stretch = self._at(spot, subject)
        verdicts = tuple(
            MenuRow(verdict.words[:1].upper() + verdict.words[1:], partial(self._judge_at, verdict, stretch))
            for verdict in Verdict
        )
        what = f"{stretch.words}, though the map failed" if subject.failed else stretch.words
        rows = [MenuRow(f"Judge {what}", rows=verdicts)]
        for one in self.standing:
            opinion = one.opinion
            if Stretch(opinion.leads, opinion.start_s, opinion.end_s).holds(spot):
                rows.append(
                    MenuRow(f"Withdraw “{opinion.verdict.words}”", partial(self.withdraw, one.number))
                )
        return rows

    def _judge_at(self, verdict: Verdict, stretch: Stretch) -> None:
        self.choose(stretch)
        self.judge(verdict)

    def _at(self, spot: Spot, subject: Subject) -> Stretch:
        """Return the stretch that is meant at a place: the one chosen, one of the reason's own, else that about it."""
        chosen = self.stretch
        own: tuple[Stretch, ...] = subject.stretches if chosen is None else (chosen, *subject.stretches)
        for one in own:
            if one.holds(spot):
                return one
        record = self._ecg.record
        length = record.seconds if record is not None else spot.seconds
        start = max(0.0, min(spot.seconds, length) - CLICKED_S / 2)
        return Stretch((spot.lead,), start, min(length, start + CLICKED_S))

    # ---- what happens beside it ------------------------------------------------------------------------

    def _kept(self, is_kept: bool) -> None:
        if is_kept:
            self._read_anew()

    def _forget(self, _record: object = None) -> None:
        self._chosen, self._of, self._standing = None, None, ()
        self._lay()

    def _read_anew(self, _session: object = None) -> None:
        session = self._reading.session
        try:
            self._standing = () if session is None else session.judgements
        except EcgviewError:  # that the store cannot be read is told where the read is
            self._standing = ()
        self._follow()

    def _follow(self, _changed: object = None) -> None:
        self._mouse.refresh()
        self._lay()

    def _lay(self) -> None:
        """Mark what was judged, and put brackets around the stretch that is meant, in the views that show reasons."""
        is_shown = self._paper.view in self._providers and self._reading.may_show_ai()
        marks = to_overlay(self.standing) if is_shown else Overlay()
        meant = self._chosen if is_shown and self.stretch is self._chosen else None
        if meant is not None:
            span = Span(meant.start_s, meant.end_s, "stretch", meant.leads)
            marks = joined([marks, Overlay(spans=(span,))])
        self._paper.lay("judgements", marks if marks.spans else None)
        self.changed.emit()
