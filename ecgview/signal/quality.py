"""What a reader should know about the samples themselves."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ecgview.record import ImportNote, Signal
from ecgview.runs import lengths, stretches

EINTHOVEN_LIMIT_MV = 0.020  # RMS of I + III - II (L7; ours)
FLAT_LIMIT_MV = 0.005  # peak to peak over the whole record (ours)
SHORT_S = 10.0
IMPLAUSIBLE_MV = 20.0


def import_notes(signal: Signal, lead_names: tuple[str, ...], fs_hz: float) -> tuple[ImportNote, ...]:
    """Return notes on gaps, flat and clipped leads, Einthoven's identity, duration and units.

    Args:
        signal: (leads, samples) mV.
        lead_names: one name per row.
        fs_hz: samples per second.
    """
    return tuple(_notes(signal, lead_names, fs_hz))


def _notes(signal: Signal, names: tuple[str, ...], fs_hz: float) -> Iterator[ImportNote]:
    gaps = np.zeros(len(signal), dtype=np.int64)
    high, low = (np.full(len(signal), limit, dtype=np.float32) for limit in (-np.inf, np.inf))
    for part in stretches(signal.shape[1]):
        gaps += np.count_nonzero(~np.isfinite(signal[:, part]), axis=1)
        some = _filled(signal[:, part])
        high, low = np.maximum(high, some.max(1)), np.minimum(low, some.min(1))
    gapped = _named(names, gaps > 0)
    if gapped:
        share = 100 * int(gaps.sum()) / signal.size
        yield ImportNote("nan", f"gaps in {', '.join(gapped)} ({share:.1f} % of all samples)", gapped)
    span = high - low
    flat = _named(names, span < FLAT_LIMIT_MV)
    if flat:
        yield ImportNote("flat", f"no signal in {', '.join(flat)}", flat)
    held = _is_held(signal, high) | _is_held(signal, low)
    clipped = _named(names, held & (span >= FLAT_LIMIT_MV))
    if clipped:
        yield ImportNote("clipping", f"clipped at the limit of the recorder: {', '.join(clipped)}", clipped)
    residual = einthoven_residual_mv(signal, names)
    if residual is not None and residual > EINTHOVEN_LIMIT_MV:
        yield ImportNote(
            "einthoven",
            f"I + III - II differs from zero by {residual * 1000:.0f} µV RMS (limit 20 µV)",
            ("I", "II", "III"),
        )
    seconds = signal.shape[1] / fs_hz
    if seconds < SHORT_S - 1e-6:
        yield ImportNote("duration", f"only {seconds:.1f} s recorded; 10 s are usual")
    largest = float(max(high.max(), -low.min()))
    if largest > IMPLAUSIBLE_MV:
        yield ImportNote("units", f"amplitudes up to {largest:.0f} mV: check the units of the file")


def einthoven_residual_mv(signal: Signal, names: tuple[str, ...]) -> float | None:
    """Return the RMS of I + III - II in mV without its mean, gaps taken as zero; None where a lead is missing."""
    if not {"I", "II", "III"} <= set(names):
        return None
    one, two, three = (signal[names.index(name)] for name in ("I", "II", "III"))
    n, mean, squares = 0, 0.0, 0.0
    for part in stretches(len(one)):
        residual = (_filled(one[part]) + _filled(three[part]) - _filled(two[part])).astype(np.float64)
        # Mean and squares about it are joined stretch by stretch: sums of squares alone lose an offset's digits.
        count, own = len(residual), float(residual.mean())
        squares += float(np.square(residual - own).sum()) + (own - mean) ** 2 * n * count / (n + count)
        mean += (own - mean) * count / (n + count)
        n += count
    return float(np.sqrt(squares / n))


def _filled(signal: Signal) -> Signal:
    finite = np.isfinite(signal)
    return signal if finite.all() else np.where(finite, signal, np.float32(0.0))


def _named(names: tuple[str, ...], chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(name for name, hit in zip(names, chosen, strict=True) if hit)


def _is_held(signal: Signal, extreme: NDArray[np.float32], run: int = 6) -> NDArray[np.bool_]:
    """Return of each lead whether its extreme value is held for `run` samples in a row, at least twice."""
    counts = np.zeros(len(signal), dtype=np.int64)
    for part in stretches(signal.shape[1]):
        counts += np.count_nonzero(_is_at(signal[:, part], extreme[:, None]), axis=1)
    enough: NDArray[np.bool_] = (np.abs(extreme) > 0.5) & (counts >= 2 * run)  # few are looked at closer
    for row in np.flatnonzero(enough):
        there = np.concatenate(
            [_is_at(signal[row, part], extreme[row]) for part in stretches(signal.shape[1])]
        )
        enough[row] = (lengths(there) >= run).sum() >= 2
    return enough


def _is_at(signal: Signal, extreme: NDArray[np.float32] | np.float32) -> NDArray[np.bool_]:
    """Return where samples have this value; an extreme of half a millivolt or more is never a gap's."""
    found: NDArray[np.bool_] = np.abs(signal - extreme) < 1e-6
    return found
