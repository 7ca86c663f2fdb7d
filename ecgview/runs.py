"""Stretches of samples, segments or frames in a row for which something holds; and a long row taken bit by bit."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk

STRETCH = (
    65_536  # samples of each lead at a time: twelve are 6 MB as float64, whatever the recording's length
)


def stretches(n: int) -> Iterator[slice]:
    """Yield slices that together are the n samples of a row, in order; what was looked at before rests."""
    for first in range(0, n, STRETCH):
        if first:
            on_disk.rest()
        yield slice(first, min(first + STRETCH, n))


def runs(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (n, 2): the first of each run of True in (samples,) flags, and the one after its last, in order."""
    framed = np.zeros(len(flags) + 2, dtype=np.bool_)
    framed[1:-1] = flags
    return np.flatnonzero(framed[1:] != framed[:-1]).reshape(-1, 2)


def lengths(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (n,): how long each run of True is."""
    found = runs(flags)
    return found[:, 1] - found[:, 0]
