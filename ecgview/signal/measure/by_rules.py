"""P, QRS and T on a median beat by plain rules: the fallback where no network was trained, and its check elsewhere.

QRS ends where the leads' slopes have come to rest; P and T by the tangent to the flank of the leads' root mean square.
Numbers were chosen on LUDB (`benchmarks/measurements.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ecgview.signal.measure.waves import Kind, Wave

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the rules; times in s, shares of the largest slope or height."""

    smooth_s: float = 0.012
    qrs_share: float = 0.06
    qrs_noise: float = 3.0  # times the slope at rest
    qrs_quiet_s: float = 0.012  # the slope stays low for this long: a notch does not
    qrs_longest_s: float = 0.13  # before and after the peak
    t_after_qrs_s: float = 0.05
    t_peak_at_most: float = 0.50  # after QRS onset, times the root of RR in s
    t_least: float = 2.5  # times the noise at rest
    p_from_s: float = 0.36  # before QRS onset
    p_until_s: float = 0.02
    p_least_mv: float = 0.012
    p_least: float = 2.0
    p_flank: float = 0.5


LIMITS = Limits()


def found(
    signal: Row, fs_hz: float, peak: int, rr_s: float, limits: Limits = LIMITS
) -> dict[Kind, Wave | None]:
    """Return the waves over all leads of a median beat, in s from its QRS peak; None where there is none.

    Args:
        signal: (leads, samples) mV, the baseline at zero before QRS onset.
        fs_hz: its rate.
        peak: the sample of the QRS peak.
        rr_s: from beat to beat.
        limits: of the rules.
    """
    smooth = _smooth(signal, max(1, round(limits.smooth_s * fs_hz)))
    slope = np.sqrt(np.square(np.gradient(smooth, axis=1)).mean(0)) * fs_hz
    onset, offset = _qrs(slope, fs_hz, peak, limits)
    level = smooth[:, max(0, onset - round(0.01 * fs_hz)) : onset + 1].mean(1, keepdims=True)
    height = np.sqrt(np.square(smooth - level).mean(0))
    out: dict[Kind, Wave | None] = {
        "P": _p(smooth, fs_hz, onset, rr_s, limits),
        "QRS": Wave(*((place - peak) / fs_hz for place in (onset, peak, offset))),
        "T": _t(height, fs_hz, onset, offset, rr_s, limits),
    }
    return {kind: None if wave is None else wave for kind, wave in _from_peak(out, fs_hz, peak).items()}


def _from_peak(out: Mapping[Kind, Wave | None], fs_hz: float, peak: int) -> dict[Kind, Wave | None]:
    at = peak / fs_hz
    return {
        kind: wave
        if wave is None or kind == "QRS"
        else Wave(wave.onset_s - at, wave.peak_s - at, wave.offset_s - at)
        for kind, wave in out.items()
    }


def _smooth(signal: Row, width: int) -> Row:
    """Return the mean of `width` samples around each, twice; ends are continued."""
    made = signal
    for _ in range(2):
        padded = np.pad(made, ((0, 0), (width // 2 + 1, width - width // 2)), mode="edge")
        sums = np.cumsum(padded, axis=1)
        made = (sums[:, width : width + signal.shape[1]] - sums[:, : signal.shape[1]]) / width
    return made


def _qrs(slope: Row, fs_hz: float, peak: int, limits: Limits) -> tuple[int, int]:
    """Return the first and the last sample of the QRS complex."""
    reach = round(limits.qrs_longest_s * fs_hz)
    first, last = max(0, peak - reach), min(len(slope), peak + reach)
    top = float(slope[first:last].max())
    rest = float(np.quantile(slope, 0.1))
    least = max(limits.qrs_share * top, limits.qrs_noise * rest)
    quiet = round(limits.qrs_quiet_s * fs_hz)
    low = slope < least
    onset = peak
    while onset > first and not low[max(0, onset - quiet) : onset + 1].all():
        onset -= 1
    offset = peak
    while offset < last - 1 and not low[offset : offset + quiet + 1].all():
        offset += 1
    return onset, offset


def _t(height: Row, fs_hz: float, onset: int, offset: int, rr_s: float, limits: Limits) -> Wave | None:
    start = offset + round(limits.t_after_qrs_s * fs_hz)
    stop = min(len(height) - 2, onset + round(limits.t_peak_at_most * sqrt(rr_s) * fs_hz))
    if stop - start < round(0.06 * fs_hz):
        return None
    top = start + int(height[start:stop].argmax())
    latest = min(len(height), onset + round(min(rr_s - 0.1, 0.75 * sqrt(rr_s) + 0.05) * fs_hz))
    rest = float(height[top:latest].min()) if latest > top + 2 else float("inf")
    if height[top] < max(0.02, 1.5 * rest) or top in (start, stop - 1):
        return None
    end = _tangent(height[top:latest] - rest)
    begin = _tangent(height[offset : top + 1][::-1] - float(height[offset : top + 1].min()))
    return Wave((top - begin) / fs_hz, top / fs_hz, (top + end) / fs_hz)


def _tangent(flank: Row) -> float:
    """Return where the tangent at the steepest place of a falling flank meets zero, in samples from its start."""
    fall = np.gradient(flank)
    lowest = int(flank.argmin())
    steepest = int(fall[: max(2, lowest)].argmin())
    if fall[steepest] >= 0:
        return float(lowest)
    return float(min(lowest, steepest - flank[steepest] / fall[steepest]))


def _p(smooth: Row, fs_hz: float, onset: int, rr_s: float, limits: Limits) -> Wave | None:
    start = max(0, onset - round(min(limits.p_from_s, 0.5 * rr_s) * fs_hz))
    stop = onset - round(limits.p_until_s * fs_hz)
    if stop - start < round(0.08 * fs_hz):
        return None
    part = smooth[:, start : onset + 1]
    along = np.linspace(0, 1, part.shape[1])
    part = part - part[:, :1] * (1 - along) - part[:, -1:] * along
    height = np.sqrt(np.square(part).mean(0))[: stop - start]
    top = int(height.argmax())
    if top < round(0.02 * fs_hz) or height[top] < limits.p_least_mv:
        return None
    before, after = height[: top + 1], height[top:]
    rest = max(float(before.min()), float(after.min()))
    if height[top] < limits.p_least * rest:
        return None
    begin = _tangent(before[::-1] - float(before.min()))
    end = _tangent(after - float(after.min()))
    return Wave((start + top - begin) / fs_hz, (start + top) / fs_hz, (start + top + end) / fs_hz)
