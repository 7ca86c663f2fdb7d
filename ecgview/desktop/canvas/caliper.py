"""The two-point caliper: ms, bpm and mV between two samples of one lead."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgview.record import EcgRecord

REACH_MS = 60.0  # half a broad QRS: a snap finds the peak of the wave it is held at, not that of the next


@dataclass(frozen=True, slots=True)
class Caliper:
    """Two sample indices on one lead of a record; `active` (0 or 1) is the end that the keys move.

    All measuring snaps to samples, not to pixels (C4). The amplitude is that of the stored samples: a
    display filter does not change a reading (F4).
    """

    lead: str
    ends: tuple[int, int]
    active: int = 1

    @classmethod
    def at(cls, record: EcgRecord, lead: str, seconds: float) -> Caliper:
        """Return a caliper with both ends on the sample nearest to a time."""
        index = nearest_sample(record, seconds)
        return cls(lead, (index, index))

    def moved_to(self, record: EcgRecord, seconds: float) -> Caliper:
        """Return it with the active end on the sample nearest to a time."""
        return self._with_end(nearest_sample(record, seconds))

    def stepped(self, record: EcgRecord, samples: int) -> Caliper:
        """Return it with the active end moved by whole samples, inside the record."""
        return self._with_end(min(max(self.ends[self.active] + samples, 0), record.n_samples - 1))

    def shifted(self, record: EcgRecord, samples: int) -> Caliper:
        """Return it with both ends moved by whole samples, as far as the record goes; the span stays."""
        low, high = min(self.ends), max(self.ends)
        by = min(max(samples, -low), record.n_samples - 1 - high)
        return replace(self, ends=(self.ends[0] + by, self.ends[1] + by))

    def snapped(self, record: EcgRecord) -> Caliper:
        """Return it with the active end on the peak of the wave that it is held at: an R peak, a T wave (T1)."""
        return self._with_end(peak_near(record, self.lead, self.ends[self.active]))

    def switched(self) -> Caliper:
        """Return it with the other end active."""
        return replace(self, active=1 - self.active)

    def seconds(self, record: EcgRecord) -> tuple[float, float]:
        """Return the times of both ends, s."""
        first, second = (index / record.sampling_rate_hz for index in self.ends)
        return first, second

    def millivolts(self, record: EcgRecord) -> tuple[float, float]:
        """Return the stored samples at both ends, mV; NaN in a gap."""
        trace = record.lead(self.lead)
        first, second = (float(trace[index]) for index in self.ends)
        return first, second

    def readings(self, record: EcgRecord) -> tuple[float, float, float]:
        """Return (ms, bpm, mV) from the first end to the second; bpm is 0 where both ends are one sample."""
        ms = (self.ends[1] - self.ends[0]) * 1000 / record.sampling_rate_hz
        first, second = self.millivolts(record)
        return ms, 60000 / abs(ms) if ms else 0.0, second - first

    def text(self, record: EcgRecord) -> str:
        """Return the reading as shown beside the caliper."""
        ms, bpm, mv = self.readings(record)
        rate = f" · {bpm:.0f} bpm" if 0 < bpm < 1000 else ""
        amplitude = " · no sample" if mv != mv else f" · {round(mv, 2) + 0.0:+.2f} mV"  # never "-0.00"
        return f"{abs(ms):.0f} ms{rate}{amplitude}"

    def _with_end(self, index: int) -> Caliper:
        ends = (index, self.ends[1]) if self.active == 0 else (self.ends[0], index)
        return replace(self, ends=ends)


def nearest_sample(record: EcgRecord, seconds: float) -> int:
    """Return the index of the sample nearest to a time, inside the record."""
    return min(max(round(seconds * record.sampling_rate_hz), 0), record.n_samples - 1)


def peak_near(record: EcgRecord, lead: str, index: int) -> int:
    """Return the sample within `REACH_MS` that stands farthest from the level around it; itself in a gap.

    The level is the median of three times that reach, so that a negative wave (QS, inverted T) has its peak, too.
    """
    trace, reach = record.lead(lead), samples_of(record, REACH_MS)
    around = trace[max(0, index - 3 * reach) : index + 3 * reach + 1]
    first = max(0, index - reach)
    near = trace[first : index + reach + 1]
    if not np.isfinite(near).any():
        return index
    away = np.abs(near - np.nanmedian(around))
    return first + int(np.nanargmax(away))


def samples_of(record: EcgRecord, milliseconds: float) -> int:
    """Return how many samples lie in a time, at least one."""
    return max(1, round(milliseconds * record.sampling_rate_hz / 1000))
