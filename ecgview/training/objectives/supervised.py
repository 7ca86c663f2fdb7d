"""Fine-tuning on statements: binary cross-entropy, superclasses, and a teacher's soft answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecgview.training.data.labels import superclass_log_odds, superclass_matrix

_NEVER = -40.0  # a logit whose odds vanish beside any other
TEMPERATURE = 2.0  # of the distillation (methods A.6)


@dataclass(frozen=True, slots=True)
class LabelledBatch:
    """`signal` (n, leads, samples) network input; `statements` (n, k) 0/1, NaN where not known.

    `teacher` (n, 5) logits of the superclasses, `auxiliary` (n, m) targets and `earlier` (n, k) logits of a
    model that teaches every statement are None where not used. `superclasses` (n, 5) are given where they do not
    follow from the statements: of mixed records, NaN where not known.
    """

    signal: Tensor
    statements: Tensor
    teacher: Tensor | None = None
    auxiliary: Tensor | None = None
    earlier: Tensor | None = None
    superclasses: Tensor | None = None


DISTIL_SHARE = 0.7  # of the statement loss where an earlier model teaches (methods A.6)


def bernoulli_distillation(student: Tensor, teacher: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Return T^2 times the mean KL(teacher || student) of Bernoulli answers, from logits (methods A.6)."""
    softened = teacher / temperature
    target = torch.sigmoid(softened)
    cross = F.binary_cross_entropy_with_logits(student / temperature, target)
    entropy = F.binary_cross_entropy_with_logits(softened, target)
    return temperature**2 * (cross - entropy)


class SupervisedObjective(nn.Module):
    """forward(LabelledBatch) -> binary cross-entropy of the classes, and what else a recipe adds to it."""

    def __init__(
        self,
        network: nn.Module,
        features: Callable[[Tensor], Tensor] | None = None,
        *,
        dropout: float = 0.0,
        auxiliary: nn.Linear | None = None,
        statement_weight: float = 1.0,
        superclass_weight: float = 0.0,
        teacher_weight: float = 0.0,
        auxiliary_weight: float = 0.0,
        smoothing: float = 0.0,
    ) -> None:
        """Take a network with `forward_features` and `forward_head`, and what is added where it is above zero.

        Args:
            network: what learns.
            features: shown in training instead of `forward_features`, where a network is to see less.
            dropout: before the head.
            auxiliary: a second head on the features, for the batch's `auxiliary`.
            statement_weight: of the classes' cross-entropy.
            superclass_weight: of the superclasses', which the 71 statements alone have.
            teacher_weight: of the distance from the batch's `teacher`.
            auxiliary_weight: of the squared error of the second head.
            smoothing: how far targets are drawn from 0 and 1 to a half.
        """
        super().__init__()
        self.network = network
        self._features = features
        self.dropout = nn.Dropout(dropout)
        self.auxiliary = auxiliary
        self.statement_weight = statement_weight
        self.superclass_weight = superclass_weight
        self.teacher_weight = teacher_weight
        self.auxiliary_weight = auxiliary_weight
        self.smoothing = smoothing

    def forward(self, batch: LabelledBatch) -> dict[str, Tensor]:
        """Return {"loss"}, and its parts where there are several."""
        network: Any = self.network
        features = (self._features or network.forward_features)(batch.signal)
        logits = network.forward_head(self.dropout(features)).float()
        known = torch.isfinite(batch.statements)
        outcome: dict[str, Tensor] = {}
        loss = logits.new_zeros(())
        supers = superclass_log_odds(logits) if self.superclass_weight or self.teacher_weight else None
        if known.any():
            smooth = batch.statements * (1 - self.smoothing) + 0.5 * self.smoothing
            statement = cross_entropy_of_known(logits, smooth)
            if batch.earlier is not None:
                taught = bernoulli_distillation(logits[known], batch.earlier[known])
                statement = DISTIL_SHARE * taught + (1 - DISTIL_SHARE) * statement
            loss = loss + self.statement_weight * statement
            if supers is not None:
                given = batch.superclasses
                superclass = (
                    _superclass_loss(logits, batch.statements)
                    if given is None
                    else cross_entropy_of_known(supers, given)
                )
                loss = loss + self.superclass_weight * superclass
                outcome |= {"statement_loss": statement.detach(), "superclass_loss": superclass.detach()}
        else:
            loss = logits.sum() * 0.0  # a step without any label has a gradient still, which is zero
        if batch.teacher is not None and supers is not None and self.teacher_weight:
            distance = bernoulli_distillation(supers, batch.teacher)
            loss = loss + self.teacher_weight * distance
            outcome["teacher_loss"] = distance.detach()
        if batch.auxiliary is not None and self.auxiliary is not None:
            extra = (self.auxiliary(features).float() - batch.auxiliary).square().mean()
            loss = loss + self.auxiliary_weight * extra
            outcome["auxiliary_loss"] = extra.detach()
        return outcome | {"loss": loss}


def cross_entropy_of_known(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over the targets that are known, of logits and targets (n, k); NaN is not.

    Zero where none is known.
    """
    known = torch.isfinite(wanted)
    each = F.binary_cross_entropy_with_logits(logits, wanted.nan_to_num(), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


def _superclass_loss(logits: Tensor, statements: Tensor) -> Tensor:
    """Return the mean over the superclasses that are known: one of theirs is present, or all of theirs are known.

    A statement that is not known has no part in the answer either, or a class that is present by another one would
    push it up.
    """
    matrix = torch.from_numpy(superclass_matrix()).to(statements)
    unsaid = torch.isnan(statements)
    present = statements.nan_to_num() @ matrix.T > 0
    known = present | (unsaid.to(matrix) @ matrix.T == 0)
    targets = torch.where(known, present.to(matrix), torch.nan)
    return cross_entropy_of_known(superclass_log_odds(logits.masked_fill(unsaid, _NEVER)), targets)
