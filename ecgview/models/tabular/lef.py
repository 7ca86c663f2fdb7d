"""LEF: how far an ECG resembles those of a low left ventricular ejection fraction, from named predictors.

Source: ECGPD-LEF, arXiv 2603.28532. A classifier's probabilities are the predictors. Without any training on
ejection fractions the paper ranks by single predictors, each on its own: so does the index here, each as a percentile
of named reference records. The composite of them is a choice of ours: the mean of their logits, each measured in
deviations over the reference records, so that a statement with a wide spread has no greater say. It is placed, never
shown as a probability, and judges nothing. With a classifier that learned a statement from a handful of ECGs the three
say much the same, and then the result says so (`_likeness`). A user who has echo data fits the linear or the tree kind.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards, context, unusual
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import measured_inputs, scope, table
from ecgview.models.tabular.shares import shares
from ecgview.models.tabular.table import Linear, Predictor, Row, Table
from ecgview.record import EcgRecord
from ecgview.results import LefResult, ModelFacts, Placed, Prediction
from ecgview.signal.measure.measured import Measured

COMPOSITE = "lef-composite"  # the mean of its predictors' scaled logits; may do without a predictor
FITTED = ("lef-linear", "lef-trees")
LVEF_CUT = (
    "lvef_at_most_percent"  # in the card's `config`: the ejection fraction that a fitted model was made for
)
NOT_ANALYSED = "not analysed"
ALIKE = 0.95  # rank correlation from which one ranking is called the other's
NAMED = 6  # edited inputs that are written out
RESTS = "this LEF model rests on measurements, too: it answers for whole records alone, one by one"
NO_VERDICT = "index without a verdict"
NEVER_COMPARED = "never compared with echocardiography"
NO_CUT = "an ejection fraction that its card does not state"


def lef_model(model_id: str | None = None) -> ModelCard:
    """Return the card of a LEF model, the default one where None; ModelError if it is none."""
    card = cards.default("lef") if model_id is None else cards.get(model_id)
    if card.kind != "lef":
        raise ModelError(f"{card.id} is no LEF model", expected="a LEF model", found=card.kind)
    return card


def classifiers(card: ModelCard, classifier_id: str | None = None) -> tuple[ModelCard, ...]:
    """Return whose probabilities are the predictors: the main classifier, and others that a fitted model names.

    Args:
        card: of the LEF model.
        classifier_id: the main one; None = the one that the model names, or the default.

    Raises:
        ModelError: no such classifier, or the model's file is not that of its card.
    """
    model = table.read(card.check_weights())
    return (_classifier(model, classifier_id), *map(cards.get, model.others))


def out_of_scope(record: EcgRecord, card: ModelCard, classifier: ModelCard) -> LefResult | None:
    """Return the result that says why a record is not analysed, before any network is asked; None where it is."""
    reason = scope.reason_not_to_analyse(record, classifier.input)
    if not reason:
        return None
    return _not_analysed(card, classifier, table.read(card.check_weights()), record, reason)


def from_prediction(
    record: EcgRecord, prediction: Prediction, card: ModelCard, others: Mapping[str, Prediction] | None = None
) -> LefResult:
    """Return the LEF result that follows from a classifier's prediction for the record.

    Args:
        record: the ECG.
        prediction: of the main classifier.
        card: of the LEF model.
        others: predictions of the other classifiers that a fitted model rests on, by id; see `classifiers`.

    Raises:
        ModelError: the model was fitted on another classifier, or a predictor is missing.
    """
    classifier = cards.get(prediction.model.model_id)
    _check_classifier(card, table.read(card.check_weights()), prediction)
    return out_of_scope(record, card, classifier) or computed(record, prediction, card, others)


def inputs(record: EcgRecord, card: ModelCard, measured: Measured | None = None) -> dict[str, float]:
    """Return the measurements and criteria that a model rests on, by code: none, and nothing is measured, of most.

    `measured` is what was measured of the record, nobody's edits laid on it; it is measured now where it is None.
    """
    wanted = table.read(card.check_weights()).measured
    found = measured_inputs.of(record, measured) if wanted else {}
    return {code: found[code] for code in wanted if code in found}


def unmeasured(card: ModelCard, there: Mapping[str, float]) -> tuple[str, ...]:
    """Return in words which of the measurements that a model rests on are not among these; nothing where all are."""
    said = measured_inputs.missing(there, table.read(card.check_weights()).measured)
    return (said,) if said else ()


def computed(
    record: EcgRecord,
    prediction: Prediction,
    card: ModelCard,
    others: Mapping[str, Prediction] | None = None,
    measured: Mapping[str, float] | None = None,
) -> LefResult:
    """Return the same for a record that `out_of_scope` had nothing against; `measured` as `inputs` gives them."""
    model = table.read(card.check_weights())
    classifier = cards.get(prediction.model.model_id)
    _check_classifier(card, model, prediction)
    same = model.classifier_sha256 == prediction.model.sha256
    if reason := prediction.reason or scope.paced_reason(prediction, model.paced_at if same else None):
        return _not_analysed(card, classifier, model, record, reason)
    used, left_out = _usable(card, model, prediction.model.model_id, _codes(prediction))
    there = inputs(record, card) if measured is None else measured
    values = _values(used, _all_predictions(used, prediction, others or {}), there)
    found = shares(used, values)
    value = _number(used, found.model_output)
    kind = _kind(card)
    threshold = used.threshold if kind == "probability" else None
    # else the percentiles are of another
    own = not left_out and model.classifier_sha256 in ("", prediction.model.sha256)
    placed = _placed(used, values, prediction, others or {}, own) if kind == "index" else ()
    whole = own and not any(one.not_assessable for one in placed)
    percentile = used.percentile(value) if kind == "index" and whole else None
    reference = used.reference if kind == "index" and own else None
    return LefResult(
        model=_facts(card, classifier, model, left_out),
        record_sha256=record.source.sha256,
        kind=kind,
        model_output=found.model_output,
        value=value,
        threshold=threshold,
        result=_word(card, value, threshold),
        contributions=found,
        single_predictors=tuple(
            (predictor.name, float(number)) for predictor, number in zip(used.predictors, values, strict=True)
        ),
        placed=placed,
        percentile=percentile,
        reference="" if reference is None else reference.sentence,
        reference_set=reference,
        cut=_cut(card),
        warnings=(*doubts(record, (prediction, *(others or {}).values())), *unmeasured(card, there)),
        precision=", ".join(sorted({one.precision for one in (prediction, *(others or {}).values())})),
        feature_distance_percentile=distance((prediction, *(others or {}).values())),
        measured=tuple(used.measured.values()),
    )


def _placed(
    model: Table, values: Row, first: Prediction, others: Mapping[str, Prediction], own: bool
) -> tuple[Placed, ...]:
    """Return each predictor of an index with its direction and, of its own classifier, its percentile."""
    found = []
    for place, (predictor, value) in enumerate(zip(model.predictors, values, strict=True)):
        said = others[predictor.classifier] if predictor.classifier else first
        code = "" if predictor.measured else _code_of(predictor, _codes(said))
        why = next((score.not_assessable for score in said.scores if score.code == code), "")
        percentile = model.percentile_of(place, float(value)) if own and not why else None
        found.append(
            Placed(predictor.name, float(value), predictor.direction, percentile, why, code, said.label_set)
        )
    return tuple(found)


def with_edits(result: LefResult, record: EcgRecord, measured: Measured) -> LefResult:
    """Return the result with the measurements as a reader's edits left them; no network is asked.

    The outputs of classifiers stand in the result, and measurements and criteria are taken anew. Where it rests on none
    that changed it is returned as it was without any edit, itself or its `unedited`. What cannot be made anew, as
    without the model's file, is the number of before with a warning.

    Args:
        result: of the record, of whatever edits.
        record: the ECG.
        measured: what is measured of it with the edits; without any the result is that of before.
    """
    measured.require_of(record)
    base = result.unedited or result
    if not (base.measured and base.analysed and measured.edits):
        return base
    try:
        return _with_edits(base, record, measured)
    except ModelError as error:
        said = f"the number is of the computed measurements, not of the edited ones: {error.sentence}"
        return replace(base, warnings=(*base.warnings, said))


def _with_edits(base: LefResult, record: EcgRecord, measured: Measured) -> LefResult:
    card = cards.get(base.model.model_id)
    model = table.read(card.check_weights())
    if tuple(one.name for one in model.predictors) != tuple(name for name, _ in base.single_predictors):
        raise ModelError(f"{card.id} has other predictors now")
    there = measured_inputs.of(record, measured)
    values = np.array(
        [
            there.get(one.measured, one.instead) if one.measured else before
            for one, (_, before) in zip(model.predictors, base.single_predictors, strict=True)
        ]
    )
    singles = tuple((one.name, float(number)) for one, number in zip(model.predictors, values, strict=True))
    moved = [
        f"{name} {now:.4g} (computed {before:.4g})"
        for (name, now), (_, before) in zip(singles, base.single_predictors, strict=True)
        if now != before
    ]
    if not moved:
        return base
    found = shares(model, values)
    value = _number(model, found.model_output)
    by = ", ".join(dict.fromkeys(one.by for one in measured.edits if one.by))
    more = f" and {len(moved) - NAMED} more" if len(moved) > NAMED else ""
    said = (
        f"With edited measurements{f', by {by}' if by else ''}: {'; '.join(moved[:NAMED])}{more}. "
        f"With the computed ones, of the kind that the model learned from, {base.value:.3f}"
    )
    kept = (one for one in base.warnings if not one.startswith(measured_inputs.NOT_MEASURED))
    return replace(
        base,
        model_output=found.model_output,
        value=value,
        result=_word(card, value, base.threshold),
        contributions=found,
        single_predictors=singles,
        placed=tuple(replace(one, value=now) for one, (_, now) in zip(base.placed, singles, strict=False)),
        percentile=None if base.percentile is None else model.percentile(value),
        warnings=(said, *kept, *unmeasured(card, there)),
        unedited=base,
    )


def doubts(record: EcgRecord, predictions: Iterable[Prediction]) -> tuple[str, ...]:
    """Return what stands beside a number that rests on these predictions: what is unusual to them is so to it."""
    found = (
        unusual.doubt(cards.get(one.model.model_id), one.feature_distance_percentile) for one in predictions
    )
    return (*context.doubts(record), *dict.fromkeys(filter(None, found)))


def distance(predictions: Iterable[Prediction]) -> float | None:
    """Return how far a record lies from what these classifiers learned from: the largest percentile that is known."""
    known = [one.feature_distance_percentile for one in predictions]
    return max((one for one in known if one is not None), default=None)


def number(prediction: Prediction, card: ModelCard, others: Mapping[str, Prediction] | None = None) -> float:
    """Return the index or probability alone that follows from probabilities of a changed input.

    Nothing is asked of the record's scope: whether it is analysed at all was settled of the record as it is, and a
    part of it hidden makes it neither more nor less so. Arguments and errors as of `computed`.
    """
    return _number(*_output(prediction, card, others or {}))


def told(prediction: Prediction, card: ModelCard, others: Mapping[str, Prediction] | None = None) -> float:
    """Return the same as a reader is told it: a probability, or an index's output, which looks like none."""
    model, output = _output(prediction, card, others or {})
    return output if _kind(card) == "index" else _number(model, output)


def _output(prediction: Prediction, card: ModelCard, others: Mapping[str, Prediction]) -> tuple[Table, float]:
    """Return the table as far as it can be used of this prediction, and its output."""
    model = table.read(card.check_weights())
    _check_classifier(card, model, prediction)
    used = _usable(card, model, prediction.model.model_id, _codes(prediction))[0]
    values = _values(used, _all_predictions(used, prediction, others))
    return used, float(used.model.output(used.transformed(values)))


def outputs(card: ModelCard, classifier: ModelCard, said: NDArray[np.float64]) -> Row:
    """Return the model's output, (n,), for (n, labels) probabilities of the one classifier that it rests on.

    Raises:
        ModelError: it rests on other classifiers, too, or on an output that this one does not give.
    """
    used, _ = _usable(card, table.read(card.check_weights()), classifier.id, classifier.labels)
    if used.measured:
        raise ModelError(RESTS)
    if any(predictor.classifier for predictor in used.predictors):
        raise ModelError(f"{card.id} rests on several classifiers", expected="one")
    columns = [
        classifier.labels.index(_code_of(predictor, classifier.labels)) for predictor in used.predictors
    ]
    flip = np.array([predictor.complement for predictor in used.predictors])
    values = np.where(flip, 1.0 - said[:, columns], said[:, columns])
    return np.array([used.model.output(used.transformed(row)) for row in values])


def _number(model: Table, output: float) -> float:
    return float(model.probability(np.array([output]))[0])


def _classifier(model: Table, classifier_id: str | None) -> ModelCard:
    if classifier_id is not None:
        return cards.get(classifier_id)
    return cards.get(model.classifier) if model.classifier else cards.default("classifier")


def _check_classifier(card: ModelCard, model: Table, prediction: Prediction) -> None:
    """A fitted model speaks of the classifier it was fitted on alone; the composite of any."""
    fitted_on = model.classifier_sha256
    if card.network in FITTED and fitted_on and fitted_on != prediction.model.sha256:
        raise ModelError(
            f"{card.id} was fitted on another classifier",
            where=str(card.weights_path),
            expected=f"{model.classifier} {fitted_on[:12]}",
            found=f"{prediction.model.model_id} {prediction.model.sha256[:12]}",
        )


def _all_predictions(
    model: Table, first: Prediction, others: Mapping[str, Prediction]
) -> dict[str, Prediction]:
    """Return the predictions that the model rests on by classifier; "" is the first one's."""
    found = {"": first}
    for name, sha256 in model.others.items():
        if name not in others:
            raise ModelError(f"the model rests on {name}, too", expected=f"what {name} says of the record")
        said = others[name]
        if said.model.sha256 != sha256:
            raise ModelError(
                f"the model was fitted on another {name}", expected=sha256[:12], found=said.model.sha256[:12]
            )
        found[name] = said
    return found


def _code_of(predictor: Predictor, known: Collection[str]) -> str:
    return next((code for code in predictor.codes if code in known), "")


def _codes(prediction: Prediction) -> frozenset[str]:
    return frozenset(score.code for score in prediction.scores)


def _usable(
    card: ModelCard, model: Table, classifier_id: str, known: Collection[str]
) -> tuple[Table, tuple[str, ...]]:
    """Return the model over the predictors that this classifier has, and the names of those it has not."""
    have = np.array([bool(p.classifier or p.measured or _code_of(p, known)) for p in model.predictors])
    if have.all():
        return model, ()
    left_out = tuple(p.name for p, there in zip(model.predictors, have, strict=True) if not there)
    if card.network != COMPOSITE or not have.any() or not isinstance(model.model, Linear):
        raise ModelError(
            f"{classifier_id} does not give the predictors of {card.id}",
            found=", ".join(left_out),
        )
    mean_of_rest = model.model.coefficients[have] * (len(have) / int(have.sum()))
    background = model.model.background[have]
    base = model.model.output(model.model.background)
    rest = Linear(base - float(mean_of_rest @ background), mean_of_rest, background)
    kept = tuple(p for p, there in zip(model.predictors, have, strict=True) if there)
    # what the percentiles are of is no longer there
    bare = replace(model, predictors=kept, threshold=None, quantiles=np.zeros(0), each=())
    return replace(bare, model=rest), left_out


def _values(
    model: Table, predictions: dict[str, Prediction], inputs: Mapping[str, float] | None = None
) -> Row:
    """Return the predictors' values; of a model that rests on measurements `inputs` are those of the record."""
    if inputs is None and model.measured:
        raise ModelError(RESTS)
    raw = []
    for predictor in model.predictors:
        if predictor.measured:
            raw.append((inputs or {}).get(predictor.measured, predictor.instead))
            continue
        said = predictions[predictor.classifier]
        # Tables were made of what networks say by themselves, and a predictor's map is of that alone.
        raw.append(said.by_network(_code_of(predictor, _codes(said))))
    flip = [predictor.complement for predictor in model.predictors]
    return np.array([1.0 - p if turned else p for p, turned in zip(raw, flip, strict=True)])


def _kind(card: ModelCard) -> Literal["index", "probability"]:
    return (
        "probability" if card.network in FITTED and card.calibrated.startswith("calibrated on") else "index"
    )


def _cut(card: ModelCard) -> str:
    """Return in words which ejection fraction a fitted model was made for, calibrated or not; "" for a composite."""
    if card.network not in FITTED:
        return ""
    percent = card.config.get(LVEF_CUT)
    if isinstance(percent, int | float) and not isinstance(percent, bool) and 0 < percent < 100:
        return f"an LVEF of {percent:g} % or less"
    return NO_CUT


def _word(card: ModelCard, value: float, threshold: float | None) -> str:
    if _kind(card) == "index":
        return NO_VERDICT
    if threshold is None:
        return "probability without a threshold"
    return "raised probability" if value >= threshold else "probability not raised"


def _facts(
    card: ModelCard, classifier: ModelCard, model: Table, left_out: tuple[str, ...] = ()
) -> ModelFacts:
    """Return what stands beside the number; the checksum covers a classifier that is not the named one."""
    facts = card.facts
    notes = [card.out_of_scope]
    if _kind(card) == "index":
        fitted_to = f"Fitted to {_cut(card)}, but not calibrated: no probability."
        notes.append(fitted_to if _cut(card) else f"{NEVER_COMPARED.capitalize()}.")
        notes += _likeness(model) if not left_out and model.classifier_sha256 == classifier.sha256 else ()
    elif model.threshold is not None and model.threshold_meaning and not left_out:
        notes.append(f"Threshold: {model.threshold_meaning}.")
    if left_out:
        notes.append(f"{classifier.id} gives no {', '.join(left_out)}: left out, and no percentile is known.")
    elif model.classifier_sha256 and model.classifier_sha256 != classifier.sha256:
        notes.append(
            f"Base value and percentiles were set with {model.classifier}, not with {classifier.id}."
        )
    own = not model.classifier_sha256 or model.classifier_sha256 == classifier.sha256
    both = facts.sha256 if own else hashlib.sha256((facts.sha256 + classifier.sha256).encode()).hexdigest()
    name = f"{facts.name} on {classifier.name} {classifier.version} ({classifier.id})"
    return replace(facts, name=name, sha256=both, caveat=" ".join(notes))


def _likeness(model: Table) -> tuple[str, ...]:
    """Return in words how far the index and the other predictors follow the first one: what they add to it."""
    if not model.alike:
        return ()
    with_index, with_first = model.alike
    first, *rest = (one.name for one in model.predictors)
    others = ", ".join(f"{name} {value:.2f}" for name, value in zip(rest, with_first[1:], strict=True))
    said = f"Rank correlation with {first} over the reference records: index {with_index[0]:.2f}, {others}."
    return (f"{said} The index adds little to {first} alone." if with_index[0] >= ALIKE else said,)


def _not_analysed(
    card: ModelCard, classifier: ModelCard, model: Table, record: EcgRecord, reason: str
) -> LefResult:
    return LefResult(
        model=_facts(card, classifier, model),
        record_sha256=record.source.sha256,
        kind=_kind(card),
        model_output=None,
        value=None,
        threshold=model.threshold if _kind(card) == "probability" else None,
        result=NOT_ANALYSED,
        reason=reason,
        cut=_cut(card),
        warnings=context.doubts(record),
    )
