"""Who was recorded, from a table beside the records: age, sex and identifier where a file does not say them.

A table is taken that lies in the record's folder or at most `LEVELS` above, or the one that the environment variable
`ECGVIEW_SUBJECTS` names (`--subjects FILE.csv`). A row belongs to a record only if it names the record's file, or,
in a column of record names, exactly the record's name; a name that stands in several rows belongs to none.
"""

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.kit.person import age_in_years
from ecgview.formats.kit.table_lines import is_comment
from ecgview.formats.kit.text import encoding_of
from ecgview.record import ImportNote, Patient

GIVEN = "ECGVIEW_SUBJECTS"
LEVELS = 3  # records500/00000/00001_hr lies two below its table
LARGEST_FILE = 200_000_000
MOST_TABLES = 8  # in one folder; where there are more, they are records
OVER_89 = 300.0  # what PTB-XL and others write for ages that would tell a person
_FILES = ("filename_hr", "filename_lr", "filename", "file_name", "file", "path", "record_path")
_NAMES = (
    "record",
    "record_id",
    "record_name",
    "recording",
    "name",
    "ecg",
    "id",
    "exam_id",
    "ecg_id",
    "study_id",
)
_RECORD_SUFFIXES = (".hea", ".dat", ".mat")
_IDS = ("patient_id", "subject_id", "patient", "subject")
_AGES = (
    "age",
    "age_years",
    "age_at_ecg",
    "patient_age",
    "patientage",
    "alter",
    "âge",
    "edad",
    "età",
)
_SEXES = ("sex", "gender", "patient_sex", "patientsex", "geschlecht", "sexe", "sexo", "sesso")
_AGE = re.compile(r"([>≥]?)\s*(\d{1,3}(?:[.,]\d+)?)\s*(\+?)\s*([a-zä]*)\.?")
_PERIODS = {
    **dict.fromkeys(("", "y", "yr", "yrs", "yo", "year", "years", "jahre", "a"), "years"),
    **dict.fromkeys(("m", "mo", "month", "months"), "months"),
    **dict.fromkeys(("w", "wk", "weeks", "week"), "weeks"),
    **dict.fromkeys(("d", "day", "days"), "days"),
}
_MALE = ("m", "male", "man", "männlich", "homme", "masculino", "maschio", "h", "男")
_FEMALE = ("f", "female", "woman", "w", "weiblich", "femme", "femenino", "femmina", "feminino", "女")
_TRUE, _FALSE = ("true", "1", "1.0"), ("false", "0", "0.0")


@dataclass(frozen=True, slots=True)
class Subjects:
    """A table: who was recorded by file (as the table writes it) and by name; None where several rows share one."""

    path: Path
    by_file: Mapping[str, Patient | None]
    by_name: Mapping[str, Patient | None]

    def of(self, record: Path) -> Patient | None:
        """Return who was recorded in a file; None where no row, or more than one, is of it."""
        for key in self._files(record):
            if key in self.by_file:
                return self.by_file[key]
        return None if self.by_file else self.by_name.get(record.stem)

    def _files(self, record: Path) -> list[str]:
        """Return how the table may write a record's file: from its own folder, with and without suffix.

        A table that lies elsewhere may write any last part of the path, the longest is taken.
        """
        whole = record.absolute()
        try:
            ways = [whole.relative_to(self.path.absolute().parent)]
        except ValueError:
            ways = [Path(*whole.parts[i:]) for i in range(1, len(whole.parts))]
        return [key for one in (whole, *ways) for key in (one.as_posix(), one.with_suffix("").as_posix())]


def joined(patient: Patient, record: Path) -> tuple[Patient, list[ImportNote]]:
    """Return a patient with what a table says of the record and the file does not, and notes on it.

    Raises:
        FormatError: a table was named and cannot be read.
    """
    given = os.environ.get(GIVEN, "")
    if patient.sex and patient.age_years is not None and not given:
        return patient, []
    tables = [read(Path(given))] if given else beside(record)
    for table in tables:
        found = table.of(record)
        if found is not None:
            return _completed(patient, found, table.path, record.stem)
    if given:
        return patient, [
            ImportNote("subjects", f"no row, or more than one, of this record in {Path(given).name}")
        ]
    return patient, []


def beside(record: Path) -> list[Subjects]:
    """Return the tables of subjects in a record's folder and above it, nearest first."""
    found = []
    for folder in list(record.absolute().parents)[:LEVELS]:
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            break
        found += _in_folder(folder, changed)
    return found


def read(path: Path) -> Subjects:
    """Return a table of subjects.

    Raises:
        FormatError: it cannot be read, or has no column of records, or none of age or sex.
    """
    try:
        changed = path.stat().st_mtime_ns
        table = _cached(path, changed)
    except OSError as error:
        raise FormatError(
            "the table of subjects cannot be read", where=str(path), found=error.strerror
        ) from None
    if table is None:
        raise FormatError(
            "this is no table of subjects",
            where=f"{path}: header",
            expected="a column 'filename' or 'record_id', and 'age' or 'sex'",
        )
    return table


@lru_cache(maxsize=256)
def _names_in(folder: Path, _changed_ns: int) -> tuple[str, ...]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.lower().endswith(".csv"))
    except OSError:
        return ()
    return tuple(names) if len(names) <= MOST_TABLES else ()


def _in_folder(folder: Path, changed_ns: int) -> list[Subjects]:
    tables = []
    for name in _names_in(folder, changed_ns):
        try:
            tables.append(_cached(folder / name, (folder / name).stat().st_mtime_ns))
        except OSError:
            continue  # what is no table beside a record is not the record's fault
    return [table for table in tables if table is not None]


@lru_cache(maxsize=16)
def _cached(path: Path, _changed_ns: int) -> Subjects | None:
    """Return the table of a file; None where its header is that of another table."""
    if path.stat().st_size > LARGEST_FILE:
        return None
    with open(path, encoding=encoding_of(path), errors="replace", newline="") as file:
        first = next((line for line in file if line.strip() and not is_comment(line)), "")
        delimiter = max("\t;,|", key=first.count)
        header = [_plain(cell) for cell in first.split(delimiter)]
        files = [header.index(name) for name in _FILES if name in header]
        names = [header.index(name) for name in _NAMES if name in header]
        if not (files or names) or not set(header) & {*_AGES, *_SEXES, "is_male"}:
            return None
        by_file: dict[str, Patient | None] = {}
        by_name: dict[str, Patient | None] = {}
        try:
            for cells in csv.reader(file, delimiter=delimiter):
                _keep(by_file, by_name, header, cells, files, names)
        except csv.Error:
            return None
    return Subjects(path, by_file, by_name)


def _keep(
    by_file: dict[str, Patient | None],
    by_name: dict[str, Patient | None],
    header: list[str],
    cells: list[str],
    files: list[int],
    names: list[int],
) -> None:
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    patient = _patient(row, is_ptbxl="scp_codes" in header)
    for column, kept in ((files, by_file), (names[:1], by_name)):
        for place in column:
            key = _key(cells[place]) if place < len(cells) else ""
            if key:
                other = kept.get(key, patient)
                kept[key] = patient if other == patient else None


def _patient(row: Mapping[str, str], *, is_ptbxl: bool) -> Patient:
    text = next((row[name] for name in _AGES if row.get(name)), "")
    age = _age(text)
    identifier = next((row[name] for name in _IDS if row.get(name)), "")
    return Patient(patient_id=identifier.removesuffix(".0"), sex=_sex(row, is_ptbxl=is_ptbxl), age_years=age)


def _plain(cell: str) -> str:
    """Return a column's name: "Record Name" as record_name, "Age (years)" and "Age [y]" as age."""
    name = re.sub(r"\s*[\[(].{0,20}[\])]\s*$", "", cell.strip().strip('"').strip().lower())
    return re.sub(r"[\s-]+", "_", name)


def _key(cell: str) -> str:
    """Return a record's file or name with forward slashes, without the suffix of a record of several files."""
    text = cell.strip().replace("\\", "/").removeprefix("./")
    stem, suffix = os.path.splitext(text)
    return stem if suffix.lower() in _RECORD_SUFFIXES else text


def _age(text: str) -> float | None:
    """Return years of "63", "063Y", "18 months", "63,5"; "over 89" is 90; None for any other."""
    match = _AGE.fullmatch(text.strip().lower())
    if match is None or match[4] not in _PERIODS:
        return None
    value = float(match[2].replace(",", "."))
    if value == OVER_89 or ((match[1] or match[3]) and value >= 89):
        return 90.0
    return None if match[1] or match[3] else age_in_years(value, _PERIODS[match[4]])


def _sex(row: Mapping[str, str], *, is_ptbxl: bool) -> str:
    """Return the sex; a bare number is understood only where the table's own documentation says what it means."""
    if (flag := row.get("is_male", "").lower()) in (*_TRUE, *_FALSE):
        return "male" if flag in _TRUE else "female"
    text = next((row[name] for name in _SEXES if row.get(name)), "").lower()
    if text in _MALE or (is_ptbxl and text in _FALSE):
        return "male"
    return "female" if text in _FEMALE or (is_ptbxl and text in _TRUE) else ""


def _completed(
    patient: Patient, found: Patient, table: Path, record_name: str
) -> tuple[Patient, list[ImportNote]]:
    """Return the patient with what the file does not say; what both say and differs is told."""
    taken, differs = [], []
    if patient.age_years is None and found.age_years is not None:
        patient = replace(patient, age_years=found.age_years)
        taken.append(f"age {found.age_years:g}")
    elif found.age_years is not None and abs(found.age_years - (patient.age_years or 0.0)) >= 2:
        differs.append(f"age {found.age_years:g}")
    if not patient.sex and found.sex:
        patient = replace(patient, sex=found.sex)
        taken.append(f"sex {found.sex}")
    elif found.sex and found.sex != patient.sex:
        differs.append(f"sex {found.sex}")
    if found.patient_id and patient.patient_id in ("", record_name):  # some formats put the file's name there
        patient = replace(patient, patient_id=found.patient_id)
        taken.append("patient ID")
    notes = [ImportNote("subjects", f"{', '.join(taken)} from {table.name}")] if taken else []
    if differs:
        notes.append(
            ImportNote("subjects", f"{table.name} says {', '.join(differs)}; the file's own is shown")
        )
    return patient, notes
