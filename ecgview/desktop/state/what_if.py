"""Mask and ask: what is hidden of the open record, what the models would say then, and how that is against chance.

Nothing of it exists while the read is blind (W2), and nothing of it belongs to the read: it is logged with the
record and its reader, and stands in no text that is signed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from ecgview.desktop.state import inference
from ecgview.desktop.state.answers import Answers
from ecgview.desktop.state.mouse import MenuRow, Mouse, SpanMode, Spot
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.paper import Paper
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.work.inference_queue import Urgency
from ecgview.desktop.work.jobs import Jobs
from ecgview.overlay import Overlay
from ecgview.record import EcgRecord
from ecgview.results import Chance, Fill, Hidden, HiddenSpan, WhatIf
from ecgview.review.annotation import Annotation

if TYPE_CHECKING:
    from ecgview.explain.mask_and_ask import Ground

MODE = "hide"
ACTION = "mask_and_ask"  # in the audit chain
ASK, CHANCE = "what_if", "what_if_chance"  # keys of the jobs
HINT = "Drag to hide a stretch of a lead, with Shift of all leads; click to hide a whole lead or to show it again."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question gave."""

    answer: WhatIf
    overlay: Overlay


class MaskAndAsk(QObject):
    """What is hidden, step by step, and the answers; all of it empty while `Reading.may_show_ai` says no.

    One question is under way at a time, and of those that come meanwhile only the newest is asked after it, so that
    the numbers follow the hand. A question on which the hand rests is logged when it is answered, and compared with
    as much hidden elsewhere.

    Signals:
        changed: what is hidden, what was answered, or why there is no answer.
    """

    changed = Signal()
    _answered = Signal(str, object)  # worker thread -> UI thread: a fresh answer about the record as it is

    def __init__(
        self,
        jobs: Jobs,
        paper: Paper,
        reading: Reading,
        steps: ReadSteps,
        ecg: OpenRecord,
        answers: Answers,
        mouse: Mouse,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._paper, self._reading, self._steps = jobs, paper, reading, steps
        self._ecg, self._answers, self._mouse, self._telling = ecg, answers, mouse, telling
        self._drop()
        self._answered.connect(reading.keep, Qt.ConnectionType.QueuedConnection)
        ecg.opened.connect(self._forget)  # before any panel hears of the record
        ecg.closed.connect(self._forget)
        ecg.switched.connect(self._lay)
        reading.session_changed.connect(self._follow_session)
        answers.models_chosen.connect(self._ask_anew)
        paper.view_changed.connect(self._follow_view)
        mouse.changed.connect(self._follow_mode)
        mouse.add(
            SpanMode(
                MODE,
                "Hide",
                HINT,
                lambda _mode, lead, start_s, end_s: self.hide_span(lead, start_s, end_s),
                lambda _mode, lead, seconds: self.click(lead, seconds),
                self._may_offer,
                "masked",
                lambda _mode, lead, start_s, now_s: self.drag_to(lead, start_s, now_s),
                self.undo,
                self.redo,
            )
        )
        mouse.offer(self._rows)

    def _drop(self) -> None:
        self._hidden = Hidden()
        self._done: list[Hidden] = []  # steps to be taken back
        self._undone: list[Hidden] = []
        self._asked: Asked | None = None
        self._failure = ""
        self._ground: Ground | None = None
        self._pending = False
        self._live: Hidden | None = None  # with the drag under way: nothing of it is logged or compared
        self._logged = ""
        self._reader = ""

    # ---- what may be shown -----------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether anything may be asked or shown."""
        return self._ecg.record is not None and self._reading.may_show_ai()

    @property
    def hidden(self) -> Hidden:
        """What is hidden now."""
        return self._shown if self.is_open else Hidden()

    @property
    def answer(self) -> WhatIf | None:
        """What was answered last, of what is hidden now or, while a drag goes on, a moment ago."""
        return self._asked.answer if self._asked is not None and self.is_open else None

    @property
    def failure(self) -> str:
        """Why there is no answer, a sentence; "" while there is one, or may come."""
        return self._failure if self.is_open else ""

    @property
    def is_comparing(self) -> bool:
        """Whether as much is being hidden elsewhere."""
        return self._jobs.is_running(CHANCE)

    @property
    def not_logged(self) -> str:
        """Why questions are not logged with the read, a sentence; "" where they are."""
        session, problem = self._reading.session, self._reading.problem
        if session is not None and session.view_only:
            return f"Not logged with the read: {session.view_only}."
        return "" if problem is None else f"Not logged with the read: {problem.message}."

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self.is_open and bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return self.is_open and bool(self._undone)

    # ---- hiding ----------------------------------------------------------------------------------------

    def hide_span(self, lead: str, start_s: float, end_s: float) -> None:
        """Hide a stretch of time of one lead, "" = of all leads, with those that are hidden already."""
        leads = (lead,) if lead else ()
        self._step(self._with_span(HiddenSpan(start_s, end_s, leads)))

    def drag_to(self, lead: str, start_s: float, now_s: float) -> None:
        """Ask with a stretch that is being dragged; it is no step yet, and with equal times given up."""
        if start_s == now_s:
            if self._live is not None:
                self._go_to(self._hidden)
        elif self._may_change():
            span = HiddenSpan(min(start_s, now_s), max(start_s, now_s), (lead,) if lead else ())
            self._live, self._failure = self._with_span(span), ""
            self._show()
            self._ask()

    def hide_mark(self, mark: Annotation) -> None:
        """Hide the stretch of a mark on its leads."""
        self._step(self._with_span(HiddenSpan(mark.start_s, mark.end_s, mark.leads)))

    def toggle_lead(self, lead: str) -> None:
        """Hide a whole lead, or show it again."""
        leads = self._hidden.leads
        kept = tuple(name for name in leads if name != lead) if lead in leads else (*leads, lead)
        self._step(replace(self._hidden, leads=kept))

    def click(self, lead: str, seconds: float) -> None:
        """Show a hidden stretch under the hand again; where there is none, hide the lead, or show it again."""
        under = [
            one
            for one in self._hidden.spans
            if one.start_s <= seconds <= one.end_s and (not one.leads or lead in one.leads)
        ]
        if under:
            self.show_span(under[-1])
        else:
            self.toggle_lead(lead)

    def show_span(self, span: HiddenSpan) -> None:
        """Show a hidden stretch again."""
        self._step(replace(self._hidden, spans=tuple(one for one in self._hidden.spans if one != span)))

    def set_fill(self, fill: Fill) -> None:
        """Choose what stands in hidden stretches."""
        self._step(replace(self._hidden, fill=fill))

    def clear(self) -> None:
        """Hide nothing."""
        self._step(Hidden(fill=self._hidden.fill))

    def undo(self) -> None:
        """Take the last step back."""
        if self._may_change() and self._done:
            self._undone.append(self._hidden)
            self._go_to(self._done.pop())

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._may_change() and self._undone:
            self._done.append(self._hidden)
            self._go_to(self._undone.pop())

    def ask_again(self) -> None:
        """Ask once more what failed."""
        if self._may_change():
            self._failure = ""
            self._ask()

    def _with_span(self, span: HiddenSpan) -> Hidden:
        spans = self._hidden.spans
        return self._hidden if span in spans else replace(self._hidden, spans=(*spans, span))

    def _may_change(self) -> bool:
        if self._reading.is_held:
            self._steps.refuse()
            return False
        return self.is_open

    def _step(self, hidden: Hidden) -> None:
        if not self._may_change():
            return
        if hidden != self._hidden:
            self._done.append(self._hidden)
            self._undone.clear()
        self._go_to(hidden)

    def _go_to(self, hidden: Hidden) -> None:
        self._hidden, self._live, self._failure = hidden, None, ""
        if not hidden:
            self._jobs.cancel(ASK)
            self._jobs.cancel(CHANCE)
            self._asked, self._pending = None, False
        self._show()
        self._ask()

    # ---- asking ----------------------------------------------------------------------------------------

    @property
    def _shown(self) -> Hidden:
        return self._hidden if self._live is None else self._live

    def _ask(self) -> None:
        record, session = self._ecg.record, self._reading.session
        if record is None or session is None or not self.is_open or not self._shown:
            return
        self._jobs.cancel(CHANCE)
        if self._jobs.is_running(ASK):
            self._pending = (
                True  # not cancelled: numbers that come late are better than none while the hand moves
            )
            return
        self._pending, self._reader = False, session.reader
        ground = self._ground if self._ground is not None and self._ground.record is record else None
        answers = self._answers
        self._jobs.start(
            inference.what_if,
            record,
            self._shown,
            ground,
            (answers.model_id, answers.lef_id, answers.autoencoder_id),
            inference.SessionMemory(session, self._answered.emit),
            answers.device,
            title="Asking with a part hidden",
            on_done=self._take,
            on_failed=self._fail,
            key=ASK,
            urgency=Urgency.WHAT_IF,
        )

    def _take(self, found: tuple[Ground, WhatIf, Overlay]) -> None:
        self._ground, answer, overlay = found
        self._asked, self._failure = Asked(answer, overlay), ""
        self._go_on()

    def _fail(self, error: Exception) -> None:
        self._asked = None
        self._failure = self._telling.reason(error)
        self._go_on()

    def _go_on(self) -> None:
        """Ask what came meanwhile; where the hand rests, log what was answered and compare it with chance."""
        asked = self._asked
        if self._pending:
            self._ask()
        elif asked is not None and self._live is None and asked.answer.hidden == self._hidden:
            self._log(asked.answer)
            self._compare(asked.answer)
        self._lay()
        self.changed.emit()

    def _compare(self, answer: WhatIf) -> None:
        self._jobs.start(
            inference.what_if_chance,
            self._ground,
            answer.hidden,
            title="Hiding as much elsewhere",
            on_done=self._compared,
            on_failed=self._not_compared,
            key=CHANCE,
            urgency=Urgency.ANSWER,
        )

    def _compared(self, chance: Chance) -> None:
        if self._asked is not None:
            self._asked = replace(self._asked, answer=replace(self._asked.answer, chance=chance))
            self.changed.emit()

    def _not_compared(self, error: Exception) -> None:
        self._telling.reason(error)  # the numbers stand without their chance; only a bug is told
        self.changed.emit()

    def _log(self, answer: WhatIf) -> None:
        session = self._reading.session
        if session is None or self.not_logged or answer.hidden.words == self._logged:
            return
        self._logged = answer.hidden.words
        models = [answer.model.named, *([] if answer.lef_model is None else [answer.lef_model.named])]
        details = f"{answer.hidden.words}; asked {', '.join(models)}"
        self._reading.write(self._reading.store.log, session.record_sha256, session.reader, ACTION, details)

    # ---- what happens beside it ------------------------------------------------------------------------

    def _show(self) -> None:
        self._lay()
        self.changed.emit()

    def _lay(self, _changed: object = None) -> None:
        """Lay what is hidden over the trace, with what stands in its place where that is known."""
        shown, record, asked = self._shown, self._ecg.record, self._asked
        if record is None or not self.is_open or not shown or self._paper.view != "explain":
            self._paper.lay(ACTION, None)
            return
        follows = self._live is not None and shown.fill == "autoencoder"  # its curves would flicker otherwise
        if asked is not None and (follows or asked.answer.hidden == shown):
            self._paper.lay(ACTION, asked.overlay)
            return
        from ecgview.explain import mask_and_ask

        self._paper.lay(ACTION, mask_and_ask.overlay_of(shown, record))

    def _forget(self, _record: EcgRecord | None = None) -> None:
        self._jobs.cancel(ASK)
        self._jobs.cancel(CHANCE)
        self._drop()

    def _follow_session(self, _session: object) -> None:
        session = self._reading.session
        if not self.is_open or (self._reader and session is not None and session.reader != self._reader):
            self._forget()
        self._mouse.refresh()
        self._show()

    def _follow_view(self, _view: str) -> None:
        if self._live is None:
            self._lay()
        else:
            self._go_to(self._hidden)

    def _follow_mode(self, mode: str) -> None:
        if mode != MODE and self._live is not None:  # a drag that was given up
            self._go_to(self._hidden)

    def _ask_anew(self) -> None:
        """Ask the models that answer from now on."""
        self._jobs.cancel(ASK)
        self._jobs.cancel(CHANCE)
        self._asked, self._ground, self._failure, self._pending = None, None, "", False
        self._show()
        self._ask()

    def _may_offer(self) -> bool:
        return self.is_open and self._paper.view == "explain"

    def _rows(self, spot: Spot | None) -> list[MenuRow]:
        """Return what the menu of the paper offers for a place."""
        if spot is None or not self._may_offer():
            return []
        is_hidden = spot.lead in self._hidden.leads
        word = f"Ask with {spot.lead} again" if is_hidden else f"Ask without {spot.lead}"
        rows = [MenuRow(word, lambda: self.toggle_lead(spot.lead))]
        for mark in self.marks:
            if mark.start_s <= spot.seconds <= mark.end_s and (not mark.leads or spot.lead in mark.leads):
                words = f"Hide “{mark.title or 'mark'}” from the models"
                rows.append(MenuRow(words, partial(self.hide_mark, mark)))
        if self._hidden:
            rows.append(MenuRow("Hide nothing", self.clear))
        return rows

    @property
    def marks(self) -> tuple[Annotation, ...]:
        """The marks of the read that are stretches of time, and so can be hidden."""
        session = self._reading.session
        if session is None or not self.is_open:
            return ()
        return tuple(mark for mark in session.draft.annotations if mark.start_s < mark.end_s)
