"""Masked-autoencoder pre-training of MTECG, with optional auxiliary targets on the encoder's mean token."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ecgview.models.networks.mtecg import MtecgConfig
from ecgview.models.networks.mtecg_mae import MtecgMae, segment

Target = Literal["raw", "centred", "standardised"]
Axis = Literal["segment", "lead-segment"]


@dataclass(frozen=True, slots=True)
class MaeBatch:
    """`signal` (n, leads, samples) mV, `mask` (n, segments) True = hidden, `auxiliary` (n, m) or None."""

    signal: Tensor
    mask: Tensor
    auxiliary: Tensor | None = None


def random_mask(count: int, segments: int, ratio: float, generator: torch.Generator) -> Tensor:
    """Return (count, segments) bool with the same number of hidden segments in every row."""
    hidden = round(segments * ratio)
    # A rank below the count, not a threshold on the draw: every row of a batch hides as many segments.
    return torch.rand(count, segments, generator=generator).argsort(1).argsort(1) < hidden


def reconstruction_target(x: Tensor, segment_samples: int, target: Target, axis: Axis) -> Tensor:
    """Return (n, segments, leads * segment_samples): what the decoder must predict.

    "raw" is mV; "centred" takes the mean off; "standardised" also divides by sqrt(var + 1e-6); over the whole
    segment or each lead of it. The paper's exact formula is unpublished (methods A.2): all are offered.
    """
    parts = segment(x, segment_samples)
    if target == "raw":
        return parts
    shaped = parts if axis == "segment" else parts.reshape(*parts.shape[:2], x.shape[1], segment_samples)
    shaped = shaped - shaped.mean(-1, keepdim=True)
    if target == "standardised":
        shaped = shaped / (shaped.var(-1, keepdim=True, unbiased=False) + 1e-6).sqrt()
    return shaped.flatten(2)


def masked_loss(predicted: Tensor, wanted: Tensor, mask: Tensor, floor: float | None = None) -> Tensor:
    """Return the mean squared error over hidden segments only.

    With `floor`, each segment's error is divided by its own variance plus `floor` (network units squared), so
    that P waves count beside QRS complexes while the level is still learnt; a choice of ours.
    """
    # In float32 whatever the precision of the network: small errors vanish in bf16.
    per_segment = (predicted.float() - wanted).square().mean(-1)
    if floor is not None:
        per_segment = per_segment / (wanted.var(-1) + floor)
    return (per_segment * mask).sum() / mask.sum()


class MaeObjective(nn.Module):
    """forward(MaeBatch) -> loss = masked error + weight * auxiliary error."""

    def __init__(
        self,
        config: MtecgConfig,
        *,
        target: Target = "raw",
        axis: Axis = "segment",
        floor: float | None = 0.05,
        auxiliary: int = 0,
        auxiliary_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.network = MtecgMae(config)
        self.floor = floor
        self.target: Target = target
        self.axis: Axis = axis
        self.auxiliary = nn.Linear(config.width, auxiliary) if auxiliary else None
        self.auxiliary_weight = auxiliary_weight

    def forward(self, batch: MaeBatch) -> dict[str, Tensor]:
        """Return {"loss", "masked_error"[, "auxiliary_error"]}."""
        size = self.network.config.segment_samples
        tokens, predicted = self.network.encode_and_predict(batch.signal, batch.mask)
        wanted = reconstruction_target(batch.signal, size, self.target, self.axis)
        error = masked_loss(predicted, wanted, batch.mask, self.floor)
        outcome = {"masked_error": error.detach()}
        loss = error
        if self.auxiliary is not None and batch.auxiliary is not None:
            said = self.auxiliary(tokens[:, 1:].mean(1)).float()
            extra = (said - batch.auxiliary).square().mean()
            outcome["auxiliary_error"] = extra.detach()
            loss = loss + self.auxiliary_weight * extra
        return outcome | {"loss": loss}
