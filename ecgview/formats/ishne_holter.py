"""ISHNE Holter files: int16 samples of up to twelve leads under a header of 522 bytes and a free text.

Source: Badilini, "The ISHNE Holter Standard Output File Format", 1998 (public). Samples stand lead by lead for each
moment; the resolution of a lead is nanovolts per step; the checksum is the CRC-CCITT of the header behind it.
"""

import binascii
import math
import os
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

import numpy as np

from ecgview import on_disk
from ecgview.errors import FormatError
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.beginning import Beginning
from ecgview.formats.kit.binary import Bytes
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.text import decode
from ecgview.leads import distinct_names, with_derived
from ecgview.record import PART, Acquisition, EcgRecord, ImportNote, Patient, Signal
from ecgview.runs import stretches

NAME = "ISHNE Holter"
EXTENSIONS: tuple[str, ...] = (".ecg", ".hol", ".ishne")
FACTS = Facts(
    known_from="public standard: Badilini 1998",
    real_files="0 (files made from the standard)",
)
MAGIC = b"ISHNE1.0"
FIXED = 522
MOST_LEADS = 12
MOST_TEXT = 10_000_000
MOST_SAMPLES = 120_000_000  # over all leads: 24 h of three leads at 250 Hz are 65 million

_LEADS = (
    *("", "bipolar", "X", "Y", "Z", "I", "II", "III", "aVR", "aVL", "aVF"),
    *("V1", "V2", "V3", "V4", "V5", "V6", "ES", "AS", "AI"),
)
_QUALITY = (
    "",
    "good",
    "intermittent noise",
    "frequent noise",
    "intermittent disconnect",
    "frequent disconnect",
)
_RACE = ("", "Caucasian", "Black", "Oriental")
_PACEMAKER = (
    *("none", "unknown type", "single chamber unipolar", "dual chamber unipolar"),
    *("single chamber bipolar", "dual chamber bipolar"),
)


@dataclass(frozen=True, slots=True)
class _Header:
    size: int  # samples as the header counts them: of one lead, or of all
    offset: int  # first byte of the samples
    fs_hz: int
    names: tuple[str, ...]
    steps_nv: tuple[int, ...]
    patient: Patient
    start_time: str
    extra: dict[str, str]
    notes: tuple[ImportNote, ...]
    synthetic: bool

    @property
    def kept(self) -> list[int]:
        """Return the places of the leads that have a resolution."""
        return [place for place, step in enumerate(self.steps_nv) if step > 0]


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is an ISHNE Holter file."""
    return 100 if head.startswith(MAGIC) else 0


def peek(path: Path) -> RecordSummary:
    """Return what the header says."""
    header = _read_header(path)
    samples = _samples_there(header, path)
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        header.patient,
        header.start_time,
        len(with_derived(distinct_names([header.names[place] for place in header.kept])[0])),
        float(header.fs_hz),
        samples / header.fs_hz,
        header.synthetic,
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the field that is wrong."""
    return _opened(path, None).record


def beginning(path: Path, seconds: float) -> Beginning:
    """Return the first seconds of the record, of which alone samples are read."""
    return _opened(path, seconds)


def _opened(path: Path, seconds: float | None) -> Beginning:
    header = _read_header(path)
    n_leads, samples = len(header.names), _samples_there(header, path)
    notes = list(header.notes)
    if header.size not in (samples, samples * n_leads):
        notes.append(ImportNote("duration", f"{header.size} samples announced, {samples} per lead are there"))
    limit = MOST_SAMPLES // n_leads
    if samples > limit:
        hours, minutes = samples / header.fs_hz / 3600, limit / header.fs_hz / 60
        notes.append(ImportNote(PART, f"{hours:.1f} h recorded, the first {minutes:.0f} min are open"))
        samples = limit
    if not samples:
        raise FormatError("holds no samples", where=f"{path}: samples")
    whole, kept = samples, header.kept
    if seconds is not None:
        samples = min(samples, math.ceil(seconds * header.fs_hz))
    signal = _millivolts(header, path, samples)
    gone = tuple(name for place, name in enumerate(header.names) if place not in kept)
    if gone:
        notes.append(ImportNote("missing-lead", f"left out, without a resolution: {', '.join(gone)}", gone))
    if header.synthetic:
        notes.append(ImportNote("synthetic", "synthetic: no patient was recorded"))
    steps = {header.steps_nv[place] for place in kept}
    record = assemble(
        signal,
        [header.names[place] for place in kept],
        header.fs_hz,
        path=path,
        format_name=NAME,
        patient=header.patient,
        acquisition=Acquisition(
            header.start_time, step_uv=steps.pop() / 1000 if len(steps) == 1 else None, extra=header.extra
        ),
        notes=notes,
        synthetic=header.synthetic,
        whole=seconds is None,
    )
    return Beginning(record, whole)


def _millivolts(header: _Header, path: Path, samples: int) -> Signal:
    """Return (leads with a resolution, samples) mV."""
    n_leads, kept = len(header.names), header.kept
    signal = on_disk.zeros((len(kept), samples), np.float32)
    try:
        for part in stretches(samples):  # a day of twelve leads is a gigabyte
            count, offset = n_leads * (part.stop - part.start), header.offset + 2 * n_leads * part.start
            stored = np.fromfile(path, "<i2", count, offset=offset).reshape(-1, n_leads)
            for row, place in zip(signal, kept, strict=True):
                row[part] = stored[:, place] * (np.float64(header.steps_nv[place]) * 1e-6)
    except (OSError, ValueError) as error:
        raise FormatError(f"the samples cannot be read ({error})", where=str(path)) from None
    return signal


def _samples_there(header: _Header, path: Path) -> int:
    """Return the samples of a lead: as many as the file holds, or as the header counts where there is more."""
    there = max(0, os.path.getsize(path) - header.offset) // (2 * len(header.names))
    # The standard does not say whether the size counts samples of one lead or of all; writers do either.
    promised = header.size // len(header.names)
    return promised if 0 < promised < there and header.size != there else there


def _read_header(path: Path) -> _Header:
    try:
        with open(path, "rb") as file:
            raw = file.read(FIXED)
            part = Bytes(raw, path)
            if part.take(8, "magic number") != MAGIC:
                raise FormatError("is no ISHNE file", where=f"{path}: magic number", expected="ISHNE1.0")
            checksum = part.u16("checksum")
            text_size, size, text_offset, offset = (part.i32("header sizes") for _ in range(4))
            if not 0 <= text_size <= MOST_TEXT or text_offset != FIXED or offset != FIXED + text_size:
                raise FormatError(
                    "the header's offsets do not fit",
                    where=f"{path}: offsets",
                    expected=f"text at {FIXED}, samples behind it",
                    found=f"{text_offset} + {text_size}, {offset}",
                )
            text = file.read(text_size)
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    notes = []
    if len(text) < text_size:
        raise FormatError("the file is cut short", where=f"{path}: free text", expected=f"{text_size} bytes")
    if binascii.crc_hqx(raw[10:] + text, 0xFFFF) != checksum:
        notes.append(ImportNote("header", "the header does not fit its checksum"))
    return _fields(part, size, offset, _text(text), notes)


def _fields(part: Bytes, size: int, offset: int, text: str, notes: list[ImportNote]) -> _Header:
    """Return the fixed fields behind the offsets."""
    extra = {"file version": str(part.i16("version")), "free text": text}
    first, last = _text(part.take(40, "first name")), _text(part.take(40, "last name"))
    identity = _text(part.take(20, "identification"))
    sex, race = part.i16("sex"), part.i16("race")
    born, day, made = (_day(part, field) for field in ("birth date", "recording date", "file date"))
    clock = _clock(part)
    n_leads = part.i16("number of leads")
    if not 1 <= n_leads <= MOST_LEADS:
        raise FormatError(
            "impossible number of leads",
            where=f"{part.path}: number of leads",
            expected="1 to 12",
            found=str(n_leads),
        )
    specs, quality, steps = (
        [part.i16(field) for _ in range(12)] for field in ("leads", "quality", "resolution")
    )
    if max(steps[:n_leads]) <= 0:
        raise FormatError(
            "no lead has a resolution", where=f"{part.path}: resolution", expected="nV", found=f"{steps}"
        )
    extra |= {
        "race": _word(_RACE, race),
        "pacemaker": _word(_PACEMAKER, part.i16("pacemaker")),
        "file date": made,
    }
    extra["recorder"] = _text(part.take(40, "recorder"))
    fs_hz = part.i16("sampling rate")
    if fs_hz <= 0:
        raise FormatError("impossible sampling rate", where=f"{part.path}: sampling rate", found=str(fs_hz))
    for field, length in (("proprietary", 80), ("copyright", 80), ("reserved", 88)):
        extra[field] = _text(part.take(length, field))
    names = _names(specs[:n_leads])
    judged = [
        f"{name}: {_word(_QUALITY, one)}" for name, one in zip(names, quality, strict=False) if 0 < one < 6
    ]
    extra["lead quality"] = "; ".join(judged)
    full = f"{first} {last}" if f"{first}{last}".isascii() else f"{last}{first}"
    return _Header(
        size,
        offset,
        fs_hz,
        names,
        tuple(steps[:n_leads]),
        Patient(identity, full.strip(), {1: "male", 2: "female"}.get(sex, ""), None, born),
        f"{day}T{clock}" if day and clock else day or clock,
        {field: value for field, value in extra.items() if value},
        tuple(notes),
        "synthetic" in f"{text} {extra['proprietary']}".lower(),
    )


def _names(specs: list[int]) -> tuple[str, ...]:
    """Return one name per lead; a lead without one, or "bipolar", with its number."""
    names = [(_word(_LEADS, spec), number) for number, spec in enumerate(specs, 1)]
    return tuple(f"{name or 'lead'} {number}" if name in ("", "bipolar") else name for name, number in names)


def _word(words: tuple[str, ...], code: int) -> str:
    return words[code] if 0 <= code < len(words) else ""


def _text(raw: bytes) -> str:
    return decode(raw.split(b"\0")[0].strip())


def _day(part: Bytes, field: str) -> str:
    """Return ISO date from day, month and year; "" where they are not set (0 or -9)."""
    day, month, year = (part.i16(field) for _ in range(3))
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _clock(part: Bytes) -> str:
    hour, minute, second = (part.i16("start time") for _ in range(3))
    try:
        return time(hour, minute, second).isoformat()
    except ValueError:
        return ""
