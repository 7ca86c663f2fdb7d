"""A U-Net of one dimension that says of every sample of one lead whether it is in a P wave, a QRS, a T wave or none.

After U-Net (Ronneberger, Fischer and Brox 2015, MICCAI; arXiv:1505.04597). That each lead is answered alone, with the
root mean square over all leads as its second row, and the sizes, are ours.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.networks.kit.sizes import sized, written

NAME = "Wave U-Net"
INPUT = InputSpec(leads=STANDARD_12, sampling_rate_hz=250.0, seconds=10.0, filter="highpass-0.4")


@dataclass(frozen=True, slots=True)
class WaveUnetConfig:
    """Sizes; each width after the first stands at half the rate of the one before."""

    n_rows: int = 2  # a lead, and all leads
    n_classes: int = 4  # none, P, QRS, T
    widths: Sequence[int] = (16, 24, 32, 48, 64, 64)
    kernel: int = 7
    members: int = 1  # networks trained from different seeds, whose probabilities are averaged
    norms: bool = True  # False: they are folded into the convolutions, as in weights that ship


class _Conv(nn.Conv1d):
    """A convolution of rows, computed as one of images of height 1: the same sums in two thirds of a step's time."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, out, 1, samples) of (n, in, 1, samples)."""
        return F.conv2d(x, self.weight.unsqueeze(2), self.bias, padding=(0, self.kernel_size[0] // 2))


class _Block(nn.Sequential):
    """Two convolutions at one rate."""

    def __init__(self, n_in: int, n_out: int, kernel: int, *, norms: bool) -> None:
        layers: list[nn.Module] = []
        for width in (n_in, n_out):
            # A norm brings its own offset: the convolution before it needs none.
            layers.append(_Conv(width, n_out, kernel, bias=not norms))
            layers.append(nn.BatchNorm2d(n_out) if norms else nn.Identity())
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)

    def packed(self) -> "_PackedBlock | None":
        """Return the block of weights in bf16 in its packed form; None of others, and where PyTorch packs nothing."""
        convs = [layer for layer in self if isinstance(layer, _Conv)]
        if any(conv.weight.dtype is not torch.bfloat16 or conv.bias is None for conv in convs):
            return None
        try:
            return _PackedBlock(convs)
        except (AttributeError, RuntimeError):
            return None

    def fold(self) -> None:
        """Put the norms into the convolutions before them; the answer stays the same."""
        for k, (conv, norm) in enumerate(pairwise(list(self))):
            if isinstance(conv, _Conv) and isinstance(norm, nn.BatchNorm2d):
                self[k], self[k + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()


class _PackedBlock(nn.Module):
    """The same with weights in the order that products read them in, and each ReLU in the product before it."""

    def __init__(self, convs: Sequence[_Conv]) -> None:
        super().__init__()
        self.padding = convs[0].kernel_size[0] // 2
        self.weights = [self._ordered(conv) for conv in convs]
        self.biases = [conv.bias for conv in convs]

    def _ordered(self, conv: _Conv) -> Tensor:
        weight = conv.weight.detach().unsqueeze(2).contiguous(memory_format=torch.channels_last)
        usual = [len(INPUT.leads), weight.shape[1], 1, round(INPUT.seconds * INPUT.sampling_rate_hz)]
        ordered: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
            weight, [0, self.padding], [1, 1], [1, 1], 1, usual
        )
        return ordered

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, out, 1, samples) of (n, in, 1, samples)."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = torch.ops.mkldnn._convolution_pointwise(
                x, weight, bias, [0, self.padding], [1, 1], [1, 1], 1, "relu", [], ""
            )
        return x


def _halved(x: Tensor) -> Tensor:
    """Return the larger of each two neighbouring samples."""
    if x.dtype is torch.bfloat16:  # max_pool2d keeps places, too, which takes twice as long
        return torch.maximum(x[..., ::2], x[..., 1::2])
    return F.max_pool2d(x, (1, 2))


class WaveUnet(nn.Module):
    """One network; input (n, 2, samples) of any length, each row about unit variance."""

    def __init__(self, config: WaveUnetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or WaveUnetConfig()
        widths = tuple(config.widths)
        size, norms = config.kernel, config.norms
        self.down = nn.ModuleList(
            _Block(a, b, size, norms=norms) for a, b in pairwise((config.n_rows, *widths))
        )
        self.up = nn.ModuleList(
            _Block(b + a, a, size, norms=norms) for a, b in reversed(list(pairwise(widths)))
        )
        self.head = _Conv(widths[0], config.n_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (n, 4, samples)."""
        samples = x.shape[-1]
        x = F.pad(x, (0, -samples % 2 ** (len(self.down) - 1)), mode="replicate").unsqueeze(2)
        # bf16 products are faster with channels side by side, float32 ones slower.
        if x.dtype is torch.bfloat16 or torch.is_autocast_enabled(x.device.type):
            x = x.contiguous(memory_format=torch.channels_last)
        kept: list[Tensor] = []
        for k, block in enumerate(self.down):
            x = block(_halved(x) if k else x)
            kept.append(x)
        for block, beside in zip(self.up, reversed(kept[:-1]), strict=True):
            wider = F.interpolate(x, scale_factor=(1.0, 2.0), mode="nearest")
            x = block(torch.cat([wider, beside], 1))
        out: Tensor = self.head(x)[:, :, 0, :samples]
        return out

    def folded(self) -> "WaveUnet":
        """Return a copy in evaluation mode without norms, which answers the same in less time."""
        copy = deepcopy(self).eval()
        for block in (*copy.down, *copy.up):
            block.fold()
        copy.config = replace(self.config, norms=False)
        return copy


class WaveUnets(nn.Module):
    """Several networks as one."""

    def __init__(self, config: WaveUnetConfig) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(WaveUnet(config) for _ in range(config.members))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logarithm of the mean probability, (n, 4, samples), but for a constant of each sample."""
        if len(self.members) == 1:
            only: Tensor = self.members[0](x)
            return only
        logs = torch.stack([torch.log_softmax(member(x), 1) for member in self.members])
        return torch.logsumexp(logs, 0) - float(torch.tensor(len(self.members)).log())


def build(card: ModelCard) -> WaveUnets:
    """Return the network of a card with starting weights."""
    return WaveUnets(sized(WaveUnetConfig, card))


def sizes(network: WaveUnets) -> dict[str, Any]:
    """Return the sizes as a card has them."""
    return written(network.config, ())
