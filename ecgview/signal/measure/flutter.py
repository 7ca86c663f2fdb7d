"""Atrial waves that come at one fast interval without a pause, as in flutter: they lie on ST and T, and take P's place.

Between the QRS complexes the inferior leads and V1 repeat themselves after one interval, and after two. The limits were
chosen on PTB-XL folds 1 to 8: there all eight ECGs with the statement AFLT show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.record import EcgRecord
from ecgview.signal.gaps import bridged
from ecgview.signal.measure.waves import Beat
from ecgview.signal.resampling import resample

Rows = NDArray[np.float64]

LEADS = ("II", "III", "aVF", "V1")
WORKING_HZ = 250.0
SLOWEST_BPM, FASTEST_BPM = 225.0, 350.0  # typical flutter has 240 to 340 (Page 2015), drugs slow it
ALIKE, LEAST_MV = (
    0.65,
    0.04,
)  # correlation one and two intervals on in two leads; root mean square of the waves
AROUND_QRS_S = (0.02, 0.03)
SLOW_S, FINE_S = 0.32, 0.04  # what is slower than a wave, and finer, is taken away
REGULAR = 0.03  # successive RR differ by less of their mean
LEAST_SHARE = 0.3  # of the samples, outside of QRS
LONGEST_RECORD_S = 30.0


@dataclass(frozen=True, slots=True)
class Flutter:
    """The rate of the waves per minute, their size in mV from peak to peak, and the lead that shows them best."""

    rate_bpm: float
    mv: float
    lead: str


def find(record: EcgRecord, leads: Sequence[str], beats: Sequence[Beat]) -> Flutter | None:
    """Return the waves where two leads show them; None where that is not seen, or the record is too long to ask."""
    names = [name for name in LEADS if name in leads and name in record.lead_names]
    if len(names) < 2 or not beats or record.seconds > LONGEST_RECORD_S:
        return None
    signal = bridged(np.stack([record.lead(name) for name in names]))[0].astype(np.float32)
    rows = resample(signal, record.sampling_rate_hz, WORKING_HZ).astype(np.float64)
    outside = _outside_qrs(beats, rows.shape[1])
    longest = round(60 / SLOWEST_BPM * WORKING_HZ)
    if outside.mean() < LEAST_SHARE or rows.shape[1] < 4 * longest:
        return None
    waves = _waves(rows, outside)
    lags = np.arange(round(60 / FASTEST_BPM * WORKING_HZ), longest + 1)
    alike = _likeness(waves, outside, 2 * longest)
    found = np.minimum(alike[:, lags], alike[:, 2 * lags]).T
    second = np.sort(found, axis=1)[:, -2]  # two leads show it
    best = int(second.argmax())
    size = np.sqrt(np.square(waves).sum(1) / outside.sum())
    if second[best] < ALIKE or float(np.sort(size)[-2]) < LEAST_MV:
        return None
    rate = 60 * WORKING_HZ / (float(lags[best]) + _beside(second, best))
    if _between_beats(rate, beats):
        return None
    lead = int(found[best].argmax())
    return Flutter(rate, 2 * 2**0.5 * float(size[lead]) / _kept(rate), names[lead])  # of a sine of this size


def _beside(row: Rows, top: int) -> float:
    """Return how far beside its highest value a parabola through it and its neighbours is highest."""
    if not 0 < top < len(row) - 1:
        return 0.0
    before, here, after = (float(one) for one in row[top - 1 : top + 2])
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend


def _kept(rate_bpm: float) -> float:
    """Return which part of a sine of this rate is left where what is slower and finer was taken away."""
    kernel = _slow_kernel()
    at = (np.arange(len(kernel)) - len(kernel) // 2) / WORKING_HZ
    slow = float(kernel @ np.cos(2 * np.pi * rate_bpm / 60 * at))
    return (1 - slow) * float(np.sinc(rate_bpm / 60 * FINE_S))


def _slow_kernel() -> Rows:
    kernel = np.hanning((round(SLOW_S * WORKING_HZ) | 1) + 2)[1:-1]
    kernel /= float(kernel.sum())
    return kernel.astype(np.float64)


def _between_beats(rate_bpm: float, beats: Sequence[Beat]) -> bool:
    """Return whether three waves fit between regular beats: P and T at a third of the way each look like that."""
    rr = np.diff([beat.time_s for beat in beats])
    if not rr.size or np.abs(np.diff(rr)).mean() > REGULAR * rr.mean():
        return False
    return abs(rate_bpm * float(rr.mean()) / 60 - 3) < 0.15


def _outside_qrs(beats: Sequence[Beat], n: int) -> NDArray[np.bool_]:
    outside = np.ones(n, bool)
    before, after = AROUND_QRS_S
    for beat in beats:
        qrs = beat.overall["QRS"]
        if qrs is not None:
            first, last = (
                round((qrs.onset_s - before) * WORKING_HZ),
                round((qrs.offset_s + after) * WORKING_HZ),
            )
            outside[max(0, first) : max(0, last)] = False
    return outside


def _waves(rows: Rows, outside: NDArray[np.bool_]) -> Rows:
    """Return what is neither slower nor finer than such a wave; straight lines lie across QRS, zeros in the end."""
    place = np.arange(rows.shape[1])
    kernel, fine = _slow_kernel(), round(FINE_S * WORKING_HZ) | 1
    width = len(kernel)
    made = []
    for row in rows:
        across = np.interp(place, place[outside], row[outside])
        padded = np.pad(across, width // 2, mode="edge")
        left = across - np.convolve(padded, kernel, "valid")
        made.append(np.convolve(left, np.ones(fine) / fine, "same") * outside)
    return np.stack(made)


def _likeness(waves: Rows, outside: NDArray[np.bool_], longest: int) -> Rows:
    """Return for each lead the correlation of its waves with themselves up to so many samples on, (leads, lags)."""
    n = 2 ** int(np.ceil(np.log2(waves.shape[1] + longest + 1)))
    spectrum = np.fft.rfft(waves, n)
    squares, mask = np.fft.rfft(np.square(waves), n), np.fft.rfft(outside.astype(np.float64), n)
    product, late, early = (
        np.fft.irfft(one, n)[:, : longest + 1]
        for one in (np.abs(spectrum) ** 2, squares * mask.conj(), squares.conj() * mask)
    )
    likeness: Rows = product / (np.sqrt(np.maximum(late, 0.0) * np.maximum(early, 0.0)) + 1e-9)
    return likeness
