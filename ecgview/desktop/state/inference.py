"""Asking the models about a record: plain functions that run in a worker, no Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.desktop.work import steady
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction, Reconstruction


def classify(record: EcgRecord, model_id: str | None, device: str, progress: Progress = silent) -> Prediction:
    """Return what the classifier says of a record."""
    steady.load_model_libraries()
    from ecgview.models import runtime

    return runtime.classify(record, model_id, device=device, progress=progress)


def again(
    record: EcgRecord, kept: Prediction, model_id: str | None, device: str, progress: Progress = silent
) -> Prediction:
    """Return a kept prediction judged by the card of today; asked anew where the model says other statements."""
    from ecgview.models import runtime

    try:
        return runtime.judged_anew(kept, record)
    except EcgviewError:  # the model gives other statements by now
        return classify(record, model_id, device, progress=progress)


def lef(record: EcgRecord, model_id: str | None, device: str, progress: Progress = silent) -> LefResult:
    """Return what the LEF model says of a record."""
    steady.load_model_libraries()
    from ecgview.models.tabular import lef

    return lef.predict(record, model_id, device=device, progress=progress)


def reconstruct(
    record: EcgRecord, mask: NDArray[np.bool_], device: str, progress: Progress = silent
) -> tuple[Reconstruction, Overlay]:
    """Return what the autoencoder puts under a mask, (200,) bool, with its overlay."""
    steady.load_model_libraries()
    from ecgview.explain import reconstruction

    return reconstruction.explain(record, mask, device=device, progress=progress)


def error_strip(
    record: EcgRecord, ratio: float, n_masks: int, seed: int, device: str, progress: Progress = silent
) -> Any:
    """Return the mean reconstruction error over several random masks, with its overlay."""
    steady.load_model_libraries()
    from ecgview.explain import reconstruction

    return reconstruction.error_over_masks(record, ratio, n_masks, seed, device=device, progress=progress)
