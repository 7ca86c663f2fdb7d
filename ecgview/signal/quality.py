"""What a reader should know about the samples themselves."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ecgview.record import ImportNote, Signal
from ecgview.runs import lengths

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
    finite = np.isfinite(signal)
    gapped = _named(names, np.any(~finite, axis=1))
    if gapped:
        share = 100 * (1 - finite.mean())
        yield ImportNote("nan", f"gaps in {', '.join(gapped)} ({share:.1f} % of all samples)", gapped)
    filled = signal if finite.all() else np.where(finite, signal, 0.0)
    high, low = filled.max(1), filled.min(1)
    span = high - low
    flat = _named(names, span < FLAT_LIMIT_MV)
    if flat:
        yield ImportNote("flat", f"no signal in {', '.join(flat)}", flat)
    held = _is_held(filled, high) | _is_held(filled, low)
    clipped = _named(names, held & (span >= FLAT_LIMIT_MV))
    if clipped:
        yield ImportNote("clipping", f"clipped at the limit of the recorder: {', '.join(clipped)}", clipped)
    residual = einthoven_residual_mv(filled, names)
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
    """Return the RMS of I + III - II in mV without its mean, None where a lead is missing."""
    if not {"I", "II", "III"} <= set(names):
        return None
    one, two, three = (signal[names.index(name)] for name in ("I", "II", "III"))
    residual = one + three - two
    return float(np.std(residual))


def _named(names: tuple[str, ...], chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(name for name, hit in zip(names, chosen, strict=True) if hit)


def _is_held(filled: Signal, extreme: NDArray[np.float32], run: int = 6) -> NDArray[np.bool_]:
    """Return of each lead whether its extreme value is held for `run` samples in a row, at least twice."""
    there = np.abs(filled - extreme[:, None]) < 1e-6
    enough: NDArray[np.bool_] = (np.abs(extreme) > 0.5) & (
        np.count_nonzero(there, axis=1) >= 2 * run
    )  # few are looked at closer
    for row in np.flatnonzero(enough):
        enough[row] = (lengths(there[row]) >= run).sum() >= 2
    return enough
