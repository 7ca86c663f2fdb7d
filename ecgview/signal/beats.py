"""QRS detection on all leads together, and the heart rate that follows from it.

A detector of ours: band-pass 5-25 Hz, slope energy summed over the usable leads, adaptive threshold with a
refractory time and a search back for missed beats (in the line of Pan and Tompkins, IEEE TBME 1985).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk
from ecgview.record import EcgRecord, Signal
from ecgview.signal import band as band_pass
from ecgview.signal import medians, running
from ecgview.signal.gaps import bridged

REFRACTORY_S = 0.24
WINDOW_S = 0.12
LONG_S, PIECE_S = 600.0, 300.0  # from here on pieces; a piece of twelve leads at 500 Hz is 14 MB as float64
BESIDE_S = 2.0  # beyond a piece's ends: the band-pass has forgotten its start after a second


@dataclass(frozen=True, slots=True)
class RateSummary:
    """Heart rate from the mean RR interval, with its spread."""

    heart_rate_bpm: float
    rr_mean_ms: float
    rr_min_ms: float
    rr_max_ms: float
    n_beats: int


def r_peaks(record: EcgRecord) -> NDArray[np.int64]:
    """Return the sample index of each QRS complex (largest deflection over the leads), in time order."""
    return peaks(record.signal, record.sampling_rate_hz)


def peaks(signal: Signal, fs_hz: float) -> NDArray[np.int64]:
    """Return the same of (leads, samples) mV."""
    energy, band = _energy(signal, fs_hz)
    if not energy.size or energy.max() <= 0:
        return np.zeros(0, dtype=np.int64)
    found = _candidates(energy, fs_hz)
    half = round(0.08 * fs_hz)
    largest = []
    for position in found:
        low, high = max(0, position - half), min(band.size, position + half + 1)
        largest.append(low + int(np.argmax(band[low:high])))
    return np.unique(np.array(largest, dtype=np.int64))


def rate(record: EcgRecord) -> RateSummary | None:
    """Return the rate over the whole record; None when fewer than two beats are found."""
    found = r_peaks(record)
    if found.size < 2:
        return None
    rr_ms = np.diff(found) * 1000.0 / record.sampling_rate_hz
    mean = float(rr_ms.mean())
    return RateSummary(60_000.0 / mean, mean, float(rr_ms.min()), float(rr_ms.max()), int(found.size))


def _energy(signal: Signal, fs_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope energy and rectified band-passed amplitude over leads, both (samples,)."""
    if fs_hz >= 60 and signal.shape[1] > LONG_S * fs_hz:
        return _energy_of_long(signal, fs_hz)
    filled, gaps = bridged(signal)
    usable = (~gaps.all(1)) & (np.ptp(filled, axis=1) > 0.02)
    if not usable.any() or signal.shape[1] < fs_hz * 0.5 or fs_hz < 60:
        return np.zeros(0), np.zeros(0)
    band = _band(filled[usable], fs_hz)
    scale = np.percentile(np.abs(band), 98, axis=1, keepdims=True) + 0.02
    return _over_leads(band, scale, fs_hz)


def _energy_of_long(signal: Signal, fs_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the same of a recording of hours, made piece by piece: of a day at once it would be 8 GB.

    A lead's scale is the median over pieces, so that one of noise is not enlarged to what beats are elsewhere.
    """
    n, size, beside = signal.shape[1], round(PIECE_S * fs_hz), round(BESIDE_S * fs_hz)
    firsts = range(0, n, size)
    scales = np.full((len(signal), len(firsts)), np.nan)
    for k, first in enumerate(firsts):
        on_disk.rest()
        filled, gaps = bridged(signal[:, first : first + size])
        usable = (~gaps.all(1)) & (np.ptp(filled, axis=1) > 0.02)
        if usable.any() and filled.shape[1] > beside:
            scales[usable, k] = np.percentile(np.abs(_band(filled[usable], fs_hz)), 98, axis=1)
    leads = np.isfinite(scales).any(axis=1)
    if not leads.any():
        return np.zeros(0), np.zeros(0)
    scale = np.nanmedian(scales[leads], axis=1)[:, None] + 0.02
    energy, amplitude = np.zeros(n), np.zeros(n)
    for first in firsts:
        on_disk.rest()
        before, stop = max(0, first - beside), min(n, first + size)
        filled, _ = bridged(signal[leads, before : stop + beside])
        if filled.shape[1] > beside:
            found = _over_leads(_band(filled, fs_hz), scale, fs_hz)
            for whole, part in zip((energy, amplitude), found, strict=True):
                whole[first:stop] = part[first - before : stop - before]
    return energy, amplitude


def _band(filled: NDArray[np.float64], fs_hz: float) -> NDArray[np.float64]:
    low, high = 5.0 / (fs_hz / 2), min(25.0, fs_hz * 0.45) / (fs_hz / 2)  # of half the rate
    return band_pass.passed(filled, low, high, 2.0)


def _over_leads(
    band: NDArray[np.float64], scale: NDArray[np.float64], fs_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    size = np.abs(band)
    slope = np.gradient(band / scale, axis=-1) * fs_hz / 50.0  # a quiet lead counts as much as a loud one
    squares = slope**2
    window = max(3, round(WINDOW_S * fs_hz))
    power = running.mean(medians.over_few(squares, axis=0) + 0.5 * np.mean(squares, axis=0), window)
    energy = np.sqrt(np.maximum(power, 0.0))  # the running mean may round below zero
    return energy, (size / scale).mean(0)


def _candidates(energy: NDArray[np.float64], fs_hz: float) -> list[int]:
    """Return positions of energy peaks that stand out from the noise and from each other's T waves."""
    peaks = running.tops(energy, max(1, round(REFRACTORY_S * fs_hz)))
    if not peaks.size:
        return []
    heights = energy[peaks]
    tall = np.sort(heights)[-max(2, round(energy.size / fs_hz * 0.7)) :]
    level = float(np.median(tall))
    floor = float(np.percentile(energy, 20))
    kept = peaks[heights > max(0.38 * level, 1.5 * floor)]
    return _searched_back(kept, peaks, energy, level, floor)


def _searched_back(
    kept: NDArray[np.int64], peaks: NDArray[np.int64], energy: NDArray[np.float64], level: float, floor: float
) -> list[int]:
    """Return the kept peaks and, in gaps over 1.66 of the usual RR, the best of those below the threshold."""
    found = list(map(int, kept))
    if len(found) < 3:
        return found
    usual = float(np.median(np.diff(found)))
    extra = []
    for left, right in pairwise(found):
        if right - left <= 1.66 * usual:
            continue
        between = [int(p) for p in peaks if left + 0.4 * usual < p < right - 0.4 * usual]
        best = max(between, key=lambda p: energy[p], default=None)
        if best is not None and energy[best] > max(0.25 * level, 1.5 * floor):
            extra.append(best)
    return sorted(found + extra)
