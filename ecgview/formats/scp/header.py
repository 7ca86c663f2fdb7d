"""Section 1 of an SCP-ECG record: patient, recording, devices (EN 1064, clause 5.4).

Fields are a tag, a length and a value. What has no place of its own in ecgview's record is kept as text under the
field's name. Texts are in the character set that the language support code of tag 14 names; an ASCII or unknown code
is not believed where the bytes are plainly UTF-8 or Chinese, since carts write those, too.
"""

import struct
from dataclasses import dataclass
from datetime import datetime

from ecgview.formats.kit.text import decode
from ecgview.formats.scp.sections import Sections
from ecgview.record import Acquisition, ImportNote, Patient

ENCODINGS = {  # language support code, byte 17 of tag 14
    **{0x01: "latin-1", 0x03: "iso8859_2", 0x0B: "iso8859_4", 0x13: "iso8859_5", 0x1B: "iso8859_6"},
    **{0x23: "iso8859_7", 0x2B: "iso8859_8", 0x33: "iso8859_11", 0x3B: "iso8859_15", 0x07: "utf-16-le"},
    **{0x0F: "shift_jis", 0x17: "euc_jp", 0x1F: "euc_jp", 0x27: "gb18030", 0x2F: "cp949", 0x37: "utf-8"},
}
TEXTS = {
    **{0: "last name", 1: "first name", 2: "patient id", 3: "second last name"},
    **{13: "indication", 16: "acquiring institution", 17: "analysing institution"},
    **{18: "acquiring department", 19: "analysing department", 20: "referring physician"},
    **{21: "confirming physician", 22: "technician", 23: "room", 30: "free text", 31: "sequence number"},
    35: "medical history",
}
FREE_TEXT = 30
# Unit codes of tag 4 (5.4.3.4): years, months, weeks, days, hours.
_AGE_YEARS = {1: 1.0, 2: 1 / 12, 3: 7 / 365.25, 4: 1 / 365.25, 5: 1 / 8766}
_AGE_UNITS = ("", "years", "months", "weeks", "days", "hours")
_HEIGHT_UNITS = ("", "cm", "inches", "mm")
_WEIGHT_UNITS = ("", "kg", "g", "lb", "oz")
_SEXES = {0: "", 1: "male", 2: "female", 9: ""}
_RACES = ("", "Caucasian", "Black", "Oriental")
_FILTERS = ("60 Hz notch", "50 Hz notch", "artefact", "baseline")
# Manufacturer codes of tag 14, byte 8, as the tables of EN 1064 list them.
_MAKERS = (
    *(
        "",
        "Burdick",
        "Cambridge",
        "Compumed",
        "Datamed",
        "Fukuda",
        "Hewlett-Packard",
        "Marquette Electronics",
    ),
    *("Mortara Instruments", "Nihon Kohden", "Okin", "Quinton", "Siemens", "Spacelabs", "Telemed", "Hellige"),
    *("ESA-OTE", "Schiller", "Picker-Schwarzer", "Elettronica-Trentina", "Zwönitz"),
)
_ELECTRODES = ("", "standard", "Mason-Likar", "Mason-Likar, one pad", "one pad", "from Frank XYZ", "other")
_ELECTRODES_XYZ = ("", "Frank", "McFee-Parungao", "cube", "bipolar", "pseudo-orthogonal", "from 12 leads")


@dataclass(frozen=True, slots=True)
class Header:
    """What section 1 says; `encoding` is the character set that it names, or ""."""

    patient: Patient
    acquisition: Acquisition
    free_text: tuple[str, ...]
    encoding: str


def read_header(record: Sections) -> Header:
    """Return section 1, empty where it is missing; a field that breaks the rules is kept as bytes, with a note."""
    fields = _fields(record) if record.has(1) else []
    encoding = _encoding(fields)
    extra: dict[str, str] = {}
    for tag, value in fields:
        name, text = _told(tag, value, encoding)
        if text and tag != FREE_TEXT:
            extra[name] = f"{extra[name]}\n{text}" if name in extra else text
    # The first of a repeated field counts, so the last written into the dictionary must be the first.
    values = dict(reversed(fields))
    free = tuple(text_of(value, encoding) for tag, value in fields if tag == FREE_TEXT)
    patient = Patient(
        patient_id=extra.pop("patient id", ""),
        name=full_name(*(extra.get(TEXTS[tag], "") for tag in (0, 1, 3))),
        sex=_SEXES.get(_number(values.get(8, b""), 1) or 0, ""),
        age_years=_age(values.get(4, b"")),
        birth_date=_date(values.get(5, b"")),
    )
    _check_dates(record, values)
    # Tag 29, bits 0 and 1: 60 Hz and 50 Hz notch; both at once say nothing that could be shown as one
    # frequency.
    notch = _number(values.get(29, b"")[:1], 1) or 0
    acquisition = Acquisition(
        start_time=_start(values.get(25, b""), values.get(26, b"")),
        device=_device(values.get(14, b""), encoding),
        # Tag 27 counts in hundredths of 1 Hz, tag 28 in Hz.
        highpass_hz=(_number(values.get(27, b""), 2) or 0) / 100 or None,
        lowpass_hz=float(_number(values.get(28, b""), 2) or 0) or None,
        notch_hz={1: 60.0, 2: 50.0}.get(notch & 3),
        extra=extra,
    )
    return Header(patient, acquisition, free, encoding)


def text_of(raw: bytes, encoding: str) -> str:
    """Return the text up to its NUL."""
    if encoding == "utf-16-le":
        if raw[:2] == b"\xfe\xff":
            raw, encoding = raw[2:], "utf-16-be"
        raw = raw.removeprefix(b"\xff\xfe")
        pairs = [raw[k : k + 2] for k in range(0, len(raw) - 1, 2)]
        end = pairs.index(b"\0\0") if b"\0\0" in pairs else len(pairs)
        return b"".join(pairs[:end]).decode(encoding, "replace")
    raw = raw.split(b"\0", 1)[0]
    return decode(raw, encoding) if raw else ""


def full_name(last: str, first: str, second_last: str = "") -> str:
    """Return the name as its language orders it: family name first, without a space, for Chinese and the like."""
    if any("\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7ff" for char in last):
        return "".join(part.strip() for part in (last, second_last, first))
    return " ".join(part for part in (first.strip(), last.strip(), second_last.strip()) if part)


def _fields(record: Sections) -> list[tuple[int, bytes]]:
    data = record.data(1)
    found: list[tuple[int, bytes]] = []
    while data.left >= 3:
        tag, length = data.u8("section 1, tag"), data.u16("section 1, length")
        if tag == 255 or not (tag or length or any(data.raw[data.at : data.stop])):
            return found  # the terminator, or padding where a writer forgot it
        if length > data.left:
            text = f"field {tag} of section 1 claims {length} bytes of {data.left}; the rest was left out"
            record.notes.append(ImportNote("header", text))
            record.doubts.append("section 1 is cut short")
            return found
        found.append((tag, data.take(length, "section 1, value")))
    return found


def _encoding(fields: list[tuple[int, bytes]]) -> str:
    for tag, value in fields:
        if tag == 14 and len(value) > 16:
            code = value[16]
            # Language support code, 5.4.3.1: xxxxxxx0 is ASCII, xxxxxx01 Latin-1 whatever stands above,
            # else the whole byte names the set.
            return ENCODINGS.get(1 if code & 3 == 1 else code, "") if code & 1 else ""
    return ""


def _told(tag: int, value: bytes, encoding: str) -> tuple[str, str]:
    """Return a field's name and text; a field whose value is used elsewhere has none."""
    if tag in TEXTS:
        return TEXTS[tag], text_of(value, encoding).strip()
    match tag, len(value):
        case (8, 1) | (25, 4) | (26, 3) | (28, 2):
            return "", ""
        case 5, 4:
            return "", ""
        case 27, 2:
            return "", ""
        case 4, 3:
            return "age", "" if value[2] == 1 else _with_unit(value, _AGE_UNITS)
        case 6, 3:
            return "height", _with_unit(value, _HEIGHT_UNITS)
        case 7, 3:
            return "weight", _with_unit(value, _WEIGHT_UNITS)
        case 9, 1:
            return "race", _named(value[0], _RACES)
        case 10, _ if len(value) >= 3:
            return "drug", f"{value[0]}/{value[1]}/{value[2]} {text_of(value[3:], encoding)}".strip()
        case 11 | 12, 2:
            pressure = _number(value, 2)
            return ("systolic", "diastolic")[tag - 11] + " blood pressure", f"{pressure} mmHg" * bool(
                pressure
            )
        case 14 | 15, _ if len(value) >= 36:
            return ("acquiring", "analysing")[tag - 14] + " device", _machine(value, encoding)
        case 24, 1:
            return "priority", str(value[0]) if value[0] else ""
        case 29, _ if value:
            names = [name for bit, name in enumerate(_FILTERS) if value[0] >> bit & 1]
            return "filters", ", ".join(names)
        case 32, _ if len(value) >= 2:
            return "history codes", f"table {value[0]}: {', '.join(map(str, value[1:]))}"
        case 33, 2:
            placed = (_named(value[0], _ELECTRODES), _named(value[1], _ELECTRODES_XYZ))
            return "electrodes", "; ".join(text for text in placed if text)
        case 34, _ if len(value) >= 4:
            return "time zone", _time_zone(value, encoding)
    return f"field {tag}", _plain(value, encoding)


def _plain(value: bytes, encoding: str) -> str:
    text = text_of(value, encoding)
    return text if text.isprintable() and len(text) >= len(value.rstrip(b"\0")) // 3 else value.hex(" ")


def _named(code: int, names: tuple[str, ...]) -> str:
    return names[code] if code < len(names) else f"code {code}"


def _with_unit(value: bytes, units: tuple[str, ...]) -> str:
    number, unit = struct.unpack("<HB", value)
    return f"{number} {_named(unit, units)}".strip() if number or unit else ""


def _machine(value: bytes, encoding: str) -> str:
    """Return tag 14 or 15 in words."""
    institution, department, device, kind, maker = struct.unpack_from("<HHHBB", value)
    parts = [f"institution {institution}, department {department}, device {device}"]
    parts += ["cart" if kind == 0 else "system" if kind == 1 else f"type {kind}"]
    parts += [_MAKERS[maker]] if 0 < maker < len(_MAKERS) else []
    parts += [f"model {_clean(value[8:14], encoding)}"] if _clean(value[8:14], encoding) else []
    parts += [f"protocol {value[14] / 10:g}, level {value[15]:02x}, language {value[16]:02x}"]
    parts += [f"capabilities {value[17]:02x}"]
    parts += [f"mains {50 if value[18] == 1 else 60} Hz"] if value[18] in (1, 2) else []
    names = ("program", "serial number", "system software", "SCP software", "trade name")
    parts += [f"{n} {text}" for n, text in zip(names, _machine_texts(value, encoding), strict=False) if text]
    return "; ".join(parts)


def _machine_texts(value: bytes, encoding: str) -> list[str]:
    """Return program revision, serial number, system software, SCP software, trade name."""
    length = value[35]
    rest = value[36 + length :]
    step = 2 if encoding == "utf-16-le" else 1
    texts = [_clean(value[36 : 36 + length], encoding)]
    for _ in range(4):
        end = next((k for k in range(0, len(rest), step) if not any(rest[k : k + step])), len(rest))
        texts.append(_clean(rest[:end], encoding))
        rest = rest[end + step :]
    return texts


def _clean(raw: bytes, encoding: str) -> str:
    return "".join(char for char in text_of(raw, encoding) if char.isprintable()).strip()


def _device(value: bytes, encoding: str) -> str:
    """Return trade name or maker, and the model, of the acquiring device."""
    if len(value) < 36:
        return ""
    trade_name = _machine_texts(value, encoding)[4]
    maker = _MAKERS[value[7]] if value[7] < len(_MAKERS) else ""
    return " ".join(part for part in (trade_name or maker, _clean(value[8:14], encoding)) if part)


def _time_zone(value: bytes, encoding: str) -> str:
    minutes, index = struct.unpack_from("<hH", value)
    # 0x7FFF: the offset is given by the index or description instead (tag 34).
    if minutes != 0x7FFF:
        sign, minutes = "+-"[minutes < 0], abs(minutes)
        return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return text_of(value[4:], encoding) or (f"index {index}" if index else "")


def _number(value: bytes, size: int) -> int | None:
    return int.from_bytes(value, "little") if len(value) == size else None


def _age(value: bytes) -> float | None:
    if len(value) != 3:
        return None
    number, unit = struct.unpack("<HB", value)
    return number * _AGE_YEARS[unit] if unit in _AGE_YEARS else None


def _date(value: bytes) -> str:
    if len(value) != 4:
        return ""
    try:
        return datetime(*struct.unpack("<HBB", value)).date().isoformat()
    except ValueError:
        return ""


def _start(date: bytes, time: bytes) -> str:
    day = _date(date)
    if not day or len(time) != 3 or time[0] > 23 or time[1] > 59 or time[2] > 59:
        return day
    return f"{day}T{time[0]:02d}:{time[1]:02d}:{time[2]:02d}"


def _check_dates(record: Sections, values: dict[int, bytes]) -> None:
    for tag, name in ((5, "date of birth"), (25, "date of acquisition")):
        value = values.get(tag, b"")
        if any(value) and not _date(value):
            record.notes.append(ImportNote("header", f"the {name} is no date: {value.hex(' ')}"))
