"""A waterfall of one ECG's contributions, as SHAP draws it, for the window and the report."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.models.tabular.table import Table
from ecgview.results import LefResult

INCHES = (8.0, 5.0)
SHOWN = 10


def draw(result: LefResult, path: Path) -> Path:
    """Write the waterfall of one result as a picture (PNG or SVG by the name) and return its path.

    Raises:
        ValueError: the record was not analysed, so there is nothing to draw.
    """
    import shap

    found = result.contributions
    if found is None:
        raise ValueError("there are no contributions to draw")
    values: Any = shap.Explanation(
        values=np.array([item.contribution for item in found.items]),
        base_values=found.base_value,
        data=np.array([round(item.value, 3) for item in found.items]),
        feature_names=[item.predictor for item in found.items],
    )
    figure = new_figure()
    shap.plots.waterfall(values, max_display=SHOWN, show=False)
    synthetic = "synthetic ECG. " if "synthetic" in result.model.training_data.lower() else ""
    caption = f"{result.model.name}, {found.output_unit} of the {result.kind}. {synthetic}{RESEARCH_USE_ONLY}"
    return save(figure, path, caption)


def explanation(
    table: Table, values: NDArray[np.float64], shares: NDArray[np.float64], outputs: NDArray[np.float64]
) -> Any:
    """Return what SHAP's pictures take, for (n, predictors) values and shares and (n,) outputs."""
    import shap

    return shap.Explanation(
        values=shares,
        base_values=outputs - shares.sum(1),
        data=np.round(values, 3),
        feature_names=[predictor.name for predictor in table.predictors],
    )


def new_figure() -> Any:
    """Return an empty figure that needs no screen."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    return pyplot.figure(figsize=INCHES)


def save(figure: Any, path: Path, caption: str) -> Path:
    """Write the current figure with its caption, whole or not at all, and forget it."""
    import os

    from matplotlib import pyplot

    shown = pyplot.gcf()
    shown.set_size_inches(*INCHES)
    shown.text(0.5, -0.06, caption, fontsize=7, color="0.35", ha="center")  # below the axis and its labels
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    shown.savefig(part, dpi=110, bbox_inches="tight", facecolor="white")
    pyplot.close("all")
    os.replace(part, path)
    return path
