"""The waveforms of MUSE XML: little-endian integers in base64, one block for each lead of each waveform.

A lead block states its gain (LeadAmplitudeUnitsPerBit in LeadAmplitudeUnits), sample size and a CRC-32 of its bytes
(the usual one, as all real files show). The rate is SampleBase times ten to the power of SampleExponent.
"""

import binascii
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.quantities import assumed_gains, millivolts_per
from ecgview.formats.kit.xml import every, find, name, number, text
from ecgview.leads import canonical_name, distinct_names
from ecgview.record import ImportNote, MedianBeat, Signal

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

STEP_UV = 4.88  # of MUSE and of the carts that feed it, where a file does not state its gain
MOST_LEADS = 64
MOST_SAMPLES = 20_000_000  # over all leads, gaps included
_PADDING = -32768  # what MUSE writes where a lead was not recorded, seen in real files
_TYPES = {1: "<i1", 2: "<i2", 4: "<i4"}


@dataclass(frozen=True, slots=True)
class Waves:
    """One waveform: (leads, samples) float32 mV in the file's order."""

    signal: Signal
    names: tuple[str, ...]
    fs_hz: float
    step_uv: float | None  # where all leads share one
    notes: tuple[ImportNote, ...]


def kind(waveform: "Element") -> str:
    """Return "rhythm", "median" or what else a waveform says it is."""
    return text(waveform, "WaveformType").lower()


def rhythm_of(root: "Element", path: Path) -> "Element":
    """Return the waveform to open: the first rhythm of eight leads or more, or else the first rhythm.

    Raises:
        FormatError: there is none; a median beat alone is no recording.
    """
    all_of_them = [one for one in every(root, "Waveform") if kind(one) != "median"]
    found = [one for one in all_of_them if kind(one) == "rhythm"] or all_of_them
    if not found:
        kinds = ", ".join(kind(one) for one in every(root, "Waveform"))
        raise FormatError(
            "no rhythm", where=f"{path}: Waveform", expected="WaveformType Rhythm", found=kinds[:60]
        )
    return next((one for one in found if len(list(every(one, "LeadData"))) >= 8), found[0])


def rate(waveform: "Element", path: Path) -> float:
    """Return samples per second."""
    base = number(waveform, "SampleBase", path)
    exponent = number(waveform, "SampleExponent", path) or 0.0
    if base is None or not 0 < base <= 1e6 or exponent != round(exponent) or abs(exponent) > 6:
        raise FormatError(
            "the sampling rate is unknown",
            where=f"{path}: SampleBase",
            expected="1 to 100,000 Hz",
            found=f"{base} with exponent {exponent:g}",
        )
    fs_hz = float(base * 10.0 ** int(exponent))
    if not 1 <= fs_hz <= 100_000:
        raise FormatError("impossible sampling rate", where=f"{path}: SampleBase", found=f"{fs_hz:g} Hz")
    return fs_hz


def waves(waveform: "Element", path: Path) -> Waves:
    """Return the leads of one waveform.

    Raises:
        FormatError: a lead that cannot be decoded, or leads that start at different times.
    """
    fs_hz = rate(waveform, path)
    blocks = list(every(waveform, "LeadData"))
    if not 0 < len(blocks) <= MOST_LEADS:
        raise FormatError(
            "impossible number of leads",
            where=f"{path}: LeadData",
            expected="1 to 64",
            found=str(len(blocks)),
        )
    _check_starts(blocks, path)
    notes: list[ImportNote] = []
    unsure: dict[str, list[str]] = {}
    rows: list[tuple[str, NDArray[np.float32]]] = []
    faults: list[tuple[str, FormatError]] = []
    steps = set()
    for block in blocks:
        lead = canonical_name(text(block, "LeadID")) or f"lead {len(rows) + 1}"
        where = f"{path}: LeadData {lead[:20]}"
        try:
            step, taken = _step_uv(block, where)
            values = _values(block, lead, where, notes)
        except FormatError as error:
            faults.append((lead, error))
            continue
        if _is_off(block, lead, values, notes):
            continue
        steps.add(step)
        row = (values * (step / 1000.0)).astype(np.float32)
        row[values == _PADDING] = np.nan
        rows.append((lead, row))
        if taken:
            unsure.setdefault(taken, []).append(lead)
    if not rows:
        raise (
            faults[0][1]
            if faults
            else FormatError("holds no leads", where=f"{path}: LeadData", found="electrodes off")
        )
    for lead, fault in faults:
        notes.append(ImportNote("missing-lead", f"{lead} left out: {fault.message}", (lead,)))
    signal = _stacked(rows, path, notes)
    step_uv = steps.pop() if len(steps) == 1 else None
    names = tuple(lead for lead, _ in rows)
    return Waves(signal, names, fs_hz, step_uv, (*notes, *assumed_gains(unsure)))


def median_beat(root: "Element", path: Path, notes: list[ImportNote]) -> MedianBeat | None:
    """Return the cart's median beat; None where the file has none, or, with a note, where it cannot be decoded."""
    for waveform in every(root, "Waveform"):
        if kind(waveform) != "median" or find(waveform, "LeadData") is None:
            continue
        try:
            found = waves(waveform, path)
        except FormatError as error:
            notes.append(ImportNote("header", f"the median beat cannot be read: {error.sentence}"))
            return None
        return MedianBeat(found.signal, tuple(distinct_names(found.names)[0]), found.fs_hz)
    return None


def waveform_fields(waveform: "Element") -> dict[str, str]:
    """Return every field of a waveform but its samples; what all leads share stands once."""
    where = f"Waveform {text(waveform, 'WaveformType')[:20]}"
    found = {f"{where}/{name(one)[:60]}": text(one) for one in waveform if not len(one) and text(one)}
    by_field: dict[str, dict[str, str]] = {}
    for block in list(every(waveform, "LeadData"))[:MOST_LEADS]:
        lead = text(block, "LeadID")[:20]
        for one in block:
            if name(one) not in ("WaveFormData", "LeadID") and not len(one) and text(one):
                by_field.setdefault(name(one)[:60], {})[lead] = text(one)
    for field, values in by_field.items():
        different = set(values.values())
        joined = ", ".join(f"{lead} {value}" for lead, value in values.items())
        found[f"{where}/LeadData/{field}"] = different.pop() if len(different) == 1 else joined
    return found


def _check_starts(blocks: list["Element"], path: Path) -> None:
    starts = {text(block, "LeadTimeOffset") or "0" for block in blocks}
    if len(starts) > 1:
        raise FormatError(
            "leads that start at different times are not known of MUSE",
            where=f"{path}: LeadTimeOffset",
            expected="one offset",
            found=", ".join(sorted(starts))[:60],
        )


def _step_uv(block: "Element", where: str) -> tuple[float, str]:
    """Return the microvolts per step of a lead, and what of it was not stated but taken."""
    gain = text(block, "LeadAmplitudeUnitsPerBit").replace(",", ".")
    unit = text(block, "LeadAmplitudeUnits").upper()
    per_unit = millivolts_per(unit or "MICROVOLTS")
    if per_unit is None:
        raise FormatError(
            "unknown unit",
            where=f"{where}: LeadAmplitudeUnits",
            expected="MICROVOLTS or MILLIVOLTS",
            found=unit[:40],
        )
    if not gain:
        return STEP_UV, f"{STEP_UV} µV per step"
    try:
        step = float(gain) * (per_unit * 1000.0)
    except ValueError:
        step = 0.0
    if not 1e-4 <= step <= 1e5:
        raise FormatError(
            "impossible gain",
            where=f"{where}: LeadAmplitudeUnitsPerBit",
            expected="microvolts per step, such as 4.88",
            found=f"{gain[:30]} {unit[:20]}",
        )
    return step, "" if unit else "microvolts"


def _values(block: "Element", lead: str, where: str, notes: list[ImportNote]) -> NDArray[np.int32]:
    # Bytes a sample; every real file has 2, older exports leave the field out.
    stated = text(block, "LeadSampleSize") or "2"
    size = int(stated) if stated in ("1", "2", "4") else 0
    if not size:
        raise FormatError(
            "unknown sample size", where=f"{where}: LeadSampleSize", expected="1, 2 or 4", found=stated[:20]
        )
    try:
        raw = binascii.a2b_base64("".join(text(block, "WaveFormData").split()), strict_mode=True)
    except ValueError as error:  # binascii.Error is one
        raise FormatError("not base64", where=f"{where}: WaveFormData", found=str(error)[:60]) from None
    if not raw or len(raw) % size:
        raise FormatError(
            "not a whole number of samples",
            where=f"{where}: WaveFormData",
            expected=f"samples of {size} bytes",
            found=f"{len(raw)} bytes",
        )
    count = text(block, "LeadSampleCountTotal")
    if count and count != str(len(raw) // size):
        notes.append(
            ImportNote("header", f"{lead}: {count[:20]} samples stated, {len(raw) // size} stored", (lead,))
        )
    checksum = text(block, "LeadDataCRC32")
    if checksum.strip("0") and checksum != str(zlib.crc32(raw)):
        notes.append(ImportNote("checksum", f"{lead}: the stored checksum does not fit its samples", (lead,)))
    for field in ("LeadOffsetFirstSample", "FirstSampleBaseline"):
        if text(block, field).strip("0."):
            notes.append(
                ImportNote("header", f"{lead}: {field} {text(block, field)[:20]} is not used", (lead,))
            )
    return np.frombuffer(raw, dtype=_TYPES[size]).astype(np.int32)


def _is_off(block: "Element", lead: str, values: NDArray[np.int32], notes: list[ImportNote]) -> bool:
    """Return whether a lead was not recorded: its electrode was off and its samples are all one value."""
    if text(block, "LeadOff").upper() != "TRUE":
        return False
    gone = bool((values == values[0]).all())
    what = "left out" if gone else "shown as it was stored"
    notes.append(ImportNote("lead-off", f"{lead}: the cart says that its electrode was off; {what}", (lead,)))
    return gone


def _stacked(rows: list[tuple[str, NDArray[np.float32]]], path: Path, notes: list[ImportNote]) -> Signal:
    longest = max(len(row) for _, row in rows)
    if longest * len(rows) > MOST_SAMPLES:
        raise FormatError(
            "too many samples",
            where=f"{path}: WaveFormData",
            expected="20,000,000",
            found=f"{longest} per lead",
        )
    signal = np.full((len(rows), longest), np.nan, dtype=np.float32)
    for at, row in enumerate(row for _, row in rows):
        signal[at, : len(row)] = row
    short = tuple(lead for lead, row in rows if len(row) < longest)
    if short:
        notes.append(ImportNote("duration", f"{', '.join(short)} shorter than the others; gaps left", short))
    return signal
