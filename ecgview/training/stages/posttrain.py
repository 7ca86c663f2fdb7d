"""Post-training of a foundation model: preview linear probing, then full fine-tuning with stochastic depth.

Source: arXiv 2509.12991; the values come from a re-implementation by others and are probably the paper's (methods
C.2). Beside it stands the official baseline: a new head and everything trained at once (methods E.4).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ecgview.errors import ModelError
from ecgview.models import architectures, cards
from ecgview.models.cards import InputSpec
from ecgview.models.networks.kit.drop_path import DropPathRule
from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.models.networks.net1d import Net1d, Net1dConfig
from ecgview.progress import Progress, silent
from ecgview.training.data import inputs, material, share
from ecgview.training.data.augment import Augmentation
from ecgview.training.engine import classify
from ecgview.training.engine.initialise import start_small
from ecgview.training.engine.optimisation import LoopSettings, Precision
from ecgview.training.engine.recipe import with_loop_values
from ecgview.training.stages import probe
from ecgview.training.stages.finetune import load_encoder

Method = Literal["posttrain", "baseline"]
NET1D_STARTS = ("net1d", "ecgfounder-12")


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
    net1d_width: int = (
        0  # 0 = the published sizes; else the last stage's width of a smaller Net1D, for trials
    )
    seed: int = 0
    most_records: int = 0
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(shift=True, gain=0.0, lead_gain=0.0, noise_mv=0.0)
    )


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network with its weights, what its input is made of, and where its head sits."""

    network: nn.Module
    spec: InputSpec
    scale: float
    width: int
    head: str
    depth: int


def run(
    recipe: PostTrainRecipe,
    data: Path,
    out: Path,
    cache: Path,
    start: Path | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> tuple[nn.Module, material.Data, classify.Inputs]:
    """Post-train (or fine-tune the official way) and return the network at its best validation epoch.

    Args:
        recipe: how.
        data: a data set in any known layout, or a folder with PTB-XL.
        out: folder of the run: `preview/` and `full/`; resumed if it exists.
        cache: packed ECGs.
        start: a masked-autoencoder run or catalogue id (transformer), "ecgfounder-12" (Net1D), or "net1d" for random
            weights; None = random transformer weights.
        progress: told per step.
        device: auto, cpu, cuda or mps.

    Raises:
        ModelError: no such start, or weights that do not fit.
    """
    torch.manual_seed(recipe.seed)
    spec = inputs.NET1D if str(start) in NET1D_STARTS else inputs.MTECG
    found = material.of_task(
        data,
        cache,
        spec,
        recipe.task,
        progress,
        share=recipe.share_of_data,
        seed=recipe.seed,
        most_records=recipe.most_records,
    )
    body = backbone(recipe, start, len(found.task))
    made = classify.Inputs(lambda x, _: x * body.scale, lambda x: [x * body.scale], recipe.augmentation)
    if recipe.method == "posttrain":
        _preview(recipe, body, found, out / "preview", progress, device)
    network = _full(recipe, body, found, made, out / "full", progress, device)
    return network, found, made


def backbone(recipe: PostTrainRecipe, start: Path | None, n_classes: int = 71) -> Backbone:
    """Return the network that a recipe and a start name, with a new head."""
    stochastic = recipe.method == "posttrain"
    drop_path = recipe.drop_path if stochastic else 0.0
    dropout = recipe.dropout if stochastic else 0.0
    if start is not None and str(start) in NET1D_STARTS:
        config = _net1d_config(recipe, n_classes, dropout, drop_path)
        net = Net1d(config)
        if str(start) == "ecgfounder-12":
            _load_ecgfounder(net)
        return Backbone(net, inputs.NET1D, 1.0, config.widths[-1], "dense", sum(config.blocks))
    sizes = MtecgConfig(
        n_classes=n_classes, drop_path=drop_path, drop_path_rule=recipe.drop_path_rule, mean_pool=True
    )
    network = Mtecg(sizes)
    start_small(network, recipe.seed)
    if start is not None:
        load_encoder(network, start)
    return Backbone(network, inputs.MTECG, inputs.MTECG_SCALE, sizes.width, "head", sizes.depth)


def _net1d_config(recipe: PostTrainRecipe, n_classes: int, dropout: float, drop_path: float) -> Net1dConfig:
    published = Net1dConfig(
        n_classes=n_classes, dropout=dropout, drop_path=drop_path, drop_path_rule=recipe.drop_path_rule
    )
    if not recipe.net1d_width:
        return published
    part = recipe.net1d_width / published.widths[-1]
    widths = tuple(max(16, 16 * round(part * width / 16)) for width in published.widths)
    return Net1dConfig(
        n_classes=n_classes,
        stem_width=16,
        widths=widths,
        dropout=dropout,
        drop_path=drop_path,
        drop_path_rule=recipe.drop_path_rule,
    )


def _load_ecgfounder(network: Net1d) -> None:
    state = architectures.load(cards.get("ecgfounder-12")).state_dict()
    kept = {name: value for name, value in state.items() if not name.startswith("dense.")}
    missing, unknown = network.load_state_dict(kept, strict=False)
    if unknown or any(not name.startswith("dense.") for name in missing):
        raise ModelError("ECGFounder's weights do not fit", found=", ".join([*missing, *unknown][:5]))


def _preview(
    recipe: PostTrainRecipe,
    body: Backbone,
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
            net.forward_features, lambda r: data.pack.millivolts(r) * body.scale, index, progress
        )
        for name, index in rows.items()
    }
    targets = {name: data.wanted[index] for name, index in rows.items()}
    settings = LoopSettings(
        epochs=recipe.preview_epochs,
        learning_rate=recipe.preview_rate,
        steps_per_epoch=share.this_process(device).steps(recipe.batch, len(data.train)),
        warmup_epochs=0.0,
        weight_decay=recipe.preview_decay,
        betas=(0.9, 0.999),
        precision="fp32",
        seed=recipe.seed,
        select="auroc",
    )
    head = probe.Head(body.width, data.wanted.shape[1], dropout=recipe.dropout, normalised=False)
    probe.fit_head(head, features, targets, settings, recipe.batch, out, progress, device)
    # The probe's scaling of features is folded into the head, so that stage 2 begins where stage 1 ended.
    weight, bias = head.folded()
    getattr(net, body.head).load_state_dict({"weight": weight.cpu(), "bias": bias.cpu()})


def _full(
    recipe: PostTrainRecipe,
    body: Backbone,
    data: material.Data,
    made: classify.Inputs,
    out: Path,
    progress: Progress,
    device: str,
) -> nn.Module:
    """Stage 2, or the baseline: train everything."""
    ours = recipe.method == "posttrain"
    settings = LoopSettings(
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate if ours else recipe.baseline_rate,
        final_rate=recipe.final_rate if ours else 0.0,
        schedule="cosine" if ours else "constant",
        steps_per_epoch=share.this_process(device).steps(recipe.batch, len(data.train)),
        warmup_epochs=0.0,
        weight_decay=recipe.weight_decay if ours else recipe.baseline_decay,
        betas=(0.9, 0.999),
        seed=recipe.seed,
        select="statement_auroc" if recipe.task == "all71" else "auroc",
    )
    settings = with_loop_values(settings, recipe)
    seen = partly_seen(body.network, recipe.seen) if isinstance(body.network, Mtecg) else None
    objective = classify.StatementObjective(body.network, seen, recipe.dropout if ours else 0.0)
    return classify.train(
        objective, data, made, settings, recipe.batch, out, depth=body.depth, device=device, progress=progress
    )


def partly_seen(network: Mtecg, share_seen: float) -> Callable[[Tensor], Tensor] | None:
    """Return features of a random part of the segments, for speed and as a regulariser; None = all of them."""
    if share_seen >= 1.0:
        return None
    count = max(1, round(share_seen * network.config.n_segments))

    def features(signal: Tensor) -> Tensor:
        order = torch.rand(len(signal), network.config.n_segments, device=signal.device).argsort(1)
        return network.encode(signal, order[:, :count].sort(1).values)[:, 1:].mean(1)

    return features
