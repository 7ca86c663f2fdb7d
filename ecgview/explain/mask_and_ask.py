"""Mask and ask: a part of the record is hidden, and the models are asked what they would say then.

What is hidden is hidden in the network's prepared input, not in the record: filtered again, a flat stretch would ring
into what is left beside it. Whether a record may be analysed at all is judged of the record as it is; a part of it
hidden makes nothing assessable, and nothing less so.

A difference means little on its own: hiding any stretch moves most numbers somewhat. It stands beside the differences
that as much hidden elsewhere in the same record makes (`chance`). These are no test of significance and give no p.
"""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import EcgviewError, ModelError, NotAnalysed
from ecgview.explain import reconstruction
from ecgview.leads import STANDARD_12
from ecgview.models import asking, cards, fewer_leads, measured_shares, runtime
from ecgview.models import segments as autoencoders
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.models.tabular import lef as tabular
from ecgview.overlay import Overlay, Span
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord, Signal
from ecgview.results import Chance, Changed, Hidden, HiddenSpan, LefResult, Prediction, WhatIf

if TYPE_CHECKING:
    from ecgview.models.asking import Memory
    from ecgview.models.segments import Segments

N_RANDOM = 20
# One at a time, on one processor thread: 20 take 0.7 s, steadily even on a busy machine, and the next question of the
# hand waits for 40 ms at most. With the autoencoder before each it is twice that: several threads, then.
BATCH, BATCH_FILLED = 1, 4
FLAT = "Hidden from the model: hatched, a flat line in its place."
FILLED = (
    "Hidden from the model: hatched. In its place what the autoencoder made of it: coloured, reconstructed."
)
# What hides a limb lead and leaves two others hides nothing but the row: it follows from those (Einthoven, Goldberger).
_LIMB = frozenset(STANDARD_12[:6])


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """One classifier before the record: its prepared input, (leads, samples), and what it says of it."""

    card: ModelCard
    prepared: Signal
    said: Prediction


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What the models say of a record as it is, with all that the next question about it need not do again.

    `prediction` is of the classifier that is shown, `lef` what rests on it or on others.
    """

    record: EcgRecord
    device: str
    prediction: Prediction
    lef: LefResult | None
    lef_reason: str
    _main: _Asked
    _lef_card: ModelCard | None
    _lef_asked: tuple[_Asked, ...]  # the main classifier of LEF first; empty where it is not analysed
    _autoencoder_id: str | None


def ground(
    record: EcgRecord,
    model_id: str | None = None,
    lef_id: str | None = None,
    autoencoder_id: str | None = None,
    device: str = "auto",
    *,
    memory: "Memory | None" = None,
    progress: Progress = silent,
) -> Ground:
    """Return what the models say of a record as it is: recalled, or asked once.

    Args:
        record: the ECG.
        model_id: a classifier, the default one when None.
        lef_id: a LEF model, the default one when None.
        autoencoder_id: what fills hidden stretches, the default one when None.
        device: auto, cpu, cuda or mps.
        memory: where answers are recalled from and kept; the last ones of this process where None.
        progress: told per step; may cancel.

    Raises:
        ModelError: the classifier cannot take the record, or it is not analysed.
        BlindedError: what a model says of this record is still closed.
    """
    answer = asking.ask(record, model_id, lef_id, device, memory=memory, progress=progress)
    if isinstance(answer.prediction, EcgviewError):
        raise answer.prediction
    if not answer.prediction.analysed:
        raise NotAnalysed.because(answer.prediction.reason, record.source.path)
    running = runtime.resolve_device(device)
    main = _asked(record, answer.prediction)
    if isinstance(answer.lef, EcgviewError):
        return Ground(
            record,
            running,
            answer.prediction,
            None,
            answer.lef.sentence,
            main,
            None,
            (),
            autoencoder_id,
        )
    card = tabular.lef_model(lef_id)
    resting = []
    for one in tabular.classifiers(card) if answer.lef.analysed else ():
        is_main = one.id == main.card.id
        said = answer.prediction if is_main else asking.classify(record, one.id, device, memory=memory)
        resting.append(main if is_main else _asked(record, said))
    return Ground(
        record,
        running,
        answer.prediction,
        answer.lef,
        answer.lef.reason,
        main,
        card,
        tuple(resting),
        autoencoder_id,
    )


def _asked(record: EcgRecord, said: Prediction) -> _Asked:
    card, heard = fewer_leads.asked(cards.get(said.model.model_id), record)
    return _Asked(card, prepare(heard, card.input), said)


def ask(standing: Ground, hidden: Hidden, progress: Progress = silent) -> tuple[WhatIf, Overlay]:
    """Return every statement and the LEF number before and after hiding, and what is drawn on the trace.

    Raises:
        ModelError: nothing is hidden, a lead or a time that the record or the model has not, or a fill that does not
            fit the classifier.
        Cancelled: `progress` says that nobody waits any more.
    """
    began = time.perf_counter()
    warnings = checked(standing, hidden)
    filling = _Filling(standing, hidden)
    progress(0.1, "hiding")
    filled = filling.of([hidden], progress)
    after, lef_after = _answers(standing, [hidden], filled)
    progress(1.0, "done")
    said = standing.prediction
    statements = tuple(
        Changed(
            score.code, score.label, score.probability, float(value), score.threshold, score.not_assessable
        )
        for score, value in zip(said.scores, after[0], strict=True)
    )
    result = WhatIf(
        model=said.model,
        record_sha256=standing.record.source.sha256,
        hidden=hidden,
        statements=statements,
        lef=_lef_changed(standing, float(lef_after[0]) if lef_after.size else None),
        lef_model=None if standing.lef is None else standing.lef.model,
        lef_reason=standing.lef_reason,
        warnings=(*warnings, *said.warnings),
        device=standing.device,
        duration_ms=(time.perf_counter() - began) * 1000,
        precision=said.precision,
        feature_distance_percentile=said.feature_distance_percentile,
    )
    return result, filling.overlay(filled)


def _lef_changed(standing: Ground, after: float | None) -> Changed | None:
    result = standing.lef
    if result is None or result.value is None or after is None:
        return None
    shares = result.contributions
    unit = f", {shares.output_unit}" if result.kind == "index" and shares is not None else ""
    return Changed("LEF", f"LEF {result.kind}{unit}", _lef_number(result), after, result.threshold)


def _lef_number(result: LefResult) -> float:
    """Return what a LEF answer is told as: a probability, or the output of an index, which is none."""
    number = result.model_output if result.kind == "index" else result.value
    assert number is not None, "asked of what was analysed"
    return number


def chance(
    standing: Ground, hidden: Hidden, n: int = N_RANDOM, seed: int = 0, progress: Progress = silent
) -> Chance:
    """Return the differences that hiding as much of the same record elsewhere makes; see `elsewhere`.

    Raises:
        ModelError: as `ask` does.
        Cancelled: `progress` says that nobody waits any more; heard between batches.
    """
    checked(standing, hidden)
    others, against, noun = elsewhere(standing, hidden, n, seed)
    filling = _Filling(standing, hidden)
    before = np.array([score.probability for score in standing.prediction.scores], dtype=np.float32)
    statements = [np.zeros((0, before.size), dtype=np.float32)]
    numbers = [np.zeros(0, dtype=np.float32)]
    lef = standing.lef
    value = None if lef is None or lef.value is None else _lef_number(lef)
    size = BATCH_FILLED if hidden.spans and hidden.fill == "autoencoder" else BATCH
    for start in range(0, len(others), size):
        progress(start / len(others), "hiding as much elsewhere")
        part = others[start : start + size]
        after, lef_after = _answers(standing, part, filling.of(part, progress))
        statements.append(after - before)
        if value is not None:
            numbers.append(lef_after - np.float32(value))
    return Chance(against, noun, seed, np.concatenate(statements), np.concatenate(numbers))


def overlay_of(hidden: Hidden, record: EcgRecord) -> Overlay:
    """Return the hatched stretches of what is hidden, before any model has said anything about it."""
    spans = [Span(one.start_s, one.end_s, "masked", one.leads) for one in hidden.spans]
    if hidden.leads:
        spans.append(Span(0.0, record.seconds, "masked", hidden.leads, "without"))
    return Overlay(spans=tuple(spans), legend=FLAT if spans else "")


# ---- what may be asked --------------------------------------------------------------------------------------


def checked(standing: Ground, hidden: Hidden) -> tuple[str, ...]:
    """Return what is to be said of a question beside its answer; ModelError where it cannot be asked."""
    record, spec = standing.record, standing._main.card.input
    seen = standing.prediction.leads or spec.leads
    if not hidden:
        raise ModelError("nothing is hidden", expected="a stretch of time or a lead")
    for name in dict.fromkeys((*hidden.leads, *(name for span in hidden.spans for name in span.leads))):
        if not record.has(name):
            raise ModelError(f"there is no lead {name}", expected=", ".join(record.lead_names))
        if name not in seen:
            raise ModelError(f"the model does not see lead {name}", expected=", ".join(seen))
    warnings = []
    for span in hidden.spans:
        if not 0 <= span.start_s < span.end_s <= record.seconds + 1 / record.sampling_rate_hz:
            raise ModelError(
                "the stretch does not lie in the record",
                expected=f"start before end, within 0 to {record.seconds:g} s",
                found=f"{span.start_s:g}-{span.end_s:g} s",
            )
        if span.start_s >= spec.seconds:
            raise ModelError(
                "the model does not see this stretch",
                expected=f"the first {spec.seconds:g} s",
                found=f"{span.start_s:g}-{span.end_s:g} s",
            )
    if hidden.leads:
        warnings += _without(hidden.leads, seen)
    if hidden.fill == "autoencoder" and hidden.spans:
        cut = _autoencoder(standing)[1]
        warnings.append(f"the autoencoder fills whole segments of {cut.seconds * 1000:g} ms in all leads")
    return tuple(warnings)


def _without(leads: tuple[str, ...], seen: Sequence[str]) -> list[str]:
    found = [f"outside training: without lead{'s' if len(leads) > 1 else ''} {', '.join(leads)}"]
    limb = [name for name in leads if name in _LIMB]
    if limb and len(_LIMB & set(seen) - set(leads)) >= 2:
        found.append(f"the limb leads that are left determine {', '.join(limb)}")
    return found


def _autoencoder(standing: Ground) -> "tuple[ModelCard, Segments]":
    """Return what fills hidden stretches; ModelError where the classifier cannot be given what it makes."""
    if leads := standing.prediction.leads:
        raise ModelError(
            f"the autoencoder fills all twelve leads, and the ECG is asked with {len(leads)}",
            expected="the fill flat",
        )
    card = autoencoders.autoencoder(standing._autoencoder_id)
    for asked in {one.card.id: one for one in (standing._main, *standing._lef_asked)}.values():
        if _shape(asked.card.input) != _shape(card.input):
            raise ModelError(
                f"what {card.id} makes does not fit the input of {asked.card.id}",
                expected="the fill flat, or models of the same leads, rate, duration and filter",
            )
    return card, autoencoders.of(card)


def _shape(spec: InputSpec) -> tuple[object, ...]:
    return spec.leads, spec.sampling_rate_hz, spec.seconds, spec.filter


# ---- hiding -------------------------------------------------------------------------------------------------


class _Filling:
    """What stands in hidden stretches: nothing for a flat line, else what the autoencoder makes of the record."""

    def __init__(self, standing: Ground, hidden: Hidden) -> None:
        self._standing = standing
        self._hidden = hidden
        self._is_filled = hidden.fill == "autoencoder" and bool(hidden.spans)
        if not self._is_filled:
            return
        self._card, self._cut = _autoencoder(standing)
        self._prepared = prepare(standing.record, self._card.input)

    def of(self, questions: Sequence[Hidden], progress: Progress) -> NDArray[np.float32] | None:
        """Return (n, leads, samples) mV, NaN outside the hidden segments; None for a flat line."""
        if not self._is_filled:
            return None
        masks = np.stack(
            [
                reconstruction.span_mask([(one.start_s, one.end_s) for one in asked.spans], self._cut)
                for asked in questions
            ]
        )
        if masks.all(1).any():
            raise ModelError(
                "the autoencoder cannot fill everything", expected="something left to fill it from"
            )
        module = runtime.network(self._card, self._standing.device)
        found = np.empty((len(masks), *self._prepared.shape), dtype=np.float32)
        hidden = masks.sum(1)
        for count in np.unique(hidden):  # the network takes masks of one size at a time
            same = hidden == count
            found[same] = runtime.predict_hidden(
                module, self._prepared, masks[same], self._standing.device, progress
            )
        over_time = np.repeat(masks, self._cut.samples, axis=1)[:, None]
        return np.where(over_time, found / np.float32(self._card.input.scale), np.float32(np.nan))

    def overlay(self, filled: NDArray[np.float32] | None) -> Overlay:
        """Return the hatched stretches, and the curves that stood in for them."""
        drawn = overlay_of(self._hidden, self._standing.record)
        if filled is None:
            return drawn
        spec = self._card.input
        curves = reconstruction.curves_of(
            self._standing.record,
            spec.leads,
            self._prepared / np.float32(spec.scale),
            filled[0],
            spec.sampling_rate_hz,
        )
        spans = [(one.start_s, one.end_s) for one in self._hidden.spans]
        edges = np.flatnonzero(
            np.diff(reconstruction.span_mask(spans, self._cut), prepend=False, append=False)
        )
        length = self._cut.seconds
        whole = [
            Span(float(first * length), float(last * length), "masked")
            for first, last in zip(edges[::2], edges[1::2], strict=True)
        ]
        leads = [span for span in drawn.spans if span.text]
        seen = tuple(curve for curve in curves if curve.lead not in self._hidden.leads)
        return Overlay(spans=(*whole, *leads), curves=seen, legend=FILLED)


def _answers(
    standing: Ground, questions: Sequence[Hidden], filled: NDArray[np.float32] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (n, classes) probabilities of the classifier and (n,) LEF numbers, (0,) where LEF is not analysed."""
    found = {
        one.card.id: _probabilities(one, standing.device, questions, filled)
        for one in {one.card.id: one for one in (standing._main, *standing._lef_asked)}.values()
    }
    main = _beside_measured(standing._main, found[standing._main.card.id])
    if not standing._lef_asked or standing._lef_card is None:
        return main, np.zeros(0, dtype=np.float32)
    numbers = []
    for k in range(len(questions)):
        said = {one.card.id: _said(one.said, found[one.card.id][k]) for one in standing._lef_asked}
        first = said[standing._lef_asked[0].card.id]
        numbers.append(tabular.told(first, standing._lef_card, said))
    return main, np.array(numbers, dtype=np.float32)


def _said(before: Prediction, after: NDArray[np.float32]) -> Prediction:
    scores = (
        replace(one, probability=float(p), shares=None) for one, p in zip(before.scores, after, strict=True)
    )
    return replace(before, scores=tuple(scores))


def _beside_measured(asked: _Asked, after: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, classes) answers of the network with the measured shares of the record as it is beside them.

    What is hidden is hidden from the network: the heart rate stays what it is.
    """
    made = after.copy()
    for place, score in enumerate(asked.said.scores):
        if score.shares is not None and not score.shares.not_used:
            made[:, place] = [measured_shares.again(asked.card, score, float(p)) for p in after[:, place]]
    return made


def _probabilities(
    asked: _Asked, device: str, questions: Sequence[Hidden], filled: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    spec = asked.card.input
    signals = np.repeat(asked.prepared[None], len(questions), axis=0)
    if filled is not None:
        signals = np.where(np.isnan(filled), signals, filled * np.float32(spec.scale))
    for signal, hidden in zip(signals, questions, strict=True):
        signal[hidden_cells(hidden, spec, signal.shape[1], spans=filled is None)] = 0.0
    return runtime.probabilities(runtime.network(asked.card, device), signals, device)


def hidden_cells(hidden: Hidden, spec: InputSpec, n_samples: int, *, spans: bool = True) -> NDArray[np.bool_]:
    """Return (leads, samples) bool of a network's input, True = hidden: every sample that a stretch touches.

    `spans` False leaves the stretches out: the autoencoder has filled them.
    """
    cells = np.zeros((len(spec.leads), n_samples), dtype=np.bool_)
    for span in hidden.spans if spans else ():
        first = max(0, int(np.floor(span.start_s * spec.sampling_rate_hz + 1e-6)))
        last = int(np.ceil(span.end_s * spec.sampling_rate_hz - 1e-6))
        rows = [place for place, name in enumerate(spec.leads) if not span.leads or name in span.leads]
        cells[rows, first:last] = True
    cells[[place for place, name in enumerate(spec.leads) if name in hidden.leads]] = True
    return cells


# ---- elsewhere ----------------------------------------------------------------------------------------------


def elsewhere(
    standing: Ground, hidden: Hidden, n: int = N_RANDOM, seed: int = 0
) -> tuple[tuple[Hidden, ...], str, str]:
    """Return as much hidden elsewhere, n times at random: what, in words against what, and its noun.

    Stretches of time are laid anew, as long as they are and on their leads, away from the hidden ones and from each
    other where there is room; leads that are hidden as a whole stay so. Where only leads are hidden it is other
    leads, as many at a time; every choice of them once where there are no more than n. Empty where there is no other
    place, which the words say.
    """
    rng = np.random.default_rng(seed)
    spec = standing._main.card.input
    if not hidden.spans:
        return _other_leads(hidden, standing.prediction.leads or spec.leads, n, rng)
    step_s = 1 / spec.sampling_rate_hz
    if hidden.fill == "autoencoder":
        step_s = _autoencoder(standing)[
            1
        ].seconds  # its segments: else another place would fill one more of them
    seen_s = min(spec.seconds, standing.record.seconds)
    laid = [_laid_anew(hidden, seen_s, step_s, rng) for _ in range(n)]
    found = [one for one, _is_apart in laid if one is not None]
    length = sum(span.end_s - span.start_s for span in hidden.spans)
    what = f"{n} random spans of {length:.2f} s"
    if len(hidden.spans) > 1:
        what = f"{n} random places of the {len(hidden.spans)} spans, {length:.2f} s"
    if len(found) < n:
        return (), "no other place in the record is as long", "random spans"
    apart = all(is_apart for _one, is_apart in laid)
    fixed = f", with {', '.join(hidden.leads)} hidden as well" if hidden.leads else ""
    return tuple(found), what + fixed + ("" if apart else ", some over the hidden ones"), "random spans"


def _other_leads(
    hidden: Hidden, leads: Sequence[str], n: int, rng: np.random.Generator
) -> tuple[tuple[Hidden, ...], str, str]:
    size = len(set(hidden.leads))
    sets = [one for one in itertools.combinations(leads, size) if set(one) != set(hidden.leads)]
    if len(sets) > n:
        sets = [sets[k] for k in sorted(rng.choice(len(sets), n, replace=False))]
    noun = "other leads" if size == 1 else f"other sets of {size} leads"
    words = f"{len(sets)} {noun}" if sets else "no other leads are left"
    return tuple(replace(hidden, leads=one) for one in sets), words, noun


def _laid_anew(
    hidden: Hidden, seen_s: float, step_s: float, rng: np.random.Generator
) -> tuple[Hidden | None, bool]:
    """Return the stretches at random places, None where one has none; and whether they lie clear of the hidden ones."""
    n_steps = int(np.floor(seen_s / step_s + 1e-6))
    old = [_steps(span, step_s, n_steps) for span in hidden.spans]
    new: list[tuple[int, int]] = []
    made, is_apart = [], True
    for (first, last), span in zip(old, hidden.spans, strict=True):
        size = last - first
        starts = np.arange(n_steps - size + 1)
        # Clear of all, else clear of the hidden ones, else anywhere but where it lay.
        for avoided in ([*old, *new], old, []):
            free = starts[_clear(starts, size, avoided)]
            if not avoided:
                free, is_apart = free[free != first], False
            if free.size:
                break
        if not free.size:
            return None, False
        at = int(rng.choice(free))
        new.append((at, at + size))
        made.append(HiddenSpan(at * step_s, (at + size) * step_s, span.leads))
    return replace(hidden, spans=tuple(made)), is_apart


def _steps(span: HiddenSpan, step_s: float, n_steps: int) -> tuple[int, int]:
    first = int(np.floor(span.start_s / step_s + 1e-6))
    return first, min(n_steps, int(np.ceil(span.end_s / step_s - 1e-6)))


def _clear(starts: NDArray[np.int_], size: int, avoided: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    clear = np.ones(starts.size, dtype=np.bool_)
    for first, last in avoided:
        clear &= (starts + size <= first) | (starts >= last)
    return clear
