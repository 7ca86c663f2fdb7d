"""What the LEF model is worth on a cohort: figures with intervals, subgroups, and each predictor alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.models.tabular.table import Predictor, Table
from ecgview.training.echonext.layout import FLAGS
from ecgview.training.echonext.row import EchoRow
from ecgview.training.evaluation import calibration, metrics
from ecgview.training.lef.fit import outputs
from ecgview.training.lef.predictors import Cohort

Values = NDArray[np.float64]
Places = NDArray[np.int64]
Figure = Callable[[Values], Values]  # of (resamples, n) weights
# Named by the abstract, and what they mean; PTB-XL's code and ECGFounder's.
PUBLISHED = {
    "NORM": -1.0,
    "NORMAL ECG": -1.0,
    "ILBBB": 1.0,
    "INCOMPLETE LEFT BUNDLE BRANCH BLOCK": 1.0,
    "INJAL": 1.0,
}
FEWEST = 5  # of either outcome, for a subgroup to be given a figure
AGES = ((18, 40), (40, 60), (60, 75), (75, 200))
COLUMNS = ("location_setting", "race_ethnicity", "acquisition_year")


def of(model: Table, cohort: Cohort, resamples: int) -> dict[str, Any]:
    """Return AUROC, AUPRC, F1 at the threshold, Brier score, calibration error and their 95 % intervals."""
    return of_scores(cohort, model.probability(outputs(model, cohort.values)), model.threshold, resamples)


def of_scores(cohort: Cohort, said: Values, threshold: float | None, resamples: int) -> dict[str, Any]:
    """Return the same for (n,) probabilities of any model."""
    return {
        "n_records": len(said),
        "n_patients": len({row.patient for row in cohort.rows}),
        "n_low": int(cohort.low.sum()),
        **_figures(cohort, np.arange(len(said)), said, threshold, resamples),
        "calibration_curve": _curve(cohort.low, said),
    }


def patients(cohort: Cohort, chosen: Places | None = None) -> NDArray[np.int64]:
    """Return (n,) whose record each is, as a number: patients are drawn, not records."""
    names = np.array([row.patient for row in cohort.rows])
    return np.unique(names if chosen is None else names[chosen], return_inverse=True)[1].astype(np.int64)


def _figures(
    cohort: Cohort, chosen: Places, said: Values, threshold: float | None, resamples: int
) -> dict[str, Any]:
    """Return figures of some records of a cohort, for their (n,) probabilities."""
    low = cohort.low[chosen]
    drawn = metrics.Bootstrap(len(chosen), resamples, groups=patients(cohort, chosen))
    found: dict[str, Any] = {
        name: _interval(drawn, figure) for name, figure in scores(low, said, threshold).items()
    }
    found["calibration_error"] = round(calibration.expected_calibration_error(low, said), 4)
    if threshold is not None:
        found["threshold"] = round(threshold, 4)
    return found


def scores(low: Values, said: Values, threshold: float | None) -> dict[str, Figure]:
    """Return what can be drawn of (n,) probabilities and 0/1 outcomes, by name; F1 needs a threshold."""
    wanted, score = low[:, None].astype(np.float32), said[:, None]
    found: dict[str, Figure] = {
        "auroc": lambda weights: metrics.weighted_auroc(wanted, score, weights),
        "auprc": lambda weights: metrics.weighted_auprc(wanted, score, weights),
        "brier": lambda weights: metrics.weighted_brier(wanted, score, weights),
    }
    if threshold is not None:
        called = score >= threshold
        found["f1"] = lambda weights: metrics.weighted_f1(wanted, called, weights)
    return found


def _curve(low: Values, said: Values) -> dict[str, list[float | None]]:
    curve = calibration.curve(low, said)

    def plain(values: NDArray[Any]) -> list[float | None]:
        return [round(float(v), 4) if np.isfinite(v) else None for v in values]

    return {"said": plain(curve.said), "observed": plain(curve.observed), "count": plain(curve.count)}


def subgroups(model: Table, cohort: Cohort, resamples: int) -> list[dict[str, Any]]:
    """Return a row per subgroup: sex, age, QRS duration, atrial fibrillation, each other flag, where they are known."""
    said = model.probability(outputs(model, cohort.values))
    rows = []
    for name, member in _groups(cohort, model).items():
        chosen = np.flatnonzero(member)
        low = cohort.low[chosen]
        entry: dict[str, Any] = {"group": name, "n_records": len(chosen), "n_low": int(low.sum())}
        if min(low.sum(), len(low) - low.sum()) >= FEWEST:
            entry |= _figures(cohort, chosen, said[chosen], model.threshold, resamples)
        rows.append(entry)
    return rows


def _groups(cohort: Cohort, model: Table) -> dict[str, NDArray[np.bool_]]:
    """Return who is in each subgroup, (n,) each; a record whose value is unknown is in none of its groups."""
    age, qrs = _column(cohort, "age_at_ecg"), _column(cohort, "qrs_duration")
    sex = np.array([_sex(row) for row in cohort.rows])
    found = {"men": sex == "1", "women": sex == "0"}
    found |= {f"age {first} to {last - 1}": (age >= first) & (age < last) for first, last in AGES}
    found |= {"QRS under 120 ms": (qrs > 0) & (qrs < 120), "QRS of 120 ms or more": qrs >= 120}
    codes = ["".join(predictor.codes[:1]) for predictor in model.predictors]
    if fibrillation := [code for code in ("AFIB", "ATRIAL FIBRILLATION") if code in codes]:
        likely = cohort.values[:, codes.index(fibrillation[0])] >= 0.5
        found |= {"atrial fibrillation (by the classifier)": likely, "no atrial fibrillation": ~likely}
    for flag in FLAGS[1:]:
        if flag in cohort.rows[0].values:
            found[flag.removesuffix("_flag").replace("_", " ")] = _column(cohort, flag) == 1
    for column in COLUMNS:
        texts = np.array([row.values.get(column, "") for row in cohort.rows])
        for value in sorted(set(texts.tolist()) - {""})[:12]:
            found[f"{column} {value}"] = texts == value
    return found


def _column(cohort: Cohort, name: str) -> Values:
    values = [row.number(name) for row in cohort.rows]
    return np.array([np.nan if value is None else value for value in values])


def _sex(row: EchoRow) -> str:
    text = row.values.get("sex", "").lower()
    return {"m": "1", "male": "1", "f": "0", "female": "0", "1.0": "1", "0.0": "0"}.get(text, text)


def single_predictors(
    predictors: Sequence[Predictor],
    train: Cohort,
    validation: Cohort,
    cohorts: Mapping[str, Cohort],
    resamples: int,
    most: int = 10,
) -> list[dict[str, Any]]:
    """Return the published predictors, then those that rank the training split best alone, with AUROC and F1.

    No model is fitted: the value itself is the score. The direction of a published one is what it means (a normal ECG
    speaks against a low fraction), that of any other is fixed on the training split; the cut of F1 on the validation
    split. The paper's own cut is unknown (methods B.3).

    Args:
        predictors: what the columns are.
        train: the training split.
        validation: the validation split.
        cohorts: those that the figures are of, by name: the test split, an external cohort.
        resamples: of the bootstrap.
        most: how many beside the published ones.
    """
    alone = metrics.auroc(
        np.repeat(train.low[:, None], train.values.shape[1], 1).astype(np.float32),
        train.values.astype(np.float32),
    )
    published = {k: sign for k, one in enumerate(predictors) if (sign := _published(one))}
    order = [k for k in np.argsort(-np.abs(alone - 0.5)).tolist() if k not in published][:most]
    rows = []
    for place in (*published, *order):
        sign = published.get(place) or (1.0 if alone[place] >= 0.5 else -1.0)
        cut = metrics.best_f1_threshold(
            validation.low.astype(np.float32), (sign * validation.values[:, place]).astype(np.float32)
        )
        ranks = alone[place] if sign > 0 else 1.0 - alone[place]
        rows.append(
            {
                "predictor": predictors[place].name,
                "direction": "higher is riskier" if sign > 0 else "lower is riskier",
                "direction_from": "what it means" if place in published else "the training split",
                "train_auroc": round(float(ranks), 4),
                "cut": round(sign * cut, 6),
                **{
                    name: _alone(one, sign * one.values[:, place], cut, resamples)
                    for name, one in cohorts.items()
                },
            }
        )
    return rows


def _published(one: Predictor) -> float:
    """Return which way a predictor points that the paper's abstract names, 0 for any other."""
    return next((sign for code, sign in PUBLISHED.items() if code in one.codes), 0.0)


def _alone(cohort: Cohort, score: Values, cut: float, resamples: int) -> dict[str, Any]:
    drawn = metrics.Bootstrap(len(score), resamples, groups=patients(cohort))
    found = scores(cohort.low, score, cut)
    return {name: _interval(drawn, found[name]) for name in ("auroc", "f1")}


def _interval(drawn: metrics.Bootstrap, figure: Figure) -> dict[str, float]:
    (found,) = drawn.draw(figure).each()
    return {name: round(value, 4) for name, value in asdict(found).items()}


def compared(
    first: Values, second: Values, cuts: tuple[float | None, float | None], cohort: Cohort, resamples: int
) -> dict[str, Any]:
    """Return what the first model has over the second on the same records: differences, paired, by patient.

    Args:
        first: (n,) probabilities of one model.
        second: (n,) of the other.
        cuts: the threshold of each; F1 is compared where both are there.
        cohort: the records.
        resamples: of the bootstrap.

    Returns:
        per figure its difference with a 95 % interval and a two-sided p, the same patients drawn for both.
    """
    drawn = metrics.Bootstrap(len(first), resamples, groups=patients(cohort))
    one, other = scores(cohort.low, first, cuts[0]), scores(cohort.low, second, cuts[1])
    found = {}
    for name in one.keys() & other.keys():
        minus = drawn.draw(one[name]).minus(drawn.draw(other[name]))
        (interval,) = minus.each()
        found[name] = {key: round(value, 4) for key, value in asdict(interval).items()}
        found[name]["p"] = round(metrics.two_sided_p(minus.draws[:, 0]), 4)
    return dict(sorted(found.items()))
