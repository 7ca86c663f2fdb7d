"""Where on the trace a statement's score comes from: integrated gradients of its logit, added up in cells.

A cell is one lead over 50 ms. From a flat ECG to this one the logit changes by what the cells say together, less a
remainder of the sum in place of an integral, which stands beside the map. On records outside training this map led
occlusion, gradient times input and the signal's own size where hidden parts are flat (docs/models.md); attention
rollout is the same for every statement, and is not offered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError, NotAnalysed
from ecgview.explain import Asked, Explanation
from ecgview.explain.faithfulness import LARGEST_REMAINDER, known_failure
from ecgview.explain.on_page import UNTRIED
from ecgview.models import fewer_leads, gradients, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord, Signal
from ecgview.results import Attribution, Prediction

NAME = "Where a statement's score comes from"
NEEDS = "classifier"
Method = Literal["integrated gradients", "gradient x input"]
SEGMENT_S = 0.05  # MTECG's own segment; a QRS complex is two of them
STEPS = 12  # of the midpoint rule: the remainder is 3 % of the share in the median, and a map stays under a second


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Maps of several logits of one classifier, from the same passes of its network.

    `cells` is (outputs, leads, segments) in logits, `at_record` and `at_flat` (outputs,) the logits of the ECG and of
    a flat one; `leads` are those of the model's input that the record has.
    """

    leads: tuple[str, ...]
    cells: NDArray[np.float64]
    at_record: NDArray[np.float64]
    at_flat: NDArray[np.float64]
    method: str

    @property
    def differences(self) -> NDArray[np.float64]:
        """What the cells of each output should add up to, (outputs,)."""
        return self.at_record - self.at_flat


def of_statement(
    record: EcgRecord,
    model_id: str | None,
    code: str,
    device: str = "auto",
    progress: Progress = silent,
    method: Method = "integrated gradients",
) -> Attribution:
    """Return the map of one statement; see `of_statements`."""
    return of_statements(record, model_id, [code], device, progress, method)[0]


def of_statements(
    record: EcgRecord,
    model_id: str | None,
    codes: Sequence[str],
    device: str = "auto",
    progress: Progress = silent,
    method: Method = "integrated gradients",
) -> tuple[Attribution, ...]:
    """Return a map per statement; each further one costs two thirds of the first, one that needs more steps thrice.

    Args:
        record: the ECG.
        model_id: a classifier, the default one when None.
        codes: of its statements.
        device: auto, cpu, cuda or mps.
        progress: told per batch of steps; may cancel.
        method: how the cells are found.

    Raises:
        ModelError: no such model, statement or device, a network without gradients, or a record that does not fit.
        Cancelled: `progress` says that nobody waits any more.
    """
    card = fewer_leads.card_for(runtime.classifier_for(record, model_id), record)
    outputs = [output_of(card, code) for code in codes]
    within = LARGEST_REMAINDER if method == "integrated gradients" else None
    found = maps(record, card, outputs, device, progress, method, within=within)
    return tuple(
        Attribution(
            model=card.facts,
            record_sha256=record.source.sha256,
            of="statement",
            target=code,
            leads=found.leads,
            segment_s=SEGMENT_S,
            cells=(cells := found.cells[row].astype(np.float32)),
            share=(share := float(found.differences[row])),
            remainder=(left := share - float(cells.sum(dtype=np.float64))),
            unit="logit",
            method=found.method,
            # Gradient times input promises no sum, and cannot break it.
            failed=known_failure(share, left) if within is not None else "",
            notes=(*measured_note(card, code), *_notes(found.leads, record, card)),
        )
        for row, code in enumerate(codes)
    )


def maps(
    record: EcgRecord,
    card: ModelCard,
    outputs: Sequence[int] | NDArray[np.float32],
    device: str = "auto",
    progress: Progress = silent,
    method: Method = "integrated gradients",
    *,
    within: float | None = None,
) -> Maps:
    """Return the maps of several outputs of a classifier.

    Args:
        record: the ECG.
        card: of the classifier.
        outputs: their places; or (outputs, classes) weights, each row a sum of logits.
        device: auto, cpu, cuda or mps.
        progress: told per batch of steps; may cancel.
        method: how the cells are found.
        within: the largest remainder, as a part of the difference, that twelve steps may leave: an output with more
            gets three times as many, of which the first twelve are every third.

    Raises:
        ModelError, Cancelled: as `of_statements`.
    """
    device = runtime.resolve_device(device)
    card = fewer_leads.card_for(card, record)
    fewer_leads.check(card, record)
    heard = fewer_leads.heard(card, record)
    prepared = prepare(heard, card.input)
    progress(0.0, "loading the model")
    module = gradients.network(card, device)
    flat = flat_of(prepared)
    both = gradients.logits(module, np.stack([prepared, flat]), device)
    ends = both @ outputs.T if isinstance(outputs, np.ndarray) else both[:, list(outputs)]
    rows = [row for row, name in enumerate(card.input.leads) if heard.has(name)]

    def cells(slopes: NDArray[np.float32]) -> NDArray[np.float64]:
        return cells_of((slopes.astype(np.float64) * prepared)[:, rows], card.input.sampling_rate_hz)

    named = f"{method}, {STEPS} steps" if method == "integrated gradients" else method
    steps = path(prepared, STEPS) if method == "integrated gradients" else prepared[None]
    found = cells(gradients.mean_gradients(module, steps, outputs, device, progress))
    left = np.abs(ends[0] - ends[1] - found.sum(axis=(1, 2)))
    if within is not None and (more := np.flatnonzero(left > within * np.abs(ends[0] - ends[1]))).size:
        between = np.delete(
            path(prepared, 3 * STEPS), slice(1, None, 3), axis=0
        )  # the midpoints not yet asked
        which = outputs[more] if isinstance(outputs, np.ndarray) else [outputs[int(row)] for row in more]
        finer = cells(gradients.mean_gradients(module, between, which, device, progress))
        found[more] = (found[more] + 2.0 * finer) / 3.0
        named = f"{method}, {STEPS} to {3 * STEPS} steps"
    return Maps(
        leads=tuple(card.input.leads[row] for row in rows),
        cells=found,
        at_record=ends[0],
        at_flat=ends[1],
        method=named,
    )


def ends(
    record: EcgRecord, card: ModelCard, device: str = "auto"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return all logits of this ECG and of a flat one, (classes,) each; raises as `of_statements`."""
    device = runtime.resolve_device(device)
    card, heard = fewer_leads.asked(card, record)
    prepared = prepare(heard, card.input)
    both = gradients.logits(gradients.network(card, device), np.stack([prepared, flat_of(prepared)]), device)
    return both[0], both[1]


def flat_of(prepared: Signal) -> Signal:
    """Return what a flat ECG is to the network.

    It is zeros to every network here: the filters take its level away, ECGFounder's z-score divides no deviation by
    1e-8, and a scale multiplies zero. So the way from it to the ECG is the ECG, grown step by step.
    """
    return np.zeros_like(prepared)


def path(prepared: Signal, steps: int) -> Signal:
    """Return (steps, leads, samples): the ECG grown from flat, at the middle of each of so many equal steps."""
    middles = (np.arange(steps, dtype=np.float32) + np.float32(0.5)) / np.float32(steps)
    return np.asarray(middles[:, None, None] * prepared)


def cells_of(
    products: NDArray[np.float64], sampling_rate_hz: float, segment_s: float = SEGMENT_S
) -> NDArray[np.float64]:
    """Return (..., leads, segments) sums of (..., leads, samples) over stretches of time; the last may be short."""
    samples = products.shape[-1]
    count = int(np.ceil(samples / sampling_rate_hz / segment_s - 1e-9))
    # By time, not by a number of samples: at 360 Hz 50 ms are 18 samples, at 257 Hz now 12 and now 13.
    first = np.ceil(np.arange(count) * segment_s * sampling_rate_hz - 1e-9).astype(np.intp)
    return np.asarray(np.add.reduceat(products.astype(np.float64), first, axis=-1))


def output_of(card: ModelCard, code: str) -> int:
    """Return the place of a statement among a classifier's outputs; ModelError names the codes that are like it."""
    if code in card.labels:
        return card.labels.index(code)
    from difflib import get_close_matches

    by_upper = {label.upper(): label for label in card.labels}
    near = [by_upper[name] for name in get_close_matches(code.upper(), by_upper, n=3, cutoff=0.4)]
    raise ModelError(
        f"{card.id} has no statement {code!r}", expected=" or ".join(near) or "a code of its label set"
    )


def chosen(prediction: Prediction, target: str) -> str:
    """Return the statement asked about: the target, or without one the positive statement of the highest probability.

    Raises:
        ModelError: nothing is positive, and no statement is named; or the record was not analysed.
    """
    if not prediction.analysed:
        raise NotAnalysed.because(prediction.reason)
    if target:
        return target
    positive = [score for score in prediction.scores if score.is_positive]
    if not positive:
        raise ModelError("no statement is positive in this record", expected="the code of a statement")
    return max(positive, key=lambda score: score.probability).code


def measured_note(card: ModelCard, code: str) -> tuple[str, ...]:
    """Return what a map of a statement does not hold, where it rests on measured values by its card, too."""
    rest = card.rests.get(code)
    if rest is None:
        return ()
    names = dict.fromkeys(term.value for term in rest.terms)
    return (f"Map of the network's share alone; shares of their own: {', '.join(names)}.",)


def _notes(leads: tuple[str, ...], record: EcgRecord, card: ModelCard) -> tuple[str, ...]:
    """Return what stands beside a map: leads that are not there, leads that follow from others, time left out."""
    said = []
    if missing := [name for name in card.input.leads if name not in leads]:
        word = "recorded" if card.asked_with is None else "asked"
        said.append(f"Leads not {word}, and so without cells: {', '.join(missing)}.")
    if card.asked_with is not None:
        said.append(f"{UNTRIED[:1].upper()}{UNTRIED[1:]}.")
    derived = [name for name in ("III", "aVR", "aVL", "aVF") if name in leads]
    if derived and {"I", "II"} <= set(leads):
        said.append(
            f"{', '.join(derived)} follow from I and II, but are inputs of their own: one finding may lie in several."
        )
    if record.seconds > card.input.seconds * 1.01:
        said.append(f"First {card.input.seconds:g} s of {record.seconds:.0f} s.")
    return tuple(said)


def explain(record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
    """Return the map of the statement that is asked about, the highest positive one where none is named.

    Raises:
        ModelError: as `chosen` and `of_statement`.
    """
    assert isinstance(asked.answer, Prediction)
    from ecgview.explain import offered, on_page

    card = runtime.classifier_named(asked.answer.model.model_id)
    code = chosen(asked.answer, asked.target)
    found = of_statement(record, card.id, code, asked.device, progress)
    first = f"{code}: " + (
        "the statement asked about."
        if asked.target
        else "the highest positive statement; no other was named."
    )
    numbers = (
        (f"share, {found.unit}", found.share),
        (f"remainder, {found.unit}", found.remainder),
    )
    return Explanation(
        card.facts, on_page.overlay(found, doubt=offered.why_not(card, code)), (first, *found.notes), numbers
    )
