"""In which part of the beat a moment lies: fixed windows about each R peak, since no delineation is at hand.

The windows are a choice of ours from usual adult intervals: a P wave begins up to 240 ms before R, QRS lies within
60 ms of it, T ends by 400 ms after it or by 0.6 of the RR interval where that is sooner. They say where a P wave would
be: in atrial fibrillation, too, the stretch before QRS is called P.
"""

import numpy as np
from numpy.typing import NDArray

from ecgview.record import Signal
from ecgview.signal import beats

PHASES = ("P", "QRS", "ST-T", "between")
UNKNOWN = -1
WINDOWS = "P 240 to 60 ms before R, QRS 60 ms about R, ST-T to 400 ms after R or 0.6 of RR"
_P_S, _QRS_S, _T_S, _T_PART = 0.24, 0.06, 0.40, 0.6


def of_segments(signal: Signal, fs_hz: float, size: int) -> NDArray[np.int8]:
    """Return (segments,) the index in PHASES of each segment's middle, UNKNOWN where no two beats are found.

    Args:
        signal: (leads, samples) mV.
        fs_hz: its rate.
        size: samples in a segment.
    """
    found = of_samples(beats.peaks(signal, fs_hz), signal.shape[1], fs_hz)
    return found[size // 2 :: size][: signal.shape[1] // size]


def of_samples(r_peaks: NDArray[np.int64], n_samples: int, fs_hz: float) -> NDArray[np.int8]:
    """Return (samples,) the index in PHASES of each sample, UNKNOWN everywhere if there are fewer than two beats."""
    if len(r_peaks) < 2:
        return np.full(n_samples, UNKNOWN, dtype=np.int8)
    # the beats before the first and after the last lie outside, but the T wave and the P wave of them may not
    usual = int(np.median(np.diff(r_peaks)))
    r = np.concatenate([[r_peaks[0] - usual], r_peaks, [r_peaks[-1] + usual]])
    after = np.diff(r, append=r[-1] + usual)
    t_ends = r + np.minimum(_T_S * fs_hz, _T_PART * after)
    found = np.full(n_samples, PHASES.index("between"), dtype=np.int8)
    # what is written later stands: T before P, since a P wave that begins on a T wave cannot be told from it
    for phase, starts, ends in (
        ("P", r - _P_S * fs_hz, r - _QRS_S * fs_hz),
        ("ST-T", r + _QRS_S * fs_hz, t_ends),
        ("QRS", r - _QRS_S * fs_hz, r + _QRS_S * fs_hz),
    ):
        for start, end in zip(starts, ends, strict=True):
            found[max(0, round(start)) : max(0, round(end))] = PHASES.index(phase)
    return found
