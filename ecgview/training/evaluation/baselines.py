"""What any classifier of ours must beat: logistic regression on amplitudes, and on random kernels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from ecgview.training.data import kernels
from ecgview.training.data.pack import Pack
from ecgview.training.evaluation.metrics import macro_auroc

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


@dataclass(frozen=True, slots=True, eq=False)
class Regressions:
    """Logistic regressions on one set of features: `weight` (k, features) of the features as they are, `bias` (k,)."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


def fit_logistic(features: Array, wanted: Array, strength: float) -> Regressions:
    """Return one L2 regression per column of `wanted` (n, k) on standardised features (n, p).

    Where there are more features than records they are turned onto the records' own axes first: the penalty does
    not change under a rotation, so the answers are the same. A class that is absent, or that all records have,
    gets its rate as a constant, half a record added to each side.
    """
    mean = features.mean(0, dtype=np.float64)
    deviation = features.std(0, dtype=np.float64)
    deviation[deviation == 0] = 1.0
    standard = (features - mean) / deviation
    axes = _axes(standard) if standard.shape[1] > len(standard) else None
    seen = standard if axes is None else standard @ axes
    weight, bias = np.zeros((wanted.shape[1], features.shape[1])), np.zeros(wanted.shape[1])
    for k, column in enumerate(wanted.T):
        positive = float(column.sum())
        if not 0 < positive < len(column):
            bias[k] = np.log((positive + 0.5) / (len(column) - positive + 0.5))
            continue
        model = LogisticRegression(C=strength, max_iter=300).fit(seen, column)
        turned = model.coef_[0] if axes is None else axes @ model.coef_[0]
        weight[k] = turned / deviation
        bias[k] = model.intercept_[0] - weight[k] @ mean
    return Regressions(weight, bias)


def _axes(standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (p, at most n) orthonormal directions in which the rows of (n, p) differ."""
    squared, turned = eigh(standard @ standard.T)
    kept = squared > 1e-8 * squared[-1]  # below is rounding
    return np.asarray(standard.T @ (turned[:, kept] / np.sqrt(squared[kept])), np.float64)


def predict(models: Regressions, features: Array) -> Array:
    """Return (n, k) probabilities."""
    return np.asarray(expit(features @ models.weight.T + models.bias), dtype=np.float32)


def choose_strength(
    features: Array, wanted: Array, train: NDArray[np.int64], validation: NDArray[np.int64]
) -> float:
    """Return the inverse penalty with the largest macro AUROC on the validation rows."""
    scores = {}
    for strength in STRENGTHS:
        models = fit_logistic(features[train], wanted[train], strength)
        scores[strength] = macro_auroc(wanted[validation], predict(models, features[validation]))
    return max(scores, key=lambda s: scores[s])
