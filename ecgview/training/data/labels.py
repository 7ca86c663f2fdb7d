"""PTB-XL's 71 statements as targets, and their five diagnostic superclasses."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ecgview.labels import label_set
from ecgview.training.data.pack import Pack

SUPERCLASSES: tuple[str, ...] = ("NORM", "MI", "STTC", "CD", "HYP")


def statement_codes() -> tuple[str, ...]:
    """Return the 71 codes in the order of the model's outputs."""
    return tuple(statement.code for statement in label_set.load("ptbxl71").statements)


def superclass_matrix() -> NDArray[np.bool_]:
    """Return (5, 71): which statements belong to which diagnostic superclass."""
    statements = label_set.load("ptbxl71").statements
    return np.array([[s.superclass == name for s in statements] for name in SUPERCLASSES])


def targets(pack: Pack, index: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return (n, 71) 0/1: whether each statement is present, whatever its likelihood."""
    codes = statement_codes()
    present = [[code in set(pack.rows[i].codes) for code in codes] for i in index]
    return np.array(present, dtype=np.float32)


def superclass_targets(statement_targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 5) 0/1 from (n, 71), of statements that may not all be known; see `known_superclasses`."""
    return known_superclasses(statement_targets)


def known_superclasses(statement_targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 5) 0/1 from (n, 71) with NaN for what is not known: NaN where no statement of a superclass is known to
    be there and one of them is not known.
    """
    member = superclass_matrix().T.astype(np.float32)
    present = np.nan_to_num(statement_targets) @ member > 0
    unknown = np.isnan(statement_targets).astype(np.float32) @ member > 0
    return np.where(present, 1.0, np.where(unknown, np.nan, 0.0)).astype(np.float32)


def superclass_probability(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 5): the chance that at least one statement of the superclass holds (noisy or; ours)."""
    outside = superclass_matrix()[None] == 0  # (1, 5, 71)
    factors = np.where(outside, 1.0, 1.0 - probability[:, None, :])
    return np.asarray(1.0 - factors.prod(-1), dtype=np.float32)


def superclass_log_odds(logits: Tensor) -> Tensor:
    """Return (n, 5) logits of the same noisy or, stable in float32, from (n, 71) logits."""
    matrix = torch.from_numpy(superclass_matrix()).to(logits)
    log_none = torch.nn.functional.logsigmoid(-logits) @ matrix.T  # log P(no statement of the class)
    log_none = log_none.clamp(max=-1e-6)
    return torch.log(-torch.expm1(log_none)) - log_none
