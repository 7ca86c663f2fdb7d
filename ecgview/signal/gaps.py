"""Stretches that were not recorded (NaN)."""

import numpy as np
from numpy.typing import NDArray

from ecgview.record import Signal


def bridged(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the signal with gaps bridged by straight lines, and where the gaps were, both (leads, samples).

    A lead without any sample becomes zero; the second result says so.
    """
    gaps = ~np.isfinite(signal)
    if not gaps.any():
        return signal.astype(np.float64), gaps
    filled = np.where(gaps, 0.0, signal).astype(np.float64)
    for row in np.flatnonzero(gaps.any(1)):
        known = np.flatnonzero(~gaps[row])
        if known.size:
            filled[row, gaps[row]] = np.interp(np.flatnonzero(gaps[row]), known, filled[row, known])
    return filled, gaps
