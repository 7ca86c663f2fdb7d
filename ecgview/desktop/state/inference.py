"""Asking the models about a record: plain functions that run in a worker, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ecgview.desktop.work import steady
from ecgview.overlay import Overlay
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Chance, Hidden, Identification, LefResult, Prediction, Reconstruction, WhatIf
from ecgview.review.session import ReadingSession

if TYPE_CHECKING:
    from ecgview.explain import Explanation
    from ecgview.explain.mask_and_ask import Ground
    from ecgview.models.asking import Answer
    from ecgview.signal.measure.measured import Edit, Measured

Said = TypeVar("Said", Prediction, LefResult)


class SessionMemory:
    """What a session recalls while AI of its record may be shown; what is new goes to `keep`, from any thread."""

    def __init__(
        self, session: ReadingSession, keep: Callable[[str, Prediction | LefResult], object]
    ) -> None:
        self._session = session
        self._keep = keep

    def recall(self, kind: type[Said], question: str, record_sha256: str) -> Said | None:
        """Return the newest answer to a question; BlindedError while AI is closed."""
        return self._session.recall(kind, question)

    def keep(self, question: str, answer: Prediction | LefResult) -> None:
        """Have an answer kept."""
        self._keep(question, answer)


def ask(
    record: EcgRecord,
    model_id: str | None,
    lef_id: str | None,
    memory: SessionMemory,
    told: Callable[[Prediction], object],
    precision: str,
    device: str,
    progress: Progress = silent,
) -> Answer:
    """Return what a classifier and a LEF model say of a record; `told` is called with the prediction at once."""
    steady.load_model_libraries()
    from ecgview.models import asking

    answer = asking.ask(
        record, model_id, lef_id, device, precision=precision, memory=memory, told=told, progress=progress
    )
    if isinstance(answer.lef, LefResult) and answer.lef.measured:
        from ecgview.models.tabular import shares

        shares.load()
    return answer


def measure_fully(record: EcgRecord, progress: Progress = silent) -> Measured:
    """Return what is measured of a record, nobody's edits laid on it."""
    steady.load_model_libraries()
    from ecgview.models import measuring

    return measuring.recent(record)


def compare_patients(
    record: EcgRecord, measured: Measured, other: Path, progress: Progress = silent
) -> Identification:
    """Return how alike a measured record and the ECG in a file are; NotAnalysed where it cannot be judged."""
    steady.load_model_libraries()
    from ecgview import formats
    from ecgview.models import cards, measuring, same_patient

    beside = formats.read(
        other, lambda fraction, _text="": progress(0.5 * fraction)
    )  # its text names the file
    return same_patient.compare(
        cards.default("identifier"), (record, measured), (beside, measuring.measured(beside))
    )


def measure_again(
    computed: Measured, record: EcgRecord, edits: Sequence[Edit], progress: Progress = silent
) -> Measured:
    """Return the same measurements with edges of waves put elsewhere, as far as they can be; no network is asked."""
    from ecgview.models import measuring

    return measuring.as_far_as_possible(computed, record, edits)


def lef_again(
    lef: LefResult, record: EcgRecord, measured: Measured, progress: Progress = silent
) -> LefResult:
    """Return a LEF result with the measurements as the reader's edits left them; no network is asked."""
    steady.load_model_libraries()
    from ecgview.models.tabular import lef as tabular

    return tabular.with_edits(lef, record, measured)


def prediction_again(
    said: Prediction, record: EcgRecord, measured: Measured, progress: Progress = silent
) -> Prediction:
    """Return a prediction with its measured shares as the reader's edits left them; no network is asked."""
    steady.load_model_libraries()
    from ecgview.models import runtime

    return runtime.with_edits(said, record, measured)


def reconstruct(
    record: EcgRecord,
    mask: NDArray[np.bool_],
    model_id: str | None,
    device: str,
    progress: Progress = silent,
) -> tuple[Reconstruction, Overlay]:
    """Return what the autoencoder puts under a mask, (segments,) bool, with its overlay."""
    steady.load_model_libraries()
    from ecgview.explain import reconstruction

    return reconstruction.explain(record, mask, model_id, device, progress)


def error_strip(
    record: EcgRecord,
    ratio: float,
    n_masks: int,
    seed: int,
    model_id: str | None,
    device: str,
    progress: Progress = silent,
) -> Any:
    """Return the mean reconstruction error over several random masks, with its overlay."""
    steady.load_model_libraries()
    from ecgview.explain import reconstruction

    return reconstruction.error_over_masks(record, ratio, n_masks, seed, model_id, device, progress)


def explained(
    record: EcgRecord,
    explanation: str,
    prediction: Prediction | None,
    lef: LefResult | None,
    autoencoder_id: str | None,
    stated: Sequence[tuple[str, str]],
    device: str,
    progress: Progress = silent,
) -> Explanation:
    """Return an explanation of the answers as they stand beside what the reader states, (label set, code)."""
    steady.load_model_libraries()
    from ecgview import explain
    from ecgview.models import context

    answer: Prediction | LefResult | None = None
    needs = explain.named(explanation).NEEDS
    if needs == "classifier" and prediction is not None:
        answer = context.beside_read(prediction, stated)
    elif needs == "lef" and lef is not None:
        answer = context.lef_beside_read(lef, stated)
    return explain.explained(explanation, record, explain.Asked(answer, autoencoder_id, device), progress)


def what_if(
    record: EcgRecord,
    hidden: Hidden,
    ground: Ground | None,
    model_ids: tuple[str | None, str | None, str | None],
    memory: SessionMemory,
    device: str,
    progress: Progress = silent,
) -> tuple[Ground, WhatIf, Overlay]:
    """Return what models say with a part hidden, and the ground for the next question about the record.

    `model_ids` are of the classifier, the LEF model and the autoencoder; `ground` is that of an earlier question.
    """
    steady.load_model_libraries()
    from ecgview.explain import mask_and_ask

    if ground is None:
        ground = mask_and_ask.ground(record, *model_ids, device, memory=memory, progress=progress)
    return ground, *mask_and_ask.ask(ground, hidden, progress)


def what_if_chance(ground: Ground, hidden: Hidden, progress: Progress = silent) -> Chance:
    """Return the differences that hiding as much elsewhere makes."""
    steady.load_model_libraries()
    from ecgview.explain import mask_and_ask

    return mask_and_ask.chance(ground, hidden, progress=progress)
