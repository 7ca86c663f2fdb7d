"""How near found waves come to the experts' marks: beats, intervals over all leads, P waves that are not there.

The rules are those by which LUDB's marks are read elsewhere: a wave counts where half of the leads mark it; the value
of all leads is the third-extreme lead's (the extreme one is noisy and some 15 ms wider); a record's interval is the
median over its beats; found beats outside the experts' marked span are neither right nor wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.signal.measure import intervals
from ecgview.signal.measure.waves import KINDS, Beat, Kind, Wave
from ecgview.training.data.delineated import Mark
from ecgview.training.evaluation import metrics

NAMES = ("P", "PR", "QRS", "QT")
RANK = 2  # the third lead from outside
SAME_BEAT_S = 0.15
_FROM_TO: Mapping[str, tuple[tuple[Kind, str], tuple[Kind, str]]] = {
    "P": (("P", "onset_s"), ("P", "offset_s")),
    "PR": (("P", "onset_s"), ("QRS", "onset_s")),
    "QRS": (("QRS", "onset_s"), ("QRS", "offset_s")),
    "QT": (("QRS", "onset_s"), ("T", "offset_s")),
}
_GAP_S: Mapping[Kind, float] = {"P": 0.12, "QRS": 0.15, "T": 0.2}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One record: differences in ms, found less marked, NaN where one of them has none, and what was counted."""

    difference: Mapping[str, float]
    marked: Mapping[str, bool]
    n_beats: int
    missed: int
    false: int
    p_marked: bool
    p_found: bool


def marked_beats(marks: Mapping[str, Sequence[Mark]], rank: int = RANK) -> tuple[Beat, ...]:
    """Return the beats of marks per lead, by the experts or by anything else that marks single leads."""
    leads = {name: own for name, own in marks.items() if own}
    groups = {kind: _groups(leads, kind) for kind in KINDS}
    times = [_time(group) for group in groups["QRS"]]
    beats = []
    for k, qrs in enumerate(groups["QRS"]):
        before = times[k - 1] if k else -np.inf
        after = times[k + 1] if k + 1 < len(times) else np.inf
        ps = [one for one in groups["P"] if max(before, times[k] - 0.6) < _time(one) < times[k]]
        ts = [one for one in groups["T"] if times[k] < _time(one) < min(after, times[k] + 1.0)]
        overall: dict[Kind, Wave | None] = {
            "P": _near_extreme(ps[-1], rank) if ps else None,
            "QRS": _near_extreme(qrs, rank),
            "T": _near_extreme(ts[0], rank) if ts else None,
        }
        beats.append(Beat(overall, {}))
    return tuple(beats)


def _groups(leads: Mapping[str, Sequence[Mark]], kind: Kind) -> list[list[Mark]]:
    """Return the marks of one kind that mean one wave, where at least half of the leads have it."""
    every = sorted(
        (mark for own in leads.values() for mark in own if mark.kind == kind), key=lambda one: one.peak_s
    )
    out: list[list[Mark]] = []
    for mark in every:
        if out and mark.peak_s - _time(out[-1]) <= _GAP_S[kind]:
            out[-1].append(mark)
        else:
            out.append([mark])
    return [group for group in out if 2 * len(group) >= len(leads)]


def _time(group: Sequence[Mark]) -> float:
    return float(np.median([mark.peak_s for mark in group]))


def _near_extreme(group: Sequence[Mark], rank: int) -> Wave:
    """Return the wave of all leads; an edge that no lead has is NaN (some programs find peaks alone)."""
    onsets = sorted(mark.onset_s for mark in group if mark.onset_s is not None)
    offsets = sorted((mark.offset_s for mark in group if mark.offset_s is not None), reverse=True)
    first, last = (
        ordered[min(rank, len(ordered) - 1)] if ordered else np.nan for ordered in (onsets, offsets)
    )
    return Wave(first, _time(group), last)


def compare(truth: Sequence[Beat], found: Sequence[Beat]) -> Outcome:
    """Return how near the found beats of one record come to the experts'."""
    wanted, made = _intervals(truth), _intervals(found)
    difference = {
        name: np.nan if (a := made[name]) is None or (b := wanted[name]) is None else a - b for name in NAMES
    }
    times = np.array([beat.time_s for beat in truth])
    inside = np.array([beat.time_s for beat in found])
    if len(times):
        inside = inside[(inside >= times[0] - SAME_BEAT_S) & (inside <= times[-1] + SAME_BEAT_S)]
    pairs = _pairs(times, inside)
    return Outcome(
        difference,
        {name: wanted[name] is not None for name in NAMES},
        len(times),
        len(times) - pairs,
        len(inside) - pairs,
        wanted["P"] is not None,
        made["P"] is not None,
    )


def _intervals(beats: Sequence[Beat]) -> dict[str, float | None]:
    """Return the medians over the beats, ms; where under half of the beats have a P, there is none."""
    with_p = intervals.has_p(beats)
    out: dict[str, float | None] = {}
    for name, (first, last) in _FROM_TO.items():
        spans = [
            1000 * (getattr(b, last[1]) - getattr(a, first[1]))
            for beat in beats
            if (a := beat.overall[first[0]]) is not None and (b := beat.overall[last[0]]) is not None
        ]
        known = [span for span in spans if np.isfinite(span)] if with_p or first[0] != "P" else []
        out[name] = float(np.median(known)) if known else None
    return out


def _pairs(one: NDArray[np.float64], two: NDArray[np.float64]) -> int:
    """Return how many of the times are the same beat, each used once, nearest first."""
    apart = np.abs(np.subtract.outer(one, two))
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    for flat in np.argsort(apart, axis=None):
        row, column = divmod(int(flat), max(1, apart.shape[1]))
        if apart[row, column] > SAME_BEAT_S:
            break
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
    return len(used_rows)


def figures(outcomes: Sequence[Outcome], resamples: int = 1000) -> dict[str, dict[str, float]]:
    """Return per interval n, found, mean and SD in ms, their 95 % intervals by record, and the share within 10 ms.

    A missing answer counts as outside 10 ms; mean and SD are over those that were found.
    """
    out = {}
    for name in NAMES:
        values = np.array([one.difference[name] for one in outcomes if one.marked[name]])
        if not len(values):
            continue
        row = {"n": float(len(values)), "found": float(np.isfinite(values).sum())}
        for key, statistic in _STATISTICS.items():
            interval = metrics.bootstrap(_of_rows(statistic, values), len(values), resamples)
            row |= {key: interval.value, f"{key}_low": interval.low, f"{key}_high": interval.high}
        out[name] = row
    return out


def _of_rows(
    statistic: Callable[[NDArray[np.float64]], float], values: NDArray[np.float64]
) -> Callable[[NDArray[np.int64]], float]:
    return lambda rows: statistic(values[rows])


def _sd(values: NDArray[np.float64]) -> float:
    found = values[np.isfinite(values)]
    return float(found.std(ddof=1)) if len(found) > 1 else float("nan")


def _mean(values: NDArray[np.float64]) -> float:
    found = values[np.isfinite(values)]
    return float(found.mean()) if len(found) else float("nan")


def _within(values: NDArray[np.float64]) -> float:
    return float((np.abs(np.nan_to_num(values, nan=np.inf)) <= 10).mean())


_STATISTICS = {"mean": _mean, "sd": _sd, "within_10_ms": _within}
