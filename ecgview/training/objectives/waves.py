"""Learning how much of every known sample belongs to which class."""

import torch
from torch import Tensor, nn

from ecgview.models.networks.wave_unet import WaveUnet
from ecgview.training.data.crops import CropBatch


class WaveObjective(nn.Module):
    """forward(CropBatch) -> loss: cross-entropy where something is known, nothing elsewhere."""

    def __init__(self, network: WaveUnet) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: CropBatch) -> dict[str, Tensor]:
        """Return the mean over the known samples, {"loss"}."""
        said = torch.log_softmax(self.network(batch.signal).float(), 1)
        return {"loss": -(batch.shares * said).sum() / batch.shares.sum().clamp_min(1.0)}
