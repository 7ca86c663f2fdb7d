"""The PhysioNet/CinC Challenge 2021 metric: credit for diagnoses, some of it for a related one.

Source: Perez Alday et al., "Classification of 12-lead ECGs: the PhysioNet/Computing in Cardiology Challenge 2020",
Physiol. Meas. 41:124003, and the 2021 table of weights (resources/labels/weights/cinc2021.csv).
"""

import csv
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecgview import resources
from ecgview.errors import ModelError
from ecgview.training.data import tasks

SINUS_RHYTHM = "NSR"  # all that the inactive classifier ever says


@cache
def weights() -> NDArray[np.float64]:
    """Return (26, 26), true class by given class, in the order of task "cinc26"."""
    with open(resources.path("labels", "weights", "cinc2021.csv"), encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(line for line in file if not line.startswith("#"))
    credit = {
        (row[0], given): float(cell) for row in rows for given, cell in zip(head[1:], row[1:], strict=True)
    }
    codes = tasks.get("cinc26").codes
    matrix = np.array([[credit[true, given] for given in codes] for true in codes])
    matrix.setflags(write=False)
    return matrix


def score(true: ArrayLike, given: ArrayLike) -> float:
    """Return the challenge metric of decisions against labels.

    A recording's true classes t and given classes g earn the sum of the weights over t x g, divided by the number of
    classes in either. The sum over recordings is scaled so that the true labels score 1 and the inactive classifier,
    which calls everything sinus rhythm, scores 0; so a worse one is negative. As in the official evaluation it is 0
    where these two coincide.

    Args:
        true: (n, 26) 0/1, classes in the order of task "cinc26".
        given: (n, 26) 0/1, decisions, not probabilities.

    Raises:
        ModelError: the shapes differ, or a value is not 0 or 1.
    """
    return float(weighted(true, given, np.ones((1, len(np.asarray(true)))))[0, 0])


def weighted(true: ArrayLike, given: ArrayLike, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `score` with weighted recordings, (b, 1) for `drawn` (b, n), as `metrics.Bootstrap` draws them.

    Raises:
        ModelError: as for `score`.
    """
    codes = tasks.get("cinc26").codes
    labels, decisions = _checked(true, len(codes)), _checked(given, len(codes))
    if labels.shape != decisions.shape:
        raise ModelError(
            "labels and decisions differ in shape", expected=str(labels.shape), found=str(decisions.shape)
        )
    inactive = np.zeros_like(labels)
    inactive[:, codes.index(SINUS_RHYTHM)] = True
    earned, best, idle = (drawn @ _credit(labels, answer) for answer in (decisions, labels, inactive))
    span = best - idle
    return np.where(span == 0, 0.0, (earned - idle) / np.where(span == 0, 1.0, span))[:, None]


def _credit(labels: NDArray[np.bool_], decisions: NDArray[np.bool_]) -> NDArray[np.float64]:
    either = np.maximum((labels | decisions).sum(axis=1), 1)
    return np.asarray((labels @ weights() * decisions).sum(axis=1) / either, np.float64)


def _checked(values: ArrayLike, classes: int) -> NDArray[np.bool_]:
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[1] != classes:
        raise ModelError(
            "not the challenge's classes", expected=f"(recordings, {classes})", found=str(array.shape)
        )
    if not np.isin(array, (0, 1)).all():
        raise ModelError("the challenge scores decisions", expected="0 or 1", found="other values")
    return array.astype(bool)
