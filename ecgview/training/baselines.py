"""What any classifier of ours must beat: logistic regression on amplitudes, and on random kernels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ecgview.training import kernels
from ecgview.training.metrics import macro_auroc
from ecgview.training.pack import Pack

Array = NDArray[np.float32]
STRENGTHS = (1e-4, 1e-3, 1e-2)


def amplitude_features(pack: Pack) -> Array:
    """Return (records, 12 * 6): per lead smallest, largest, deviation, mean absolute, 5th, 95th percentile in mV."""
    rows = []
    for start in range(0, len(pack), 128):
        index = np.arange(start, min(len(pack), start + 128))
        x = pack.millivolts(index).numpy()
        parts = [
            x.min(-1),
            x.max(-1),
            x.std(-1),
            np.abs(x).mean(-1),
            np.percentile(x, 5, axis=-1),
            np.percentile(x, 95, axis=-1),
        ]
        rows.append(np.concatenate(parts, axis=1))
    return np.concatenate(rows).astype(np.float32)


def kernel_features(pack: Pack, train: NDArray[np.int64], cache: Path) -> Array:
    """Return the random-kernel features, thresholds from the training rows."""
    return kernels.cached_features(pack, train, cache)


def fit_logistic(features: Array, wanted: Array, strength: float) -> list[Pipeline | None]:
    """Return one regression per column of `wanted` (n, k); None where a class is absent."""
    models: list[Pipeline | None] = []
    for column in wanted.T:
        if not 0 < column.sum() < len(column):
            models.append(None)
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))
        models.append(model.fit(features, column))
    return models


def predict(models: list[Pipeline | None], features: Array) -> Array:
    """Return (n, k) probabilities; 0 where there is no model."""
    columns = [np.zeros(len(features)) if m is None else m.predict_proba(features)[:, 1] for m in models]
    return np.stack(columns, axis=1).astype(np.float32)


def choose_strength(
    features: Array, wanted: Array, train: NDArray[np.int64], validation: NDArray[np.int64]
) -> float:
    """Return the inverse penalty with the largest macro AUROC on the validation rows."""
    scores = {}
    for strength in STRENGTHS:
        models = fit_logistic(features[train], wanted[train], strength)
        scores[strength] = macro_auroc(wanted[validation], predict(models, features[validation]))
    return max(scores, key=lambda s: scores[s])
