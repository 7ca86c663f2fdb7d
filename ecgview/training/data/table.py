"""Tables of a data set, line by line, with errors that name file, line and column."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgview.errors import FormatError


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: `cells` by column name, stripped."""

    path: Path
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def where(self, column: str = "") -> str:
        """Return the place in words."""
        return f"{self.path}, line {self.line}" + (f", column {column}" if column else "")

    def wrong(self, column: str, message: str, expected: str) -> FormatError:
        """Return the error to raise for one cell."""
        return FormatError(
            message, where=self.where(column), expected=expected, found=repr(self.cells[column])
        )

    def number(self, column: str) -> float | None:
        """Return a number, None where the cell is empty or there is no such column."""
        if not self.cells.get(column):
            return None
        try:
            value = float(self.cells[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.wrong(column, "not a number", "a number or nothing")
        return value

    def whole(self, column: str) -> int:
        """Return a whole number; the cell may not be empty. Spreadsheets write 12.0 for 12."""
        value = self.number(column)
        if value is None or value != int(value):
            raise self.wrong(column, "not a whole number", "a whole number")
        return int(value)


def columns(path: Path) -> list[str]:
    """Return the names in the head of a table, as they stand."""
    head = next(_cells(path), (0, []))[1]
    return [name.strip() for name in head]


def lines(path: Path, needed: Sequence[str]) -> Iterator[Line]:
    """Yield the lines of a table; FormatError names a column that is missing, a line that is cut short."""
    names: list[str] = []
    for number, cells in _cells(path):
        if not names:
            names = [name.strip() for name in cells]
            _check_head(path, names, needed)
            continue
        if not any(cells):
            continue
        if len(cells) != len(names):
            raise FormatError(
                "wrong number of cells",
                where=f"{path}, line {number}",
                expected=str(len(names)),
                found=str(len(cells)),
            )
        yield Line(path, number, {name: cell.strip() for name, cell in zip(names, cells, strict=True)})
    if not names:
        raise FormatError("the table is empty", where=str(path), expected=", ".join(needed))


def inside(line: Line, column: str) -> Path:
    """Return the file that a cell names, relative to the table's folder; FormatError where it leaves the folder."""
    name = Path(line[column])
    if not line[column] or name.is_absolute() or ".." in name.parts:
        raise line.wrong(column, "not a file below the table's folder", "a relative path without ..")
    return line.path.parent / name


def sex_of(text: str) -> str:
    """Return "male", "female" or "" from a word or letter."""
    return {"m": "male", "f": "female"}.get(text[:1].lower(), "")


def _check_head(path: Path, names: list[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in names]
    if missing:
        raise FormatError(
            f"the table has no column {', '.join(missing)}",
            where=str(path),
            expected=", ".join(needed),
            found=", ".join(names)[:200],
        )
    twice = {name for name in names if names.count(name) > 1 and name}
    if twice:
        raise FormatError("a column occurs twice", where=f"{path}, line 1", found=", ".join(sorted(twice)))


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells); spreadsheets begin with a byte order mark."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                yield reader.line_num, cells
    except OSError as error:
        raise FormatError("the table cannot be read", where=str(path), found=error.strerror) from None
    except UnicodeDecodeError as error:
        raise FormatError(
            "the table is not UTF-8", where=str(path), expected="UTF-8", found=f"byte {error.start}"
        ) from None
    except csv.Error as error:
        raise FormatError(f"not a CSV table ({error})", where=f"{path}, line {reader.line_num}") from None
