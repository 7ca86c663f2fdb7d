"""Section 1 of an SCP-ECG record to be written: patient, recording, free text."""

import struct
from datetime import datetime

from ecgview.formats.kit import metadata
from ecgview.formats.scp.header import FREE_TEXT, TEXTS, full_name
from ecgview.record import Acquisition, EcgRecord, Patient

PROTOCOL = 20
CONTINUED = "ecgview+"  # begins a free text field that goes on with the one before
_LONGEST_TEXT = 10_000
_PIECE = 70  # bytes of a free text field, beside its continuation mark and NUL
_AGE_UNITS = ((1, 1.0), (2, 1 / 12), (3, 7 / 365.25), (4, 1 / 365.25), (5, 1 / 8766))


def header_section(record: EcgRecord, free_texts: list[str], codec: str) -> bytes:
    """Return section 1."""
    values = _names(record) | _texts(record)
    found = [(tag, _terminated(text, codec)) for tag, text in values.items()]
    found += _dates_and_numbers(record.patient, record.acquisition)
    found.append((14, _machine(record, codec)))
    for text in free_texts:
        found += [(FREE_TEXT, piece) for piece in _pieces(text, codec)]
    found.sort(key=lambda pair: pair[0])
    return b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in found) + b"\xff\0\0"


def _names(record: EcgRecord) -> dict[int, str]:
    """Return the name in its parts where they are known, else as one."""
    extra, name = record.acquisition.extra, record.patient.name
    known = [extra.get(TEXTS[tag], "") for tag in (0, 1, 3)]
    parts = known if full_name(*known) == name else [name, "", ""]
    named = dict(zip((0, 1, 3), parts, strict=True))
    return {tag: text for tag, text in named.items() if text} | {2: record.patient.patient_id}


def _texts(record: EcgRecord) -> dict[int, str]:
    extra = record.acquisition.extra
    tags = [tag for tag in TEXTS if tag not in (0, 1, 2, 3, FREE_TEXT)]
    return {tag: extra[TEXTS[tag]] for tag in tags if 0 < len(extra.get(TEXTS[tag], "")) < _LONGEST_TEXT}


def _dates_and_numbers(patient: Patient, acquisition: Acquisition) -> list[tuple[int, bytes]]:
    found = [(8, bytes([{"male": 1, "female": 2}.get(patient.sex, 0)]))]
    for unit, factor in _AGE_UNITS:
        number = round((patient.age_years or -1) / factor)
        if 0 <= number < 65_536 and number * factor == patient.age_years:
            found.append((4, struct.pack("<HB", number, unit)))
            break
    born, start = _moment(patient.birth_date), _moment(acquisition.start_time)
    found += [(5, struct.pack("<HBB", born.year, born.month, born.day))] if born else []
    if start:
        found.append((25, struct.pack("<HBB", start.year, start.month, start.day)))
        if len(acquisition.start_time) > len("2000-01-01"):
            found.append((26, bytes([start.hour, start.minute, start.second])))
        offset = start.utcoffset()
        if offset is not None:
            found.append((34, struct.pack("<hHB", round(offset.total_seconds() / 60), 0, 0)))
    highpass, lowpass = round((acquisition.highpass_hz or 0) * 100), round(acquisition.lowpass_hz or 0)
    found += [(27, struct.pack("<H", highpass))] if 0 < highpass < 65_536 else []
    found += [(28, struct.pack("<H", lowpass))] if 0 < lowpass < 65_536 else []
    notch = {60.0: 1, 50.0: 2}.get(acquisition.notch_hz or 0.0)
    return found + ([(29, bytes([notch]))] if notch else [])


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _machine(record: EcgRecord, codec: str) -> bytes:
    """Return tag 14: who recorded is the trade name; maker 255 says that it stands there."""
    level = 0x90 if record.device_reading.median is None else 0xA0
    device = _terminated(record.acquisition.device, codec)
    head = struct.pack(
        "<HHHBB6sBBBBB16x",
        0,
        0,
        0,
        0,
        255 if device[:-1] else 0,
        b"",
        PROTOCOL,
        level,
        _LANGUAGES[codec],
        0,
        0,
    )
    program, serial, system = b"\x01\0", b"\0", b"\0"
    return head + program + serial + system + _terminated("ecgview", codec) + device


_LANGUAGES = {"ascii": 0x00, "latin-1": 0x01, "gb2312": 0x27, "utf-8": 0x37}


def codec_of(record: EcgRecord) -> str:
    """Return the first character set of the standard's that holds every text: Chinese is GB 2312, else UTF-8."""
    told = "".join([*metadata.lines(record), *(one.text for one in record.device_reading.statements)])
    for codec in ("ascii", "latin-1", "gb2312"):
        try:
            told.encode(codec)
        except UnicodeEncodeError:
            continue
        return codec
    return "utf-8"


def _terminated(text: str, codec: str) -> bytes:
    return text.replace("\0", "").encode(codec, "replace")[:_LONGEST_TEXT] + b"\0"


def _pieces(text: str, codec: str) -> list[bytes]:
    """Return a line as fields of at most 80 bytes, whole characters each."""
    pieces, piece = [], ""
    for char in text:
        if len((piece + char).encode(codec, "replace")) > _PIECE:
            pieces.append(piece)
            piece = ""
        piece += char
    marked = [("" if k == 0 else CONTINUED) + one for k, one in enumerate([*pieces, piece])]
    return [_terminated(one, codec) for one in marked]
