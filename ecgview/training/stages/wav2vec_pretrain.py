"""Contrastive pre-training of the lead-agnostic network (wav2vec 2.0 + CMSC) with random lead masking."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from ecgview.training.data import inputs, material, provenance, share, splits
from ecgview.training.data.augment import Augmentation
from ecgview.training.engine import lead_agnostic
from ecgview.training.engine.lead_agnostic import Sizes
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import Optimiser, Precision, Schedule
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.wav2vec_cmsc import ContrastObjective, ContrastSettings, PairBatch, span_mask
from ecgview.training.places import Places


@dataclass(frozen=True, slots=True)
class ContrastRecipe:
    """Pre-training. Masks, temperatures, weights and lead masking are published (methods D.3-D.6).

    Published but for size and length: Adam 5e-5 without warm-up, betas .9/.98, eps 1e-6, decay .01, 512 recordings
    a step, 200 epochs, float32. Rate, batch, warm-up and epochs here are defaults of ours for the small variant.
    """

    epochs: int = 20
    batch: int = 32  # recordings; each gives two segments
    learning_rate: float = 5e-4
    warmup_epochs: float = 2.0
    schedule: Schedule = "cosine"
    optimiser: Optimiser = "adamw"
    weight_decay: float = 0.01
    mask_leads: float = 0.5  # random lead masking: each lead of each segment zeroed with this probability
    sizes: Sizes = field(default_factory=Sizes)
    contrast: ContrastSettings = field(default_factory=ContrastSettings)
    seed: int = 0
    most_records: int = 0
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0


RECIPE = ContrastRecipe()
SMOKE = {"epochs": 1, "most_records": 64, "batch": 16, "sizes": lead_agnostic.SMALL}


def run(recipe: ContrastRecipe, places: Places) -> ContrastObjective:
    """Pre-train on every record outside the test fold; weights and log in `places.out`, resumed if it exists."""
    pack = material.pack_of(places, inputs.LEAD_AGNOSTIC)
    index = splits.unlabelled(pack)
    if recipe.most_records:
        index = index[: recipe.most_records]
    provenance.keep(provenance.of_unlabelled(pack, index), places.out)
    torch.manual_seed(recipe.seed)
    objective = ContrastObjective(recipe.sizes.config(), recipe.contrast)
    part = share.this_process(places.device)
    steps = part.steps(recipe.batch, len(index))
    settings = loop_settings(
        recipe,
        len(index),
        places.device,
        betas=(0.9, 0.98),
        eps=1e-6,
    )
    augmentation = Augmentation(
        shift=False, gain=0.0, lead_gain=0.0, noise_mv=0.0, mask_leads=recipe.mask_leads
    )
    tokens = objective.network.config.tokens(lead_agnostic.SAMPLES)

    def batches(epoch: int, first: int) -> Iterator[PairBatch]:
        seed = recipe.seed * 7919 + epoch
        for count, (rows, size, generator) in enumerate(
            part.batches(index, recipe.batch, seed, first), first
        ):
            signal = pack.millivolts(rows)
            halves = [augmentation(half, generator, part) for half in lead_agnostic.halves(signal)]
            mask = span_mask(2 * size * part.count, tokens, recipe.contrast, generator)
            mine = mask.reshape(part.count, 2 * size, tokens)[part.rank]
            owner = torch.arange(size)
            yield PairBatch(halves[0], halves[1], owner, mine, torch.tensor(epoch * steps + count))

    fit(objective, batches, settings, places.out, device=places.device, progress=places.progress)
    return objective
