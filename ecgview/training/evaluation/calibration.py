"""Whether a stated probability is met by what happened, and how to make it so.

Bins are of equal width over 0 to 1, a default of ours (ten); an empty bin counts for nothing. Platt scaling is
fitted by Newton's method on the smoothed targets of Platt (1999) as written out by Lin, Lin and Weng (2007);
isotonic regression is pooling of adjacent violators. Fit on validation records, never on those reported on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError

Floats = NDArray[Any]
Doubles = NDArray[np.float64]
BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A calibration curve, (bins,) each: mean stated probability and share of positives; NaN in an empty bin."""

    said: Doubles
    observed: Doubles
    count: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of stated and observed, weighted by the bins' counts."""
        filled = self.count > 0
        distance = np.abs(self.said[filled] - self.observed[filled])
        return float(np.average(distance, weights=self.count[filled]))


def curve(wanted: Floats, said: Floats, bins: int = BINS) -> Curve:
    """Return the calibration curve of one class in equal-width bins.

    Args:
        wanted: (n,) 0/1.
        said: (n,) probabilities within 0 to 1.
        bins: how many bins of equal width; 1.0 belongs to the last.

    Raises:
        ModelError: no record, arrays that do not fit, values outside 0 to 1.
    """
    truth, stated = _pair(wanted, said)
    if stated.min() < 0 or stated.max() > 1:
        raise ModelError(
            "calibration needs probabilities", expected="0 to 1", found=f"{stated.min()} to {stated.max()}"
        )
    place = np.minimum((stated * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(place, stated, bins) / count
        share = np.bincount(place, truth, bins) / count
    return Curve(mean, share, count)


def expected_calibration_error(wanted: Floats, said: Floats, bins: int = BINS) -> float:
    """Return the expected calibration error of one class in equal-width bins; arguments as for `curve`."""
    return curve(wanted, said, bins).error


def weighted_errors(wanted: Floats, said: Floats, weights: Doubles, bins: int = BINS) -> Doubles:
    """Return (b, k) expected calibration errors of classes, records counted as `weights` say.

    Args:
        wanted: (n, k) 0/1.
        said: (n, k) probabilities within 0 to 1.
        weights: (b, n), not negative; how often each record counts.
        bins: of equal width; 1.0 belongs to the last.
    """
    truth, stated = np.asarray(wanted, np.float64), np.asarray(said, np.float64)
    place = np.minimum((stated * bins).astype(np.int64), bins - 1)
    total = weights.sum(1)
    errors = np.zeros((len(weights), truth.shape[1]))
    for one in range(bins):
        # The distance of two means times their weight is the distance of two sums.
        errors += np.abs(weights @ np.where(place == one, stated - truth, 0.0)) / total[:, None]
    return errors


def brier(wanted: Floats, said: Floats) -> float:
    """Return the mean squared distance of stated probability and outcome; (n,), or (n, k) for all together."""
    return float(np.mean((np.asarray(said, np.float64) - np.asarray(wanted, np.float64)) ** 2))


def fit_platt(wanted: Floats, logits: Floats) -> tuple[float, float]:
    """Return (a, b) of `sigmoid(a * logit + b)`, the most likely line for these outcomes.

    Args:
        wanted: (n,) 0/1.
        logits: (n,) log-odds, or any score.

    Raises:
        ModelError: one of the two outcomes is absent, or the arrays do not fit.
    """
    truth, score = _pair(wanted, logits)
    positives, negatives = truth.sum(), len(truth) - truth.sum()
    _both(positives, negatives)
    # Platt's targets: one half example of each kind more, so that perfect separation has a finite line.
    target = np.where(truth > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    middle, spread = score.mean(), score.std() or 1.0
    design = np.stack([(score - middle) / spread, np.ones_like(score)], axis=1)
    line = np.array([0.0, np.log((positives + 1) / (negatives + 1))])
    for _ in range(100):
        step = _newton_step(design, target, line)
        size = 1.0
        # Halved until the loss falls: a whole Newton step can overshoot where outcomes are nearly
        # separated.
        while _loss(design, target, line - size * step) > _loss(design, target, line) and size > 1e-10:
            size /= 2
        line = line - size * step
        if np.abs(size * step).max() < 1e-10:
            break
    slope = line[0] / spread
    return float(slope), float(line[1] - slope * middle)


def apply_platt(line: tuple[float, float], logits: Floats) -> Doubles:
    """Return (n,) probabilities of scores under a fitted line (a, b)."""
    return _sigmoid(line[0] * np.asarray(logits, np.float64) + line[1])


def fit_isotonic(wanted: Floats, said: Floats) -> tuple[Doubles, Doubles]:
    """Return the corners (x, y) of the best non-decreasing map of stated to observed; x ascends.

    Raises:
        ModelError: one of the two outcomes is absent, or the arrays do not fit.
    """
    from sklearn.isotonic import IsotonicRegression

    truth, stated = _pair(wanted, said)
    _both(truth.sum(), len(truth) - truth.sum())
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(stated, truth)
    return np.asarray(fitted.X_thresholds_, np.float64), np.asarray(fitted.y_thresholds_, np.float64)


def apply_isotonic(corners: tuple[Doubles, Doubles], said: Floats) -> Doubles:
    """Return (n,) calibrated probabilities: straight lines between the corners, level outside them."""
    return np.asarray(np.interp(np.asarray(said, np.float64), *corners), np.float64)


def log_odds(probability: Floats) -> Doubles:
    """Return (n,) logits of probabilities, at most 30 in size."""
    clipped = np.clip(np.asarray(probability, np.float64), 1e-13, 1 - 1e-13)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), np.float64)


def _newton_step(design: Doubles, target: Doubles, line: Doubles) -> Doubles:
    chance = _sigmoid(design @ line)
    slope = design.T @ (chance - target)
    bend = (design * (chance * (1 - chance))[:, None]).T @ design + 1e-12 * np.eye(2)
    return np.asarray(np.linalg.solve(bend, slope), np.float64)


def _loss(design: Doubles, target: Doubles, line: Doubles) -> float:
    score = design @ line
    return float(np.sum(np.logaddexp(0, score) - target * score))


def _sigmoid(score: Doubles) -> Doubles:
    return np.asarray(0.5 * (1 + np.tanh(score / 2)), np.float64)


def _pair(wanted: Floats, said: Floats) -> tuple[Doubles, Doubles]:
    truth, stated = np.asarray(wanted, np.float64), np.asarray(said, np.float64)
    if truth.ndim != 1 or truth.shape != stated.shape or not len(truth):
        raise ModelError(
            "calibration needs one outcome and one value per record",
            expected="two equally long arrays",
            found=f"{truth.shape} and {stated.shape}",
        )
    if not np.isin(truth, (0, 1)).all() or not np.isfinite(stated).all():
        raise ModelError("calibration needs outcomes of 0 or 1 and finite values")
    return truth, stated


def _both(positives: float, negatives: float) -> None:
    if not (positives and negatives):
        raise ModelError(
            "calibration needs both outcomes",
            expected="positives and negatives",
            found=f"{positives:g} and {negatives:g}",
        )
