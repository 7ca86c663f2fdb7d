"""ArcFace: classes are patients, and the angle to one's own class gets a margin (methods D.7)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.models.networks.wav2vec_cmsc import Wav2vecCmsc


def with_margin(cosine: Tensor, owner: Tensor, margin: float) -> Tensor:
    """Return the cosines with the own class's angle made larger by `margin`.

    Beyond pi - margin, where the cosine would rise again, it falls on linearly by margin * sin(margin).

    Args:
        cosine: (n, classes).
        owner: (n,) the own class.
        margin: radians.
    """
    own = cosine.gather(1, owner[:, None]).clamp(-1 + 1e-7, 1 - 1e-7)
    turned = torch.cos(torch.acos(own) + margin)
    easy = own - margin * math.sin(margin)
    changed = torch.where(own > math.cos(math.pi - margin), turned, easy)
    return cosine.scatter(1, owner[:, None], changed)


@dataclass(frozen=True, slots=True)
class OwnerBatch:
    """`signal` (n, 12, samples) mV and whose it is, (n,)."""

    signal: Tensor
    owner: Tensor


class ArcFaceObjective(nn.Module):
    """forward(OwnerBatch) -> cross-entropy of scaled cosines to the patients' directions."""

    def __init__(self, network: Wav2vecCmsc, n_owners: int, scale: float, margin: float) -> None:
        super().__init__()
        self.network, self.scale, self.margin = network, scale, margin
        self.directions = nn.Parameter(torch.empty(n_owners, network.config.width))
        nn.init.xavier_uniform_(self.directions)

    def forward(self, batch: OwnerBatch) -> dict[str, Tensor]:
        """Return {"loss", "accuracy"}."""
        embedding = F.normalize(self.network.forward_features(batch.signal).float(), dim=1)
        cosine = embedding @ F.normalize(self.directions, dim=1).T
        loss = F.cross_entropy(self.scale * with_margin(cosine, batch.owner, self.margin), batch.owner)
        right = (cosine.argmax(1) == batch.owner).float().mean()
        return {"loss": loss, "accuracy": right.detach()}
