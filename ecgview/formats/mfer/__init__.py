"""MFER (ISO 22077-1, Medical waveform Format Encoding Rules), as Japanese carts write it: `.mwf`.

Source: MFER Part 1 (encoding rules) and Part 3-1 (standard 12 leads), both public. A frame of waveforms holds, for
each sequence, a block of samples per channel. A frame of the type "dominant beat" is the median beat. Read only.
"""

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.mfer import definitions as tags
from ecgview.formats.mfer.definitions import Definitions, parse, text, whole
from ecgview.formats.mfer.frames import median_beat, millivolts, rhythm
from ecgview.leads import distinct_names, with_derived
from ecgview.record import Acquisition, DeviceReading, DeviceStatement, EcgRecord, ImportNote, Patient

NAME = "MFER"
EXTENSIONS: tuple[str, ...] = (".mwf", ".mfer", ".mfr")
FACTS = Facts(
    known_from="public standard: ISO/TS 11073-92001, MFER part 1",
    real_files="0 (files made from the standard)",
)
LARGEST_FILE = 400_000_000


@dataclass(slots=True)
class _Told:
    """What the file says besides samples."""

    who: dict[str, str] = field(default_factory=dict)
    age_years: float | None = None
    start_time: str = ""
    device: str = ""
    filters: dict[str, float] = field(default_factory=dict)
    fields: dict[str, list[str]] = field(default_factory=dict)
    statements: list[DeviceStatement] = field(default_factory=list)

    @property
    def patient(self) -> Patient:
        """Return who was recorded."""
        told = self.who
        return Patient(
            told.get("id", ""),
            told.get("name", ""),
            told.get("sex", ""),
            self.age_years,
            told.get("born", ""),
        )

    @property
    def extra(self) -> dict[str, str]:
        """Return the fields that ecgview has no place for; those that occur again stand behind each other."""
        return {name: "; ".join(words) for name, words in self.fields.items()}

    @property
    def synthetic(self) -> bool:
        """Return whether the file says that no patient was recorded."""
        return "synthetic" in " ".join(self.extra.values()).lower()


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is MFER."""
    # MWF_PRE, the preamble that writers may put first: "MFR" and a text of their own.
    if head[:1] == b"\x40" and head[2:5] == b"MFR":
        return 95
    if tags.looks_right(head):
        return 85 if path.suffix.lower() in EXTENSIONS else 60
    return 10 if path.suffix.lower() in EXTENSIONS else 0


def peek(path: Path) -> RecordSummary:
    """Return what the definitions say."""
    found = _parsed(path)
    told = _told(found)
    group = rhythm(found, path, [])
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        told.patient,
        told.start_time,
        len(with_derived(distinct_names([one.name for one in group.leads])[0])),
        group.leads[0].fs_hz,
        group.samples / group.leads[0].fs_hz,
        told.synthetic,
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the definition that is wrong."""
    found = _parsed(path)
    told = _told(found)
    notes: list[ImportNote] = []
    group = rhythm(found, path, notes)
    signal = millivolts(group, path, notes)
    steps = {abs(one.step_mv or 0.0) for one in group.leads}
    step = steps.pop() if len(steps) == 1 else None
    if told.synthetic:
        notes.append(ImportNote("synthetic", "synthetic: no patient was recorded"))
    return assemble(
        signal,
        [one.name for one in group.leads],
        group.leads[0].fs_hz,
        path=path,
        format_name=NAME,
        patient=told.patient,
        acquisition=Acquisition(
            told.start_time,
            told.device,
            told.filters.get("HPF"),
            told.filters.get("LPF"),
            told.filters.get("BEF"),
            step_uv=round(step * 1000, 9) if step else None,
            extra=told.extra,
        ),
        notes=notes,
        synthetic=told.synthetic,
        device_reading=DeviceReading((), tuple(told.statements), median_beat(found, path)),
    )


def _parsed(path: Path) -> Definitions:
    try:
        size = os.path.getsize(path)
        if size > LARGEST_FILE:
            raise FormatError("file too large", where=str(path), expected=f"under {LARGEST_FILE} bytes")
        raw = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    return parse(raw, path)


def _told(found: Definitions) -> _Told:
    """Return what the definitions besides waveforms say; what ecgview has no field for is kept as it stands."""
    told = _Told()
    for tag, value, big, characters in found.others:
        words = text(value, characters)
        if tag == tags.NAME:
            parts = [part.strip() for part in words.split("^")][
                :5:2
            ]  # family, given, middle; phonetics between
            told.who["name"] = (" " if words.isascii() else "").join(part for part in parts if part)
            _keep(told, "patient name", words)
        elif tag == tags.IDENTITY:
            told.who["id"] = words.split("^")[0].strip()
            _keep(told, "patient id", words)
        elif tag == tags.SEX and value:
            told.who["sex"] = {1: "male", 2: "female"}.get(value[0], "")
        elif tag == tags.AGE:
            _age(told, value, big)
        elif tag == tags.TIME:
            told.start_time = _moment(value, big)
        elif tag == tags.DEVICE:
            told.device = " ".join(part.strip() for part in words.split("^")[:2]).strip()
            _keep(told, "manufacturer", words)
        elif tag == tags.FILTER:
            _filter(told, words)
        elif tag in (tags.EVENT, tags.VALUE):
            _event(told, tag, value, big, characters)
        else:
            _other(told, tag, value, words)
    return told


def _keep(told: _Told, name: str, words: str) -> None:
    if words:
        told.fields.setdefault(name, []).append(words)


def _other(told: _Told, tag: int, value: bytes, words: str) -> None:
    names = {tags.PREAMBLE: "preamble", tags.COMMENT: "comment", tags.MESSAGE: "message"}
    if tag in names:
        _keep(told, names[tag], words)
    elif tag == tags.VERSION:
        _keep(told, "MFER version", ".".join(str(byte) for byte in value[:4]))
    else:
        _keep(told, f"tag 0x{tag:02x}", value[:1000].hex())


def _filter(told: _Told, words: str) -> None:
    """Take HPF=0.05, LPF=150 and BEF=50 (band elimination)."""
    _keep(told, "filter", words)
    kind, _, rest = words.partition("=")
    try:
        value = float(rest.split("^")[0].strip().removesuffix("Hz"))
    except ValueError:
        return
    if 0 < value < 1e6:
        told.filters[kind.strip().upper()] = value


def _age(told: _Told, value: bytes, big: bool) -> None:
    """Take years, days and birth date."""
    years, days = (value[0] if value else 255), whole(value[1:3], big)
    if years <= 130 and (years or 0 < days < 366):
        told.age_years = float(years) if years else days / 365.25
    if len(value) >= 7:
        try:
            told.who["born"] = date(whole(value[3:5], big), value[5], value[6]).isoformat()
        except ValueError:
            return


def _moment(value: bytes, big: bool) -> str:
    """Return ISO time from year, month, day, hour, minute, second, milliseconds and microseconds."""
    try:
        if len(value) < 7:
            return date(whole(value[:2], big), *value[2:4]).isoformat() if len(value) >= 4 else ""
        moment = datetime(whole(value[:2], big), *value[2:7])
        fraction = timedelta(milliseconds=whole(value[7:9], big), microseconds=whole(value[9:11], big))
        return (moment + fraction).isoformat()
    except (ValueError, OverflowError):
        return ""


def _event(told: _Told, tag: int, value: bytes, big: bool, characters: str) -> None:
    """Take a finding of the whole recording as a statement; an event of a moment, and a value, as a field."""
    code, start = whole(value[:2], big), whole(value[2:6], big)
    words = text(value[10 if tag == tags.EVENT else 6 :], characters)
    if tag == tags.EVENT and words and not start:
        told.statements.append(DeviceStatement(words, str(code)))
    elif tag == tags.EVENT:
        lasting = whole(value[6:10], big)
        _keep(
            told, f"event at sample {start}", f"{words or code}{f' for {lasting} samples' if lasting else ''}"
        )
    else:
        _keep(told, f"value {code}", words)
