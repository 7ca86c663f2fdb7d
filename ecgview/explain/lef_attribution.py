"""Where on the trace the LEF number comes from: each predictor's exact share, laid over the map of its own logit.

The share of a predictor is SHAP's and stays exact. Where it lies on the trace is what integrated gradients say of the
predictor's logit: its cells times one factor, so that they add up to the share. The factor is share / (logit of this
ECG - logit of a flat one). It is refused where it would say more than the map knows: cells that nearly cancel, a share
that runs against the way from flat to this ECG, a remainder above a tenth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.explain import Asked, Explanation, attribution, on_page
from ecgview.explain.contributions import shares
from ecgview.explain.faithfulness import LARGEST_REMAINDER, known_failure
from ecgview.leads import STANDARD_12
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import lef as tabular
from ecgview.models.tabular import table
from ecgview.models.tabular.table import Predictor, Row, Table
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Attribution, Contributions, LefResult

NAME = "Where the LEF number comes from"
NEEDS = "lef"
ALL = ""
OTHERS = "others"
SHOWN = (
    10  # predictors with a map of their own; each costs a way back of its own, and a reader looks at no more
)
# Ours: twelve steps err by some 1 % of the cells' sizes together (PTB-XL fold 8), which is a fifth of a net of 5 %.
LEAST_NET = 0.05
LEAST_OF_USUAL = (
    0.1  # for a predictor in a sum, whose own cells are not known: of the usual change of its classifier
)
SAME = 1e-3  # of a probability: a result of another classifier differs by more, another processor by less

CANCELLED = "failed: cells nearly cancel"
AGAINST = "failed: the share runs against the way from a flat ECG to this one"


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One predictor: its exact share, and whose output of which classifier it is."""

    predictor: Predictor
    share: float
    value: float
    card: ModelCard
    output: int
    row: int  # its place in the table


@dataclass(frozen=True, slots=True, eq=False)
class _Mapped:
    """Cells in the unit of the LEF output, (leads, segments), of the predictors named, and why they failed."""

    of: str
    leads: tuple[str, ...]
    cells: NDArray[np.float64]
    share: float
    method: str
    failed: str = ""


def of(
    record: EcgRecord,
    result: LefResult,
    target: str = ALL,
    device: str = "auto",
    progress: Progress = silent,
    classifier_id: str | None = None,
) -> Attribution:
    """Return where a predictor's share comes from, or with `ALL` where the sum of all shares does.

    Args:
        record: the ECG.
        result: what the LEF model says of it.
        target: a predictor's name, `OTHERS` for those after the `SHOWN` largest, `ALL` for every one.
        device: auto, cpu, cuda or mps.
        progress: told per batch; may cancel.
        classifier_id: the main classifier behind the result; None = the one the model names, or the default.

    Raises:
        ModelError: there are no contributions, no such predictor, another classifier, one without gradients, or a
            model that rests on measurements, too.
        Cancelled: `progress` says that nobody waits any more.
    """
    found = shares(record, result)
    card = cards.get(result.model.model_id)
    model = table.read(card.check_weights())
    if model.measured:  # where a measurement was taken, its place says; a map is of networks alone
        raise ModelError(f"there is no map: {tabular.RESTS}")
    parts = _parts(model, found, tabular.classifiers(card, classifier_id))
    first, rest = parts[:SHOWN], parts[SHOWN:]
    if target == ALL:
        wanted, together = first, rest
    elif target == OTHERS and rest:
        wanted, together = (), rest
    else:
        wanted, together = tuple(part for part in parts if part.predictor.name == target), ()
        if not wanted:
            raise ModelError(
                f"{card.id} has no predictor {target!r}",
                expected=" or ".join(part.predictor.name for part in first),
            )
    values = np.full(len(model.predictors), 0.5)  # a composite may do without a predictor; it is a sum
    for part in parts:
        values[part.row] = part.value
    made = _mapped(record, model, values, wanted, together, device, progress)
    return _summed(record, result, found, target, (*wanted, *together), made)


def targets(found: Contributions) -> tuple[str, ...]:
    """Return what can be asked for, largest share first: the predictors, `OTHERS` where there are more."""
    names = tuple(item.predictor for item in found.items)
    return names if len(names) <= SHOWN else (*names[:SHOWN], OTHERS)


def _parts(model: Table, found: Contributions, classifiers: Sequence[ModelCard]) -> tuple[_Part, ...]:
    by_id = {"": classifiers[0]} | {card.id: card for card in classifiers[1:]}
    rows = {predictor.name: row for row, predictor in enumerate(model.predictors)}
    parts = []
    for item in found.items:
        row = rows[item.predictor]
        predictor = model.predictors[row]
        card = by_id[predictor.classifier]
        code = next((code for code in predictor.codes if code in card.labels), "")
        if not code:
            raise ModelError(
                f"{card.id} does not give {predictor.name}", expected=" or ".join(predictor.codes)
            )
        parts.append(_Part(predictor, item.contribution, item.value, card, card.labels.index(code), row))
    return tuple(parts)


def _mapped(
    record: EcgRecord,
    model: Table,
    values: Row,
    alone: Sequence[_Part],
    together: Sequence[_Part],
    device: str,
    progress: Progress,
) -> list[_Mapped]:
    """Return a map of each part that stands alone, then one per classifier of those that are taken together."""
    made: list[_Mapped] = []
    by_card: dict[str, list[_Part]] = {}
    for part in (*alone, *together):
        by_card.setdefault(part.card.id, []).append(part)
    for n, parts in enumerate(by_card.values()):

        def told(fraction: float, text: str = "", n: int = n) -> None:
            progress((n + fraction) / len(by_card), text)

        # A share of nothing, as of a predictor that no tree asks for, is mapped by nothing.
        own = [part for part in parts if part in alone and part.share != 0.0]
        rest = [part for part in parts if part in together and part.share != 0.0]
        made += _of_classifier(record, model, values, own, rest, device, told)
    return made


def _of_classifier(
    record: EcgRecord,
    model: Table,
    values: Row,
    own: Sequence[_Part],
    rest: Sequence[_Part],
    device: str,
    progress: Progress,
) -> list[_Mapped]:
    """Return the maps of predictors that are outputs of one classifier, those of `rest` in one sum."""
    if not own and not rest:
        return []
    card = (*own, *rest)[0].card
    here, flat = attribution.ends(record, card, device)
    _refuse_another(card, (*own, *rest), here)
    ways = {
        part.row: _Way(part, model, values, float(here[part.output]), float(flat[part.output]))
        for part in (*own, *rest)
    }
    weights = np.zeros((len(own) + bool(rest), len(card.labels)), dtype=np.float32)
    for row, part in enumerate(own):
        weights[row, part.output] = 1.0
    usual = LEAST_OF_USUAL * float(np.median(np.abs(here - flat)))
    for part in rest:
        # Of a sum, the cells of each part are not known: what moves by less than this is left to the remainder.
        if ways[part.row].is_along and abs(ways[part.row].logits) >= usual:
            weights[-1, part.output] += part.share / ways[part.row].logits
    found = attribution.maps(record, card, weights, device, progress, within=LARGEST_REMAINDER)
    made = [_scaled(ways[part.row], found, row) for row, part in enumerate(own)]
    if rest:
        share, cells = sum(part.share for part in rest), found.cells[-1]
        failed = _too_much_left(share, cells)
        if abs(share) < LEAST_NET * float(np.abs(cells).sum()):
            cells, failed = np.zeros_like(cells), CANCELLED
        made.append(_Mapped(OTHERS, found.leads, cells, share, found.method, failed))
    return made


class _Way:
    """How a predictor comes from a flat ECG to this one: by so many logits, moving the LEF output this way or that."""

    def __init__(self, part: _Part, model: Table, values: Row, here: float, flat: float) -> None:
        self.part = part
        self.logits = here - flat
        moved = _output(model, values, part, here) - _output(model, values, part, flat)
        self.is_along = moved * part.share > 0


def _output(model: Table, values: Row, part: _Part, logit: float) -> float:
    """Return the model's output with one predictor at a logit of its classifier, and the others as they are."""
    row = values.copy()
    row[part.row] = _value(part, logit)
    return model.model.output(model.transformed(row))


def _value(part: _Part, logit: float) -> float:
    """Return a predictor's value where its classifier's logit is this."""
    probability = 0.5 * (1.0 + float(np.tanh(0.5 * logit)))
    return 1.0 - probability if part.predictor.complement else probability


def _refuse_another(card: ModelCard, parts: Sequence[_Part], here: NDArray[np.float64]) -> None:
    """A result does not name its classifier: its predictors' values tell whether they are of this one."""
    for part in parts:
        value = _value(part, float(here[part.output]))
        if abs(value - part.value) > SAME:
            raise ModelError(
                f"the LEF result is not of {card.id} as it answers now",
                expected=f"{part.predictor.name} {value:.4f}",
                found=f"{part.value:.4f}",
            )


def _scaled(way: _Way, found: attribution.Maps, row: int) -> _Mapped:
    """Return the cells of one predictor times the factor that makes them add up to its share, if that may be done."""
    cells, share = found.cells[row], way.part.share
    if abs(way.logits) < LEAST_NET * float(np.abs(cells).sum()):
        return _Mapped(
            way.part.predictor.name, found.leads, np.zeros_like(cells), share, found.method, CANCELLED
        )
    if not way.is_along:
        return _Mapped(
            way.part.predictor.name, found.leads, np.zeros_like(cells), share, found.method, AGAINST
        )
    scaled = cells * (share / way.logits)
    return _Mapped(
        way.part.predictor.name, found.leads, scaled, share, found.method, _too_much_left(share, scaled)
    )


def _too_much_left(share: float, cells: NDArray[np.float64]) -> str:
    return known_failure(share, share - float(cells.sum()))


def _summed(
    record: EcgRecord,
    result: LefResult,
    found: Contributions,
    target: str,
    asked: Sequence[_Part],
    made: Sequence[_Mapped],
) -> Attribution:
    """Return one map of all that was made: what failed is in the remainder with its whole share."""
    method = f"{made[0].method if made else 'no cells'}, scaled to the share by {found.method}"
    leads = tuple(name for name in STANDARD_12 if any(name in one.leads for one in made)) or record.lead_names
    count = max((one.cells.shape[1] for one in made), default=0)
    total = np.zeros((len(leads), count))
    for one in made:
        if target != ALL or not one.failed:
            total[[leads.index(name) for name in one.leads], : one.cells.shape[1]] += one.cells
    share = sum(part.share for part in asked)
    cells = total.astype(np.float32)
    failed = "; ".join(one.failed for one in made) if target != ALL else _too_much_left(share, total)
    whole = [f"{one.of} ({one.failed.removeprefix('failed: ')})" for one in made if one.failed]
    notes = (
        [f"In the remainder with their whole share: {', '.join(whole)}."] if whole and target == ALL else []
    )
    if target == ALL and (rest := len(asked) - SHOWN) > 0:
        notes.append(f"The {SHOWN} largest shares are mapped one by one, the other {rest} in one sum.")
    return Attribution(
        model=result.model,
        record_sha256=record.source.sha256,
        of="lef" if target == ALL else "predictor",
        target=target,
        leads=leads,
        segment_s=attribution.SEGMENT_S,
        cells=cells,
        share=share,
        remainder=share - float(cells.sum(dtype=np.float64)),
        unit=found.output_unit,
        method=method,
        failed=failed,
        notes=tuple(notes),
    )


def explain(record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
    """Return the map of the predictor that is asked about, of the whole number where none is named; raises as `of`."""
    assert isinstance(asked.answer, LefResult)
    found = of(record, asked.answer, asked.target, asked.device, progress)
    numbers = ((f"share, {found.unit}", found.share), (f"remainder, {found.unit}", found.remainder))
    what = f"{found.target}: its share of the number." if found.target else "All predictors together."
    return Explanation(asked.answer.model, on_page.overlay(found), (what, *found.notes), numbers)
