"""The shape of a QRS complex in one lead of the median beat: its deflections, its notches, its R peak time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.runs import runs
from ecgview.signal.measure import deflections

Trace = NDArray[np.float64]

LEAST_MV, LEAST_S = (
    0.03,
    0.008,
)  # a deflection: what the CSE's programs were asked to see, with the noise of a median
LARGE_MV = 0.5  # written as a capital letter
NOTCH_MV, NOTCH_SHARE = 0.04, 0.04  # how far a notch falls back: absolutely, and of the deflection's peak
SLUR_SLOPE, SLUR_S = (
    0.22,
    0.012,
)  # a slur: this part of the steepest slope at most, for this long, off the peak


@dataclass(frozen=True, slots=True)
class Deflection:
    """One deflection of a QRS complex; times in s from the QRS onset, amplitude in mV with its sign."""

    start_s: float
    peak_s: float
    end_s: float
    mv: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Shape:
    """A QRS complex in one lead: deflections in time order; times of notches and slurs in s from the QRS onset."""

    deflections: tuple[Deflection, ...]
    peaks_s: tuple[float, ...]  # upright local peaks, R and R' and those of a notched R
    notches_s: tuple[float, ...]
    notches_mv: tuple[float, ...]  # how deep each of them is
    slurs_s: tuple[float, ...]
    seconds: float

    @property
    def letters(self) -> str:
        """The complex as it is written: "qRs", "QS", "rSR'"."""
        up = down = 0
        written = []
        for one in self.deflections:
            if one.mv > 0:
                letter, up = "R" + "'" * up, up + 1
            elif up:
                letter, down = "S" + "'" * down, down + 1
            else:
                letter = "Q"
            written.append(letter if abs(one.mv) >= LARGE_MV else letter.lower())
        return "QS" if written in (["Q"], ["q"]) else "".join(written)

    @property
    def r(self) -> tuple[Deflection, ...]:
        """R, R' and so on."""
        return tuple(one for one in self.deflections if one.mv > 0)

    @property
    def q(self) -> Deflection | None:
        """Q, or the whole complex where it is a QS."""
        first = self.deflections[0] if self.deflections else None
        return first if first is not None and first.mv < 0 else None

    @property
    def s(self) -> tuple[Deflection, ...]:
        """S, S' and so on: downward deflections after an R."""
        return self.deflections[1:] and tuple(one for one in self.deflections[1:] if one.mv < 0)

    @property
    def r_peak_s(self) -> float | None:
        """From the QRS onset to the last upright peak (the intrinsicoid deflection)."""
        return self.peaks_s[-1] if self.peaks_s else None


def shape_of(qrs: Trace, fs_hz: float, slope: float = 0.0) -> Shape:
    """Return the shape of the samples from QRS onset to offset, in mV from the level at the onset.

    `slope` is that of the lead just before, in mV per sample. What counts is what `deflections.parts` counts, from a
    greater height on.
    """
    found: list[Deflection] = []
    peaks, notches, depths, slurs = [], [], [], []
    steepest = float(np.abs(np.diff(qrs)).max(initial=0.0))
    for one in deflections.parts(qrs, fs_hz, LEAST_MV, LEAST_S, slope):
        start, end = one.first, one.last + 1
        part = np.abs(qrs[start:end])
        found.append(Deflection(start / fs_hz, one.top / fs_hz, end / fs_hz, one.height))
        tops, dips = _notches(part)
        depths += [_depth(part, dip) for dip in dips]
        notches += [(start + dip) / fs_hz for dip in dips]
        if one.height > 0:
            peaks += [(start + top) / fs_hz for top in tops]
        slurs += [(start + slur) / fs_hz for slur in _slurs(part, tops, steepest, fs_hz)]
    return Shape(tuple(found), tuple(peaks), tuple(notches), tuple(depths), tuple(slurs), len(qrs) / fs_hz)


def _notches(part: Trace) -> tuple[list[int], list[int]]:
    """Return the peaks of a deflection, and the dips between them that are deep enough for a notch."""
    deep = max(NOTCH_MV, NOTCH_SHARE * float(part.max()))
    tops: list[int] = []
    dips: list[int] = []
    high = low = 0  # the highest sample since the last dip, the lowest since the last peak
    rising = True
    for index, value in enumerate(part.tolist()):
        if rising:
            if value > part[high]:
                high = index
            elif value < part[high] - deep:
                tops.append(high)
                rising, low = False, index
        elif value < part[low]:
            low = index
        elif value > part[low] + deep:
            dips.append(low)
            rising, high = True, index
    if rising and (not tops or high > tops[-1]):
        tops.append(high)
    return tops, dips


def _depth(part: Trace, dip: int) -> float:
    """Return how far a notch falls below the lower one of the peaks beside it, in mV."""
    return float(min(part[: dip + 1].max(), part[dip:].max()) - part[dip])


def _slurs(part: Trace, tops: list[int], steepest: float, fs_hz: float) -> list[int]:
    """Return the middles of stretches in which a deflection nearly stands still, away from its foot and its peaks."""
    flat = np.abs(np.diff(part)) < SLUR_SLOPE * steepest
    high = part[:-1] > 0.3 * part.max()
    away = np.ones(len(flat), bool)
    # The rounded top itself is no slur.
    for top in tops:
        away[max(0, top - round(0.008 * fs_hz)) : top + round(0.008 * fs_hz)] = False
    return [(a + b) // 2 for a, b in runs(flat & high & away).tolist() if (b - a) / fs_hz >= SLUR_S]
