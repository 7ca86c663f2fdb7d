"""Where an ECG is hard to predict: the autoencoder's error over time, averaged over random masks."""

import numpy as np

from ecgview.explain import Asked, Explanation, reconstruction
from ecgview.models import segments
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord

NAME = "Reconstruction error over time"
NEEDS = "autoencoder"
CAUTION = (
    "The timing of beats is expected to be filled in poorly in atrial fibrillation and with ectopic beats. "
    "An error is not a finding."
)


def explain(record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
    """Return a strip below the traces, scaled to this record's largest error, with mean and largest error in uV."""
    card = segments.autoencoder(asked.model_id)
    error_uv, overlay = reconstruction.error_over_masks(
        record, model_id=card.id, device=asked.device, progress=progress
    )
    numbers = (("mean error, µV", float(np.mean(error_uv))), ("largest error, µV", float(np.max(error_uv))))
    return Explanation(card.facts, overlay, (CAUTION,), numbers)
