"""Cells of tables that people open in a spreadsheet, which takes a text that begins like a formula for one and runs it.

What a file or a user wrote may begin so: a name, an identifier, a path, a lead, a label. Such a text gets an apostrophe
before it, as spreadsheets themselves mark a text; numbers stay numbers.
Where a spreadsheet parts cells by semicolons or tabs, what follows one in a text begins a cell, too, and is marked.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARK = "'"
# What follows a semicolon or a tab within a text; quotes may stand there already, it is marked all the same.
_PARTED = re.compile(r"""([;\t][\s"]*)([=+\-@＝＋－＠])""")
_MARKED = re.compile(r"""([;\t][\s"]*)'([=+\-@＝＋－＠])""")


def cell(value: Any) -> Any:
    """Return a value as it may stand in a cell; numbers, and texts that are numbers, are as they were."""
    if not isinstance(value, str):
        return value
    value = _PARTED.sub(rf"\1{_MARK}\2", value)
    text = value.lstrip(' "\u00a0\ufeff')
    if not text.startswith(_BEGINS) or (value.startswith(("\t", "\r", "\n")) and not text.strip()):
        return value
    return value if _is_number(text) else _MARK + value


def plain(text: str) -> str:
    """Return the text of a cell that `cell` marked."""
    unmarked = _MARKED.sub(r"\1\2", text)
    if unmarked.startswith(_MARK) and cell(unmarked[1:]) == text:
        return unmarked[1:]
    return unmarked if cell(unmarked) == text else text


def line(values: Iterable[Any], delimiter: str = "\t") -> str:
    """Return a line of cells for the clipboard: no text makes a cell or a line of its own."""
    return delimiter.join(str(cell(" ".join(str(value).split()))) for value in values)


class Writer:
    """The csv module's writers, whose cells are such ones; its names are theirs."""

    def __init__(self, file: IO[str], columns: Sequence[str] = (), lineterminator: str = "\r\n") -> None:
        self._columns = columns
        self._rows = csv.writer(file, lineterminator=lineterminator)

    def writeheader(self) -> None:
        """Write the names of the columns."""
        self.writerow(self._columns)

    def writerow(self, values: Iterable[Any] | Mapping[str, Any]) -> None:
        """Write one row: cells in order, or by column, where "" stands for one that is missing.

        Raises:
            ValueError: a mapping has a column that the table has not.
        """
        if isinstance(values, Mapping):
            if unknown := [name for name in values if name not in self._columns]:
                raise ValueError(f"no such columns: {unknown}")
            values = [values.get(name, "") for name in self._columns]
        self._rows.writerow([cell(value) for value in values])

    def writerows(self, rows: Iterable[Iterable[Any] | Mapping[str, Any]]) -> None:
        """Write rows."""
        for one in rows:
            self.writerow(one)


def _is_number(text: str) -> bool:
    try:
        float(text.replace("−", "-").replace(",", ".", 1))
    except ValueError:
        return False
    return text.isascii()
