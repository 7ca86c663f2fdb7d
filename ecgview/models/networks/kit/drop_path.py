"""Stochastic depth: a residual branch is dropped per sample in training, its identity never."""

from typing import Literal

import torch
from torch import Tensor, nn

DropPathRule = Literal[
    "linear", "constant"
]  # from 0 in the first block to the rate in the last, or the same in all


def drop_path_rates(rate: float, depth: int, rule: DropPathRule) -> list[float]:
    """Return the rate of each block."""
    return [rate] * depth if rule == "constant" else torch.linspace(0, rate, depth, device="cpu").tolist()


class DropPath(nn.Module):
    """Drop a residual branch per sample in training; survivors are scaled by 1 / keep."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Return the branch, (batch, ...), or zeros for the dropped samples."""
        if self.rate == 0.0 or not self.training:
            return x
        keep = 1.0 - self.rate
        kept = torch.rand(x.shape[0], *[1] * (x.ndim - 1), device=x.device) < keep
        return x * kept.to(x.dtype) / keep
