"""Fit the tabular model: logistic regression or boosted trees, chosen, calibrated and cut on the validation split."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ecgview.errors import ModelError
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import fitted, table
from ecgview.models.tabular.reference import paced_cuts
from ecgview.models.tabular.table import Predictor
from ecgview.training.evaluation import calibration, metrics
from ecgview.training.lef.predictors import Cohort

Values = NDArray[np.float64]
KINDS = ("logistic", "trees", "xgboost")
CHECKED = 200  # records on which trees of another library are compared with it


@dataclass(frozen=True, slots=True)
class FitRecipe:
    """What is tried. The paper names both kinds of model; all values are defaults of ours (methods B.1)."""

    models: tuple[str, ...] = ("logistic", "trees")  # of KINDS; "xgboost" needs the extra of that name
    strengths: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 0.1, 1.0)
    transforms: tuple[str, ...] = ("none", "logit")  # of the probabilities, for the logistic model
    depths: tuple[int, ...] = (2, 4, 6)
    rounds: int = 300
    patience: int = 50  # rounds of XGBoost without a larger AUROC on the validation split
    learning_rate: float = 0.05
    folds: int = 5  # of the validation split, to choose the calibration
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted model as its JSON table, and what was tried on the validation split: (name, AUROC).

    `others` are the best of each other kind, calibrated and cut alike, to be compared with it.
    """

    raw: dict[str, Any]
    network: str
    name: str
    kind: str
    tried: list[tuple[str, float]]
    others: "tuple[Fitted, ...]" = ()


def fit(
    recipe: FitRecipe,
    train: Cohort,
    validation: Cohort,
    predictors: Sequence[Predictor],
    classifiers: Sequence[ModelCard],
) -> Fitted:
    """Return the model with the largest AUROC on the validation split, calibrated and cut there.

    Raises:
        ModelError: an unknown kind of model, or XGBoost is asked for and not installed.
    """
    if unknown := [kind for kind in recipe.models if kind not in KINDS] or not recipe.models:
        raise ModelError("unknown kind of model", expected=", ".join(KINDS), found=str(unknown))
    tried: list[tuple[str, float]] = []
    best: dict[str, tuple[float, _Candidate]] = {}
    for one in _candidates(recipe, train, validation, predictors, classifiers[0]):
        score = _auroc(validation.low, outputs(table.parse(one.raw, one.name), validation.values))
        tried.append((one.name, round(score, 4)))
        if one.kind not in best or score > best[one.kind][0]:
            best[one.kind] = (score, one)
    ordered = sorted(best.values(), key=lambda found: -found[0])
    first, *rest = (_finished(one, recipe, train, validation, classifiers, tried) for _, one in ordered)
    return replace(first, others=tuple(rest))


def _finished(
    one: "_Candidate",
    recipe: FitRecipe,
    train: Cohort,
    validation: Cohort,
    classifiers: Sequence[ModelCard],
    tried: list[tuple[str, float]],
) -> Fitted:
    """Return a candidate with calibration, threshold, and the probabilities from which a record is taken as paced."""
    raw = one.raw | {"others": {card.id: card.sha256 for card in classifiers[1:]}}
    said = outputs(table.parse(raw, one.name), validation.values)
    raw["calibration"] = calibrate(validation.low, said, recipe.folds, recipe.seed)
    probability = table.parse(raw, one.name).probability(said)
    raw["threshold"] = metrics.best_f1_threshold(
        validation.low.astype(np.float32), probability.astype(np.float32)
    )
    raw["threshold_meaning"] = f"best F1 on the validation split of {len(validation.low)} ECGs"
    first = classifiers[0]
    raw["paced_at"] = paced_cuts(first, train.values[:, : len(first.labels)].astype(np.float32))
    return Fitted(raw, one.network, one.name, one.kind, tried)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    kind: str
    name: str
    network: str
    raw: dict[str, Any]


def _candidates(
    recipe: FitRecipe,
    train: Cohort,
    validation: Cohort,
    predictors: Sequence[Predictor],
    classifier: ModelCard,
) -> Iterator[_Candidate]:
    for transform in recipe.transforms if "logistic" in recipe.models else ():
        rows = _transformed(train.values, transform, predictors)
        scaler = StandardScaler().fit(rows)
        for strength in recipe.strengths:
            logistic = LogisticRegression(C=strength, max_iter=2000).fit(scaler.transform(rows), train.low)
            raw = fitted.from_logistic(scaler, logistic, predictors, classifier, transform)
            name = f"L2 logistic regression, C {strength:g}, {transform}"
            yield _Candidate("logistic", name, "lef-linear", raw)
    for depth in recipe.depths if "trees" in recipe.models else ():
        rounds = _best_rounds(recipe, train, validation, depth)
        trees = _trees(recipe, depth, rounds).fit(train.values, train.low)
        raw = fitted.from_boosted_trees(trees, predictors, classifier)
        yield _Candidate("trees", f"boosted trees, depth {depth}, {rounds} rounds", "lef-trees", raw)
    for depth in recipe.depths if "xgboost" in recipe.models else ():
        raw, rounds, version = boosted(recipe, train, validation, depth, predictors, classifier)
        name = f"XGBoost {version}, depth {depth}, {rounds} rounds"
        yield _Candidate("xgboost", name, "lef-trees", raw)


def boosted(
    recipe: FitRecipe,
    train: Cohort,
    validation: Cohort,
    depth: int,
    predictors: Sequence[Predictor],
    classifier: ModelCard,
) -> tuple[dict[str, Any], int, str]:
    """Return the table of an XGBoost model, its trees and the library's version; stopped early on validation.

    Raises:
        ModelError: XGBoost is not installed, or its trees, read back, do not say what it says.
    """
    xgboost = _xgboost()
    columns = [str(k) for k in range(train.values.shape[1])]
    made = {
        one.name: xgboost.DMatrix(one.values.astype(np.float32), label=one.low, feature_names=columns)
        for one in (train, validation)
    }
    settings = {
        "objective": "binary:logistic",
        "eval_metric": "auc",
        "tree_method": "hist",
        "max_depth": depth,
        "eta": recipe.learning_rate,
        "base_score": float(train.low.mean()),
        "seed": recipe.seed,
        "nthread": 1,  # the same trees on every machine
    }
    booster = xgboost.train(
        settings,
        made[train.name],
        num_boost_round=recipe.rounds,
        evals=[(made[validation.name], "validation")],
        early_stopping_rounds=recipe.patience,
        verbose_eval=False,
    )
    kept = booster[: booster.best_iteration + 1]
    raw = fitted.from_xgboost(kept, predictors, classifier)
    rows = validation.values[:CHECKED].astype(np.float32)
    said = kept.predict(xgboost.DMatrix(rows, feature_names=columns), output_margin=True)
    read = outputs(table.parse(raw, "XGBoost"), rows.astype(np.float64))
    if not np.allclose(said, read, atol=1e-4):
        raise ModelError(
            "XGBoost's trees cannot be read back", found=f"logits up to {np.abs(said - read).max():.3g} apart"
        )
    return raw, booster.best_iteration + 1, str(xgboost.__version__)


def _xgboost() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise ModelError(
            "XGBoost is not installed",
            expected='pip install "ecgview[xgboost]" (on a Mac: pip install xgboost), or the kind "trees", our own',
            found=str(error),
        ) from None
    return xgboost


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
