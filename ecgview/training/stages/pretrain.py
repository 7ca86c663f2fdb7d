"""Masked pre-training of MTECG-T: recipe, data, run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.models.networks import mtecg_mae
from ecgview.models.networks.mtecg import MtecgConfig
from ecgview.progress import Progress, silent
from ecgview.training.data import collection, inputs, kernels, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.pack import Pack, load_or_build
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Precision
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.mae import Axis, MaeBatch, MaeObjective, Target, random_mask


@dataclass(frozen=True, slots=True)
class PretrainRecipe:
    """Masked pre-training. Every value is a default of ours: the paper's are unpublished (methods A.2)."""

    epochs: int = 45
    batch: int = 64
    learning_rate: float = 1e-3
    warmup_epochs: float = 3.0
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


def open_pack(data: Path, cache: Path, progress: Progress = silent) -> Pack:
    """Return the pack of every record below `data`, built at the first call."""
    records = collection.read_all(data)
    return load_or_build(records, inputs.MTECG, cache, str(data.resolve()), progress)


def run(
    recipe: PretrainRecipe,
    data: Path,
    out: Path,
    cache: Path,
    progress: Progress = silent,
    device: str = "auto",
) -> MaeObjective:
    """Pre-train on every record outside the test fold; weights and log in `out`, resumed if it exists."""
    pack = open_pack(data, cache, progress)
    index = splits.unlabelled(pack)
    if recipe.most_records:
        index = index[: recipe.most_records]
    provenance.keep(provenance.of_unlabelled(pack, index), out)
    auxiliary = None
    if recipe.auxiliary_components:
        auxiliary = kernels.cached_targets(pack, index, recipe.auxiliary_components, cache)
    torch.manual_seed(recipe.seed)
    # As many outputs as there are components: a few records have fewer than the recipe asks for.
    objective = _objective(recipe, 0 if auxiliary is None else auxiliary.shape[1])
    part = share.this_process(device)
    settings = loop_settings(recipe, len(index), device)

    def batches(epoch: int, first: int) -> Iterator[MaeBatch]:
        return _batches(pack, index, auxiliary, recipe, part, epoch, first)

    fit(objective, batches, settings, out, device=device, progress=progress)
    return objective


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
