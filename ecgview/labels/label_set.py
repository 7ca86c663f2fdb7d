"""Label sets: versioned lists of statements, kept in CSV files that a user can edit.

A file begins with lines `# key: value` (id, version, title, source, licence, note), then a table with
the columns of `Statement`; `code` and `english` are required. The user's own files, in
`user_folder()`, come before the shipped ones of the same id.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path

import platformdirs

from ecgview import plugins, resources
from ecgview.errors import FormatError

DEFAULT = "ptbxl71"
FREE_TEXT = (
    "free-text"  # stands for the label set of a statement in a reader's own words: its code is the words
)
_REQUIRED_KEYS = ("id", "version", "title", "source", "licence")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that can be said of an ECG."""

    code: str
    english: str
    chinese: str = ""
    pinyin: str = ""  # initials of the Chinese term, lower case: xfcd for 心房颤动
    group: str = ""  # heading under which the statement is listed
    superclass: str = ""
    subclass: str = ""
    snomed_ct: str = ""  # concept id; several that the source scores as one are joined by "|"
    synonyms: str = ""  # what readers type for it besides what `terms` knows, joined by "|"


_COLUMNS = tuple(item.name for item in fields(Statement))


@dataclass(frozen=True, slots=True)
class LabelSet:
    """A versioned list of statements; the order is that of the file."""

    id: str
    version: str
    title: str
    source: str
    licence: str
    note: str
    statements: tuple[Statement, ...]
    _by_code: dict[str, Statement] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_code.update((statement.code, statement) for statement in self.statements)

    def get(self, code: str) -> Statement | None:
        """Return the statement of a code, or None if this set does not have it."""
        return self._by_code.get(code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __len__(self) -> int:
        return len(self.statements)


def user_folder() -> Path:
    """Return the folder whose label files come before the shipped ones (it need not exist)."""
    return Path(platformdirs.user_config_dir("ecgview", appauthor=False)) / "labels"


def available() -> tuple[str, ...]:
    """Return the ids of every label set, the shipped ones first; a wrong file of the user's is in `plugins.faults`."""
    return tuple(dict.fromkeys([*_shipped(resources.path("labels")), *_own()]))


@lru_cache(maxsize=4)
def _shipped(folder: Path) -> tuple[str, ...]:
    """Return the ids of the shipped sets, which stay as long as the program runs: every answer asks for one."""
    return tuple(path.stem for path in sorted(folder.glob("*.csv")))


def load(set_id: str = DEFAULT) -> LabelSet:
    """Return a label set by its id, the user's own file before the shipped one.

    Raises:
        FormatError: there is no such set, or its file is wrong; names file, line and column.
    """
    own = _own().get(set_id)
    if own is not None:
        return own
    if set_id not in _shipped(resources.path("labels")):
        wrong = next((path for path in user_folder().glob("*.csv") if path.stem == set_id), None)
        if wrong is not None:
            return read(wrong)  # says what is wrong
        raise FormatError("there is no such label set", expected=", ".join(available()), found=set_id)
    return _read_if_new(resources.path("labels") / f"{set_id}.csv")


def name_of(set_id: str, code: str) -> str:
    """Return the English words of a code; the code itself where its set, or the code in it, is not known here."""
    known = load(set_id).get(code) if set_id in available() else None
    return known.english if known is not None else code


def read(path: Path) -> LabelSet:
    """Return the label set of one file; its id must be the file's name.

    Raises:
        FormatError: names file, line and column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets write a byte order mark
    except OSError as error:
        raise FormatError("the label file cannot be read", where=str(path), found=error.strerror) from None
    except UnicodeDecodeError as error:
        raise FormatError(
            "the label file is not UTF-8", where=str(path), expected="UTF-8", found=f"byte {error.start}"
        ) from None
    header, rows = _split(path, text)
    for key in _REQUIRED_KEYS:
        if not header.get(key):
            raise FormatError("the header lacks a line", where=str(path), expected=f"# {key}: ...")
    if header["id"] != path.stem:
        raise FormatError(
            "the id must be the file's name", where=f"{path}, id", expected=path.stem, found=header["id"]
        )
    if header["id"] == FREE_TEXT:
        raise FormatError("the id stands for a reader's own words", where=f"{path}, id", found=FREE_TEXT)
    statements = tuple(_statements(path, rows))
    if not statements:
        raise FormatError("the label file holds no statement", where=str(path))
    known = {key: header[key] for key in _REQUIRED_KEYS}
    return LabelSet(**known, note=header.get("note", ""), statements=statements)


def _own() -> dict[str, LabelSet]:
    """Return the user's own sets by id, without the files that are wrong."""
    found = {}
    for path in sorted(user_folder().glob("*.csv")):
        try:
            found[path.stem] = _read_if_new(path)
        except FormatError as error:
            plugins.leave_out(f"label set {path.stem}", error.where or str(path), error.sentence)
    return found


def _read_if_new(path: Path) -> LabelSet:
    try:
        modified_ns = path.stat().st_mtime_ns
    except OSError:
        modified_ns = 0  # reading it says why
    return _read_cached(path, modified_ns)


@lru_cache(maxsize=64)
def _read_cached(path: Path, _modified_ns: int) -> LabelSet:
    return read(path)


_Row = tuple[int, list[str]]  # line number in the file, cells


def _split(path: Path, text: str) -> tuple[dict[str, str], list[_Row]]:
    """Return the `# key: value` lines and the rows of the table (its head first)."""
    header: dict[str, str] = {}
    rows: list[_Row] = []
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not rows and cells[0].startswith("#"):
                line = ",".join(cells).lstrip("# ").rstrip(", ")  # a spreadsheet splits it at its commas
                key, _, value = line.partition(":")
                header[key.strip().lower()] = value.strip()
            else:
                rows.append((reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise FormatError(f"not a CSV table: {error}", where=f"{path}, line {reader.line_num}") from None
    return header, rows


def _statements(path: Path, rows: list[_Row]) -> Iterator[Statement]:
    if not rows:
        return
    line, columns = rows[0]
    for column in columns:
        if column not in _COLUMNS:
            raise FormatError(
                "unknown column",
                where=f"{path}, line {line}",
                expected=", ".join(_COLUMNS),
                found=repr(column),
            )
    for column in ("code", "english"):
        if columns.count(column) != 1:
            raise FormatError(f"the table needs one column {column}", where=f"{path}, line {line}")
    first_line: dict[str, int] = {}
    for line, cells in rows[1:]:
        if len(cells) != len(columns):
            raise FormatError(
                "wrong number of cells",
                where=f"{path}, line {line}",
                expected=str(len(columns)),
                found=str(len(cells)),
            )
        values = dict(zip(columns, cells, strict=True))
        _check_row(f"{path}, line {line}", values)
        if values["code"] in first_line:
            raise FormatError(
                f"the code occurs already in line {first_line[values['code']]}",
                where=f"{path}, line {line}, column code",
                found=values["code"],
            )
        first_line[values["code"]] = line
        yield Statement(**values)


def _check_row(where: str, values: dict[str, str]) -> None:
    for column in ("code", "english"):
        if not values[column]:
            raise FormatError("the cell is empty", where=f"{where}, column {column}")
    pinyin = values.get("pinyin", "")
    if pinyin and not (pinyin.isascii() and pinyin.isalnum() and pinyin == pinyin.lower()):
        raise FormatError(
            "not initials",
            where=f"{where}, column pinyin",
            expected="lower-case letters and digits",
            found=pinyin,
        )
    for concept in filter(None, values.get("snomed_ct", "").split("|")):
        if not (concept.isdigit() and is_snomed_ct(concept)):
            raise FormatError(
                "not a SNOMED CT identifier",
                where=f"{where}, column snomed_ct",
                expected="digits with a valid check digit",
                found=concept,
            )


def is_snomed_ct(concept: str) -> bool:
    """Return whether the digits carry a valid check digit (Verhoeff, as SNOMED CT identifiers do)."""
    check = 0
    for position, digit in enumerate(reversed(concept)):
        check = _dihedral(check, _permuted(int(digit), position % 8))
    return check == 0


def _dihedral(a: int, b: int) -> int:
    """Multiply in the dihedral group of order ten: 0-4 rotations, 5-9 reflections."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def _permuted(digit: int, times: int) -> int:
    for _ in range(times):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit
