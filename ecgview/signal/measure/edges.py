"""Where QRS begins and ends on the median beat, from where whoever found the beats has marked it.

Experts of LUDB mark QRS some 12 ms before 20 µV are reached in three leads, a network that learnt from them 20 ms
before a sharp corner. Here the edge is put where the third-largest deflection over leads grows from: t0 of a rise as
(t - t0)², through two heights. It moves inward alone, and not where noise hides the rise.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ecgview.signal.measure.measured import Median
from ecgview.signal.measure.waves import Kind, Wave

Row = NDArray[np.float64]

LOW_MV, NOISES, TIMES = (
    0.02,
    3.0,
    4.0,
)  # the lower height, at least so many times the noise; the upper over the lower
BEFORE_S, WITHIN_S = 0.016, 0.06
MOST_S = (0.025, 0.010)  # of onset, of offset: a late slur is no corner
THIRD = 2  # of the leads, the largest being 0


def inward(median: Median, overall: Mapping[Kind, Wave | None]) -> tuple[float, float]:
    """Return by how much, in s, QRS begins later and ends earlier than marked; 0 where it cannot be told."""
    qrs = overall["QRS"]
    if qrs is None:
        return 0.0, 0.0
    fs = median.sampling_rate_hz
    signal = median.signal.astype(np.float64)
    noise = np.array([median.noise_mv.get(name, 0.0) for name in median.lead_names])
    rank = min(THIRD, len(signal) - 1)
    low = max(LOW_MV, NOISES * float(np.sort(noise)[-1 - rank]) / max(1, median.n_beats) ** 0.5)
    onset = median.peak + round(qrs.onset_s * fs)
    offset = median.peak + round(qrs.offset_s * fs)
    backward = signal[:, ::-1]
    last = signal.shape[1] - 1
    return _rise(signal, onset, rank, low, fs, False), _rise(backward, last - offset, rank, low, fs, True)


def _rise(signal: Row, at: int, rank: int, low: float, fs_hz: float, sloping: bool) -> float:
    """Return how long after a sample the deflection grows, in s; what is before it may be a slope."""
    width, reach = round(BEFORE_S * fs_hz), round(WITHIN_S * fs_hz)
    if at - width < 0 or at + reach >= signal.shape[1]:
        return 0.0
    before = signal[:, at - width : at + 1]
    if sloping:  # the ST segment: its level at the edge, by a straight line
        along = np.arange(-width, 1) / max(1, width)
        centred = along - along.mean()
        slope = before @ centred / (centred @ centred)
        level = before.mean(1) - slope * along.mean()
    else:
        level = before.mean(1)
    apart = np.abs(signal[:, at : at + reach] - level[:, None])
    height = np.sort(apart, axis=0)[-1 - rank]
    first, second = _reached(height, low), _reached(height, TIMES * low)
    if first is None or second is None:
        return 0.0
    root = TIMES**0.5
    grows = float((first * root - second) / (root - 1)) / fs_hz
    return min(MOST_S[sloping], max(0.0, grows))


def _reached(height: Row, level: float) -> float | None:
    """Return where a height is first exceeded, between samples; None where it never is."""
    over = np.flatnonzero(height > level)
    if not over.size:
        return None
    k = int(over[0])
    return 0.0 if k == 0 else float(k - 1 + (level - height[k - 1]) / (height[k] - height[k - 1]))
