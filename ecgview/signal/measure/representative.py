"""The median beat of each lead: dominant beats, aligned, without the wander of their baseline."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ecgview.signal import medians
from ecgview.signal.measure import intervals
from ecgview.signal.measure.intervals import Intervals
from ecgview.signal.measure.measured import STIMULUS_S, Median
from ecgview.signal.measure.waves import KINDS, Beat, Kind, Wave

Row = NDArray[np.float64]

BEFORE_S, AFTER_S = 0.5, 0.9  # of the QRS peak; no further than the beat before and after it
LEVEL_S = 0.016  # before QRS onset: where the baseline is taken from
FEWEST_WHOLE = 3  # beats that lie in the record with all of this; fewer: the others' parts count, too


class Stack(NamedTuple):
    """Aligned beats of all leads, (leads, beats, samples) mV, the sample of the QRS peak, and which beats they are."""

    rows: Row
    peak: int
    beats: tuple[int, ...]


def straightened(signal: Row, fs_hz: float, beats: Sequence[Beat], dominant: Sequence[int]) -> Row:
    """Return the signal less a cubic curve through its level just before each dominant beat's QRS onset.

    There the heart is at rest in every lead; unlike a high-pass this leaves ST segments where they are.
    """
    width = max(1, round(LEVEL_S * fs_hz))
    ends = [_onset(beats[k]) for k in dominant]
    at = np.clip(np.rint(np.array(ends) * fs_hz).astype(np.int64), width, signal.shape[1] - 1)
    levels = signal[:, at[:, None] - width + np.arange(width)].mean(2)
    keep = np.concatenate([[True], np.diff(at) > width])
    found: Row = signal - _curve(at[keep] - width / 2, levels[:, keep], signal.shape[1])
    return found


def _onset(beat: Beat) -> float:
    qrs = beat.overall["QRS"]
    assert qrs is not None  # a beat is made of its QRS
    return qrs.onset_s


def _curve(knots: Row, levels: Row, n_samples: int) -> Row:
    """Return the cubic curve through levels at knots, level before the first and after the last."""
    if len(knots) == 1:
        return np.repeat(levels, n_samples, axis=1)
    slopes = np.gradient(levels, knots, axis=1)
    slopes[:, [0, -1]] = 0.0
    found = np.empty((len(levels), n_samples))
    bounds = np.clip(np.ceil(knots).astype(np.int64), 0, n_samples)
    found[:, : bounds[0]], found[:, bounds[-1] :] = levels[:, :1], levels[:, -1:]
    for k, (first, after) in enumerate(pairwise(bounds)):
        h = knots[k + 1] - knots[k]
        t = (np.arange(first, after) - knots[k]) / h
        t2, t3 = t * t, t * t * t
        shapes = np.stack([2 * t3 - 3 * t2 + 1, t3 - 2 * t2 + t, 3 * t2 - 2 * t3, t3 - t2])
        held = np.stack([levels[:, k], h * slopes[:, k], levels[:, k + 1], h * slopes[:, k + 1]], axis=1)
        found[:, first:after] = held @ shapes
    return found


def stack(signal: Row, fs_hz: float, aligned_s: Sequence[float], dominant: Sequence[int]) -> Stack:
    """Return the dominant beats cut out of a straightened signal, aligned to a fraction of a sample."""
    times = np.array([aligned_s[int(k)] for k in dominant])
    rr = float(np.median(np.diff(np.array(aligned_s)))) if len(aligned_s) > 1 else AFTER_S
    before, after = round(min(BEFORE_S, rr) * fs_hz), round(min(AFTER_S, rr) * fs_hz)
    place = times * fs_hz
    whole = (place - before >= 1) & (place + after < signal.shape[1] - 2)
    if whole.sum() >= min(FEWEST_WHOLE, len(times)):
        place, kept = place[whole], np.flatnonzero(whole).tolist()
    else:
        kept = list(range(len(times)))
    first = np.floor(place).astype(np.int64)
    weights = _between(place - first)
    at = first[:, None] + np.arange(-before, after + 1)
    inside = (at >= 1) & (at < signal.shape[1] - 2)
    at = np.clip(at, 1, signal.shape[1] - 3)
    rows = sum((weights[:, tap, None] * signal[:, at + tap - 1] for tap in range(4)), np.zeros(1))
    rows = np.where(inside, rows, np.nan) if not inside.all() else rows
    return Stack(rows, before, tuple(dominant[k] for k in kept))


def _between(part: Row) -> Row:
    """Return the weights of the four samples around a place between two of them (cubic, Catmull and Rom)."""
    t, t2, t3 = part, part**2, part**3
    return np.stack(
        [-t3 + 2 * t2 - t, 3 * t3 - 5 * t2 + 2, -3 * t3 + 4 * t2 + t, t3 - t2], axis=1
    ) / 2  # fmt: skip


def of(stacked: Stack, names: Sequence[str], fs_hz: float, aligned_s: Sequence[float]) -> Median:
    """Return the median beat, no waves named yet."""
    rows = stacked.rows
    if np.isnan(rows).any():
        signal = np.nan_to_num(np.nanmedian(rows, axis=1))
        apart = np.nanmedian(np.abs(rows - signal[:, None]), axis=(1, 2))
    else:  # nearly always, and in a third of the time
        signal = medians.over_few(rows, axis=1)
        apart = np.median(np.abs(rows - signal[:, None]).reshape(len(rows), -1), axis=1)
    noise = apart * 1.48  # as a standard deviation
    return Median(
        signal.astype(np.float32),
        tuple(names),
        fs_hz,
        stacked.peak,
        len(stacked.beats),
        {},
        {},
        stacked.beats,
        tuple(aligned_s[k] for k in stacked.beats),
        noise_mv=dict(zip(names, noise.tolist(), strict=True)),
    )


def overall(
    beats: Sequence[Beat],
    aligned_s: Sequence[float],
    found: Intervals,
    inward_s: tuple[float, float] = (0.0, 0.0),
) -> dict[Kind, Wave | None]:
    """Return the waves of all leads on the median beat, so that their distances are the intervals of the beats.

    Times are from the QRS peak. The edge that no interval fixes is the median of the beats'. `inward_s` is by how much
    QRS begins later and ends earlier than in the beats.
    """
    places: dict[Kind, tuple[list[float], list[float], list[float]]] = {}
    for kind in KINDS:
        waves = [(beat.overall[kind], t) for beat, t in zip(beats, aligned_s, strict=True)]
        rows = [(w.onset_s - t, w.peak_s - t, w.offset_s - t) for w, t in waves if w is not None]
        places[kind] = tuple(list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])  # type: ignore[assignment]
    onset = median(places["QRS"][0])
    out: dict[Kind, Wave | None] = {"P": None, "QRS": None, "T": None}
    if found.qrs_ms is not None:
        later, earlier = inward_s
        end = onset + found.qrs_ms / 1000 - earlier
        out["QRS"] = Wave(onset + later, median(places["QRS"][1]), end)
    if found.pr_ms is not None and found.p_ms is not None:
        start = onset - found.pr_ms / 1000
        out["P"] = Wave(start, median(places["P"][1]), start + found.p_ms / 1000)
    if found.qt_ms is not None:
        out["T"] = Wave(median(places["T"][0]), median(places["T"][1]), onset + found.qt_ms / 1000)
    return out


def stimulus(median_beat: Median, qrs: Wave | None, stimuli_s: Iterable[float]) -> float | None:
    """Return where the first stimulus near the QRS onset stands on the median beat, in s from its QRS peak."""
    if qrs is None or not median_beat.aligned_s:
        return None
    aligned = np.array(median_beat.aligned_s)
    before, after = STIMULUS_S
    near = []
    for at in stimuli_s:
        from_peak = float(at - aligned[np.abs(aligned - at).argmin()])
        if qrs.onset_s - before <= from_peak <= qrs.onset_s + after:
            near.append(from_peak)
    return min(near, default=None)


def of_leads(
    beats: Sequence[Beat], aligned_s: Sequence[float], names: Iterable[str], has: Mapping[Kind, bool]
) -> dict[str, dict[Kind, Wave]]:
    """Return the waves of each lead on the median beat, those that at least half of the beats show there."""
    made: dict[str, dict[Kind, Wave]] = {}
    for name in names:
        own: dict[Kind, Wave] = {}
        for kind in KINDS:
            rows = [
                (wave.onset_s - t, wave.peak_s - t, wave.offset_s - t)
                for beat, t in zip(beats, aligned_s, strict=True)
                if (wave := beat.leads.get(name, {}).get(kind)) is not None
            ]
            if has[kind] and rows and 2 * len(rows) >= len(beats):
                own[kind] = Wave(*(median(column) for column in zip(*rows, strict=True)))
        made[name] = own
    return made


def averaged(beats: Sequence[Beat]) -> Intervals:
    """Return the means over beats in place of the medians: in atrial fibrillation every beat differs (M3)."""
    found = intervals.of(beats)
    qrs_ms, qt_ms = [], []
    for beat in beats:
        qrs, t = beat.overall["QRS"], beat.overall["T"]
        if qrs is not None:
            qrs_ms.append(1000 * (qrs.offset_s - qrs.onset_s))
            qt_ms += [] if t is None else [1000 * (t.offset_s - qrs.onset_s)]
    return Intervals(
        qrs_ms=fmean(qrs_ms) if qrs_ms else None,
        qt_ms=fmean(qt_ms) if qt_ms else None,
        rate_bpm=found.rate_bpm,
    )
