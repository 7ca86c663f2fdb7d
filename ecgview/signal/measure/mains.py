"""Mains taken out before beats are aligned: where RR is a whole number of its periods no median takes it away."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]

MAINS_HZ = (50.0, 60.0)
LEAST_MV = 0.006  # amplitude: below it is left in, for what is fitted may be QRS complexes
WINDOW_S = 2.0
AROUND_S = (0.1, 0.1)  # of a QRS peak: not looked at


def without(signal: Row, fs_hz: float, peaks_s: Sequence[float]) -> Row:
    """Return the leads, (leads, samples) mV, less the 50 and 60 Hz that stand between QRS complexes."""
    quiet = np.ones(signal.shape[1])
    for at in peaks_s:
        first, after = (round((at + side) * fs_hz) for side in (-AROUND_S[0], AROUND_S[1]))
        quiet[max(0, first) : max(0, after)] = 0.0
    if quiet.mean() < 0.2:
        return signal
    made = signal
    for hz in MAINS_HZ:
        if fs_hz > 2 * hz + 20:
            made = _less(made, fs_hz, hz, quiet)
    return made


@lru_cache(maxsize=4)
def _turn(n: int, hz: float, fs_hz: float) -> NDArray[np.complex128]:
    """Return a frequency's turns of n samples, backward: the same for each record of one rate and length."""
    made: NDArray[np.complex128] = np.exp(-2j * np.pi * hz * np.arange(n) / fs_hz)
    made.setflags(write=False)
    return made


def _less(signal: Row, fs_hz: float, hz: float, quiet: Row) -> Row:
    n = signal.shape[1]
    period = max(2, round(fs_hz / hz))
    # Differences over half a period pass mains twice as large, and hardly anything of a T wave.
    half = period // 2
    moved = signal[:, half:] - signal[:, : n - half]
    weight = quiet[half:] * quiet[: n - half]
    turn = _turn(n, hz, fs_hz)
    gain = np.exp(2j * np.pi * hz * half / fs_hz) - 1
    window = round(WINDOW_S * fs_hz)
    starts = np.arange(0, max(1, n - half - window // 2), window)
    turned = (weight * turn[: n - half]).view(np.float64).reshape(-1, 2)  # real numbers: no copy of the leads
    sums = np.stack([moved[:, a : a + window] @ turned[a : a + window] for a in starts], axis=1)
    held = np.array([weight[a : a + window].sum() for a in starts])
    found = 2 * sums.view(np.complex128)[..., 0] / np.maximum(held, 1.0) / gain
    found[:, held < 0.1 * window] = 0.0
    if np.abs(found).max() < LEAST_MV:
        return signal
    place, middles = np.arange(n), starts + window / 2
    back = np.conj(turn)
    out = np.empty_like(signal)
    for row, own in enumerate(found):
        amplitude = np.interp(place, middles, own.real) + 1j * np.interp(place, middles, own.imag)
        out[row] = signal[row] - (amplitude * back).real
    return out
