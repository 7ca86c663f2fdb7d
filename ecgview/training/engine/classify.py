"""Supervised training of any network with `forward_features` and `forward_head` on a label task."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ecgview.progress import Progress, silent
from ecgview.training.data import labels, share
from ecgview.training.data.augment import Augmentation
from ecgview.training.data.material import Data
from ecgview.training.data.pack import Pack
from ecgview.training.engine import run_state
from ecgview.training.engine.bodies import Body
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import LoopSettings
from ecgview.training.evaluation import challenge_score, metrics
from ecgview.training.objectives.supervised import LabelledBatch, SupervisedObjective

Array = NDArray[np.float32]
Training = Callable[[Tensor, torch.Generator], Tensor]  # (n, 12, samples) mV -> network input
Views = Callable[[Tensor], list[Tensor]]  # the same in evaluation: views whose answers are averaged


@dataclass(frozen=True, slots=True)
class Inputs:
    """How packed millivolts become network input, in training and in evaluation."""

    training: Training
    views: Views
    augmentation: Augmentation = field(default_factory=Augmentation)


def scaled(scale: float, augmentation: Augmentation | None = None) -> Inputs:
    """Return whole records in a network's own units, for training and for evaluation."""
    return Inputs(lambda x, _: x * scale, lambda x: [x * scale], augmentation or Augmentation())


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a stage made: a network with the card that builds it, what it learnt from, how its input is made."""

    body: Body
    data: Data
    inputs: Inputs

    def said(self, index: share.Index) -> Array:
        """Return (n, k) probabilities of packed records."""
        return answers(self.body.network, self.data.pack, index, self.inputs.views)


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What is known of the records beside their labels: (records, ...) each, as `LabelledBatch` has them."""

    teacher: Array | None = None
    auxiliary: Array | None = None
    earlier: Array | None = None


def train(
    objective: SupervisedObjective,
    data: Data,
    inputs: Inputs,
    settings: LoopSettings,
    batch: int,
    out: Path,
    *,
    taught: Taught | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> nn.Module:
    """Train, choose the epoch by the validation rows' macro AUROC, return the network at that epoch."""
    part = share.this_process(device)
    taught = taught or Taught()

    def batches(epoch: int, first: int) -> Iterator[LabelledBatch]:
        for rows, _, generator in part.batches(data.train, batch, settings.seed * 7919 + epoch, first):
            signal = inputs.augmentation(data.pack.millivolts(rows), generator, part)
            known = (data.wanted, taught.teacher, taught.auxiliary, taught.earlier)
            chosen = [None if values is None else torch.from_numpy(values[rows]) for values in known]
            yield LabelledBatch(inputs.training(signal, generator), *chosen)  # type: ignore[arg-type]

    def validate(model: nn.Module) -> Mapping[str, float]:
        said = answers(model.network, data.pack, data.validation, inputs.views)  # type: ignore[arg-type]
        return figures(data.wanted[data.validation], said, data.task.name)

    fit(objective, batches, settings, out, validate=validate, device=device, progress=progress)
    objective.load_state_dict(run_state.best_weights(out))
    return objective.network.eval()


def figures(wanted: Array, said: Array, task: str = "all71") -> dict[str, float]:
    """Return the macro AUROC of the classes with five positives, and for all71 of the superclasses; (n, k) each.

    For cinc26 the challenge's own score, too, of the classes called from a probability of a half on.
    """
    # An AUROC over fewer positives than five jumps with every record and would choose the epoch.
    columns = metrics.with_at_least(wanted, 5)
    if task != "all71":
        found = {"auroc": metrics.macro_auroc(wanted, said, columns if len(columns) else None)}
        if task == "cinc26":
            # Called from a half on, a choice of ours: a cut for each class would be chosen on these same records.
            found["challenge_score"] = challenge_score.score(wanted, said >= 0.5)
        return found
    supers = labels.superclass_targets(wanted)
    return {
        "statement_auroc": metrics.macro_auroc(wanted, said, columns if len(columns) else None),
        "super_auroc": metrics.macro_auroc(supers, labels.superclass_probability(said)),
    }


def partly_seen(network: Any, share_seen: float) -> Callable[[Tensor], Tensor] | None:
    """Return features of a random part of the input, for speed and as a regulariser; None = all of it.

    A network without `forward_part` always sees all of its input.
    """
    if share_seen >= 1.0 or not hasattr(network, "forward_part"):
        return None
    return lambda signal: network.forward_part(signal, share_seen)


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
