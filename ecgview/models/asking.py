"""One question about a record, one answer: what a classifier says and the LEF result that rests on it.

A network is asked once. The LEF result follows from the prediction in hand; where its model names another classifier,
that one is asked too and the result says so. What was answered before is recalled from a `Memory`, if the question is
the same: `prediction_question` and `lef_question` say what that means. A mended file, card or weights file is another
question, so that an old answer never stands beside what replaced it.

Of a kept answer only what the question determines is used. What the record says beside its samples (age, sex, pacing,
the file's own words) is judged anew each time: it changes no probability, but which of them may be shown.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeVar

from ecgview.about import VERSION
from ecgview.errors import BlindedError, EcgviewError, StoreError
from ecgview.models import cards, fewer_leads, reference_scores, runtime, unusual
from ecgview.models import precision as choice
from ecgview.models.cards import ModelCard
from ecgview.models.lead_sets import LeadSet
from ecgview.models.preprocessing import prepare
from ecgview.models.tabular import lef as tabular
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord, Signal
from ecgview.results import LefResult, Prediction
from ecgview.signal.measure.measured import Measured

Said = TypeVar("Said", Prediction, LefResult)

# What a number, a word or a sentence of an answer comes from; the rest of a card (figures, notes, licence) does not.
_OF_THE_CARD = (
    "id",
    "name",
    "version",
    "kind",
    "network",
    "training_data",
    "calibrated",
    "out_of_scope",
    "sha256",
    "labels",
    "label_set",
    "thresholds",
    "threshold_figures",
    "input",
    "config",
)


class Memory(Protocol):
    """Where answers are kept; from any thread."""

    def recall(self, kind: type[Said], question: str, record_sha256: str) -> Said | None:
        """Return the newest answer to a question, of whatever record it was asked; None where there is none.

        Args:
            kind: Prediction or LefResult.
            question: its fingerprint.
            record_sha256: of the record that it is asked about now.

        Raises:
            BlindedError: what a model says of this record is still closed to who asks.
            StoreError: it cannot be looked up; the models are asked, then.
        """

    def keep(self, question: str, answer: Prediction | LefResult) -> None:
        """Keep an answer; StoreError if it cannot be kept."""


class Recent:
    """The last answers of this process, and no longer; 0 of them is a memory that asks each time."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: OrderedDict[str, Prediction | LefResult] = OrderedDict()
        self._lock = Lock()

    def recall(self, kind: type[Said], question: str, record_sha256: str) -> Said | None:
        """Return the answer to a question; nobody reads blind here."""
        with self._lock:
            found = self._kept.get(question)
        return found if isinstance(found, kind) else None

    def keep(self, question: str, answer: Prediction | LefResult) -> None:
        """Keep an answer, and drop the oldest ones."""
        with self._lock:
            self._kept[question] = answer
            self._kept.move_to_end(question)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


RECENT = Recent()


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one record, each part or why there is none of it."""

    prediction: Prediction | EcgviewError
    lef: LefResult | EcgviewError

    def both(self) -> tuple[Prediction, LefResult]:
        """Return the two; raises the error in the place of either."""
        if isinstance(self.prediction, EcgviewError):
            raise self.prediction
        if isinstance(self.lef, EcgviewError):
            raise self.lef
        return self.prediction, self.lef


def ask(
    record: EcgRecord,
    model_id: str | None = None,
    lef_id: str | None = None,
    device: str = "auto",
    *,
    precision: str = "fp32",
    memory: Memory | None = None,
    told: Callable[[Prediction], object] | None = None,
    progress: Progress = silent,
) -> Answer:
    """Return the prediction of a classifier and the LEF result, both of one run of the network.

    Args:
        record: the ECG.
        model_id: a classifier, the default one when None.
        lef_id: a LEF model, the default one when None.
        device: auto, cpu, cuda or mps.
        precision: fp32, or bf16 where it may be used; the answer names the one that was.
        memory: where answers are recalled from and kept; the last ones of this process where None.
        told: called with the prediction at once; the first LEF result of a process loads a library of seconds.
        progress: told per step; may cancel.

    Raises:
        BlindedError: what a model says of this record is still closed.
        Cancelled: `progress` says that nobody waits any more.
    """
    asking = _Asking(record, device, precision, memory)
    prediction: Prediction | EcgviewError
    result: LefResult | EcgviewError
    try:
        prediction = asking.prediction(runtime.classifier_for(record, model_id), progress)
    except BlindedError:
        raise
    except EcgviewError as error:
        prediction = error
    else:
        if told is not None:
            told(prediction)
    progress(0.9, "low ejection fraction")
    try:
        result = asking.lef(tabular.lef_model(lef_id), None, progress)
    except BlindedError:
        raise
    except EcgviewError as error:
        result = error
    else:
        result = _beside(result, prediction, asking.main)
    return Answer(prediction, result)


def classify(
    record: EcgRecord,
    model_id: str | None = None,
    device: str = "auto",
    *,
    precision: str = "fp32",
    memory: Memory | None = None,
    progress: Progress = silent,
) -> Prediction:
    """Return the prediction alone; arguments as of `ask`.

    Raises:
        ModelError: no such model or device, or a record that the model cannot take.
        BlindedError: what a model says of this record is still closed.
    """
    return _Asking(record, device, precision, memory).prediction(
        runtime.classifier_for(record, model_id), progress
    )


def lef(
    record: EcgRecord,
    model_id: str | None = None,
    classifier_id: str | None = None,
    device: str = "auto",
    *,
    precision: str = "fp32",
    memory: Memory | None = None,
    measured_as: Measured | None = None,
    progress: Progress = silent,
) -> LefResult:
    """Return the LEF result alone: a number with its exact contributions, or why there is none.

    Args:
        record: the ECG.
        model_id: a LEF model, the default one when None.
        classifier_id: whose probabilities are the predictors; None = the one the model names, or the default.
        device: auto, cpu, cuda or mps, for the classifier.
        precision: fp32, or bf16 where it may be used; the answer names the one that was.
        memory: where answers are recalled from and kept; the last ones of this process where None.
        measured_as: what is measured of the record, for a model that rests on that, too: it is not measured again, and
            where edges were put elsewhere the answer follows them. It is never kept with edits.
        progress: told per step; may cancel.

    Raises:
        ModelError: no such model, one that does not fit the classifier, or contributions that do not add up.
        BlindedError: what a model says of this record is still closed.
    """
    return _Asking(record, device, precision, memory).lef(
        tabular.lef_model(model_id), classifier_id, progress, measured_as
    )


def how_unusual(record: EcgRecord, device: str = "auto") -> tuple[float | None, str]:
    """Return how unusual a record is to the default classifier, for an answer of another network beside it.

    That is the percentile and the doubt with the classifier's name; nothing where there is none, or it cannot take the
    record. It is asked without a store: nothing of its answer is shown.
    """
    try:
        card = runtime.classifier_named(None)  # no other: what it learned from is the reference
        far = classify(record, card.id, device).feature_distance_percentile
    except EcgviewError:
        return None, ""
    return far, "" if far is None else unusual.doubt(card, far, card.name)


def _can_be(kept: Prediction, card: ModelCard) -> bool:
    """Return whether a kept answer can be one of this card's: a store is a file that anything may have written to."""
    codes = tuple(score.code for score in kept.scores)
    far = kept.feature_distance_percentile
    return (
        codes == card.labels
        and kept.leads == (() if card.asked_with is None else card.asked_with.leads)
        and all(0.0 <= score.probability <= 1.0 for score in kept.scores)
        and (far is None or 0.0 <= far <= 100.0)
    )


class _Asking:
    """One record before its models, and what each of them said of it so far."""

    def __init__(self, record: EcgRecord, device: str, wanted: str, memory: Memory | None) -> None:
        self._record, self._device, self._wanted = record, device, wanted
        self._memory = RECENT if memory is None else memory
        self._why_not: dict[str, str] = {}  # by classifier: why it is not of the precision that was asked for
        self._said: dict[str, tuple[str, Prediction]] = {}  # question and answer by classifier
        self.main: ModelCard | None = None  # the classifier that the LEF result rests on

    def prediction(self, card: ModelCard, progress: Progress) -> Prediction:
        """Return what a classifier says; it is asked once."""
        if card.id not in self._said:
            self._said[card.id] = self._predicted(card, progress)
        return self._said[card.id][1]

    def _predicted(self, card: ModelCard, progress: Progress) -> tuple[str, Prediction]:
        record = self._record
        device = runtime.resolve_device(self._device)
        whole, (card, heard) = card, fewer_leads.asked(card, record)
        if (refused := runtime.not_analysed(card, record, device)) is not None:
            return "", refused  # never kept: it costs nothing, and limits may change
        prepared = prepare(heard, card.input)
        progress(0.1, "loading the model")
        chosen = choice.choose(whole, device, self._wanted)
        self._why_not[card.id] = chosen.why_not
        question = prediction_question(card, heard, prepared, device, chosen.precision)
        kept = self._recalled(Prediction, question)
        if kept is not None and _can_be(kept, card):
            return question, self._told_why(runtime.judged_anew(card, kept, record), card)
        said = runtime.answers(card, [record], [prepared], device, progress, chosen.precision)[0]
        self._keep(question, said)
        return question, self._told_why(said, card)

    def lef(
        self, card: ModelCard, classifier_id: str | None, progress: Progress, measured: Measured | None = None
    ) -> LefResult:
        """Return what a LEF model says, from the predictions in hand; with the edits of what was measured, if any."""
        found = self._lef(card, classifier_id, progress, measured)
        return found if measured is None else tabular.with_edits(found, self._record, measured)

    def _lef(
        self, card: ModelCard, classifier_id: str | None, progress: Progress, measured: Measured | None
    ) -> LefResult:
        """Return the same of what was computed alone: nobody's edits are kept as an answer of a model."""
        record = self._record
        classifiers = tabular.classifiers(card, classifier_id)
        self.main = classifiers[0]
        if (refused := tabular.out_of_scope(record, card, self.main)) is not None:
            return refused
        said = {item.id: self.prediction(item, progress) for item in classifiers}
        is_whole = all(one.analysed for one in said.values())
        plain = None if measured is None else measured.unedited or measured
        inputs = tabular.inputs(record, card, plain) if is_whole else {}
        question = lef_question(card, [self._said[item.id][0] for item in classifiers], inputs)
        kept = self._recalled(LefResult, question)
        if kept is not None and kept.analysed:
            kept = replace(
                kept,
                record_sha256=record.source.sha256,
                warnings=(*tabular.doubts(record, said.values()), *tabular.unmeasured(card, inputs)),
                feature_distance_percentile=tabular.distance(said.values()),
            )
            return self._told_why(kept, *classifiers)
        result = tabular.computed(record, said[self.main.id], card, said, inputs)
        if (kept is None or result.analysed) and is_whole:
            self._keep(question, result)
        return self._told_why(result, *classifiers)

    def _told_why(self, answer: Said, *classifiers: ModelCard) -> Said:
        """Return an answer with why it is not of the precision that was asked for; nothing of it is kept."""
        why: dict[str, None] = dict.fromkeys(
            filter(None, (self._why_not.get(card.id) for card in classifiers))
        )
        return replace(answer, warnings=(*answer.warnings, *why)) if why else answer

    def _recalled(self, kind: type[Said], question: str) -> Said | None:
        with suppress(StoreError):
            return self._memory.recall(kind, question, self._record.source.sha256)
        return None

    def _keep(self, question: str, answer: Prediction | LefResult) -> None:
        with suppress(StoreError):  # what cannot be kept is asked again
            self._memory.keep(question, answer)


def _beside(result: LefResult, prediction: Prediction | EcgviewError, main: ModelCard | None) -> LefResult:
    """Return the result with a sentence, where it rests on another classifier than the diagnoses beside it."""
    if isinstance(prediction, EcgviewError) or main is None or main.id == prediction.model.model_id:
        return result
    said = f"rests on {main.id} {main.version}, the diagnoses on {prediction.model.named}"
    return replace(result, warnings=(*result.warnings, said))


def prediction_question(
    card: ModelCard, record: EcgRecord, prepared: Signal, device: str, precision: str = "fp32"
) -> str:
    """Return the fingerprint of what a classifier is asked.

    It is the sha256 of a text that names the prepared input (values, shape, leads that are there), the weights, the
    card as far as an answer depends on it, the reference scores and distances, our version, precision and device.

    Args:
        card: of the classifier, as `fewer_leads.asked` gives it.
        record: as it is asked; a missing lead is a row of zeros to a network, as a flat one would be.
        prepared: (leads, samples) what goes into the network.
        device: the one that will run: cpu, cuda or mps.
        precision: what the network will run in: fp32 or bf16.

    Raises:
        ModelError: the weights are missing or not those of the card.
    """
    return _fingerprint(
        {
            "asked": "prediction",
            "input": hashlib.sha256(prepared.tobytes()).hexdigest(),
            "input_type": str(prepared.dtype),
            "input_shape": list(prepared.shape),
            "leads_present": [record.has(name) for name in card.input.leads],
            "weights": _weights_sha256(card),
            "card": _card_content(card),
            **({} if card.asked_with is None else {"lead_set": _lead_set_content(card.asked_with)}),
            "reference_scores": reference_scores.fingerprint(card),
            "reference_distances": unusual.fingerprint(card),
            **_measured_content(card),
            "version": VERSION,
            # fp32 is called as it always was, so that what is kept stays known.
            "precision": str(runtime.PRECISION) if precision == "fp32" else precision,
            "device": device,
        }
    )


def lef_question(
    card: ModelCard, predictions: Iterable[str], inputs: Mapping[str, float] | None = None
) -> str:
    """Return the fingerprint of what a LEF model is asked: its table, its card, and the questions it rests on.

    `inputs` are the measurements and criteria that it rests on, too: age and sex take part in them.

    Its reference records and its calibration stand in the table.

    Raises:
        ModelError: the table is missing or not that of the card.
    """
    return _fingerprint(
        {
            "asked": "lef",
            "predictions": list(predictions),
            "weights": _weights_sha256(card),
            "card": _card_content(card),
            "version": VERSION,
            **({"measured": dict(inputs)} if inputs else {}),
        }
    )


def _fingerprint(question: Mapping[str, Any]) -> str:
    text = json.dumps(question, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _card_content(card: ModelCard) -> dict[str, Any]:
    raw = cards.as_json(
        replace(card, lead_sets=())
    )  # which are many, and no part of an answer with all leads
    return {name: raw[name] for name in _OF_THE_CARD} | {"origin": card.facts.origin}


def _measured_content(card: ModelCard) -> dict[str, Any]:
    """Return what the measured shares of a classifier come from; nothing where it has none."""
    if not card.measured:
        return {}
    return {"measured": dict(card.measured), "measured_by": cards.default("delineator").sha256}


def _lead_set_content(own: LeadSet) -> dict[str, Any]:
    return {
        "name": own.name,
        "leads": list(own.leads),
        "lines": {code: list(line) for code, line in own.lines.items()},
    }


def _weights_sha256(card: ModelCard) -> str:
    """Return the sha256 of the weights as they lie there now; ModelError as `check_weights` says."""
    try:
        stat = card.weights_path.stat()
    except OSError:
        return cards.sha256_of(card.check_weights())  # which says what is wrong
    if _sha256_as_of(card.weights_path, stat.st_mtime_ns, stat.st_size) != card.sha256:
        card.check_weights()
    return card.sha256


@lru_cache(maxsize=32)
def _sha256_as_of(path: Path, _changed: int, _size: int) -> str:
    return cards.sha256_of(path)
