"""SCP-ECG (EN 1064, ISO 11073-91064; protocols 1.x, 2.x and 3.0 with rhythm in section 6).

Known from the published standard and its tutorials, from real files, and from what other readers of them are seen to
do. Long-term rhythm (section 12 of protocol 3) is not read; section 9 is the maker's own and only named.

Written is protocol 2.0. What has no field there (statements with codes, measurements of other names or not in whole
ms, any other metadata) goes to free text as ecgview's lines. No place have: gaps, leads of more than 65,535 bytes,
steps that are no whole number of nV, and a reference beat whose leads are not the rhythm's. Texts are ASCII, Latin-1,
GB 2312 or, where those do not suffice, UTF-8 (language support code 0x37), whichever comes first.
"""

from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit import metadata
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.replace import replace_file
from ecgview.formats.kit.scp_leads import CALIBRATION, lead_number
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.scp import healforce
from ecgview.formats.scp.findings import read_findings
from ecgview.formats.scp.header import Header, read_header
from ecgview.formats.scp.healforce import HealForce
from ecgview.formats.scp.layout import rate_of, read_block, read_leads
from ecgview.formats.scp.rhythm import read_rhythm
from ecgview.formats.scp.sections import Sections, looks_like, sections, whole_file
from ecgview.formats.scp.write import SYNTHETIC, scp_bytes, steps_of, without_derived
from ecgview.formats.scp.write_header import CONTINUED
from ecgview.leads import distinct_names, with_derived
from ecgview.record import Acquisition, DeviceReading, EcgRecord, Patient

NAME = "SCP-ECG"
EXTENSIONS: tuple[str, ...] = (".scp",)
WRITES = ".scp"
FACTS = Facts(
    known_from="public standard: EN 1064, ISO 11073-91064, ANSI/AAMI EC71",
    real_files="2, and 1 that breaks the standard as a cart wrote it",
)
_Part = TypeVar("_Part", Patient, Acquisition)


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is an SCP-ECG record."""
    return looks_like(head) or healforce.looks_like(head) or (3 if path.suffix.lower() in EXTENSIONS else 0)


def peek(path: Path) -> RecordSummary:
    """Return what the header says."""
    raw = whole_file(path)
    if healforce.looks_like(raw[:64]):
        return _peek_healforce(raw, path)
    record = sections(raw, path)
    header = read_header(record)
    leads = read_leads(record).leads
    block = read_block(record, 6, len(leads), samples=False)
    lines = _whole_lines(header.free_text)
    told = metadata.told(lines)
    rate = _own_rate(lines) or rate_of(block.interval_us)[0]
    if block.bimodal and record.has(5):
        rate = rate_of(read_block(record, 5, len(leads), samples=False).interval_us)[0]
    names = list(dict.fromkeys(lead.name for lead in leads if lead.number not in CALIBRATION))
    span = max(lead.last for lead in leads) - min(lead.first for lead in leads) + 1
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        _merged(header.patient, told.patient),
        told.acquisition.start_time or header.acquisition.start_time,
        len(with_derived(distinct_names(_own_names(lines, names))[0])),
        rate,
        span / rate,
        _is_synthetic(header),
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the file, the section and the field."""
    raw = whole_file(path)
    if healforce.looks_like(raw[:64]):
        return _read_healforce(raw, path)
    record = sections(raw, path)
    try:
        return _read(record)
    except FormatError as error:
        if not record.doubts:
            raise
        message = f"{error.message} ({'; '.join(record.doubts[:3])})"
        raise FormatError(message, where=error.where, expected=error.expected, found=error.found) from None


def write(record: EcgRecord, target: Path) -> Path:
    """Write 16 bit samples (Huffman coded where a lead would not fit otherwise); return the path."""
    return _write(record, target, huffman=False)


def write_compressed(record: EcgRecord, target: Path) -> Path:
    """Write second differences in the default Huffman table, as lossless as `write`; return the path."""
    return _write(record, target, huffman=True)


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    if not np.isfinite(record.signal).all():
        return "cannot be written: the record has gaps, which this format cannot mark"
    stored = without_derived(record)
    unnamed = [name for name in stored.lead_names if not lead_number(name)]
    stated = steps_of(stored, "").stated
    if not unnamed:
        return stated
    lost = f"names of {', '.join(unnamed)} lost to other software, since SCP-ECG has no code for them"
    return f"{stated.replace('lossless', 'samples kept')}; {lost}"


def _write(record: EcgRecord, target: Path, *, huffman: bool) -> Path:
    replace_file(target, scp_bytes(record, str(target), huffman=huffman))
    return target


def _read(record: Sections) -> EcgRecord:
    if record.has(12) and not record.has(6):
        raise FormatError(
            "long-term rhythm (section 12 of protocol 3) is not read",
            where=f"{record.path}: section 6",
            expected="rhythm in section 6",
            found="none",
        )
    header = read_header(record)
    rhythm = read_rhythm(record, read_leads(record))
    found = read_findings(record, header.encoding)
    lines = _whole_lines(header.free_text)
    told = metadata.told(lines)
    free = [line for line in told.rest if line and line != SYNTHETIC]
    extra = _others(record) | found.extra | rhythm.extra | dict(header.acquisition.extra)
    extra |= {"free text": "\n".join(free)} if free else {}
    acquisition = _merged(header.acquisition, told.acquisition)
    reading = told.device_reading
    return assemble(
        rhythm.signal,
        _own_names(lines, rhythm.names),
        _own_rate(lines) or rhythm.rate_hz,
        path=record.path,
        format_name=NAME,
        patient=_merged(header.patient, told.patient),
        acquisition=replace(acquisition, step_uv=rhythm.step_uv, extra=extra | dict(told.acquisition.extra)),
        notes=record.notes,
        synthetic=_is_synthetic(header),
        device_reading=DeviceReading(
            reading.measurements or tuple(found.measurements),
            reading.statements or tuple(found.statements),
            rhythm.median,
            reading.qrs_s or rhythm.qrs_s,
        ),
    )


def _whole_lines(free_text: tuple[str, ...]) -> list[str]:
    """Return free text fields with those joined that continue another."""
    lines: list[str] = []
    for text in free_text:
        if text.startswith(CONTINUED) and lines:
            lines[-1] += text.removeprefix(CONTINUED)
        else:
            lines.append(text)
    return lines


def _merged(header: _Part, told: _Part) -> _Part:
    """Return the header's values, except where ecgview's lines tell them more exactly."""
    empty = type(told)()
    names = (one.name for one in fields(told) if one.name != "extra")
    exact = {name: getattr(told, name) for name in names if getattr(told, name) != getattr(empty, name)}
    return replace(header, **exact)


def _own_line(lines: list[str], key: str) -> str:
    start = f"{metadata.MARK}{key}: "
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), "")


def _own_rate(lines: list[str]) -> float | None:
    try:
        rate = float(_own_line(lines, "sampling_rate_hz"))
    except ValueError:
        return None
    return rate if 1 <= rate <= 100_000 else None


def _own_names(lines: list[str], names: list[str]) -> list[str]:
    own = [name for name in _own_line(lines, "lead_names").split("|") if name]
    return own if len(own) == len(names) == len(set(own)) else names


def _read_healforce(raw: bytes, path: Path) -> EcgRecord:
    file = HealForce(raw, path)
    patient, start = file.header()
    _, _, rate, nanovolts = file.shape()
    signal, beats = file.rhythm()
    names = file.names()
    return assemble(
        signal,
        names,
        rate,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=Acquisition(start_time=start, device="Heal Force", step_uv=nanovolts / 1000),
        notes=file.notes,
        device_reading=DeviceReading(qrs_s=beats),
    )


def _peek_healforce(raw: bytes, path: Path) -> RecordSummary:
    file = HealForce(raw, path)
    patient, start = file.header()
    leads, count, rate, _ = file.shape()
    return RecordSummary(str(path), path.stem, NAME, patient, start, leads, rate, count / rate)


def _is_synthetic(header: Header) -> bool:
    return any("synthetic" in text.lower() for text in header.free_text)


def _others(record: Sections) -> dict[str, str]:
    """Return the protocol, and which sections there are that have no place in a record."""
    told = {"SCP-ECG protocol": f"{record.protocol / 10:.1f}"} if record.protocol else {}
    others = [one for number, one in sorted(record.found.items()) if number == 9 or number > 11]
    return told | {f"section {one.number}": f"{one.length - 16} bytes, not read" for one in others}
