"""Residual convolutions at 100 Hz: a few small networks of one recipe side by side, and random kernels beside them.

Blocks of two convolutions with an identity beside them, as He et al. (CVPR 2016) have them, a gate for each channel
after Hu et al. (squeeze and excitation, CVPR 2018), in one dimension as PTB-XL's benchmark has used them (Strodthoff
et al., IEEE J. Biomed. Health Inform. 25:1519, 2021: xresnet1d). The sizes, the rate, and that several networks from
other random starts and the features of random kernels (`random_kernels`) stand under one linear layer are choices of
ours. A lead that is not there is a row of zeros.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks.kit.drop_path import DropPath, drop_path_rates
from ecgview.models.networks.kit.sizes import sized, written
from ecgview.models.networks.random_kernels import KernelFeatures, RandomKernelsConfig

NAME = "Residual networks"
ANY_LEADS = "Residual network for any set of leads"  # of one that learnt with few leads shown
HEAD = "head"
INPUT = InputSpec(leads=STANDARD_12, filter="bandpass-0.5-40", lead_agnostic=True)
SMALL = {"stem": (8, 8), "widths": (8, 16), "blocks": (1, 1)}
# The card's leads and labels say the first two; stochastic depth rests outside training.
NOT_ON_CARDS = ("n_leads", "n_classes", "drop_path")
_SQUEEZED = 8  # the gate's inner layer is so many times narrower


@dataclass(frozen=True, slots=True)
class ResidualConfig:
    """Sizes, every one a choice of ours. `members` networks stand side by side."""

    n_leads: int = 12
    n_classes: int = 71
    members: int = 1
    every: int = 5  # samples whose mean is one: 500 to 100 Hz
    stem: Sequence[int] = (32, 64)
    widths: Sequence[int] = (48, 96, 192)
    blocks: Sequence[int] = (2, 2, 2)
    kernel: int = 7
    drop_path: float = 0.0  # from 0 in the first block to this in the last
    dilations: Sequence[int] = ()  # of the groups of random kernels; none, no kernels
    per_group: int = 50
    length: int = 9

    @property
    def n_features(self) -> int:
        """What the linear layer takes: of each member, then of the kernels."""
        return 2 * self.widths[-1] * self.members + 3 * self.per_group * len(self.dilations)


class Block(nn.Module):
    """Two convolutions with a gate for each channel, and what goes past them."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, drop_path: float) -> None:
        super().__init__()
        half = kernel // 2
        self.conv1 = nn.Conv1d(n_in, n_out, kernel, stride, half, bias=False)
        self.norm1 = nn.BatchNorm1d(n_out)
        self.conv2 = nn.Conv1d(n_out, n_out, kernel, 1, half, bias=False)
        self.norm2 = nn.BatchNorm1d(n_out)
        nn.init.zeros_(self.norm2.weight)  # a block begins as its identity
        narrow = max(1, n_out // _SQUEEZED)
        self.gate = nn.Sequential(nn.Linear(n_out, narrow), nn.ReLU(), nn.Linear(narrow, n_out), nn.Sigmoid())
        self.past: nn.Module = nn.Identity()
        if stride > 1 or n_in != n_out:
            self.past = nn.Sequential(
                nn.AvgPool1d(stride, ceil_mode=True),
                nn.Conv1d(n_in, n_out, 1, bias=False),
                nn.BatchNorm1d(n_out),
            )
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, n_out, ceil(samples / stride))."""
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        y = self.drop_path(y * self.gate(y.mean(-1))[..., None])
        return F.relu(y + self.past(x))


class Member(nn.Module):
    """One network up to its features."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = config.n_leads
        for place, wider in enumerate(config.stem):
            stride = 2 if place == 0 else 1
            layers += [
                nn.Conv1d(width, wider, config.kernel, stride, config.kernel // 2, bias=False),
                nn.BatchNorm1d(wider),
                nn.ReLU(),
            ]
            width = wider
        self.stem = nn.Sequential(*layers, nn.MaxPool1d(3, 2, 1))
        rates = iter(drop_path_rates(config.drop_path, sum(config.blocks), "linear"))
        blocks = []
        for stage, (wider, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for place in range(count):
                stride = 2 if place == 0 and stage else 1
                blocks.append(Block(width, wider, config.kernel, stride, next(rates)))
                width = wider
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, twice the last width): mean and largest value over time of every channel."""
        y = self.blocks(self.stem(x))
        return torch.cat([y.mean(-1), y.amax(-1)], dim=1)


class Residual(nn.Module):
    """Members, kernels and one linear layer on all of their features; input (batch, 12, 5000) in mV at 500 Hz."""

    def __init__(self, config: ResidualConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or ResidualConfig()
        self.members = nn.ModuleList(Member(config) for _ in range(config.members))
        self.kernels: KernelFeatures | None = None
        if config.dilations:
            drawn = RandomKernelsConfig(
                dilations=config.dilations, per_group=config.per_group, length=config.length
            )
            self.kernels = KernelFeatures(drawn, soft=True)
        self.head = nn.Linear(config.n_features, config.n_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        """Return (batch, features of all members and kernels)."""
        # A mean of five is no sharp filter, and needs none: the input ends at 40 Hz.
        found = self.of_low_rate(F.avg_pool1d(x, self.config.every))
        return found if self.kernels is None else torch.cat([found, self.kernels.forward_features(x)], dim=1)

    def of_low_rate(self, low: Tensor) -> Tensor:
        """Return the features of the members, of what was brought to 100 Hz, (batch, leads, samples / every)."""
        return torch.cat([member(low) for member in self.members], dim=1)

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        out: Tensor = self.head(features)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        return self.forward_head(self.forward_features(x))


def joined(networks: Sequence[Residual]) -> Residual:
    """Return one network whose logits are the mean of these networks' logits; same sizes, none with kernels."""
    first = networks[0].config
    whole = Residual(replace(first, members=sum(one.config.members for one in networks)))
    members = [member for one in networks for member in one.members]
    for own, member in zip(whole.members, members, strict=True):
        own.load_state_dict(member.state_dict())
    with torch.no_grad():
        whole.head.weight.copy_(torch.cat([one.head.weight for one in networks], dim=1) / len(networks))
        whole.head.bias.copy_(torch.stack([one.head.bias for one in networks]).mean(0))
    return whole.eval()


def weighed(network: Residual, slopes: Tensor, offsets: Tensor) -> Residual:
    """Return the network with a slope on each logit and an offset, (classes,) each, both in its head."""
    whole = copy.deepcopy(network)
    with torch.no_grad():
        whole.head.weight.mul_(slopes[:, None])
        whole.head.bias.mul_(slopes).add_(offsets)
    return whole


def with_kernels(network: Residual, drawn: KernelFeatures, weight: Tensor, bias: Tensor) -> Residual:
    """Return a network whose logits are this one's plus `weight` (classes, 3 * kernels) on the kernels' features, plus
    `bias` (classes,); soft kernels.
    """
    own = drawn.config
    sizes = replace(network.config, dilations=own.dilations, per_group=own.per_group, length=own.length)
    whole = Residual(sizes)
    assert whole.kernels is not None
    whole.kernels.load_state_dict(drawn.state_dict())
    whole.members.load_state_dict(network.members.state_dict())
    with torch.no_grad():
        whole.head.weight.copy_(torch.cat([network.head.weight, weight], dim=1))
        whole.head.bias.copy_(network.head.bias + bias)
    return whole.eval()


def post_training(asked: Any) -> dict[str, Any]:
    """Return the sizes that post-training asks for; dropout stands before the head, outside the network."""
    return {"drop_path": asked.drop_path}


def compared(card: ModelCard) -> int:
    """Return how many features tell whether a record is unusual: those of the first network, which are the first."""
    config = sized(ResidualConfig, card)
    return 2 * config.widths[-1]


def sizes(network: Residual) -> dict[str, Any]:
    """Return the sizes as a card has them."""
    return written(network.config, NOT_ON_CARDS)


def build(card: ModelCard) -> Residual:
    """Return the network of a card with starting weights."""
    own = {"n_leads": len(card.input.leads), "n_classes": len(card.labels)}
    return Residual(sized(ResidualConfig, card, **own))
