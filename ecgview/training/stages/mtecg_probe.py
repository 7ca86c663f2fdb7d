"""Linear probing of a pre-trained MTECG-T: a head on frozen features, which are computed once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ecgview.training.data import inputs, material, provenance
from ecgview.training.engine import bodies, classify, linear_head
from ecgview.training.engine import export as exporting
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.places import Places


@dataclass(frozen=True, slots=True)
class ProbeRecipe:
    """Linear probing of MTECG. Values are defaults of ours; the paper's are unpublished."""

    task: str = "all71"
    epochs: int = 60
    batch: int = 256
    learning_rate: float = 1e-2
    weight_decay: float = 0.0
    mean_pool: bool = True  # ours; false = the class token, as released
    initialisation: bodies.Initialisation = "local"
    depth: int = 12
    seed: int = 0
    most_records: int = 0


RECIPE = ProbeRecipe()
SMOKE = {"epochs": 2, "most_records": 64, "depth": 2}
STARTS = True


def run(recipe: ProbeRecipe, places: Places) -> classify.Trained:
    """Probe the encoder that the start names, or a random one."""
    found = material.of_recipe(recipe, places, inputs.MTECG)
    provenance.keep(found.learnt, places.out)
    torch.manual_seed(recipe.seed)
    sizes = {"depth": recipe.depth, "mean_pool": recipe.mean_pool}
    body = bodies.of(
        places.start,
        found.task.codes,
        sizes=sizes,
        seed=recipe.seed,
        initialisation=recipe.initialisation,
    )
    settings = loop_settings(
        recipe,
        len(found.train),
        places.device,
        warmup_epochs=2.0,
        betas=(0.9, 0.999),
        precision="fp32",
        select="auroc",
    )
    linear_head.fit_on_frozen(
        body, found, settings, recipe.batch, places.out, progress=places.progress, device=places.device
    )
    return classify.Trained(body, found, classify.scaled(body.card.input.scale))


def export(made: classify.Trained, recipe: Any, folder: Path) -> Path:
    """Write weights and card."""
    return exporting.trained(made, recipe, folder)
