"""Linear probing: a head on frozen features, which are computed once.

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

from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.progress import Progress, silent
from ecgview.training.data import inputs, labels, provenance, share, splits
from ecgview.training.engine import run_state
from ecgview.training.engine.loop import fit
from ecgview.training.engine.optimisation import LoopSettings
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.evaluation.metrics import macro_auroc
from ecgview.training.stages.finetune import Tuned, answers, load_encoder
from ecgview.training.stages.pretrain import open_pack

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ProbeRecipe:
    """Linear probing of MTECG. Values are defaults of ours; the paper's are unpublished."""

    epochs: int = 60
    batch: int = 256
    learning_rate: float = 1e-2
    weight_decay: float = 0.0
    mean_pool: bool = True
    depth: int = 12
    seed: int = 0
    most_records: int = 0


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
        """Return {"loss"}: binary cross-entropy."""
        return {
            "loss": F.binary_cross_entropy_with_logits(self.logits(batch.features).float(), batch.targets)
        }

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
    """`features` (n, width) of frozen layers, `targets` (n, k) 0/1."""

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
            progress(begin / len(index), f"features of record {begin}")
            rows.append(forward(signal(index[begin : begin + 64])).float().cpu().numpy())
    return np.concatenate(rows)


def run(
    recipe: ProbeRecipe,
    data: Path,
    out: Path,
    cache: Path,
    start: Path | None = None,
    progress: Progress = silent,
    device: str = "auto",
) -> Tuned:
    """Probe a pre-training run's encoder (or a random one) on PTB-XL's 71 statements; resumed if `out` exists."""
    pack = open_pack(data, cache, progress)
    index = {name: splits.labelled(pack, name) for name in ("train", "validation")}
    if recipe.most_records:
        index["train"] = index["train"][: recipe.most_records]
    learnt = provenance.of_supervised(pack, index["train"], start)
    provenance.keep(learnt, out)
    torch.manual_seed(recipe.seed)
    config = MtecgConfig(
        n_classes=len(labels.statement_codes()), depth=recipe.depth, mean_pool=recipe.mean_pool
    )
    network = Mtecg(config).eval()
    if start is not None:
        load_encoder(network, start)
    features = {
        name: features_of(
            network.forward_features, lambda r: pack.millivolts(r) * inputs.MTECG_SCALE, rows, progress
        )
        for name, rows in index.items()
    }
    targets = {name: labels.targets(pack, rows) for name, rows in index.items()}
    settings = loop_settings(
        recipe,
        len(index["train"]),
        device,
        warmup_epochs=2.0,
        betas=(0.9, 0.999),
        precision="fp32",
        select="auroc",
    )
    head = Head(config.width, config.n_classes)
    fit_head(head, features, targets, settings, recipe.batch, out, progress, device)
    weight, bias = head.folded()
    network.head.load_state_dict({"weight": weight.cpu(), "bias": bias.cpu()})
    rows = index["validation"]
    return Tuned(network, targets["validation"], answers(network, pack, rows), learnt)
