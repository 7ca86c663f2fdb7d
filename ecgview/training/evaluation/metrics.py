"""Figures of merit with intervals.

Intervals are 95 % percentiles of a bootstrap. A resample is a count per record, so that every figure of all
resamples and classes is a few sums: rows of patients are drawn together where `Bootstrap.groups` names them
(a default of ours, for one patient's records resemble each other). The literature of this benchmark resamples
until every class has a positive and reports 5th and 95th percentiles; ours leaves a class that is absent from
a resample out of that resample's mean instead, so no resample is thrown away.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

Array = NDArray[np.float32]
Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
Index = NDArray[np.int64]
_AT_ONCE = 2_000_000  # records times resamples held in memory


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def auroc(wanted: Array, said: Array) -> Doubles:
    """Return the AUROC of each column, (k,), from mid-ranks; NaN where a class is absent; (n, k) each.

    A truth that is NaN is not known: such a record has no part in that column, here and below.
    """
    known = np.isfinite(wanted)
    if not known.all():
        columns = range(wanted.shape[1])
        return np.array([auroc(*_known(wanted[:, k], said[:, k]))[0] for k in columns], dtype=np.float64)
    # Mid-ranks give a tie half, as the area under the curve does.
    ranks = rankdata(said, axis=0)
    positive = wanted.sum(0).astype(np.float64)
    negative = len(wanted) - positive
    pairs = positive * negative
    above = (ranks * (wanted > 0)).sum(0) - positive * (positive + 1) / 2
    return np.where(pairs > 0, above / np.where(pairs > 0, pairs, 1), np.nan)


def _known(truth: Array, score: Floats) -> tuple[Array, Array]:
    """Return one column of records whose truth is known, (m, 1) each."""
    known = np.isfinite(truth)
    return truth[known, None], np.asarray(score[known, None], np.float32)


def macro_auroc(wanted: Array, said: Array, columns: Index | None = None) -> float:
    """Return the mean AUROC over columns that hold both classes; (n, k) each."""
    values = auroc(wanted, said) if columns is None else auroc(wanted[:, columns], said[:, columns])
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def macro_auprc(wanted: Array, said: Array, columns: Index | None = None) -> float:
    """Return the mean average precision over columns that hold both classes."""
    chosen = range(wanted.shape[1]) if columns is None else columns
    pairs = [_known(wanted[:, k], said[:, k]) for k in chosen]
    both = [(truth, score) for truth, score in pairs if 0 < truth.sum() < len(truth)]
    return float(np.mean([average_precision_score(*pair) for pair in both])) if both else float("nan")


def macro_f1(wanted: Array, said: Array, thresholds: Doubles) -> float:
    """Return the mean F1 over the columns that have a threshold (not NaN) and a positive."""
    chosen = np.flatnonzero(np.isfinite(thresholds) & (np.nansum(wanted, 0) > 0))
    called = (said[:, chosen] >= thresholds[chosen]) & np.isfinite(wanted[:, chosen])
    truth = wanted[:, chosen] > 0
    f1 = 2 * (called & truth).sum(0) / np.maximum(1, called.sum(0) + truth.sum(0))
    return float(f1.mean()) if len(chosen) else float("nan")


def with_at_least(wanted: Array, positives: int) -> Index:
    """Return the columns that have at least so many positives."""
    return np.flatnonzero(np.nansum(wanted, 0) >= positives)


def best_f1_threshold(wanted: NDArray[np.float32], said: NDArray[np.float32]) -> float:
    """Return the threshold with the largest F1, midway to the next lower score; larger on a tie."""
    wanted, said = (column[:, 0] for column in _known(wanted, said))
    order = np.argsort(-said, kind="stable")
    hits = np.cumsum(wanted[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + wanted.sum())
    best = int(np.argmax(f1))
    below = said[order[best + 1]] if best + 1 < len(order) else 0.0
    return float((said[order[best]] + below) / 2)


def bootstrap(figure: Callable[[Index], float], n: int, resamples: int = 1000, seed: int = 0) -> Interval:
    """Return any figure of row indices with its 95 % percentile interval; `Bootstrap` is faster where it fits."""
    rng = np.random.default_rng(seed)
    values = np.array([figure(rng.integers(0, n, n)) for _ in range(resamples)])
    return percentiles(figure(np.arange(n)), values)


def percentiles(value: float, draws: Doubles) -> Interval:
    """Return a value with the 2.5th and 97.5th percentile of its draws; NaN draws are left out."""
    if not np.isfinite(draws).any():
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return Interval(float(value), float(low), float(high))


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """A figure of each class, (k,), and of each class in every resample, (resamples, k)."""

    value: Doubles
    draws: Doubles

    def each(self) -> list[Interval]:
        """Return an interval per class."""
        return [percentiles(value, draws) for value, draws in zip(self.value, self.draws.T, strict=True)]

    def mean(self, columns: Index | None = None) -> Interval:
        """Return the mean over classes (all, or these columns) with its interval; absent classes left out."""
        own = self if columns is None else Draws(self.value[columns], self.draws[:, columns])
        return percentiles(_present_mean(own.value[None])[0], _present_mean(own.draws))

    def minus(self, other: "Draws", columns: Index | None = None) -> "Draws":
        """Return the difference of the two means, (1,): paired where both were drawn by one `Bootstrap`."""
        kept = slice(None) if columns is None else columns
        value = _present_mean(self.value[None, kept]) - _present_mean(other.value[None, kept])
        draws = _present_mean(self.draws[:, kept]) - _present_mean(other.draws[:, kept])
        return Draws(value, draws[:, None])


def two_sided_p(differences: Doubles) -> float:
    """Return twice the smaller share of resamples on one side of no difference, one added to each count.

    A default of ours; at most 1 and never 0: with 1000 resamples the smallest is 0.002.
    """
    known = differences[np.isfinite(differences)]
    smaller = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2 * (smaller + 1) / (len(known) + 1)))


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """The resamples of n records; the same arguments give the same resamples, so that two models are paired.

    `groups` is (n,) integers: rows of one number (a patient) are drawn together.
    """

    n: int
    resamples: int = 1000
    seed: int = 0
    groups: Index | None = None

    def counts(self, size: int, rng: np.random.Generator) -> Doubles:
        """Return (size, n): how often each record stands in each of the next resamples."""
        place = np.arange(self.n) if self.groups is None else self.groups
        units = int(place.max()) + 1
        # Patients are drawn, not records: a patient's records are not independent (a choice of ours).
        drawn = rng.integers(0, units, (size, units)) + units * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units)
        return np.asarray(counts[:, place], np.float64)

    def draw(self, figure: Callable[[Doubles], Doubles]) -> Draws:
        """Return a figure of all records and of every resample; it takes weights (b, n) and gives (b, k)."""
        rng = np.random.default_rng(self.seed)
        step = max(1, _AT_ONCE // self.n)
        sizes = [min(step, self.resamples - begin) for begin in range(0, self.resamples, step)]
        draws = np.concatenate([figure(self.counts(size, rng)) for size in sizes])
        return Draws(figure(np.ones((1, self.n)))[0], draws)


def weighted_auroc(wanted: Array, said: Floats, weights: Doubles) -> Doubles:
    """Return (b, k) AUROC with weighted records, ties half; NaN where a class is absent.

    Args:
        wanted: (n, k) 0/1.
        said: (n, k) scores.
        weights: (b, n), not negative.
    """
    found = np.empty((len(weights), wanted.shape[1]))
    for k in range(wanted.shape[1]):
        truth = wanted[:, k] > 0
        positive, negative = np.flatnonzero(truth), np.flatnonzero(~truth)
        negative = negative[np.argsort(said[negative, k], kind="stable")]
        # Negatives below each positive, and those no higher: positives are few, and are all that is summed over.
        below = np.searchsorted(said[negative, k], said[positive, k], "left")
        no_higher = np.searchsorted(said[negative, k], said[positive, k], "right")
        summed = np.zeros((len(weights), len(negative) + 1))
        np.cumsum(weights[:, negative], axis=1, out=summed[:, 1:])
        own = weights[:, positive]
        above = (own * (summed[:, below] + summed[:, no_higher]) / 2).sum(1)
        found[:, k] = _share(above, own.sum(1) * summed[:, -1])
    return found


def weighted_auprc(wanted: Array, said: Floats, weights: Doubles) -> Doubles:
    """Return (b, k) average precision (steps, not interpolated); NaN where a class is absent; as above."""
    found = np.empty((len(weights), wanted.shape[1]))
    for k in range(wanted.shape[1]):
        order, last = _tied(-said[:, k])
        own = weights[:, order]
        truth = wanted[order, k] > 0
        positive = _sums_to(own * truth, last)
        called = _sums_to(own, last)
        precision = positive / np.where(called > 0, called, 1)
        gained = np.diff(positive, axis=1, prepend=0.0)
        both = positive[:, -1] * (called[:, -1] - positive[:, -1]) > 0
        found[:, k] = _share((gained * precision).sum(1), np.where(both, positive[:, -1], 0))
    return found


def weighted_f1(wanted: Array, called: NDArray[np.bool_], weights: Doubles) -> Doubles:
    """Return (b, k) F1 of calls; NaN where no record is positive; (n, k) each, weights (b, n)."""
    truth = wanted > 0
    positive = weights @ truth
    hits = weights @ (truth & called)
    total = positive + weights @ called
    return np.where(positive > 0, 2 * hits / np.where(total > 0, total, 1), np.nan)


def weighted_brier(wanted: Array, said: Floats, weights: Doubles) -> Doubles:
    """Return (b, k) mean squared distance of stated probability and outcome; as above."""
    squared = (said.astype(np.float64) - wanted) ** 2
    return np.asarray(weights @ squared / weights.sum(1, keepdims=True), np.float64)


def _tied(score: NDArray[np.floating]) -> tuple[Index, Index]:
    """Return the ascending order of scores, and the place of the last of each run of equal ones."""
    order = np.argsort(score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    return order, last


def _sums_to(values: Doubles, last: Index) -> Doubles:
    return np.asarray(np.cumsum(values, axis=1)[:, last], np.float64)


def _share(part: Doubles, whole: Doubles) -> Doubles:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


def _present_mean(values: Doubles) -> Doubles:
    """Return (b,) means over the columns that are not NaN; NaN where none is."""
    known = np.isfinite(values)
    count = known.sum(1)
    return np.where(count > 0, np.where(known, values, 0).sum(1) / np.maximum(count, 1), np.nan)
