"""A head on random features of a small transformer."""

from dataclasses import dataclass
from pathlib import Path

from ecgview.training.data import inputs, material
from ecgview.training.engine import bodies, classify, linear_head
from ecgview.training.engine import export as exporting
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.places import Places


@dataclass(frozen=True)
class Recipe:
    task: str = "own"
    epochs: int = 20
    batch: int = 8
    learning_rate: float = 1e-2
    seed: int = 0
    most_records: int = 0


RECIPE = Recipe()
SMOKE = {"epochs": 3}


def run(recipe: Recipe, places: Places) -> classify.Trained:
    found = material.of_recipe(recipe, places, inputs.MTECG)
    body = bodies.of(None, found.task.codes, small=True, seed=recipe.seed)
    settings = loop_settings(recipe, len(found.train), places.device, precision="fp32", select="auroc")
    linear_head.fit_on_frozen(
        body, found, settings, recipe.batch, places.out, progress=places.progress, device=places.device
    )
    return classify.Trained(body, found, classify.scaled(body.card.input.scale))


def export(made: classify.Trained, recipe: Recipe, folder: Path) -> Path:
    return exporting.trained(made, recipe, folder)
