"""Fine-tuning of MTECG-T on PTB-XL's 71 statements, or on any label task of any known data set."""

import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ecgview.models.networks import PostTraining
from ecgview.training.data import inputs, kernels, material, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.material import Data
from ecgview.training.engine import bodies, classify, run_state
from ecgview.training.engine import export as exporting
from ecgview.training.engine.optimisation import Optimiser, Precision, Schedule
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives import teacher
from ecgview.training.objectives.supervised import SupervisedObjective
from ecgview.training.places import Places

AUXILIARY = 256


@dataclass(frozen=True, slots=True)
class FinetuneRecipe:
    """Fine-tuning. Values are defaults of ours; the paper's are unpublished (methods A.3)."""

    task: str = "all71"  # another one (super5, cinc26, own, ...) has no superclasses, and no teacher of them
    epochs: int = 24
    batch: int = 64
    learning_rate: float = 6e-4
    warmup_epochs: float = 2.0
    schedule: Schedule = "cosine"
    optimiser: Optimiser = "adamw"
    initialisation: bodies.Initialisation = (
        "local"  # or "released", the published one; of a run without a start
    )
    weight_decay: float = 0.1
    layer_decay: float = 0.75
    drop_path: float = 0.1
    seen: float = 0.5  # share of the segments that the encoder sees in training
    mean_pool: bool = True  # ours; false = the class token, as released
    ema_decay: float = 0.99
    superclass_weight: float = 1.0
    teacher: bool = True  # distil out-of-fold answers of the random-kernel regression
    teacher_weight: float = 1.0
    teacher_strength: float = 1e-3
    auxiliary_weight: float = 0.3
    smoothing: float = 0.0
    unlabelled: bool = True  # records without labels learn from the teacher alone
    distil_from: str = ""  # folder of a fine-tuned run that teaches all classes: 0.7 KD + 0.3 BCE (A.6)
    depth: int = 12
    seed: int = 0
    most_records: int = 0
    share_of_data: float = 1.0  # of the labelled training records, for sample-efficiency curves
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(gain=0.1, lead_gain=0.05, mask_leads=0.05)
    )


RECIPE = FinetuneRecipe()
SMOKE = {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2, "teacher": False}
STARTS = True


def run(recipe: FinetuneRecipe, places: Places) -> classify.Trained:
    """Fine-tune on the training folds, choose the epoch on the validation fold; resumed if `places.out` exists.

    The superclasses and their teacher are of the 71 statements and have no part in another task.
    """
    found = material.of_recipe(recipe, places, inputs.MTECG)
    provenance.keep(found.learnt, places.out)
    if recipe.task != "all71":
        recipe = replace(recipe, teacher=False)
    free = _free(recipe, found)
    taught = _taught(recipe, found, free, places)
    torch.manual_seed(recipe.seed)
    body = bodies.of(
        places.start,
        found.task.codes,
        asked=PostTraining(drop_path=recipe.drop_path),
        sizes={"depth": recipe.depth, "mean_pool": recipe.mean_pool},
        seed=recipe.seed,
        initialisation=recipe.initialisation,
    )
    made = classify.scaled(body.card.input.scale, recipe.augmentation)
    objective = _objective(recipe, body, found, places.start)
    index = np.concatenate([found.train, free])
    earlier = _answers_of_earlier(recipe, body, found, made, index)
    wanted = found.wanted.copy()
    wanted[free] = np.nan  # no label is not "absent"
    select = "super_auroc" if recipe.task == "all71" else "auroc"
    settings = loop_settings(recipe, len(index), places.device, betas=(0.9, 0.999), select=select)
    classify.train(
        objective,
        replace(found, train=index, wanted=wanted),
        made,
        settings,
        recipe.batch,
        places.out,
        taught=replace(taught, earlier=earlier),
        device=places.device,
        progress=places.progress,
    )
    return classify.Trained(body, found, made)


def export(made: classify.Trained, recipe: Any, folder: Path) -> Path:
    """Write weights and card."""
    return exporting.trained(made, recipe, folder)


def _free(recipe: FinetuneRecipe, data: Data) -> share.Index:
    """Return the records that learn from the teacher alone: fold 0, other collections beside PTB-XL."""
    if not (recipe.unlabelled and recipe.teacher):
        return np.zeros(0, dtype=np.int64)
    return data.pack.where(folds=[0])


def _taught(recipe: FinetuneRecipe, data: Data, free: share.Index, places: Places) -> classify.Taught:
    """Return the teacher's answers and the auxiliary targets: minutes, and nothing to teach once all is done."""
    if not recipe.teacher or run_state.epochs_done(places.out) >= recipe.epochs:
        return classify.Taught()
    pack, cache = data.pack, places.cache
    soft = teacher.superclass_logits(pack, data.train, free, cache, recipe.teacher_strength)
    seen = splits.unlabelled(pack)
    return classify.Taught(soft, kernels.cached_targets(pack, seen, AUXILIARY, cache, places.progress))


def _objective(
    recipe: FinetuneRecipe, body: bodies.Body, data: Data, start: Path | None
) -> SupervisedObjective:
    whole = recipe.task == "all71"
    components = min(AUXILIARY, len(splits.unlabelled(data.pack))) if recipe.teacher else 0
    auxiliary = None
    if components and recipe.auxiliary_weight:
        auxiliary = nn.Linear(body.head.in_features, components)
        state = run_state.last_weights(start) if start is not None and start.is_dir() else {}
        known = state.get("auxiliary.weight")
        # A start on fewer records has fewer components; its head then says nothing of these.
        if known is not None and known.shape == auxiliary.weight.shape:
            auxiliary.load_state_dict({"weight": known, "bias": state["auxiliary.bias"]})
    return SupervisedObjective(
        body.network,
        classify.partly_seen(body.network, recipe.seen),
        auxiliary=auxiliary,
        statement_weight=5.0 if whole else 1.0,  # beside the superclasses and their teacher
        superclass_weight=recipe.superclass_weight if whole else 0.0,
        teacher_weight=recipe.teacher_weight if recipe.teacher else 0.0,
        auxiliary_weight=recipe.auxiliary_weight,
        smoothing=recipe.smoothing,
    )


def _answers_of_earlier(
    recipe: FinetuneRecipe, body: bodies.Body, data: Data, made: classify.Inputs, index: share.Index
) -> NDArray[np.float32] | None:
    """Return (records, k) logits of the run that teaches, NaN outside `index`; None without one."""
    if not recipe.distil_from:
        return None
    network = copy.deepcopy(body.network)
    weights = run_state.best_weights(Path(recipe.distil_from))
    own = {k.removeprefix("network."): v for k, v in weights.items() if k.startswith("network.")}
    network.load_state_dict(own)
    said = classify.answers(network, data.pack, index, made.views).astype(np.float64).clip(1e-7, 1 - 1e-7)
    logits = np.full((len(data.pack), said.shape[1]), np.nan, dtype=np.float32)
    logits[index] = np.log(said / (1 - said))
    return logits
