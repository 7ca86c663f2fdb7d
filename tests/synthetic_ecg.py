"""ECGs whose every edge, amplitude and axis is known, of any rate, with noise, wander and mains as asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord

# Directions of P, QRS and T, in the frontal plane (degrees) and forward: V1 to V6 look from the front to the left.
CHEST_DEGREES = (
    115.0,
    94.0,
    58.0,
    30.0,
    5.0,
    -15.0,
)  # in the horizontal plane, 0 to the left, 90 to the front


@dataclass(frozen=True)
class Made:
    """What was put in; ms, mV, degrees."""

    rr_ms: float = 800.0
    p_ms: float = 100.0
    pr_ms: float = 160.0
    qrs_ms: float = 90.0
    qt_ms: float = 400.0
    axis: float = 50.0
    t_axis: float = 40.0
    p_axis: float = 55.0
    seconds: float = 10.0
    with_p: bool = True
    first_s: float = 0.5


def lobe(t: NDArray[np.float64], start: float, stop: float) -> NDArray[np.float64]:
    """Return half a sine from start to stop: it begins and ends with a corner, so that its edges are where they are."""
    x = (t - start) / (stop - start)
    return np.where((x > 0) & (x < 1), np.sin(np.pi * np.clip(x, 0, 1)), 0.0)


def directed(degrees: float, forward: float) -> NDArray[np.float64]:
    """Return the size in each of the twelve leads of a unit vector in the frontal plane, with a part forward."""
    x, y = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    one, foot = x, y * np.sqrt(3) / 2
    two = foot + one / 2
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    chest = [x * np.cos(np.radians(a)) + forward * np.sin(np.radians(a)) for a in CHEST_DEGREES]
    return np.array([*limb, *chest])


def record(
    made: Made | None = None,
    fs_hz: float = 500.0,
    *,
    noise_mv: float = 0.0,
    wander_mv: float = 0.0,
    mains_mv: float = 0.0,
    seed: int = 1,
) -> EcgRecord:
    """Return twelve leads of such beats."""
    made = made or Made()
    t = np.arange(round(made.seconds * fs_hz)) / fs_hz
    signal = np.zeros((12, t.size))
    p_part, t_part = directed(made.p_axis, 0.3) * 0.15, directed(made.t_axis, 0.4) * 0.35
    q, r, s = directed(made.axis, 0.2), directed(made.axis, 0.1), directed(made.axis, -0.9)
    for on in np.arange(made.first_s, made.seconds, made.rr_ms / 1000):
        width = made.qrs_ms / 1000
        signal += np.outer(r * 1.1, lobe(t, on, on + 0.62 * width))
        signal += np.outer(s * 0.5 - q * 0.25, lobe(t, on + 0.5 * width, on + width))
        end = on + made.qt_ms / 1000
        signal += np.outer(t_part, lobe(t, end - 0.19, end))
        if made.with_p:
            start = on - made.pr_ms / 1000
            signal += np.outer(p_part, lobe(t, start, start + made.p_ms / 1000))
    random = np.random.default_rng(seed)
    signal += random.normal(0, noise_mv, signal.shape) if noise_mv else 0.0
    phase = random.uniform(0, 6, (12, 1))
    signal += wander_mv * np.sin(2 * np.pi * 0.25 * t + phase) + mains_mv * np.sin(2 * np.pi * 50 * t + phase)
    return EcgRecord(signal.astype(np.float32), STANDARD_12, fs_hz)
