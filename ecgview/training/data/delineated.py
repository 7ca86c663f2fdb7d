"""Records whose waves experts have marked lead by lead, in the layout of LUDB.

A folder with `ludb.csv` (rhythm, conduction, pacing) and `data/` with a WFDB record and an annotation file per lead.
The experts leave the first and last beats unmarked: what lies outside their marked span is unknown, not empty.
Source: Kalyakulina et al. 2020, IEEE Access 8:186181 (LUDB 1.0.1, ODC-BY).
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord
from ecgview.signal.measure.waves import KINDS, Kind, Wave

TABLE = "ludb.csv"
UNKNOWN = -100  # of a sample: outside the marked span
GROUPS = ("paced", "AF", "blocks", "other")
_SYMBOLS: Mapping[str, Kind] = {"p": "P", "N": "QRS", "t": "T"}
_BLOCKS = ("i degree av", "iii degree av", "complete ", "intravintricular", "sinoatrial")
_HALF_OPEN_S = 0.05  # around a wave with one edge alone, nothing is known


@dataclass(frozen=True, slots=True)
class Mark:
    """One wave as the experts marked it; a missing edge is None."""

    kind: Kind
    onset_s: float | None
    peak_s: float
    offset_s: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """One record with the marks of each of its twelve leads."""

    name: str
    group: str
    record: EcgRecord
    marks: Mapping[str, tuple[Mark, ...]]
    rhythm: str = ""


def read(data: Path) -> list[Marked]:
    """Return the records of LUDB, which lies at a path or one level below, in the order of their numbers.

    Raises:
        FormatError: there is none, or a record or its marks cannot be read.
    """
    tables = sorted([*data.glob(TABLE), *data.glob(f"*/{TABLE}")])
    if not tables:
        raise FormatError("no LUDB here", where=str(data), expected=f"{TABLE} in it or one level below")
    folder = tables[0].parent
    with open(tables[0], encoding="utf-8", newline="") as file:
        rows = {row["ID"].strip(): row for row in csv.DictReader(file)}
    found = []
    for path in sorted((folder / "data").glob("*.hea"), key=lambda one: (len(one.stem), one.stem)):
        record = formats.read(path)
        marks = {name: _marks(path, name, record.sampling_rate_hz) for name in STANDARD_12}
        row = rows.get(path.stem, {})
        found.append(Marked(path.stem, group(row), record, marks, rhythm(row)))
    if not found:
        raise FormatError("holds no records", where=str(folder / "data"), expected="WFDB records, *.hea")
    return found


def group(row: Mapping[str, str | None]) -> str:
    """Return the group of a row of the table: paced first, then atrial fibrillation and flutter, then blocks."""
    rhythm, conduction, pacing = (
        (row.get(name) or "").strip().lower()
        for name in ("Rhythms", "Conduction abnormalities", "Cardiac pacing")
    )
    if pacing:
        return "paced"
    if "fibrillation" in rhythm or "flutter" in rhythm:
        return "AF"
    lines = [line.strip() for line in conduction.splitlines()]
    # Incomplete bundle branch block and hemiblock change no interval much: they stand with the others.
    return (
        "blocks" if any(line.startswith(_BLOCKS) or "intravintricular" in line for line in lines) else "other"
    )


def rhythm(row: Mapping[str, str | None]) -> str:
    """Return the rhythm of a row of the table, in lower case, without its kinds: what is paced is "paced"."""
    if group(row) == "paced":
        return "paced"
    return (row.get("Rhythms") or "").strip().partition("\n")[0].partition(",")[0].strip().lower()


def _marks(path: Path, lead: str, fs_hz: float) -> tuple[Mark, ...]:
    import wfdb

    try:
        found = wfdb.rdann(str(path.with_suffix("")), lead.lower())
    except (OSError, ValueError) as error:
        where = str(path.with_suffix(f".{lead.lower()}"))
        raise FormatError(f"the marks cannot be read ({error})", where=where) from None
    marks: list[Mark] = []
    onset: float | None = None
    for sample, symbol in zip(found.sample, found.symbol, strict=True):
        time = float(sample) / fs_hz
        if symbol == "(":
            onset = time
        elif symbol in _SYMBOLS:
            marks.append(Mark(_SYMBOLS[symbol], onset, time, None))
            onset = None
        elif symbol == ")" and marks and marks[-1].offset_s is None:
            last = marks[-1]
            marks[-1] = Mark(last.kind, last.onset_s, last.peak_s, time)
            onset = None
    return tuple(marks)


def classes(marks: Sequence[Mark], n_samples: int, fs_hz: float) -> NDArray[np.int64]:
    """Return the class of each sample, (samples,): 0 no wave, 1 P, 2 QRS, 3 T, UNKNOWN outside the marked span."""
    out = np.full(n_samples, UNKNOWN, dtype=np.int64)
    times = np.arange(n_samples) / fs_hz
    points = [t for mark in marks for t in (mark.onset_s, mark.peak_s, mark.offset_s) if t is not None]
    if not points:
        return out
    out[(times >= min(points)) & (times <= max(points))] = 0
    for mark in marks:
        if mark.onset_s is None or mark.offset_s is None:
            start = mark.peak_s if mark.onset_s is None else mark.onset_s
            stop = mark.peak_s if mark.offset_s is None else mark.offset_s
            out[(times >= start - _HALF_OPEN_S) & (times <= stop + _HALF_OPEN_S)] = UNKNOWN
        else:
            out[(times >= mark.onset_s) & (times <= mark.offset_s)] = KINDS.index(mark.kind) + 1
    return out


def folds(records: Sequence[Marked], count: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Return the fold of each record, (records,): drawn within each group, so that every fold has some of each."""
    generator = np.random.default_rng(seed)
    out = np.zeros(len(records), dtype=np.int64)
    dealt = 0
    for name in GROUPS:
        for row in generator.permutation([k for k, one in enumerate(records) if one.group == name]):
            out[int(row)] = dealt % count
            dealt += 1
    return out


def wave(mark: Mark) -> Wave | None:
    """Return a mark as a wave; None where an edge is missing."""
    if mark.onset_s is None or mark.offset_s is None:
        return None
    return Wave(mark.onset_s, mark.peak_s, mark.offset_s)
