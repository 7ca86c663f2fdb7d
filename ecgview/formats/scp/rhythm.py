"""The signals of an SCP-ECG record: reference beat and rhythm (EN 1064, sections 5 and 6, annex C).

What is stored is, lead by lead, 16 bit integers or Huffman codes of the samples or of their first or second
differences. Where the reference beat was subtracted, it is added back around each beat of type 0; `bimodal` undoes
what was decimated between beats.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.scp_leads import CALIBRATION
from ecgview.formats.scp import bimodal, huffman
from ecgview.formats.scp.layout import (
    MOST_SAMPLES,
    Beats,
    Block,
    Lead,
    Leads,
    rate_of,
    read_beats,
    read_block,
)
from ecgview.formats.scp.sections import Sections
from ecgview.leads import order_key
from ecgview.record import ImportNote, MedianBeat, Signal

Integers = NDArray[np.int64]


@dataclass(slots=True)
class Rhythm:
    """Everything decoded; `signal` is (leads, samples) mV with NaN where a lead was not recorded."""

    signal: Signal
    names: list[str]
    rate_hz: float
    step_uv: float
    median: MedianBeat | None
    qrs_s: tuple[float, ...]
    extra: dict[str, str] = field(default_factory=dict)


def read_rhythm(record: Sections, leads: Leads) -> Rhythm:
    """Return the rhythm in mV; FormatError where bytes and sample numbers cannot be brought together."""
    beats = read_beats(record)
    # Without section 2 the samples are plain 16 bit integers (5.5).
    tables = huffman.read_tables(record.data(2)) if record.has(2) else []
    block = read_block(record, 6, len(leads.leads))
    reference = _reference(record, leads, beats, tables)
    factor = _factor(record, block, reference, leads)
    interval = block.interval_us // factor
    # Bimodal files state the interval of the decimated stretches; the zones, and so the rebuilt rhythm,
    # have that of section 5.
    rate, rounded = rate_of(interval)
    if rounded:
        text = f"the interval of {interval} µs between samples is rounded; {rate:g} Hz taken"
        record.notes.append(ImportNote("header", text))
    rows, opened, faults = [], [], []
    for number, (lead, raw) in enumerate(zip(leads.leads, block.parts, strict=True)):
        try:
            row = _lead(record, lead, raw, block, tables, beats, factor)
        except FormatError as error:
            faults.append((lead.name, error))
            continue
        if leads.subtracted and reference is not None:
            where = f"{record.path}: section 4"
            scale = reference.nanovolts / block.nanovolts
            beat = reference.rows[number] * scale
            bimodal.add_reference(row, lead.first, beat, beats.beats, beats.fiducial, where)
        rows.append(row)
        opened.append(lead)
    # One lead that cannot be decoded is left out by name; with a wrong checksum as well nothing is
    # trusted.
    if faults and (record.doubts or not rows):  # a damaged file, not one bad lead
        raise faults[0][1]
    for name, fault in faults:
        record.notes.append(ImportNote("missing-lead", f"{name} left out: {fault.message}", (name,)))
    signal, names = _on_one_grid(record, tuple(opened), rows, block.nanovolts)
    first = min(lead.first for lead in opened)
    qrs = tuple((beat.fiducial - first) / rate for beat in beats.beats if beat.fiducial >= first)
    median = _median(reference, leads.leads) if reference else None
    extra = {"rhythm coding": _described(block, tables, leads, factor)}
    if beats.fiducial:
        extra["fiducial point of the reference beat"] = str(beats.fiducial)
    return Rhythm(signal, names, rate, block.nanovolts / 1000, median, qrs, extra)


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    rows: list[NDArray[np.float64]]
    nanovolts: int
    interval_us: int


def _reference(
    record: Sections, leads: Leads, beats: Beats, tables: list[huffman.Table]
) -> _Reference | None:
    """Return the reference beat of every lead in its own steps; None, with a note, where it is not needed."""
    if not record.has(5):
        if leads.subtracted:
            raise FormatError(
                "the reference beat was subtracted but is missing", where=f"{record.path}: section 5"
            )
        return None
    try:
        block = read_block(record, 5, len(leads.leads))
        count = beats.reference_ms * 1000 // block.interval_us
        if not count and not tables:
            count = min(len(part) for part in block.parts) // 2
        if not count:
            raise FormatError("the length is not known", where=f"{record.path}: section 4, length", found="0")
        rows = []
        for number, part in enumerate(block.parts, start=1):
            where = f"{record.path}: section 5, lead {number}"
            values, short = _values(part, count, block.differences, tables, where)
            if short and leads.subtracted:
                raise FormatError("ends early", where=where, expected=str(count), found=str(len(values)))
            rows.append(values.astype(np.float64))
    except FormatError as error:
        if leads.subtracted:
            raise
        record.notes.append(ImportNote("median", f"the reference beat was left out: {error.sentence}"))
        return None
    return _Reference(rows, block.nanovolts, block.interval_us)


def _factor(record: Sections, block: Block, reference: _Reference | None, leads: Leads) -> int:
    """Return by how much the rhythm between the protected zones was decimated."""
    ratio = 1 if reference is None else block.interval_us / reference.interval_us
    if not block.bimodal:
        if leads.subtracted and ratio != 1:
            raise FormatError(
                "rhythm and reference beat have different rates without bimodal compression",
                where=f"{record.path}: section 6, sample interval",
                expected=f"{reference.interval_us if reference else 0} µs as in section 5",
                found=f"{block.interval_us} µs",
            )
        return 1
    if not record.has(4):
        raise FormatError(
            "bimodal compression without the zones of section 4", where=f"{record.path}: section 4"
        )
    if ratio != int(ratio) or not 1 <= ratio <= 16:
        raise FormatError(
            "impossible decimation",
            where=f"{record.path}: section 6, sample interval",
            expected="a small multiple of the interval of section 5",
            found=f"{block.interval_us} µs, {ratio:g} times",
        )
    return int(ratio)


def _lead(
    record: Sections,
    lead: Lead,
    raw: bytes,
    block: Block,
    tables: list[huffman.Table],
    beats: Beats,
    factor: int,
) -> NDArray[np.float64]:
    """Return (samples,) in steps, NaN where the data end early."""
    where = f"{record.path}: section 6, lead {lead.name}"
    # The shortest code has one bit, so a byte holds at most eight values: a bound before memory is taken.
    if lead.count > 8 * max(len(raw), 1) * factor:
        raise FormatError(
            "too few bytes", where=where, expected=f"{lead.count} samples", found=f"{len(raw)} bytes"
        )
    zones = None
    stored = lead.count
    if factor > 1:
        zones = bimodal.zones(beats.beats, lead.first, lead.last, where)
        stored = bimodal.stored_count(zones, lead.count, factor)
    values, short = _values(raw, stored, block.differences, tables, where)
    # A lead may end early, with a note; decimated ones may not, since zones and values would shift
    # against each other.
    if short and (record.doubts or not len(values) or zones is not None):
        raise FormatError(
            "the samples end early", where=where, expected=f"{stored} values", found=f"{len(values)}"
        )
    if zones is not None:
        whole = bimodal.expanded(values.astype(np.float64), zones, lead.count, factor)
        return bimodal.smoothed(whole, zones, beats.beats, lead.first)
    row = np.full(lead.count, np.nan)
    row[: len(values)] = values
    if short:
        missing = f"{lead.count - len(values)} of {lead.count} samples are not in the file"
        record.notes.append(ImportNote("duration", f"lead {lead.name}: {missing}", (lead.name,)))
    return row


def _values(
    raw: bytes, count: int, differences: int, tables: list[huffman.Table], where: str
) -> tuple[Integers, bool]:
    """Return up to `count` samples in steps, and whether there were fewer."""
    if tables:
        decoded = huffman.decode(raw, tables, count, where)
        return _summed(decoded.values, differences), decoded.ended_early
    values = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2")[:count].astype(np.int64)
    return _summed(values, differences), len(values) < count


def _summed(values: Integers, differences: int) -> Integers:
    """Return samples from differences of that order; the first ones are stored as they are.

    Samples have 16 bits and differences may have been made in as many: the sums wrap around as well.
    """
    sums = values
    if differences == 2 and len(values) > 2:
        slopes = np.concatenate(([values[1] - values[0]], values[2:]))
        sums = np.concatenate((values[:1], values[0] + np.cumsum(np.cumsum(slopes))))
    elif differences == 1:
        sums = np.cumsum(values)
    return sums.astype(np.int16).astype(np.int64)


def _on_one_grid(
    record: Sections, leads: tuple[Lead, ...], rows: list[NDArray[np.float64]], nanovolts: int
) -> tuple[Signal, list[str]]:
    """Return the leads side by side in mV; calibration leads and a second part of a lead stay out, with a note."""
    first, last = min(lead.first for lead in leads), max(lead.last for lead in leads)
    span = last - first + 1
    if span * len(leads) > MOST_SAMPLES or span > 16 * sum(lead.count for lead in leads):
        raise FormatError(
            "impossible sample numbers", where=f"{record.path}: section 3", found=f"{first} to {last}"
        )
    kept: list[tuple[Lead, NDArray[np.float32]]] = []
    left_out: list[str] = []
    for lead, row in zip(leads, rows, strict=True):
        goes_on = any(
            one.name == lead.name and (lead.first > one.last or lead.last < one.first) for one, _ in kept
        )
        if lead.number in CALIBRATION or goes_on:
            left_out.append(lead.name)
            continue
        whole = np.full(span, np.nan, np.float32)
        whole[lead.first - first : lead.last - first + 1] = row * (nanovolts * 1e-6)
        kept.append((lead, whole))
    if left_out:
        text = f"left out, calibration pulses or a lead's second part: {', '.join(left_out)}"
        record.notes.append(ImportNote("leads", text))
    if not kept:
        raise FormatError("holds no lead of an ECG", where=f"{record.path}: section 3", found=left_out[0])
    return np.stack([row for _, row in kept]), [lead.name for lead, _ in kept]


def _median(reference: _Reference, leads: tuple[Lead, ...]) -> MedianBeat | None:
    wanted = {lead.name: k for k, lead in reversed(list(enumerate(leads))) if lead.number not in CALIBRATION}
    length = max(len(row) for row in reference.rows)
    if not wanted or not length:
        return None
    signal = np.full((len(wanted), length), np.nan, np.float32)
    names = sorted(sorted(wanted, key=lambda name: wanted[name]), key=order_key)
    for place, name in enumerate(names):
        row = reference.rows[wanted[name]]
        signal[place, : len(row)] = row * (reference.nanovolts * 1e-6)
    return MedianBeat(signal, tuple(names), rate_of(reference.interval_us)[0])


def _described(block: Block, tables: list[huffman.Table], leads: Leads, factor: int) -> str:
    order = ("samples", "first differences", "second differences")[block.differences]
    parts = [order, "Huffman coded" if tables else "16 bit"]
    parts += ["reference beat subtracted"] if leads.subtracted else []
    return ", ".join([*parts, *([f"bimodal, 1 of {factor} between beats"] if block.bimodal else [])])
