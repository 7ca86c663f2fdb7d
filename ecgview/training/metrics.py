"""Figures of merit with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def auroc(wanted: Array, said: Array) -> NDArray[np.float64]:
    """Return the AUROC of each column, (k,), from mid-ranks; NaN where a class is absent; (n, k) each."""
    ranks = rankdata(said, axis=0)
    positive = wanted.sum(0).astype(np.float64)
    negative = len(wanted) - positive
    pairs = positive * negative
    above = (ranks * (wanted > 0)).sum(0) - positive * (positive + 1) / 2
    return np.where(pairs > 0, above / np.where(pairs > 0, pairs, 1), np.nan)


def macro_auroc(wanted: Array, said: Array, columns: NDArray[np.int64] | None = None) -> float:
    """Return the mean AUROC over columns that hold both classes; (n, k) each."""
    values = auroc(wanted, said) if columns is None else auroc(wanted[:, columns], said[:, columns])
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def macro_auprc(wanted: Array, said: Array, columns: NDArray[np.int64] | None = None) -> float:
    """Return the mean average precision over columns that hold both classes."""
    chosen = range(wanted.shape[1]) if columns is None else columns
    both = [k for k in chosen if 0 < wanted[:, k].sum() < len(wanted)]
    return (
        float(np.mean([average_precision_score(wanted[:, k], said[:, k]) for k in both]))
        if both
        else float("nan")
    )


def macro_f1(wanted: Array, said: Array, thresholds: NDArray[np.float64]) -> float:
    """Return the mean F1 over the columns that have a threshold (not NaN) and a positive."""
    chosen = np.flatnonzero(np.isfinite(thresholds) & (wanted.sum(0) > 0))
    called = said[:, chosen] >= thresholds[chosen]
    truth = wanted[:, chosen] > 0
    f1 = 2 * (called & truth).sum(0) / np.maximum(1, called.sum(0) + truth.sum(0))
    return float(f1.mean()) if len(chosen) else float("nan")


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
