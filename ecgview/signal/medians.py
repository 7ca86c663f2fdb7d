"""The median of few rows, each of many columns: of beats over time, or of leads."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def over_few(rows: Numbers, axis: int) -> Numbers:
    """Return the median along a short axis of what holds no NaN: NumPy's, which takes two to four times as long."""
    ordered = np.moveaxis(np.sort(rows, axis=axis), axis, 0)
    found: Numbers = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return found
