"""Along a row of samples: means of what is around each, and the tops that stand apart. In NumPy alone."""

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]


def mean(values: Row, size: int) -> Row:
    """Return the mean of the `size` samples around each of (samples,); beyond the ends stands their mirror image."""
    before = size // 2
    padded = np.pad(values, (before + 1, size - 1 - before), mode="symmetric")
    total = np.cumsum(padded)
    found: Row = (total[size:] - total[:-size]) / size
    return found


def tops(values: Row, apart: int) -> NDArray[np.int64]:
    """Return the places of the local maxima of (samples,), each the largest within less than `apart` samples.

    The higher of two that are nearer goes before, of equal ones the later. A plateau counts by its middle, and the
    ends are none. The same as SciPy's `find_peaks` with a distance.
    """
    found = _maxima(values)
    places, order = found.tolist(), np.argsort(values[found], kind="stable").tolist()
    kept = [True] * len(places)
    for one in reversed(order):
        if not kept[one]:
            continue
        here, beside = places[one], one - 1
        while beside >= 0 and here - places[beside] < apart:
            kept[beside] = False
            beside -= 1
        beside = one + 1
        while beside < len(places) and places[beside] - here < apart:
            kept[beside] = False
            beside += 1
    return found[np.array(kept, dtype=np.bool_)]


def _maxima(values: Row) -> NDArray[np.int64]:
    """Return the middle of each stretch of equal samples with lower ones on both sides."""
    rises = values[1:] > values[:-1]
    changes = np.flatnonzero(rises | (values[1:] < values[:-1]))  # a stretch of equal samples ends here
    if len(changes) < 2:
        return np.zeros(0, dtype=np.int64)
    up = rises[changes]
    top = np.flatnonzero(up[:-1] & ~up[1:])
    begins, ends = changes[top] + 1, changes[top + 1]
    middles: NDArray[np.int64] = (begins + ends) // 2
    return middles
