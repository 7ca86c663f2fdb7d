"""ECGs whose patients are known, each as its median beat: what an identifier is judged on.

PTB-XL's records with their patients and folds, and records of other hospitals, each of which is taken to be of another
patient. Measuring takes minutes, so that the beats are kept in the cache, by the delineator and the shape's sizes.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards, measuring, same_patient
from ecgview.progress import Counted, Progress, silent
from ecgview.record import EcgRecord
from ecgview.signal import beat_shape
from ecgview.signal.beat_shape import Shape
from ecgview.training.data import sources, table
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import cinc, ptbxl
from ecgview.training.data.sources.source import Source
from ecgview.training.evaluation.written import whole_file, write_text

Pair = tuple[Row, EcgRecord]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One ECG: `shape` is None where its patient cannot be judged, and `reason` says why."""

    row: Row
    day: int | None  # of the recording, counted from 1 January of the year 1
    qrs_ms: float | None
    reason: str
    shape: Shape | None

    @property
    def is_external(self) -> bool:
        """Whether it is of another hospital than those of PTB-XL."""
        return self.row.source != "ptbxl"


def held(data: Path, cache: Path, progress: Progress = silent) -> list[Held]:
    """Return every ECG of PTB-XL and of the PhysioNet/CinC Challenge's folders below `data`; measured once.

    Raises:
        ModelError: there is no PTB-XL.
    """
    found = [one for one in sources.open_all(data) if one.name in (ptbxl.NAME, cinc.NAME)]
    rows = [row for one in found for row in one.rows()]
    if not any(row.source == "ptbxl" for row in rows):
        raise ModelError("no PTB-XL: no patient is known", where=str(data), expected=ptbxl.TABLE)
    sizes = (beat_shape.FITTED, beat_shape.COMPARED, beat_shape.ROOM_S, same_patient.FEWEST_BEATS)
    names = [(row.source, row.record_id) for row in rows]
    key = f"{cards.default('delineator').sha256}|{sizes}|{sorted(names)}"
    folder = cache / f"beats-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if not (folder / "rows.json").exists():
        _measure(found, len(rows), folder, progress)
    return _kept(folder)


def read(data: Path) -> Iterator[Pair]:
    """Yield PTB-XL's rows and recordings, each once."""
    seen: set[str] = set()
    for one in sources.open_all(data):
        for row, record in one.records() if one.name == ptbxl.NAME else ():
            if row.record_id not in seen:
                seen.add(row.record_id)
                yield row, record


def _measure(found: list[Source], count: int, folder: Path, progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    days = {name: day for one in found if one.name == ptbxl.NAME for name, day in _days(one.path)}
    rows: list[dict[str, Any]] = []
    signals: dict[str, NDArray[np.float32]] = {}
    seen: set[tuple[str, str]] = set()
    k = 0
    for one in found:
        for row, record in one.records(lambda _error: None):  # what cannot be read has no patient to know
            k += 1
            if (row.source, row.record_id) in seen:
                continue
            seen.add((row.source, row.record_id))
            made = _held(row, record, days.get(row.record_id) if row.source == "ptbxl" else None)
            leads: tuple[str, ...] = ()
            if made.shape is not None:
                leads, signals[str(len(rows))] = made.shape.leads, made.shape.signal.astype(np.float32)
            rows.append(
                {
                    "row": asdict(row),
                    "day": made.day,
                    "qrs_ms": made.qrs_ms,
                    "reason": made.reason,
                    "leads": leads,
                }
            )
            progress(Counted(k, count, "records"), "measuring")
    with whole_file(folder / "beats.npz") as part, part.open("wb") as file:
        np.savez_compressed(file, **signals)  # type: ignore[arg-type]
    write_text(folder / "rows.json", json.dumps(rows, allow_nan=False))


def _held(row: Row, record: EcgRecord, day: int | None) -> Held:
    measured = measuring.measured(record)
    reason = same_patient.reason_not_to_judge(record, measured)
    if reason or measured.median is None:
        return Held(row, day, None, reason, None)
    return Held(row, day, same_patient.qrs_ms(measured), "", beat_shape.of(measured.median))


def _days(folder: Path) -> Iterator[tuple[str, int]]:
    for line in table.lines(folder / ptbxl.TABLE, ("ecg_id",)):
        try:
            yield line["ecg_id"], datetime.datetime.fromisoformat(line.cells["recording_date"]).toordinal()
        except (KeyError, ValueError):  # a table without dates: nothing is said by distance in time
            continue


def _kept(folder: Path) -> list[Held]:
    rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    found = []
    with np.load(folder / "beats.npz", allow_pickle=False) as signals:
        for k, one in enumerate(rows):
            row = Row(**{**one["row"], "codes": tuple(one["row"]["codes"])})
            leads = tuple(one["leads"])
            shape = Shape(leads, signals[str(k)].astype(np.float64)) if leads else None
            found.append(Held(row, one["day"], one["qrs_ms"], one["reason"], shape))
    return found
