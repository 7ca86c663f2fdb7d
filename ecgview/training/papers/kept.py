"""What a paper's runs leave: one Parquet file of per-record logits, the split of every record, and the environment.

Every table is made from this file alone. A patient stands in it as a hash, enough to draw a patient's records together.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecgview.about import VERSION
from ecgview.errors import ModelError
from ecgview.training.data.rows import Row

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float32]
FACTS = b"ecgview"
ANSWERED = ("validation", "test")
_LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "accelerate", "safetensors", "pyarrow")
_LEAST = 1e-7  # of a probability, so that its logit is finite in float32


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One split of one run: the rows, their targets and logits, (n, k) each; both None where only learnt from."""

    split: str
    rows: Sequence[Row]
    wanted: Floats | None = None
    logits: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A run's answers on one split: (n, k) targets and logits, and who is who."""

    classes: tuple[str, ...]
    records: tuple[str, ...]
    patients: tuple[str, ...]
    wanted: Floats
    logits: Floats


def logits_of(probability: NDArray[np.floating]) -> Floats:
    """Return float32 log odds, finite whatever the probability."""
    clipped = np.asarray(probability, np.float64).clip(_LEAST, 1 - _LEAST)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def environment() -> dict[str, str]:
    """Return what a run's numbers may depend on beside its recipe and data."""
    import torch

    found = {"ecgview": VERSION, "python": platform.python_version(), "machine": platform.machine()}
    found |= {"system": platform.system()} | {name: metadata.version(name) for name in _LIBRARIES}
    found["device"] = torch.cuda.get_device_name() if torch.cuda.is_available() else "processor"
    return found


def write_part(path: Path, run: str, seed: int, parts: Iterable[Part], facts: Mapping[str, Any]) -> None:
    """Write one run's records, whole or not at all; `facts` are of it alone: classes, values, data, deviations."""
    import pyarrow as pa

    around = environment()
    digest = hashlib.sha256(json.dumps(around, sort_keys=True, allow_nan=False).encode()).hexdigest()
    told = {"runs": {f"{run}|{seed}": {**facts, "environment": digest}}, "environments": {digest: around}}
    rows = [
        {
            "run": run,
            "seed": seed,
            "split": part.split,
            "source": row.source,
            "record_id": row.record_id,
            "patient": hashlib.sha256(f"{row.source}|{row.patient_id}".encode()).hexdigest()[:16],
            "fold": row.fold,
            "wanted": None if part.wanted is None else part.wanted[k].tolist(),
            "logits": None if part.logits is None else part.logits[k].tolist(),
        }
        for part in parts
        for k, row in enumerate(part.rows)
    ]
    _write(pa.Table.from_pylist(rows, schema=_schema()), told, path)


def assemble(parts: Iterable[Path], out: Path, paper: str) -> None:
    """Put the runs' files together, in order."""
    import pyarrow as pa

    tables: list[pa.Table] = []
    told: dict[str, Any] = {"paper": paper, "runs": {}, "environments": {}}
    for path in sorted(parts):
        one, facts = _read(path)
        tables.append(one.replace_schema_metadata(None))
        told["runs"] |= facts["runs"]
        told["environments"] |= facts["environments"]
    if tables:
        _write(pa.concat_tables(tables), told, out)


def facts(path: Path) -> dict[str, Any]:
    """Return what a file says of itself: `paper`, `runs` by "NAME|SEED", `environments` by their sha256.

    Raises:
        ModelError: it is none of these files.
    """
    return _read(path)[1]


def answers(path: Path) -> dict[tuple[str, int], dict[str, Answers]]:
    """Return the answers of a file by run and seed, and then by split.

    Raises:
        ModelError: it is none of these files.
    """
    table, told = _read(path)
    found: dict[tuple[str, int], dict[str, Answers]] = {}
    columns = {name: table[name].to_pylist() for name in table.column_names}
    places: dict[tuple[str, int, str], list[int]] = {}
    for k, key in enumerate(zip(columns["run"], columns["seed"], columns["split"], strict=True)):
        if columns["logits"][k] is not None:
            places.setdefault(key, []).append(k)
    for (run, seed, split), rows in places.items():
        found.setdefault((run, seed), {})[split] = Answers(
            tuple(told["runs"][f"{run}|{seed}"]["classes"]),
            tuple(f"{columns['source'][k]}/{columns['record_id'][k]}" for k in rows),
            tuple(columns["patient"][k] for k in rows),
            np.array([columns["wanted"][k] for k in rows], np.float32),
            np.array([columns["logits"][k] for k in rows], np.float32),
        )
    return found


def _schema() -> "pa.Schema":
    import pyarrow as pa

    words = [(name, pa.string()) for name in ("split", "source", "record_id", "patient")]
    lists = [(name, pa.list_(pa.float32())) for name in ("wanted", "logits")]
    return pa.schema([("run", pa.string()), ("seed", pa.int32()), *words, ("fold", pa.int32()), *lists])


def _write(table: "pa.Table", told: Mapping[str, Any], path: Path) -> None:
    import pyarrow.parquet as pq

    part = path.with_suffix(".part")
    pq.write_table(
        table.replace_schema_metadata({FACTS: json.dumps(told, sort_keys=True, allow_nan=False)}), part
    )
    os.replace(part, path)


def _read(path: Path) -> tuple["pa.Table", dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        told: dict[str, Any] = json.loads((table.schema.metadata or {})[FACTS])
    except (OSError, KeyError, ValueError, pa.ArrowException):
        raise ModelError(
            "is no file of a paper's runs", where=str(path), expected="a Parquet file of `ecgview reproduce`"
        ) from None
    return table, told
