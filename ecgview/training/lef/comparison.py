"""LEF models on the same echo records, EchoNext-Mini among them: figures of each, and what one has over another."""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.tabular import table
from ecgview.models.tabular.lef import FITTED, LVEF_CUT
from ecgview.progress import Progress, silent
from ecgview.training.echonext import layout
from ecgview.training.echonext.layout import FLAGS, EchoNext
from ecgview.training.evaluation import metrics
from ecgview.training.lef import figures, predictors
from ecgview.training.lef.figures import Values
from ecgview.training.lef.fit import outputs
from ecgview.training.lef.predictors import Cohort

MINI = "EchoNext-Mini"
MINI_PERCENT = 45.0  # what its first output was trained for


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A model's probabilities for the records of a cohort, and its cut."""

    name: str
    said: Values
    cut: float | None


def run(
    data: Path,
    models: list[str],
    mini_weights: Path | None,
    cache: Path,
    split: str = "test",
    limit_percent: float = 45.0,
    resamples: int = 1000,
    most_records: int = 0,
    progress: Progress = silent,
    device: str = "auto",
) -> dict[str, Any]:
    """Return the figures of each model on a split, and every pair's differences, paired and by patient.

    Records that any of the models cannot take are left out for all.

    Args:
        data: EchoNext, another cohort in its layout, or a synthetic one.
        models: ids of fitted LEF models.
        mini_weights: EchoNext-Mini's checkpoint, to stand beside them.
        cache: kept answers of the classifiers.
        split: of the data.
        limit_percent: low is an ejection fraction of this or less.
        resamples: of the bootstrap.
        most_records: of the split, for a trial; 0 = all.
        progress: told on the way.
        device: auto, cpu, cuda or mps.

    Raises:
        ModelError: fewer than two models, one that is no fitted LEF model or was made for another LVEF, or a split
            without both outcomes.
        FormatError: the folder is not whole.
    """
    if len(models) + (mini_weights is not None) < 2:
        raise ModelError("nothing to compare", expected="two models, or one and EchoNext-Mini")
    source = layout.open_folder(data)
    if not source.rows[split]:
        raise ModelError(f"the {split} split is empty", where=str(data))
    found: list[tuple[Cohort, Scored]] = []
    for name in models:
        found.append(_of_model(name, source, split, limit_percent, cache, most_records, progress, device))
    common = (
        set.intersection(*({row.position for row in cohort.rows} for cohort, _ in found)) if found else None
    )
    if mini_weights is not None:
        found.append(_of_mini(mini_weights, source, split, limit_percent, most_records, progress))
        places = {row.position for row in found[-1][0].rows}
        common = places if common is None else common & places
    cohort, scored = _together(found, common or set(), limit_percent)
    return {
        "data": "synthetic ECGs" if source.is_synthetic else str(data.name),
        "split": split,
        "limit_percent": limit_percent,
        "n_records": len(cohort.low),
        "n_patients": len({row.patient for row in cohort.rows}),
        "n_low": int(cohort.low.sum()),
        "models": {one.name: figures.of_scores(cohort, one.said, one.cut, resamples) for one in scored},
        "differences": [
            {
                "first": one.name,
                "second": other.name,
                **figures.compared(one.said, other.said, (one.cut, other.cut), cohort, resamples),
            }
            for one, other in combinations(scored, 2)
        ],
    }


def _of_model(
    name: str,
    source: EchoNext,
    split: str,
    limit_percent: float,
    cache: Path,
    most: int,
    progress: Progress,
    device: str,
) -> tuple[Cohort, Scored]:
    card = cards.get(name)
    if card.network not in FITTED:
        raise ModelError(
            f"{name} is no LEF model that was fitted", expected="a folder made by `train lef fit`"
        )
    if card.config.get(LVEF_CUT) != limit_percent:
        raise ModelError(
            f"{name} was made for another ejection fraction",
            expected=f"{limit_percent:g} %",
            found=f"{card.config.get(LVEF_CUT)} %",
        )
    model = table.read(card.check_weights())
    classifiers = predictors.cards_of([model.classifier, *model.others])
    given = {one.id: one.sha256 for one in classifiers}
    if given != {model.classifier: model.classifier_sha256, **model.others}:
        raise ModelError(f"{name} was fitted on other weights of its classifiers", found=", ".join(given))
    common = (limit_percent, cache, progress, device, most, bool(model.measured))
    cohort = predictors.cohort(source, split, classifiers, *common)
    cohort = predictors.filled(cohort, model.predictors)
    return cohort, Scored(card.id, model.probability(outputs(model, cohort.values)), model.threshold)


def _of_mini(
    weights: Path, source: EchoNext, split: str, limit_percent: float, most: int, progress: Progress
) -> tuple[Cohort, Scored]:
    """Return what EchoNext-Mini says; its cut is the best F1 on the validation split, as that of the others."""
    from ecgview.training.echonext import mini

    if limit_percent != MINI_PERCENT:
        raise ModelError(
            "EchoNext-Mini was made for another ejection fraction",
            expected=f"{MINI_PERCENT:g} %",
            found=f"{limit_percent:g} %",
        )
    network = mini.load(weights)
    place = FLAGS.index("lvef_lte_45_flag")
    cut = None
    if source.rows["val"]:
        known = [row.lvef_percent for row in source.rows["val"][: most or None]]
        said = mini.answers(network, source, "val", most, progress)[:, place]
        there = np.array([value is not None for value in known])
        low = np.array([(value or 0.0) <= limit_percent for value in known], dtype=np.float32)
        if there.any() and 0 < low[there].sum() < there.sum():
            cut = metrics.best_f1_threshold(low[there], said[there].astype(np.float32))
    rows = source.rows[split][: most or None]
    said = mini.answers(network, source, split, most, progress)[:, place]
    kept = [k for k, row in enumerate(rows) if row.lvef_percent is not None]
    lows = np.array([float((rows[k].lvef_percent or 0.0) <= limit_percent) for k in kept], dtype=np.float64)
    cohort = Cohort(split, [rows[k] for k in kept], np.empty((len(kept), 0)), lows)
    return cohort, Scored(MINI, said[kept], cut)


def _together(
    found: list[tuple[Cohort, Scored]], common: set[int], limit_percent: float
) -> tuple[Cohort, list[Scored]]:
    """Return the records that all models answered, and each model's answers to them, in one order."""
    scored = []
    for cohort, one in found:
        kept = [k for k, row in enumerate(cohort.rows) if row.position in common]
        scored.append(Scored(one.name, one.said[kept], one.cut))
        shared = Cohort(cohort.name, [cohort.rows[k] for k in kept], cohort.values[kept], cohort.low[kept])
    if not 0 < shared.low.sum() < len(shared.low):
        raise ModelError(
            "the records have not both outcomes",
            expected=f"ejection fractions up to {limit_percent:g} % and above",
            found=f"{int(shared.low.sum())} of {len(shared.low)}",
        )
    return shared, scored
