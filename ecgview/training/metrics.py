"""Figures of merit with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def macro_auroc(wanted: Array, said: Array, columns: NDArray[np.int64] | None = None) -> float:
    """Return the mean AUROC over columns that hold both classes; (n, k) each."""
    return _macro(roc_auc_score, wanted, said, columns)


def macro_auprc(wanted: Array, said: Array, columns: NDArray[np.int64] | None = None) -> float:
    """Return the mean average precision over columns that hold both classes."""
    return _macro(average_precision_score, wanted, said, columns)


def _macro(
    figure: Callable[[Array, Array], float], wanted: Array, said: Array, columns: NDArray[np.int64] | None
) -> float:
    chosen = range(wanted.shape[1]) if columns is None else columns
    values = [figure(wanted[:, k], said[:, k]) for k in chosen if 0 < wanted[:, k].sum() < len(wanted)]
    return float(np.mean(values)) if values else float("nan")


def with_at_least(wanted: Array, positives: int) -> NDArray[np.int64]:
    """Return the columns that have at least so many positives."""
    return np.flatnonzero(wanted.sum(0) >= positives)


def bootstrap(
    figure: Callable[[NDArray[np.int64]], float], n: int, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Return a figure of rows with its 95 % percentile interval; `figure` takes row indices."""
    rng = np.random.default_rng(seed)
    values = np.array([figure(rng.integers(0, n, n)) for _ in range(resamples)])
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(figure(np.arange(n)), float(low), float(high))


def best_f1_threshold(wanted: NDArray[np.float32], said: NDArray[np.float32]) -> float:
    """Return the threshold with the largest F1, midway to the next lower score; larger on a tie."""
    order = np.argsort(-said, kind="stable")
    hits = np.cumsum(wanted[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + wanted.sum())
    best = int(np.argmax(f1))
    below = said[order[best + 1]] if best + 1 < len(order) else 0.0
    return float((said[order[best]] + below) / 2)
