"""Supervised training of any network with `forward_features` and `forward_head` on a label task."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.progress import Progress, silent
from ecgview.training.data import labels, share
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.material import Data
from ecgview.training.data.pack import Pack
from ecgview.training.engine import run_state
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import LoopSettings
from ecgview.training.evaluation import metrics

Array = NDArray[np.float32]
Training = Callable[[Tensor, torch.Generator], Tensor]  # (n, 12, samples) mV -> network input
Views = Callable[[Tensor], list[Tensor]]  # the same in evaluation: views whose answers are averaged


@dataclass(frozen=True, slots=True)
class Inputs:
    """How packed millivolts become network input, in training and in evaluation."""

    training: Training
    views: Views
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True, slots=True)
class StatementBatch:
    """`signal` network input, `statements` (n, k) 0/1."""

    signal: Tensor
    statements: Tensor


class StatementObjective(nn.Module):
    """forward(StatementBatch) -> plain binary cross-entropy; `features` may see less in training."""

    def __init__(
        self, network: nn.Module, features: Callable[[Tensor], Tensor] | None = None, dropout: float = 0.0
    ):
        super().__init__()
        self.network = network
        self._features = features
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: StatementBatch) -> dict[str, Tensor]:
        """Return {"loss"}."""
        network: Any = self.network
        found = (self._features or network.forward_features)(batch.signal)
        logits = network.forward_head(self.dropout(found))
        return {"loss": F.binary_cross_entropy_with_logits(logits.float(), batch.statements)}


def train(
    objective: StatementObjective,
    data: Data,
    inputs: Inputs,
    settings: LoopSettings,
    batch: int,
    out: Path,
    *,
    device: str = "auto",
    progress: Progress = silent,
) -> nn.Module:
    """Train, choose the epoch by the validation rows' macro AUROC, return the network at that epoch."""
    part = share.this_process(device)

    def batches(epoch: int, first: int) -> Iterator[StatementBatch]:
        for rows, _, generator in part.batches(data.train, batch, settings.seed * 7919 + epoch, first):
            signal = inputs.augmentation(data.pack.millivolts(rows), generator, part)
            wanted = torch.from_numpy(data.wanted[rows])
            yield StatementBatch(inputs.training(signal, generator), wanted)

    def validate(model: nn.Module) -> Mapping[str, float]:
        said = answers(model.network, data.pack, data.validation, inputs.views)  # type: ignore[arg-type]
        return figures(data.wanted[data.validation], said, data.task.name)

    fit(objective, batches, settings, out, validate=validate, device=device, progress=progress)
    objective.load_state_dict(run_state.best_weights(out))
    return objective.network.eval()


def figures(wanted: Array, said: Array, task: str = "all71") -> dict[str, float]:
    """Return the macro AUROC of the classes with five positives, and for all71 of the superclasses; (n, k) each."""
    columns = metrics.with_at_least(wanted, 5)
    if task != "all71":
        return {"auroc": metrics.macro_auroc(wanted, said, columns if len(columns) else None)}
    supers = labels.superclass_targets(wanted)
    return {
        "statement_auroc": metrics.macro_auroc(wanted, said, columns if len(columns) else None),
        "super_auroc": metrics.macro_auroc(supers, labels.superclass_probability(said)),
    }


def answers(network: nn.Module, pack: Pack, index: share.Index, views: Views) -> Array:
    """Return (n, k) probabilities, the mean over the views, float32, evaluation mode."""
    network.eval()
    device = next(network.parameters()).device
    rows = []
    with torch.inference_mode():
        for begin in range(0, len(index), 64):
            signal = pack.millivolts(index[begin : begin + 64])
            said = [torch.sigmoid(network(view.to(device)).float()) for view in views(signal)]
            rows.append(torch.stack(said).mean(0).cpu().numpy())
    return np.concatenate(rows)
