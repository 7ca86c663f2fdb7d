"""Learning the class of every marked sample."""

from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.models.networks.wave_unet import WaveUnet
from ecgview.training.data.crops import CropBatch
from ecgview.training.data.delineated import UNKNOWN


class WaveObjective(nn.Module):
    """forward(CropBatch) -> loss: cross-entropy inside the experts' marked span, nothing outside it."""

    def __init__(self, network: WaveUnet) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: CropBatch) -> dict[str, Tensor]:
        """Return the mean over the marked samples, {"loss"}."""
        logits = self.network(batch.signal).float()
        return {"loss": F.cross_entropy(logits, batch.classes, ignore_index=UNKNOWN)}
