"""The rows of an archive's table, by one thread: a batch of files is read and prepared, then the network is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ecgview import formats
from ecgview.errors import EcgviewError
from ecgview.models import cards, context, fewer_leads, lead_sets, runtime
from ecgview.models import precision as choice
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.models.tabular import lef as lef_model
from ecgview.record import EcgRecord, Signal
from ecgview.results import Prediction
from ecgview.signal.judgement import judged


@dataclass(frozen=True, slots=True)
class _Read:
    """A file on its way: the record and its network input by classifier, or why there is none.

    `cards` are the classifiers as this record is asked by them: with all leads or a set of fewer.
    """

    path: str
    record: EcgRecord | None = None
    cards: Mapping[str, ModelCard] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Prediction] = field(default_factory=dict)  # not analysed, by classifier
    error: str = ""  # of the file itself


@dataclass(frozen=True, slots=True)
class _Asked:
    """The models that are asked: the classifier of the table, the LEF model, and the classifiers that it rests on."""

    card: ModelCard
    lef: ModelCard | None
    lef_on: tuple[ModelCard, ...]
    device: str
    precision: str

    @property
    def classifiers(self) -> tuple[ModelCard, ...]:
        """Each one once: what the table's classifier said is what the LEF result rests on, where it is the same."""
        return (self.card, *(card for card in self.lef_on if card.id != self.card.id))


def chosen(model_id: str, lef_id: str, device: str, precision: str) -> choice.Chosen:
    """Return what the classifiers of a table are run in: one precision for all, the first that is refused says why."""
    found = [choice.choose(card, device, precision) for card in _asked(model_id, lef_id, device).classifiers]
    return next((one for one in found if one.why_not), found[0])


def rows_of(
    files: Sequence[str], root: Path, model_id: str, lef_id: str, device: str, precision: str
) -> list[dict[str, Any]]:
    """Return one row per file, in order."""
    asked = _asked(model_id, lef_id, device, precision)
    rows: list[dict[str, Any]] = []
    for start in range(0, len(files), runtime.BATCH):
        batch = [
            _read(name, root, asked.classifiers, device) for name in files[start : start + runtime.BATCH]
        ]
        rows += _scored(batch, asked)
    return rows


def _asked(model_id: str, lef_id: str, device: str, precision: str = "fp32") -> _Asked:
    lef = cards.get(lef_id) if lef_id else None
    return _Asked(cards.get(model_id), lef, lef_model.classifiers(lef) if lef else (), device, precision)


def _read(name: str, root: Path, classifiers: Sequence[ModelCard], device: str) -> _Read:
    try:
        record = formats.read(root / name)
    except EcgviewError as error:
        return _Read(name, error=str(error))
    signals: dict[str, Signal] = {}
    errors: dict[str, str] = {}
    refused: dict[str, Prediction] = {}
    by: dict[str, ModelCard] = {}
    for whole in classifiers:
        card, heard = fewer_leads.asked(whole, record)
        by[card.id] = card
        if (said := runtime.not_analysed(card, record, device)) is not None:
            refused[card.id] = said
            continue
        try:
            signals[card.id] = prepare(heard, card.input)
        except EcgviewError as error:
            errors[card.id] = str(error)
    return _Read(name, record, by, signals, errors, refused)


def _scored(batch: list[_Read], asked: _Asked) -> list[dict[str, Any]]:
    said: dict[str, dict[str, Prediction]] = {item.path: dict(item.refused) for item in batch}
    for one in asked.classifiers:
        ready = [(item, item.record) for item in batch if one.id in item.signals]
        by = [item.cards[one.id] for item, _ in ready]
        for places in runtime.grouped(by, range(len(ready))):
            card, group = by[places[0]], [ready[place] for place in places]
            signals = np.stack([item.signals[card.id] for item, _ in group])
            module = runtime.network_to_ask(card, asked.device, asked.precision)
            made = runtime.probabilities_and_distances(card, module, signals, asked.device, one_thread=True)
            for (item, record), row, far in zip(group, *made, strict=True):
                if record is not None:
                    said[item.path][card.id] = runtime.prediction(
                        card, record, row, asked.device, 0.0, asked.precision, far
                    )
    return [_row(item, said[item.path], asked) for item in batch]


def _row(item: _Read, said: Mapping[str, Prediction], asked: _Asked) -> dict[str, Any]:
    row: dict[str, Any] = {"path": item.path, "error": item.error or item.errors.get(asked.card.id)}
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
    row["doubt_kinds"] = "; ".join(dict.fromkeys(judged(record).kinds)) or None
    prediction = said.get(asked.card.id)
    if prediction is None:  # the network cannot take it; what the record itself says is told all the same
        return row | {"warnings": "; ".join(context.doubts(record)) or None}
    row |= {f"p_{score.code}": score.probability for score in prediction.scores}
    row |= {f"p_network_{s.code}": s.by_network for s in prediction.scores if s.shares is not None}
    if asked.card.measured:
        row["network_alone"] = "; ".join(_alone(prediction)) or None
    row["precision"] = prediction.precision if prediction.analysed else None
    row["lead_set"] = prediction.lead_set or (lead_sets.ALL if prediction.analysed else None)
    row["feature_distance_percentile"] = prediction.feature_distance_percentile
    row["not_analysed"] = prediction.reason or None
    row["warnings"] = "; ".join(prediction.warnings) or None
    row["pacing"] = context.pacing_of(record).text
    row["not_assessable"] = "; ".join(s.code for s in prediction.scores if s.not_assessable) or None
    if asked.lef is not None:
        row |= _lef(item, record, said, asked.lef, asked.lef_on)
    return row


def _alone(prediction: Prediction) -> list[str]:
    """Return which statements rest on the network alone in this record, though not by the card, and why."""
    by_reason: dict[str, list[str]] = {}
    for score in prediction.scores:
        if score.shares is not None and score.shares.not_used:
            by_reason.setdefault(score.shares.not_used, []).append(score.code)
    return [f"{', '.join(codes)}: {reason}" for reason, codes in by_reason.items()]


def _lef(
    item: _Read,
    record: EcgRecord,
    said: Mapping[str, Prediction],
    card: ModelCard,
    classifiers: Sequence[ModelCard],
) -> dict[str, Any]:
    """Return the columns of the LEF result that `ecgview lef` would give, from predictions in hand."""
    main = classifiers[0]
    found = lef_model.out_of_scope(record, card, main)
    if found is None:
        without = [item.errors[one.id] for one in classifiers if one.id not in said]
        if without:  # that the LEF model's own classifier cannot take
            doubts = "; ".join(context.doubts(record)) or None
            return {"lef_result": f"{lef_model.NOT_ANALYSED}: {without[0]}", "lef_warnings": doubts}
        found = lef_model.computed(record, said[main.id], card, said)
    reason = f": {found.reason}" if found.reason else ""
    return {
        "lef_value": found.value,
        "lef_kind": found.kind,
        "lef_result": found.result + reason,
        "lef_percentile": found.percentile,
        "lef_cut": found.cut or None,
        "lef_warnings": "; ".join(found.warnings) or None,
    }
