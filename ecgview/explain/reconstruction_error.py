"""Where an ECG is hard to predict: the autoencoder's error over time, averaged over random masks."""

import numpy as np

from ecgview.explain import Asked, Explanation, reconstruction
from ecgview.models import segments
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord

NAME = "Reconstruction error over time"
NEEDS = "autoencoder"


def explain(record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
    """Return a strip below the traces with the mean and largest error, uV, and its place in the beat's phase."""
    card = segments.autoencoder(asked.model_id)
    found, overlay = reconstruction.error_over_masks(
        record, model_id=card.id, device=asked.device, progress=progress
    )
    numbers = [("mean error, µV", float(np.mean(found.error_uv)))]
    numbers.append(("largest error, µV", float(np.max(found.error_uv))))
    cautions = [reconstruction.rhythm_caution(card)]
    if found.is_placed:
        numbers.append(("mean percentile within the beat's phase", float(np.nanmean(found.percentile))))
        cautions.append(f"Percentile: {found.reference}.")
    return Explanation(card.facts, overlay, tuple(cautions), tuple(numbers))
