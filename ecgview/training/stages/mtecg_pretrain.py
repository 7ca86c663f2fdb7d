"""Masked pre-training of MTECG-T."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.models.networks import mtecg_mae
from ecgview.models.networks.mtecg import MtecgConfig
from ecgview.training.data import inputs, kernels, material, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.pack import Pack
from ecgview.training.data.provenance import Learnt
from ecgview.training.engine import export as exporting
from ecgview.training.engine.bodies import Initialisation
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Optimiser, Precision, Schedule
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.mae import Axis, MaeBatch, MaeObjective, Target, random_mask
from ecgview.training.places import Places


@dataclass(frozen=True, slots=True)
class PretrainRecipe:
    """Masked pre-training. Every value is a default of ours: the paper's are unpublished (methods A.2)."""

    epochs: int = 45
    batch: int = 64
    learning_rate: float = 1e-3
    warmup_epochs: float = 3.0
    schedule: Schedule = "cosine"
    optimiser: Optimiser = "adamw"
    weight_decay: float = 0.05
    initialisation: Initialisation = "local"  # or "released", the published one
    mask_ratio: float = 0.6
    target: Target = "raw"
    axis: Axis = "segment"
    variance_floor: float = 0.05  # weighs each segment by its variance plus this; 0 = the plain error
    auxiliary_components: int = 256  # principal components of random-kernel features; 0 = plain masked loss
    auxiliary_weight: float = 1.0
    depth: int = 12
    decoder_width: int = 128
    decoder_depth: int = 1
    decoder_heads: int = 4
    seed: int = 0
    most_records: int = 0  # 0 = all; a smaller number for a quick trial
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True, slots=True, eq=False)
class Pretrained:
    """The masked autoencoder with its objective, and what it learnt from."""

    objective: MaeObjective
    learnt: Learnt


RECIPE = PretrainRecipe()
SMOKE = {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2}


def run(recipe: PretrainRecipe, places: Places) -> Pretrained:
    """Pre-train on every record outside the test fold; weights and log in `places.out`, resumed if it exists."""
    pack = material.pack_of(places, inputs.MTECG)
    index = splits.unlabelled(pack)
    if recipe.most_records:
        index = index[: recipe.most_records]
    learnt = provenance.of_unlabelled(pack, index)
    provenance.keep(learnt, places.out)
    auxiliary = None
    if recipe.auxiliary_components:
        auxiliary = kernels.cached_targets(
            pack, index, recipe.auxiliary_components, places.cache, places.progress
        )
    torch.manual_seed(recipe.seed)
    # As many outputs as there are components: a few records have fewer than the recipe asks for.
    objective = _objective(recipe, 0 if auxiliary is None else auxiliary.shape[1])
    part = share.this_process(places.device)
    settings = loop_settings(recipe, len(index), places.device)

    def batches(epoch: int, first: int) -> Iterator[MaeBatch]:
        return _batches(pack, index, auxiliary, recipe, part, epoch, first)

    fit(
        objective,
        batches,
        settings,
        places.out,
        device=places.device,
        progress=places.progress,
    )
    return Pretrained(objective, learnt)


def export(made: Pretrained, recipe: PretrainRecipe, folder: Path) -> Path:
    """Write weights and card of the masked autoencoder."""
    return exporting.autoencoder(made.objective, made.learnt, recipe, folder)


def _objective(recipe: PretrainRecipe, components: int) -> MaeObjective:
    config = MtecgConfig(
        n_classes=0,
        depth=recipe.depth,
        decoder_width=recipe.decoder_width,
        decoder_depth=recipe.decoder_depth,
        decoder_heads=recipe.decoder_heads,
    )
    objective = MaeObjective(
        config,
        target=recipe.target,
        axis=recipe.axis,
        floor=recipe.variance_floor or None,
        auxiliary=components,
        auxiliary_weight=recipe.auxiliary_weight,
    )
    if recipe.initialisation == "local":
        mtecg_mae.begin(objective.network, recipe.seed)
    return objective


def _batches(
    pack: Pack,
    index: share.Index,
    auxiliary: NDArray[np.float32] | None,
    recipe: PretrainRecipe,
    part: share.Share,
    epoch: int,
    first: int,
) -> Iterator[MaeBatch]:
    segments = MtecgConfig().n_segments
    # 7919 is a prime: streams of neighbouring seeds and epochs never coincide.
    for rows, size, generator in part.batches(index, recipe.batch, recipe.seed * 7919 + epoch, first):
        mask = random_mask(size * part.count, segments, recipe.mask_ratio, generator)[part.mine(size)]
        signal = recipe.augmentation(pack.millivolts(rows), generator, part) * inputs.MTECG_SCALE
        wanted = None if auxiliary is None else torch.from_numpy(auxiliary[rows])
        yield MaeBatch(signal, mask, wanted)
