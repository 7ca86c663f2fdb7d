"""Logistic regression on random convolution kernels, as one network.

Each kernel convolves a random subset of leads at a random dilation; its response gives three features: the share
of time above the kernel's threshold, the largest and the smallest value. A linear layer stands on top, with the
standardisation of the features folded into it. After the idea of ROCKET (Dempster et al. 2020, Data Mining and
Knowledge Discovery 34:1454); that the signal is brought to 100 Hz, the sizes and the choice of leads are ours.
Nothing is drawn here: `training.kernels` draws the kernels and their thresholds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks.kit.sizes import sized, written

NAME = "Random kernels"
INPUT = InputSpec(leads=STANDARD_12, filter="bandpass-0.5-40")
# A share of time above a threshold is a third of the features: a step, whose slope is zero wherever there is one.
WITHOUT_GRADIENTS = "counts samples above thresholds"
HALF_TAPS = 10  # of the low-pass filter, per sample kept: 101 taps from 500 to 100 Hz
KAISER_BETA = 5.0


@dataclass(frozen=True, slots=True)
class RandomKernelsConfig:
    """Sizes. `leads` are rows of the twelve (those from which the others follow); one dilation per group."""

    n_classes: int = 71
    leads: Sequence[int] = (0, 1, 6, 7, 8, 9, 10, 11)
    dilations: Sequence[int] = (1,)
    per_group: int = 50
    length: int = 9
    every: int = 5  # one sample in so many is kept: 500 to 100 Hz

    @property
    def n_kernels(self) -> int:
        """All groups together."""
        return len(self.dilations) * self.per_group


class KernelFeatures(nn.Module):
    """The kernels and their features; input (batch, 12, 5000) in mV at 500 Hz.

    With `soft`, a sample counts above a kernel's threshold by a sigmoid, its width the kernel's `steps`, so that the
    share has a gradient.
    """

    low_pass: Tensor
    kernels: Tensor
    thresholds: Tensor
    steps: Tensor

    def __init__(self, config: RandomKernelsConfig | None = None, *, soft: bool = False) -> None:
        super().__init__()
        self.config = config = config or RandomKernelsConfig()
        self.soft = soft
        self.register_buffer("low_pass", low_pass(config.every), persistent=False)
        self.register_buffer("kernels", torch.zeros(config.n_kernels, len(config.leads), config.length))
        self.register_buffer("thresholds", torch.zeros(config.n_kernels))
        if soft:
            self.register_buffer("steps", torch.ones(config.n_kernels))

    def low_rate(self, x: Tensor) -> Tensor:
        """Return (batch, kept leads, ceil(samples / every)): low-passed, then every n-th sample."""
        batch, _, samples = x.shape
        rows = x[:, list(self.config.leads)].reshape(-1, 1, samples)
        padding = HALF_TAPS * self.config.every
        kept = F.conv1d(rows, self.low_pass[None, None], stride=self.config.every, padding=padding)
        return kept.reshape(batch, -1, kept.shape[-1])

    def forward_features(self, x: Tensor) -> Tensor:
        """Return (batch, 3 * kernels): of each group the shares above threshold, the maxima, the minima."""
        size = self.config.per_group
        low, parts = self.low_rate(x), []
        for group, dilation in enumerate(self.config.dilations):
            own = slice(group * size, (group + 1) * size)
            out = responses(low, self.kernels[own], dilation)
            over = out - self.thresholds[own, None]
            above = torch.sigmoid(over / self.steps[own, None]) if self.soft else (over > 0).to(out.dtype)
            parts += [above.mean(-1), out.amax(-1), out.amin(-1)]
        return torch.cat(parts, dim=1)


class RandomKernels(KernelFeatures):
    """Kernels, features and linear layer."""

    def __init__(self, config: RandomKernelsConfig | None = None) -> None:
        super().__init__(config)
        self.head = nn.Linear(3 * self.config.n_kernels, self.config.n_classes)

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        out: Tensor = self.head(features)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        return self.forward_head(self.forward_features(x))


def sizes(network: RandomKernels) -> dict[str, Any]:
    """Return the sizes as a card has them."""
    return written(network.config, ("n_classes",))


def responses(low: Tensor, kernels: Tensor, dilation: int) -> Tensor:
    """Return (batch, kernels, samples) of one group; zeros stand before and after the signal."""
    padding = (kernels.shape[-1] - 1) * dilation // 2
    return F.conv1d(low, kernels, dilation=dilation, padding=padding)


def low_pass(every: int) -> Tensor:
    """Return the taps of a Kaiser-windowed sinc that halves at the new Nyquist rate; they sum to 1."""
    n = torch.arange(-HALF_TAPS * every, HALF_TAPS * every + 1, dtype=torch.float64)
    window = torch.kaiser_window(len(n), periodic=False, beta=KAISER_BETA, dtype=torch.float64)
    taps = torch.special.sinc(n / every) * window
    out: Tensor = (taps / taps.sum()).float()
    return out


def build(card: ModelCard) -> RandomKernels:
    """Return the network of a card; kernels and thresholds are zero until weights are loaded."""
    return RandomKernels(sized(RandomKernelsConfig, card, n_classes=len(card.labels)))
