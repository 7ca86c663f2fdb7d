"""Fine-tuning of MTECG-T on PTB-XL's 71 statements: recipe, data, run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ecgview.errors import ModelError
from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.progress import Progress, silent
from ecgview.training import kernels, labels, splits, teacher
from ecgview.training.augment import Augmentation
from ecgview.training.initialise import start_small
from ecgview.training.loop import LoopSettings, epochs_done, fit
from ecgview.training.metrics import macro_auroc, with_at_least
from ecgview.training.objectives.supervised import LabelledBatch, SupervisedObjective
from ecgview.training.pack import Pack
from ecgview.training.pretrain import SCALE, open_pack

AUXILIARY = 256


@dataclass(frozen=True, slots=True)
class FinetuneRecipe:
    """Fine-tuning. Values are defaults of ours; the paper's are unpublished (methods A.3)."""

    epochs: int = 24
    batch: int = 64
    learning_rate: float = 6e-4
    warmup_epochs: float = 2.0
    weight_decay: float = 0.1
    layer_decay: float = 0.75
    drop_path: float = 0.1
    seen: float = 0.5  # share of the segments that the encoder sees in training
    mean_pool: bool = True
    ema_decay: float = 0.99
    superclass_weight: float = 1.0
    teacher: bool = True  # distil out-of-fold answers of the random-kernel regression
    teacher_weight: float = 1.0
    teacher_strength: float = 1e-3
    auxiliary_weight: float = 0.3
    smoothing: float = 0.0
    unlabelled: bool = True  # records without labels learn from the teacher alone
    depth: int = 12
    seed: int = 0
    most_records: int = 0
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(gain=0.1, lead_gain=0.05, mask_leads=0.05)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A fine-tuned classifier with its answers on the validation fold, (n, 71) each."""

    network: Mtecg
    validation_targets: NDArray[np.float32]
    validation_probability: NDArray[np.float32]
    n_train: int  # labelled records learnt from


def run(
    recipe: FinetuneRecipe,
    data: Path,
    out: Path,
    cache: Path,
    start: Path | None = None,
    progress: Progress = silent,
    device: str = "cpu",
) -> Tuned:
    """Fine-tune on the training folds, choose the epoch on the validation fold; resumed if `out` exists.

    Args:
        recipe: how.
        data: folder with PTB-XL.
        out: weights and log.
        cache: packed ECGs.
        start: folder of a pre-training run; None trains from scratch.
        progress: told per step.
        device: cpu, cuda or mps.
    """
    pack = open_pack(data, cache, progress)
    train, validation = splits.labelled(pack, "train"), splits.labelled(pack, "validation")
    if recipe.most_records:
        train = train[: recipe.most_records]
    free = np.array([i for i, row in enumerate(pack.rows) if row.fold == 0], dtype=np.int64)
    free = free if recipe.unlabelled and recipe.teacher else free[:0]
    soft, auxiliary = None, None
    if recipe.teacher and epochs_done(out) < recipe.epochs:  # minutes, and nothing to teach once all is done
        soft = teacher.superclass_logits(pack, train, free, cache, recipe.teacher_strength)
        auxiliary = kernels.cached_targets(pack, splits.unlabelled(pack), AUXILIARY, cache)
    torch.manual_seed(recipe.seed)
    config = MtecgConfig(
        n_classes=len(labels.statement_codes()),
        depth=recipe.depth,
        drop_path=recipe.drop_path,
        mean_pool=recipe.mean_pool,
    )
    objective = _objective(recipe, config, start)
    index = np.concatenate([train, free])
    settings = LoopSettings(
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        steps_per_epoch=max(1, len(index) // recipe.batch),
        warmup_epochs=min(recipe.warmup_epochs, recipe.epochs / 4),
        weight_decay=recipe.weight_decay,
        betas=(0.9, 0.999),
        layer_decay=recipe.layer_decay,
        ema_decay=recipe.ema_decay,
        seed=recipe.seed,
        select="super_auroc",
    )
    wanted = labels.targets(pack, np.arange(len(pack)))
    wanted[free] = np.nan

    def batches(epoch: int) -> Iterator[LabelledBatch]:
        return _batches(pack, index, wanted, soft, auxiliary, recipe, epoch)

    def validate(model: nn.Module) -> Mapping[str, float]:
        said = answers(model.network, pack, validation, device)  # type: ignore[arg-type]
        columns = with_at_least(wanted[validation], 5)
        supers = labels.superclass_targets(wanted[validation])
        return {
            "super_auroc": macro_auroc(supers, labels.superclass_probability(said)),
            "statement_auroc": macro_auroc(wanted[validation], said, columns),
        }

    fit(
        objective,
        batches,
        settings,
        out,
        depth=recipe.depth,
        validate=validate,
        device=device,
        progress=progress,
    )
    best = torch.load(out / "best.pt", map_location="cpu", weights_only=True)
    objective.load_state_dict(best["model"])
    network = objective.network.eval()
    return Tuned(network, wanted[validation], answers(network, pack, validation, device), len(train))


def _objective(recipe: FinetuneRecipe, config: MtecgConfig, start: Path | None) -> SupervisedObjective:
    network = Mtecg(config)
    start_small(network, recipe.seed)
    auxiliary = nn.Linear(config.width, AUXILIARY) if recipe.teacher and recipe.auxiliary_weight else None
    if start is not None:
        path = start / "last.pt"
        if not path.exists():
            raise ModelError("no pre-training run here", where=str(start), expected="last.pt")
        state = torch.load(path, map_location="cpu", weights_only=True)["model"]
        encoder = {
            k.removeprefix("network.encoder."): v
            for k, v in state.items()
            if k.startswith("network.encoder.")
        }
        missing, unknown = network.load_state_dict(encoder, strict=False)
        if unknown or any(not name.startswith("head.") for name in missing):
            raise ModelError(
                "the pre-trained weights do not fit",
                where=str(path),
                found=", ".join([*missing, *unknown][:5]),
            )
        if auxiliary is not None and "auxiliary.weight" in state:
            auxiliary.load_state_dict({"weight": state["auxiliary.weight"], "bias": state["auxiliary.bias"]})
    return SupervisedObjective(
        network,
        auxiliary=auxiliary,
        seen=recipe.seen,
        superclass_weight=recipe.superclass_weight,
        teacher_weight=recipe.teacher_weight if recipe.teacher else 0.0,
        auxiliary_weight=recipe.auxiliary_weight,
        smoothing=recipe.smoothing,
    )


def _batches(
    pack: Pack,
    index: NDArray[np.int64],
    wanted: NDArray[np.float32],
    soft: NDArray[np.float32] | None,
    auxiliary: NDArray[np.float32] | None,
    recipe: FinetuneRecipe,
    epoch: int,
) -> Iterator[LabelledBatch]:
    generator = torch.Generator().manual_seed(recipe.seed * 7919 + epoch)
    order = index[torch.randperm(len(index), generator=generator).numpy()]
    size = min(recipe.batch, len(order))
    for begin in range(0, len(order) - size + 1, size):
        chosen = np.sort(order[begin : begin + size])
        signal = recipe.augmentation(pack.millivolts(chosen), generator) * SCALE
        yield LabelledBatch(
            signal,
            torch.from_numpy(wanted[chosen]),
            None if soft is None else torch.from_numpy(soft[chosen]),
            None if auxiliary is None else torch.from_numpy(auxiliary[chosen]),
        )


def answers(network: Mtecg, pack: Pack, index: NDArray[np.int64], device: str = "cpu") -> NDArray[np.float32]:
    """Return (n, 71) probabilities of packed records, float32, evaluation mode."""
    network.eval()
    rows = []
    with torch.inference_mode():
        for begin in range(0, len(index), 64):
            logits = network((pack.millivolts(index[begin : begin + 64]) * SCALE).to(device))
            rows.append(torch.sigmoid(logits.float()).cpu().numpy())
    return np.concatenate(rows)
