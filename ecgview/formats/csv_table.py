"""CSV and TSV tables: one column per lead with a header of lead names, one row per sample.

The sampling rate comes from a time column (seconds, ms, a clock or dates; rounded times too) or from a leading comment
such as "# sampling_rate_hz: 500"; the unit from the names ("V1 (mV)"), a second row ("(sec),(mV)") or "# units: uV" (mV
where nothing is said, with a caution). Semicolons with decimal commas are read. What stands above the header as
name and value counts as a comment; a column that is neither time nor lead is not read. A table of bare numbers opens
with a JSON file of the same name beside it: {"fs_hz": 800, "lead_names": [...], "units": "5uV"}.
"""

import io
import math
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import csv_cells
from ecgview.errors import FormatError
from ecgview.formats.kit import metadata
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.quantities import assumed_gain, ecg_signals, millivolts_per
from ecgview.formats.kit.replace import replace_file
from ecgview.formats.kit.sidecar import read_sidecar
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.table_columns import Column, column, has_decimal_commas, number, units_row
from ecgview.formats.kit.table_lines import is_comment, read_head, rows
from ecgview.formats.kit.table_time import digits_after_point, moment_s, rate_hz, start_time
from ecgview.leads import KNOWN, canonical_name, distinct_names, with_derived
from ecgview.record import EcgRecord, ImportNote, Patient, Signal

NAME = "CSV"
EXTENSIONS: tuple[str, ...] = (".csv", ".tsv")
WRITES = ".csv"
FACTS = Facts(
    known_from="ecgview's own header lines; tables with a time column",
    real_files="4 (tables of others)",
    note="one column per lead; units in the names or a second row; decimal commas and grouped thousands; "
    "clocks, dates and rounded times; UTF-8, UTF-16, Latin-1",
)
LARGEST_FILE = 400_000_000
_INNER_FORMULA = re.compile(r"([,;\t])(?=[\s\"]*[=+\-@＝＋－＠])")
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # marks of UTF-16
_QUOTES = "'[] "
_RATE_NAMES = (
    r"(?:(?:sampl(?:e|es|ing)?|abtast|mess)[\s_-]*(?:rate|freq(?:uency|uenz)?)|fs"
    r"|fr[\u00e9e]quence d['\u2019]\w+|frecuencia de muestreo)(?:[\s_]*[(\[]?hz[)\]]?)?"
)
LOOKED_AT = 200  # rows that tell how numbers and times are written
_FACTOR = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "v": 1e3}


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is a table of leads."""
    if path.suffix.lower() not in EXTENSIONS or (b"\0" in head and not head.startswith(_WIDE)):
        return 0
    return 60


def peek(path: Path) -> RecordSummary:
    """Return what the header lines say; the duration needs the whole file and stays unknown."""
    head = read_head(path)
    comments, header = head.comments, head.cells
    rate = _declared_rate(comments)
    text = " ".join(comments).lower()
    told = metadata.told(comments)
    columns = [column(cell) for cell in header]
    leads, _ = _lead_columns(path, columns, told.found)
    patient = told.patient if told.found else _patient(comments)
    start = told.acquisition.start_time
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        patient,
        start,
        len(with_derived(distinct_names([columns[i].name for i in leads])[0])),
        None if rate is None or math.isnan(rate) else rate,
        None,
        "synthetic" in text,
    )


def read(path: Path) -> EcgRecord:
    """Return the record of a table; FormatError names the line and column that is wrong."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise FormatError(
            "table too large", where=str(path), expected="under 400 MB; WFDB or NPZ serve better"
        )
    table = _table(path)
    comments, columns = table.comments, table.columns
    header = [one.name for one in columns]
    told = metadata.told(comments)
    leads, notes = _lead_columns(path, columns, told.found)
    rate, start = _rate(path, table)
    factors, unit_notes = _factors(path, comments, columns, leads)
    notes += unit_notes
    synthetic = "synthetic" in " ".join(comments).lower()
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold is a gap
        signal: Signal = (table.numbers[:, leads] * factors).T.astype(np.float32)
    return assemble(
        signal,
        [header[i] for i in leads],
        rate,
        path=path,
        format_name=NAME,
        patient=told.patient if told.found else _patient(comments),
        acquisition=replace(told.acquisition, start_time=told.acquisition.start_time or start),
        device_reading=told.device_reading,
        notes=notes,
        synthetic=synthetic,
    )


def write(record: EcgRecord, target: Path) -> Path:
    """Write a table in mV with its sampling rate in the first line; 0.1 uV is kept. Return the path."""
    lines = [f"# sampling_rate_hz: {record.sampling_rate_hz!r}", "# units: mV"]
    lines += [f"# {line}" for line in metadata.lines(record)]
    if record.synthetic:
        lines.append("# synthetic: no patient was recorded")
    # A spreadsheet splits a line of comment, too: what would begin a cell like a formula there is marked.
    lines = [_INNER_FORMULA.sub(r"\1\\q", line) for line in lines]
    header = "\n".join([*lines, ",".join(map(csv_cells.cell, record.lead_names))])
    table = io.StringIO()
    np.savetxt(table, record.signal.T, fmt="%.4f", delimiter=",", header=header, comments="")
    replace_file(target, table.getvalue().encode("utf-8"))
    return target


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    return "rounded to 0.1 µV"


@dataclass(frozen=True, slots=True)
class _Table:
    """A table taken apart: its comments, its columns, and (rows, columns) float64, NaN where a cell is empty.

    `clocks` holds the first and the last cell of each column of clock times; their numbers are seconds.
    """

    comments: list[str]
    columns: list[Column]
    numbers: NDArray[np.float64]
    clocks: dict[int, str]
    digits: int  # to how many digits the times are written


def _lead_columns(path: Path, columns: list[Column], is_ours: bool) -> tuple[list[int], list[ImportNote]]:
    """Return the columns that are leads, and notes on those left out: other quantities, by unit or name.

    In ecgview's own tables every column but time is a lead, elsewhere those of known names, and those in volts.
    """
    given = [i for i, one in enumerate(columns) if one.name and not one.is_time]
    kept, notes = ecg_signals([columns[i].name for i in given], [columns[i].unit for i in given])
    signals = [given[place] for place in kept]
    known = [i for i in signals if is_ours or canonical_name(columns[i].name) in KNOWN or columns[i].unit]
    if not known:
        raise FormatError(
            "no column is a lead",
            where=f"{path}: header",
            expected="I, II, V1, ...",
            found=", ".join(one.name for one in columns)[:80],
        )
    unknown = [columns[i].name for i in signals if i not in known]
    if unknown:
        notes.append(ImportNote("header", f"left out, by name and unit no lead: {', '.join(unknown)[:200]}"))
    return known, notes


def _beside(path: Path, cells: list[str]) -> tuple[list[str], list[str]]:
    """Return column names and header lines of a table of bare numbers, from the JSON file beside it."""
    told = read_sidecar(path)
    names = told.get("lead_names")
    if not isinstance(names, list) or len(names) != len(cells):
        raise FormatError(
            "no column is a lead",
            where=f"{path}: header",
            expected=f"a line of lead names, or {path.stem}.json beside it with fs_hz and {len(cells)} lead_names",
            found=", ".join(cells)[:80],
        )
    return [str(name) for name in names], [f"{key}: {told[key]}" for key in ("fs_hz", "units") if key in told]


def _table(path: Path) -> _Table:
    """Return a table as numbers; an empty cell is a gap. A bare table has no line of names."""
    head = read_head(path)
    comments, header, delimiter = head.comments, head.cells, head.delimiter
    bare = all(_is_number(cell, delimiter != ",") for cell in header)
    if bare:
        header, comments = _beside(path, header)
    columns = [column(csv_cells.plain(cell)) for cell in header]
    table: list[list[float]] = []
    clocks: dict[int, str] = {}
    told: dict[int, bool] = {}
    digits, commas, above = 0, False, head.line - bare
    with open(path, encoding=head.encoding, errors="replace", newline=None) as file:
        for line, cells in enumerate(rows(islice(file, above, None), delimiter, path), start=above + 1):
            if not any(cells) or is_comment(cells[0]):
                continue
            if len(cells) == len(header) + 1 and not cells[-1].strip():
                cells = cells[:-1]  # a delimiter at the end of each row
            if len(cells) != len(header):
                raise FormatError(
                    "a row has another number of cells than the header",
                    where=f"{path}: line {line}",
                    expected=str(len(header)),
                    found=str(len(cells)),
                )
            if not table:
                if (units := units_row(cells)) is not None:
                    columns = [
                        Column(one.name, unit or one.unit) for one, unit in zip(columns, units, strict=True)
                    ]
                    continue
                clocks = _clocks(columns, cells)
                told = _read_columns(path, comments, columns, cells, clocks)
            if len(table) < LOOKED_AT:
                commas = commas or has_decimal_commas(cells, delimiter)
                digits = max(digits, digits_after_point([cells[i].strip(_QUOTES) for i in _times(columns)]))
            table.append(_row(cells, told, commas, f"{path}: line {line}"))
    if not table:
        raise FormatError("holds no samples", where=str(path), found="a header alone")
    return _Table(comments, columns, np.array(table), clocks, digits)


def _times(columns: list[Column]) -> list[int]:
    return [i for i, one in enumerate(columns) if one.is_time]


def _clocks(columns: list[Column], cells: list[str]) -> dict[int, str]:
    """Return the first cells of the columns of clock times or dates."""
    return {i: cells[i] for i in _times(columns) if moment_s(cells[i].strip(_QUOTES)) is not None}


def _read_columns(
    path: Path, comments: list[str], columns: list[Column], cells: list[str], clocks: dict[int, str]
) -> dict[int, bool]:
    """Return the columns to be read, True for clock times: of several times those that can be read, and the leads."""
    leads, _ = _lead_columns(path, columns, metadata.told(comments).found)
    times = _times(columns)
    usable = [i for i in times if i in clocks or _is_number(cells[i].strip(_QUOTES), commas=True)]
    return {i: i in clocks for i in (*(usable or times), *leads)}


def _row(cells: list[str], told: dict[int, bool], commas: bool, where: str) -> list[float]:
    """Return the numbers of a row, NaN in columns that are neither time nor lead.

    Args:
        cells: of the row.
        told: the columns to be read; True where they hold clock times.
        commas: the table has decimal commas.
        where: file and line, named in errors.
    """
    found = [math.nan] * len(cells)
    for place, is_clock in told.items():
        cell = cells[place]
        if is_clock:
            value = moment_s(cell.strip(_QUOTES))
            if value is None:
                raise FormatError("not a time", where=where, expected="as in the first row", found=cell[:40])
            found[place] = value
            continue
        try:
            found[place] = number(cell.strip(_QUOTES), commas)
        except ValueError:
            raise FormatError("not a number", where=where, found=cell[:40]) from None
    return found


def _is_number(cell: str, commas: bool = False) -> bool:
    try:
        float((cell.replace(",", ".") if commas else cell) or "nan")
    except ValueError:
        return False
    return True


def _declared(comments: list[str], key: str, value: str = r"(\S+)") -> str:
    for line in comments:
        match = re.match(rf"{key}\s*[:=]\s*{value}", line, re.IGNORECASE)
        if match:
            return match.group(1)
    return ""


def _scale(unit: str) -> float | None:
    """Return the millivolts of one unit, of "uV" as of "5uV" per step; None for what is no voltage."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)?(\D+)", unit.lower())
    if match is None or match[2] not in _FACTOR:
        return None
    return float(match[1] or 1.0) * _FACTOR[match[2]]


def _declared_rate(comments: list[str]) -> float | None:
    text = _declared(comments, _RATE_NAMES, r"(.+)")
    match = re.fullmatch(r"(\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*(k?)(?:hz)?", text.strip(), re.IGNORECASE)
    if match is None:
        return None if not text else math.nan
    return float(match[1]) * (1000.0 if match[2] else 1.0)


def _factors(
    path: Path, comments: list[str], columns: list[Column], leads: list[int]
) -> tuple[NDArray[np.float64], list[ImportNote]]:
    """Return the millivolts of one unit of each lead's column, and a caution where none is stated."""
    stated = _declared(comments, r"units?")
    whole = _scale(stated) if stated else None
    if stated and whole is None:
        raise FormatError(
            "unknown unit", where=f"{path}: units", expected="mV, uV, V or 5uV", found=stated[:40]
        )
    of_each = [millivolts_per(columns[i].unit) if columns[i].unit else whole for i in leads]
    unsure = [columns[i].name for i, one in zip(leads, of_each, strict=True) if one is None]
    notes = [assumed_gain(unsure, "mV")] if unsure else []
    return np.array([1.0 if one is None else one for one in of_each]), notes


def _rate(path: Path, table: _Table) -> tuple[float, str]:
    """Return the sampling rate, and the start of the recording where the times are dates."""
    rate = _declared_rate(table.comments)
    if rate is not None and math.isnan(rate):
        raise FormatError(
            "not a sampling rate", where=f"{path}: sampling_rate_hz", expected="a number of Hz, as in 500"
        )
    times = _times(table.columns)
    times = [i for i in times if not np.isnan(table.numbers[:, i]).all()] or times
    start = next((found for i in times if (found := start_time(table.clocks.get(i, "").strip(_QUOTES)))), "")
    if rate:
        return rate, start
    for i in sorted(times, key=lambda i: i not in table.clocks):
        if len(table.numbers) > 1:
            return (
                rate_hz(path, table.columns[i], table.numbers[:, i], table.digits, i in table.clocks),
                start,
            )
    raise FormatError(
        "the sampling rate is unknown",
        where=str(path),
        expected="a first line '# sampling_rate_hz: 500' or a column 'time_s'",
    )


def _patient(comments: list[str]) -> Patient:
    age = re.match(r"\d+(\.\d+)?", _declared(comments, "age"))
    sex = _declared(comments, "sex").lower()
    return Patient(
        sex={"m": "male", "f": "female"}.get(sex[:1], ""), age_years=float(age.group()) if age else None
    )
