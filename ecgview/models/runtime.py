"""Ask a network about a record: device, loading, batching; torch comes with the first question."""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import (
    cards,
    context,
    fewer_leads,
    guard,
    measured_shares,
    networks,
    reference_errors,
    reference_scores,
    unusual,
)
from ecgview.models import segments as autoencoders
from ecgview.models.cards import ModelCard
from ecgview.models.loaded import ANSWERS as ANSWERS
from ecgview.models.loaded import available_devices as available_devices
from ecgview.models.loaded import network as network
from ecgview.models.loaded import resolve_device as resolve_device
from ecgview.models.loaded import threads as threads
from ecgview.models.preprocessing import prepare
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord, Signal
from ecgview.results import LabelScore, Prediction, Reconstruction
from ecgview.signal import phases
from ecgview.signal.measure.measured import Measured

if TYPE_CHECKING:
    import torch

NOT_EDITED = "measured shares are of the computed measurements, not of the edited ones"
# Of 8, 16 and 32 the one that stays in the caches of a core: a record of 32 takes 1.1 times as long.
BATCH = 16
PRECISION = np.dtype(np.float32)  # of what goes in; what the weights are in is named beside it


def warm_up(progress: Progress = silent) -> None:
    """Import torch and load the default classifier, so that the first question is answered at once."""
    progress(0.1, "loading torch")
    import torch  # noqa: F401

    progress(0.6, "loading the classifier")
    with contextlib.suppress(ModelError):  # without one, the first question says so
        network_to_ask(cards.default("classifier"), resolve_device())
    progress(1.0, "models ready")


def network_to_ask(card: ModelCard, device: str, precision: str = "fp32") -> "torch.nn.Module":
    """Return a network that only answers: on a processor with packed weights, without gradients; else `network`."""
    return network(card, device, ANSWERS if (device, precision) == ("cpu", "fp32") else precision)


def classify(
    record: EcgRecord, model_id: str | None = None, device: str = "auto", progress: Progress = silent
) -> Prediction:
    """Return the classifier's probabilities for one record; see `classify_many`."""
    return classify_many([record], model_id, device, progress)[0]


def classify_many(
    records: Sequence[EcgRecord],
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> list[Prediction]:
    """Return a prediction per record, in batches; float32 in evaluation mode. See `not_analysed` for what is refused.

    Raises:
        ModelError: no such model or device, or a record that the model cannot take (named).
        Cancelled: `progress` says that nobody waits any more.
    """
    running = resolve_device(device)
    by = [fewer_leads.card_for(classifier_for(record, model_id), record) for record in records]
    found = [not_analysed(card, record, running) for card, record in zip(by, records, strict=True)]
    progress(0.1, "loading the model")
    for places in grouped(by, [place for place, no in enumerate(found) if no is None]):
        card, asked = by[places[0]], [records[place] for place in places]
        inputs = [prepare(fewer_leads.heard(card, record), card.input) for record in asked]
        for place, said in zip(places, answers(card, asked, inputs, running, progress), strict=True):
            found[place] = said
    return [said for said in found if said is not None]


def grouped(by: Sequence[ModelCard], places: Sequence[int]) -> list[list[int]]:
    """Return the places of records that one network answers with one set of leads, together; in order of the first."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place in places:
        own = by[place].asked_with
        groups.setdefault((by[place].id, "" if own is None else own.name), []).append(place)
    return list(groups.values())


def classifier_for(record: EcgRecord, model_id: str | None) -> ModelCard:
    """Return the card of who answers about a record: the one that is named, else the default or who can in its place.

    A default that takes twelve leads alone gives way to one that ships and knows a lead set of the record.
    """
    card = classifier_named(model_id)
    return fewer_leads.classifier_for(record, card) if model_id is None else card


def classifier_named(model_id: str | None) -> ModelCard:
    """Return the card of a classifier, the default one where None; ModelError if it is none."""
    card = cards.default("classifier") if model_id is None else cards.get(model_id)
    if card.kind != "classifier":
        raise ModelError(f"{card.id} is no classifier", expected="a classifier", found=card.kind)
    return card


def answers(
    card: ModelCard,
    records: Sequence[EcgRecord],
    inputs: Sequence[Signal],
    device: str,
    progress: Progress = silent,
    precision: str = "fp32",
) -> list[Prediction]:
    """Return a prediction per record from its prepared input, (leads, samples), on a device that is there.

    `precision` is what `models.precision` chose.

    Raises:
        ModelError: the weights are missing, altered, or do not fit the network.
        Cancelled: `progress` says that nobody waits any more.
    """
    module = network_to_ask(card, device, precision)
    predictions: list[Prediction] = []
    for start in range(0, len(records), BATCH):
        progress(0.2 + 0.8 * start / max(1, len(records)), f"{card.name} on {device}")
        began = time.perf_counter()
        said = probabilities_and_distances(card, module, np.stack(inputs[start : start + BATCH]), device)
        spent = (time.perf_counter() - began) * 1000 / len(said[0])
        for record, row, far in zip(records[start : start + BATCH], *said, strict=True):
            predictions.append(prediction(card, record, row, device, spent, precision, far))
    progress(1.0, "done")
    return predictions


def probabilities(
    module: "torch.nn.Module",
    signal: NDArray[np.float32],
    device: str,
    *,
    whole_batch: bool = False,
    one_thread: bool = False,
) -> NDArray[np.float32]:
    """Return (n, classes) sigmoid outputs for (n, leads, samples) network input.

    `whole_batch` says that no window waits: even a batch of one may use every processor. `one_thread` says that the
    other cores have work of their own.
    """
    import torch

    with torch.inference_mode(), threads(device, 1 if one_thread else BATCH if whole_batch else len(signal)):
        logits = module(torch.from_numpy(signal.astype(PRECISION, copy=False)).to(device))
        result: NDArray[np.float32] = torch.sigmoid(logits.float()).cpu().numpy()
    return result


def probabilities_and_distances(
    card: ModelCard,
    module: "torch.nn.Module",
    signal: NDArray[np.float32],
    device: str,
    *,
    one_thread: bool = False,
) -> tuple[NDArray[np.float32], list[float | None]]:
    """Return `probabilities` and, of the same run, how far each record lies from the training records.

    The distances are percentiles as `unusual` has them, (n,), None where the card has no reference. What the head takes
    is listened to, not asked for: the run is the one that answers.
    """
    reference = unusual.of(card)
    head = None if reference is None else _head(card, module)
    if reference is None or head is None:
        return probabilities(module, signal, device, one_thread=one_thread), [None] * len(signal)
    taken: list[NDArray[np.float32]] = []
    here = threading.get_ident()  # the window may ask the same network on another thread

    def listen(_head: "torch.nn.Module", given: tuple["torch.Tensor", ...]) -> None:
        if threading.get_ident() == here:
            taken.append(given[0].detach().float().cpu().numpy())

    heard = head.register_forward_pre_hook(listen)
    try:
        said = probabilities(module, signal, device, one_thread=one_thread)
    finally:
        heard.remove()
    return said, reference.percentiles(np.concatenate(taken)[:, : _n_compared(card)])


def _n_compared(card: ModelCard) -> int | None:
    """Return how many of the features, the first ones, the reference is of; None for all."""
    compared = getattr(networks.of(card.network), "compared", None)
    return None if compared is None else int(compared(card))


def _head(card: ModelCard, module: "torch.nn.Module") -> "torch.nn.Module | None":
    name = getattr(networks.of(card.network), "HEAD", None)
    inner = getattr(module, "inner", module)  # a network in bf16 lies in its second form
    found: torch.nn.Module | None = None if name is None else getattr(inner, name, None)
    return found


def prediction(
    card: ModelCard,
    record: EcgRecord,
    probability: NDArray[np.float32],
    device: str,
    spent_ms: float,
    precision: str = "fp32",
    far: float | None = None,
    measured: Measured | None = None,
) -> Prediction:
    """Return what a classifier's probabilities, (classes,), say of a record, with what a reader must know.

    Statements that rest on measured values, too, by the card get their shares here: of `measured`, or where that is
    None of what is measured now, or was a moment ago. `far` is the percentile of `probabilities_and_distances`.

    Raises:
        ModelError: one is no number, as weights of strangers, or damaged ones, can make it.
    """
    if not np.isfinite(probability).all():
        code = card.labels[int(np.flatnonzero(~np.isfinite(probability))[0])]
        raise ModelError("gives no number", where=f"{card.id}: {code}", expected="a probability", found="NaN")
    names = _label_names(card)
    rows = zip(card.labels, probability, card.told_thresholds, strict=True)
    scores = measured_shares.of(
        card,
        record,
        tuple(
            LabelScore(code, names.get(code, code), float(value), calling, weak_threshold=weak)
            for code, value, (calling, weak) in rows
        ),
        measured,
    )
    reference = reference_scores.of(card)
    if reference is not None:  # of networks alone: a score with measured shares has no place among them
        scores = tuple(
            score
            if score.shares is not None and not score.shares.not_used
            else replace(score, percentile=reference.percentile(k, score.probability))
            for k, score in enumerate(scores)
        )
    scores, contexts = context.in_context(record, scores, card.label_set)
    about = context.doubts(record, fewer_leads.heard(card, record))
    doubts = (*about, *filter(None, (unusual.doubt(card, far),)))
    own = card.asked_with
    # The leads first: they say which question the numbers answer.
    asked = fewer_leads.words(card, record)
    none = "" if own is None else fewer_leads.NO_REFERENCE
    return Prediction(
        model=card.facts,
        record_sha256=record.source.sha256,
        device=device,
        duration_ms=spent_ms,
        scores=scores,
        warnings=(*asked, *_cut_short(card, record), *contexts, *doubts),
        label_set=card.label_set,
        reference=none if reference is None else reference.sentence,
        precision=precision,
        feature_distance_percentile=far,
        lead_set="" if own is None else own.name,
        leads=() if own is None else own.leads,
    )


def _cut_short(card: ModelCard, record: EcgRecord) -> tuple[str, ...]:
    """Return that only a part of a record went in, where that is so; a sample or two more are no second part."""
    if record.seconds <= card.input.seconds * 1.01:
        return ()
    return (f"first {card.input.seconds:g} s of {record.seconds:.0f} s analysed",)


def not_analysed(card: ModelCard, record: EcgRecord, device: str) -> Prediction | None:
    """Return the prediction without scores that says why the network is not asked about a record; None where it is.

    `card` is the one of `fewer_leads.card_for` where a set of leads is asked.
    """
    reason = fewer_leads.reason_not_to_answer(card, record)
    if not reason:
        return None
    return Prediction(
        model=card.facts,
        record_sha256=record.source.sha256,
        device=device,
        duration_ms=0.0,
        scores=(),
        warnings=context.doubts(record, fewer_leads.heard(card, record)),
        label_set=card.label_set,
        reason=reason,
    )


def judged_anew(card: ModelCard, kept: Prediction, record: EcgRecord) -> Prediction:
    """Return a kept prediction with what the card and the record say today; probabilities stay as they are.

    Age, sex, pacing and the file's own words are no part of a network's input, so that two records of one input
    may differ in them: what follows from them is never recalled, always judged. So are measured shares: a network's
    input may be the same where the stored samples differ.
    """
    said = np.array([score.by_network for score in kept.scores])
    far = kept.feature_distance_percentile  # of the input alone, as the probabilities are
    return prediction(card, record, said, kept.device, kept.duration_ms, kept.precision, far)


def with_edits(said: Prediction, record: EcgRecord, measured: Measured) -> Prediction:
    """Return a prediction with its measured shares as a reader's edits left them; no network is asked.

    Where no share changed it is the one without any edit, itself or its `unedited`. A record longer than the network
    sees keeps its computed shares, with a warning: its edits are of the median beat of the whole.

    Args:
        said: of the record, of whatever edits.
        record: the ECG.
        measured: what is measured of it with the edits; without any the prediction is that of before.
    """
    measured.require_of(record)
    base = said.unedited or said
    if base.lead_set or not (measured.edits and any(score.shares is not None for score in base.scores)):
        return base
    try:
        card = cards.get(base.model.model_id)
        if card.sha256 != base.model.sha256:
            raise ModelError(f"{card.id} has other weights now")
    except ModelError as error:
        return replace(base, warnings=(*base.warnings, f"{NOT_EDITED}: {error.sentence}"))
    if measured_shares.seen(record, card.input.seconds) is not record:
        return replace(
            base, warnings=(*base.warnings, f"{NOT_EDITED}: the record is longer than what was analysed")
        )
    alone = np.array([score.by_network for score in base.scores])
    far = base.feature_distance_percentile
    made = prediction(card, record, alone, base.device, base.duration_ms, base.precision, far, measured)
    moved = [
        f"{after.code} {after.probability:.2f} (computed {before.probability:.2f})"
        for before, after in zip(base.scores, made.scores, strict=True)
        if after.probability != before.probability
    ]
    if not moved:
        return base
    by = ", ".join(dict.fromkeys(one.by for one in measured.edits if one.by))
    told = f"With edited measurements{f', by {by}' if by else ''}: {'; '.join(moved)}"
    # What was said of how it was asked stands; what followed from the computed values does not.
    kept = [one for one in base.warnings if one not in made.warnings and context.WITHHELD not in one]
    return replace(made, warnings=(told, *made.warnings, *kept), unedited=base)


def _label_names(card: ModelCard) -> dict[str, str]:
    if not card.label_set:
        return {}
    from ecgview.labels import label_set

    return {statement.code: statement.english for statement in label_set.load(card.label_set).statements}


def reconstruct(
    record: EcgRecord,
    mask: NDArray[np.bool_],
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Reconstruction:
    """Return what the autoencoder makes of the hidden segments; see `reconstruct_many`."""
    return reconstruct_many(record, mask[None], model_id, device, progress)[0]


def reconstruct_many(
    record: EcgRecord,
    masks: NDArray[np.bool_],
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> list[Reconstruction]:
    """Return a reconstruction per mask; all masks must hide the same number of segments.

    Args:
        record: the ECG; its stored samples are prepared as the card says, and compared in that form.
        masks: (n, segments) bool, True = hidden.
        model_id: an autoencoder, the default one when None.
        device: auto, cpu, cuda or mps.
        progress: told per batch; may cancel.

    Raises:
        ModelError: a mask of another length, hiding nothing or everything, or a record that does not fit or is not
            analysed.
    """
    card = autoencoders.autoencoder(model_id)
    cut = autoencoders.of(card)
    guard.check(record, card.input.leads)
    prepared = prepare(record, card.input)
    device = resolve_device(device)
    module: Any = network(card, device)
    hidden = masks.sum(1)
    if masks.shape[1] != cut.count:
        raise ModelError("the mask does not fit", expected=f"{cut.count} segments", found=str(masks.shape[1]))
    if not (hidden.min() > 0 and hidden.max() < cut.count and (hidden == hidden[0]).all()):
        raise ModelError(
            "a mask must hide some segments and leave some", expected="the same number in each mask"
        )
    began = time.perf_counter()
    predicted = predict_hidden(module, prepared, masks, device, progress)
    spent = (time.perf_counter() - began) * 1000 / len(masks)
    measured = prepared / np.float32(card.input.scale)
    parts = phases.of_segments(measured, card.input.sampling_rate_hz, cut.samples)
    made = (
        _reconstruction(card, measured, row / np.float32(card.input.scale), mask, cut.samples, device, spent)
        for row, mask in zip(predicted, masks, strict=True)
    )
    warnings = (*_cut_short(card, record), *context.doubts(record))
    return [replace(_placed(one, parts, reference_errors.of(card)), warnings=warnings) for one in made]


def _placed(
    found: Reconstruction, parts: NDArray[np.int8], reference: reference_errors.ReferenceErrors | None
) -> Reconstruction:
    """Return a reconstruction with the place of its errors among those of the same part of the beat."""
    over_leads = np.sqrt(np.mean(found.error_uv.astype(np.float64) ** 2, axis=0))
    if reference is None:
        return replace(found, phases=parts, percentile=np.full(len(parts), np.nan))
    percentile = reference.percentiles(over_leads, parts)
    return replace(found, phases=parts, percentile=percentile, reference=reference.sentence)


def predict_hidden(
    module: Any, prepared: Signal, masks: NDArray[np.bool_], device: str, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return (n, leads, samples) network units: the decoder's guess of every segment under each mask."""
    import torch

    rows = []
    signal = torch.from_numpy(prepared).to(device)[None]
    with torch.inference_mode():
        for start in range(0, len(masks), BATCH):
            progress(start / len(masks), "reconstructing")
            part = torch.from_numpy(masks[start : start + BATCH]).to(device)
            with threads(device, len(part)):
                out = module.reconstruct(signal.expand(len(part), -1, -1), part)
            rows.append(out.float().cpu().numpy())
    return np.concatenate(rows)


def _reconstruction(
    card: ModelCard,
    measured: Signal,
    predicted: Signal,
    mask: NDArray[np.bool_],
    size: int,
    device: str,
    spent_ms: float,
) -> Reconstruction:
    over_time = np.repeat(mask, size)
    reconstructed = np.where(over_time[None], predicted, np.nan).astype(np.float32)
    squared = (predicted - measured).reshape(measured.shape[0], len(mask), size) ** 2
    error = np.sqrt(squared.mean(-1)) * 1000.0
    error_uv = np.where(mask[None], error, np.nan).astype(np.float32)
    return Reconstruction(
        card.facts,
        card.input.leads,
        card.input.sampling_rate_hz,
        size,
        mask.copy(),
        measured,
        reconstructed,
        error_uv,
        device,
        spent_ms,
    )
