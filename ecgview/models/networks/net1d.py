"""Net1D, the network of ECGFounder: a grouped one-dimensional residual network with squeeze and excitation.

Source: PKUDigitalHealth/ECGFounder (MIT), re-written from its published sizes and names. Batch norms stand in
its checkpoints but are never applied; they are kept so that the published names load strictly.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import cards
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks import PostTraining
from ecgview.models.networks.kit import outputs
from ecgview.models.networks.kit.drop_path import DropPath, DropPathRule, drop_path_rates
from ecgview.models.networks.kit.sizes import sized, written

NAME = "Net1D"
HEAD = "dense"
# Its own filter brings every lead to unit deviation: no scale.
INPUT = InputSpec(leads=STANDARD_12, filter="ecgfounder")
# One group of 16 a block, two in the last stages: the least that its convolutions in groups can be cut to.
SMALL = {"stem_width": 16, "widths": (16, 16, 16, 16, 16, 32, 32)}
CHECKPOINT = "ECGFounder (first_conv, stage_list, dense)"


@dataclass(frozen=True, slots=True)
class Net1dConfig:
    """Sizes as published; `dropout` (three places in a block) and `drop_path` act in post-training alone."""

    n_leads: int = 12
    n_classes: int = 150
    stem_width: int = 64
    widths: tuple[int, ...] = (64, 160, 160, 400, 400, 1024, 1024)
    blocks: tuple[int, ...] = (2, 2, 2, 3, 3, 4, 4)
    kernel: int = 16
    group_width: int = 16
    dropout: float = 0.0
    drop_path: float = 0.0
    drop_path_rule: DropPathRule = "linear"


class SameConv(nn.Module):
    """Convolution whose output has ceil(samples / stride) samples."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv = nn.Conv1d(n_in, n_out, kernel, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, n_out, ceil(samples / stride))."""
        length = x.shape[-1]
        wanted = -(-length // self.stride)
        # "Same" padding of the published code: what is odd goes behind.
        padding = max(0, (wanted - 1) * self.stride + self.kernel - length)
        out: Tensor = self.conv(F.pad(x, (padding // 2, padding - padding // 2)))
        return out


class Block(nn.Module):
    """Bottleneck with squeeze-and-excitation gate; the first block of a stage halves the length."""

    def __init__(
        self, n_in: int, n_out: int, config: Net1dConfig, drop_path: float, *, halves: bool, is_first: bool
    ) -> None:
        super().__init__()
        self.n_in, self.n_out = n_in, n_out
        self.halves, self.is_first = halves, is_first
        self.bn1 = nn.BatchNorm1d(n_in)
        self.conv1 = SameConv(n_in, n_out, 1, 1)
        self.bn2 = nn.BatchNorm1d(n_out)
        self.conv2 = SameConv(n_out, n_out, config.kernel, 2 if halves else 1, n_out // config.group_width)
        self.bn3 = nn.BatchNorm1d(n_out)
        self.conv3 = SameConv(n_out, n_out, 1, 1)
        self.se_fc1 = nn.Linear(n_out, n_out // 2)
        self.se_fc2 = nn.Linear(n_out // 2, n_out)
        self.dropout = nn.Dropout(config.dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, n_out, samples or half of them)."""
        # The first block of the network has no activation before it, as published.
        out = x if self.is_first else self.dropout(F.silu(x))
        out = self.dropout(F.silu(self.conv1(out)))
        out = self.dropout(F.silu(self.conv2(out)))
        out = self.conv3(out)
        gate = torch.sigmoid(self.se_fc2(F.silu(self.se_fc1(out.mean(-1)))))
        kept: Tensor = self.drop_path(out * gate[..., None]) + self._identity(x)
        return kept

    def _identity(self, x: Tensor) -> Tensor:
        if self.halves:
            x = F.max_pool1d(F.pad(x, (0, x.shape[-1] % 2)), 2)
        if self.n_in != self.n_out:
            before = (self.n_out - self.n_in) // 2
            x = F.pad(x, (0, 0, before, self.n_out - self.n_in - before))
        return x


class Stage(nn.Module):
    """Blocks of one width."""

    def __init__(
        self, n_in: int, n_out: int, config: Net1dConfig, drop_paths: list[float], *, is_first: bool
    ) -> None:
        super().__init__()
        self.block_list = nn.ModuleList(
            Block(n_in if i == 0 else n_out, n_out, config, rate, halves=i == 0, is_first=is_first and i == 0)
            for i, rate in enumerate(drop_paths)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, width, half the samples)."""
        for block in self.block_list:
            x = block(x)
        return x


class Net1d(nn.Module):
    """ECGFounder's network; input (batch, leads, 5000) after its own preprocessing."""

    def __init__(self, config: Net1dConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or Net1dConfig()
        self.first_conv = SameConv(config.n_leads, config.stem_width, config.kernel, 2)
        self.first_bn = nn.BatchNorm1d(config.stem_width)
        stages = []
        width = config.stem_width
        rates = drop_path_rates(config.drop_path, sum(config.blocks), config.drop_path_rule)
        for i, (n_out, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            of_stage, rates = rates[:count], rates[count:]
            stages.append(Stage(width, n_out, config, of_stage, is_first=i == 0))
            width = n_out
        self.stage_list = nn.ModuleList(stages)
        self.dense = nn.Linear(width, config.n_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the mean over time of the last stage, (batch, 1024)."""
        x = F.silu(self.first_conv(x))
        for stage in self.stage_list:
            x = stage(x)
        return x.mean(-1)

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        out: Tensor = self.dense(features)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        return self.forward_head(self.forward_features(x))


def build(card: ModelCard) -> Net1d:
    """Return the network of a card with starting weights."""
    return Net1d(sized(Net1dConfig, card, n_leads=len(card.input.leads), n_classes=len(card.labels)))


def sizes(network: Net1d) -> dict[str, Any]:
    """Return the sizes as a card has them."""
    return written(network.config, ("n_leads", "n_classes", "dropout", "drop_path", "drop_path_rule"))


def post_training(asked: PostTraining) -> dict[str, Any]:
    """Return the sizes that post-training changes: dropout in each block, stochastic depth over all blocks."""
    return asdict(asked)


def recognise(state: Mapping[str, Tensor], stranger: ModelCard, where: str) -> ModelCard | None:
    """Return the card of ECGFounder's weights, or of the same network with other outputs; None for others.

    Raises:
        ModelError: it takes neither twelve leads nor one.
    """
    if "first_conv.conv.weight" not in state or "dense.weight" not in state:
        return None
    n_leads = int(state["first_conv.conv.weight"].shape[1])
    n_classes = int(state["dense.weight"].shape[0])
    if n_leads not in (1, 12):
        raise ModelError("Net1D takes 12 leads or 1", where=where, found=str(n_leads))
    published = cards.get(f"ecgfounder-{n_leads}")
    if n_classes == len(published.labels):
        return replace(published, source=stranger.source)
    labels = outputs.unnamed(n_classes)
    return replace(
        stranger, kind="classifier", input=published.input, labels=labels, thresholds=(None,) * n_classes
    )
