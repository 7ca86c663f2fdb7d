"""A packed, memory-mapped copy of ECGs as the networks see them, so that an epoch never waits for files.

Eight independent leads (I, II, V1-V6) are kept as int16 microvolts; the other four follow from I and II. All twelve
are kept where the input filter is not linear, so that the others would not follow.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from operator import length_hint
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ecgview.errors import EcgviewError
from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec
from ecgview.models.preprocessing import NOT_LINEAR, prepare
from ecgview.progress import Counted, Progress, silent
from ecgview.record import EcgRecord
from ecgview.training.data.rows import Row as Row

ROWS = 2  # what a pack tells of its rows: one that was made with another number does not know their rates

KEPT_LEADS: tuple[str, ...] = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """Records as model input: `microvolts` is (records, 8 or 12, samples) int16, one `Row` each."""

    microvolts: NDArray[np.int16]
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, *, folds: Iterable[int] | None = None, source: str | None = None) -> NDArray[np.int64]:
        """Return the indices of the rows in these folds, of this source."""
        wanted = None if folds is None else set(folds)
        keep = [
            i
            for i, row in enumerate(self.rows)
            if (wanted is None or row.fold in wanted) and (source is None or row.source == source)
        ]
        return np.array(keep, dtype=np.int64)

    def millivolts(self, index: NDArray[np.int64]) -> Tensor:
        """Return (n, 12, samples) float32 mV in standard lead order."""
        kept = torch.from_numpy(np.asarray(self.microvolts[index])).float() / 1000.0
        if kept.shape[1] == len(STANDARD_12):
            return kept
        return torch.einsum("lk,bkt->blt", lead_matrix(), kept)


def lead_matrix() -> Tensor:
    """Return (12, 8): the standard leads from the eight that are kept."""
    matrix = torch.zeros(12, 8)
    limb = [(1.0, 0.0), (0.0, 1.0), (-1.0, 1.0), (-0.5, -0.5), (1.0, -0.5), (-0.5, 1.0)]
    matrix[:6, :2] = torch.tensor(limb)
    matrix[6:, 2:] = torch.eye(6)
    return matrix


def load_or_build(
    records: Iterable[tuple[Row, EcgRecord]],
    spec: InputSpec,
    cache: Path,
    key: str,
    progress: Progress = silent,
) -> Pack:
    """Return the pack of these records, built once per (key, input specification) under `cache`.

    `records` is read only when the pack is not there yet. Rows that the specification cannot hold
    (too short, a lead missing) are left out and counted in the pack's table.
    """
    identity = hashlib.sha256(f"{key}|{spec}|rows {ROWS}".encode()).hexdigest()[:16]
    folder = cache / f"pack-{identity}"
    if not (folder / "rows.json").exists():
        _build(records, spec, folder, progress)
    table = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    rows = tuple(Row(**{**row, "codes": tuple(row["codes"])}) for row in table["rows"])
    samples = round(spec.sampling_rate_hz * spec.seconds)
    shape = (len(rows), len(_kept(spec)), samples)
    microvolts = np.memmap(folder / "microvolts.i16", dtype=np.int16, mode="r", shape=shape)
    return Pack(microvolts, rows)


def _kept(spec: InputSpec) -> tuple[str, ...]:
    return STANDARD_12 if spec.filter in NOT_LINEAR else KEPT_LEADS


def _build(
    records: Iterable[tuple[Row, EcgRecord]], spec: InputSpec, folder: Path, progress: Progress
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = [STANDARD_12.index(name) for name in _kept(spec)]
    rows: list[Row] = []
    left_out: list[str] = []
    count, total = 0, length_hint(records)
    with open(folder / "microvolts.part", "wb") as file:
        for count, (row, record) in enumerate(records, 1):
            for window in _windows(record, spec.seconds):
                try:
                    signal = prepare(window, spec)
                except EcgviewError as error:
                    left_out.append(f"{row.record_id}: {error}")
                    continue
                scaled = np.clip(np.round(signal[kept] * 1000.0), -32767, 32767)
                file.write(scaled.astype(np.int16).tobytes())
                rows.append(row if row.rate_hz else replace(row, rate_hz=record.sampling_rate_hz))
            progress(Counted(count, max(total, count), "records") if total else 0.0, "packing")
        progress(
            Counted(count, count, "records"), "packed"
        )  # what cannot be read was counted with the others
    (folder / "microvolts.part").replace(folder / "microvolts.i16")
    table = {"rows": [asdict(row) for row in rows], "left_out": left_out}
    part = folder / "rows.part"
    part.write_text(json.dumps(table, allow_nan=False), encoding="utf-8")
    part.replace(folder / "rows.json")


def _windows(record: EcgRecord, seconds: float, most: int = 4) -> Iterator[EcgRecord]:
    """Yield consecutive windows of a record, at most four, so that a long one does not dominate."""
    step = round(seconds * record.sampling_rate_hz)
    if record.n_samples < step:
        return
    for k in range(min(most, record.n_samples // step)):
        yield record.with_signal(record.signal[:, k * step : (k + 1) * step])
