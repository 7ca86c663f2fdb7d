"""What a model has over two baselines that are fitted to the same records."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.progress import Progress
from ecgview.training.data import labels, splits
from ecgview.training.data.inputs import MTECG
from ecgview.training.data.pack import Pack
from ecgview.training.evaluation import baselines
from ecgview.training.evaluation.asked import Asked, open_pack
from ecgview.training.evaluation.classification import macros
from ecgview.training.evaluation.levels import Level, levels, score
from ecgview.training.evaluation.metrics import Array, percentiles
from ecgview.training.evaluation.plain import interval

SHOWN = (
    "superclass_macro_auroc",
    "superclass_auroc",
    "statement_macro_auroc",
    "statement_macro_auprc",
    "n_statements",
)


def table(
    own: Asked, data: Path, cache: Path, resamples: int, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Return each baseline's figures on the model's records, and the model's lead, paired."""
    pack = open_pack(replace(own.card, input=MTECG), data, cache, progress)
    place = {(row.source, row.record_id): i for i, row in enumerate(pack.rows)}
    index = np.array([place[row.source, row.record_id] for row in own.rows])
    train = splits.labelled(pack, "train")
    progress(0.5, "baselines")
    described = {
        "logistic regression on amplitudes": baselines.amplitude_features(pack),
        "logistic regression on random kernels": baselines.kernel_features(pack, train, cache),
    }
    return {name: _figures(own, pack, index, features, resamples) for name, features in described.items()}


def _figures(
    own: Asked, pack: Pack, index: NDArray[np.int64], features: Array, resamples: int
) -> dict[str, Any]:
    train, validation = splits.labelled(pack, "train"), splits.labelled(pack, "validation")
    every = labels.targets(pack, np.arange(len(pack)))[:, _columns(own)]
    supers = labels.superclass_targets(labels.targets(pack, np.arange(len(pack))))
    strength = baselines.choose_strength(features, supers, train, validation)
    above = _predicted(features, supers, train, index, strength)
    bootstrap = own.bootstrap(resamples)
    figures: dict[str, Any] = {}
    for level in levels(own):
        if level.name == "superclass":
            said = above
        else:
            said = np.zeros_like(own.said)
            if len(level.scored):
                said[:, level.scored] = _predicted(features, every[:, level.scored], train, index, strength)
        other = score(_with(level, said), bootstrap)
        figures |= {name: value for name, value in macros(other).items() if name in SHOWN}
        lead = score(level, bootstrap).auroc.minus(other.auroc)
        figures[f"model_minus_baseline_{level.name}_auroc"] = interval(percentiles(lead.value[0], lead.draws))
    return figures | {"penalty": strength}


def _columns(own: Asked) -> list[int]:
    return [labels.statement_codes().index(code) for code in own.codes]


def _predicted(
    features: Array, wanted: Array, train: NDArray[np.int64], index: NDArray[np.int64], strength: float
) -> Array:
    return baselines.predict(
        baselines.fit_logistic(features[train], wanted[train], strength), features[index]
    )


def _with(level: Level, said: Array) -> Level:
    """Return the level with a baseline's probabilities; it calls nothing."""
    never = np.zeros(len(level.classes), np.bool_)
    return replace(level, said=said, callable=never)
