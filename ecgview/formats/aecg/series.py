"""The waveforms of an HL7 annotated ECG: series, their sets of simultaneous sequences, and the time they run on.

A sample is origin + scale x digit, each with its unit (SLIST_PQ); time is a head with an increment, as a time stamp
(GLIST_TS) or from zero (GLIST_PQ). Sequences of one set are simultaneous (ANSI/HL7 V3 ECG, R1-2004).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgview.counts import counted
from ecgview.errors import FormatError
from ecgview.formats.aecg.time import seconds_between
from ecgview.formats.kit.digits import samples
from ecgview.formats.kit.quantities import assumed_gains, millivolts_per
from ecgview.formats.kit.xml import every, find, name, text
from ecgview.leads import canonical_name, distinct_names
from ecgview.record import ImportNote, MedianBeat, Signal

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_LEADS = 64
MOST_SAMPLES = 20_000_000  # over all leads, gaps included
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0}
_LEAD = "_ECG_LEAD_"


@dataclass(frozen=True, slots=True)
class Wave:
    """A series that was read: (leads, samples) float32 mV in the file's order."""

    signal: Signal
    names: tuple[str, ...]
    fs_hz: float
    step_uv: float | None  # where all leads share one and none has an origin of its own
    head: str  # the time stamp or number at which it starts, as the file has it
    notes: tuple[ImportNote, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    name: str
    shift: int  # samples after the first set
    row: NDArray[np.float32]


@dataclass(slots=True)
class _Found:
    placed: list[_Placed] = field(default_factory=list)
    notes: list[ImportNote] = field(default_factory=list)
    steps: set[float | None] = field(default_factory=set)
    unsure: dict[str, list[str]] = field(default_factory=dict)  # what was taken -> leads without a gain


def all_series(root: "Element") -> Iterator["Element"]:
    """Yield every series, derived ones after the one that they were made from."""
    for series in every(root, "component/series"):
        yield series
        yield from every(series, "derivation/derivedSeries")


def code(element: "Element | None") -> str:
    """Return the code attribute of an element's code, "" where there is none."""
    found = find(element, "code") if element is not None else None
    return found.get("code", "").strip() if found is not None else ""


def is_beat(series: "Element") -> bool:
    """Return whether a series is a representative beat, and no recording."""
    return name(series) == "derivedSeries" or code(series).upper() == "REPRESENTATIVE_BEAT"


def rhythm_of(root: "Element", path: Path) -> "Element":
    """Return the series to open: the first rhythm with a set of eight leads or more, or else the first with any.

    Raises:
        FormatError: there is none.
    """
    found = [one for one in all_series(root) if not is_beat(one) and lead_codes(one)]
    if not found:
        kinds = ", ".join(code(one) or name(one) for one in all_series(root))
        raise FormatError(
            "no rhythm series with leads",
            where=f"{path}: series",
            expected="a series RHYTHM",
            found=kinds[:60],
        )
    # Eight leads are a whole 12-lead ECG: aVR to III follow from I and II.
    return next((one for one in found if len(lead_codes(one)) >= 8), found[0])


def lead_codes(series: "Element") -> list[str]:
    """Return the codes of a series' lead sequences."""
    return [code(one) for one in every(series, "component/sequenceSet/component/sequence") if _is_lead(one)]


def filled_lead_codes(series: "Element") -> list[str]:
    """Return the codes of those lead sequences that hold samples of a voltage."""
    found = every(series, "component/sequenceSet/component/sequence")
    return [code(one) for one in found if _is_lead(one) and _is_filled(one)]


def _is_filled(sequence: "Element") -> bool:
    value = find(sequence, "value")
    assert value is not None  # of a lead
    try:
        scale, _ = _voltage(value, "scale", 1.0, "")
    except FormatError:
        return False
    return _can_be_meant(scale) and bool(text(value, "digits").strip())


def _can_be_meant(scale: float) -> bool:
    """Return whether some microvolts per step are those of a recorder."""
    return 1e-6 <= abs(scale) <= 1e6


def lead_name(found: str) -> str:
    """Return the lead of "MDC_ECG_LEAD_AVR" or of another maker's "..._ECG_LEAD_V1"."""
    at = found.upper().find(_LEAD)
    return canonical_name(found[at + len(_LEAD) :] if at >= 0 else found)


def wave(series: "Element", path: Path) -> Wave:
    """Return a series' leads on one time axis.

    The set with most leads is read; sets of other leads that follow it in time (three leads after three leads) are put
    where they belong, with gaps around them.

    Raises:
        FormatError: no leads, no increment, an unknown unit, or digits that are no numbers.
    """
    sets = [one for one in every(series, "component/sequenceSet") if any(_leads(one))]
    if not sets:
        raise FormatError("no leads", where=f"{path}: sequenceSet", expected="MDC_ECG_LEAD_... sequences")
    sets = sets[:MOST_LEADS]
    largest = max(sets, key=lambda one: len(list(_leads(one))))
    head, fs_hz = _time(largest, path)
    found = _Found()
    _read_set(largest, 0, path, found)
    left = _place(sets, largest, (head, fs_hz), path, found)
    if left:
        text = (
            f"{counted(len(left), 'more set')} of sequences in the series, not open: {'; '.join(left)[:200]}"
        )
        found.notes.append(ImportNote("rates", text))
    signal = _stacked(found.placed, path, found.notes)
    step = found.steps.pop() if len(found.steps) == 1 else None
    names = tuple(one.name for one in found.placed)
    return Wave(signal, names, fs_hz, step, head, (*found.notes, *assumed_gains(found.unsure)))


def median_beat(root: "Element", path: Path, notes: list[ImportNote]) -> MedianBeat | None:
    """Return the representative beat; None where the file has none, or, with a note, where it cannot be read."""
    for series in all_series(root):
        if not is_beat(series) or not lead_codes(series):
            continue
        try:
            found = wave(series, path)
        except FormatError as error:
            notes.append(ImportNote("header", f"the representative beat cannot be read: {error.sentence}"))
            return None
        return MedianBeat(found.signal, tuple(distinct_names(found.names)[0]), found.fs_hz)
    return None


def rate(series: "Element", path: Path) -> float:
    """Return samples per second of a series' largest set."""
    sets = [one for one in every(series, "component/sequenceSet") if any(_leads(one))]
    return _time(max(sets, key=lambda one: len(list(_leads(one)))), path)[1]


def in_seconds(value: str, unit: str) -> float | None:
    """Return a time with a unit in s; None for no number or no unit of time."""
    number, factor = number_of(value), _SECONDS.get(unit.strip().lower())
    return None if number is None or factor is None else number * factor


def number_of(found: str | None) -> float | None:
    """Return a finite number; None for anything else."""
    try:
        value = float(found or "")
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _leads(sequences: "Element") -> Iterator["Element"]:
    return (one for one in every(sequences, "component/sequence") if _is_lead(one))


def _is_lead(sequence: "Element") -> bool:
    """Return whether a sequence holds a lead: by its code, or by the unit of its samples."""
    if find(sequence, "value/digits") is None or not code(sequence):
        return False
    scale = find(sequence, "value/scale")
    return _LEAD in code(sequence).upper() or millivolts_per(_unit(scale)) is not None


def _time(sequences: "Element", path: Path) -> tuple[str, float]:
    """Return the head of a set's time and samples per second."""
    for sequence in every(sequences, "component/sequence"):
        head, step = find(sequence, "value/head"), find(sequence, "value/increment")
        if step is None:
            continue
        seconds = in_seconds(step.get("value", ""), step.get("unit", "s"))
        if seconds is None or not 1e-5 <= seconds <= 1.0:  # 1 Hz to 100 kHz: anything else is a wrong unit
            raise FormatError(
                "impossible time between samples",
                where=f"{path}: increment",
                expected="0.00001 to 1 s",
                found=f"{step.get('value', '')[:30]} {step.get('unit', '')[:20]}",
            )
        return _start(head), _round(1.0 / seconds)
    raise FormatError(
        "the sampling rate is unknown",
        where=f"{path}: sequenceSet",
        expected="a time sequence with an increment",
    )


def _start(head: "Element | None") -> str:
    """Return a time stamp as it is, or the seconds of a number with a unit."""
    if head is None:
        return ""
    value = head.get("value", "").strip()
    seconds = in_seconds(value, head.get("unit", "")) if head.get("unit") else None
    return value if seconds is None else repr(seconds)


def _round(fs_hz: float) -> float:
    """Return the rate that an increment was made from: 0.00277777778 s is 360 Hz."""
    whole = round(fs_hz)
    return float(whole) if abs(fs_hz - whole) < 1e-6 * fs_hz else float(f"{fs_hz:.12g}")


def _read_set(sequences: "Element", shift: int, path: Path, found: _Found) -> None:
    """Add the leads of a set that begins `shift` samples after the first; one that cannot be read is left out.

    Raises:
        FormatError: no lead can be read.
    """
    faults: list[tuple[str, FormatError]] = []
    others = [one for one in every(sequences, "component/sequence") if _is_other(one)]
    before = len(found.placed)
    for sequence in _leads(sequences):
        if len(found.placed) >= MOST_LEADS:
            break
        lead = lead_name(code(sequence))
        try:
            row, step, taken = _row(sequence, path)
        except FormatError as error:
            faults.append((lead, error))
            continue
        found.placed.append(_Placed(lead, shift, row))
        found.steps.add(step)
        if taken:
            found.unsure.setdefault(taken, []).append(lead)
    if faults and len(found.placed) == before:
        raise faults[0][1]
    for sequence in every(sequences, "component/sequence"):
        if _LEAD in code(sequence).upper() and find(sequence, "value/digits") is None:
            faults.append((lead_name(code(sequence)), FormatError("holds no samples", where=str(path))))
    for lead, fault in faults:
        found.notes.append(ImportNote("missing-lead", f"{lead} left out: {fault.message}", (lead,)))
    if others:
        names = ", ".join(f"{code(one)[:40]} ({_unit(find(one, 'value/scale'))})" for one in others[:20])
        found.notes.append(ImportNote("units", f"left out, no voltage: {names}"))


def _row(sequence: "Element", path: Path) -> tuple[NDArray[np.float32], float | None, str]:
    """Return a lead in mV, its microvolts per step where it has no origin, and what was taken for want of a gain."""
    value = find(sequence, "value")
    assert value is not None  # of a lead
    where = f"{path}: {code(sequence)[:40]}"
    scale, taken = _voltage(value, "scale", 1.0, where)
    origin, _ = _voltage(value, "origin", 0.0, where)
    if not _can_be_meant(scale) or abs(origin) > 1e9:
        raise FormatError(
            "impossible scale", where=where, found=f"{scale:g} µV per step, origin {origin:g} µV"
        )
    digits = samples(text(value, "digits"), MOST_SAMPLES, f"{where}: digits")
    if not len(digits):
        raise FormatError("holds no samples", where=f"{where}: digits", found="nothing")
    with np.errstate(over="ignore"):
        row = ((origin + digits * scale) / 1000.0).astype(np.float32)
    return row, scale if origin == 0 and scale > 0 else None, taken


def _voltage(value: "Element", what: str, default: float, where: str) -> tuple[float, str]:
    """Return the origin or the scale of a list of samples in microvolts, and what of it was not stated but taken."""
    element = find(value, what)
    if element is None and what == "origin":
        return default, ""
    said = (element.get("value") or text(element)) if element is not None else ""
    unit = _unit(element)
    number = number_of(said) if said else default
    # GLIST/SLIST demand a unit (UCUM); writers that leave it out count microvolts, which is noted.
    factor = millivolts_per(unit or "uV")
    if number is None or factor is None:
        raise FormatError(
            "not a voltage",
            where=f"{where}: {what}",
            expected="a number of uV, mV, nV or V",
            found=f"{said[:30]} {unit[:20]}",
        )
    taken = "" if said and unit else "microvolts" if said else "1 µV per step"
    return number * (factor * 1000.0), taken  # 1.0 of the uV, exactly


def _is_other(sequence: "Element") -> bool:
    """Return whether a sequence holds samples that are no lead."""
    return find(sequence, "value/digits") is not None and bool(code(sequence)) and not _is_lead(sequence)


def _unit(element: "Element | None") -> str:
    found = element.get("unit", "") if element is not None else ""
    return found.strip().replace("\u00b5", "u").replace("\u03bc", "u").lower()


def _place(
    sets: list["Element"], first: "Element", axis: tuple[str, float], path: Path, found: _Found
) -> list[str]:
    """Put other sets of the same rate and of leads that are not there yet on the axis; return what is left out."""
    head, fs_hz = axis
    left = []
    for other in sets:
        if other is first:
            continue
        names = [lead_name(code(one)) for one in _leads(other)]
        rate_text = ""
        try:
            start, other_hz = _time(other, path)
            rate_text = f" at {other_hz:g} Hz"
            after = seconds_between(head, start)
            there = {one.name for one in found.placed}
            if after is not None and abs(after) <= 3600 and other_hz == fs_hz and not there & set(names):
                _read_set(other, round(after * fs_hz), path, found)
                continue
        except FormatError as error:
            rate_text += f" ({error.message})"
        left.append(f"{', '.join(names)}{rate_text}")
    return left


def _stacked(placed: list[_Placed], path: Path, notes: list[ImportNote]) -> Signal:
    earliest = min(one.shift for one in placed)
    longest = max(one.shift + len(one.row) for one in placed) - earliest
    if longest * len(placed) > MOST_SAMPLES:
        raise FormatError(
            "too many samples", where=f"{path}: digits", expected="20,000,000", found=f"{longest} per lead"
        )
    signal = np.full((len(placed), longest), np.nan, dtype=np.float32)
    for at, one in enumerate(placed):
        signal[at, one.shift - earliest : one.shift - earliest + len(one.row)] = one.row
    part = tuple(one.name for one in placed if len(one.row) < longest)
    if part:
        said = "recorded one after the other" if len({one.shift for one in placed}) > 1 else "shorter"
        notes.append(ImportNote("duration", f"{', '.join(part)} {said}; gaps left", part))
    return signal
