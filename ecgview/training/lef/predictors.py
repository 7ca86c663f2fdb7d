"""The predictors of every ECG of a data set: a classifier's probabilities, computed once and kept in pieces."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.about import VERSION
from ecgview.errors import EcgviewError, ModelError
from ecgview.models import cards, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.models.tabular import measured_inputs
from ecgview.models.tabular.table import Predictor
from ecgview.progress import Counted, Progress, silent
from ecgview.record import EcgRecord
from ecgview.training.echonext.layout import EchoNext
from ecgview.training.echonext.row import EchoRow

PIECE = 1024  # records whose answers are written together; a stop loses at most these
BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """One split: its rows, its predictors (n, p) as probabilities, and 0/1 for a low ejection fraction."""

    name: str
    rows: list[EchoRow]
    values: NDArray[np.float64]
    low: NDArray[np.float64]


def named(classifiers: Sequence[ModelCard], train: "Cohort | None" = None) -> list[Predictor]:
    """Return one predictor per output; with several classifiers the name says whose it is.

    With `train` measurements and criteria follow, each with the median of these records for where it is missing.
    """
    outputs = [
        Predictor(
            f"P({code})" if len(classifiers) == 1 else f"P({code}) of {card.id}",
            (code,),
            classifier="" if card is classifiers[0] else card.id,
        )
        for card in classifiers
        for code in card.labels
    ]
    if train is None:
        return outputs
    return outputs + [
        Predictor(one.name, (), measured=one.code, instead=float(middle))
        for one, middle in zip(
            measured_inputs.known(), _middles(train.values[:, len(outputs) :]), strict=True
        )
    ]


def _middles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column over what is there; 0 where nothing is: then it says nothing."""
    return np.array(
        [float(np.median(col[~np.isnan(col)])) if (~np.isnan(col)).any() else 0.0 for col in values.T]
    )


def filled(cohort: "Cohort", named: Sequence[Predictor]) -> "Cohort":
    """Return a cohort with what is missing of measurements in place."""
    instead = np.array([one.instead for one in named])
    return replace(cohort, values=np.where(np.isnan(cohort.values), instead, cohort.values))


def cohort(
    data: EchoNext,
    split: str,
    classifiers: Sequence[ModelCard],
    limit_percent: float,
    cache: Path,
    progress: Progress = silent,
    device: str = "auto",
    most: int = 0,
    measured: bool = False,
) -> Cohort:
    """Return the records of a split that have an ejection fraction and that every classifier can read.

    Raises:
        ModelError: nothing is left of the split, or only one of the two outcomes.
    """
    rows = data.rows[split][: most or None]
    parts = [_answers(data, split, len(rows), card, cache, progress, device) for card in classifiers]
    answered = np.isfinite(np.concatenate(parts, axis=1)).all(1)
    if measured:
        parts.append(_measurements(data, split, len(rows), cache, progress))
    values = np.concatenate(parts, axis=1)
    known = np.array([row.lvef_percent is not None for row in rows], dtype=bool)
    kept = np.flatnonzero(known & answered)
    chosen = [rows[k] for k in kept]
    low = np.array([(row.lvef_percent or 0.0) <= limit_percent for row in chosen], dtype=np.float64)
    if not 0 < low.sum() < len(low):
        raise ModelError(
            f"the {split} split has not both outcomes",
            where=str(data.folder),
            expected=f"ejection fractions up to {limit_percent:g} % and above",
            found=f"{int(low.sum())} of {len(low)}",
        )
    return Cohort(split, chosen, values[kept].astype(np.float64), low)


def _measurements(
    data: EchoNext, split: str, count: int, cache: Path, progress: Progress
) -> NDArray[np.float32]:
    """Return (count, inputs) measurements and criteria, NaN where there is none."""
    codes = [one.code for one in measured_inputs.known()]
    table = (data.folder / f"EchoNext_{split}_waveforms.npy").stat()
    identity = json.dumps(
        [str(data.folder.resolve()), split, VERSION, codes, table.st_size, table.st_mtime_ns], allow_nan=False
    )

    def piece(first: int, last: int) -> NDArray[np.float32]:
        progress(Counted(first, count, "ECGs"), f"measuring, {split}")
        rows = [_row(record, codes) for _, record in data.records(split, first, last)]
        return np.array(rows, dtype=np.float32).reshape(last - first, len(codes))

    return _in_pieces(_kept_in(cache, "measured", identity), count, len(codes), piece)


def _kept_in(cache: Path, name: str, identity: str) -> Path:
    folder = cache / f"{name}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _in_pieces(
    folder: Path, count: int, columns: int, make: Callable[[int, int], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return (count, columns) made piece by piece from first to last; a piece that lies in the folder is read."""
    pieces = [np.empty((0, columns), dtype=np.float32)]
    for first in range(0, count, PIECE):
        last = min(count, first + PIECE)
        path = folder / f"{first}-{last}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, make(first, last))
            part.replace(path)
        pieces.append(np.load(path, allow_pickle=False))
    return np.concatenate(pieces)


def _row(record: EcgRecord, codes: Sequence[str]) -> list[float]:
    try:
        found = measured_inputs.of(record)
    except EcgviewError:
        found = {}  # what cannot be measured has no value; the classifier decides whether the record counts
    return [found.get(code, np.nan) for code in codes]


def _answers(
    data: EchoNext, split: str, count: int, card: ModelCard, cache: Path, progress: Progress, device: str
) -> NDArray[np.float32]:
    """Return (count, labels) probabilities, NaN where the classifier cannot take the record."""
    table = (data.folder / f"EchoNext_{split}_waveforms.npy").stat()
    identity = json.dumps(
        [str(data.folder.resolve()), split, card.sha256, table.st_size, table.st_mtime_ns], allow_nan=False
    )

    def piece(first: int, last: int) -> NDArray[np.float32]:
        progress(Counted(first, count, "ECGs"), f"{card.name}, {split}")
        return _piece(data, split, first, last, card, runtime.resolve_device(device))

    return _in_pieces(_kept_in(cache, "predictors", identity), count, len(card.labels), piece)


def _piece(
    data: EchoNext, split: str, first: int, last: int, card: ModelCard, device: str
) -> NDArray[np.float32]:
    said = np.full((last - first, len(card.labels)), np.nan, dtype=np.float32)
    module = runtime.network(card, device)
    waiting: list[tuple[int, NDArray[np.float32]]] = []

    def ask() -> None:
        if waiting:
            signals = np.stack([signal for _, signal in waiting])
            said[[k for k, _ in waiting]] = runtime.probabilities(module, signals, device, whole_batch=True)
            waiting.clear()

    for k, (_, record) in enumerate(data.records(split, first, last)):
        try:
            waiting.append((k, prepare(record, card.input)))
        except EcgviewError:
            continue  # a flat or broken lead: the record has no predictors and is left out
        if len(waiting) == BATCH:
            ask()
    ask()
    return said


def cards_of(names: Sequence[str]) -> list[ModelCard]:
    """Return the cards of classifiers, the default one for no names; ModelError for anything else."""
    found = [cards.get(name) for name in names] or [cards.default("classifier")]
    for card in found:
        if card.kind != "classifier":
            raise ModelError(f"{card.id} is no classifier", expected="a classifier", found=card.kind)
    return found
