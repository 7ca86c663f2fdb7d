"""Exact additive shares of a tabular model's output, by SHAP; the sum is checked on every call."""

from typing import Any

import numpy as np

from ecgview.errors import ModelError
from ecgview.models.tabular.table import Linear, Row, Table, Tree, Trees
from ecgview.results import Contribution, Contributions

TOLERANCE = 1e-6  # of the sum of the shares against the output


def load() -> None:
    """Load the library, which takes seconds once: a recalled answer is made anew under the hand without it."""
    import shap  # noqa: F401


def shares(table: Table, values: Row) -> Contributions:
    """Return how much each predictor moves the output away from the base value, largest share first.

    Linear: coefficient times the distance from the background. Trees: exact TreeSHAP along the paths, the
    base value being the mean over the training records that the covers count.

    Args:
        table: the model.
        values: (predictors,) values as the classifier gives them, before the transform.

    Raises:
        ModelError: base value and shares do not add up to the model's output.
    """
    row = table.transformed(values)
    if isinstance(table.model, Linear):
        base, parts, method = (*_linear_shares(table.model, row), "shap.LinearExplainer")
    else:
        base, parts, method = (*_tree_shares(table.model, row), "shap.TreeExplainer")
    items = [
        Contribution(predictor.name, float(value), float(part))
        for predictor, value, part in zip(table.predictors, values, parts, strict=True)
    ]
    found = Contributions(
        base_value=base,
        items=tuple(sorted(items, key=lambda item: -abs(item.contribution))),
        model_output=table.model.output(row),
        output_unit=table.output_unit,
        method=method,
    )
    return check(found)


def all_shares(table: Table, values: Row, outputs: Row) -> Row:
    """Return (n, predictors) shares of many rows, and check that each row adds up to its output.

    Args:
        table: the model.
        values: (n, predictors) values as the classifier gives them.
        outputs: (n,) the model's outputs for them.

    Raises:
        ModelError: a row's base value and shares do not add up to its output.
    """
    rows = table.transformed(values)
    if isinstance(table.model, Linear):
        base, parts = _linear_shares_of(table.model, rows)
    else:
        base, parts = _tree_shares_of(table.model, rows)
    worst = float(np.abs(base + parts.sum(1) - outputs).max()) if len(rows) else 0.0
    if not worst <= TOLERANCE:
        raise ModelError(
            "the contributions do not add up to the model's output",
            expected=f"a difference of {TOLERANCE:g} at most",
            found=f"{worst:g}",
        )
    return parts


def check(found: Contributions) -> Contributions:
    """Return the contributions unchanged; ModelError if they do not add up to the output within 1e-6."""
    if not abs(found.residual) <= TOLERANCE:  # also catches NaN
        raise ModelError(
            "the contributions do not add up to the model's output",
            expected=f"a difference of {TOLERANCE:g} at most",
            found=f"{found.residual:g}",
        )
    return found


def _linear_shares(model: Linear, row: Row) -> tuple[float, Row]:
    base, parts = _linear_shares_of(model, row[None])
    return base, parts[0]


def _linear_shares_of(model: Linear, rows: Row) -> tuple[float, Row]:
    import shap

    explainer = shap.LinearExplainer((model.coefficients, model.intercept), model.background[None])
    return float(explainer.expected_value), np.asarray(explainer.shap_values(rows))


def _tree_shares(model: Trees, row: Row) -> tuple[float, Row]:
    base, parts = _tree_shares_of(model, row[None])
    return base, parts[0]


def _tree_shares_of(model: Trees, rows: Row) -> tuple[float, Row]:
    import shap

    if not model.trees:
        return model.base, np.zeros_like(rows)
    explainer = shap.TreeExplainer(
        {
            "trees": [_for_shap(tree) for tree in model.trees],
            "base_offset": model.base,
            "tree_output": "raw_value",
            "internal_dtype": np.float64,
            "input_dtype": np.float64,
        },
        feature_perturbation="tree_path_dependent",
    )
    base = float(np.ravel(explainer.expected_value)[0])
    return base, np.asarray(explainer.shap_values(rows)).reshape(rows.shape)


def _for_shap(tree: Tree) -> dict[str, Any]:
    return {
        "children_left": tree.left,
        "children_right": tree.right,
        "children_default": tree.left,
        "features": tree.feature,
        "thresholds": tree.threshold,
        "values": tree.value[:, None],
        "node_sample_weight": tree.cover,
    }
