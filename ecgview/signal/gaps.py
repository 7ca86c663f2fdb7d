"""Stretches that were not recorded (NaN)."""

import numpy as np
from numpy.typing import NDArray

from ecgview.record import Signal
from ecgview.runs import lengths

LONGEST_GAP_S = (
    0.2  # gaps up to this are bridged by a straight line; a lead with a longer one says nothing (ours)
)


def too_long(row: Signal, fs_hz: float) -> bool:
    """Return whether one lead, (samples,), has a gap that may not be bridged."""
    gaps = ~np.isfinite(row)
    return bool(gaps.any()) and float(lengths(gaps).max()) > LONGEST_GAP_S * fs_hz


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
