"""Write a tabular model that was fitted with scikit-learn or XGBoost as the plain JSON that `table` reads.

So the window needs neither to answer, and nothing of the file runs.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecgview.models.cards import ModelCard
from ecgview.models.tabular.table import Predictor


def from_logistic(
    scaler: Any, model: Any, predictors: Sequence[Predictor], classifier: ModelCard, transform: str = "none"
) -> dict[str, Any]:
    """Return the table of a StandardScaler followed by a LogisticRegression with two classes.

    The scaling is folded into the coefficients; the background is the mean of the training rows.

    Args:
        scaler: the fitted StandardScaler.
        model: the fitted LogisticRegression.
        predictors: what the columns are.
        classifier: whose probabilities the rows were; the table will speak of no other.
        transform: what was done to the probabilities before the scaler, as in `table`.
    """
    coefficients = np.asarray(model.coef_[0]) / scaler.scale_
    linear = {
        "intercept": float(model.intercept_[0] - coefficients @ scaler.mean_),
        "coefficients": coefficients.tolist(),
        "background": np.asarray(scaler.mean_).tolist(),
    }
    return _head(predictors, classifier, transform) | {"linear": linear}


def from_boosted_trees(
    model: Any, predictors: Sequence[Predictor], classifier: ModelCard, transform: str = "none"
) -> dict[str, Any]:
    """Return the table of a HistGradientBoostingClassifier with two classes and numeric columns."""
    trees = []
    for (grown,) in model._predictors:  # scikit-learn has no public way to its trees
        nodes = grown.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append(
            {
                "feature": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
                "threshold": np.where(leaf, 0.0, nodes["num_threshold"]).tolist(),
                "left": np.where(leaf, -1, nodes["left"].astype(np.int64)).tolist(),
                "right": np.where(leaf, -1, nodes["right"].astype(np.int64)).tolist(),
                "value": nodes["value"].tolist(),
                "cover": nodes["count"].tolist(),
            }
        )
    base = float(np.ravel(model._baseline_prediction)[0])
    return _head(predictors, classifier, transform) | {"trees": {"base": base, "trees": trees}}


def from_xgboost(booster: Any, predictors: Sequence[Predictor], classifier: ModelCard) -> dict[str, Any]:
    """Return the table of an XGBoost Booster for two classes and numeric columns, of all its trees.

    Its nodes send value < threshold to the left, in single precision; here value <= the number before that threshold
    says the same. Its covers are sums of the second derivative, as its own contributions take them.
    """
    saved = json.loads(bytes(booster.save_raw("json")))["learner"]
    grown = saved["gradient_booster"]["model"]["trees"]
    trees = []
    for tree in grown:
        left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
        at = np.array(tree["split_conditions"], dtype=np.float32)  # of a leaf its value
        leaf = left < 0
        before = np.nextafter(at, np.float32(-np.inf)).astype(np.float64)
        trees.append(
            {
                "feature": np.where(leaf, 0, np.array(tree["split_indices"])).tolist(),
                "threshold": np.where(leaf, 0.0, before).tolist(),
                "left": np.where(leaf, -1, left).tolist(),
                "right": np.where(leaf, -1, right).tolist(),
                "value": np.where(leaf, at.astype(np.float64), 0.0).tolist(),
                "cover": np.maximum(np.array(tree["sum_hessian"], dtype=np.float64), 1e-12).tolist(),
            }
        )
    share = float(np.ravel(json.loads(saved["learner_model_param"]["base_score"]))[0])
    base = float(np.log(share / (1.0 - share)))
    return _head(predictors, classifier, "none") | {"trees": {"base": base, "trees": trees}}


def _head(predictors: Sequence[Predictor], classifier: ModelCard, transform: str) -> dict[str, Any]:
    return {
        "predictors": [
            {
                "name": item.name,
                "codes": list(item.codes),
                "complement": item.complement,
                "classifier": item.classifier,
                **({"measured": item.measured, "instead": item.instead} if item.measured else {}),
            }
            for item in predictors
        ],
        "transform": transform,
        "output_unit": "logit",
        "threshold": None,
        "threshold_meaning": "",
        "classifier": classifier.id,
        "classifier_sha256": classifier.sha256,
    }
