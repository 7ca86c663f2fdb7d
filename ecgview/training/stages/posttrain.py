"""Post-training of a foundation model: preview linear probing, then full fine-tuning with stochastic depth.

Source: arXiv 2509.12991; the values come from a re-implementation by others and are probably the paper's (methods
C.2). Beside it stands the official baseline: a new head and everything trained at once (methods E.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch

from ecgview.models.networks import PostTraining
from ecgview.models.networks.kit.drop_path import DropPathRule
from ecgview.training.data import material, provenance
from ecgview.training.data.augment import Augmentation
from ecgview.training.engine import bodies, classify, linear_head
from ecgview.training.engine import export as exporting
from ecgview.training.engine.bodies import Body
from ecgview.training.engine.optimisation import Optimiser, Precision, Schedule
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.supervised import SupervisedObjective
from ecgview.training.places import Places

Method = Literal["posttrain", "baseline"]
OFFICIAL_STOP = 1e-5  # the rate below which the official fine-tuning ends (methods E.4)


@dataclass(frozen=True, slots=True)
class PostTrainRecipe:
    """Both stages. Rates, decays, dropout, epochs and stochastic depth as in methods C.2; the rest is ours."""

    method: Method = "posttrain"
    task: str = "all71"  # the paper's are all71, diag44, sub23 and rhythm12 of PTB-XL; any other task will do
    preview_epochs: int = 30  # 0 = no preview: the ablation of the abstract; the head then starts at random
    preview_rate: float = 5e-3
    preview_decay: float = 0.1
    preview_schedule: Schedule = "cosine"  # ours; "plateau" (factor 0.5, patience 3) is probably theirs
    epochs: int = 30
    learning_rate: float = 5e-4
    final_rate: float = 1e-5
    weight_decay: float = 0.05
    optimiser: Optimiser = "adamw"
    schedule: Schedule = "cosine"
    baseline_rate: float = 1e-4  # official fine-tuning (methods E.4): Adam, decay 1e-5, 5 epochs
    baseline_decay: float = 1e-5
    baseline_optimiser: Optimiser = "adamw"  # ours; "adam" is the official one
    # "plateau" is the official one (factor 0.1, patience 10); it ends where its rate falls below 1e-5, so that a
    # large `epochs` trains until it has converged. "constant" is ours: what the official one is within 10 epochs.
    baseline_schedule: Schedule = "constant"
    batch: int = 256
    dropout: float = 0.05
    drop_path: float = 0.5
    drop_path_rule: DropPathRule = "linear"  # or "constant": which of them is the paper's is unknown
    seen: float = 1.0  # share of the segments that a transformer sees in training, in both methods; ours
    share_of_data: float = 1.0
    network: str = "mtecg"  # which one, where neither a model's card nor the start's own name says it
    class_token: bool = (
        False  # head of MTECG on its class token, as released, and not on the mean of the segments
    )
    initialisation: bodies.Initialisation = "local"
    small: bool = False  # a smaller network of the kind for trials, where no model's card says the sizes
    seed: int = 0
    most_records: int = 0
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(shift=True, gain=0.0, lead_gain=0.0, noise_mv=0.0)
    )


RECIPE = PostTrainRecipe()
SMOKE = {"epochs": 1, "preview_epochs": 2, "most_records": 48, "batch": 16, "small": True, "seen": 0.25}
STARTS = True


def run(recipe: PostTrainRecipe, places: Places) -> classify.Trained:
    """Post-train (or fine-tune the official way) the network that `places.start` or the recipe names.

    The run's folder holds `preview/` and `full/`; what is there is resumed.

    Raises:
        ModelError: no such start, weights that do not fit, or a network that cannot be post-trained.
    """
    torch.manual_seed(recipe.seed)
    spec = bodies.input_of(places.start, recipe.network)
    found = material.of_recipe(recipe, places, spec)
    provenance.keep(found.learnt, places.out)
    body = backbone(recipe, places.start, found.task.codes)
    made = classify.Trained(body, found, classify.scaled(spec.scale, recipe.augmentation))
    if recipe.method == "posttrain" and recipe.preview_epochs:
        _preview(recipe, made, replace(places, out=places.out / "preview"))
    _full(recipe, made, replace(places, out=places.out / "full"))
    return made


def export(made: classify.Trained, recipe: PostTrainRecipe, folder: Path) -> Path:
    """Write weights and card."""
    return exporting.trained(made, recipe, folder)


def backbone(recipe: PostTrainRecipe, start: Path | None, labels: Sequence[str]) -> Body:
    """Return the network that a recipe and a start name, with a new head."""
    asked = PostTraining(recipe.dropout, recipe.drop_path, recipe.drop_path_rule)
    return bodies.of(
        start,
        labels,
        otherwise=recipe.network,
        asked=asked if recipe.method == "posttrain" else PostTraining(),
        sizes={"mean_pool": False} if recipe.class_token else None,
        small=recipe.small,
        seed=recipe.seed,
        initialisation=recipe.initialisation,
    )


def _preview(recipe: PostTrainRecipe, made: classify.Trained, places: Places) -> None:
    """Stage 1: train the head alone on frozen features, and put the best one on the network."""
    settings = loop_settings(
        recipe,
        len(made.data.train),
        places.device,
        epochs=recipe.preview_epochs,
        learning_rate=recipe.preview_rate,
        final_rate=0.0,
        schedule=recipe.preview_schedule,
        optimiser="adamw",
        plateau_factor=0.5,
        plateau_patience=3,
        warmup_epochs=0.0,
        weight_decay=recipe.preview_decay,
        betas=(0.9, 0.999),
        precision="fp32",
        accumulate=1,
        patience=0,
        select="auroc",
    )
    linear_head.fit_on_frozen(
        made.body,
        made.data,
        settings,
        recipe.batch,
        places.out,
        dropout=recipe.dropout,
        normalised=False,
        progress=places.progress,
        device=places.device,
    )


def _full(recipe: PostTrainRecipe, made: classify.Trained, places: Places) -> None:
    """Stage 2, or the baseline: train everything."""
    ours, network = recipe.method == "posttrain", made.body.network
    settings = loop_settings(
        recipe,
        len(made.data.train),
        places.device,
        learning_rate=recipe.learning_rate if ours else recipe.baseline_rate,
        final_rate=recipe.final_rate if ours else 0.0,
        schedule=recipe.schedule if ours else recipe.baseline_schedule,
        optimiser=recipe.optimiser if ours else recipe.baseline_optimiser,
        stop_rate=0.0 if ours else OFFICIAL_STOP,
        warmup_epochs=0.0,
        weight_decay=recipe.weight_decay if ours else recipe.baseline_decay,
        betas=(0.9, 0.999),
        select="statement_auroc" if recipe.task == "all71" else "auroc",
    )
    seen = classify.partly_seen(network, recipe.seen)
    classify.train(
        SupervisedObjective(network, seen, dropout=recipe.dropout if ours else 0.0),
        made.data,
        made.inputs,
        settings,
        recipe.batch,
        places.out,
        device=places.device,
        progress=places.progress,
    )
