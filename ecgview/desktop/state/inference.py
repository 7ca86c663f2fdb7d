"""Asking the models about the open record, off the UI thread; nothing is asked while a read is blind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ecgview.desktop.work import steady
from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction, Reconstruction

BLINDED = "AI results stay closed until the first read is saved."
NO_RECORD = "No ECG is open."


class Inference(QObject):
    """What the models said of the open record, and the jobs that ask them.

    Job keys: "predict", "lef", "reconstruct", "error_strip". A failure the user can understand goes out as
    its sentence; any other goes out as `unexpected`.
    """

    prediction_ready = Signal(object)
    prediction_failed = Signal(str)
    lef_ready = Signal(object)
    lef_failed = Signal(str)
    reconstruction_ready = Signal(object)
    reconstruction_failed = Signal(str)
    error_strip_ready = Signal(object)
    error_strip_failed = Signal(str)
    answered = Signal(object)  # a fresh Prediction or LefResult, to be kept
    unexpected = Signal(object)

    def __init__(self, jobs: Jobs, may_ask: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._may_ask = may_ask
        self.device = "auto"
        self.model_id: str | None = None
        self.lef_id: str | None = None
        self.recall: Callable[[str], Prediction | None] = lambda sha256: None
        self.forget(None)

    def forget(self, record: EcgRecord | None) -> None:
        """Drop every answer and every question under way; the next questions are about `record`."""
        for key in ("predict", "lef", "reconstruct", "error_strip"):
            self._jobs.cancel(key)
        self._record = record
        self._pending_mask: NDArray[np.bool_] | None = None
        self.prediction: Prediction | None = None
        self.lef: LefResult | None = None
        self.reconstruction: tuple[Reconstruction, Overlay] | None = None
        self.error_strip: Any = None

    def choose(self, model_id: str | None, lef_id: str | None) -> None:
        """Let these models answer from now on, None being the default ones, and ask them about the open record."""
        self.model_id, self.lef_id = model_id, lef_id
        record = self._record
        self.forget(record)
        if record is not None and self._may_ask():
            self.request_prediction()
            self.request_lef()

    def request_prediction(self) -> None:
        """Ask the classifier; an answer that is there already is told again."""
        if self.prediction is not None and self._may_ask():
            self.prediction_ready.emit(self.prediction)
        elif self._may_start(self.prediction_failed) and not self._recalled():
            self._start("predict", "Analysing the ECG", _classify, (self.model_id,), self._predicted)

    def request_lef(self) -> None:
        """Ask the LEF model; an answer that is there already is told again."""
        if self.lef is not None and self._may_ask():
            self.lef_ready.emit(self.lef)
        elif self._may_start(self.lef_failed):
            self._start("lef", "Computing the LEF index", _lef, (self.lef_id,), self._lef_done)

    def request_reconstruction(self, mask: NDArray[np.bool_]) -> None:
        """Ask for what lies under a mask (200 segments, True = hidden).

        One question is under way at a time; of those that come meanwhile only the last is asked.
        """
        if not self._may_start(self.reconstruction_failed):
            return
        if self._jobs.is_running("reconstruct"):
            self._pending_mask = mask
            return
        self._start("reconstruct", "Reconstructing", _reconstruct, (mask.copy(),), self._reconstructed)

    def request_error_strip(self, ratio: float = 0.25, n_masks: int = 16, seed: int = 0) -> None:
        """Ask for the mean reconstruction error over several random masks."""
        if self._may_start(self.error_strip_failed):
            self._start(
                "error_strip", "Averaging masks", _error_strip, (ratio, n_masks, seed), self._error_strip_done
            )

    def _may_start(self, failed: Any) -> bool:
        if self._record is None:
            failed.emit(NO_RECORD)
        elif not self._may_ask():
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
            "predict": self.prediction_failed,
            "lef": self.lef_failed,
            "reconstruct": self.reconstruction_failed,
            "error_strip": self.error_strip_failed,
        }[key]

        def on_failed(error: Exception) -> None:
            if isinstance(error, EcgviewError):
                failed.emit(error.sentence)
            else:
                failed.emit("This did not work because of an error in ecgview.")
                self.unexpected.emit(error)

        self._jobs.start(
            function,
            self._record,
            *args,
            self.device,
            title=title,
            on_done=done,
            on_failed=on_failed,
            key=key,
        )

    def drop_reconstruction(self) -> None:
        """Forget the reconstruction and any question about one."""
        self._jobs.cancel("reconstruct")
        self._pending_mask = None
        self.reconstruction = None

    def _recalled(self) -> bool:
        """Judge anew, beside the window, a prediction the store has of these samples and weights; False if it has none.

        Thresholds, reference scores and rules of context may be newer than what was kept.
        """
        try:
            found = self.recall(self._card_sha256())
        except EcgviewError:
            return False  # the question itself will say what is wrong
        if found is not None:
            self._start(
                "predict", "Recalling the answer", _again, (found, self.model_id), self._recalled_done
            )
        return found is not None

    def _recalled_done(self, prediction: Prediction) -> None:
        self.prediction = prediction
        self.prediction_ready.emit(prediction)

    def _card_sha256(self) -> str:
        """Return the fingerprint of the weights that would answer."""
        from ecgview.models import cards

        card = cards.default("classifier") if self.model_id is None else cards.get(self.model_id)
        return card.sha256

    def _predicted(self, prediction: Prediction) -> None:
        self.prediction = prediction
        self.answered.emit(prediction)
        self.prediction_ready.emit(prediction)

    def _lef_done(self, result: LefResult) -> None:
        self.lef = result
        self.answered.emit(result)
        self.lef_ready.emit(result)

    def _reconstructed(self, answer: tuple[Reconstruction, Overlay]) -> None:
        self.reconstruction = answer
        self.reconstruction_ready.emit(answer)
        if (mask := self._pending_mask) is not None:
            self._pending_mask = None
            self.request_reconstruction(mask)

    def _error_strip_done(self, answer: Any) -> None:
        self.error_strip = answer
        self.error_strip_ready.emit(answer)


def _classify(
    record: EcgRecord, model_id: str | None, device: str, progress: Progress = silent
) -> Prediction:
    steady.load_model_libraries()
    from ecgview.models import runtime

    return runtime.classify(record, model_id, device=device, progress=progress)


def _again(
    record: EcgRecord, kept: Prediction, model_id: str | None, device: str, progress: Progress = silent
) -> Prediction:
    from ecgview.models import runtime

    try:
        return runtime.judged_anew(kept, record)
    except EcgviewError:  # the model gives other statements by now
        return _classify(record, model_id, device, progress=progress)


def _lef(record: EcgRecord, model_id: str | None, device: str, progress: Progress = silent) -> LefResult:
    steady.load_model_libraries()
    from ecgview.models.tabular import lef

    return lef.predict(record, model_id, device=device, progress=progress)


def _reconstruct(
    record: EcgRecord, mask: NDArray[np.bool_], device: str, progress: Progress = silent
) -> tuple[Reconstruction, Overlay]:
    steady.load_model_libraries()
    from ecgview.explain import reconstruction

    return reconstruction.explain(record, mask, device=device, progress=progress)


def _error_strip(
    record: EcgRecord, ratio: float, n_masks: int, seed: int, device: str, progress: Progress = silent
) -> Any:
    steady.load_model_libraries()
    from ecgview.explain import reconstruction

    return reconstruction.error_over_masks(record, ratio, n_masks, seed, device=device, progress=progress)
