"""Logistic regression on random kernels as a classifier of its own: fitted, chosen on the validation fold, exported."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models.networks import random_kernels
from ecgview.models.networks.random_kernels import RandomKernels
from ecgview.training.data import inputs, kernels, labels, material, provenance, splits
from ecgview.training.data.provenance import Learnt
from ecgview.training.engine import classify, run_state
from ecgview.training.engine import export as exporting
from ecgview.training.evaluation import baselines
from ecgview.training.evaluation.metrics import macro_auroc
from ecgview.training.places import Places

Array = NDArray[np.float32]
FITTED = "The kernels are random; the regressions and the thresholds of the kernels are all that was fitted"


@dataclass(frozen=True, slots=True)
class KernelRecipe:
    """Which kernels and which penalties are tried. Every value is a default of ours."""

    n_kernels: int = 2000  # a multiple of 50
    strengths: tuple[float, ...] = (
        3e-4,
        1e-3,
        3e-3,
        1e-2,
    )  # inverse penalties; the validation fold chooses one for all
    seed: int = 0
    most_records: int = 0  # 0 = all; a smaller number for a quick trial


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The classifier, its answers on the validation fold, (n, 71) each, and what each penalty gave there."""

    network: RandomKernels
    validation_targets: Array
    validation_probability: Array
    learnt: Learnt
    strength: float
    tried: dict[float, dict[str, float]]
    direct_super_auroc: float  # of five regressions on the superclasses themselves, same penalty
    unseen: tuple[str, ...]  # statements without an example in training


RECIPE = KernelRecipe()
SMOKE = {"n_kernels": 100, "strengths": [1e-3], "most_records": 64}


def run(recipe: KernelRecipe, places: Places) -> Fitted:
    """Fit the 71 regressions for each penalty and keep the best; weights and log in `places.out`.

    The penalty with the largest sum of superclass and statement macro AUROC on the validation fold is kept. The
    features are kept in the cache; a second call fits anew. The regressions run on the processor, whatever the device.

    Raises:
        ModelError: a number of kernels that makes no whole groups, or no penalty to try.
    """
    out, cache, progress = places.out, places.cache, places.progress
    drawing = kernels.Drawing(n_kernels=recipe.n_kernels, seed=recipe.seed)
    _check(recipe, drawing.per_group)
    pack = material.pack_of(places, inputs.MTECG)
    train, validation = splits.labelled(pack, "train"), splits.labelled(pack, "validation")
    if recipe.most_records:
        train = train[: recipe.most_records]
    learnt = provenance.of_supervised(pack, train)
    features = kernels.cached_features(pack, train, cache, drawing, progress)
    wanted = labels.targets(pack, np.arange(len(pack)))
    network = drawing.draw(pack, train)
    mean = features[train].mean(0, dtype=np.float64)
    tried: dict[float, dict[str, float]] = {}
    said: dict[float, Array] = {}
    out.mkdir(parents=True, exist_ok=True)
    for count, strength in enumerate(recipe.strengths):
        progress(count / len(recipe.strengths), f"71 regressions, C {strength:g}")
        found = baselines.fit_logistic(features[train], wanted[train], strength)
        own = put_into(network, found, mean)
        said[strength] = answers(own, features[validation])
        tried[strength] = classify.figures(wanted[validation], said[strength])
        run_state.write_log(
            [{"strength": one, **values} for one, values in tried.items()], out / run_state.LOG
        )
        if best(tried) == strength:
            run_state.save(out / run_state.BEST, {"model": own.state_dict()})
    strength = best(tried)
    network.load_state_dict(run_state.best_weights(out))
    never = wanted[train].sum(0) == 0
    return Fitted(
        network,
        wanted[validation],
        said[strength],
        learnt,
        strength,
        tried,
        _direct(features, wanted, train, validation, strength),
        tuple(code for code, absent in zip(labels.statement_codes(), never, strict=True) if absent),
    )


def _check(recipe: KernelRecipe, per_group: int) -> None:
    if recipe.n_kernels < per_group or recipe.n_kernels % per_group:
        raise ModelError(
            "kernels come in whole groups",
            expected=f"n_kernels a multiple of {per_group}",
            found=str(recipe.n_kernels),
        )
    if not recipe.strengths or min(recipe.strengths) <= 0:
        raise ModelError("no penalty to try", expected="strengths above 0", found=str(list(recipe.strengths)))


def best(tried: dict[float, dict[str, float]]) -> float:
    """Return the penalty with the largest sum of both macro AUROC; an unknown one counts nothing."""
    return max(tried, key=lambda one: sum(np.nan_to_num(value) for value in tried[one].values()))


def put_into(
    network: RandomKernels, found: baselines.Regressions, mean: NDArray[np.float64]
) -> RandomKernels:
    """Return the network with regressions as its head, their weights rounded to half precision.

    What rounding does to the answer about an average record, `mean` (features,), is taken back by the bias, so
    that only a record's difference from the average is rounded.
    """
    weight = torch.from_numpy(found.weight).half()
    bias = found.bias + (found.weight - weight.double().numpy()) @ mean
    network.head.load_state_dict({"weight": weight.float(), "bias": torch.from_numpy(bias).float()})
    return network


def answers(network: RandomKernels, features: Array) -> Array:
    """Return (n, classes) probabilities from features, (n, 3 * kernels)."""
    with torch.inference_mode():
        said: Array = torch.sigmoid(network.forward_head(torch.from_numpy(features))).numpy()
    return said


def _direct(
    features: Array,
    wanted: Array,
    train: NDArray[np.int64],
    validation: NDArray[np.int64],
    strength: float,
) -> float:
    supers = labels.superclass_targets(wanted)
    models = baselines.fit_logistic(features[train], supers[train], strength)
    return macro_auroc(supers[validation], baselines.predict(models, features[validation]))


def export(fitted: Fitted, recipe: KernelRecipe, folder: Path) -> Path:
    """Write weights and card. Return the card."""
    return exporting.any_classifier(
        fitted.network,
        fitted.validation_targets,
        fitted.validation_probability,
        folder,
        name=random_kernels.NAME,
        network_id="random-kernels",
        input_spec=asdict(random_kernels.INPUT),
        config=random_kernels.sizes(fitted.network),
        recipe=recipe,
        learnt=fitted.learnt,
        more=FITTED,
        whole=("kernels", "thresholds", "head.bias"),
        tolerance=5e-3,  # a sample more or less above a threshold, as another processor rounds
        notes=_notes(fitted),
    )


def _notes(fitted: Fitted) -> list[str]:
    chosen = fitted.tried[fitted.strength]
    others = "; ".join(
        f"C {one:g}: {values['super_auroc']:.3f} and {values['statement_auroc']:.3f}"
        for one, values in fitted.tried.items()
    )
    notes = [
        f"{fitted.network.config.n_kernels} random kernels at 100 Hz, each on some of eight leads, and one logistic "
        "regression per statement; a superclass is the noisy or of its statements.",
        f"C {fitted.strength:g} has the largest sum of superclass and statement macro AUROC on "
        f"{exporting.chosen_on(fitted.learnt)} "
        f"({len(fitted.validation_targets)} records) of these: {others}.",
        f"Five regressions on the superclasses themselves reach {fitted.direct_super_auroc:.3f} there, "
        f"the noisy or {chosen['super_auroc']:.3f}.",
        "The head's weights are kept in half precision, kernels and thresholds in full.",
    ]
    if fitted.unseen:
        notes.append(f"No example in training, always answered as unlikely: {', '.join(fitted.unseen)}.")
    return notes
