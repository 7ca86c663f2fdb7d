"""The figures of a masked autoencoder: how well it fills in hidden stretches."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.models import runtime, segments
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress
from ecgview.training.evaluation.plain import interval
from ecgview.training.metrics import Bootstrap
from ecgview.training.pack import Pack

Array = NDArray[np.float32]
MASK_RATIO = 0.25


def describe(
    card: ModelCard, pack: Pack, index: NDArray[np.int64], resamples: int, progress: Progress
) -> dict[str, Any]:
    """Return the error on hidden segments against a straight line across them, both in uV RMS."""
    ours, line = [], []
    size = segments.of(card).samples
    for count, row in enumerate(index):
        progress(count / len(index), f"record {count}")
        measured = pack.millivolts(np.array([row])).numpy()[0]
        mask = np.zeros(measured.shape[1] // size, dtype=np.bool_)
        mask[np.random.default_rng(count).permutation(len(mask))[: round(MASK_RATIO * len(mask))]] = True
        prepared = measured * np.float32(card.input.scale)
        module = runtime.network(card, "cpu")
        predicted = runtime.predict_hidden(module, prepared, mask[None], "cpu")[0] / np.float32(
            card.input.scale
        )
        over_time = np.repeat(mask, size)
        ours.append(np.mean((predicted - measured)[:, over_time] ** 2))
        line.append(np.mean((interpolated(measured, over_time) - measured)[:, over_time] ** 2))
    own, straight = np.array(ours), np.array(line)
    patients = np.unique([pack.rows[i].patient_id for i in index], return_inverse=True)[1]
    bootstrap = Bootstrap(len(index), resamples, groups=patients)
    errors = np.column_stack([own, straight])
    found = bootstrap.draw(lambda w: 1000 * np.sqrt(w @ errors / w.sum(1, keepdims=True))).each()
    return {
        "mask_ratio": MASK_RATIO,
        "masked_rmse_uv": interval(found[0]),
        "linear_interpolation_rmse_uv": interval(found[1]),
        "share_of_records_better_than_interpolation": round(float((own < straight).mean()), 4),
    }


def interpolated(signal: Array, hidden: NDArray[np.bool_]) -> Array:
    """Return (leads, samples) with straight lines across the hidden samples."""
    samples = np.arange(signal.shape[1])
    known = samples[~hidden]
    return np.stack([np.interp(samples, known, row[~hidden]) for row in signal]).astype(np.float32)
