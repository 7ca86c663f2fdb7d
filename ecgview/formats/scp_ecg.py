"""SCP-ECG (EN 1064, ISO 11073-91064; protocols 1.x, 2.x and 3.0 with rhythm in section 6)."""

from dataclasses import replace
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats import _scp_healforce
from ecgview.formats._assemble import assemble
from ecgview.formats._scp_findings import read_findings
from ecgview.formats._scp_header import Header, read_header
from ecgview.formats._scp_healforce import HealForce
from ecgview.formats._scp_rhythm import rate_of, read_block, read_leads, read_rhythm
from ecgview.formats._scp_sections import Sections, looks_like, sections, whole_file
from ecgview.formats._summary import RecordSummary
from ecgview.record import Acquisition, DeviceReading, EcgRecord

NAME = "SCP-ECG"
EXTENSIONS: tuple[str, ...] = (".scp",)


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is an SCP-ECG record."""
    return (
        looks_like(head) or _scp_healforce.looks_like(head) or (3 if path.suffix.lower() in EXTENSIONS else 0)
    )


def peek(path: Path) -> RecordSummary:
    """Return what the header says."""
    raw = whole_file(path)
    if _scp_healforce.looks_like(raw[:64]):
        return _peek_healforce(raw, path)
    record = sections(raw, path)
    header = read_header(record)
    leads = read_leads(record).leads
    block = read_block(record, 6, len(leads), samples=False)
    rate, _ = rate_of(block.interval_us)
    span = max(lead.last for lead in leads) - min(lead.first for lead in leads) + 1
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        header.patient,
        header.acquisition.start_time,
        len(leads),
        rate,
        span / rate,
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the file, the section and the field."""
    raw = whole_file(path)
    if _scp_healforce.looks_like(raw[:64]):
        return _read_healforce(raw, path)
    record = sections(raw, path)
    try:
        return _read(record)
    except FormatError as error:
        if not record.doubts:
            raise
        message = f"{error.message} ({'; '.join(record.doubts[:3])})"
        raise FormatError(message, where=error.where, expected=error.expected, found=error.found) from None


def _read(record: Sections) -> EcgRecord:
    header = read_header(record)
    rhythm = read_rhythm(record, read_leads(record))
    found = read_findings(record, header.encoding)
    extra = _others(record) | found.extra | rhythm.extra | dict(header.acquisition.extra)
    extra |= {"free text": "\n".join(header.free_text)} if any(header.free_text) else {}
    return assemble(
        rhythm.signal,
        rhythm.names,
        rhythm.rate_hz,
        path=record.path,
        format_name=NAME,
        patient=header.patient,
        acquisition=replace(header.acquisition, step_uv=rhythm.step_uv, extra=extra),
        notes=record.notes,
        synthetic=_is_synthetic(header),
        device_reading=DeviceReading(
            tuple(found.measurements), tuple(found.statements), rhythm.median, rhythm.qrs_s
        ),
    )


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
