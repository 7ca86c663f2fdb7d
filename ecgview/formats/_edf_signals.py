"""Which signals of an EDF file are ECG leads, and their samples in millivolts."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats._edf_annotations import Annotations
from ecgview.formats._edf_header import Header, SignalHeader, number
from ecgview.leads import EXTRA, STANDARD_12, canonical_name
from ecgview.record import ImportNote, Signal

MOST_SAMPLES = 60_000_000  # over all leads; longer records open at their beginning
COARSE_UV = 10.0  # per step: diagnostic recorders have 5 or finer (IEC 60601-2-25)
TO_MV = {"mv": 1.0, "uv": 1e-3, "nv": 1e-6, "v": 1e3, "millivolt": 1.0, "microvolt": 1e-3}
_KNOWN = frozenset(STANDARD_12 + EXTRA)
_PREFIX = re.compile(r"^(?:ECG|EKG|LEADS?)(?:-|[\s:_.]*)", re.IGNORECASE)  # "ECG -aVR" keeps its sign
_SUFFIX = re.compile(r"[\s_-]*(?:REF|\(?[mu]V\)?)$", re.IGNORECASE)
_NO_ECG = re.compile(
    r"^(?:EEG|EMG|EOG|ERG|ENG|MEG|MCG|EP|TEMP|RESP|SAO2|SPO2|PPG|ABP|ACC|STATUS)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The leads of one rate."""

    signals: tuple[SignalHeader, ...]
    names: tuple[str, ...]
    fs_hz: float
    notes: tuple[ImportNote, ...]


def lead_name(label: str) -> str:
    """Return the lead of a label: "EKG V1" and "ECG I-Ref" are V1 and I; else the label as it stands."""
    plain = _PREFIX.sub("", _PREFIX.sub("", label.strip()))
    for text in (plain, _SUFFIX.sub("", plain)):
        if canonical_name(text) in _KNOWN:
            return canonical_name(text)
    return label.strip()


def choose(header: Header, path: Path) -> Chosen:
    """Return the leads to be read: the largest group of one rate; what is left out is noted.

    Raises:
        FormatError: no signal is an ECG in volts.
    """
    notes: list[ImportNote] = []
    usable = [one for one in header.signals if one.samples and not one.holds_annotations]
    volts = [one for one in usable if one.unit.lower() in TO_MV]
    if not volts:
        found = ", ".join(dict.fromkeys(one.unit or "none" for one in usable))
        raise FormatError("holds no signal in volts", where=f"{path}: units", found=found[:80] or "no signal")
    named = [one for one in volts if _is_ecg(one.label)]
    leads = named or [one for one in volts if not _NO_ECG.match(one.label)]
    if not leads:
        found = ", ".join(one.label for one in volts)
        raise FormatError(
            "holds no ECG", where=f"{path}: labels", expected="I, II, V1 or ECG", found=found[:80]
        )
    if not named:
        notes.append(ImportNote("header", "no label names a lead; every signal in volts is shown"))
    counts = [one.samples for one in leads]
    usual = max(counts, key=lambda samples: (counts.count(samples), samples))
    kept: dict[str, SignalHeader] = {}
    for one in leads:
        if one.samples == usual:
            kept.setdefault(lead_name(one.label) or f"signal {header.signals.index(one) + 1}", one)
    shown = {one.start for one in kept.values()}
    left = [one.label or "unnamed" for one in usable if one.start not in shown]
    if left:
        notes.append(ImportNote("header", f"not shown: {', '.join(left)[:300]}"))
    fs_hz = _rate(header, usual, path, notes)
    return Chosen(tuple(kept.values()), tuple(kept), fs_hz, tuple(notes))


def _is_ecg(label: str) -> bool:
    return lead_name(label) in _KNOWN or bool(_PREFIX.match(label.strip()))


def _rate(header: Header, samples: int, path: Path, notes: list[ImportNote]) -> float:
    """Return samples per second; a duration that eight characters had to cut short gives the whole rate."""
    if not header.record_s > 0:
        raise FormatError(
            "the sampling rate is unknown",
            where=f"{path}: duration of a data record",
            expected="seconds",
            found=header.record_text,
        )
    rate = samples / header.record_s
    whole = round(rate)
    decimals = 7 - len(str(int(header.record_s)))  # of a number in eight characters
    if whole and rate != whole:
        exact = samples / whole
        if abs(exact - header.record_s) <= 10.0**-decimals:
            text = f"{whole} Hz taken: {header.record_text} s is the field's rounded {exact:.9g} s"
            notes.append(ImportNote("header", text))
            return float(whole)
    return round(rate, 9)


def step_uv(signal: SignalHeader, path: Path) -> tuple[float, float]:
    """Return microvolts per step, and microvolts at step zero."""
    where = f"{path}: range of {signal.label}"
    low, high, low_step, high_step = (number(text, where) for text in signal.limits)
    if low == high or low_step == high_step:
        raise FormatError("the range is empty, so the gain is unknown", where=where, found=str(signal.limits))
    factor = TO_MV[signal.unit.lower()] * 1000.0
    step = float(f"{(high - low) / (high_step - low_step):.12g}")  # limits in text give no more digits
    zero = low - low_step * step
    if abs(zero) < 1e-6 * abs(step):
        zero = 0.0
    return step * factor, zero * factor


def millivolts(
    blocks: NDArray[np.uint8], header: Header, chosen: Chosen, annotations: Annotations, path: Path
) -> tuple[Signal, list[ImportNote]]:
    """Return (leads, samples) mV with NaN between interrupted data records, and what is noted of them.

    Args:
        blocks: (data records, bytes of a data record).
        header: of the file.
        chosen: leads to be read.
        annotations: with the times of the data records.
        path: the file, named in errors.
    """
    notes: list[ImportNote] = []
    samples = chosen.signals[0].samples
    starts = _starts(header, chosen, annotations, len(blocks), path)
    most = MOST_SAMPLES // len(chosen.signals)
    fits = int(np.searchsorted(starts + samples, most, side="right"))
    if fits < len(starts):
        if not fits:
            raise FormatError(
                "a data record is too long", where=f"{path}: samples per record", found=str(samples)
            )
        hours = (int(starts[-1]) + samples) / chosen.fs_hz / 3600
        notes.append(
            ImportNote(
                "duration",
                f"{hours:.1f} h recorded; the first {starts[fits] / chosen.fs_hz / 60:.0f} min are open",
            )
        )
        starts, blocks = starts[:fits], blocks[:fits]
    total = int(starts[-1]) + samples
    signal = np.full((len(chosen.signals), total), np.nan, dtype=np.float32)
    coarsest = 0.0
    together = total == len(starts) * samples
    for row, lead in zip(signal, chosen.signals, strict=True):
        step, zero = step_uv(lead, path)
        if abs(step) > COARSE_UV:
            notes.append(
                ImportNote("units", f"{lead.label}: {abs(step):.3g} uV per step; check the gain", ())
            )
        values = ((_steps(blocks, header.width, lead) * step + zero) / 1000.0).astype(np.float32)
        if together:
            row[:] = values.ravel()
        else:
            row[starts[:, None] + np.arange(samples)] = values
    if coarsest > COARSE_UV:
        notes.append(
            ImportNote("units", f"{coarsest:.3g} uV per step: coarser than recorders are; check the gain")
        )
    return signal, notes


def _steps(
    blocks: NDArray[np.uint8], width: int, lead: SignalHeader
) -> NDArray[np.int32] | NDArray[np.int16]:
    """Return (data records, samples) of one lead as stored."""
    part = np.ascontiguousarray(blocks[:, lead.start * width : (lead.start + lead.samples) * width])
    if width == 2:
        return part.view("<i2")
    low = part.reshape(len(part), lead.samples, 3).astype(np.int32)
    return (low[..., 0] | (low[..., 1] << 8) | (low[..., 2] << 16)) - ((low[..., 2] & 0x80) << 17)


def _starts(
    header: Header, chosen: Chosen, annotations: Annotations, records: int, path: Path
) -> NDArray[np.int64]:
    """Return the sample at which each data record begins."""
    samples = chosen.signals[0].samples
    if not header.is_interrupted:
        return np.arange(records, dtype=np.int64) * samples
    onsets = np.array(annotations.onsets_s[:records], dtype=np.float64)
    steps = np.rint(np.diff(onsets) * chosen.fs_hz)
    steps[np.abs(steps - samples) <= 1] = samples
    if (steps < samples).any():
        raise FormatError(
            "data records overlap in time",
            where=f"{path}: EDF Annotations",
            found=f"data record {int(np.argmax(steps < samples)) + 2}",
        )
    return np.concatenate([[0], np.cumsum(np.minimum(steps, MOST_SAMPLES))]).astype(np.int64)
