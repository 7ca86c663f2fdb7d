"""P, QRS and T on a median beat by plain rules: the fallback where no network was trained, and its check elsewhere.

QRS ends where the leads' slopes have come to rest; P and T by the tangent to the flank of the leads' root mean square.
Numbers were chosen on LUDB (`benchmarks/measurements.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ecgview.signal import beats as detector
from ecgview.signal.measure import representative, sorting
from ecgview.signal.measure.waves import Beat, Kind, Wave

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the rules; times in s, shares of the largest slope or height."""

    smooth_s: float = 0.016
    qrs_share: float = 0.055
    qrs_noise: float = 4.0  # times the slope at rest
    qrs_quiet_s: float = 0.012  # the slope stays low for this long: a notch does not
    qrs_longest_s: float = 0.13  # before and after the peak
    qrs_top: float = (
        0.85  # the largest slope is this quantile of those within 60 ms of the peak: a stimulus is steeper
    )
    t_after_qrs_s: float = 0.05
    t_usual: float = (
        0.38  # what lies later than this after QRS onset, times the root of RR in s, counts the less
    )
    t_fade: float = 0.08
    t_later_s: float = 0.022  # the tangent ends before the experts' T does
    p_before_s: float = 0.004  # and after their P begins
    p_later_s: float = 0.010
    t_peak_at_most: float = 0.50  # after QRS onset, times the root of RR in s
    t_least_mv: float = 0.03  # over the lowest place after it
    p_from_s: float = 0.34  # before QRS onset
    p_until_s: float = 0.02
    p_least_mv: float = 0.02
    p_least: float = 3.0


LIMITS = Limits()
AROUND_S = 0.08  # of a QRS peak, until the edges are known


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
    t = _t(height, fs_hz, onset, offset, rr_s, limits)
    earliest = 0.0 if t is None else t.offset_s - rr_s  # the T wave of the beat before is no P
    out: dict[Kind, Wave | None] = {
        "P": _p(
            smooth, fs_hz, onset, max(earliest, onset / fs_hz - min(limits.p_from_s, 0.5 * rr_s)), limits
        ),
        "QRS": Wave(*(place / fs_hz for place in (onset, peak, offset))),
        "T": t,
    }
    return {kind: None if wave is None else _moved(wave, -peak / fs_hz) for kind, wave in out.items()}


def _moved(wave: Wave, by_s: float) -> Wave:
    return Wave(wave.onset_s + by_s, wave.peak_s + by_s, wave.offset_s + by_s)


def beats(
    signal: Row, fs_hz: float, names: Sequence[str], stimuli_s: Sequence[float] = ()
) -> tuple[Beat, ...]:
    """Return the beats of a record: the waves of the median beat laid on each beat that is like it.

    Other beats have a QRS complex alone: what is before and after it is of no known shape.

    Args:
        signal: (leads, samples) mV without gaps, at 500 Hz or more.
        fs_hz: its rate.
        names: of the leads.
        stimuli_s: times of pacemaker stimuli.
    """
    times = detector.peaks(signal.astype(np.float32), fs_hz) / fs_hz
    unmeasured = [
        Beat({"P": None, "QRS": Wave(time - AROUND_S, time, time + AROUND_S), "T": None}, {})
        for time in times
    ]
    if not unmeasured:
        return ()
    order = sorting.sort(signal, fs_hz, unmeasured, stimuli_s)
    straight = representative.straightened(signal, fs_hz, unmeasured, order.dominant)
    stacked = representative.stack(straight, fs_hz, order.aligned_s, order.dominant)
    median = representative.of(stacked, names, fs_hz, order.aligned_s)
    rows, rr_s = median.signal.astype(np.float64), float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    overall = found(rows, fs_hz, median.peak, rr_s)
    leads = {
        name: {
            kind: wave
            for kind, wave in found(row[None], fs_hz, median.peak, rr_s).items()
            if wave is not None and overall[kind] is not None
        }
        for name, row in zip(names, rows, strict=True)
    }
    alike = set(order.dominant)
    return tuple(
        _laid(overall, leads, at) if k in alike else _alone(signal, fs_hz, at)
        for k, at in enumerate(order.aligned_s)
    )


def _laid(overall: Mapping[Kind, Wave | None], leads: Mapping[str, Mapping[Kind, Wave]], at_s: float) -> Beat:
    """Return the waves of the median beat at the peak of a beat; those that lie before the record are not there."""
    kept = {
        kind
        for kind, wave in overall.items()
        if wave is not None and (kind == "QRS" or wave.onset_s + at_s > 0)
    }
    return Beat(
        {
            kind: _moved(wave, at_s) if wave is not None and kind in kept else None
            for kind, wave in overall.items()
        },
        {
            name: {kind: _moved(wave, at_s) for kind, wave in own.items() if kind in kept}
            for name, own in leads.items()
        },
    )


def _alone(signal: Row, fs_hz: float, at_s: float) -> Beat:
    """Return the QRS complex of a beat that is like no other."""
    reach = round(0.3 * fs_hz)
    first = max(0, round(at_s * fs_hz) - reach)
    part = signal[:, first : round(at_s * fs_hz) + reach]
    peak = min(part.shape[1] - 1, round(at_s * fs_hz) - first)
    smooth = _smooth(part, max(1, round(LIMITS.smooth_s * fs_hz)))
    onset, offset = _qrs(np.sqrt(np.square(np.gradient(smooth, axis=1)).mean(0)) * fs_hz, fs_hz, peak, LIMITS)
    qrs = Wave(*((first + place) / fs_hz for place in (onset, peak, offset)))
    return Beat({"P": None, "QRS": qrs, "T": None}, {})


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
    near = round(0.06 * fs_hz)
    top = float(np.quantile(slope[max(0, peak - near) : peak + near], limits.qrs_top))
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
    late = (np.arange(start, stop) - onset) / fs_hz / sqrt(rr_s) - limits.t_usual
    top = start + int((height[start:stop] * np.exp(-np.maximum(late, 0.0) / limits.t_fade)).argmax())
    latest = min(len(height), onset + round(min(rr_s - 0.1, 0.75 * sqrt(rr_s) + 0.05) * fs_hz))
    rest = float(height[top:latest].min()) if latest > top + 2 else float("inf")
    if height[top] < max(rest + limits.t_least_mv, 1.5 * rest) or top in (start, stop - 1):
        return None
    end = _tangent(height[top:latest] - rest)
    begin = _tangent(height[offset : top + 1][::-1] - float(height[offset : top + 1].min()))
    return Wave((top - begin) / fs_hz, top / fs_hz, (top + end) / fs_hz + limits.t_later_s)


def _tangent(flank: Row) -> float:
    """Return where the tangent at the steepest place of a falling flank meets zero, in samples from its start."""
    fall = np.gradient(flank)
    lowest = int(flank.argmin())
    steepest = int(fall[: max(2, lowest)].argmin())
    if fall[steepest] >= 0:
        return float(lowest)
    return float(min(lowest, steepest - flank[steepest] / fall[steepest]))


def _p(smooth: Row, fs_hz: float, onset: int, earliest_s: float, limits: Limits) -> Wave | None:
    start = max(0, round(earliest_s * fs_hz))
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
    return Wave(
        (start + top - begin) / fs_hz - limits.p_before_s,
        (start + top) / fs_hz,
        min((start + top + end) / fs_hz + limits.p_later_s, onset / fs_hz),
    )
