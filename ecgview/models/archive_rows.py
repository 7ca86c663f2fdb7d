"""The rows of an archive's table: files are read and prepared by threads while the network runs on others."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecgview import formats
from ecgview.errors import EcgviewError
from ecgview.models import cards, context, runtime
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.models.tabular import lef as lef_model
from ecgview.record import EcgRecord, Signal

BATCH = 32


@dataclass(frozen=True, slots=True)
class _Read:
    """A file on its way: the record and its network input, or why there is none."""

    path: str
    record: EcgRecord | None = None
    signal: Signal | None = None
    error: str = ""


def rows_of(
    files: Sequence[str], root: Path, model_id: str, lef_id: str, device: str, workers: int
) -> list[dict[str, Any]]:
    """Return one row per file, in order."""
    card = cards.get(model_id)
    lef_card = cards.get(lef_id) if lef_id else None
    rows: list[dict[str, Any]] = []
    for batch in _read_ahead(files, root, card.input, workers):
        rows += _scored(batch, card, lef_card, device)
    return rows


def _read_ahead(files: Sequence[str], root: Path, spec: InputSpec, workers: int) -> Iterator[list[_Read]]:
    """Yield batches of read files; the next one is being read meanwhile, never more."""
    with ThreadPoolExecutor(max(1, workers)) as pool:

        def begin(start: int) -> list[Future[_Read]]:
            return [pool.submit(_read, name, root, spec) for name in files[start : start + BATCH]]

        coming = begin(0)
        for start in range(BATCH, len(files) + BATCH, BATCH):
            now, coming = coming, begin(start)
            yield [future.result() for future in now]


def _read(name: str, root: Path, spec: InputSpec) -> _Read:
    try:
        record = formats.read(root / name)
    except EcgviewError as error:
        return _Read(name, error=str(error))
    try:
        return _Read(name, record, prepare(record, spec))
    except EcgviewError as error:
        return _Read(name, record, error=str(error))


def _scored(
    batch: list[_Read], card: ModelCard, lef_card: ModelCard | None, device: str
) -> list[dict[str, Any]]:
    ready = [item for item in batch if item.signal is not None]
    answers: dict[str, Any] = {}
    if ready:
        module = runtime.network(card, device)
        signals = np.stack([item.signal for item in ready if item.signal is not None])
        made = runtime.probabilities(module, signals, device, whole_batch=True)
        answers = {item.path: row for item, row in zip(ready, made, strict=True)}
    return [_row(item, answers.get(item.path), card, lef_card, device) for item in batch]


def _row(
    item: _Read, probability: Any, card: ModelCard, lef_card: ModelCard | None, device: str
) -> dict[str, Any]:
    row: dict[str, Any] = {"path": item.path, "error": item.error or None}
    record = item.record
    if record is None:
        return row
    row |= {
        "sha256": record.source.sha256,
        "patient_id": record.patient.patient_id or None,
        "start_time": record.acquisition.start_time or None,
        "format": record.source.format,
        "n_leads": len(record.lead_names),
        "sampling_rate_hz": record.sampling_rate_hz,
        "seconds": record.seconds,
        "synthetic": record.synthetic,
    }
    if probability is None:
        return row
    row |= {f"p_{code}": value for code, value in zip(card.labels, probability, strict=True)}
    prediction = runtime.prediction(card, record, probability, device, 0.0)
    row["warnings"] = "; ".join(prediction.warnings) or None
    row["pacing"] = context.pacing_of(record).text
    row["not_assessable"] = "; ".join(s.code for s in prediction.scores if s.not_assessable) or None
    if lef_card is not None:
        found = lef_model.from_prediction(record, prediction, lef_card)
        reason = f": {found.reason}" if found.reason else ""
        row |= {"lef_value": found.value, "lef_kind": found.kind, "lef_result": found.result + reason}
        row["lef_percentile"] = found.percentile
    return row
