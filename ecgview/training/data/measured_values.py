"""What is measured of every recording of a data set, kept beside the packs: a fit asks for it more than once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from operator import length_hint
from pathlib import Path

from ecgview.about import VERSION
from ecgview.models import cards, measured_shares
from ecgview.models.measured_terms import VALUES
from ecgview.progress import Counted, Progress, silent
from ecgview.training.data.recordings import Reading
from ecgview.training.data.rows import Row

SECONDS = 10.0  # of a recording, as the networks see it
Values = Mapping[str, float | None]


def load_or_measure(
    records: Iterable[Reading], cache: Path, key: str, progress: Progress = silent
) -> list[tuple[Row, Values]]:
    """Return each recording's row and measured values by name, measured once per key, delineator and version.

    A value of None could not be measured; one that is in doubt is left out, and all are where a statement may not rest
    on them (fewer than twelve leads, pacing, no beats).

    Args:
        records: read only where the table is not there yet; 60 ms each.
        cache: a folder, that of the packs.
        key: names what `records` are.
        progress: told per recording; may cancel, and then nothing is kept.
    """
    weights = cards.default("delineator").sha256
    identity = hashlib.sha256(f"{key}|{weights}|{VERSION}|{sorted(VALUES.items())}".encode()).hexdigest()[:16]
    path = cache / f"measured-{identity}.json"
    if not path.exists():
        _measure(records, path, progress)
    table = json.loads(path.read_text(encoding="utf-8"))
    return [(Row(**{**row, "codes": tuple(row["codes"])}), values) for row, values in table]


def _measure(records: Iterable[Reading], path: Path, progress: Progress) -> None:
    table = []
    total = length_hint(records)
    for count, (row, record) in enumerate(records, 1):
        table.append((asdict(row), measured_shares.usable(record, SECONDS).plain))
        progress(Counted(count, max(total, count), "records"), "measuring")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(table, allow_nan=False), encoding="utf-8")
    part.replace(path)
