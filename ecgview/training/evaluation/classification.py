"""The figures of a classifier: macro and of each class, calls, calibration, and what the top call was taken for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.training.data import labels
from ecgview.training.evaluation import calibration
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.levels import Level, Scores, levels, score
from ecgview.training.evaluation.metrics import Bootstrap, Draws, Interval, percentiles
from ecgview.training.evaluation.plain import interval, rounded

Z95 = 1.959964
BY_CHANCE = 200  # drawings of outcomes that the answers themselves give


def describe(asked: Asked, resamples: int) -> dict[str, Any]:
    """Return the figures of all records, as plain values."""
    bootstrap = asked.bootstrap(resamples)
    found = [score(level, bootstrap) for level in levels(asked)]
    figures: dict[str, Any] = {}
    for scores in found:
        figures |= macros(scores)
    figures["calibration_bins"] = f"{calibration.BINS} bins of equal width"
    figures["classes"] = [row for scores in found for row in class_rows(scores)]
    for scores in found:
        figures |= calibration_errors(scores.level, bootstrap)
    figures["per_statement"] = _per_statement(figures["classes"])
    figures["calibration"] = [row for scores in found for row in curves(scores.level)]
    if found[0].level.name == "superclass":
        figures["confusion"] = confusion(found[0].level)
    return figures


def macros(scores: Scores) -> dict[str, Any]:
    """Return the means over the scored classes, each with its interval."""
    level, name = scores.level, scores.level.name
    auroc = scores.auroc.value
    figures: dict[str, Any] = {f"{name}_macro_auroc": interval(scores.auroc.mean())}
    if name == "superclass":
        figures["superclass_auroc"] = {
            level.classes[k]: rounded(auroc[place]) for place, k in enumerate(level.scored)
        }
    figures[f"{name}_macro_auprc"] = interval(scores.auprc.mean())
    figures[f"{name}_macro_f1"] = interval(scores.f1.mean())
    figures[f"{name}_brier"] = interval(scores.brier.mean())
    if name == "statement":
        figures["n_statements"] = len(level.scored)
    return figures


def centred(drawn: Draws) -> Interval:
    """Return the mean calibration error with the interval of the resamples' spread, moved so that it is about the mean.

    Resampling adds noise to every bin, which drives the error upwards: as it comes the interval would lie above it.
    """
    mean = drawn.mean()
    spread = np.nanmean(drawn.draws, axis=1)
    moved = percentiles(mean.value, spread - spread.mean() + mean.value)
    return Interval(moved.value, max(moved.low, 0.0), moved.high)


def calibration_errors(level: Level, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return the mean calibration error over the scored classes, and what chance alone would make of it.

    "By chance" is the mean error of the same answers if each were exactly
    as often true as it says: below that no model of so few records can be told from a perfect one.
    """
    if not len(level.scored):
        return {f"{level.name}_calibration_error": None}
    wanted, said = level.wanted[:, level.scored], level.said[:, level.scored]
    drawn = bootstrap.draw(lambda w: calibration.weighted_errors(wanted, said, w))
    rng = np.random.default_rng(bootstrap.seed)
    ones = np.ones((1, len(said)))
    perfect = [
        calibration.weighted_errors((rng.random(said.shape) < said).astype(np.float32), said, ones).mean()
        for _ in range(BY_CHANCE)
    ]
    return {
        f"{level.name}_calibration_error": interval(centred(drawn)),
        f"{level.name}_calibration_error_by_chance": rounded(float(np.mean(perfect))),
    }


def class_rows(scores: Scores) -> list[dict[str, Any]]:
    """Return a row per scored class: figures with intervals, and the four counts at the threshold.

    The calibration error has no interval: resampling adds noise to every bin, which drives the error upwards.
    """
    level = scores.level
    each = zip(scores.auroc.each(), scores.auprc.each(), scores.brier.each(), strict=True)
    f1 = dict(zip(scores.f1_columns.tolist(), scores.f1.each(), strict=True))
    rows = []
    for k, (auroc, auprc, brier) in zip(level.scored.tolist(), each, strict=True):
        wanted, said = level.wanted[:, k], level.said[:, k]
        rows.append(
            {
                "level": level.name,
                "class": level.classes[k],
                "positives": int(wanted.sum()),
                "auroc": interval(auroc),
                "auprc": interval(auprc),
                "f1": interval(f1[k]) if k in f1 else None,
                "brier": interval(brier),
                "calibration_error": rounded(calibration.expected_calibration_error(wanted, said)),
                "threshold": rounded(level.threshold[k]),
                **(_counts(wanted > 0, level.called[:, k]) if level.callable[k] else {}),
            }
        )
    return rows


def _counts(truth: NDArray[np.bool_], called: NDArray[np.bool_]) -> dict[str, int]:
    return {
        "true_positives": int((truth & called).sum()),
        "false_positives": int((~truth & called).sum()),
        "false_negatives": int((truth & ~called).sum()),
        "true_negatives": int((~truth & ~called).sum()),
    }


def _per_statement(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        row["class"]: {name: row[name] for name in _TOLD if row.get(name) is not None} | _worth(row)
        for row in rows
        if row["level"] == "statement"
    }


_TOLD = ("positives", "auroc", "auprc", "f1", "brier", "calibration_error", "threshold")


def _worth(row: dict[str, Any]) -> dict[str, Any]:
    """Return sensitivity and specificity at the threshold with Wilson's 95 % interval, where a class has one."""
    if "true_positives" not in row:
        return {}
    hits, misses = row["true_positives"], row["false_negatives"]
    quiet, false = row["true_negatives"], row["false_positives"]
    pairs = {"sensitivity": (hits, hits + misses), "specificity": (quiet, quiet + false)}
    return {name: share(part, whole) for name, (part, whole) in pairs.items() if whole}


def share(part: int, whole: int) -> dict[str, float | None]:
    """Return a share with Wilson's 95 % interval; `whole` is 1 or more."""
    low, high = wilson(np.array([part / whole]), np.array([whole]))
    return {"value": rounded(part / whole), "low": rounded(float(low[0])), "high": rounded(float(high[0]))}


def curves(level: Level) -> list[dict[str, Any]]:
    """Return the calibration curve of all scored classes together and, for superclasses, of each."""
    columns = level.scored
    if not len(columns):
        return []
    rows = [_curve(level, "all", level.wanted[:, columns].ravel(), level.said[:, columns].ravel())]
    if level.name == "superclass":
        rows += [_curve(level, level.classes[k], level.wanted[:, k], level.said[:, k]) for k in columns]
    return rows


def _curve(level: Level, name: str, wanted: NDArray[Any], said: NDArray[Any]) -> dict[str, Any]:
    """Return one curve; the share of positives has Wilson's 95 % interval, records taken as independent."""
    found = calibration.curve(wanted, said)
    low, high = wilson(found.observed, found.count)
    return {
        "level": level.name,
        "class": name,
        "said": [rounded(v) for v in found.said],
        "observed": [rounded(v) for v in found.observed],
        "low": [rounded(v) for v in low],
        "high": [rounded(v) for v in high],
        "count": found.count.tolist(),
    }


def wilson(
    share: NDArray[np.float64], count: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of a share of so many (Wilson 1927), (k,) each; NaN where there is none."""
    n = np.where(count > 0, count, np.nan)
    middle = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * np.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def confusion(level: Level) -> dict[str, Any]:
    """Return how often each superclass was the top call among records of each superclass.

    A record of several superclasses stands in each of their rows; one of none in the last.
    """
    top = level.said.argmax(1)
    truth = np.column_stack([level.wanted > 0, level.wanted.sum(1) == 0])
    counts = [[int((truth[:, i] & (top == j)).sum()) for j in range(len(level.classes))] for i in range(6)]
    return {
        "truth": [*labels.SUPERCLASSES, "none"],
        "top_call": list(labels.SUPERCLASSES),
        "counts": counts,
    }
