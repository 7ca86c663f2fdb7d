"""Train EchoNext-Mini on EchoNext: the published recipe as far as it is known (methods F.3), flags missing masked."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ecgview.errors import ModelError
from ecgview.progress import Progress, silent
from ecgview.training.echonext import mini
from ecgview.training.echonext.layout import FLAGS, EchoNext
from ecgview.training.echonext.mini import EchoNextMini, MiniConfig


@dataclass(frozen=True, slots=True)
class MiniRecipe:
    """Adam, weight decay and patience as in the authors' code; epochs, batch and seed are defaults of ours."""

    config: MiniConfig = field(default_factory=MiniConfig)
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    patience: int = 20  # epochs without a smaller loss on the validation split
    weighted: bool = False  # positives by negatives / positives: the released weights look trained so
    epochs: int = 100
    batch: int = 64
    seed: int = 0
    most_records: int = 0  # of each split, for a trial


def train(recipe: MiniRecipe, source: EchoNext, progress: Progress = silent) -> tuple[EchoNextMini, int]:
    """Return the network of the epoch with the smallest validation loss, in evaluation mode, and that epoch from 1.

    Raises:
        ModelError: a split is empty, or no flag is known of any record.
    """
    torch.manual_seed(recipe.seed)
    network = EchoNextMini(recipe.config)
    places = {
        name: np.arange(len(source.rows[name][: recipe.most_records or None])) for name in ("train", "val")
    }
    wanted = {name: mini.flags(source, name)[chosen] for name, chosen in places.items()}
    if any(not np.isfinite(one).any() for one in wanted.values()):
        raise ModelError("no flags to learn from", where=str(source.folder), expected=", ".join(FLAGS[:2]))
    weight = _weights(wanted["train"]) if recipe.weighted else None
    steps = torch.optim.Adam(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    random = np.random.default_rng(recipe.seed)
    best, best_epoch = float("inf"), 0
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    for epoch in range(1, recipe.epochs + 1):
        progress((epoch - 1) / recipe.epochs, f"epoch {epoch}, validation loss {best:.4f}")
        network.train()
        for chosen, waveforms, table in mini.batches(
            source, "train", random.permutation(places["train"]), recipe.batch
        ):
            if len(chosen) < 2:  # a batch norm needs two
                continue
            steps.zero_grad()
            _loss(network(waveforms, table), wanted["train"][chosen], weight).backward()  # type: ignore[no-untyped-call]
            steps.step()
        loss = _validation_loss(network, source, places["val"], wanted["val"], weight)
        if loss < best:
            best, best_epoch = loss, epoch
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        elif epoch - best_epoch >= recipe.patience:
            break
    network.load_state_dict(kept)
    return network.eval().requires_grad_(False), best_epoch


def _validation_loss(
    network: EchoNextMini,
    source: EchoNext,
    places: NDArray[np.int64],
    wanted: NDArray[np.float32],
    weight: Tensor | None,
) -> float:
    network.eval()
    total = 0.0
    with torch.inference_mode():
        for chosen, waveforms, table in mini.batches(source, "val", places):
            total += float(_loss(network(waveforms, table), wanted[chosen], weight)) * len(chosen)
    return total / max(1, len(places))


def _loss(logits: Tensor, wanted: NDArray[np.float32], weight: Tensor | None) -> Tensor:
    """Return the mean binary cross-entropy over the flags that are known."""
    known = np.isfinite(wanted)
    each = F.binary_cross_entropy_with_logits(
        logits, torch.from_numpy(np.nan_to_num(wanted)), pos_weight=weight, reduction="none"
    )
    mask = torch.from_numpy(known.astype(np.float32))
    return (each * mask).sum() / mask.sum().clamp(min=1)


def _weights(wanted: NDArray[np.float32]) -> Tensor:
    positive, negative = (wanted == 1).sum(0), (wanted == 0).sum(0)
    return torch.from_numpy((negative / np.maximum(positive, 1)).astype(np.float32))
