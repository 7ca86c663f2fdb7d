"""A folder of ECG files of any format that ecgview reads, with a table of labels.

The table is a CSV file in the folder with the columns

* `path`: the file, relative to the table's folder;
* `patient_id`: who it is, in any words; recordings of one patient must share it;
* either `labels`, separated by `;` (an empty cell: none of the labels), or one column per label with 0 or 1;
* optional: `split` (train, validation, test) or `fold` (1, 2, ...), `age` in years, `sex` (male, female).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.record import EcgRecord
from ecgview.training.data import table, tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Problem, Tell, fitting_tasks, problem_of_file, read_or_tell
from ecgview.training.data.tasks import Task

NAME = "folder + CSV"
TASK = "labels"
KNOWN = ("path", "patient_id", "labels", "split", "fold", "age", "sex")
SPLITS: Mapping[str, int] = {"train": 1, "validation": 8, "test": 9}  # folds that ecgview splits in this way
_ALSO: Mapping[str, str] = {"training": "train", "val": "validation", "valid": "validation"}


def sniff(path: Path) -> bool:
    """Return whether this is such a table, or a folder with one."""
    return bool(_tables(path))


def open(path: Path) -> "FolderCsv":
    """Return the data set of a table or of the folder that holds it, after reading the table once.

    Raises:
        FormatError: the table is wrong; names file, line and column.
    """
    tables = _tables(path)
    if len(tables) != 1:
        raise FormatError(
            "the folder needs one table with a column path; name the file",
            where=str(path),
            found=", ".join(item.name for item in tables) or "none",
        )
    next(table.lines(tables[0], ("path", "patient_id")), None)  # the head first
    columns = table.columns(tables[0])
    own = tuple(name for name in columns if name not in KNOWN)
    for one, other in (("labels", own[0] if own else ""), ("split", "fold")):
        if one in columns and other in (*own, "fold") and other in columns:
            raise FormatError(f"a column {one} and a column {other}; keep one of them", where=str(tables[0]))
    codes: dict[str, None] = dict.fromkeys(own)
    seen: dict[str, int] = {}
    for line in table.lines(tables[0], ("path", "patient_id")):
        row = _row(line, own)
        codes.update(dict.fromkeys(row.codes))
        if seen.setdefault(row.record_id, line.line) != line.line:
            raise line.wrong(
                "path", f"the file stands in line {seen[row.record_id]} already", "each file once"
            )
    return FolderCsv(path, tables[0], own, tuple(codes))


@dataclass(frozen=True, slots=True)
class FolderCsv:
    """A checked table: `columns` are those that are labels, `codes` every label that occurs."""

    path: Path
    file: Path
    columns: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The layout."""
        return NAME

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The labels as they are, then every published task that they speak of."""
        own = tasks.of_codes(TASK, self.codes if self.columns else sorted(self.codes))
        return (own, *fitting_tasks(self.codes)) if self.codes else ()

    @property
    def fold_names(self) -> Mapping[int, str]:
        """The names of the splits where the table has such a column."""
        return {fold: name for name, fold in SPLITS.items()} if self._has_split else {}

    def rows(self) -> Iterator[Row]:
        """Yield the lines whose file is here."""
        for line in self._lines():
            if table.inside(line, "path").exists():
                yield _row(line, self.columns)

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        """Yield the recordings in the order of the table."""
        for line in self._lines():
            path = table.inside(line, "path")
            if not path.exists() and tell is None:
                raise line.wrong("path", "the file is not there", str(path))
            record = read_or_tell(path, tell)
            if record is not None:
                yield _row(line, self.columns), record

    def problems(self) -> Iterator[Problem]:
        """Yield files that are missing or whose head cannot be read."""
        for line in self._lines():
            if found := problem_of_file(table.inside(line, "path"), line.where("path")):
                yield found

    def facts(self) -> Mapping[str, str | int]:
        """Return which table is meant, and how many lines it has."""
        return {"table": self.file.name, "lines of the table": sum(1 for _ in self._lines())}

    @property
    def _has_split(self) -> bool:
        return "split" in table.columns(self.file)

    def _lines(self) -> Iterator[table.Line]:
        return table.lines(self.file, ("path", "patient_id"))


def _tables(path: Path) -> list[Path]:
    """Return the table meant, or those in a folder; a file that is no table is none of them."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".csv" else []
    found = []
    for candidate in sorted(path.glob("*.csv")):
        try:
            if "path" in table.columns(candidate):
                found.append(candidate)
        except FormatError:
            continue
    return found


def _row(line: table.Line, columns: tuple[str, ...]) -> Row:
    if not line["patient_id"]:
        raise line.wrong("patient_id", "the cell is empty", "who was recorded, so that no patient is split")
    table.inside(line, "path")
    if columns:
        codes = tuple(name for name in columns if _is_set(line, name))
    else:
        named = (word.strip() for word in line.cells.get("labels", "").split(";"))
        codes = tuple(sorted({word for word in named if word}))
    return Row(
        source=line.path.parent.name,
        record_id=line["path"],
        patient_id=f"{line.path.parent.name}-{line['patient_id']}",  # two folders may both have a patient 1
        fold=_fold(line),
        codes=codes,
        age_years=line.number("age"),
        sex=table.sex_of(line.cells.get("sex", "")),
    )


def _is_set(line: table.Line, column: str) -> bool:
    if line[column] not in ("0", "1", "0.0", "1.0"):
        raise line.wrong(column, "a column that is not known is a label, and a label is 0 or 1", "0 or 1")
    return line[column].startswith("1")


def _fold(line: table.Line) -> int:
    """Return the fold; 0 where the line has none."""
    if word := line.cells.get("split", "").lower():
        fold = SPLITS.get(_ALSO.get(word, word))
        if fold is None:
            raise line.wrong("split", "not a split", ", ".join(SPLITS))
        return fold
    if not line.cells.get("fold"):
        return 0
    fold = line.whole("fold")
    if fold < 1:
        raise line.wrong("fold", "not a fold", "1, 2, ...")
    return fold
