"""What the LEF model is worth on a cohort: figures with intervals, subgroups, and each predictor alone."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from ecgview.models.tabular.table import Table
from ecgview.training.echonext.layout import FLAGS
from ecgview.training.echonext.row import EchoRow
from ecgview.training.evaluation import calibration, metrics
from ecgview.training.lef.fit import outputs
from ecgview.training.lef.predictors import Cohort

Values = NDArray[np.float64]
FEWEST = 5  # of either outcome, for a subgroup to be given a figure
AGES = ((18, 40), (40, 60), (60, 75), (75, 200))
COLUMNS = ("location_setting", "race_ethnicity", "acquisition_year")


def of(model: Table, cohort: Cohort, resamples: int) -> dict[str, Any]:
    """Return AUROC, AUPRC, F1 at the threshold, Brier score, calibration error and their 95 % intervals."""
    said = model.probability(outputs(model, cohort.values))
    return {
        "n_records": len(said),
        "n_patients": len({row.patient for row in cohort.rows}),
        "n_low": int(cohort.low.sum()),
        **_figures(cohort.low, said, model.threshold, resamples),
        "calibration_curve": _curve(cohort.low, said),
    }


def _figures(low: Values, said: Values, threshold: float | None, resamples: int) -> dict[str, Any]:
    found = {
        "auroc": _interval(lambda r: _auroc(low[r], said[r]), len(low), resamples),
        "auprc": _interval(lambda r: _auprc(low[r], said[r]), len(low), min(resamples, 300)),
        "brier": _interval(lambda r: calibration.brier(low[r], said[r]), len(low), resamples),
        "calibration_error": round(calibration.expected_calibration_error(low, said), 4),
    }
    if threshold is not None:
        cut = threshold
        found["f1"] = _interval(lambda r: _f1(low[r], said[r] >= cut), len(low), resamples)
        found["threshold"] = round(cut, 4)
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
            entry |= _figures(low, said[chosen], model.threshold, resamples)
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
    model: Table, train: Cohort, cohort: Cohort, resamples: int, most: int = 10
) -> list[dict[str, Any]]:
    """Return the predictors that rank the training split best alone, with their AUROC on another split.

    No model is fitted: the probability itself is the score, and its direction is fixed on the training split.
    """
    alone = metrics.auroc(
        np.repeat(train.low[:, None], train.values.shape[1], 1).astype(np.float32),
        train.values.astype(np.float32),
    )
    order = np.argsort(-np.abs(alone - 0.5))[:most]
    rows = []
    for place in order:
        sign = 1.0 if alone[place] >= 0.5 else -1.0
        score = sign * cohort.values[:, place]
        rows.append(
            {
                "predictor": model.predictors[place].name,
                "direction": "higher is riskier" if sign > 0 else "lower is riskier",
                "train_auroc": round(float(max(alone[place], 1 - alone[place])), 4),
                "auroc": _alone(cohort.low, score, resamples),
            }
        )
    return rows


def _alone(low: Values, score: Values, resamples: int) -> dict[str, float]:
    return _interval(lambda rows: _auroc(low[rows], score[rows]), len(score), resamples)


def _auroc(low: Values, said: Values) -> float:
    return float(metrics.auroc(low[:, None].astype(np.float32), said[:, None])[0])  # type: ignore[arg-type]


def _auprc(low: Values, said: Values) -> float:
    return float(average_precision_score(low, said)) if low.any() else float("nan")


def _f1(low: Values, called: NDArray[np.bool_]) -> float:
    hits = float((called & (low > 0)).sum())
    return 2 * hits / max(1.0, float(called.sum() + low.sum()))


def _interval(figure: Callable[[NDArray[np.int64]], float], n: int, resamples: int) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(metrics.bootstrap(figure, n, resamples)).items()}
