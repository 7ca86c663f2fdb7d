"""Changes to a batch that a cardiologist would call the same ECG. All values are defaults of ours."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is done to a training batch of (n, leads, samples) mV."""

    shift: bool = True  # circular shift in time by any number of samples
    gain: float = 0.1  # deviation of the log gain, per record
    lead_gain: float = 0.05  # the same, per lead
    noise_mv: float = 0.01  # white noise, deviation up to this
    mask_leads: float = 0.0  # each lead zeroed with this probability (random lead masking)

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return a changed copy."""
        batch, leads, samples = x.shape
        if self.shift:
            offsets = torch.randint(samples, (batch,), generator=generator)
            x = torch.stack(
                [torch.roll(row, int(offset), -1) for row, offset in zip(x, offsets, strict=True)]
            )
        x = x * (self.gain * torch.randn(batch, 1, 1, generator=generator)).exp()
        x = x * (self.lead_gain * torch.randn(batch, leads, 1, generator=generator)).exp()
        if self.noise_mv:
            level = self.noise_mv * torch.rand(batch, leads, 1, generator=generator)
            x = x + level * torch.randn(x.shape, generator=generator)
        if self.mask_leads:
            x = x * (torch.rand(batch, leads, 1, generator=generator) >= self.mask_leads)
        return x
