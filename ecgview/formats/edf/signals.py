"""Which signals of an EDF file are ECG leads, and their samples in millivolts."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk
from ecgview.errors import FormatError
from ecgview.formats.edf.annotations import Annotations
from ecgview.formats.edf.data_records import DataRecords
from ecgview.formats.edf.header import Header, SignalHeader, number
from ecgview.formats.kit.quantities import assumed_gain, ecg_signals, leads_of_one_rate, millivolts_per
from ecgview.formats.kit.scp_leads import NAMES
from ecgview.leads import KNOWN, canonical_name
from ecgview.record import PART, ImportNote, Signal
from ecgview.runs import stretches

MOST_SAMPLES = 160_000_000  # over all leads, as of WFDB; longer records open at their beginning
COARSE_UV = 10.0  # per step: diagnostic recorders have 5 or finer (IEC 60601-2-25)
WIDEST_MV = 500.0  # a range without a unit is in mV up to here, else in uV: no ECG spans half a volt
_RARE = frozenset(NAMES.values()) - {
    "A1",
    "A2",
    "A3",
    "A4",
    "C",
    "S",
}  # those are electrodes of an EEG as well
_PREFIX = re.compile(r"^(?:ECG|EKG|LEADS?)(?:-|[\s:_.]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The leads of one rate."""

    signals: tuple[SignalHeader, ...]
    names: tuple[str, ...]
    fs_hz: float
    notes: tuple[ImportNote, ...]


def choose(header: Header, path: Path) -> Chosen:
    """Return the leads to be read: voltages of the usual rate; what is left out is noted by name.

    Raises:
        FormatError: no signal is an ECG in volts, or none has a gain.
    """
    usable = [one for one in header.signals if one.samples and not one.holds_annotations]
    kept, notes = ecg_signals([one.label for one in usable], [one.unit for one in usable])
    volts = [usable[place] for place in kept]
    named = [one for one in volts if _is_ecg(one.label)]
    leads = named or [one for one in volts if one.unit]
    if not leads:
        found = ", ".join(f"{one.label} [{one.unit}]" for one in usable)
        raise FormatError(
            "holds no ECG in volts",
            where=f"{path}: labels and units",
            expected="I, II, V1 or ECG in uV or mV",
            found=found[:120] or "no signal",
        )
    others = [one.label or "unnamed" for one in volts if one not in leads]
    if others:
        notes.append(ImportNote("header", f"not shown: {', '.join(others)[:300]}"))
    if not named:
        notes.append(ImportNote("header", "no label names a lead; every signal in volts is shown"))
    if not header.record_s > 0:
        raise _no_rate(header, path)
    leads = _with_units(_with_gain(leads, path, notes), path, notes)
    places, more = leads_of_one_rate(
        [one.label or "unnamed" for one in leads], [one.samples / header.record_s for one in leads]
    )
    shown = [leads[place] for place in places]
    names = [one.label or f"signal {_place(header, one)}" for one in shown]
    notes += more
    fs_hz = _rate(header, shown[0].samples, notes)
    return Chosen(tuple(shown), tuple(names), fs_hz, tuple(notes))


def _place(header: Header, signal: SignalHeader) -> int:
    return 1 + next(place for place, one in enumerate(header.signals) if one.start == signal.start)


def _is_ecg(label: str) -> bool:
    name = canonical_name(label)
    return name in KNOWN or name in _RARE or bool(_PREFIX.match(label.strip()))


def _with_gain(leads: list[SignalHeader], path: Path, notes: list[ImportNote]) -> list[SignalHeader]:
    """Return the leads whose range gives a gain; the others are left out where any is left."""
    sound, faults = [], []
    for one in leads:
        try:
            _line(one, path)
        except FormatError as error:
            faults.append((one.label, error))
        else:
            sound.append(one)
    if not sound:
        raise faults[0][1]
    for label, fault in faults:
        text = f"{label} left out: {fault.message}"
        notes.append(ImportNote("missing-lead", text, (label,)))
    return sound


def _with_units(leads: list[SignalHeader], path: Path, notes: list[ImportNote]) -> list[SignalHeader]:
    """Return the leads with a unit each: one that is not stated is told from the range, and doubted aloud."""
    made, by_unit = [], dict[str, list[str]]()
    for one in leads:
        if not one.unit:
            step, _ = _line(one, path)
            span = abs(step * (number(one.limits[3], "") - number(one.limits[2], "")))
            one = replace(one, unit="mV" if span <= WIDEST_MV else "uV")
            by_unit.setdefault(one.unit, []).append(one.label)
        made.append(one)
    notes += [assumed_gain(labels, f"{unit} (from the range)") for unit, labels in by_unit.items()]
    return made


def _no_rate(header: Header, path: Path) -> FormatError:
    return FormatError(
        "the sampling rate is unknown",
        where=f"{path}: duration of a data record",
        expected="seconds",
        found=header.record_text,
    )


def _rate(header: Header, samples: int, notes: list[ImportNote]) -> float:
    """Return samples per second; a duration that eight characters had to cut short gives the whole rate."""
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
    step, zero = _line(signal, path)
    factor = (millivolts_per(signal.unit) or 1.0) * 1000.0
    return step * factor, zero * factor


def _line(signal: SignalHeader, path: Path) -> tuple[float, float]:
    """Return a signal's units per step, and its value at step zero; FormatError where the range is none."""
    where = f"{path}: range of {signal.label}"
    low, high, low_step, high_step = (number(text, where) for text in signal.limits)
    if low == high or low_step == high_step:
        raise FormatError("the range is empty, so the gain is unknown", where=where, found=str(signal.limits))
    step = float(f"{(high - low) / (high_step - low_step):.12g}")  # limits in text give no more digits
    zero = low - low_step * step
    return step, 0.0 if abs(zero) < 1e-6 * abs(step) else zero


def millivolts(
    blocks: DataRecords, header: Header, chosen: Chosen, annotations: Annotations
) -> tuple[Signal, list[ImportNote]]:
    """Return (leads, samples) mV with NaN between interrupted data records, and what is noted of them.

    Args:
        blocks: the data records.
        header: of the file.
        chosen: leads to be read.
        annotations: with the times of the data records.
    """
    path = blocks.path
    notes: list[ImportNote] = []
    samples = chosen.signals[0].samples
    starts = _starts(header, chosen, annotations, blocks.count, path)
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
                PART,
                f"{hours:.1f} h recorded, the first {starts[fits] / chosen.fs_hz / 60:.0f} min are open",
            )
        )
        starts, blocks = starts[:fits], replace(blocks, count=fits)
    total = int(starts[-1]) + samples
    signal = on_disk.zeros((len(chosen.signals), total), np.float32)
    lines = [step_uv(lead, path) for lead in chosen.signals]
    for lead, (step, _) in zip(chosen.signals, lines, strict=True):
        if abs(step) > COARSE_UV:
            notes.append(
                ImportNote("units", f"{lead.label}: {abs(step):.3g} µV per step; check the gain", ())
            )
    together = total == len(starts) * samples
    for part in () if together else stretches(total):
        signal[:, part] = np.nan
    for first, some in blocks.parts():
        begun = starts[first : first + len(some)]
        for row, lead, (step, zero) in zip(signal, chosen.signals, lines, strict=True):
            values = ((_steps(some, header.width, lead) * step + zero) / 1000.0).astype(np.float32)
            if together:
                row[begun[0] : begun[0] + values.size] = values.ravel()
            else:
                row[begun[:, None] + np.arange(samples)] = values
    return signal, notes


def _steps(
    blocks: NDArray[np.uint8], width: int, lead: SignalHeader
) -> NDArray[np.int32] | NDArray[np.int16]:
    """Return (data records, samples) of one lead as stored."""
    part = np.ascontiguousarray(blocks[:, lead.start * width : (lead.start + lead.samples) * width])
    # EDF: 16 bit two's complement, little-endian; BDF: three bytes, the sign in the highest.
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
        # EDF and EDF+C are contiguous by definition: times of data records are only needed for EDF+D.
        return np.arange(records, dtype=np.int64) * samples
    onsets = np.array(annotations.onsets_s[:records], dtype=np.float64)
    steps = np.rint(np.diff(onsets) * chosen.fs_hz)
    # A sample more or less is rounding of the onset's decimals, no gap.
    steps[np.abs(steps - samples) <= 1] = samples
    if (steps < samples).any():
        raise FormatError(
            "data records overlap in time",
            where=f"{path}: EDF Annotations",
            found=f"data record {int(np.argmax(steps < samples)) + 2}",
        )
    return np.concatenate([[0], np.cumsum(np.minimum(steps, MOST_SAMPLES))]).astype(np.int64)
