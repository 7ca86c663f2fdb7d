"""EchoNext: waveforms of many ECGs in one array (records, 1, 2500, 12) at 250 Hz, normalised by their publisher.

The values become millivolts again by the published constants; which of them hold is told by III = II - I. Patient and
labels stand in the metadata table beside the array, whose rows of the same split are in the array's order. A path
"file#17" means the row 17, counted from 0; the file alone its first.
"""

import csv
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.text import decode
from ecgview.formats.places import member as _member
from ecgview.leads import STANDARD_12
from ecgview.record import Acquisition, EcgRecord, ImportNote, Patient
from ecgview.signal import echonext_scaling

NAME = "EchoNext"
EXTENSIONS: tuple[str, ...] = (".npy",)
FACTS = Facts(
    known_from="the data set's public description",
    real_files="0 (files made from the description)",
    note="(records, 1, 2500 samples, 12 leads) at 250 Hz",
    title="EchoNext arrays",
)
RATE_HZ = 250.0
SAMPLES = 2500
TABLE = "echonext_metadata_100k.csv"  # in any case of letters
LARGEST_TABLE = 200_000_000
SYNTHETIC_MARK = "synthetic"
LOOKED_AT = 16  # records that tell the scaling
_SHAPE = re.compile(rb"'shape':\s*\(\d+,\s*1,\s*2500,\s*12\)")
_FILE = re.compile(r"echonext_(train|val|test|no_split)_waveforms", re.IGNORECASE)


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is an array of this shape."""
    return 97 if head.startswith(b"\x93NUMPY") and _SHAPE.search(head[:400]) else 0


def members(path: Path) -> Iterator[str]:
    """Yield the rows of the array."""
    yield from map(str, range(len(_waveforms(path))))


def peek(path: Path) -> RecordSummary:
    """Return what the metadata table says of a record."""
    where, asked = _member.split(path)
    row = _row(where, asked, len(_waveforms(where)))
    patient, _ = _described(where, row)
    return RecordSummary(
        str(path),
        f"{where.stem} {row}" if asked else where.stem,
        NAME,
        patient,
        "",
        len(STANDARD_12),
        RATE_HZ,
        SAMPLES / RATE_HZ,
        patient.patient_id.startswith(SYNTHETIC_MARK),
    )


@np.errstate(all="ignore")  # damaged numbers become gaps in `assemble`
def read(path: Path) -> EcgRecord:
    """Return one record in mV; FormatError says when the values cannot be turned back."""
    where, asked = _member.split(path)
    waveforms = _waveforms(where)
    row = _row(where, asked, len(waveforms))
    looked_at = np.asarray(waveforms[:LOOKED_AT, 0], dtype=np.float64)
    scaling = echonext_scaling.fitting(looked_at, str(where))
    patient, extra = _described(where, row)
    synthetic = patient.patient_id.startswith(SYNTHETIC_MARK)
    notes = [
        ImportNote(
            "units", f"normalised values turned back into mV ({scaling.name}); the publisher clipped them"
        )
    ]
    if not asked and len(waveforms) > 1:
        notes.append(_member.first_of(len(waveforms), str(row)))
    if synthetic:
        notes.append(ImportNote("synthetic", "synthetic: no patient was recorded"))
    return assemble(
        scaling.millivolts(np.asarray(waveforms[row, 0], dtype=np.float64).T),
        STANDARD_12,
        RATE_HZ,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=Acquisition(extra=extra),
        notes=notes,
        synthetic=synthetic,
    )


def _waveforms(path: Path) -> np.ndarray:
    """Return the array, which stays on disk."""
    try:
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy raises what its header's parts raise; the user is told which file
        raise FormatError(f"is no array ({str(error)[:100]})", where=str(path)) from None
    shape: tuple[int, ...] = stored.shape if isinstance(stored, np.ndarray) else ()
    if shape[1:] != (1, SAMPLES, len(STANDARD_12)) or not shape[0] or stored.dtype.kind != "f":
        raise FormatError(
            "another shape", where=str(path), expected=f"(records, 1, {SAMPLES}, 12)", found=str(shape)
        )
    return np.asanyarray(stored)


def _row(where: Path, member: str, count: int) -> int:
    row = int(member) if member.isascii() and member.isdigit() and len(member) < 12 else -1
    if member and not 0 <= row < count:
        raise _member.unknown(where, member, count)
    return max(row, 0)


def _described(where: Path, row: int) -> tuple[Patient, dict[str, str]]:
    """Return what the metadata table says of a row; nothing where there is no table or the name tells no split."""
    split = _FILE.search(where.stem)
    table = next((one for one in where.parent.glob("*.csv") if one.name.lower() == TABLE), None)
    if not split or table is None:
        return Patient(), {}
    columns, lines = _lines(str(table), os.path.getmtime(table), split[1].lower())
    if row >= len(lines):
        return Patient(), {}
    try:
        cells = next(csv.reader([decode(lines[row])]), [])
    except csv.Error as error:
        raise FormatError(f"is no table ({error})", where=f"{table}: line {row + 1}") from None
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    sex = values.get("sex", "").lower()
    age = _number(values.get("age_at_ecg", ""))
    patient = Patient(
        values.get("patient_key", ""),
        sex={"1": "male", "0": "female", "m": "male", "f": "female"}.get(
            sex, sex if sex in ("male", "female") else ""
        ),
        age_years=age if age is not None and 0 <= age <= 130 else None,
    )
    return patient, {name: value for name, value in values.items() if value}


@lru_cache(maxsize=1)
def _lines(table: str, _changed: float, split: str) -> tuple[list[str], tuple[bytes, ...]]:
    """Return the columns, and the table's lines of one split."""
    if os.path.getsize(table) > LARGEST_TABLE:
        raise FormatError("table too large", where=table, expected=f"under {LARGEST_TABLE} bytes")
    try:
        first, *rest = Path(table).read_bytes().splitlines() or [b""]
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=table) from None
    columns = [name.strip().lower() for name in decode(first).split(",")]
    if "split" not in columns:
        raise FormatError("a column is missing", where=table, expected="split")
    at = columns.index("split")
    wanted = split.encode()
    return columns, tuple(line for line in rest if _cell(line, at).strip(b'" ').lower() == wanted)


def _cell(line: bytes, at: int) -> bytes:
    cells = line.split(b",", at + 1)
    return cells[at] if len(cells) > at else b""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
