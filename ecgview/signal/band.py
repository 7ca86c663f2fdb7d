"""Band-passes designed once for each rate: to design one takes as long as to filter ten seconds with it."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]


class _Designed(NamedTuple):
    sections: Row  # (order, 6)
    settled: Row  # (order, 2): what each section remembers of a signal that always was 1


def passed(signal: Row, order: int, low_hz: float, high_hz: float, fs_hz: float) -> Row:
    """Return (..., samples) through a Butterworth band-pass, forward and backward, so that no phase is shifted.

    To the bit SciPy's `sosfiltfilt`, which finds the start of each section anew for every signal. More than
    3 * (2 * order + 1) samples are needed.
    """
    from scipy.signal import sosfilt

    made = _designed(order, low_hz, high_hz, fs_hz)
    beyond = 3 * (2 * order + 1)  # samples that either end is continued by, turned about its last sample
    left = 2 * signal[..., :1] - signal[..., beyond:0:-1]
    right = 2 * signal[..., -1:] - signal[..., -2 : -(beyond + 2) : -1]
    found = np.concatenate([left, signal, right], axis=-1)
    sections = made.sections.copy()  # scipy takes none that cannot be written to
    for _ in range(2):
        begun = np.multiply.outer(made.settled, found[..., 0])  # (order, 2, ...)
        found = sosfilt(sections, found, zi=np.moveaxis(begun, 1, -1))[0][..., ::-1]
    band: Row = found[..., beyond:-beyond]
    return band


@lru_cache(maxsize=64)
def _designed(order: int, low_hz: float, high_hz: float, fs_hz: float) -> _Designed:
    from scipy.signal import butter, sosfilt_zi

    sections = np.asarray(butter(order, [low_hz, high_hz], "bandpass", fs=fs_hz, output="sos"))
    return _Designed(sections, sosfilt_zi(sections))
