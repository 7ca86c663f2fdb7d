"""The lines of a table: encoding, comments, what stands above the header, the delimiter."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.kit.table_columns import column, is_unit
from ecgview.formats.kit.text import encoding_of
from ecgview.leads import KNOWN, canonical_name

MOST_COMMENTS = 50_000
MOST_ABOVE = 40  # lines of names and values above the header
_LEADS = KNOWN - {"X", "Y", "Z"}  # those are axes of accelerometers more often
_MARKS = ("#", "%", "//", '"#', "'#", "sep=")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the samples."""

    comments: list[str]  # without their marks; a name and its value above the header count as one
    cells: list[str]  # of the header
    delimiter: str
    line: int  # number of the header's line, from 1
    encoding: str


def is_comment(line: str) -> bool:
    """Return whether a line is a comment: "# ...", "% ...", "// ...", or the "sep=;" of a spreadsheet."""
    return line.startswith(_MARKS)


def read_head(path: Path) -> Head:
    """Return comments, header and delimiter; FormatError where no line may be a header."""
    comments: list[str] = []
    encoding = encoding_of(path)
    with open(path, encoding=encoding, errors="replace", newline=None) as file:
        for number, line in enumerate(file, start=1):
            if is_comment(line):
                comments.append(line.strip().strip("\"'").lstrip("#%/ ").strip())
            elif line.strip():
                lines = [line, *islice(file, MOST_ABOVE)]
                above = _above(lines, path)
                comments += [": ".join(cells) for cells in above]
                delimiter, cells = _cells(lines[len(above)], path)
                return Head(comments, cells, delimiter, number + len(above), encoding)
            if len(comments) > MOST_COMMENTS:
                break
    raise FormatError("no header of lead names", where=f"{path}: line 1", expected="I,II,III,...")


def rows(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[list[str]]:
    """Yield rows of cells; a quote that is never closed, say, ends in an error that names the line."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise FormatError(f"is no table ({error})", where=f"{path}: line {reader.line_num}") from None


def _cells(line: str, path: Path) -> tuple[str, list[str]]:
    delimiter = max("\t;,|", key=line.count)
    return delimiter, [cell.strip() for cell in next(rows([line], delimiter, path))]


def _above(lines: list[str], path: Path) -> list[list[str]]:
    """Return the lines of names and values above a header of leads; [] where the first line is the header."""
    found: list[list[str]] = []
    for line in lines:
        try:
            _, cells = _cells(line, path)
        except (FormatError, StopIteration):
            return []
        told = [cell for cell in cells if cell]
        if _names_leads(told):
            return found
        if len(told) > 2:
            return []
        found.append(told)
    return []


def is_lead(cell: str) -> bool:
    """Return whether a cell of a header names a lead, with a unit or without."""
    found = column(cell)
    return canonical_name(found.name) in _LEADS or found.name.upper() in ("ECG", "EKG")


def _names_leads(cells: list[str]) -> bool:
    """Return whether cells are column names, some of them of leads: "Lead,I" tells a value, "I,II" two names."""
    columns = [column(cell) for cell in cells]
    leads = sum(map(is_lead, cells))
    return leads > 1 or (leads > 0 and any(one.is_time for one in columns) and not is_unit(cells[-1]))
