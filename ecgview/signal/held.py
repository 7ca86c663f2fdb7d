"""Samples that no amplifier gives: leads at rest, held at a limit, or written twice.

Every amplifier has noise of some microvolts, so that of an electrode on skin two neighbouring samples are seldom equal
for long, not in all leads at once, and never are twelve leads the same a second time. What is equal was filled in,
cut off or copied.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.runs import lengths

STILL_S = 0.2  # all leads at rest: no amplifier does that
STILL_BEATS_S = 1.0  # so long where it happens beat by beat: a simulator without noise, or few coarse leads
SHORT_STILL_S = 0.1  # of what is added up however short; coarse samples of a calm lead rest for less
HELD_S = 0.012  # held at the extreme so long,
HELD_RUNS = 2  # so often,
HELD_MV = 0.25  # and so far from the middle: clipping
RAIL_S = 0.3  # held once for so long, and so far from the middle: an amplifier that came back from its limit
STEEP_MV = 0.03  # a flat top is entered or left so quickly, in one sample; the round top of a wave is not
FLAT_TOPS = 3  # as many of one height
REPEATED_S = 0.6  # the least distance, and the least length, of what counts as written twice

Row = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Figures of samples that are equal.

    `still_s` is how long all leads rest at once, in stretches of `STILL_S` and more; `still_share` the share of the
    time in all stretches of `SHORT_STILL_S`. Per lead, (leads,): `rest_s`, the longest time without a change;
    `share`, of the samples held at the lead's extremes; `clipped`, whether that, a rail or flat tops are clipping.
    `copied_s` is how long all leads are what they were before, `mirrored_s` in reverse order.
    """

    still_s: float
    still_share: float
    rest_s: Row
    share: Row
    clipped: Flags
    copied_s: float
    mirrored_s: float


def measure(filled: Row, gaps: Flags, fs_hz: float, beats_found: int) -> Held:
    """Return the figures of (leads, samples) mV without gaps; `gaps` are those filled."""
    same = (filled[:, 1:] == filled[:, :-1]) & ~gaps[:, 1:]
    lead, start, length = _rests(same)
    rest_s = np.zeros(len(filled))
    np.maximum.at(rest_s, lead, length / fs_hz)
    share, clipped = _at_extremes(filled, max(3, round(HELD_S * fs_hz)))
    resting = same.all(0)
    # Where all leads rest at once samples are missing, which is no clipping.
    tops = (length >= max(3, round(HELD_S * fs_hz))) & ~resting[
        np.minimum(start + length // 2, len(resting) - 1)
    ]
    clipped |= _cut_off(filled, lead[tops], start[tops], length[tops], fs_hz)
    still_s, still_share = _still(resting, fs_hz, len(filled), beats_found)
    copied_s, mirrored_s = _twice(filled, fs_hz)
    return Held(still_s, still_share, rest_s, share, clipped, copied_s, mirrored_s)


def _rests(same: Flags) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return lead, first sample and length in samples of what does not change for three samples and more.

    `same` is whether a sample is the one before, (leads, samples - 1).
    """
    framed = np.zeros((len(same), same.shape[1] + 2), dtype=np.bool_)
    framed[:, 1:-1] = same
    edges = np.flatnonzero((framed[:, 1:] != framed[:, :-1]).ravel())
    first, after = edges[::2], edges[1::2]
    long = after - first >= 2
    lead, start = np.divmod(first[long], same.shape[1] + 1)
    return lead, start, after[long] - first[long] + 1


def _still(resting: Flags, fs_hz: float, leads: int, beats_found: int) -> tuple[float, float]:
    """Return for how many seconds no lead moves, in long stretches, and the share of the time in any."""
    if np.count_nonzero(resting) < SHORT_STILL_S * fs_hz:
        return 0.0, 0.0
    rest_s = lengths(resting) / fs_hz
    share = rest_s[rest_s >= SHORT_STILL_S].sum() * fs_hz / resting.size
    rest_s = rest_s[rest_s >= STILL_S]
    if leads <= 2 or len(rest_s) > beats_found / 2:
        rest_s = rest_s[rest_s >= STILL_BEATS_S]
    return float(rest_s.sum()), float(share) if leads > 2 else 0.0


def _at_extremes(filled: Row, shortest: int) -> tuple[Row, Flags]:
    """Return per lead the share of samples held at its extremes in runs, and whether that is clipping."""
    held = np.zeros(len(filled))
    clipped = np.zeros(len(filled), dtype=np.bool_)
    for extreme in (filled.max(1), filled.min(1)):
        there = np.abs(filled - extreme[:, None]) < 1e-6
        for place in np.flatnonzero(np.count_nonzero(there, axis=1) >= shortest):
            row = filled[place]
            # A calm baseline is an extreme, too, where every wave goes one way.
            if abs(extreme[place] - np.median(row)) <= HELD_MV:
                continue
            long = lengths(there[place])
            long = long[long >= shortest]
            held[place] += long.sum() / row.size
            clipped[place] |= len(long) >= HELD_RUNS
    return held, clipped


def _cut_off(
    filled: Row, lead: NDArray[np.int64], start: NDArray[np.int64], length: NDArray[np.int64], fs_hz: float
) -> Flags:
    """Return which leads rest far from their middle for long, or have flat tops of one height."""
    found = np.zeros(len(filled), dtype=np.bool_)
    if not lead.size:
        return found
    level = filled[lead, start]
    for place in np.flatnonzero(length >= RAIL_S * fs_hz):
        row = filled[lead[place]]
        found[lead[place]] |= abs(level[place] - np.median(row)) > HELD_MV
    before = level - filled[lead, np.maximum(start - 1, 0)]
    after = level - filled[lead, np.minimum(start + length, filled.shape[1] - 1)]
    top = (before * after > 0) & (np.minimum(np.abs(before), np.abs(after)) >= STEEP_MV)
    heights = lead[top] * 10**9 + np.round(level[top] * 1e4).astype(np.int64)  # of microvolts, lead by lead
    kinds, often = np.unique(heights, return_counts=True)
    found[np.round(kinds[often >= FLAT_TOPS] / 10**9).astype(np.int64)] = True
    return found


def _twice(filled: Row, fs_hz: float) -> tuple[float, float]:
    """Return for how long all leads are what they were before, and what they were in reverse order, in s.

    A sample of all leads is one number; equal numbers are looked at in pairs, whose distance, or whose middle, is the
    same all along what was copied.
    """
    if len(filled) < 3:  # of one or two coarse leads many samples are equal
        return 0.0, 0.0
    weights = np.sqrt(np.arange(2.0, len(filled) + 2))
    keys = weights @ filled
    moving = np.flatnonzero(np.diff(keys, prepend=np.nan) != 0)
    order = moving[np.argsort(keys[moving], kind="stable")]
    pairs = np.flatnonzero(np.abs(np.diff(keys[order])) < 1e-9)
    if len(pairs) < REPEATED_S * fs_hz / 2:
        return 0.0, 0.0
    one, other = order[pairs], order[pairs + 1]
    copied = np.bincount(np.abs(other - one))
    mirrored = np.bincount(other + one)
    copied[: round(REPEATED_S * fs_hz)] = 0
    return float(copied.max(initial=0) / fs_hz), float(mirrored.max(initial=0) / fs_hz)
