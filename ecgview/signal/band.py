"""Band-passes designed once for each rate, in NumPy alone: what looks at a file does not wait for SciPy.

Sections and answers are SciPy's (`butter`, `sosfiltfilt`) to rounding; tests hold them to it.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ecgview.signal.zero_phase import Section, forward

ORDER = 2  # at either edge: two sections, of one pair of poles each
BEYOND = 3 * (2 * ORDER + 1)  # samples that either end is continued by, turned about its last sample

Row = NDArray[np.float64]


def passed(signal: Row, low_hz: float, high_hz: float, fs_hz: float) -> Row:
    """Return (..., samples) through a Butterworth band-pass, forward and backward, so that no phase is shifted.

    More than `BEYOND` samples are needed.
    """
    left = 2 * signal[..., :1] - signal[..., BEYOND:0:-1]
    right = 2 * signal[..., -1:] - signal[..., -2 : -(BEYOND + 2) : -1]
    found = np.concatenate([left, signal, right], axis=-1)
    shape = found.shape
    found = found.reshape(-1, shape[-1])
    for _ in range(2):
        for section in sections(low_hz, high_hz, fs_hz):
            found = forward(section, found)
        found = found[:, ::-1]
    band: Row = found.reshape(shape)[..., BEYOND:-BEYOND]
    return band


@lru_cache(maxsize=64)
def sections(low_hz: float, high_hz: float, fs_hz: float) -> tuple[Section, ...]:
    """Return the sections of a Butterworth band-pass of the second order, 3 dB down at both edges."""
    # Bent, as the bilinear transform bends them.
    low, high = (2 * np.tan(np.pi * edge / fs_hz) for edge in (low_hz, high_hz))
    width, middle = high - low, low * high
    # One pole of the low-pass; the other is its conjugate and gives the same pairs.
    pole = np.exp(0.75j * np.pi) * width / 2
    apart = np.sqrt(pole * pole - middle)
    made = []
    for analog in (pole + apart, pole - apart):
        z = (2 + analog) / (2 - analog)
        gain = 2 * width / abs(2 - analog) ** 2  # of a zero at 0 Hz and one at half the rate
        made.append(Section(gain, 0.0, -gain, -2 * z.real, abs(z) ** 2))
    return tuple(made)
