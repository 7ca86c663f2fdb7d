"""Which beats are alike, and what the others are: dominant, ventricular, supraventricular, paced, noise.

Rules of ours. Likeness is the correlation of the QRS complexes' slopes on all leads at the best shift: slopes do not
know the baseline. The largest group of beats that are alike is the dominant one; of two equal ones the narrower.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.signal.measure.measured import BeatClass
from ecgview.signal.measure.waves import Beat

Row = NDArray[np.float64]

HALF_S = 0.1  # of the stretch around a QRS peak that is compared
SHIFT_S = 0.06  # peaks of like beats are found this far apart in wide or notched complexes
LIKE = (
    0.85,
    0.7,
    0.5,
)  # tried in turn until enough beats are alike: noise lowers the likeness of equal beats
ENOUGH = 0.4  # of the beats
NOTHING_ALIKE = 0.5  # a narrow beat in its time that is less like the others is none
OTHER = 0.80  # less like the dominant beats than this is another origin, or conduction
PREMATURE = 0.85  # of the usual RR
IRREGULAR = 0.15  # mean step of RR to RR over the mean RR: prematurity says nothing beyond (AF)
WIDER_S, WIDE_S = 0.02, 0.11
QUIET, LOUD = 0.2, 6.0  # size against the usual one: less or more is no beat
STIMULUS_BEFORE_S = 0.1  # a stimulus this long before the QRS peak, or at it, has made it


@dataclass(frozen=True, slots=True)
class Sorted:
    """Classes of all beats; which of them are of the dominant group, and when each of those is, aligned, in s."""

    classes: tuple[BeatClass, ...]
    dominant: tuple[int, ...]
    aligned_s: tuple[float, ...]  # of every beat; of the others as good as it went
    likeness: tuple[float, ...]


def sort(signal: Row, fs_hz: float, beats: Sequence[Beat], stimuli_s: Sequence[float]) -> Sorted:
    """Return the classes of the beats.

    Args:
        signal: (leads, samples) mV, without gaps.
        fs_hz: its rate; shifts are found to a fraction of a sample.
        beats: in time order; at least one.
        stimuli_s: times of pacemaker stimuli.
    """
    times = np.array([beat.time_s for beat in beats])
    widths = np.array([width_s(beat) for beat in beats])
    slopes = _Slopes(signal, fs_hz, times)
    group = _largest_group(slopes, widths)
    template = slopes.mean(group, np.zeros(len(times)))
    shift, likeness = slopes.compare(template)
    for _ in range(2):  # the mean of aligned beats is sharper than that of unaligned ones
        template = slopes.mean(group, shift)
        shift, likeness = slopes.compare(template)
    shift = shift - float(np.median(shift[group]))
    classes = _classes(times, widths, likeness, slopes.sizes, group, stimuli_s)
    kept = tuple(int(k) for k in group if classes[k] in ("dominant", "paced"))
    if not kept:
        kept = tuple(map(int, group))
    return Sorted(classes, kept, tuple((times + shift).tolist()), tuple(likeness.tolist()))


def width_s(beat: Beat) -> float:
    """Return the width of a beat's QRS complex over all leads, in s."""
    qrs = beat.overall["QRS"]
    assert qrs is not None  # a beat is made of its QRS
    return qrs.offset_s - qrs.onset_s


class _Slopes:
    """The slopes around each QRS peak, with room for shifts."""

    def __init__(self, signal: Row, fs_hz: float, times_s: Row) -> None:
        self._fs_hz = fs_hz
        step = max(1, round(fs_hz / 250))  # QRS complexes have little above 100 Hz
        self._step_s = step / fs_hz
        self._half, self._reach = round(HALF_S / self._step_s), round(SHIFT_S / self._step_s)
        around = np.arange(-self._half - self._reach, self._half + self._reach + 1) * step
        at = np.clip(
            np.rint(times_s * fs_hz).astype(np.int64)[:, None] + around, step, signal.shape[1] - 1 - step
        )
        rows = (signal[:, at + step] - signal[:, at - step]).transpose(1, 0, 2)
        self._rows = np.ascontiguousarray(rows)  # (beats, leads, samples)
        middle = self._rows[:, :, self._reach : self._rows.shape[2] - self._reach]
        self.sizes: Row = np.sqrt((middle**2).sum((1, 2))) + 1e-9
        energy = np.zeros((len(self._rows), self._rows.shape[2] + 1))
        np.cumsum((self._rows**2).sum(1), axis=1, out=energy[:, 1:])
        length = middle.shape[2]
        # (beats, lags): of all leads, in the stretch at each shift
        self._energy: Row = energy[:, length:] - energy[:, :-length]

    def one(self, beat: int) -> Row:
        """Return the stretch of one beat, (leads, samples)."""
        row: Row = self._rows[beat, :, self._reach : self._rows.shape[2] - self._reach]
        return row

    def mean(self, which: NDArray[np.int64], shift_s: Row) -> Row:
        """Return the mean stretch of some beats, each shifted to the nearest sample."""
        lag = np.clip(np.rint(shift_s[which] / self._step_s).astype(np.int64), -self._reach, self._reach)
        span = np.arange(2 * self._half + 1)
        rows = [self._rows[k][:, self._reach + move + span] for k, move in zip(which, lag, strict=True)]
        found: Row = np.mean(rows, axis=0)
        return found

    def compare(self, template: Row) -> tuple[Row, Row]:
        """Return of each beat the shift, in s, at which it is most like the template, and how like it is then."""
        n = template.shape[1]
        leads, lags = len(template), self._energy.shape[1]
        # The template at each shift, so that one product is all correlations.
        placed = np.zeros((leads, self._rows.shape[2], lags))
        for lag in range(lags):
            placed[:, lag : lag + n, lag] = template
        products = self._rows.reshape(len(self._rows), -1) @ placed.reshape(-1, lags)
        norms = np.sqrt(np.maximum(self._energy, 1e-12) * (template**2).sum())
        alike = products / (norms + 1e-9)
        best = alike.argmax(1)
        rows = np.arange(len(alike))
        inner = np.clip(best, 1, alike.shape[1] - 2)
        left, top, right = (alike[rows, inner + d] for d in (-1, 0, 1))
        bend = left - 2 * top + right
        part = np.where(
            (best == inner) & (bend < -1e-12), 0.5 * (left - right) / np.where(bend == 0, -1, bend), 0.0
        )
        return (best - self._reach + part) * self._step_s, alike[rows, best]


def _largest_group(slopes: _Slopes, widths: Row) -> NDArray[np.int64]:
    n = len(widths)
    best: NDArray[np.int64] = np.arange(n)
    like: dict[int, Row] = {}  # the likeness of all beats to each that was asked of: the same for each least
    for least in LIKE:
        left = np.ones(n, dtype=bool)
        groups: list[NDArray[np.int64]] = []
        while left.any() and len(groups) < 8:
            seed = int(np.flatnonzero(left)[0])
            if seed not in like:
                like[seed] = slopes.compare(slopes.one(seed))[1]
            own = left & (like[seed] >= least)
            own[seed] = True
            groups.append(np.flatnonzero(own))
            left &= ~own
        best = max(groups, key=lambda group: (len(group), -float(np.median(widths[group]))))
        if len(best) >= max(2, ENOUGH * n):
            return best
    return best if len(best) > 1 else np.arange(n)


def _classes(
    times: Row,
    widths: Row,
    likeness: Row,
    sizes: Row,
    group: NDArray[np.int64],
    stimuli_s: Sequence[float],
) -> tuple[BeatClass, ...]:
    rr = np.diff(times)
    usual_rr = float(np.median(rr)) if rr.size else 0.0
    irregular = rr.size > 2 and float(np.abs(np.diff(rr)).mean()) > IRREGULAR * float(rr.mean())
    usual_width, usual_size = float(np.median(widths[group])), float(np.median(sizes[group]))
    stimuli = np.asarray(stimuli_s, dtype=float)
    own = set(map(int, group))
    made: list[BeatClass] = []
    for k, time in enumerate(times):
        before = time - stimuli
        premature = bool(k) and rr[k - 1] < PREMATURE * usual_rr
        if not QUIET * usual_size <= sizes[k] <= LOUD * usual_size:
            made.append("noise")
        elif stimuli.size and bool(((before > -0.02) & (before < STIMULUS_BEFORE_S)).any()):
            made.append("paced")
        elif likeness[k] < OTHER and k not in own:
            wide = widths[k] > max(WIDE_S, usual_width + WIDER_S)
            unlike: BeatClass = "noise" if likeness[k] < NOTHING_ALIKE else "dominant"
            made.append("ventricular" if wide else "supraventricular" if premature else unlike)
        else:
            made.append("supraventricular" if premature and not irregular else "dominant")
    return tuple(made)
