"""PTB-XL as published: `ptbxl_database.csv`, `scp_statements.csv`, `records100/` and `records500/`.

Losslessly packed `part*.npz` files (500 Hz, the eight independent leads) may stand beside the records or in their
place. Codes are SCP-ECG statements whatever their likelihood; folds are those of the publication, by patient.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.leads import STANDARD_12, derive_limb
from ecgview.record import EcgRecord, Source
from ecgview.training.data import table, tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Problem, Tell, problem_of_file, read_or_tell
from ecgview.training.data.tasks import Task

NAME = "PTB-XL"
TABLE = "ptbxl_database.csv"
STATEMENTS = "scp_statements.csv"
TASKS = ("all71", "diag44", "sub23", "super5", "form19", "rhythm12")
FILE_COLUMN = {100: "filename_lr", 500: "filename_hr"}
PACKED_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
_NEEDED = ("ecg_id", "patient_id", "age", "sex", "scp_codes", "strat_fold")
OLDER_THAN_89 = 90.0  # years; the table says 300 there so that nobody is recognised


def sniff(path: Path) -> bool:
    """Return whether this is a folder of PTB-XL."""
    return (path / TABLE).is_file()


def open(path: Path, rate_hz: int | None = None) -> "PtbXl":
    """Return the data set of a folder at 100 or 500 Hz; where none is asked for, 500 if there is any of it."""
    if rate_hz is None:
        rate_hz = 500 if (path / "records500").is_dir() or any(path.glob("part*.npz")) else 100
    if rate_hz not in FILE_COLUMN:
        raise FormatError(
            "PTB-XL has no such rate", where=str(path), expected="100 or 500", found=str(rate_hz)
        )
    return PtbXl(path, rate_hz)


@dataclass(frozen=True, slots=True)
class PtbXl:
    """One folder at one rate."""

    path: Path
    rate_hz: int = 500

    @property
    def name(self) -> str:
        """The layout."""
        return NAME

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The six tasks of the published benchmark."""
        return tuple(tasks.get(name) for name in TASKS)

    @property
    def fold_names(self) -> Mapping[int, str]:
        """Folds have numbers only."""
        return {}

    def rows(self) -> Iterator[Row]:
        """Yield the lines of the table whose recording is here, in its order."""
        packed = self._packed_ids()
        for line in self._lines():
            row = self._row(line)  # a wrong line is told whether its recording is here or not
            if line.whole("ecg_id") in packed or self._has_file(line):
                yield row

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        """Yield what is packed, then what lies in files; a recording in both is read from the pack."""
        packed = self._packed_ids()
        if packed:
            of_id = {line.whole("ecg_id"): self._row(line) for line in self._lines()}
            for part in self._parts():
                for ecg_id, record in _unpack(part):
                    if ecg_id not in of_id:
                        raise FormatError(
                            "a packed recording is not in the table",
                            where=str(part),
                            found=f"ecg_id {ecg_id}",
                        )
                    yield of_id[ecg_id], record
        for line in self._lines():
            if line.whole("ecg_id") not in packed and self._has_file(line):
                record_or_none = read_or_tell(self._header(line), tell)
                if record_or_none is not None:
                    yield self._row(line), record_or_none

    def problems(self) -> Iterator[Problem]:
        """Yield recordings of the table that are not here, headers that cannot be read, statements unknown."""
        statements = self.path / STATEMENTS
        known = {line[""] for line in table.lines(statements, ("",))} if statements.is_file() else None
        if known is None:
            yield Problem("missing-file", str(statements), f"{STATEMENTS} is not there")
        packed = self._packed_ids()
        for line in self._lines():
            for code in self._row(line).codes:
                if known is not None and code not in known:
                    yield Problem("unknown-code", line.where("scp_codes"), f"{code} is not in {STATEMENTS}")
            if line.whole("ecg_id") in packed:
                continue
            if found := problem_of_file(self._header(line), line.where(FILE_COLUMN[self.rate_hz])):
                yield found

    def facts(self) -> Mapping[str, str | int]:
        """Return how many recordings the table lists and how many are here, by rate."""
        counts = dict.fromkeys(FILE_COLUMN, 0)
        listed = 0
        for line in self._lines():
            listed += 1
            for rate in FILE_COLUMN:
                counts[rate] += _header(line, rate).exists()
        facts: dict[str, str | int] = {"rate used, Hz": self.rate_hz, "lines of the table": listed}
        facts |= {f"files at {rate} Hz": count for rate, count in counts.items()}
        packed = sum(len(_ids(part)) for part in sorted(self.path.glob("part*.npz")))
        return facts | ({"packed at 500 Hz": packed} if packed else {})

    def _lines(self) -> Iterator[table.Line]:
        return table.lines(self.path / TABLE, _NEEDED)

    def _row(self, line: table.Line) -> Row:
        return _row(line, float(self.rate_hz))

    def _header(self, line: table.Line) -> Path:
        return _header(line, self.rate_hz)

    def _has_file(self, line: table.Line) -> bool:
        return self._header(line).exists()

    def _parts(self) -> list[Path]:
        return sorted(self.path.glob("part*.npz")) if self.rate_hz == 500 else []

    def _packed_ids(self) -> frozenset[int]:
        return frozenset(int(ecg_id) for part in self._parts() for ecg_id in _ids(part))


def recorded_with(path: Path) -> dict[str, tuple[str, str]]:
    """Return the device and the site of each record of a table, by its id; "" where the table says none."""
    return {
        line["ecg_id"]: (_one_name(line.cells.get("device", "")), _one_name(line.cells.get("site", "")))
        for line in table.lines(path / TABLE, ("ecg_id",))
    }


def _one_name(cell: str) -> str:
    """Return a device or site as one name: the table pads them with spaces, and writes sites as 2.0."""
    return " ".join(cell.split()).removesuffix(".0")


def _header(line: table.Line, rate_hz: int) -> Path:
    """Return the header's path; where a table gives the other rate alone, the name follows from it."""
    column = FILE_COLUMN[rate_hz]
    if line.cells.get(column):
        return Path(f"{table.inside(line, column)}.hea")
    other = FILE_COLUMN[600 - rate_hz]
    if not line.cells.get(other):
        raise FormatError("names no file", where=line.where(), expected=" or ".join(FILE_COLUMN.values()))
    table.inside(line, other)
    swap = {100: ("records500", "records100", "_hr"), 500: ("records100", "records500", "_lr")}[rate_hz]
    name = line[other].replace(swap[0], swap[1], 1).removesuffix(swap[2])
    return line.path.parent / f"{name}{'_lr' if rate_hz == 100 else '_hr'}.hea"


def _row(line: table.Line, rate_hz: float) -> Row:
    age = line.number("age")
    return Row(
        source="ptbxl",
        record_id=line["ecg_id"],
        patient_id=f"ptbxl-{line.whole('patient_id')}",
        fold=line.whole("strat_fold"),
        codes=_codes(line),
        age_years=age if age is None or age <= 89 else OLDER_THAN_89,
        sex={"0": "male", "1": "female"}.get(line["sex"], ""),
        rate_hz=rate_hz,
    )


def _codes(line: table.Line) -> tuple[str, ...]:
    try:
        codes = ast.literal_eval(line["scp_codes"])  # literals only, nothing is run
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        codes = None
    if not isinstance(codes, dict) or not all(isinstance(code, str) for code in codes):
        raise line.wrong("scp_codes", "not a list of statements", "{'NORM': 100.0, ...}")
    return tuple(sorted(codes))


def _ids(part: Path) -> NDArray[np.int64]:
    with _stored(part) as stored:
        return np.asarray(stored["ecg_id"], dtype=np.int64)


def _stored(part: Path) -> "np.lib.npyio.NpzFile":
    try:
        stored = np.load(part, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise FormatError(f"the pack cannot be read ({error})", where=str(part)) from None
    missing = {"ecg_id", "low", "high"} - set(getattr(stored, "files", ()))
    if missing:
        raise FormatError("the pack lacks an array", where=str(part), expected=", ".join(sorted(missing)))
    return stored  # type: ignore[no-any-return]


def unpacked(low: NDArray[np.uint8], high: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the counts whose zig-zagged first differences along time have these low and high bytes."""
    zigzag = low.astype(np.uint16) | (high.astype(np.uint16) << 8)
    step = ((zigzag >> 1) ^ (-(zigzag & 1).astype(np.int32)).astype(np.uint16)).astype(np.int16)
    return np.cumsum(step, axis=-1, dtype=np.int16)


def _unpack(part: Path) -> Iterator[tuple[int, EcgRecord]]:
    """Yield (ecg_id, record) of one packed file: zig-zagged first differences, 1 uV per step."""
    with _stored(part) as stored:
        ids, low, high = stored["ecg_id"], stored["low"], stored["high"]
    for ecg_id, low_bytes, high_bytes in zip(ids, low, high, strict=True):
        microvolts = unpacked(low_bytes, high_bytes)
        lead = {name: (microvolts[i] / 1000.0).astype(np.float32) for i, name in enumerate(PACKED_LEADS)}
        lead |= derive_limb(lead)
        signal = np.stack([lead[name] for name in STANDARD_12])
        yield int(ecg_id), EcgRecord(signal, STANDARD_12, 500.0, source=Source(f"{part}#{ecg_id}", "packed"))
