"""Whether a map of attribution holds on the record it was made of: hide cells, ask the model, compare.

A cell is one lead over half a second: 12 x 20 over ten seconds. Hidden, it holds what a fill holds there, 0 mV after
the model's preprocessing unless said otherwise. Nothing here says that a map is right: a model that is wrong may be
mapped faithfully.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ecgview.models import cards, fewer_leads, gradients, runtime
from ecgview.models.cards import InputSpec, ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.models.tabular import lef, table
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord, Signal
from ecgview.results import Attribution, Stamp

CELL_S = 0.5  # 240 cells: few enough to hide each one in seconds, short enough to tell one beat from the next
STEPS = 20  # of a curve from all hidden to nothing hidden, twelve cells each
BATCH = 16  # inputs a call of the network: the quickest on one core (MTECG), and half a second to cancel

# Limits of the checks: docs/models.md says what each catches and what it costs.
LARGEST_REMAINDER = 0.10  # of the share: the cells account for nine tenths of it, a choice
# Spearman's rank correlation with the drops of hiding half of the cells one at a time: the smallest, in steps of
# 0.01, at which 95 % each of random maps, maps of shuffled weights and maps of a statement that the record has not
# fail (PTB-XL fold 8, 50 records).
LEAST_AGREEMENT = 0.53

NOT_CHECKED = "not checked"
NO_FAILURE = "no failure found"

Numbers = NDArray[np.float64]
Ask = Callable[[NDArray[np.float32]], Numbers]
"""What a model says of (n, leads, samples) network input: (n, outputs), logits as a rule."""


@dataclass(frozen=True, slots=True, eq=False)
class Hiding:
    """One record whose cells can be hidden from a model.

    `signal` and `fill` are (leads, samples) network input, the fill being what a hidden cell holds; `edges` are the
    samples at which cells begin, and the end, (cells + 1,).
    """

    ask: Ask
    signal: Signal
    fill: Signal
    edges: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int]:
        """How many leads and cells of time there are."""
        return self.signal.shape[0], len(self.edges) - 1

    def said(self, hidden: NDArray[np.bool_], progress: Progress = silent) -> Numbers:
        """Return (n, outputs) for n sets of hidden cells, (n, leads, cells); `progress` may cancel between batches."""
        rows = []
        for start in range(0, len(hidden), BATCH):
            progress(start / len(hidden), "hiding cells")
            over_time = np.repeat(hidden[start : start + BATCH], np.diff(self.edges), axis=-1)
            rows.append(self.ask(np.where(over_time, self.fill, self.signal).astype(np.float32, copy=False)))
        return np.concatenate(rows)


def edges_of(spec: InputSpec) -> NDArray[np.intp]:
    """Return the samples at which the cells of a network's input begin, and its end."""
    samples = round(spec.seconds * spec.sampling_rate_hz)
    cells = max(1, round(spec.seconds / CELL_S))
    return np.round(np.linspace(0, samples, cells + 1)).astype(np.intp)


def in_cells(attribution: Attribution, spec: InputSpec) -> Numbers:
    """Return the map summed to the cells of this module, (leads of the input, cells); 0 where it has no lead."""
    edges = edges_of(spec) / spec.sampling_rate_hz
    middles = (np.arange(attribution.cells.shape[1]) + 0.5) * attribution.segment_s
    place = np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, len(edges) - 2)
    found = np.zeros((len(spec.leads), len(edges) - 1))
    for name, row in zip(attribution.leads, attribution.cells, strict=True):
        if name in spec.leads:
            np.add.at(found[spec.leads.index(name)], place, row.astype(np.float64))
    return found


def amplitude(signal: Signal, edges: NDArray[np.intp]) -> Numbers:
    """Return how large a prepared signal is in each cell, root mean square, (leads, cells): a map without a model."""
    squares = np.add.reduceat(signal.astype(np.float64) ** 2, edges[:-1], axis=-1)
    return np.asarray(np.sqrt(squares / np.diff(edges)))


def chequered(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return every other cell, (leads, cells) bool: half of the answers, spread over all leads and all of the time."""
    return np.asarray(np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 2 == 0)


def drops(hiding: Hiding, whole: Numbers, which: NDArray[np.bool_], progress: Progress = silent) -> Numbers:
    """Return by how much each output falls as each of these cells is hidden alone, (cells hidden, outputs).

    Args:
        hiding: the record.
        whole: (outputs,) of the record as it is.
        which: (leads, cells) bool: the cells to hide, in the order of the array.
        progress: told per batch; may cancel.
    """
    places = np.argwhere(which)
    hidden = np.zeros((len(places), *which.shape), dtype=np.bool_)
    hidden[np.arange(len(places)), places[:, 0], places[:, 1]] = True
    return whole - hiding.said(hidden, progress)


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What a model says as cells are shown, and as they are hidden, the largest of a map first; (21, outputs) each."""

    insertion: Numbers
    deletion: Numbers

    def difference(self, number: Callable[[Numbers], Numbers]) -> float:
        """Return the area between insertion and deletion of one number that follows from the outputs, -1 to 1."""
        return area(number(self.insertion)) - area(number(self.deletion))


def curves(
    hiding: Hiding, ends: tuple[Numbers, Numbers], cells: Numbers, progress: Progress = silent
) -> Curves:
    """Return insertion and deletion curves of a map, (leads, cells).

    Args:
        hiding: the record.
        ends: (outputs,) with everything hidden, and with nothing hidden; the same for every map of a record.
        cells: the map; equal cells keep the order of the array.
        progress: told per batch; may cancel.
    """
    order = np.argsort(-cells.ravel(), kind="stable")
    rank = np.empty(cells.size, dtype=np.intp)
    rank[order] = np.arange(cells.size)
    shown = np.round(np.linspace(0, cells.size, STEPS + 1)).astype(np.intp)[1:-1]
    first = (rank[None] < shown[:, None]).reshape(-1, *cells.shape)
    said = hiding.said(np.concatenate([~first, first]), progress)
    none, whole = ends
    return Curves(
        np.concatenate([none[None], said[: len(shown)], whole[None]]),
        np.concatenate([whole[None], said[len(shown) :], none[None]]),
    )


def ends_of(hiding: Hiding) -> tuple[Numbers, Numbers]:
    """Return what the model says with everything hidden and with nothing hidden, (outputs,) each."""
    hidden = np.stack([np.ones(hiding.shape, np.bool_), np.zeros(hiding.shape, np.bool_)])
    none, whole = hiding.said(hidden)
    return none, whole


def area(curve: Numbers) -> float:
    """Return the area below a curve of equal steps over 0 to 1, (points,), by trapezoids."""
    return float((curve[:-1] + curve[1:]).mean() / 2)


def agreement(one: Numbers, other: Numbers) -> float:
    """Return Spearman's rank correlation of two maps of the same cells; 0 where either is the same everywhere."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0  # a map without any difference agrees with nothing
    from scipy.stats import spearmanr

    return float(spearmanr(one.ravel(), other.ravel()).statistic)


def stamp(
    record: EcgRecord, attribution: Attribution, device: str = "auto", progress: Progress = silent
) -> Stamp:
    """Return what checks on its own record say of a map: 198 answers of the network, most of them of hidden cells.

    A statement is checked by its own logit and probability, a predictor by that of its logit on which its share
    depends, the sum of all predictors by the LEF number. What rests on several classifiers is not checked.

    Args:
        record: the ECG that the map is of.
        attribution: the map.
        device: auto, cpu, cuda or mps.
        progress: told per batch of 16; may cancel.

    Raises:
        ModelError: the model, its weights or the device are not here, or the record does not fit.
        Cancelled: `progress` says that nobody waits any more.
    """
    completeness = completeness_of(attribution.share, attribution.remainder)
    known = attribution.failed or known_failure(attribution.share, attribution.remainder)
    asked = _asked_about(attribution)
    if known or asked is None:
        why = reasons(known, completeness, None, None, None)
        return Stamp(completeness, verdict=verdict_of(why) if why else NOT_CHECKED)
    model, number = asked
    card, heard = fewer_leads.asked(model, record)
    signal, edges = prepare(heard, card.input), edges_of(card.input)
    device = runtime.resolve_device(device)
    network = runtime.network(card, device)
    hiding = Hiding(
        lambda batch: number(gradients.logits(network, batch, device)), signal, np.zeros_like(signal), edges
    )
    none, whole = ends_of(hiding)
    if attribution.of == "predictor" and (whole[0] - none[0]) * attribution.share < 0:
        # Its share falls as its logit rises: the cells are turned round, and so is what they are held against.
        hiding = replace(hiding, ask=lambda batch: -number(gradients.logits(network, batch, device)))
        none, whole = -none, -whole
    cells = in_cells(attribution, card.input)
    recorded = np.array([name in attribution.leads for name in card.input.leads])
    half = chequered(hiding.shape) & recorded[:, None]
    dropped = drops(hiding, whole, half, _part(progress, 0.0, 0.6))
    agrees = agreement(cells[half], dropped[:, 0])
    own, size = (
        curves(hiding, (none, whole), one, _part(progress, start, 0.2)).difference(_probability)
        for start, one in ((0.6, cells), (0.8, amplitude(signal, edges)))
    )
    progress(1.0, "checked")
    why = reasons("", completeness, agrees, own, size)
    return Stamp(completeness, agrees, own, size, verdict_of(why))


def completeness_of(share: float, remainder: float) -> float:
    """Return the remainder as a part of the share."""
    return abs(remainder) / max(abs(share), 1e-9)


def known_failure(share: float, remainder: float) -> str:
    """Return the verdict on a map whose cells leave too much of its share, known with the map; "" on another."""
    why = reasons("", completeness_of(share, remainder), None, None, None)
    return verdict_of(why) if why else ""


def verdict_of(why: Sequence[str]) -> str:
    """Return the verdict that follows from why a map fails: never that it is right."""
    return f"failed: {'; '.join(why)}" if why else NO_FAILURE


def reasons(
    known: str, completeness: float, agrees: float | None, own: float | None, size: float | None
) -> list[str]:
    """Return why a map fails; `known` is what was known without the checks, None what was not computed."""
    found = [known.removeprefix("failed: ")] if known else []
    if completeness > LARGEST_REMAINDER and not known:
        found.append(f"remainder {100 * completeness:.0f} % of the share")
    if agrees is not None and agrees < LEAST_AGREEMENT:
        found.append(f"agreement with occlusion {agrees:.2f}, below {LEAST_AGREEMENT:.2f}")
    if own is not None and size is not None and own <= size:
        found.append("no better than the signal's size alone")
    return found


def _asked_about(attribution: Attribution) -> tuple[ModelCard, Callable[[Numbers], Numbers]] | None:
    """Return whose input is hidden, and how (n, 1) numbers follow from its (n, classes) logits; None for a sum of some.

    Raises:
        ModelError: the model is not here, or has no such output.
    """
    card = cards.get(attribution.model.model_id)
    if attribution.of == "statement":
        return card, _column(card.labels.index(attribution.target))
    main, *others = lef.classifiers(card)
    if attribution.of == "lef":
        return None if others else (main, lambda logits: lef.outputs(card, main, _sigmoid(logits))[:, None])
    one = next((p for p in table.read(card.check_weights()).predictors if p.name == attribution.target), None)
    if one is None:  # the sum of several predictors
        return None
    own = next(c for c in (main, *others) if c.id == one.classifier or not one.classifier)
    code = next(code for code in one.codes if code in own.labels)
    return own, _column(own.labels.index(code))


def _column(output: int) -> Callable[[Numbers], Numbers]:
    return lambda logits: logits[:, [output]]


def _sigmoid(logits: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-logits)))


def _probability(numbers: Numbers) -> Numbers:
    return _sigmoid(numbers[:, 0])


def _part(progress: Progress, start: float, share: float) -> Progress:
    """Return a progress that tells of a part of the work."""

    def told(fraction: float, text: str = "") -> None:
        progress(start + share * fraction, "checking the map")

    return told
