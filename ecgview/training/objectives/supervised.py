"""Fine-tuning on statements: binary cross-entropy, superclasses, and a teacher's soft answers."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.models.networks.mtecg import Mtecg
from ecgview.training.data.labels import superclass_log_odds

TEMPERATURE = 2.0  # of the distillation (methods A.6)


@dataclass(frozen=True, slots=True)
class LabelledBatch:
    """`signal` (n, leads, samples) network input; `statements` (n, 71) 0/1, NaN rows unlabelled.

    `teacher` (n, 5) logits of the superclasses, `auxiliary` (n, m) targets and `earlier` (n, 71) logits of a
    model that teaches every statement are None where not used.
    """

    signal: Tensor
    statements: Tensor
    teacher: Tensor | None = None
    auxiliary: Tensor | None = None
    earlier: Tensor | None = None


DISTIL_SHARE = 0.7  # of the statement loss where an earlier model teaches (methods A.6)


def bernoulli_distillation(student: Tensor, teacher: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Return T^2 times the mean KL(teacher || student) of Bernoulli answers, from logits (methods A.6)."""
    softened = teacher / temperature
    target = torch.sigmoid(softened)
    cross = F.binary_cross_entropy_with_logits(student / temperature, target)
    entropy = F.binary_cross_entropy_with_logits(softened, target)
    return temperature**2 * (cross - entropy)


class SupervisedObjective(nn.Module):
    """forward(LabelledBatch) -> loss; part of the segments is hidden in training (`seen` < 1)."""

    def __init__(
        self,
        network: Mtecg,
        *,
        auxiliary: nn.Linear | None,
        seen: float,
        superclass_weight: float,
        teacher_weight: float,
        auxiliary_weight: float,
        smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.auxiliary = auxiliary
        self.seen = seen
        self.superclass_weight = superclass_weight
        self.teacher_weight = teacher_weight
        self.auxiliary_weight = auxiliary_weight
        self.smoothing = smoothing

    def _features(self, signal: Tensor) -> Tensor:
        """Return (n, width) of the class token or the mean token, over the segments seen."""
        config = self.network.config
        visible = None
        if self.training and self.seen < 1.0:
            count = max(1, round(self.seen * config.n_segments))
            visible = torch.rand(len(signal), config.n_segments).argsort(1)[:, :count].sort(1).values
        tokens = self.network.encode(signal, visible)
        return tokens[:, 1:].mean(1) if config.mean_pool else tokens[:, 0]

    def forward(self, batch: LabelledBatch) -> dict[str, Tensor]:
        """Return {"loss", "statement_loss", ...}."""
        features = self._features(batch.signal)
        logits = self.network.forward_head(features).float()
        labelled = torch.isfinite(batch.statements[:, 0])
        outcome: dict[str, Tensor] = {}
        loss = logits.new_zeros(())
        supers = superclass_log_odds(logits)
        if labelled.any():
            wanted = batch.statements[labelled]
            smooth = wanted * (1 - self.smoothing) + 0.5 * self.smoothing
            statement = F.binary_cross_entropy_with_logits(logits[labelled], smooth)
            above = _superclass_targets(wanted)
            if batch.earlier is not None:
                taught = bernoulli_distillation(logits[labelled], batch.earlier[labelled])
                statement = DISTIL_SHARE * taught + (1 - DISTIL_SHARE) * statement
            superclass = F.binary_cross_entropy_with_logits(supers[labelled], above)
            loss = loss + statement * 5.0 + self.superclass_weight * superclass
            outcome |= {"statement_loss": statement.detach(), "superclass_loss": superclass.detach()}
        if batch.teacher is not None and self.teacher_weight:
            distance = bernoulli_distillation(supers, batch.teacher)
            loss = loss + self.teacher_weight * distance
            outcome["teacher_loss"] = distance.detach()
        if batch.auxiliary is not None and self.auxiliary is not None:
            extra = (self.auxiliary(features).float() - batch.auxiliary).square().mean()
            loss = loss + self.auxiliary_weight * extra
            outcome["auxiliary_loss"] = extra.detach()
        return outcome | {"loss": loss}


def _superclass_targets(statements: Tensor) -> Tensor:
    from ecgview.training.data.labels import superclass_matrix

    matrix = torch.from_numpy(superclass_matrix()).to(statements)
    return (statements @ matrix.T > 0).to(statements.dtype)
