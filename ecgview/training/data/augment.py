"""Changes to a batch that a cardiologist would call the same ECG. All values are defaults of ours."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecgview.training.data.share import Share

if TYPE_CHECKING:
    import torch
    from torch import Tensor


# What devices with fewer leads deliver, as rows of the twelve: limb leads; I, II, V2; I, II; I; II; II, V1; II, V5;
# I, II, V1; V1, V5; V1 to V6.
LEAD_SETS_SEEN = (
    (0, 1, 2, 3, 4, 5),
    (0, 1, 7),
    (0, 1),
    (0,),
    (1,),
    (1, 6),
    (1, 10),
    (0, 1, 6),
    (6, 10),
    (6, 7, 8, 9, 10, 11),
)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is done to a training batch of (n, leads, samples) mV.

    `mask_leads` is random lead masking (methods D.5: each lead zeroed with probability 0.5, no rescaling), for any
    model; the published value is 0.5, the default here none.
    """

    shift: bool = True  # circular shift in time by any number of samples
    gain: float = 0.1  # deviation of the log gain, per record
    lead_gain: float = 0.05  # the same, per lead
    noise_mv: float = 0.01  # white noise, deviation up to this
    mask_leads: float = 0.0
    wander_mv: float = 0.0  # a slow sine in every lead of half of the records, up to this
    hidden: float = 0.0  # one stretch of the batch is zero, up to this share of it, in half of the batches
    few_leads: float = 0.0  # share of the records of which a lead set alone is left, the other leads zero

    def __call__(self, x: "Tensor", generator: "torch.Generator", share: Share | None = None) -> "Tensor":
        """Return a changed copy of this process's rows; the choices are drawn for the common batch."""
        import torch

        share = share or Share()
        batch, leads, samples = x.shape
        common, mine = batch * share.count, share.mine(batch)
        offsets = torch.randint(samples, (common,), generator=generator)[mine]
        gain = torch.randn(common, 1, 1, generator=generator)[mine]
        lead_gain = torch.randn(common, leads, 1, generator=generator)[mine]
        level = torch.rand(common, leads, 1, generator=generator)[mine]
        kept = torch.rand(common, leads, 1, generator=generator)[mine] >= self.mask_leads
        noise = torch.Generator().manual_seed(7919 + generator.initial_seed() * share.count + share.rank)
        if self.shift:
            rows = zip(x, offsets, strict=True)
            x = torch.stack([torch.roll(row, int(offset), -1) for row, offset in rows])
        x = x * (self.gain * gain + self.lead_gain * lead_gain).exp()
        if self.noise_mv:
            x = x + self.noise_mv * level * torch.randn(x.shape, generator=noise)
        if self.wander_mv:
            x = x + self._wander(x, generator, common, mine)
        if self.hidden:
            x = self._without_a_stretch(x, generator)
        if self.mask_leads:
            x = x * kept
        return x * self._lead_sets(leads, generator, common)[mine] if self.few_leads else x

    def _wander(self, x: "Tensor", generator: "torch.Generator", common: int, mine: slice) -> "Tensor":
        """Return a slow sine for each row, one frequency for all leads of a record."""
        import torch

        cycles = (torch.rand(common, 1, 1, generator=generator) * 6 + 1)[mine]  # 1 to 7 in a record
        phase = (torch.rand(common, x.shape[1], 1, generator=generator) * 2 * math.pi)[mine]
        height = (torch.rand(common, x.shape[1], 1, generator=generator) * self.wander_mv)[mine]
        there = (torch.rand(common, 1, 1, generator=generator) < 0.5)[mine]
        time = torch.linspace(0, 2 * math.pi, x.shape[-1])
        return height * there * torch.sin(cycles * time + phase)

    def _without_a_stretch(self, x: "Tensor", generator: "torch.Generator") -> "Tensor":
        import torch

        length, start, there = torch.rand(3, generator=generator).tolist()
        if there >= 0.5:
            return x
        size = int(length * self.hidden * x.shape[-1])
        first = int(start * (x.shape[-1] - size))
        x[..., first : first + size] = 0
        return x

    def _lead_sets(self, leads: int, generator: "torch.Generator", common: int) -> "Tensor":
        """Return (common, leads, 1) of 0 and 1: a set of `LEAD_SETS_SEEN` or any one to eight leads."""
        import torch

        kept = torch.ones(common, leads, 1)
        for row in range(common):
            few, known, which = torch.rand(3, generator=generator).tolist()
            order = torch.randperm(leads, generator=generator)
            if few >= self.few_leads:
                continue
            if known < 0.5:
                chosen = list(LEAD_SETS_SEEN[int(which * len(LEAD_SETS_SEEN))])
            else:
                chosen = order[: 1 + int(which * 8)].tolist()
            kept[row] = 0
            kept[row, chosen] = 1
        return kept
