"""Records of PTB-XL whose waves nobody marked, of the kinds that LUDB has few of.

The teacher's marks stand for the experts' there, but for one thing that the statement says: in atrial fibrillation and
flutter no P wave is marked, whatever the teacher takes for one. Folds 8 to 10 are left alone.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgview.record import EcgRecord
from ecgview.training.data.sources import ptbxl

FOLDS = range(1, 8)
_NO_P = frozenset({"AFIB", "AFLT"})
# Of the records taken, in this order: a record stands with the first kind whose statement it has.
_KINDS: Mapping[str, tuple[frozenset[str], float]] = {
    "paced": (frozenset({"PACE"}), 0.2),
    "AF": (_NO_P, 0.25),
    "blocks": (frozenset({"CLBBB", "CRBBB", "IVCD", "1AVB", "2AVB", "3AVB"}), 0.3),
    "other": (frozenset(), 0.25),
}


@dataclass(frozen=True, slots=True, eq=False)
class Unmarked:
    """One record; `no_p` where its statement says that it has no P waves."""

    record: EcgRecord
    no_p: bool


def read(data: Path, count: int, seed: int = 0) -> list[Unmarked]:
    """Return up to so many records of the training folds of PTB-XL at a path or one level below, [] without any.

    They are drawn anew for each seed, the same for the same seed, whatever order the files lie in.

    Raises:
        FormatError: a table or a pack cannot be read.
    """
    drawn: dict[str, list[tuple[float, str, Unmarked]]] = {name: [] for name in _KINDS}
    if not count:
        return []
    for table in sorted([*data.glob(ptbxl.TABLE), *data.glob(f"*/{ptbxl.TABLE}")]):
        for row, record in ptbxl.open(table.parent, rate_hz=500).records():
            if row.fold not in FOLDS or record.missing_leads or not np.isfinite(record.signal).all():
                continue
            codes = frozenset(row.codes)
            kind = next(name for name, (wanted, _) in _KINDS.items() if not wanted or codes & wanted)
            place = float(np.random.default_rng((seed, int(row.record_id))).random())
            one = (place, row.record_id, Unmarked(record, bool(codes & _NO_P)))
            size = round(count * _KINDS[kind][1])
            # Only the chosen are kept in memory: a whole PTB-XL would be 5 GB.
            (heapq.heappush if len(drawn[kind]) < size else heapq.heappushpop)(drawn[kind], one)
    return [one[2] for name in _KINDS for one in sorted(drawn[name], key=lambda each: each[:2])]
