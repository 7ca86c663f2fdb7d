"""Pictures of what the LEF model rests on: beeswarm and bars over a cohort, a waterfall of one ECG; by SHAP."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.models.tabular.shares import all_shares
from ecgview.models.tabular.table import Table
from ecgview.models.tabular.waterfall import explanation, new_figure, save
from ecgview.training.lef.fit import outputs
from ecgview.training.lef.predictors import Cohort

SHOWN = 12
MOST_RECORDS = 2000  # of a cohort, in the pictures


def global_shares(model: Table, cohort: Cohort) -> tuple[NDArray[np.float64], list[tuple[str, float]]]:
    """Return (n, predictors) shares, and every predictor with its mean absolute share, largest first.

    Raises:
        ModelError: the shares of a record do not add up to its output.
    """
    chosen = cohort.values[:MOST_RECORDS]
    found = all_shares(model, chosen, outputs(model, chosen))
    size = np.abs(found).mean(0)
    order = np.argsort(-size)
    return found, [(model.predictors[k].name, round(float(size[k]), 5)) for k in order]


def draw(model: Table, cohort: Cohort, shares: NDArray[np.float64], folder: Path, caption: str) -> list[Path]:
    """Write `beeswarm.png`, `bar.png` and `waterfall.png` (the record with the largest output) and return them."""
    import shap

    chosen = cohort.values[: len(shares)]
    said = outputs(model, chosen)
    drawn: list[Path] = []
    for name in ("beeswarm", "bar", "waterfall"):
        values: Any = explanation(model, chosen, shares, said)
        figure = new_figure()
        if name == "beeswarm":
            shap.plots.beeswarm(values, max_display=SHOWN, show=False, plot_size=None)
        elif name == "bar":
            shap.plots.bar(values, max_display=SHOWN, show=False, ax=figure.gca())
        else:
            shap.plots.waterfall(values[int(np.argmax(said))], max_display=SHOWN, show=False)
        drawn.append(save(figure, folder / f"{name}.png", f"{caption}. {RESEARCH_USE_ONLY}"))
    return drawn
