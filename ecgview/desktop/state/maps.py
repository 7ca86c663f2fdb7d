"""Where on the trace a number of a model comes from: the target chosen, its map, and the checks of the map."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Literal, TypeVar

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.settings import Settings
from ecgview.desktop.state import mapping, stretches
from ecgview.desktop.state.answers import Answers
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.paper import Paper
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.shams import Given, Study, Target
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.work.inference_queue import Urgency
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.explain import offered, on_page
from ecgview.labels import label_set
from ecgview.labels.report_order import part_of
from ecgview.overlay import Overlay, Span
from ecgview.results import Attribution, LefResult, Prediction, Stamp
from ecgview.review.judgement import Judged

MAP, STAMP = "map", "stamp"  # the keys of the jobs
MOST_KEPT = 128  # maps of 10 kB each
STRIPES = "Stripes: not to be read."
IN_STUDY = "integrated gradients"  # of any map: the number of steps would tell a map from a sham
COLOURS = "Orange, above: raises it. Blue, below: lowers it."
HIDDEN = "stamp hidden in this study"
Found = TypeVar("Found")
Step = Literal["none", "off", "mapping", "failed", "shown"]


@dataclass(slots=True)
class Chosen:
    """The target, and how far its map is."""

    target: Target
    given: Given
    step: Step
    is_study: bool  # it was drawn among shams: its numbers stay hidden, whatever the settings say afterwards
    why_off: str = ""
    attribution: Attribution | None = None
    stamp: Stamp | None = None
    problem: str = ""
    stamp_problem: str = ""
    stretch: int = -1  # the one with brackets around it, counted from the strongest


class KeptMaps:
    """Maps and stamps by the question that they answer; from any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, object] = OrderedDict()
        self._lock = Lock()

    def get(self, question: object) -> object | None:
        """Return the answer to a question, if it is still there."""
        with self._lock:
            return self._kept.get(question)

    def keep(self, question: object, answer: object) -> None:
        """Keep an answer, and let the oldest go."""
        with self._lock:
            self._kept[question] = answer
            self._kept.move_to_end(question)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


class Maps(QObject):
    """The map that is chosen for the open record; there is none while `Reading.may_show_ai` says no.

    The map comes first, its stamp follows in a job of its own. What was asked before is recalled by the question that
    it answers, so that choosing it again waits for nothing.

    Signals:
        changed: another target is chosen, or more is known of it.
    """

    changed = Signal()

    def __init__(
        self,
        jobs: Jobs,
        settings: Settings,
        paper: Paper,
        reader: Reader,
        reading: Reading,
        ecg: OpenRecord,
        answers: Answers,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._settings, self._paper, self._reader = jobs, settings, paper, reader
        self._reading, self._ecg, self._answers, self._telling = reading, ecg, answers, telling
        self._chosen: Chosen | None = None
        self._at_hand: dict[Given, tuple[Attribution, Stamp | None]] = {}  # of the open record
        self._kept = KeptMaps()
        answers.dropped.connect(self._drop)
        answers.explanation_chosen.connect(self._make_room)
        reading.session_changed.connect(self._follow_session)
        reader.name_changed.connect(self._drop)
        paper.view_changed.connect(self._lay_overlay)

    # ---- what may be shown -----------------------------------------------------------------------------

    @property
    def _shown(self) -> Chosen | None:
        return self._chosen if self._reading.may_show_ai() else None

    @property
    def target(self) -> Target | None:
        """What is chosen; None where nothing is, and while AI is closed."""
        return self._shown.target if self._shown is not None else None

    @property
    def name(self) -> str:
        """What is chosen, as it is called; "" where nothing is."""
        target, prediction = self.target, self._answers.prediction
        if target is None:
            return ""
        if target.of != "statement":
            return f"Low ejection fraction, {target.name or 'all predictors'}"
        name = label_set.name_of(prediction.label_set, target.name) if prediction is not None else target.name
        return target.name if name == target.name else f"{name[:1].upper()}{name[1:]} ({target.name})"

    @property
    def step(self) -> Step:
        """How far the map of the target is."""
        return self._shown.step if self._shown is not None else "none"

    @property
    def attribution(self) -> Attribution | None:
        """The map that lies on the trace; None until it is there."""
        return self._shown.attribution if self._shown is not None else None

    @property
    def stamp(self) -> Stamp | None:
        """What was checked of the map; None while it is being checked, and in a study with shams."""
        return self._shown.stamp if self._shown is not None and not self.is_study else None

    @property
    def verdict(self) -> str:
        """What is known of the map's worth, in words; "" where no map lies on the trace."""
        chosen = self._shown
        if chosen is None or chosen.attribution is None:
            return ""
        if self.is_study:
            return HIDDEN
        if chosen.attribution.failed:  # known without the checks
            return chosen.attribution.failed
        if chosen.stamp is not None:
            return chosen.stamp.verdict
        return "not checked" if chosen.stamp_problem else "checking …"

    @property
    def problem(self) -> str:
        """Why there is no map, a sentence; "" where there is one or it is not asked for."""
        return self._shown.problem if self._shown is not None else ""

    @property
    def stamp_problem(self) -> str:
        """Why the map could not be checked, a sentence."""
        return self._shown.stamp_problem if self._shown is not None else ""

    @property
    def why_off(self) -> str:
        """Why the map of this target is not offered by itself; it stays beside one that was asked for anyway."""
        chosen = self._shown
        return f"{chosen.why_off[:1].upper()}{chosen.why_off[1:]}." if chosen and chosen.why_off else ""

    @property
    def study(self) -> Study:
        """Whether maps may be shams, by the settings."""
        return Study(self._settings.number("study.shams"), self._settings.text("study.word"))

    @property
    def is_study(self) -> bool:
        """Whether what lies on the trace may be a sham, so that nothing may be told that would tell which."""
        return self.study.is_on or (self._chosen is not None and self._chosen.is_study)

    @property
    def shown(self) -> Judged | None:
        """What lies on the trace, and what it really is, for the record of a judgement; None where no map does.

        Only the store may have it: a reader is not told whether it is a sham.
        """
        chosen = self._shown
        if chosen is None or chosen.attribution is None:
            return None
        model = chosen.attribution.model
        return Judged(
            kind="map",
            target=chosen.target.name or "LEF",
            model_id=model.model_id,
            version=model.version,
            sha256=model.sha256,
            method=IN_STUDY if self.is_study else chosen.attribution.method,
            stamp=chosen.attribution.failed or (chosen.stamp.verdict if chosen.stamp else "not checked"),
            shown=chosen.given.kind,
            shown_target=chosen.given.name,
        )

    # ---- choosing --------------------------------------------------------------------------------------

    def choose(self, target: Target | None, *, anyway: bool = False) -> None:
        """Lay the map of a target on the trace, or none; the map of a rhythm only where it is asked for `anyway`."""
        record = self._ecg.record
        if target is None or record is None or not self._reading.may_show_ai():
            self._take_away()
            self._lay()
            return
        if target == self.target and not (anyway and self.step == "off"):
            return
        self._take_away()
        self._answers.explain("")
        given = self.study.given(target, record.source.sha256, self._reader.name, self._others(target))
        why_off = self._why_not(target)
        is_off = bool(why_off) and not anyway
        self._chosen = Chosen(target, given, "off" if is_off else "mapping", self.study.is_on, why_off)
        if not is_off:
            self._map(self._chosen)
        self._lay()

    def again(self) -> None:
        """Ask once more for a map that failed."""
        if (target := self.target) is not None:
            self._chosen = None
            self.choose(target, anyway=True)

    def cancel(self) -> None:
        """Give up what is under way: without its map the target is given up, too."""
        chosen = self._chosen
        if chosen is not None and chosen.step == "mapping":
            self.choose(None)
        elif chosen is not None and self._jobs.is_running(STAMP):
            self._jobs.cancel(STAMP)
            chosen.stamp_problem = "The check was stopped."
            self._lay()

    def next_stretch(self) -> on_page.Stretch | None:
        """Put brackets around the strongest stretch of the map, then around the next one; return where it is."""
        chosen = self._shown
        if chosen is None or chosen.attribution is None:
            return None
        found = stretches.strongest(chosen.attribution)
        if not found:
            return None
        chosen.stretch = (chosen.stretch + 1) % len(found)
        self._lay()
        return found[chosen.stretch]

    def _others(self, target: Target) -> list[str]:
        """Return the names of what else of this kind has a map."""
        prediction, lef = self._answers.prediction, self._answers.lef
        if target.of == "statement" and prediction is not None:
            return [score.code for score in prediction.scores if not score.not_assessable]
        if target.of == "predictor" and lef is not None and lef.contributions is not None:
            return [item.predictor for item in lef.contributions.items if item.contribution]
        return []

    def _why_not(self, target: Target) -> str:
        """Return why the map of a target is not offered by itself, "" where it is."""
        prediction = self._answers.prediction
        if target.of != "statement" or prediction is None:
            return ""
        from ecgview.models import cards

        if part_of(target.name, prediction.label_set) == "Rhythm":
            return offered.RHYTHM.rstrip(".")
        try:
            return offered.why_not(cards.get(prediction.model.model_id), target.name)
        except EcgviewError:  # the map itself says what is wrong with the model
            return ""

    # ---- asking ----------------------------------------------------------------------------------------

    def _map(self, chosen: Chosen) -> None:
        answer = self._answer(chosen.target)
        if chosen.given in self._at_hand:
            self._mapped(chosen, self._at_hand[chosen.given])
        elif answer is None:
            chosen.step, chosen.problem = "failed", "The model has not answered yet."
        else:
            args = (chosen.given, answer, self._kept)
            self._start(MAP, Urgency.MAP, chosen, mapping.mapped, args, self._mapped)

    def _answer(self, target: Target) -> Prediction | LefResult | None:
        return self._answers.prediction if target.of == "statement" else self._answers.lef

    def _mapped(self, chosen: Chosen, found: tuple[Attribution, Stamp | None]) -> None:
        chosen.attribution, chosen.stamp = found
        chosen.step = "shown"
        self._at_hand[chosen.given] = found
        answer = self._answer(chosen.target)
        if chosen.stamp is None and answer is not None:
            args = (chosen.given, answer, chosen.attribution, self._kept)
            self._start(STAMP, Urgency.STAMP, chosen, mapping.stamped, args, self._stamped)

    def _stamped(self, chosen: Chosen, stamp: Stamp) -> None:
        chosen.stamp = stamp
        if chosen.attribution is not None:
            self._at_hand[chosen.given] = (chosen.attribution, stamp)

    def _start(
        self,
        key: str,
        urgency: Urgency,
        chosen: Chosen,
        function: Callable[..., Found],
        args: tuple[object, ...],
        take: Callable[[Chosen, Found], None],
    ) -> None:
        def done(found: Found) -> None:
            if chosen is self._chosen:
                take(chosen, found)
                self._lay()

        self._jobs.start(
            function,
            self._ecg.record,
            *args,
            self._answers.device,
            title="Mapping" if key == MAP else "Checking the map",
            on_done=done,
            on_failed=partial(self._fail, chosen, key),
            key=key,
            urgency=urgency,
        )

    def _fail(self, chosen: Chosen, key: str, error: Exception) -> None:
        sentence = self._telling.reason(error)
        if chosen is not self._chosen:
            return
        if key == MAP:
            chosen.step, chosen.problem = "failed", sentence
        else:
            chosen.stamp_problem = sentence
        self._lay()

    # ---- what happens beside it ------------------------------------------------------------------------

    def _take_away(self) -> None:
        for key in (MAP, STAMP):
            self._jobs.cancel(key)
        self._chosen = None
        self._paper.go_back()

    def _drop(self) -> None:
        """Let go of all that was said of the record before."""
        self._take_away()
        self._at_hand = {}
        self._lay()

    def _make_room(self, explanation_id: str) -> None:
        """Take the map away where another explanation is laid on the trace."""
        if explanation_id and self._chosen is not None:
            self._take_away()
            self._lay()

    def _follow_session(self, _session: object) -> None:
        if not self._reading.may_show_ai() and self._chosen is not None:
            self._take_away()
            self._lay()

    def _lay(self) -> None:
        self._lay_overlay()
        self.changed.emit()

    def _lay_overlay(self, _view: str = "") -> None:
        self._paper.lay(MAP, self.overlay if self._paper.view == "explain" else None)

    @property
    def overlay(self) -> Overlay | None:
        """What lies on the trace: the strips, brackets around the stretch chosen, and the legend."""
        chosen = self._shown
        if chosen is None or chosen.attribution is None:
            return None
        found = chosen.attribution
        if self.is_study:  # a sham is named, and drawn, as what was asked for
            found = replace(found, target=chosen.target.name, failed="", method="")
        laid = on_page.overlay(found, self.verdict, chosen.why_off)
        are_striped = any(bar.failed for bar in laid.bars)
        strong = stretches.strongest(chosen.attribution) if chosen.stretch >= 0 else ()
        brackets = tuple(
            Span(one.start_s, one.end_s, "stretch", (one.lead,))
            for one in strong[chosen.stretch : chosen.stretch + 1]
        )
        return Overlay(
            spans=(*laid.spans, *brackets),
            curves=laid.curves,
            bars=laid.bars,
            legend=f"{laid.legend} {STRIPES if are_striped else COLOURS}",
        )
