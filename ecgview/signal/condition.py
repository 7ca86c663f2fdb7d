"""What the samples of an ECG are, in figures: amplitude, beats, noise, mains, copies, clipping, gaps.

Nothing is decided here: `judgement` says which figures are those of no ECG. All are of the first `STRETCH_S`, what the
networks see, and of 1 to 40 Hz where not said otherwise: their usual band without the wander.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ecgview.record import Signal
from ecgview.runs import lengths
from ecgview.signal import beats, held, mean_beat, running
from ecgview.signal.gaps import bridged
from ecgview.signal.held import Held
from ecgview.signal.mean_beat import MeanBeat
from ecgview.signal.resampling import averaged

STRETCH_S = 10.0
BAND_HZ = (1.0, 40.0)
BEATS_HZ = 250.0  # faster samples are averaged down to about this before beats are looked for
BEAT_S = (0.25, 0.40)  # before and after R
AROUND_R_S = 0.1  # of a beat, each side: the QRS complex, which keeps its form in atrial fibrillation
MAINS_HZ = (50.0, 60.0)
BLOCK_S = 0.02  # a mean over so long holds no mains of 50 Hz and little of 60
WINDOW_S, HOP_S = 1.0, 0.1  # the rest between two beats is shorter
TWINS_MV, TWINS_SHARE = (
    0.004,
    0.02,
)  # root mean square of what two leads differ by; 9 of 4,788 real records lie below
LEAST_ALIKE = 0.5  # of the beats of a lead that has a part in the mean beat
QRS_HZ, WHOLE_HZ = (30.0, 45.0), (1.0, 15.0)
TONE_HZ, TONE_ALONE_HZ, TONE_OVER = 12.0, 4.0, 10.0  # lines above 12 Hz, ten times what lies within 4 Hz
LIKE = 0.5  # correlation of a QRS complex with the others that is taken as one of them
WANDER_S = 0.5  # a mean over so long holds hardly anything of a beat
LOW_HZ, HIGH_HZ = (20.0, 45.0), (62.0, 98.0)  # between the mains and its harmonics

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Figures of one stretch; per lead in the order of the rows given.

    `amplitude_mv` is peak to peak, (leads,). `beats` counts QRS complexes; `likeness` is the median correlation of a
    complex with the mean of the others over all leads, NaN with fewer than two; `alike` is that of each lead alone.
    `moving_mv` is peak to peak without trend and mains in windows of `WINDOW_S`, one each `HOP_S`, (leads, windows).
    `one_line` is the share of the power that lies at one frequency, `above_band` that above 40 Hz without the mains
    (`above_band_of` of each lead), `one_shape` that which all leads have in common (1 = scaled copies of each other);
    `twins` are pairs of rows that hold the same samples but for microvolts. `mains_uv` is root mean square by mains
    frequency, in the median lead, `mains_uv_of` in each. `tone` is a line above 12 Hz that is no ECG's, Hz and µV,
    (0, 0) without one. `cut` is the power density between 30 and 45 Hz over that between 1 and 15, `wander_mv` peak to
    peak of means over half a second, (leads,). `unlike_s` is the longest time without a complex like the others,
    `repeating` the share of a lead's power that each beat has, (leads,). `fall_off` is the power density between 62 and
    98 Hz over that between 20 and 45; NaN below 200 Hz. `gap_s` is the longest gap per lead, `held` tells of samples
    that are equal. `beat` is the mean beat of the leads that have names; None where there is none.
    """

    seconds: float
    sampling_rate_hz: float
    amplitude_mv: Row
    beats: int
    likeness: float
    alike: Row
    moving_mv: Row
    one_line: float
    above_band: float
    above_band_of: Row
    one_shape: float
    twins: tuple[tuple[int, int], ...]
    mains_uv: dict[float, float]
    mains_uv_of: dict[float, Row]
    tone: tuple[float, float]
    cut: float
    wander_mv: Row
    unlike_s: float
    repeating: Row
    fall_off: float
    gap_s: Row
    held: Held
    band: Row  # (leads, samples) mV between 1 and 40 Hz, at the record's rate
    beat: MeanBeat | None


def measure(signal: Signal, fs_hz: float, names: Sequence[str] = ()) -> Condition:
    """Return the figures of (leads, samples) mV, of leads of these names.

    At least two seconds are needed for them to mean anything.
    """
    filled, gaps = bridged(signal[:, : round(STRETCH_S * fs_hz)])
    n = filled.shape[1]
    centred = _without_line(filled)
    size = fast_length(n)
    transform = np.fft.rfft(centred, size, axis=1)
    f = np.fft.rfftfreq(size, 1 / fs_hz)
    transform[:, (f < BAND_HZ[0]) | (f > BAND_HZ[1])] = 0
    band = np.fft.irfft(transform, size, axis=1)[:, :n]
    products = band @ band.T
    spectrum = _Spectrum(centred, fs_hz)
    found = _complexes(filled, gaps, fs_hz)
    likeness, alike, unlike_s = _likeness(band, found, round(AROUND_R_S * fs_hz))
    unlike_s /= fs_hz
    above = spectrum.above_band()
    mains = {hz: spectrum.line_uv(hz) for hz in MAINS_HZ if fs_hz > 2 * hz + 8}
    return Condition(
        seconds=n / fs_hz,
        sampling_rate_hz=fs_hz,
        amplitude_mv=np.ptp(band, axis=1),
        beats=len(found),
        likeness=likeness,
        alike=alike,
        moving_mv=_moving(filled, fs_hz),
        one_line=spectrum.one_line(),
        above_band=float(np.median(above)),
        above_band_of=above,
        one_shape=_one_shape(band, products),
        twins=_twins(centred, band, products),
        mains_uv={hz: float(np.median(level)) for hz, level in mains.items()},
        mains_uv_of=mains,
        tone=spectrum.tone(),
        cut=spectrum.cut(),
        wander_mv=_wander(centred, fs_hz),
        unlike_s=unlike_s,
        repeating=_repeating(band, found, fs_hz),
        fall_off=spectrum.fall_off(),
        gap_s=_longest(gaps) / fs_hz,
        held=held.measure(filled, gaps, fs_hz, len(found)),
        band=band,
        beat=mean_beat.measure(band, names, alike, found, fs_hz, LEAST_ALIKE),
    )


def _without_line(filled: Row) -> Row:
    """Return the leads without mean and trend: a ramp would spread over the whole spectrum."""
    n = filled.shape[1]
    along = np.linspace(-1.0, 1.0, n)
    centred: Row = filled - filled.mean(1, keepdims=True)
    centred -= np.outer(centred @ along / (along @ along), along)
    return centred


@lru_cache(maxsize=64)
def fast_length(n: int) -> int:
    """Return the least number from n on that has no prime factors but 2, 3 and 5: its transform is quick."""
    rest = n
    for factor in (2, 3, 5):
        while rest % factor == 0 and rest > 1:
            rest //= factor
    return n if rest <= 1 else fast_length(n + 1)


@lru_cache(maxsize=8)
def _hann(n: int) -> tuple[Row, float]:
    """Return a window and the sum of its squares."""
    window = np.hanning(n)
    return window, float((window**2).sum())


class _Spectrum:
    """Power densities of the leads, mV²/Hz, over frequency."""

    def __init__(self, centred: Row, fs_hz: float) -> None:
        window, power = _hann(centred.shape[1])
        size = fast_length(centred.shape[1])
        bins = np.fft.rfft(centred * window, size, axis=1)
        self._fs_hz = fs_hz
        self._f = np.fft.rfftfreq(size, 1 / fs_hz)
        self._power = (bins.real**2 + bins.imag**2) * (2 / (fs_hz * power))

    def _within(self, low_hz: float, high_hz: float) -> Row:
        first, last = np.searchsorted(self._f, [low_hz, high_hz])
        part: Row = self._power[:, first:last]
        return part

    def _sum(self, low_hz: float, high_hz: float) -> Row:
        total: Row = self._within(low_hz, high_hz).sum(1) * self._f[1]
        return total

    def one_line(self) -> float:
        inside = self._within(0.5, BAND_HZ[1])
        if not inside.size:
            return 0.0
        reach = max(2, round(0.2 / self._f[1]))  # the window's own width
        places = inside.argmax(1)
        tops = [
            row[max(0, at - reach) : at + reach + 1].sum() for row, at in zip(inside, places, strict=True)
        ]
        return float(np.median(np.array(tops) / (inside.sum(1) + 1e-15)))

    def above_band(self) -> Row:
        """Return the share of each lead above 40 Hz, the mains and its harmonics left out."""
        above = self._sum(BAND_HZ[1], np.inf)
        for mains in MAINS_HZ:
            for hz in np.arange(mains, self._fs_hz / 2, mains):
                above = above - self._sum(hz - 1, hz + 1)
        above = np.maximum(above, 0.0)
        share: Row = above / (above + self._sum(0.5, BAND_HZ[1]) + 1e-15)
        return share

    def line_uv(self, hz: float) -> Row:
        """Return what stands out of its neighbourhood at one frequency in each lead, µV RMS."""
        beside = (self._sum(hz - 3, hz - 1) + self._sum(hz + 1, hz + 3)) / 4
        line = np.maximum(self._sum(hz - 0.5, hz + 0.5) - beside, 0.0)
        found: Row = np.sqrt(line) * 1000
        return found

    def tone(self) -> tuple[float, float]:
        """Return the frequency of a line that is no ECG's, and its size in µV RMS in the median lead; 0, 0 for none.

        The harmonics of a steady heart rate are lines, too, but each has neighbours as strong within 4 Hz.
        """
        step = self._f[1]
        first = int(np.searchsorted(self._f, TONE_HZ - TONE_ALONE_HZ))
        part = self._power[:, first:]
        reach, side = max(2, round(0.25 / step)), round(TONE_ALONE_HZ / step)
        if part.shape[1] <= 2 * (side + 2 * reach):
            return 0.0, 0.0
        line = running.mean((part / (part.sum(1, keepdims=True) + 1e-15)).mean(0), 2 * reach + 1)
        away = 2 * reach + 1
        beside = np.full(len(line), np.inf)
        mirrored = np.pad(line, side - 1, mode="symmetric")
        largest = sliding_window_view(mirrored, side).max(1)
        beside[away:-away] = np.maximum(
            largest[: len(line) - 2 * away],  # of the `side` that end there
            largest[side - 1 + 2 * away :],  # of the `side` that begin there
        )
        f = self._f[first:]
        beside[f < TONE_HZ] = np.inf
        for hz in MAINS_HZ:  # told by themselves
            beside[np.abs(f - hz) < 0.5] = np.inf
        over = line / (beside + 1e-18)
        at = int(over.argmax())
        if over[at] < TONE_OVER:
            return 0.0, 0.0
        level = part[:, max(0, at - reach) : at + reach + 1].sum(1) * step
        return float(f[at]), float(np.sqrt(np.median(level)) * 1000)

    def cut(self) -> float:
        """Return the power density where a QRS complex still has some over that of the whole ECG."""
        low = self._within(*WHOLE_HZ).mean(1)
        return float(np.median(self._within(*QRS_HZ).mean(1) / (low + 1e-15)))

    def fall_off(self) -> float:
        if self._fs_hz < 2 * HIGH_HZ[1]:
            return float("nan")
        low = np.median(self._within(*LOW_HZ), axis=1)
        return float(np.median(np.median(self._within(*HIGH_HZ), axis=1) / (low + 1e-15)))


def _complexes(filled: Row, gaps: NDArray[np.bool_], fs_hz: float) -> NDArray[np.int64]:
    """Return the samples of the QRS complexes."""
    step = max(1, round(fs_hz / BEATS_HZ))
    slow = averaged(filled, step)[~gaps.all(1)]
    if not slow.size:
        return np.zeros(0, dtype=np.int64)
    return beats.peaks(slow.astype(np.float32), fs_hz / step) * step + step // 2


def _likeness(band: Row, places: NDArray[np.int64], reach: int) -> tuple[float, Row, float]:
    """Return how alike the complexes are over all leads together, and in each lead alone."""
    inside = [int(at) for at in places if reach <= at < band.shape[1] - reach]
    if len(inside) < 2:
        return float("nan"), np.full(len(band), np.nan), float(band.shape[1])
    cut = np.stack([band[:, at - reach : at + reach + 1] for at in inside])
    alone = _with_the_others(cut - cut.mean(2, keepdims=True))
    cut /= cut.std((0, 2))[None, :, None] + 1e-6  # a quiet lead counts as much as a loud one
    rows = cut.reshape(len(inside), -1)
    rows -= rows.mean(1, keepdims=True)
    each = _with_the_others(rows)
    good = [0, *(at for at, like in zip(inside, each, strict=True) if like >= LIKE), band.shape[1]]
    return float(np.median(each)), np.median(alone, axis=0), float(np.diff(good).max())


def _repeating(band: Row, places: NDArray[np.int64], fs_hz: float) -> Row:
    """Return the share of each lead's power around the beats that is the same in all: about 0 of noise, unbiased.

    With the P and the T wave, so that a quiet QRS complex does not decide; NaN with fewer than three beats.
    """
    before, after = (round(part * fs_hz) for part in BEAT_S)
    inside = [int(at) for at in places if before <= at < band.shape[1] - after]
    n = len(inside)
    if n < 3:
        return np.full(len(band), np.nan)
    cut = np.stack([band[:, at - before : at + after] for at in inside])
    cut -= cut.mean(2, keepdims=True)
    power = np.einsum("blt,blt->l", cut, cut)
    together = (cut.sum(0) ** 2).sum(1)
    share: Row = (together - power) / ((n - 1) * power + 1e-12)
    return share


def _with_the_others(cut: Row) -> Row:
    """Return the correlation of each complex, the first axis, with the sum of the others; samples are the last axis."""
    others = cut.sum(0) - cut
    along = (cut * others).sum(-1)
    found: Row = along / np.sqrt((cut**2).sum(-1) * (others**2).sum(-1) + 1e-12)
    return found


def _moving(filled: Row, fs_hz: float) -> Row:
    """Return peak to peak of each lead in windows, without what wanders: (leads, windows), none in less."""
    step = max(1, round(BLOCK_S * fs_hz))
    slow = averaged(filled, step)
    length = round(WINDOW_S * fs_hz / step)
    if slow.shape[1] < length:
        return np.zeros((len(filled), 0))
    windows = np.lib.stride_tricks.sliding_window_view(slow, length, axis=1)
    starts = np.round(np.arange(0, windows.shape[1] - 0.5, HOP_S * fs_hz / step)).astype(np.int64)
    cut = windows[:, starts[starts < windows.shape[1]]]
    along = np.linspace(-1.0, 1.0, length)
    trend = (cut @ along / (along @ along))[..., None] * along
    cut = cut - trend
    spread: Row = cut.max(2) - cut.min(2)
    return spread


def _wander(centred: Row, fs_hz: float) -> Row:
    """Return peak to peak of each lead's means over half a second; of every few samples, as wander is of millivolts."""
    apart = max(1, round(WANDER_S * fs_hz / 25))
    found: Row = np.ptp(averaged(centred[:, ::apart], max(1, round(WANDER_S * fs_hz / apart))), axis=1)
    return found


def _one_shape(band: Row, products: Row) -> float:
    """Return the part of the power that is in the largest common shape; `products` are the leads' with each other."""
    size = np.sqrt(np.maximum(np.diag(products) / band.shape[1] - band.mean(1) ** 2, 0.0))
    used = size > 1e-6
    if used.sum() < 2:
        return float("nan")
    values = np.linalg.eigvalsh(products[np.ix_(used, used)] / np.outer(size[used], size[used]))
    return float(values[-1] / values.sum())


def _twins(centred: Row, band: Row, products: Row) -> tuple[tuple[int, int], ...]:
    """Return the pairs of rows that hold the same samples, but for an offset and some microvolts."""
    middle = band.mean(1)
    together = products / band.shape[1] - np.outer(middle, middle)
    power = np.diag(together)
    apart = (
        power[:, None] + power - 2 * together
    )  # mean square, but for rounding: the nearest are looked at closer
    near = np.tril(apart < (2 * TWINS_MV) ** 2, -1)
    found = []
    for other, one in np.argwhere(near):
        size = max(band[one].std(), band[other].std())
        if min(np.ptp(centred[one]), np.ptp(centred[other])) > 1e-3 and (band[one] - band[other]).std() < min(
            TWINS_MV, TWINS_SHARE * size
        ):
            found.append((int(one), int(other)))
    return tuple(found)


def _longest(flags: NDArray[np.bool_]) -> Row:
    """Return the longest run of each row, in samples."""
    found = np.zeros(len(flags))
    for row in np.flatnonzero(flags.any(1)):
        found[row] = lengths(flags[row]).max()
    return found
