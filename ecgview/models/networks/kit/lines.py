"""A network whose logits lie on a line each: what they are worth with fewer leads than it has (`models.lead_sets`)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class OnLines(nn.Module):
    """A network around another, which it shares: logit a z + b, so that answers, gradients and what-ifs agree.

    `lines` are (a, b) of each output.
    """

    slope: Tensor
    offset: Tensor

    def __init__(self, inner: nn.Module, lines: Sequence[tuple[float, float]]) -> None:
        super().__init__()
        self.inner = inner
        with torch.inference_mode(False):  # whoever asks first may be in it, and the way back needs these
            made = torch.tensor(lines, dtype=torch.float32)
            self.register_buffer("slope", made[:, 0].clone())
            self.register_buffer("offset", made[:, 1].clone())

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes) float32, for (batch, leads, samples)."""
        out: Tensor = self.inner(x).float() * self.slope + self.offset
        return out
