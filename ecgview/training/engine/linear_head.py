"""A linear head on features that are computed once.

As the masked-autoencoder papers do it: batch normalisation without scale or shift, then one linear layer. The
normalisation is folded into the linear layer at the end, so that the network stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.progress import Counted, Progress, silent
from ecgview.training.data import share
from ecgview.training.data.material import Data
from ecgview.training.engine import run_state
from ecgview.training.engine.bodies import Body
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import LoopSettings
from ecgview.training.evaluation.metrics import macro_auroc

Array = NDArray[np.float32]


class Head(nn.Module):
    """forward((features, targets) batch) -> loss; dropout, optional normalisation, one linear layer."""

    def __init__(self, width: int, n_classes: int, *, dropout: float = 0.0, normalised: bool = True) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False) if normalised else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width, n_classes)
        nn.init.trunc_normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def logits(self, features: Tensor) -> Tensor:
        """Return (batch, classes)."""
        out: Tensor = self.linear(self.dropout(self.norm(features)))
        return out

    def forward(self, batch: "FeatureBatch") -> dict[str, Tensor]:
        """Return {"loss"}: binary cross-entropy over the targets that are known."""
        known = torch.isfinite(batch.targets)
        logits = self.logits(batch.features).float()
        loss = F.binary_cross_entropy_with_logits(logits[known], batch.targets[known])
        return {"loss": loss if known.any() else logits.sum() * 0.0}

    def folded(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the one linear layer that does the same in evaluation."""
        weight, bias = self.linear.weight.detach(), self.linear.bias.detach()
        if isinstance(self.norm, nn.BatchNorm1d):
            mean, variance = self.norm.running_mean, self.norm.running_var
            assert mean is not None
            assert variance is not None
            scale = torch.rsqrt(variance + self.norm.eps)
            bias = bias - weight @ (scale * mean)
            weight = weight * scale
        return weight, bias


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """`features` (n, width) of frozen layers, `targets` (n, k) 0/1, NaN where nothing is known."""

    features: Tensor
    targets: Tensor


def fit_head(
    head: Head,
    features: Mapping[str, Array],
    targets: Mapping[str, Array],
    settings: LoopSettings,
    batch: int,
    out: Path,
    progress: Progress = silent,
    device: str = "auto",
) -> Head:
    """Train a head on cached features and return it at its best epoch by macro AUROC on "validation".

    `features` and `targets` hold "train" and "validation", (n, width) and (n, k).
    """
    part = share.this_process(device)
    rows = np.arange(len(features["train"]))

    def batches(epoch: int, first: int) -> Iterator[FeatureBatch]:
        for chosen, _, _ in part.batches(rows, batch, settings.seed * 7919 + epoch, first):
            yield FeatureBatch(
                torch.from_numpy(features["train"][chosen]), torch.from_numpy(targets["train"][chosen])
            )

    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, Head)
        with torch.inference_mode():
            seen = torch.from_numpy(features["validation"]).to(model.linear.weight.device)
            said = torch.sigmoid(model.logits(seen).float()).cpu().numpy()
        return {"auroc": macro_auroc(targets["validation"], said)}

    fit(head, batches, settings, out, validate=validate, device=device, progress=progress)
    head.load_state_dict(run_state.best_weights(out))
    return head.eval()


def features_of(
    forward: Callable[[Tensor], Tensor],
    signal: Callable[[share.Index], Tensor],
    index: share.Index,
    progress: Progress = silent,
) -> Array:
    """Return (n, width) features of rows; `signal` makes network input of a few rows, `forward` its features."""
    rows = []
    with torch.inference_mode():
        for begin in range(0, len(index), 64):
            progress(Counted(begin, len(index), "records"), "features")
            rows.append(forward(signal(index[begin : begin + 64])).float().cpu().numpy())
    return np.concatenate(rows)


def fit_on_frozen(
    body: Body,
    data: Data,
    settings: LoopSettings,
    batch: int,
    out: Path,
    *,
    dropout: float = 0.0,
    normalised: bool = True,
    progress: Progress = silent,
    device: str = "auto",
) -> None:
    """Train the body's head on features of all that lies below it, and put the best one on the network."""
    # Evaluation mode: the features are those that the frozen network will give, without dropout.
    network = body.network.eval()
    scale = body.card.input.scale
    rows = {"train": data.train, "validation": data.validation}
    features = {
        name: features_of(
            network.forward_features,  # type: ignore[arg-type]
            lambda r: data.pack.millivolts(r) * scale,
            index,
            progress,
        )
        for name, index in rows.items()
    }
    targets = {name: data.wanted[index] for name, index in rows.items()}
    head = Head(body.head.in_features, data.wanted.shape[1], dropout=dropout, normalised=normalised)
    fit_head(head, features, targets, settings, batch, out, progress, device)
    # The scaling of features is folded into the head, so that the network answers as the head did.
    weight, bias = head.folded()
    body.head.load_state_dict({"weight": weight.cpu(), "bias": bias.cpu()})
