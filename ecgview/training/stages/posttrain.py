"""Post-training of a foundation model: preview linear probing, then full fine-tuning with stochastic depth.

Source: arXiv 2509.12991; the values come from a re-implementation by others and are probably the paper's (methods
C.2). Beside it stands the official baseline: a new head and everything trained at once (methods E.4).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ecgview.models.networks import PostTraining
from ecgview.models.networks.kit.drop_path import DropPathRule
from ecgview.progress import Progress, silent
from ecgview.training.data import material, provenance
from ecgview.training.data.augment import Augmentation
from ecgview.training.engine import bodies, classify
from ecgview.training.engine.bodies import Body
from ecgview.training.engine.optimisation import Precision
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.stages import probe

Method = Literal["posttrain", "baseline"]


@dataclass(frozen=True, slots=True)
class PostTrainRecipe:
    """Both stages. Rates, decays, dropout, epochs and stochastic depth as in methods C.2; the rest is ours."""

    method: Method = "posttrain"
    task: str = "all71"  # the paper's are all71, diag44, sub23 and rhythm12 of PTB-XL; any other task will do
    preview_epochs: int = 30
    preview_rate: float = 5e-3
    preview_decay: float = 0.1
    epochs: int = 30
    learning_rate: float = 5e-4
    final_rate: float = 1e-5
    weight_decay: float = 0.05
    baseline_rate: float = 1e-4  # official fine-tuning: Adam, decay 1e-5, 5 epochs
    baseline_decay: float = 1e-5
    batch: int = 256
    dropout: float = 0.05
    drop_path: float = 0.5
    drop_path_rule: DropPathRule = "linear"  # or "constant": which of them is the paper's is unknown
    seen: float = 1.0  # share of the segments that a transformer sees in training, in both methods; ours
    share_of_data: float = 1.0
    network: str = "mtecg"  # which one, where neither a model's card nor the start's own name says it
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


def run(
    recipe: PostTrainRecipe,
    data: Path,
    out: Path,
    cache: Path,
    start: Path | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> tuple[Body, material.Data, classify.Inputs]:
    """Post-train (or fine-tune the official way) and return the body at its best validation epoch.

    Args:
        recipe: how.
        data: a data set in any known layout, or a folder with PTB-XL.
        out: folder of the run: `preview/` and `full/`; resumed if it exists.
        cache: packed ECGs.
        start: the name of a network for random weights, the id of a model, or the folder of a run of the recipe's
            network; None = random weights of that network.
        progress: told per step.
        device: auto, cpu, cuda or mps.

    Raises:
        ModelError: no such start, weights that do not fit, or a network that cannot be post-trained.
    """
    torch.manual_seed(recipe.seed)
    spec = bodies.input_of(start, recipe.network)
    found = material.of_task(
        data,
        cache,
        replace(spec, scale=1.0),  # a pack is in millivolts, and one for every scale
        recipe.task,
        progress,
        share=recipe.share_of_data,
        seed=recipe.seed,
        most_records=recipe.most_records,
        start=start,
    )
    provenance.keep(found.learnt, out)
    body = backbone(recipe, start, found.task.codes)
    scale = spec.scale
    made = classify.Inputs(lambda x, _: x * scale, lambda x: [x * scale], recipe.augmentation)
    if recipe.method == "posttrain":
        _preview(recipe, body, found, out / "preview", progress, device)
    _full(recipe, body, found, made, out / "full", progress, device)
    return body, found, made


def backbone(recipe: PostTrainRecipe, start: Path | None, labels: Sequence[str]) -> Body:
    """Return the network that a recipe and a start name, with a new head."""
    asked = PostTraining(recipe.dropout, recipe.drop_path, recipe.drop_path_rule)
    return bodies.of(
        start,
        labels,
        otherwise=recipe.network,
        asked=asked if recipe.method == "posttrain" else PostTraining(),
        small=recipe.small,
        seed=recipe.seed,
    )


def _preview(
    recipe: PostTrainRecipe,
    body: Body,
    data: material.Data,
    out: Path,
    progress: Progress,
    device: str,
) -> None:
    """Stage 1: train the head alone on frozen features, and put the best one on the network."""
    # Evaluation mode: the features are those that the frozen backbone will give, without dropout.
    net: Any = body.network.eval()
    rows = {"train": data.train, "validation": data.validation}
    features = {
        name: probe.features_of(
            net.forward_features, lambda r: data.pack.millivolts(r) * body.card.input.scale, index, progress
        )
        for name, index in rows.items()
    }
    targets = {name: data.wanted[index] for name, index in rows.items()}
    settings = loop_settings(
        recipe,
        len(data.train),
        device,
        epochs=recipe.preview_epochs,
        learning_rate=recipe.preview_rate,
        final_rate=0.0,
        warmup_epochs=0.0,
        weight_decay=recipe.preview_decay,
        betas=(0.9, 0.999),
        precision="fp32",
        accumulate=1,
        patience=0,
        select="auroc",
    )
    head = probe.Head(body.head.in_features, data.wanted.shape[1], dropout=recipe.dropout, normalised=False)
    probe.fit_head(head, features, targets, settings, recipe.batch, out, progress, device)
    # The probe's scaling of features is folded into the head, so that stage 2 begins where stage 1 ended.
    weight, bias = head.folded()
    body.head.load_state_dict({"weight": weight.cpu(), "bias": bias.cpu()})


def _full(
    recipe: PostTrainRecipe,
    body: Body,
    data: material.Data,
    made: classify.Inputs,
    out: Path,
    progress: Progress,
    device: str,
) -> nn.Module:
    """Stage 2, or the baseline: train everything."""
    ours = recipe.method == "posttrain"
    settings = loop_settings(
        recipe,
        len(data.train),
        device,
        learning_rate=recipe.learning_rate if ours else recipe.baseline_rate,
        final_rate=recipe.final_rate if ours else 0.0,
        schedule="cosine" if ours else "constant",
        warmup_epochs=0.0,
        weight_decay=recipe.weight_decay if ours else recipe.baseline_decay,
        betas=(0.9, 0.999),
        select="statement_auroc" if recipe.task == "all71" else "auroc",
    )
    seen = partly_seen(body.network, recipe.seen)
    objective = classify.StatementObjective(body.network, seen, recipe.dropout if ours else 0.0)
    return classify.train(
        objective, data, made, settings, recipe.batch, out, device=device, progress=progress
    )


def partly_seen(network: Any, share_seen: float) -> Callable[[Tensor], Tensor] | None:
    """Return features of a random part of the input, for speed and as a regulariser; None = all of it.

    A network without `forward_part` always sees all of its input.
    """
    if share_seen >= 1.0 or not hasattr(network, "forward_part"):
        return None
    return lambda signal: network.forward_part(signal, share_seen)
