"""Fit the tabular model: logistic regression or boosted trees, chosen, calibrated and cut on the validation split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ecgview.models.cards import ModelCard
from ecgview.models.tabular import fitted, table
from ecgview.models.tabular.table import Predictor
from ecgview.training.evaluation import calibration, metrics
from ecgview.training.lef.predictors import Cohort

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FitRecipe:
    """What is tried. The paper names both kinds of model; all values are defaults of ours (methods B.1)."""

    models: tuple[str, ...] = ("logistic", "trees")
    strengths: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 0.1, 1.0)
    transforms: tuple[str, ...] = ("none", "logit")  # of the probabilities, for the logistic model
    depths: tuple[int, ...] = (2, 4, 6)
    rounds: int = 300
    learning_rate: float = 0.05
    folds: int = 5  # of the validation split, to choose the calibration
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted model as its JSON table, and what was tried on the validation split: (name, AUROC)."""

    raw: dict[str, Any]
    network: str
    name: str
    tried: list[tuple[str, float]]


def fit(
    recipe: FitRecipe,
    train: Cohort,
    validation: Cohort,
    predictors: Sequence[Predictor],
    classifiers: Sequence[ModelCard],
) -> Fitted:
    """Return the model with the largest AUROC on the validation split, calibrated and cut there."""
    tried: list[tuple[str, float]] = []
    best: tuple[float, dict[str, Any], str, str] | None = None
    for name, network, raw in _candidates(recipe, train, validation, predictors, classifiers[0]):
        said = outputs(table.parse(raw, name), validation.values)
        score = _auroc(validation.low, said)
        tried.append((name, round(score, 4)))
        if best is None or score > best[0]:
            best = (score, raw, network, name)
    assert best is not None
    _, raw, network, name = best
    raw |= {"others": {card.id: card.sha256 for card in classifiers[1:]}}
    said = outputs(table.parse(raw, name), validation.values)
    raw["calibration"] = calibrate(validation.low, said, recipe.folds, recipe.seed)
    probability = table.parse(raw, name).probability(said)
    raw["threshold"] = metrics.best_f1_threshold(
        validation.low.astype(np.float32), probability.astype(np.float32)
    )
    raw["threshold_meaning"] = f"best F1 on the validation split of {len(validation.low)} ECGs"
    return Fitted(raw, network, name, tried)


def outputs(model: table.Table, values: Values) -> Values:
    """Return (n,) logits of the model for (n, predictors) probabilities."""
    rows = model.transformed(values)
    if isinstance(model.model, table.Linear):
        return np.asarray(model.model.intercept + rows @ model.model.coefficients)
    return np.array([model.model.output(row) for row in rows])


def calibrate(low: Values, logits: Values, folds: int, seed: int) -> dict[str, Any]:
    """Return the calibration with the smallest cross-validated Brier score: none, Platt or isotonic."""
    order = np.random.default_rng(seed).permutation(len(low))
    scores = {}
    for kind in ("none", "platt", "isotonic"):
        said = np.empty(len(low))
        for part in np.array_split(order, folds):
            rest = np.setdiff1d(order, part)
            if not 0 < low[rest].sum() < len(rest):
                return {"kind": "none"}
            said[part] = table.apply_calibration(_calibration(kind, low[rest], logits[rest]), logits[part])
        scores[kind] = calibration.brier(low, said)
    best = min(scores, key=lambda kind: scores[kind])
    return _calibration(best, low, logits) | {"brier": {k: round(v, 5) for k, v in scores.items()}}


def _calibration(kind: str, low: Values, logits: Values) -> dict[str, Any]:
    if kind == "platt":
        slope, offset = calibration.fit_platt(low, logits)
        return {"kind": kind, "slope": slope, "offset": offset}
    if kind == "isotonic":
        x, y = calibration.fit_isotonic(low, 1 / (1 + np.exp(-logits)))
        return {"kind": kind, "x": x.tolist(), "y": y.tolist()}
    return {"kind": "none"}


def _candidates(
    recipe: FitRecipe,
    train: Cohort,
    validation: Cohort,
    predictors: Sequence[Predictor],
    classifier: ModelCard,
) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    if "logistic" in recipe.models:
        for transform in recipe.transforms:
            rows = _transformed(train.values, transform, predictors)
            scaler = StandardScaler().fit(rows)
            for strength in recipe.strengths:
                logistic = LogisticRegression(C=strength, max_iter=2000).fit(
                    scaler.transform(rows), train.low
                )
                raw = fitted.from_logistic(scaler, logistic, predictors, classifier, transform)
                found.append((f"L2 logistic regression, C {strength:g}, {transform}", "lef-linear", raw))
    if "trees" in recipe.models:
        for depth in recipe.depths:
            rounds = _best_rounds(recipe, train, validation, depth)
            trees = _trees(recipe, depth, rounds).fit(train.values, train.low)
            raw = fitted.from_boosted_trees(trees, predictors, classifier)
            found.append((f"boosted trees, depth {depth}, {rounds} rounds", "lef-trees", raw))
    return found


def _best_rounds(recipe: FitRecipe, train: Cohort, validation: Cohort, depth: int) -> int:
    """Return how many trees have the largest AUROC on the validation split."""
    grown = _trees(recipe, depth, recipe.rounds).fit(train.values, train.low)
    scores = [
        _auroc(validation.low, said.ravel()) for said in grown.staged_decision_function(validation.values)
    ]
    return int(np.argmax(scores)) + 1


def _trees(recipe: FitRecipe, depth: int, rounds: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_depth=depth,
        max_iter=rounds,
        learning_rate=recipe.learning_rate,
        early_stopping=False,
        random_state=recipe.seed,
    )


def _transformed(values: Values, transform: str, predictors: Sequence[Predictor]) -> Values:
    """Return what the table will make of the values: logits of probabilities, measurements as they are."""
    if transform == "none":
        return values
    kept = np.clip(values, table.SMALLEST, 1 - table.SMALLEST)
    measured = np.array([bool(one.measured) for one in predictors])
    return np.where(measured, values, np.log(kept / (1 - kept)))


def _auroc(low: Values, said: Values) -> float:
    return float(metrics.auroc(low[:, None].astype(np.float32), said[:, None].astype(np.float32))[0])
