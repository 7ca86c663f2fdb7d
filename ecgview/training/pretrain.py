"""Masked pre-training of MTECG-T: recipe, data, run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec
from ecgview.models.networks.mtecg import MtecgConfig
from ecgview.progress import Progress, silent
from ecgview.training import kernels, sources, splits
from ecgview.training.augment import Augmentation
from ecgview.training.initialise import start_small
from ecgview.training.loop import LoopSettings, fit
from ecgview.training.objectives.mae import Axis, MaeBatch, MaeObjective, Target, random_mask
from ecgview.training.pack import Pack, load_or_build

INPUT = InputSpec(
    leads=STANDARD_12, sampling_rate_hz=500.0, seconds=10.0, filter="bandpass-0.5-40", scale=1.0
)
SCALE = 5.0  # network units per mV: signals of about unit deviation beside the positions


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
    variance_floor: float = 0.05
    auxiliary_components: int = 256  # principal components of random-kernel features; 0 = plain masked loss
    auxiliary_weight: float = 1.0
    depth: int = 12
    seed: int = 0
    most_records: int = 0  # 0 = all; a smaller number for a quick trial
    augmentation: Augmentation = field(default_factory=Augmentation)


def open_pack(data: Path, cache: Path, progress: Progress = silent) -> Pack:
    """Return the pack of every record below `data`, built at the first call."""
    records = sources.read_all(data)
    return load_or_build(records, INPUT, cache, str(data.resolve()), progress)


def run(
    recipe: PretrainRecipe,
    data: Path,
    out: Path,
    cache: Path,
    progress: Progress = silent,
    device: str = "cpu",
) -> MaeObjective:
    """Pre-train on every record outside the test fold; weights and log in `out`, resumed if it exists."""
    pack = open_pack(data, cache, progress)
    index = splits.unlabelled(pack)
    if recipe.most_records:
        index = index[: recipe.most_records]
    auxiliary = None
    if recipe.auxiliary_components:
        auxiliary = kernels.cached_targets(pack, index, recipe.auxiliary_components, cache)
    torch.manual_seed(recipe.seed)
    config = MtecgConfig(n_classes=0, depth=recipe.depth)
    objective = MaeObjective(
        config,
        target=recipe.target,
        axis=recipe.axis,
        floor=recipe.variance_floor,
        auxiliary=recipe.auxiliary_components,
        auxiliary_weight=recipe.auxiliary_weight,
    )
    start_small(objective.network, recipe.seed)
    settings = LoopSettings(
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        steps_per_epoch=max(1, len(index) // recipe.batch),
        warmup_epochs=min(recipe.warmup_epochs, recipe.epochs / 4),
        seed=recipe.seed,
    )

    def batches(epoch: int) -> Iterator[MaeBatch]:
        return _batches(pack, index, auxiliary, recipe, epoch)

    fit(objective, batches, settings, out, depth=recipe.depth, device=device, progress=progress)
    return objective


def _batches(
    pack: Pack,
    index: NDArray[np.int64],
    auxiliary: NDArray[np.float32] | None,
    recipe: PretrainRecipe,
    epoch: int,
) -> Iterator[MaeBatch]:
    generator = torch.Generator().manual_seed(recipe.seed * 7919 + epoch)
    order = index[torch.randperm(len(index), generator=generator).numpy()]
    segments = MtecgConfig().n_segments
    size = min(recipe.batch, len(order))
    for start in range(0, len(order) - size + 1, size):
        chosen = np.sort(order[start : start + size])
        signal = recipe.augmentation(pack.millivolts(chosen), generator) * SCALE
        mask = random_mask(size, segments, recipe.mask_ratio, generator)
        wanted = None if auxiliary is None else torch.from_numpy(auxiliary[chosen])
        yield MaeBatch(signal, mask, wanted)
