"""Changes to a batch that a cardiologist would call the same ECG. All values are defaults of ours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecgview.training.data.share import Share

if TYPE_CHECKING:
    import torch
    from torch import Tensor


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
        return x * kept if self.mask_leads else x
