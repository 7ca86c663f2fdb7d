"""Reference beats and bimodal compression of SCP-ECG (EN 1064, annex C): what is done to get the rhythm back.

Between the protected zones (around each QRS) the residual was low-pass filtered and decimated, usually by 4; within
them every sample is there. A stretch between zones of n samples is stored as n // 4 values, then n % 4 samples as they
are. Reading puts each value in the middle of its block, joins the values by straight lines (the first and the last
value fill the half blocks at the ends), smooths the stretch by a mean of three, not across the limits of zones where a
beat was subtracted, and adds the reference beat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError

Samples = NDArray[np.float64]
Zone = tuple[int, int]  # from, to (not included), counted from 0 within a lead


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat of section 4: where the reference beat was subtracted, and the protected zone; samples from 1."""

    kind: int  # 0: like the reference beat
    start: int
    fiducial: int
    end: int
    protected_start: int
    protected_end: int


def zones(beats: Sequence[Beat], first: int, last: int, where: str) -> list[Zone]:
    """Return the protected zones within a lead's samples; FormatError if they overlap or run backwards."""
    found: list[Zone] = []
    for beat in beats:
        # Both zero: the beat has no protected zone (5.7), as in files that only mark beats.
        if not beat.protected_start and not beat.protected_end:
            continue
        start, end = max(beat.protected_start, first), min(beat.protected_end, last)
        if end < start:
            continue
        zone = (start - first, end - first + 1)
        if found and zone[0] < found[-1][1]:
            raise FormatError("protected zones overlap", where=where, found=f"{start} to {end}")
        found.append(zone)
    return found


def stretches(protected: Sequence[Zone], count: int) -> list[tuple[int, int, bool]]:
    """Return from, to, whether protected, over all samples of a lead; empty stretches stay out."""
    parts, at = [], 0
    for start, end in protected:
        parts += [(at, start, False), (start, end, True)]
        at = end
    return [part for part in [*parts, (at, count, False)] if part[1] > part[0]]


def stored_count(protected: Sequence[Zone], count: int, factor: int) -> int:
    """Return how many values are stored for a lead of `count` samples."""
    lengths = [(end - start, whole) for start, end, whole in stretches(protected, count)]
    return sum(length if whole else length // factor + length % factor for length, whole in lengths)


def expanded(values: Samples, protected: Sequence[Zone], count: int, factor: int) -> Samples:
    """Return (count,) samples from the stored values, not smoothed yet."""
    row = np.empty(count)
    at = 0
    for start, end, whole in stretches(protected, count):
        blocks, rest = (0, end - start) if whole else divmod(end - start, factor)
        knots = values[at : at + blocks]
        if blocks:
            places = np.arange(blocks * factor, dtype=np.float64) - factor // 2
            joined = np.interp(places / factor, np.arange(blocks), knots)
            row[start : end - rest] = _whole(joined)
        row[end - rest : end] = values[at + blocks : at + blocks + rest]
        at += blocks + rest
    return row


def smoothed(row: Samples, protected: Sequence[Zone], beats: Sequence[Beat], first: int) -> Samples:
    """Return a lead with the mean of three outside its protected zones.

    A stretch reaches to the first and from the last sample of its neighbouring zones, and ends where a subtracted
    beat begins or ends; the samples at its ends stay.
    """
    count = len(row)
    cuts = sorted(
        cut
        for beat in beats
        if beat.kind == 0 and beat.end >= beat.start > 0
        for cut in (beat.start - first, beat.end - first + 1)
        if 0 < cut < count
    )
    result = row.copy()
    for start, end, whole in stretches(protected, count):
        if whole:
            continue
        # The filter of annex C runs over the decimated stretch with one sample of the zones at each end,
        # so that no step stays where they meet.
        start, end = max(start - 1, 0), min(end + 1, count)
        limits = [start, *(cut for cut in cuts if start < cut < end), end]
        for low, high in pairwise(limits):
            part = row[low:high]
            if len(part) > 2:
                result[low + 1 : high - 1] = _whole((part[:-2] + part[1:-1] + part[2:]) / 3)
    return result


def add_reference(
    row: Samples, first: int, reference: Samples, beats: Sequence[Beat], fiducial: int, where: str
) -> None:
    """Add the reference beat to a lead in place, wherever a beat of type 0 was subtracted.

    Args:
        row: (samples,) of the lead, of which the first has the number `first`.
        first: counted from 1.
        reference: (samples,) in the lead's steps.
        beats: section 4.
        fiducial: the sample of the reference beat that lies on each beat's fiducial point, from 1.
        where: named in errors.
    """
    for beat in beats:
        # Only beats of type 0 are like the reference beat; from the others nothing was subtracted (5.7).
        if beat.kind != 0 or not beat.start or not beat.fiducial:
            continue
        if beat.end < beat.start or beat.end - beat.start > len(reference):
            raise FormatError(
                "impossible zone of a subtracted beat", where=where, found=f"{beat.start} to {beat.end}"
            )
        offset = fiducial - 1 - beat.fiducial  # from the number of a sample to its place in the reference
        low = max(beat.start, first, -offset)
        high = min(beat.end + 1, first + len(row), len(reference) - offset)
        if high > low:
            row[low - first : high - first] += reference[low + offset : high + offset]


def _whole(values: Samples) -> Samples:
    """Return whole steps, halves away from zero."""
    return np.copysign(np.floor(np.abs(values) + 0.5), values)
