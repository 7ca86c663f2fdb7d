"""The header of EDF, EDF+ and BDF: fixed columns of text, read as tolerantly as real files need.

Sources: the EDF specification (Kemp 1992), EDF+ (Kemp and Olivan 2003), BioSemi's description of BDF.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.kit.text import decode

FIXED = 256
MOST_SIGNALS = 1024
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WIDTHS = (
    16,
    80,
    8,
    8,
    8,
    8,
    8,
    80,
    8,
    32,
)  # label, transducer, unit, 4 limits, prefilter, samples, reserved


@dataclass(frozen=True, slots=True)
class SignalHeader:
    """One signal: what its columns say, and where its samples stand in a data record."""

    label: str
    transducer: str
    unit: str
    limits: tuple[str, str, str, str]  # physical minimum and maximum, digital minimum and maximum
    prefilter: str
    samples: int  # per data record
    start: int  # samples before it in a data record

    @property
    def holds_annotations(self) -> bool:
        """Whether these are annotations of EDF+ instead of samples."""
        return self.label in ("EDF Annotations", "BDF Annotations")


@dataclass(frozen=True, slots=True)
class Header:
    """The header with the number of data records that are really there."""

    width: int  # bytes per sample: 2, or 3 in BDF
    patient: str
    recording: str
    date: str
    clock: str
    reserved: str
    length: int  # bytes before the first data record
    promised: int  # data records that the header names; -1 where it does not know
    records: int  # whole data records in the file
    record_s: float
    record_text: str
    signals: tuple[SignalHeader, ...]

    @property
    def record_samples(self) -> int:
        """Samples of all signals in one data record."""
        return sum(signal.samples for signal in self.signals)

    @property
    def is_interrupted(self) -> bool:
        """Whether there may be gaps between data records."""
        return self.reserved[:5] in ("EDF+D", "BDF+D")


def marker(head: bytes) -> int:
    """Return the bytes per sample that the first eight bytes stand for; 0 where this is no EDF or BDF."""
    # BDF differs in this version field and in samples of 24 bits.
    if head[:8] == b"\xffBIOSEMI":
        return 3
    return 2 if head[:8].strip(b"\0 ") == b"0" and head[:1] == b"0" else 0


def read_header(path: Path) -> Header:
    """Return the header; FormatError names the field that is wrong."""
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            fixed = file.read(FIXED)
            width = marker(fixed)
            if len(fixed) < FIXED or not width:
                raise FormatError(
                    "is no EDF header", where=f"{path}: version", expected="256 bytes that begin with 0"
                )
            count = _whole(fixed[252:256], f"{path}: number of signals")
            if not 1 <= count <= MOST_SIGNALS:
                raise FormatError(
                    "impossible number of signals", where=f"{path}: number of signals", found=str(count)
                )
            raw = file.read(FIXED * count)
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    if len(raw) < FIXED * count:
        raise FormatError(
            "the header is cut short", where=f"{path}: signals", expected=f"{FIXED * (count + 1)} bytes"
        )
    signals = _signals(raw, count, path)
    promised = _whole(fixed[236:244], f"{path}: number of data records", -1)
    record_text = _text(fixed[244:252])
    block = width * sum(signal.samples for signal in signals)
    there = (size - FIXED * (count + 1)) // block if block else 0
    return Header(
        width,
        _text(fixed[8:88]),
        _text(fixed[88:168]),
        _text(fixed[168:176]),
        _text(fixed[176:184]),
        _text(fixed[192:236]),
        FIXED * (count + 1),
        promised,
        # -1 while a recording runs (EDF, additional specifications); the file's size then counts.
        there if promised < 0 else min(promised, there),
        number(record_text, f"{path}: duration of a data record"),
        record_text,
        signals,
    )


def number(text: str, where: str) -> float:
    """Return a number of a header field, with a decimal comma where the writer used one."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise FormatError("not a number", where=where, found=text[:20]) from None
    if not abs(value) < 1e12:
        raise FormatError("not a usable number", where=where, found=text[:20])
    return value


def day(text: str) -> str:
    """Return the ISO date of EDF+'s dd-MMM-yyyy, or ""."""
    match = re.fullmatch(r"(\d{1,2})-([A-Z]{3})-(\d{4})", text.upper())
    if not match or match[2] not in _MONTHS or not 1 <= int(match[1]) <= 31:
        return ""
    return f"{match[3]}-{_MONTHS.index(match[2]) + 1:02d}-{int(match[1]):02d}"


def _signals(raw: bytes, count: int, path: Path) -> tuple[SignalHeader, ...]:
    # The header is column-wise: all labels, then all transducers, and so on (EDF specification, 1992).
    columns, at = [], 0
    for width in _WIDTHS:
        columns.append([raw[at + i * width : at + (i + 1) * width] for i in range(count)])
        at += width * count
    found, start = [], 0
    for i in range(count):
        label = _text(columns[0][i])
        samples = _whole(columns[8][i], f"{path}: samples per record of {label or i + 1}")
        if not 0 <= samples <= 100_000_000:
            raise FormatError(
                "impossible number of samples",
                where=f"{path}: samples per record of {label}",
                found=str(samples),
            )
        limits = tuple(_text(columns[k][i]) for k in (3, 4, 5, 6))
        found.append(
            SignalHeader(
                label,
                _text(columns[1][i]),
                _unit(columns[2][i]),
                (limits[0], limits[1], limits[2], limits[3]),
                _text(columns[7][i]),
                samples,
                start,
            )
        )
        start += samples
    return tuple(found)


def _text(raw: bytes) -> str:
    return decode(raw.strip(b"\0 \t\r\n")).replace("\0", " ").strip()


def _unit(raw: bytes) -> str:
    """Return the unit; the one sign of "uV" in Latin-1 or GB2312 would be taken for other text."""
    plain = raw.strip(b"\0 ")
    if plain[-1:] in b"Vv" and plain[:-1] in (b"\xb5", b"\xa6\xcc", b"\xe6", b"\xc2\xb5", b"\xce\xbc"):
        return "uV"
    return _text(raw)


def _whole(raw: bytes, where: str, otherwise: int | None = None) -> int:
    text = raw.strip(b"\0 ").decode("latin-1")
    if re.fullmatch(r"[+-]?\d{1,9}(\.0*)?", text):
        return int(float(text))
    if otherwise is not None and not text:
        return otherwise
    raise FormatError("not a whole number", where=where, found=text[:20])
