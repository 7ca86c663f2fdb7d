"""An ECG as the bytes of an SCP-ECG record, protocol 2.0: sections 0 to 8 and 10, as far as there is something to say.

What a section can hold goes there. What reading it back would not give again, exactly, goes to free text (tag 30 of
section 1) as ecgview's own lines, in pieces of at most 80 bytes.
"""

import struct
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit import metadata
from ecgview.formats.kit.quantise import Steps, quantise
from ecgview.formats.kit.scp_leads import lead_number
from ecgview.formats.scp.findings import read_findings
from ecgview.formats.scp.header import read_header
from ecgview.formats.scp.huffman import DEFAULT, encode
from ecgview.formats.scp.layout import rate_of
from ecgview.formats.scp.sections import RECORD_HEADER, SECTION_HEADER, SIGNATURE, checksum, sections
from ecgview.formats.scp.write_findings import (
    beats_section,
    globals_section,
    leads_section,
    statements_section,
)
from ecgview.formats.scp.write_header import PROTOCOL, codec_of, header_section
from ecgview.leads import derive_limb
from ecgview.record import Acquisition, DeviceReading, EcgRecord, MedianBeat, Patient

MOST_BYTES = 65_535  # of a lead
SYNTHETIC = "synthetic: no patient was recorded"
OF_THE_FILE = ("SCP-ECG protocol", "rhythm coding")  # describe the file that was read, not the ECG
_WIDEST_STEP_UV = 65.535


def scp_bytes(record: EcgRecord, where: str, *, huffman: bool) -> bytes:
    """Return the whole record.

    Args:
        record: any ECG without gaps.
        where: the file to be written, named in errors.
        huffman: code second differences by the default table instead of writing 16 bit samples.

    Raises:
        FormatError: gaps, a rate, a number of leads or a length that the format cannot hold.
    """
    record = without_derived(record)
    steps = steps_of(record, where)
    interval = _interval(record.sampling_rate_hz, where)
    parts = _signals(record, steps, interval, huffman, where)
    codec = codec_of(record)
    bare = _joined(parts | {1: header_section(record, [], codec)} | _findings(record, codec))
    lines = _lines(record, bare, interval)
    free = str(record.acquisition.extra.get("free text", "")).split("\n")
    texts = [*(text for text in free if text), *lines, *([SYNTHETIC] if record.synthetic else [])]
    return _joined(parts | {1: header_section(record, texts, codec)} | _findings(record, codec))


def without_derived(record: EcgRecord) -> EcgRecord:
    """Return the record without leads that reading will compute again, exactly."""
    names = record.lead_names
    kept = [k for k, name in enumerate(names) if name not in record.acquisition.derived_leads]
    again = derive_limb({names[k]: record.signal[k] for k in kept})
    median = record.device_reading.median
    wanted = set() if median is None else set(median.lead_names)
    for name in record.acquisition.derived_leads:
        if name not in again or name in wanted or not np.array_equal(again[name], record.lead(name)):
            return record
    return replace(record, signal=record.signal[kept], lead_names=tuple(names[k] for k in kept))


def steps_of(record: EcgRecord, where: str) -> Steps:
    """Return the samples in steps of whole nanovolts."""
    own = record.acquisition.step_uv
    if own is not None and not _whole_nanovolts(own):
        record = replace(record, acquisition=replace(record.acquisition, step_uv=None))
    steps = quantise(record, where, may_have_gaps=False)
    if steps.step_uv > _WIDEST_STEP_UV:
        raise FormatError("amplitudes too large", where=where, expected="under 2 V")
    return steps


def _whole_nanovolts(step_uv: float) -> bool:
    return 0 < step_uv <= _WIDEST_STEP_UV and abs(step_uv * 1000 - round(step_uv * 1000)) < 1e-9


def _interval(rate_hz: float, where: str) -> int:
    interval = round(1e6 / rate_hz)
    if not 1 <= interval <= 65_535:
        raise FormatError("the rate does not fit", where=where, expected="16 Hz to 1 MHz", found=f"{rate_hz}")
    return interval


def _signals(record: EcgRecord, steps: Steps, interval: int, huffman: bool, where: str) -> dict[int, bytes]:
    """Return sections 2 to 6."""
    count, leads = record.n_samples, record.lead_names
    if len(leads) > 255:
        raise FormatError("too many leads", where=where, expected="at most 255", found=str(len(leads)))
    flags = 4 | min(len(leads), 31) << 3  # all leads simultaneous (bit 2) and how many (bits 3 to 7), 5.6
    numbers = [struct.pack("<IIB", 1, count, lead_number(name)) for name in leads]
    parts = {3: bytes([len(leads), flags]) + b"".join(numbers)}
    coded = [_coded(row, huffman) for row in steps.values]
    if max(map(len, coded)) > MOST_BYTES and not huffman:
        return _signals(record, steps, interval, True, where)
    if max(map(len, coded)) > MOST_BYTES:
        raise FormatError(
            "too long for this format", where=where, expected="some 30 s at 1000 Hz", found=f"{count} samples"
        )
    if huffman:
        parts[2] = struct.pack("<H", DEFAULT)
    parts[6] = _block(steps.step_uv, interval, huffman, coded)
    reading = record.device_reading
    median = _median(reading.median, record, steps.step_uv, huffman)
    beats = beats_section(record, median[0] if median else 0)
    return parts | ({5: median[1]} if median else {}) | ({4: beats} if beats else {})


def _coded(row: Any, huffman: bool) -> bytes:
    if not huffman:
        raw: bytes = row.astype("<i2").tobytes()
        return raw
    wide = row.astype(np.int64)
    # The first two samples as they are, then second differences: annex C, difference data of order 2.
    differences = np.concatenate((wide[:2], np.diff(wide, n=2)))
    coded = encode(differences.astype(np.int16).astype(np.int64))  # 16 bits wrap around, as reading does
    return coded + b"\0" * (len(coded) % 2)


def _block(step_uv: float, interval: int, huffman: bool, coded: list[bytes]) -> bytes:
    head = struct.pack("<HHBB", round(step_uv * 1000), interval, 2 if huffman else 0, 0)
    return head + struct.pack(f"<{len(coded)}H", *map(len, coded)) + b"".join(coded)


def _median(
    median: MedianBeat | None, record: EcgRecord, step_uv: float, huffman: bool
) -> tuple[int, bytes] | None:
    """Return length in ms and section 5; None where there is none of the same leads, without gaps."""
    if median is None or set(median.lead_names) != set(record.lead_names):
        return None
    interval = round(1e6 / median.sampling_rate_hz)
    length = -(-median.signal.shape[1] * interval // 1000)
    if not np.isfinite(median.signal).all() or length > 65_535 or not 1 <= interval <= 65_535:
        return None
    if length * 1000 // interval != median.signal.shape[1]:
        return None  # a length that whole ms cannot tell
    order = [median.lead_names.index(name) for name in record.lead_names]
    beat = EcgRecord(median.signal[order], record.lead_names, 1.0, acquisition=Acquisition(step_uv=step_uv))
    steps = steps_of(beat, "")
    return length, _block(steps.step_uv, interval, huffman, [_coded(row, huffman) for row in steps.values])


def _findings(record: EcgRecord, codec: str) -> dict[int, bytes]:
    reading = record.device_reading
    parts = {
        7: globals_section(record),
        8: statements_section(reading.statements, codec),
        10: leads_section(reading.measurements),
    }
    return {number: data for number, data in parts.items() if data}


def _joined(parts: dict[int, bytes]) -> bytes:
    """Return the record around its sections, with pointers and checksums."""
    # Twelve pointers always, 0 to 11, also to sections that are not there (5.3).
    at = RECORD_HEADER + SECTION_HEADER + 12 * 10
    pointers, bodies = struct.pack("<HII", 0, at - RECORD_HEADER, RECORD_HEADER + 1), b""
    for number in range(1, 12):
        data = parts.get(number, b"")
        # Every section has an even length (5.2).
        data += b"\0" * (len(data) % 2)
        length = SECTION_HEADER + len(data) if data else 0
        pointers += struct.pack("<HII", number, length, at + 1 if data else 0)
        bodies += _section(number, data, b"\0" * 6) if data else b""
        at += length
    whole = _section(0, pointers, SIGNATURE) + bodies
    sized = struct.pack("<I", RECORD_HEADER + len(whole)) + whole
    return struct.pack("<H", checksum(sized)) + sized


def _section(number: int, data: bytes, reserved: bytes) -> bytes:
    head = struct.pack("<HIBB", number, SECTION_HEADER + len(data), PROTOCOL, PROTOCOL) + reserved
    return struct.pack("<H", checksum(head + data)) + head + data


def _lines(record: EcgRecord, bare: bytes, interval: int) -> list[str]:
    """Return ecgview's lines for what `bare` does not give back."""
    sections_ = sections(bare, Path("written"))
    header = read_header(sections_)
    found = read_findings(sections_, header.encoding)
    read_back = found.extra | dict(header.acquisition.extra)
    extra = {
        key: text
        for key, text in record.acquisition.extra.items()
        if read_back.get(key) != text and key not in (*OF_THE_FILE, "free text")
    }
    acquisition = replace(_differing(record.acquisition, header.acquisition), extra=extra, step_uv=None)
    rate = record.sampling_rate_hz
    reading = record.device_reading
    beats = tuple(round(at * rate) / rate for at in reading.qrs_s) == reading.qrs_s
    reduced = replace(
        record,
        patient=_differing(record.patient, header.patient),
        acquisition=replace(acquisition, derived_leads=()),
        device_reading=DeviceReading(
            () if tuple(found.measurements) == reading.measurements else reading.measurements,
            () if tuple(found.statements) == reading.statements else reading.statements,
            None,
            () if beats else reading.qrs_s,
        ),
    )
    own = [f"{metadata.MARK}sampling_rate_hz: {rate!r}"] if rate_of(interval)[0] != rate else []
    if not all(map(lead_number, record.lead_names)):
        own.append(f"{metadata.MARK}lead_names: {'|'.join(record.lead_names)}")
    return own + metadata.lines(reduced)


_Part = TypeVar("_Part", Patient, Acquisition)


def _differing(wanted: _Part, read_back: _Part) -> _Part:
    """Return what is wanted, with the fields emptied that were read back alike."""
    empty = type(wanted)()
    alike = {
        one.name: getattr(empty, one.name)
        for one in fields(wanted)
        if getattr(wanted, one.name) == getattr(read_back, one.name)
    }
    return replace(wanted, **alike)
