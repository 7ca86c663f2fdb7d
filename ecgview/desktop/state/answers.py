"""What the models said of the open record, and what of it may be shown: nothing while its read is blind (W2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal

from ecgview.desktop.state import inference
from ecgview.desktop.state.measuring import Measuring
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.paper import Paper
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.work.inference_queue import Urgency
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay, joined
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction, Reconstruction
from ecgview.signal.measure.measured import Edit as EdgeEdit
from ecgview.signal.measure.measured import Measured

if TYPE_CHECKING:
    from ecgview.explain import Explanation
    from ecgview.models.asking import Answer
    from ecgview.models.segments import Segments

BLINDED = "AI results stay closed until the first read is saved."
NO_RECORD = "No ECG is open."
KEYS = {  # of the jobs, and how urgent each is
    "ask": Urgency.ANSWER,
    "reconstruct": Urgency.RECONSTRUCTION,
    "error_strip": Urgency.ERROR_STRIP,
    "explain": Urgency.MAP,
}


@dataclass(slots=True)
class Found:
    """The answers there are, whether or not they may be shown."""

    prediction: Prediction | None = None  # of the computed measurements
    prediction_with_edits: Prediction | None = (
        None  # the one that is shown, where the reader's edits change it
    )
    lef: LefResult | None = None  # of the computed measurements
    lef_with_edits: LefResult | None = None  # the one that is shown, where the reader's edits change it
    reconstruction: tuple[Reconstruction, Overlay] | None = None
    error_strip: Any = None
    explanation: Explanation | None = None


class Answers(QObject):
    """What the models said of the open record, the mask it is asked with, and the jobs that ask.

    Every property is None while `Reading.may_show_ai` says no. Job keys are `KEYS`: the classifier and the LEF model
    are one question, which tells of the prediction as soon as it is there. A failure the user can understand goes
    out as its sentence; any other is told as a bug.

    Signals:
        prediction_ready: Prediction. lef_ready: LefResult.
        reconstruction_ready: (Reconstruction, Overlay). error_strip_ready: what `explain` returned.
        prediction_failed, lef_failed, reconstruction_failed, error_strip_failed: the reason, a sentence.
        explanation_chosen: the id of the one asked for, "" where none is. explanation_ready: Explanation.
        explanation_failed: the reason, a sentence.
        mask_changed: other segments are hidden. mask_mode_changed: whether dragging draws a mask.
        models_chosen: other models answer from now on; what the ones before said is dropped.
        device_resolved: the device that models run on, once torch is there.
        dropped: whatever was said is of another record or of other models.
    """

    prediction_ready = Signal(object)
    prediction_failed = Signal(str)
    lef_ready = Signal(object)
    lef_failed = Signal(str)
    reconstruction_ready = Signal(object)
    reconstruction_failed = Signal(str)
    error_strip_ready = Signal(object)
    error_strip_failed = Signal(str)
    explanation_chosen = Signal(str)
    explanation_ready = Signal(object)
    explanation_failed = Signal(str)
    mask_changed = Signal()
    mask_mode_changed = Signal(bool)
    models_chosen = Signal()
    device_resolved = Signal(str)
    dropped = Signal()
    _told = Signal(object, object)  # worker thread -> UI thread: the question under way and its prediction
    _answered = Signal(
        str, object
    )  # worker thread -> UI thread: fingerprint of a question and a fresh answer

    def __init__(
        self,
        jobs: Jobs,
        device: str,
        paper: Paper,
        reading: Reading,
        steps: ReadSteps,
        ecg: OpenRecord,
        measuring: Measuring,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._measuring = jobs, measuring
        self._paper, self._reading, self._steps, self._ecg = paper, reading, steps, ecg
        self._telling = telling
        self.device = device
        self.precision = "fp32"  # of the answers alone: explanations and what-ifs always run in fp32
        self.model_id: str | None = None
        self.lef_id: str | None = None
        self.autoencoder_id: str | None = None
        self._found = Found()
        self._explanation_id = ""
        self._lef_edits: tuple[EdgeEdit, ...] = ()  # those that the LEF result follows, or is to
        self._prediction_edits: tuple[EdgeEdit, ...] = ()  # the same of the prediction
        self._question: object = None  # the one under way, to know its prediction by
        self._pending_mask: NDArray[np.bool_] | None = None
        self._segments: Segments | None = (
            None  # until they are asked for: no card is read before the first trace
        )
        self._mask: NDArray[np.bool_] | None = None  # nothing hidden
        self._mask_mode = False
        self._told.connect(self._take_prediction, Qt.ConnectionType.QueuedConnection)
        self._answered.connect(reading.keep, Qt.ConnectionType.QueuedConnection)
        ecg.opened.connect(self._forget)  # before any panel hears of the record
        ecg.closed.connect(self._forget)
        ecg.switched.connect(self._tell_mask)
        ecg.painted.connect(self._ask)
        reading.ai_opened.connect(self._ask_if_painted)
        reading.revealed.connect(self._ask)
        reading.session_changed.connect(self._choose_overlay)
        measuring.changed.connect(self._follow_edits)
        measuring.changed.connect(self._follow_edits_of_prediction)
        self.prediction_ready.connect(self._explain)  # what an explanation waits for
        self.lef_ready.connect(self._explain)
        self.prediction_failed.connect(self._fail_explanation)
        self.lef_failed.connect(self._fail_explanation)
        paper.view_changed.connect(self._follow_view)

    # ---- what may be shown -----------------------------------------------------------------------------

    @property
    def _shown(self) -> Found:
        return self._found if self._reading.may_show_ai() else Found()

    @property
    def prediction(self) -> Prediction | None:
        """What the classifier said; None while AI is closed, or until it is there."""
        shown = self._shown
        return shown.prediction if shown.prediction_with_edits is None else shown.prediction_with_edits

    @property
    def lef(self) -> LefResult | None:
        """What the LEF model said; None while AI is closed, or until it is there."""
        shown = self._shown
        return shown.lef if shown.lef_with_edits is None else shown.lef_with_edits

    @property
    def reconstruction(self) -> tuple[Reconstruction, Overlay] | None:
        """The last reconstruction with its overlay; None while AI is closed, or until it is there."""
        return self._shown.reconstruction

    @property
    def error_strip(self) -> Any:
        """What averaging over random masks gave; None while AI is closed, or until it is there."""
        return self._shown.error_strip

    @property
    def explanation(self) -> Explanation | None:
        """What the chosen explanation gave; None while AI is closed, or until it is there."""
        return self._shown.explanation

    @property
    def explanation_id(self) -> str:
        """The explanation that is asked for, "" where none is."""
        return self._explanation_id

    # ---- the mask --------------------------------------------------------------------------------------

    @property
    def segments(self) -> Segments:
        """Into what pieces the autoencoder cuts an ECG; none where it is not here, which asking it tells."""
        if self._segments is None:
            from ecgview.models import segments

            try:
                self._segments = segments.of(segments.autoencoder(self.autoencoder_id))
            except EcgviewError:
                return segments.Segments(0, 1, 1.0)
        return self._segments

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(segments,) bool from the start of the record, True = hidden (read-only)."""
        if self._mask is None:
            nothing = np.zeros(self.segments.count, dtype=np.bool_)
            nothing.setflags(write=False)
            return nothing
        return self._mask

    def set_mask(self, mask: NDArray[np.bool_]) -> None:
        """Hide other segments, (segments,) bool, and ask for what the model puts there."""
        if self._reading.is_held:
            return self._steps.refuse()
        fresh = np.array(mask, dtype=np.bool_)
        if fresh.shape != (self.segments.count,):
            raise ValueError(f"a mask has {self.segments.count} segments, not {fresh.shape}")
        fresh.setflags(write=False)
        self._mask = fresh
        self.mask_changed.emit()
        if fresh.any() or not fresh.size:
            self._request_reconstruction(fresh)
        else:
            self._jobs.cancel("reconstruct")
            self._pending_mask, self._found.reconstruction = None, None
            self._choose_overlay()

    @property
    def mask_mode(self) -> bool:
        """Whether dragging over the trace draws a mask."""
        return self._mask_mode

    def set_mask_mode(self, on: bool) -> None:
        """Let dragging over the trace draw a mask, or move the paper."""
        if on != self._mask_mode:
            self._mask_mode = on
            self.mask_mode_changed.emit(on)

    # ---- asking ----------------------------------------------------------------------------------------

    def choose(self, model_id: str | None, lef_id: str | None, autoencoder_id: str | None = None) -> None:
        """Let these models answer from now on, None being the default ones, and ask them about the open record."""
        before = self.segments
        self.model_id, self.lef_id, self.autoencoder_id = model_id, lef_id, autoencoder_id
        self._segments = None
        self._drop()
        self.models_chosen.emit()
        self.explanation_chosen.emit("")
        if self.segments != before:  # what was hidden has no place in another cut
            self._mask = None
        self._tell_mask()
        self._ask()
        if self.mask.any() and self._reading.may_show_ai():
            self._request_reconstruction(self.mask)

    def request_prediction(self) -> None:
        """Ask the classifier; an answer that is there already is told again."""
        if self.prediction is not None:
            self.prediction_ready.emit(self.prediction)
        elif self._may_start(self.prediction_failed):
            self._ask_models()

    def request_lef(self) -> None:
        """Ask the LEF model; an answer that is there already is told again."""
        if self.lef is not None:
            self.lef_ready.emit(self.lef)
        elif self._may_start(self.lef_failed):
            self._ask_models()

    def request_error_strip(self, ratio: float = 0.25, n_masks: int = 16, seed: int = 0) -> None:
        """Ask for the mean reconstruction error over several random masks."""
        if self._may_start(self.error_strip_failed):
            self._start(
                "error_strip",
                "Averaging masks",
                inference.error_strip,
                (ratio, n_masks, seed, self.autoencoder_id),
                self._error_strip_done,
            )

    def explain(self, explanation_id: str) -> None:
        """Ask for an explanation, once the answer it needs is there; "" takes the one that is shown away."""
        self._jobs.cancel("explain")
        self._found.explanation, self._explanation_id = None, explanation_id
        self._choose_overlay()
        self.explanation_chosen.emit(explanation_id)
        if self._waits_for():
            self._ask_models()
        else:
            self._explain()

    def _waits_for(self) -> str:
        """Return the kind of model whose answer the chosen explanation waits for; "" where it waits for none."""
        if not self._explanation_id or self._found.explanation is not None or not self._reading.may_show_ai():
            return ""
        needs = self._needs
        there = {"classifier": self.prediction, "lef": self.lef}
        return needs if needs in there and there[needs] is None else ""

    @property
    def _needs(self) -> str:
        """The kind of model that the chosen explanation is of."""
        from ecgview import explain

        return str(explain.named(self._explanation_id).NEEDS)

    def _explain(self, _answer: object = None) -> None:
        """Start the chosen explanation unless it runs, is there, or waits for an answer."""
        chosen, session = self._explanation_id, self._reading.session
        if not chosen or self._found.explanation is not None or self._jobs.is_running("explain"):
            return
        if not self._may_start(self.explanation_failed) or self._waits_for() or session is None:
            return
        stated = [item.key for item in session.draft.statements]
        args = (chosen, self.prediction, self.lef, self.autoencoder_id, stated)
        self._start("explain", "Explaining", inference.explained, args, self._explained)

    def _explained(self, explanation: Explanation) -> None:
        self._found.explanation = explanation
        self.explanation_ready.emit(explanation)
        self._choose_overlay()

    def _fail_explanation(self, reason: str) -> None:
        """Say that the chosen explanation waits in vain: the model that it needs failed."""
        if self._waits_for():
            self.explanation_failed.emit(reason)

    def _request_reconstruction(self, mask: NDArray[np.bool_]) -> None:
        """Ask for what lies under a mask, (segments,) bool, True = hidden.

        One question is under way at a time; of those that come meanwhile only the last is asked.
        """
        if not self._may_start(self.reconstruction_failed):
            return
        if self._jobs.is_running("reconstruct"):
            self._pending_mask = mask
            return
        self._start(
            "reconstruct",
            "Reconstructing",
            inference.reconstruct,
            (mask.copy(), self.autoencoder_id),
            self._reconstructed,
        )

    def _may_start(self, failed: Any) -> bool:
        if self._ecg.record is None:
            failed.emit(NO_RECORD)
        elif not self._reading.may_show_ai():
            failed.emit(BLINDED)
        else:
            return True
        return False

    def _start(
        self,
        key: str,
        title: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        done: Callable[[Any], None],
    ) -> None:
        failed = {
            "ask": (self.prediction_failed, self.lef_failed),
            "reconstruct": (self.reconstruction_failed,),
            "error_strip": (self.error_strip_failed,),
            "explain": (self.explanation_failed,),
        }[key]

        def on_failed(error: Exception) -> None:
            reason = self._telling.reason(error)
            for signal in failed:
                signal.emit(reason)

        self._jobs.start(
            function,
            self._ecg.record,
            *args,
            self.device,
            title=title,
            on_done=done,
            on_failed=on_failed,
            key=key,
            urgency=KEYS[key],
        )

    def _ask_models(self) -> None:
        """Ask the one question, unless it is under way; what was answered before is recalled by its job."""
        session = self._reading.session
        if session is None or self._jobs.is_running("ask"):
            return
        self._question = question = object()
        memory = inference.SessionMemory(session, self._answered.emit)
        self._start(
            "ask",
            "Analysing the ECG",
            inference.ask,
            (
                self.model_id,
                self.lef_id,
                memory,
                lambda said: self._told.emit(question, said),
                self.precision,
            ),
            self._asked,
        )

    def _take_prediction(self, question: object, prediction: Prediction) -> None:
        if question is self._question and self._jobs.is_running("ask"):
            self._take(prediction)

    def _asked(self, answer: Answer) -> None:
        if isinstance(answer.prediction, EcgviewError):
            self.prediction_failed.emit(answer.prediction.sentence)
        elif self._found.prediction is None:
            self._take(answer.prediction)
        if isinstance(answer.lef, EcgviewError):
            self.lef_failed.emit(answer.lef.sentence)
        else:
            self._found.lef = answer.lef
            self._found.lef_with_edits = None
            self._lef_edits = ()
            if not self._follow_edits():
                self.lef_ready.emit(answer.lef)

    def _follow_edits(self, _measured: Measured | None = None) -> bool:
        """Have a LEF model that rests on measurements answer with the reader's edits; False where nothing changes.

        One job at a time; of the edits that come meanwhile, as under the hand, only the last are followed.
        """
        lef, measured, record = self._found.lef, self._measuring.measured, self._ecg.record
        if lef is None or not lef.measured or measured is None or record is None:
            return False
        if measured.edits == self._lef_edits:
            return False
        if self._jobs.is_running("lef_again"):
            return True  # looks again when it is done
        self._lef_edits = measured.edits
        self._jobs.start(
            inference.lef_again,
            lef,
            record,
            measured,
            title="Low ejection fraction with edited measurements",
            on_done=lambda found: self._take_edited(lef, found),
            on_failed=lambda error: self.lef_failed.emit(self._telling.reason(error)),
            key="lef_again",
            is_light=True,
        )
        return True

    def _take_edited(self, of: LefResult, found: LefResult) -> None:
        if of is not self._found.lef:
            return
        self._found.lef_with_edits = None if found is of else found
        if self._explanation_id and self._needs == "lef":  # it is of the number of before
            self._jobs.cancel("explain")
            self._found.explanation = None
        self.lef_ready.emit(found)
        self._follow_edits()

    def _take(self, prediction: Prediction) -> None:
        self._found.prediction, self._found.prediction_with_edits = prediction, None
        self._prediction_edits = ()
        self.prediction_ready.emit(prediction)
        self._follow_edits_of_prediction()

    def _follow_edits_of_prediction(self, _measured: Measured | None = None) -> None:
        """Have the measured shares of statements follow the reader's edits, as a LEF result does."""
        said, measured, record = self._found.prediction, self._measuring.measured, self._ecg.record
        if said is None or measured is None or record is None or measured.edits == self._prediction_edits:
            return
        if self._jobs.is_running("prediction_again") or all(one.shares is None for one in said.scores):
            return  # one that runs looks again when it is done
        self._prediction_edits = measured.edits
        self._jobs.start(
            inference.prediction_again,
            said,
            record,
            measured,
            title="Diagnoses with edited measurements",
            on_done=lambda found: self._take_edited_prediction(said, found),
            on_failed=lambda error: self.prediction_failed.emit(self._telling.reason(error)),
            key="prediction_again",
            is_light=True,
        )

    def _take_edited_prediction(self, of: Prediction, found: Prediction) -> None:
        if of is self._found.prediction:
            self._found.prediction_with_edits = None if found is of else found
            self.prediction_ready.emit(found)
            self._follow_edits_of_prediction()

    def _reconstructed(self, answer: tuple[Reconstruction, Overlay]) -> None:
        self._found.reconstruction = answer
        self.reconstruction_ready.emit(answer)
        self._choose_overlay()
        if (mask := self._pending_mask) is not None:
            self._pending_mask = None
            self._request_reconstruction(mask)

    def _error_strip_done(self, answer: Any) -> None:
        self._found.error_strip = answer
        self.error_strip_ready.emit(answer)
        self._choose_overlay()

    # ---- what happens beside it ------------------------------------------------------------------------

    def _drop(self) -> None:
        """Drop every answer and every question under way."""
        for key in (*KEYS, "lef_again", "prediction_again"):
            self._jobs.cancel(key)
        self._lef_edits = ()
        self._pending_mask = None
        self._found, self._explanation_id = Found(), ""
        self._prediction_edits = ()
        self.dropped.emit()

    def _forget(self, _record: EcgRecord | None = None) -> None:
        """Drop all that was said of the record before; the next questions are about the one that is open."""
        self._drop()
        self._mask = None

    def _tell_mask(self) -> None:
        self.mask_changed.emit()
        self._choose_overlay()

    def _follow_view(self, view: str) -> None:
        self.set_mask_mode(view == "reconstruct")
        self._choose_overlay()

    def _choose_overlay(self, _changed: object = None) -> None:
        """Lay over the trace what this view shows of the answers there are."""
        layers: list[Overlay] = []
        if self._paper.view == "reconstruct":
            layers = [answer[1] for answer in (self.reconstruction, self.error_strip) if answer is not None]
        elif self._paper.view == "explain" and self.explanation is not None:
            layers = [self.explanation.overlay]
        self._paper.lay("answers", joined(layers) if layers else None)

    def _ask_if_painted(self) -> None:
        if self._ecg.is_painted:
            self._ask()

    def _ask(self) -> None:
        if self._ecg.record is not None and self._reading.may_show_ai():
            self.request_prediction()
            self.request_lef()
