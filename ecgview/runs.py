"""Stretches of samples, segments or frames in a row for which something holds."""

import numpy as np
from numpy.typing import NDArray


def runs(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (n, 2): the first of each run of True in (samples,) flags, and the one after its last, in order."""
    framed = np.zeros(len(flags) + 2, dtype=np.bool_)
    framed[1:-1] = flags
    return np.flatnonzero(framed[1:] != framed[:-1]).reshape(-1, 2)


def lengths(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (n,): how long each run of True is."""
    found = runs(flags)
    return found[:, 1] - found[:, 0]
