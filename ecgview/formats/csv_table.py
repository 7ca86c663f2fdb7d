"""CSV and TSV tables: one column per lead with a header of lead names, one row per sample.

The sampling rate comes from a time column (seconds or ms) or from a leading comment such as
"# sampling_rate_hz: 500"; the unit from "# units: uV" (mV where nothing is said, with a note). A table of bare
numbers opens with a JSON file of the same name beside it: {"fs_hz": 800, "lead_names": [...], "units": "5uV"}.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats import _metadata
from ecgview.formats._assemble import assemble
from ecgview.formats._replace import replace_file
from ecgview.formats._sidecar import read_sidecar
from ecgview.formats._summary import RecordSummary
from ecgview.leads import EXTRA, STANDARD_12, canonical_name
from ecgview.record import EcgRecord, ImportNote, Patient, Signal

NAME = "CSV"
EXTENSIONS: tuple[str, ...] = (".csv", ".tsv")
WRITES = ".csv"
LARGEST_FILE = 400_000_000
MOST_COMMENTS = 50_000

_KNOWN = set(STANDARD_12) | set(EXTRA)
_TIME_S = ("time", "time_s", "t", "seconds", "time (s)", "time[s]")
_TIME_MS = ("time_ms", "ms", "time (ms)", "time[ms]")
_FACTOR = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "v": 1e3}


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is a table of leads."""
    if path.suffix.lower() not in EXTENSIONS or b"\0" in head:
        return 0
    return 60


def peek(path: Path) -> RecordSummary:
    """Return what the header lines say; the duration needs the whole file and stays unknown."""
    comments, header, _ = _head(path)
    rate = _declared_rate(comments)
    text = " ".join(comments).lower()
    told = _metadata.told(comments)
    leads = _leads(header, told.found)
    patient = told.patient if told.found else _patient(comments)
    start = told.acquisition.start_time
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        patient,
        start,
        len(leads),
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
    comments, header, delimiter = _head(path)
    bare = all(map(_is_number, header))
    if bare:
        header, comments = _beside(path, header)
    table = _numbers(path, header, delimiter, bare)
    told = _metadata.told(comments)
    leads = _leads(header, told.found)
    if not leads:
        raise FormatError(
            "no column is a lead",
            where=f"{path}: header",
            expected="I, II, V1, ...",
            found=", ".join(header)[:80],
        )
    rate = _rate(path, comments, header, table)
    notes: list[ImportNote] = []
    unit = _declared(comments, r"units?")
    factor = _scale(unit) if unit else 1.0
    if factor is None:
        raise FormatError(
            "unknown unit", where=f"{path}: units", expected="mV, uV, V or 5uV", found=unit[:40]
        )
    if not unit:
        notes.append(ImportNote("units", "the table names no unit; mV taken"))
    synthetic = "synthetic" in " ".join(comments).lower()
    empty = [i for i in leads if np.isnan(table[:, i]).all()]
    if empty and len(empty) < len(leads):
        notes.append(ImportNote("header", f"empty columns left out: {', '.join(header[i] for i in empty)}"))
        leads = [i for i in leads if i not in empty]
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold is a gap
        signal: Signal = (table[:, leads].T * factor).astype(np.float32)
    return assemble(
        signal,
        [header[i] for i in leads],
        rate,
        path=path,
        format_name=NAME,
        patient=told.patient if told.found else _patient(comments),
        acquisition=told.acquisition,
        device_reading=told.device_reading,
        notes=notes,
        synthetic=synthetic,
    )


def write(record: EcgRecord, target: Path) -> Path:
    """Write a table in mV with its sampling rate in the first line; 0.1 uV is kept. Return the path."""
    lines = [f"# sampling_rate_hz: {record.sampling_rate_hz!r}", "# units: mV"]
    lines += [f"# {line}" for line in _metadata.lines(record)]
    if record.synthetic:
        lines.append("# synthetic: no patient was recorded")
    header = "\n".join([*lines, ",".join(record.lead_names)])
    table = io.StringIO()
    np.savetxt(table, record.signal.T, fmt="%.4f", delimiter=",", header=header, comments="")
    replace_file(target, table.getvalue().encode("utf-8"))
    return target


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    return "rounded to 0.1 uV"


def _leads(header: list[str], is_ours: bool) -> list[int]:
    """Return the columns that are leads: in ecgview's own tables every one but time, elsewhere those of known names."""
    time = {*_TIME_S, *_TIME_MS}
    return [
        i
        for i, name in enumerate(header)
        if canonical_name(name) in _KNOWN or (is_ours and name and name.lower() not in time)
    ]


def _head(path: Path) -> tuple[list[str], list[str], str]:
    """Return comment lines, column names and the delimiter."""
    comments: list[str] = []
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        for line in file:
            if line.startswith("#"):
                comments.append(line.lstrip("# ").strip())
            elif line.strip():
                delimiter = max("\t;,", key=line.count)
                return (
                    comments,
                    [cell.strip() for cell in next(_rows([line], delimiter, path))],
                    delimiter,
                )
            if len(comments) > MOST_COMMENTS:
                break
    raise FormatError("no header of lead names", where=f"{path}: line 1", expected="I,II,III,...")


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


def _numbers(path: Path, header: list[str], delimiter: str, bare: bool) -> np.ndarray:
    """Return (rows, columns) float64; an empty cell is a gap. A bare table has no line of names."""
    rows: list[list[float]] = []
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        seen_header = bare
        for number, cells in enumerate(_rows(file, delimiter, path), start=1):
            if not cells or cells[0].startswith("#"):
                continue
            if not seen_header:
                seen_header = True
                continue
            if len(cells) != len(header):
                raise FormatError(
                    "a row has another number of cells than the header",
                    where=f"{path}: line {number}",
                    expected=str(len(header)),
                    found=str(len(cells)),
                )
            try:
                rows.append([float(cell) if cell.strip() else np.nan for cell in cells])
            except ValueError:
                bad = next(cell for cell in cells if not _is_number(cell))
                raise FormatError("not a number", where=f"{path}: line {number}", found=bad[:40]) from None
    if not rows:
        raise FormatError("holds no samples", where=str(path), found="a header alone")
    return np.array(rows)


def _rows(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[list[str]]:
    """Yield rows of cells; a quote that is never closed, say, ends in an error that names the line."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise FormatError(f"is no table ({error})", where=f"{path}: line {reader.line_num}") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
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
    text = _declared(comments, r"(?:sampling_rate(?:_hz)?|fs(?:_hz)?|sampling rate)", r"(.+)")
    match = re.fullmatch(r"(\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*(k?)(?:hz)?", text.strip(), re.IGNORECASE)
    if match is None:
        return None if not text else math.nan
    return float(match[1]) * (1000.0 if match[2] else 1.0)


def _rate(path: Path, comments: list[str], header: list[str], table: np.ndarray) -> float:
    rate = _declared_rate(comments)
    if rate is not None and math.isnan(rate):
        raise FormatError(
            "not a sampling rate", where=f"{path}: sampling_rate_hz", expected="a number of Hz, as in 500"
        )
    if rate:
        return rate
    for i, name in enumerate(header):
        factor = 1.0 if name.lower() in _TIME_S else 1e-3 if name.lower() in _TIME_MS else None
        if factor is None or len(table) < 2:
            continue
        steps = np.diff(table[:, i]) * factor
        if (steps > 0).all() and np.ptp(steps) < 0.5 * steps.mean():
            return round(float(1.0 / steps.mean()), 3)
        raise FormatError("time does not run evenly", where=f"{path}: column {name}", expected="equal steps")
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
