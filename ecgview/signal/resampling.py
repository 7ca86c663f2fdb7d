"""Change of sampling rate."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ecgview.record import Signal
from ecgview.signal.gaps import bridged


def resample(signal: Signal, fs_hz: float, to_hz: float) -> Signal:
    """Return (leads, round(samples * to / from)) mV by polyphase filtering; gaps (NaN) stay gaps.

    Lines are extended past both ends by odd reflection's straight-line equivalent, so that an offset
    makes no step at the edges.
    """
    if abs(fs_hz - to_hz) < 1e-9:
        return signal
    from scipy.signal import resample_poly

    ratio = Fraction(to_hz / fs_hz).limit_denominator(10_000)
    filled, gaps = bridged(signal)
    wanted = round(signal.shape[1] * to_hz / fs_hz)
    out = resample_poly(filled, ratio.numerator, ratio.denominator, axis=-1, padtype="line")
    out = np.asarray(out[:, :wanted], dtype=np.float32)
    if gaps.any():
        source = np.minimum((np.arange(out.shape[1]) * fs_hz / to_hz).astype(np.int64), signal.shape[1] - 1)
        out[gaps[:, source]] = np.nan
    return out


def averaged(signal: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Return (leads, samples // step): each `step` samples as their mean; the signal itself where that is one."""
    if step == 1:
        return signal
    n = signal.shape[1] // step * step
    parts = signal[:, :n].reshape(len(signal), -1, step)
    total = parts[..., 0] + parts[..., 1]  # a sum along so short an axis takes numpy several times as long
    for place in range(2, step):
        total += parts[..., place]
    mean: NDArray[np.float64] = total / step
    return mean
