"""CODE-15 and its relatives (Telehealth Network of Minas Gerais): many exams in one HDF5 file.

`tracings` is (exams, 4096, 12) at 400 Hz with zeros before and behind shorter exams, `exam_id` names them; age, sex
and labels stand in `exams.csv` beside it (zenodo.org/records/4916206). A path "file#exam_id" means one exam, the file
alone its first; a file without `exam_id` (the CODE test set) counts from 0.

The unit is not certain. The published text says "scale 1e-4V" and, in the same sentence, that volts are to be
multiplied by 1000; an author answers "make sure your ECG is scaled as millivolts" (antonior92/automatic-ecg-diagnosis
issue 3), and the PhysioNet challenge of 2025 converts the numbers as mV. Users find amplitudes about twice those of
other sets (antonior92/ecg-age-prediction issue 5). mV are taken, and a note says so.
"""

import csv
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.hdf5 import MARK, File, open_file
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.text import decode
from ecgview.formats.places import member as _member
from ecgview.leads import STANDARD_12
from ecgview.record import GAIN, Acquisition, EcgRecord, ImportNote, Patient, Signal

NAME = "CODE-15"
EXTENSIONS: tuple[str, ...] = (".hdf5", ".h5")
FACTS = Facts(
    known_from="the data set's public description",
    real_files="0 (files made from the description)",
    note="(records, 4096 samples, 12 leads) at 400 Hz",
    title="CODE-15 HDF5",
)
RATE_HZ = 400.0
TRACINGS, IDENTITIES, TABLE = "tracings", "exam_id", "exams.csv"
MOST_EXAMS = 5_000_000
MOST_SAMPLES = 12 * 200_000  # of one exam
LARGEST_TABLE = 1_000_000_000
_TEST_SET_ORDER = ("I", "II", "III", "aVL", "aVF", "aVR", *STANDARD_12[6:])  # as the test set's text has it
_UNIT_NOTE = (
    "calibration not stated: mV taken, the data set is not clear about its unit; amplitudes may be wrong"
)


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is an HDF5 file of this layout."""
    if not head.startswith(MARK):
        return 0
    if TRACINGS.encode() in head:
        return 95
    return 60 if path.suffix.lower() in EXTENSIONS else 30


def members(path: Path) -> Iterator[str]:
    """Yield the exams of a file in their order; rows that the publisher left empty (exam 0) are left out."""
    with open_file(path) as file:
        identities, count = _identities(file)
    if identities is None:
        yield from map(str, range(count))
    else:
        yield from (str(one) for one in identities if one)


def peek(path: Path) -> RecordSummary:
    """Return what is known of an exam without its samples; the duration needs them and stays unknown."""
    where, member = _member.split(path)
    with open_file(where) as file:
        identities, count = _identities(file)
    _, member, _ = _row(where, member, identities, count)
    patient, _ = _described(where, member if identities is not None else "")
    return RecordSummary(
        str(path), member if _member.split(path)[1] else where.stem, NAME, patient, "", 12, RATE_HZ
    )


@np.errstate(all="ignore")  # damaged numbers become gaps in `assemble`
def read(path: Path) -> EcgRecord:
    """Return one exam in mV without the zeros around it; FormatError names what is wrong."""
    where, asked = _member.split(path)
    with open_file(where) as file:
        identities, count = _identities(file)
        row, member, total = _row(where, asked, identities, count)
        stored = file.array(TRACINGS, MOST_SAMPLES, slice(row, row + 1))
    if stored is None:
        raise FormatError(
            "an exam is too long", where=f"{path}: {TRACINGS}", expected=f"{MOST_SAMPLES} samples"
        )
    signal = np.asarray(stored[0], dtype=np.float32).T
    used = np.flatnonzero(np.nan_to_num(signal, nan=1.0).any(axis=0))
    if not len(used):
        raise FormatError("the exam is empty", where=f"{path}: {TRACINGS}", found="zeros only")
    first, last = int(used[0]), int(used[-1]) + 1
    notes = [ImportNote(GAIN, _UNIT_NOTE)]
    if not asked and total > 1:
        notes.append(_member.first_of(total, member))
    filled = signal.shape[1] - (last - first)
    if filled:
        notes.append(ImportNote("header", f"{filled} zeros before and behind the recording taken off"))
    signal = signal[:, first:last]
    patient, extra = _described(where, member if identities is not None else "")
    return assemble(
        signal,
        _order(signal, notes),
        RATE_HZ,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=Acquisition(extra=extra),
        notes=notes,
    )


def _identities(file: File) -> tuple[np.ndarray | None, int]:
    """Return the exams' names, where the file has some, and the number of exams."""
    shape = file.shape(TRACINGS)
    if shape is None or len(shape) != 3 or shape[2] != len(STANDARD_12) or not shape[0] or not shape[1]:
        raise FormatError(
            "is no HDF5 file of this layout",
            where=f"{file.path}: {TRACINGS}",
            expected="(exams, samples, 12)",
            found=str(shape or ", ".join(file.names())[:80]),
        )
    names = file.shape(IDENTITIES)
    if names is None:
        return None, shape[0]
    identities = file.array(IDENTITIES, MOST_EXAMS)
    if (
        identities is None
        or identities.ndim != 1
        or len(identities) != shape[0]
        or identities.dtype.kind not in "iu"
    ):
        raise FormatError(
            "the exams do not fit the tracings",
            where=f"{file.path}: {IDENTITIES}",
            expected=f"{shape[0]} whole numbers",
            found=str(names),
        )
    return identities, shape[0]


def _row(where: Path, member: str, identities: np.ndarray | None, count: int) -> tuple[int, str, int]:
    """Return row and name of the exam that is meant, and how many there are."""
    number = int(member) if member.isascii() and member.isdigit() and len(member) < 19 else -1
    if identities is None:
        if member and not 0 <= number < count:
            raise _member.unknown(where, member, count)
        return max(number, 0), str(max(number, 0)), count
    total = int(np.count_nonzero(identities))
    rows = np.flatnonzero(identities == number) if member else np.flatnonzero(identities)
    if not len(rows):
        raise _member.unknown(where, member, total)
    return int(rows[0]), str(identities[rows[0]]), total


def _order(signal: Signal, notes: list[ImportNote]) -> tuple[str, ...]:
    """Return the order of the leads: the usual one, unless aVR = -(I + II)/2 holds in the test set's only."""
    wanted = -(signal[0] + signal[1]) / 2
    usual, other = (float(np.nanmean(np.abs(signal[row] - wanted))) for row in (3, 5))
    if other < 0.1 * usual:
        notes.append(ImportNote("header", "leads stand as aVL, aVF, aVR: the sixth is aVR by -(I + II)/2"))
        return _TEST_SET_ORDER
    return STANDARD_12


def _described(where: Path, exam: str) -> tuple[Patient, dict[str, str]]:
    """Return what the table beside the file says of an exam."""
    values = _table_row(where.parent / TABLE, exam) if exam else {}
    kept = dict(values)
    male = kept.pop("is_male", "").lower()
    try:
        age = float(kept.pop("age", ""))
    except ValueError:
        age = -1.0
    patient = Patient(
        kept.pop("patient_id", ""),
        sex={"true": "male", "1": "male", "false": "female", "0": "female"}.get(male, ""),
        age_years=age if 0 <= age <= 130 else None,
    )
    extra = {name: value for name, value in kept.items() if value}
    return patient, {IDENTITIES: exam, **extra} if exam else extra


def _table_row(table: Path, exam: str) -> dict[str, str]:
    """Return the line of an exam, found without reading the table; empty where there is none."""
    try:
        if not table.is_file() or not 0 < os.path.getsize(table) <= LARGEST_TABLE:
            return {}
        with open(table, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            columns = decode(text.readline()[:10_000]).strip().split(",")
            if columns[0].strip() != IDENTITIES:
                return {}
            at = text.find(f"\n{exam},".encode(), 0)
            if at < 0:
                return {}
            text.seek(at + 1)
            line = decode(text.readline()[:10_000]).strip()
        cells = next(csv.reader([line.replace("\r", " ")]))
    except (OSError, ValueError, csv.Error):
        return {}
    return {name.strip(): value.strip() for name, value in zip(columns, cells, strict=False)}
