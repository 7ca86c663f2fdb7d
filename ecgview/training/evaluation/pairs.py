"""Pairs of ECGs, of one patient and of two, and the error rates of a score over them with intervals by patient.

A resample draws patients: a pair of two counts as often as both were drawn, a pair of one as often as that patient was,
so that a patient with many recordings is no many patients. Where few patients erred, resamples hold few that do: the
upper bound of an error on pairs of one patient is never below the exact one of as many patients (Clopper and Pearson).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.training.evaluation.metrics import Doubles, Index, percentiles
from ecgview.training.evaluation.plain import Figure, interval

BINS = 2000  # of a score between -1 and 1, for AUROC and the equal error rate
# At most so many pairs of two patients are taken for one's: below 1 %, so that the upper bound is, too.
FALSE_MATCH = 0.008
FALSE_ALARM = 0.025  # at most so many of one patient's are taken for two patients'


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Scores of pairs: patients by number, which are of one patient, in which fold; (n,) each."""

    score: Doubles
    first: Index
    second: Index
    fold: Index

    @property
    def genuine(self) -> NDArray[np.bool_]:
        """Which pairs are of one patient."""
        return np.equal(self.first, self.second)

    def where(self, rows: NDArray[np.bool_]) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.score[rows], self.first[rows], self.second[rows], self.fold[rows])

    @property
    def n_patients(self) -> int:
        """How many patients have a pair of their own."""
        return len(np.unique(self.first[self.genuine]))

    @property
    def n_strangers(self) -> int:
        """How many patients stand in pairs of two."""
        return len(np.unique(np.concatenate([self.first[~self.genuine], self.second[~self.genuine]])))


@dataclass(frozen=True, slots=True)
class Cuts:
    """At or above `same` a pair looks like one patient's, at or below `two` like two patients'."""

    same: float
    two: float


def cuts(pairs: Pairs) -> Cuts:
    """Return the cuts that keep both limits on these pairs; of one patient's pairs each patient counts once."""
    strangers = np.sort(pairs.score[~pairs.genuine])
    allowed = int(FALSE_MATCH * len(strangers))
    # Just above the highest score of those that may not match; between two scores, so that neither lies on the cut.
    same = float((strangers[-allowed - 1] + (strangers[-allowed] if allowed else 1.0)) / 2)
    own, patient = pairs.score[pairs.genuine], pairs.first[pairs.genuine]
    order = np.argsort(own)
    _, place, counts = np.unique(patient, return_inverse=True, return_counts=True)
    share = np.cumsum(1.0 / counts[place[order]]) / len(counts)
    alarms = int((share <= FALSE_ALARM).sum())
    low = own[order]
    two = float((low[alarms] + (low[alarms - 1] if alarms else -1.0)) / 2)
    return Cuts(same, min(two, same))


def rates(pairs: Pairs, same: Doubles, two: Doubles, resamples: int) -> dict[str, Figure]:
    """Return the four rates at each pair's cuts, (n,) each, AUROC and equal error rate."""
    genuine = pairs.genuine
    patients, place = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    one, other = place[: len(genuine)], place[len(genuine) :]
    accepted, alarmed = (pairs.score >= same).astype(np.float64), (pairs.score <= two).astype(np.float64)
    bins = np.clip(((pairs.score + 1) * (BINS / 2)).astype(np.int64), 0, BINS - 1)

    def figures(weight: Doubles) -> Doubles:
        own = weight[one[genuine]]
        strange = weight[one[~genuine]] * weight[other[~genuine]]
        if not own.sum() or not strange.sum():
            return np.full(6, np.nan)
        area, equal = _area_and_equal(
            np.bincount(bins[genuine], own, BINS) / own.sum(),
            np.bincount(bins[~genuine], strange, BINS) / strange.sum(),
        )
        return np.array(
            [
                area,
                equal,
                strange @ accepted[~genuine] / strange.sum(),
                1 - own @ accepted[genuine] / own.sum(),
                own @ alarmed[genuine] / own.sum(),
                strange @ alarmed[~genuine] / strange.sum(),
            ]
        )

    rng = np.random.default_rng(0)
    draws = [
        np.bincount(rng.integers(0, len(patients), len(patients)), minlength=len(patients))
        for _ in range(resamples)
    ]
    value = figures(np.ones(len(patients)))
    drawn = np.stack([figures(weight.astype(np.float64)) for weight in draws])
    names = ("auroc", "equal_error_rate", "false_match", "missed", "false_alarm", "caught")
    found = {name: interval(percentiles(value[k], drawn[:, k])) for k, name in enumerate(names)}
    erred = {"missed": pairs.score < same, "false_alarm": pairs.score <= two}
    for name, wrong in erred.items():
        count = len(np.unique(pairs.first[genuine & wrong]))
        found[name]["high"] = max(found[name]["high"] or 0.0, round(at_most(count, pairs.n_patients), 4))
    if found["false_match"]["value"] == 0.0:
        found["false_match"]["high"] = round(at_most(0, pairs.n_strangers // 2), 4)
    return found


def at_most(wrong: int, count: int) -> float:
    """Return the largest rate that goes with so many of so many, at 2.5 % (Clopper and Pearson)."""
    from scipy.stats import beta

    return float(beta.ppf(0.975, wrong + 1, count - wrong)) if wrong < count else 1.0


def _area_and_equal(genuine: Doubles, strange: Doubles) -> tuple[float, float]:
    """Return AUROC and equal error rate of two histograms."""
    below = np.cumsum(strange)
    area = float(genuine @ (below - strange / 2))
    missed = np.concatenate([[0.0], np.cumsum(genuine)])
    accepted = 1.0 - np.concatenate([[0.0], below])
    k = int(np.argmax(missed >= accepted))
    # A straight line between the two bins around the crossing.
    before, after = accepted[k - 1] - missed[k - 1], missed[k] - accepted[k]
    part = before / (before + after) if before + after > 0 else 0.0
    return area, float(missed[k - 1] + part * (missed[k] - missed[k - 1]))


def paired(one: Pairs, other: Pairs, resamples: int) -> dict[str, Figure]:
    """Return by how much one score of the same pairs is better than another, on the same resamples of patients."""
    genuine = one.genuine
    patients, place = np.unique(np.concatenate([one.first, one.second]), return_inverse=True)
    first, second = place[: len(genuine)], place[len(genuine) :]
    bins = [np.clip(((pairs.score + 1) * (BINS / 2)).astype(np.int64), 0, BINS - 1) for pairs in (one, other)]

    def difference(weight: Doubles) -> Doubles:
        own = weight[first[genuine]]
        strange = weight[first[~genuine]] * weight[second[~genuine]]
        if not own.sum() or not strange.sum():
            return np.full(2, np.nan)
        both = [
            _area_and_equal(
                np.bincount(b[genuine], own, BINS) / own.sum(),
                np.bincount(b[~genuine], strange, BINS) / strange.sum(),
            )
            for b in bins
        ]
        found: Doubles = np.array(both[0]) - np.array(both[1])
        return found

    rng = np.random.default_rng(0)
    draws = [
        np.bincount(rng.integers(0, len(patients), len(patients)), minlength=len(patients))
        for _ in range(resamples)
    ]
    value = difference(np.ones(len(patients)))
    drawn = np.stack([difference(weight.astype(np.float64)) for weight in draws])
    return {
        name: interval(percentiles(value[k], drawn[:, k]))
        for k, name in enumerate(("auroc", "equal_error_rate"))
    }
