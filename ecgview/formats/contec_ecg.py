"""Contec's own file (.ECG) of an ECG90A cardiograph.

Known from a public description by one who took such files apart, and from one real file with that author's exports
of it as CSV and EDF. A header of 43 bytes, then 800 times a second eight 16-bit words (II, III, V1 to V6; 2048 is
zero, 0x6800 no electrode), a row of zeros and 21 bytes more. The file states neither its rate nor its gain: 800 Hz and
5 uV per step are the description's. Only what that file shows is read; anything else is refused. There is no writer.
"""

import os
import re
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.text import decode
from ecgview.record import GAIN, Acquisition, EcgRecord, ImportNote, Patient

NAME = "Contec ECG"
EXTENSIONS: tuple[str, ...] = (".ecg",)
FACTS = Facts(
    known_from="one public description; one real file with CSV and EDF twins",
    real_files="1 (ECG90A, limb leads only)",
    note="gain and rate are the description's; the order of the chest leads is seen in no file; variants are refused",
)
FS_HZ = 800.0
STEP_UV = 5.0
ZERO = 2048
LARGEST = 4095  # twelve bits
NO_ELECTRODE = 0x6800
LEADS = ("II", "III", "V1", "V2", "V3", "V4", "V5", "V6")
HEADER = 43
ROW = 2 * len(LEADS)
FOOTER = 37  # a row of zeros, then 21 bytes of unknown meaning
LARGEST_FILE = HEADER + FOOTER + ROW * int(FS_HZ) * 3600

_BEGINNING = re.compile(rb"\d{7}\0\0\0(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\0{3}", re.DOTALL)
_SEXES = {0: "female", 1: "male", 255: ""}


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is Contec's: a case number, zeros and a date at fixed places."""
    return 90 if len(head) >= HEADER and _BEGINNING.match(head) else 0


def peek(path: Path) -> RecordSummary:
    """Return what the header says and what follows from the size of the file."""
    size, header = _size(path), _read(path, HEADER)
    start = _start(header, path)
    rows = _rows(size, path)
    return RecordSummary(
        str(path), path.stem, NAME, _patient(header, path), start, None, FS_HZ, rows / FS_HZ, False
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the file and the field that is not as in the file that is known."""
    size = _size(path)
    raw = _read(path, size)
    start, rows = _start(raw, path), _rows(size, path)
    patient = _patient(raw, path)
    footer = raw[HEADER + rows * ROW :]
    if any(footer[:ROW]):
        raise FormatError(
            "the row of zeros behind the samples is missing",
            where=f"{path}: footer",
            expected="a variant that is known",
            found=footer[:ROW].hex(),
        )
    words = np.frombuffer(raw, dtype="<u2", count=rows * len(LEADS), offset=HEADER).reshape(rows, len(LEADS))
    signal, names = _leads(words.T, path)
    notes = [
        ImportNote(
            GAIN,
            f"calibration not stated: {STEP_UV:g} µV per step taken, as publicly described; amplitudes may be wrong",
        )
    ]
    chest = tuple(name for name in names if name.startswith("V"))
    if chest:
        notes.append(
            ImportNote(
                "header", "the order of the chest leads is described, but no known file shows it", chest
            )
        )
    extra = {"case": _asciiz(raw[:8]), "footer": footer[ROW:].hex()}
    if raw[42]:
        extra["weight_kg"] = str(raw[42])
    return assemble(
        signal,
        names,
        FS_HZ,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=Acquisition(start, "Contec ECG90A", step_uv=STEP_UV, extra=extra),
        notes=notes,
    )


def _leads(words: NDArray[np.uint16], path: Path) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return the leads that had an electrode, (leads, samples) mV; where it fell off there is a gap."""
    gaps = words == NO_ELECTRODE
    beyond = (words > LARGEST) & ~gaps
    if beyond.any():
        lead, sample = (int(k) for k in np.argwhere(beyond)[0])
        raise FormatError(
            "a sample of more than twelve bits",
            where=f"{path}: lead {LEADS[lead]}, sample {sample}",
            expected=f"0 to {LARGEST}, or {NO_ELECTRODE} for no electrode",
            found=str(words[lead, sample]),
        )
    there = ~gaps.all(axis=1)
    if not there.any():
        raise FormatError("no lead had an electrode", where=f"{path}: samples")
    steps = np.where(gaps, np.nan, words.astype(np.float32) - ZERO)
    names = tuple(name for name, held in zip(LEADS, there, strict=True) if held)
    return (steps[there] * np.float32(STEP_UV / 1000.0)).astype(np.float32), names


def _size(path: Path) -> int:
    size = os.stat(path).st_size
    if size > LARGEST_FILE:
        raise FormatError(
            "file too large", where=str(path), expected="an hour at most", found=f"{size} bytes"
        )
    return size


def _read(path: Path, count: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(count)


def _rows(size: int, path: Path) -> int:
    rows, left = divmod(size - HEADER - FOOTER, ROW)
    if rows < 1 or left:
        raise FormatError(
            "cut short, or a variant that is not known",
            where=f"{path}: size",
            expected=f"{HEADER + FOOTER} bytes and {ROW} per sample",
            found=f"{size} bytes",
        )
    return rows


def _start(header: bytes, path: Path) -> str:
    found = _BEGINNING.match(header)
    if not found or len(header) < HEADER:
        raise FormatError(
            "not Contec's header",
            where=f"{path}: header",
            expected="case number and date",
            found=header[:10].hex(),
        )
    try:
        return datetime.strptime(found.group(1).decode("ascii"), "%Y-%m-%d %H:%M:%S").isoformat()
    except ValueError:
        raise FormatError(
            "no date", where=f"{path}: header", expected="YYYY-MM-DD hh:mm:ss", found=found.group(1).decode()
        ) from None


def _patient(header: bytes, path: Path) -> Patient:
    sex, age = header[40], header[41]
    if sex not in _SEXES:
        raise FormatError("unknown sex", where=f"{path}: header", expected="0, 1 or 255", found=str(sex))
    return Patient(name=_asciiz(header[32:40]), sex=_SEXES[sex], age_years=float(age) if age else None)


def _asciiz(raw: bytes) -> str:
    return decode(raw.split(b"\0")[0]).strip()
