"""Records of several sets in one folder: `records.csv` beside packed `*.npz` files, at the rates of their sources.

A file holds the arrays `name`, `fs` (Hz), `n` (samples), `gain` (counts per mV) and `base` (counts), (N,) each, and
`low` and `high`, (8, sum of n): the bytes of the zig-zagged first differences of leads I, II, V1-V6, records one after
another.
The table has a line per record. No patient is named, so that each recording stands for one.
"""

import math
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.leads import STANDARD_12, derive_limb
from ecgview.record import EcgRecord, Source
from ecgview.training.data import table, tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import cinc, ptbxl
from ecgview.training.data.sources.source import Problem, Tell
from ecgview.training.data.tasks import Task

NAME = "packed sets"
TABLE = "records.csv"
PTBXL = "ptbxl"
SETS: Mapping[str, str] = {  # as the table calls a set -> as rows of the same source are called elsewhere
    "PTB-XL": PTBXL,
    "CPSC-Extra": "cpsc_2018_extra",
    "CPSC2018": "cpsc_2018",
    "Chapman-Ningbo": "chapman_shaoxing_ningbo",
    "Georgia": "georgia",
    "PTB": "ptb",
    "CinC2025": "cinc_2025",
}
UNLABELLED = frozenset({"cinc_2025"})  # whether somebody has Chagas disease is no statement on an ECG
NOBODY = "record-"  # before the number of a PTB-XL record whose patient the table does not name
TWINS = frozenset({("ptb", "S0001")})  # the PTB record s0010_re, which is a file for reading tests
_NEEDED = ("file", "name", "set", "fs", "n", "labels", "age", "sex", "strat_fold")
_HEADS = ("name", "fs", "n", "gain", "base")
_BYTES = ("low", "high")
_MOST_SAMPLES = 50_000_000  # of a lead in one file, which is in memory as a whole: 800 MB
_MOST_OF_HEAD = 64_000_000  # bytes


def sniff(path: Path) -> bool:
    """Return whether this is a folder with such a table."""
    if not (path / TABLE).is_file():
        return False
    try:
        return set(_NEEDED) <= set(table.columns(path / TABLE))
    except FormatError:
        return False


def open(path: Path, only: Callable[[str], bool] = lambda source: True) -> "Packed":
    """Return the data set of a folder: all of it, or the sources that `only` takes by their rows' names."""
    return Packed(path, only)


@dataclass(frozen=True, slots=True)
class Packed:
    """One folder; of its signals one file is in memory at a time."""

    path: Path
    only: Callable[[str], bool]

    @property
    def name(self) -> str:
        """The layout."""
        return NAME

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The benchmark of PTB-XL, and the challenge's classes."""
        return tuple(tasks.get(name) for name in (*ptbxl.TASKS, "cinc26"))

    @property
    def fold_names(self) -> Mapping[int, str]:
        """Folds have numbers only; other sets than PTB-XL have none."""
        return {}

    def rows(self) -> Iterator[Row]:
        """Yield the lines of the table whose file is here, in its order; twins of records elsewhere are left out."""
        for line, row in self._lines():
            if table.inside(line, "file").is_file():
                yield row

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        """Yield them with their signals, twelve leads in mV at the source's own rate.

        Raises:
            FormatError: a file is damaged or is at odds with the table (file, array or line, what was expected).
        """
        for part, lines in groupby(self._lines(), lambda pair: table.inside(pair[0], "file")):
            if not part.is_file():
                continue
            try:
                yield from _unpack(part, list(lines))
            except FormatError as error:
                if tell is None:
                    raise
                tell(error)

    def problems(self) -> Iterator[Problem]:
        """Yield files that are not here or whose heads are damaged, and lines that are at odds with them."""
        for part, lines in groupby(self._lines(), lambda pair: table.inside(pair[0], "file")):
            if not part.is_file():
                yield Problem("missing-file", str(part), f"{part} is not there")
                continue
            try:
                heads = _heads(part)
                for line, _ in lines:
                    heads.place(line)
            except FormatError as error:
                yield Problem("unreadable", str(part), str(error))

    def facts(self) -> Mapping[str, str | int]:
        """Return how many recordings each set gave at which rate."""
        return dict(Counter(f"{row.source} at {row.rate_hz:g} Hz" for row in self.rows()))

    def _lines(self) -> Iterator[tuple[table.Line, Row]]:
        for line in table.lines(self.path / TABLE, _NEEDED):
            row = _row(line)  # a wrong line is told whether it is asked for or not
            if self.only(row.source) and (row.source, row.record_id) not in TWINS:
                yield line, row


def names_patient(row: Row) -> bool:
    """Return whether a row says who was recorded; a packed PTB-XL record may be of a patient who stands elsewhere."""
    return not row.patient_id.startswith(f"{PTBXL}-{NOBODY}")


def _row(line: table.Line) -> Row:
    table.inside(line, "file")
    source = SETS.get(line["set"])
    if source is None:
        raise line.wrong("set", "not a known set", ", ".join(SETS))
    if not line["name"]:
        raise line.wrong("name", "the cell is empty", "the record's name")
    rate = line.number("fs")
    if rate is None or rate <= 0:
        raise line.wrong("fs", "not a sampling rate", "a number above 0, in Hz")
    if line.whole("n") <= 0:
        raise line.wrong("n", "not a number of samples", "a whole number above 0")
    name, fold = line["name"], 0
    if source == PTBXL:
        if not name.isdecimal():
            raise line.wrong("name", "not a record of PTB-XL", "its ecg_id, such as 00501")
        name, fold = str(int(name)), line.whole("strat_fold")
        if not 1 <= fold <= 10:
            raise line.wrong("strat_fold", "not a fold", "1 to 10")
    return Row(
        source=source,
        record_id=name,
        patient_id=f"{source}-{NOBODY if source == PTBXL else ''}{name}",  # a number alone would be a patient's
        fold=fold,
        codes=_codes(line, source),
        age_years=_age(line, source),
        sex=table.sex_of(line["sex"]),
        rate_hz=rate,
    )


def _codes(line: table.Line, source: str) -> tuple[str, ...]:
    if source in UNLABELLED:
        return ()
    named = line["labels"].split() if source == PTBXL else line["labels"].split(",")
    words = (word.strip() for word in named)
    return tuple(sorted({cinc.CPSC_WORDS.get(w, w) if source != PTBXL else w for w in words if w}))


def _age(line: table.Line, source: str) -> float | None:
    if line["age"].lower() in ("", "nan", "unknown"):
        return None
    age = line.number("age")
    if age is None or age < 0:
        raise line.wrong("age", "not an age", "years, or nothing")
    if source == PTBXL and age > 89:
        return ptbxl.OLDER_THAN_89
    return age if age <= 125 else None


@dataclass(frozen=True, slots=True, eq=False)
class _Heads:
    """What a file says of its records, (N,) each, and where each begins."""

    path: Path
    at: Mapping[str, int]
    fs: NDArray[np.float64]
    n: NDArray[np.int64]
    gain: NDArray[np.float64]
    base: NDArray[np.float64]

    @property
    def ends(self) -> NDArray[np.int64]:
        """The sample after each record's last."""
        return np.cumsum(self.n)

    def place(self, line: table.Line) -> int:
        """Return which record a line of the table means; FormatError where the two are at odds."""
        if line["name"] not in self.at:
            raise line.wrong("name", f"no record of {self.path.name} has this name", "one of its names")
        i = self.at[line["name"]]
        if line.whole("n") != self.n[i]:
            raise line.wrong("n", f"not the length in {self.path.name}", str(self.n[i]))
        if not math.isclose(line.number("fs") or 0.0, self.fs[i], rel_tol=1e-6):
            raise line.wrong("fs", f"not the rate in {self.path.name}", f"{self.fs[i]:g}")
        return i


def _heads(part: Path) -> _Heads:
    """Return the heads of a packed file, after looking at the sizes of all its arrays; no signal is read."""
    with _opened(part) as (stored, sizes):
        _check_size(part, sizes, _HEADS, _MOST_OF_HEAD)
        found = {name: stored[name] for name in _HEADS}
    count = found["name"].shape
    if len(count) != 1 or found["name"].dtype.kind != "U":
        raise _wrong(part, "name", "(N,) text", found["name"])
    for name in _HEADS[1:]:
        if found[name].shape != count or found[name].dtype.kind not in "iuf":
            raise _wrong(part, name, f"{count} numbers", found[name])
        if not np.isfinite(found[name]).all():
            raise FormatError(
                "a number is not finite", where=f"{part}, array {name}", expected="finite numbers"
            )
    if found["n"].dtype.kind == "f" or (found["n"] <= 0).any():
        raise FormatError("a length is no whole number above 0", where=f"{part}, array n")
    for name in ("fs", "gain"):
        if (found[name] <= 0).any():
            raise FormatError("a number is not above 0", where=f"{part}, array {name}", expected="above 0")
    total = sum(int(n) for n in found["n"])
    if total > _MOST_SAMPLES:
        raise FormatError(
            "more samples than one file may hold",
            where=f"{part}, array n",
            expected=f"{_MOST_SAMPLES} at most",
            found=str(total),
        )
    at = {str(name): i for i, name in enumerate(found["name"])}
    if len(at) != count[0]:
        raise FormatError("a name stands twice", where=f"{part}, array name", expected="each name once")
    wide = {name: found[name].astype(np.float64) for name in ("fs", "gain", "base")}
    return _Heads(part, at, n=found["n"].astype(np.int64), **wide)


def _unpack(part: Path, lines: list[tuple[table.Line, Row]]) -> Iterator[tuple[Row, EcgRecord]]:
    heads = _heads(part)
    total = int(heads.n.sum())
    with _opened(part) as (stored, sizes):
        _check_size(part, sizes, _BYTES, 8 * total + 4096)
        low, high = (stored[name] for name in _BYTES)
    for name, array in zip(_BYTES, (low, high), strict=True):
        if array.shape != (8, total) or array.dtype != np.uint8:
            raise _wrong(part, name, f"(8, {total}) bytes, as the lengths add up", array)
    for line, row in lines:
        i = heads.place(line)
        own = slice(int(heads.ends[i] - heads.n[i]), int(heads.ends[i]))
        counts = ptbxl.unpacked(low[:, own], high[:, own])
        millivolts = ((counts - heads.base[i]) / heads.gain[i]).astype(np.float32)
        lead = dict(zip(ptbxl.PACKED_LEADS, millivolts, strict=True))
        lead |= derive_limb(lead)
        signal = np.stack([lead[name] for name in STANDARD_12])
        source = Source(f"{part}#{line['name']}", "packed")
        yield row, EcgRecord(signal, STANDARD_12, float(heads.fs[i]), source=source)


@contextmanager
def _opened(part: Path) -> Iterator[tuple["np.lib.npyio.NpzFile", Mapping[str, int]]]:
    """Give the arrays of a file and their sizes in bytes when unpacked; whatever is wrong with it is a FormatError."""
    try:
        with zipfile.ZipFile(part) as archive:
            sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
        with np.load(part, allow_pickle=False) as stored:
            missing = {*_HEADS, *_BYTES} - set(stored.files)
            if missing:
                raise FormatError(
                    "the file lacks an array", where=str(part), expected=", ".join(sorted(missing))
                )
            yield stored, sizes
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise FormatError(
            f"the packed file cannot be read ({error})",
            where=str(part),
            expected="an .npz file without objects",
        ) from None


def _check_size(part: Path, sizes: Mapping[str, int], names: tuple[str, ...], most: int) -> None:
    """Raise FormatError before an array is unpacked that is far larger than what it should hold."""
    for name in names:
        if sizes.get(name, 0) > most:
            raise FormatError(
                "the array is larger than the records it is of",
                where=f"{part}, array {name}",
                expected=f"{most} bytes at most",
                found=str(sizes[name]),
            )


def _wrong(part: Path, name: str, expected: str, found: NDArray[np.generic]) -> FormatError:
    return FormatError(
        "the array does not fit",
        where=f"{part}, array {name}",
        expected=expected,
        found=f"{found.shape} {found.dtype}",
    )
