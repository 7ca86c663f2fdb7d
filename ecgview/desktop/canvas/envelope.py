"""A whole lead in few points: its lowest and highest sample of each stretch of time, made off the UI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord

BINS = 2000  # more than there are columns of px in most windows: no peak is lost, and a frame stays short
CHUNK_SAMPLES = 2_000_000  # between two looks whether anybody still waits: some 10 ms


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """Low and high of one lead by turns, (2 bins,) in mV, at times in s; NaN where a stretch holds no signal."""

    lead: str
    times_s: NDArray[np.float64]
    millivolts: NDArray[np.float64]

    @property
    def range_mv(self) -> tuple[float, float]:
        """What to show of it: nearly all, but a lone artefact does not press the rest flat."""
        known = self.millivolts[np.isfinite(self.millivolts)]
        if not known.size:
            return -1.0, 1.0
        low, high = (float(edge) for edge in np.quantile(known, (0.005, 0.995)))
        room = 0.08 * max(high - low, 0.2)
        return low - room, high + room


def envelope(record: EcgRecord, leads: Sequence[str], progress: Progress = silent) -> Envelope:
    """Return the envelope of the first of these leads that holds a signal; of the first one where none does.

    Raises:
        Cancelled: by `progress`, which is called between chunks.
    """
    made = _of(record, leads[0], progress)
    for lead in leads[1:]:
        if np.isfinite(made.millivolts).any():
            return made
        made = _of(record, lead, progress)
    return made


def _of(record: EcgRecord, lead: str, progress: Progress) -> Envelope:
    row = record.signal[record.lead_names.index(lead)]
    edges = np.unique(np.linspace(0, row.size, min(BINS, row.size) + 1).astype(np.int64))
    starts, bins = edges[:-1], len(edges) - 1
    low, high = np.empty(bins), np.empty(bins)
    per_chunk = max(1, CHUNK_SAMPLES * bins // row.size)
    for first in range(0, bins, per_chunk):
        progress(first / bins)
        last = min(bins, first + per_chunk)
        part, places = row[starts[first] : edges[last]], starts[first:last] - starts[first]
        low[first:last] = np.fmin.reduceat(part, places)
        high[first:last] = np.fmax.reduceat(part, places)
    fs_hz = record.sampling_rate_hz
    times = np.stack([starts, (starts + edges[1:]) / 2], axis=1) / fs_hz
    return Envelope(lead, times.ravel(), np.stack([low, high], axis=1).ravel())
