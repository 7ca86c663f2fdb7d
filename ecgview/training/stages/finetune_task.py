"""Fine-tuning of MTECG-T on any label task of any known data set, by plain cross-entropy."""

from pathlib import Path

import torch

from ecgview.models.networks import PostTraining
from ecgview.progress import Progress, silent
from ecgview.training.data import inputs, material, provenance
from ecgview.training.engine import bodies, classify
from ecgview.training.engine.bodies import Body
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.stages.finetune import FinetuneRecipe
from ecgview.training.stages.posttrain import partly_seen


def run(
    recipe: FinetuneRecipe,
    data: Path,
    out: Path,
    cache: Path,
    start: Path | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> tuple[Body, material.Data, classify.Inputs]:
    """Fine-tune on `recipe.task` and return the body at its best validation epoch; resumed if `out` exists.

    The teacher, the superclasses and the auxiliary targets of the recipe are of the 71 statements and have no part.
    """
    found = material.of_task(
        data,
        cache,
        inputs.MTECG,
        recipe.task,
        progress,
        share=recipe.share_of_data,
        seed=recipe.seed,
        most_records=recipe.most_records,
        start=start,
    )
    provenance.keep(found.learnt, out)
    torch.manual_seed(recipe.seed)
    body = bodies.of(
        start,
        found.task.codes,
        asked=PostTraining(drop_path=recipe.drop_path),
        sizes={"depth": recipe.depth, "mean_pool": recipe.mean_pool},
        seed=recipe.seed,
    )
    settings = loop_settings(recipe, len(found.train), device, betas=(0.9, 0.999), select="auroc")
    made = classify.Inputs(
        lambda x, _: x * inputs.MTECG_SCALE, lambda x: [x * inputs.MTECG_SCALE], recipe.augmentation
    )
    seen = partly_seen(body.network, recipe.seen)
    objective = classify.StatementObjective(body.network, seen)
    classify.train(objective, found, made, settings, recipe.batch, out, device=device, progress=progress)
    return body, found, made
