"""Maps of attribution held against what they claim, one record at a time: what hiding cells does to the model.

Every map of a record's statements is compared on the same record: integrated gradients, occlusion, gradient x input,
and the two that know nothing of the model, the signal's own size and chance. A line of JSON per record is written as
it is done, so that a run that was stopped goes on where it was.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.explain import attribution as engine
from ecgview.explain import faithfulness, reconstruction, sham_map
from ecgview.explain.faithfulness import Curves, Hiding, Numbers
from ecgview.models import gradients, runtime, segments
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.progress import Counted, Progress, silent
from ecgview.record import EcgRecord, Signal
from ecgview.training.data import sources as data_sets
from ecgview.training.data import splits, tasks
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import asked, external
from ecgview.training.evaluation.written import write_text

RECORDS = "records.jsonl"
GRADIENTS, OCCLUSION, PRODUCT = "integrated gradients", "occlusion", "gradient x input"
AMPLITUDE, CHANCE = "amplitude", "random"
METHODS = (GRADIENTS, OCCLUSION, PRODUCT, AMPLITUDE, CHANCE)
OTHER, SHUFFLED = "map of another statement", "map of a network with shuffled weights"
CONTROLS = (CHANCE, OTHER, SHUFFLED)  # what a check of a map should catch
FLAT, FILLED = "flat", "autoencoder"
OTHER_HOSPITALS = "other hospitals (PhysioNet/CinC)"
MASK_RATIO = 0.25  # of the segments hidden together while the autoencoder fills one
FILLED_EVERY = 3  # one record in so many also with the autoencoder's fill: it costs half as much again
MOST_STATEMENTS = 2  # of a record, so that no record speaks for many
MEASURED = (
    GRADIENTS,
    OCCLUSION,
    PRODUCT,
)  # curves of their own; those of the signal's size and chance are shared
CHECKED = (GRADIENTS, SHUFFLED, OTHER)  # the same where it is asked what a check catches


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A record and statements of it that are judged, `codes`: those that are `labelled`, and those `called`."""

    row: Row
    record: EcgRecord
    codes: tuple[str, ...]
    labelled: frozenset[str]
    called: frozenset[str]


def candidates(card: ModelCard, data: Path, split: str, task: str, progress: Progress) -> list[Case]:
    """Return every record of a split, or of the other hospitals, that the model takes, with its statements.

    Raises:
        ModelError: there is none.
    """
    found: list[Case] = []
    for case in asked_in_turn(card, data, split, task):
        found.append(case)
        progress(0.0, f"{len(found)} records asked")
    if not found:
        raise ModelError("no record can be asked", where=str(data), expected=f"records of the {split} split")
    return found


def asked_in_turn(card: ModelCard, data: Path, split: str, task: str) -> Iterator[Case]:
    """Yield what `candidates` returns, each record read and asked when its turn comes."""
    judged = frozenset(
        code for code, cut in zip(card.labels, card.thresholds, strict=True) if cut is not None
    )
    for row, record in _records(card, data, split, task):
        try:
            prepared = prepare(record, card.input)
        except ModelError:
            continue  # too short, or with gaps: the model has no answer and so no map
        said = runtime.answers(card, [record], [prepared], "cpu")[0]
        called = frozenset(score.code for score in said.scores if score.is_positive)
        labelled = _labelled(card, row, task) & judged
        yield Case(row, record, tuple(sorted(labelled | called)), labelled, called)


def _records(card: ModelCard, data: Path, split: str, task: str) -> Iterator[tuple[Row, EcgRecord]]:
    """Yield the records of a split of PTB-XL, or of the other hospitals, each once."""
    seen = set()
    own_task = "all71" if task == asked.PTBXL else task
    found = [one for one in data_sets.open_all(data) if any(own.name == own_task for own in one.tasks)]
    # Of all folders together: fold 10 may lie in one of them alone.
    folds = splits.for_folds(row.fold for one in found for row in one.rows()) if task == asked.PTBXL else {}
    if folds:
        splits.check_unseen(card.folds, folds, split, card.id)
    for source in found:
        for row, record in source.records(lambda _error: None):
            name = (row.source, row.record_id)
            if name not in seen and _is_of(row, own_task, folds, split):
                seen.add(name)
                yield row, record


def _is_of(row: Row, task: str, folds: splits.Folds, split: str) -> bool:
    """Return whether a row is of a split, or labelled by another hospital: a set may hold PTB-XL's records, too, which
    the model may have learnt from, and some without labels.
    """
    if folds:
        return row.source == asked.PTBXL and row.fold in folds[split]
    return row.source != asked.PTBXL and bool(tasks.get(task).keeps([row])[0])


def _labelled(card: ModelCard, row: Row, task: str) -> frozenset[str]:
    if task == asked.PTBXL:
        return frozenset(row.codes) & frozenset(card.labels)
    own = tasks.get(task)
    present = own.targets([row])[0]
    answered = external.mapped(card.labels)
    return frozenset(card.labels[place] for name, place in answered.items() if present[own.codes.index(name)])


def chosen(found: Sequence[Case], most: int, statements: int = MOST_STATEMENTS, seed: int = 0) -> list[Case]:
    """Return up to `most` records: in turn one for the statement that has fewest so far, in a random order.

    So rare statements are seen as often as they can be, and the common ones do not fill the table.
    """
    order = list(np.random.default_rng(seed).permutation(len(found)))
    count = dict.fromkeys(sorted({code for one in found for code in one.codes}), 0)
    cases: list[Case] = []
    while order and len(cases) < most:
        left = {code for place in order for code in found[place].codes}
        if not left:
            break
        rarest = min(left, key=lambda code: (count[code], code))
        place = next(place for place in order if rarest in found[place].codes)
        order.remove(place)
        one = found[place]
        others = sorted(set(one.codes) - {rarest}, key=lambda code: (count[code], code))
        codes = (rarest, *others[: statements - 1])
        for code in codes:
            count[code] += 1
        cases.append(replace(one, codes=codes))
    return cases


def measure(
    card: ModelCard,
    cases: Sequence[Case],
    folder: Path,
    controls: bool = False,
    progress: Progress = silent,
) -> Path:
    """Measure what is not yet in the folder's `records.jsonl`, and return its path.

    Args:
        card: a classifier whose logits have gradients.
        cases: the records.
        folder: of the run.
        controls: also what a check should catch: maps of other statements and of shuffled weights.
        progress: told per record.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RECORDS
    kept = read(path, card)
    done = {(line["source"], line["record"]) for line in kept}
    # Written anew, so that nothing is written behind a line that was cut off.
    write_text(path, "".join(json.dumps(line, allow_nan=False) + "\n" for line in kept))
    network = gradients.network(card, "cpu")
    networks = network, sham_map.shuffled(network)
    for place, case in enumerate(cases):
        if (case.row.source, case.row.record_id) in done:
            continue
        progress(Counted(place, len(cases), "records"), "maps")
        filled = not controls and place % FILLED_EVERY == 0
        line = of_record(card, networks, case, filled, controls, place)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
    return path


def read(path: Path, card: ModelCard) -> list[dict[str, Any]]:
    """Return the lines of a run; a last line that was cut off is left out.

    Raises:
        ModelError: they are of other weights.
    """
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    strange = next((line for line in lines if line["sha256"] != card.sha256), None)
    if strange is not None:
        raise ModelError(
            "the run is of other weights", where=str(path), expected=card.sha256, found=strange["sha256"]
        )
    return lines


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """What the network said of one record, its cells hidden by each fill, and what all maps of it are made of.

    `slopes`, `steep` and `unlearnt` are (statements, leads, samples) products of gradient and input: integrated, at the
    record itself, and integrated through shuffled weights; where controls were asked for, the last is of a statement
    that the record has not. `dropped` is (cells of `every`, classes); `shared` the curves of the `same` maps.
    """

    outputs: Sequence[int]
    edges: NDArray[np.intp]
    hidden: dict[str, tuple[Hiding, tuple[Numbers, Numbers]]]
    slopes: Signal
    steep: Signal
    unlearnt: Signal
    every: NDArray[np.bool_]
    dropped: Numbers
    same: dict[str, Numbers]
    shared: dict[str, dict[str, Curves]]
    controls: bool
    spent: dict[str, float]


def of_record(
    card: ModelCard,
    networks: tuple[torch.nn.Module, torch.nn.Module],
    case: Case,
    filled: bool,
    controls: bool,
    seed: int,
) -> dict[str, Any]:
    """Return what was measured on one record, as plain values: a pair per statement.

    Args:
        card: of the classifier.
        networks: its own, and the same with shuffled weights.
        case: the record.
        filled: also with what the autoencoder puts into hidden cells.
        controls: also the curves of maps that a check should catch.
        seed: of what is random.
    """
    found = _answers(card, networks, case, filled, controls, seed)
    return {
        "source": case.row.source,
        "record": case.row.record_id,
        "patient": case.row.patient_id,
        "fold": case.row.fold,
        "sha256": card.sha256,
        "processor_s": found.spent,
        "pairs": [_pair(card, case, found, place) for place in range(len(case.codes))],
    }


def _answers(
    card: ModelCard,
    networks: tuple[torch.nn.Module, torch.nn.Module],
    case: Case,
    filled: bool,
    controls: bool,
    seed: int,
) -> _Answers:
    network, shuffled = networks
    signal, edges = prepare(case.record, card.input), faithfulness.edges_of(card.input)
    codes = (*case.codes, _another(card, case, seed)) if controls else case.codes
    outputs = [engine.output_of(card, code) for code in codes]
    flat = Hiding(lambda batch: gradients.logits(network, batch, "cpu"), signal, np.zeros_like(signal), edges)
    fills = {FLAT: flat}
    if filled:
        fills[FILLED] = replace(flat, fill=_autoencoder_fill(card, case.record, seed))
    hidden = {name: (one, faithfulness.ends_of(one)) for name, one in fills.items()}
    spent: dict[str, float] = {}
    steps = engine.path(signal, engine.STEPS)
    with _timed(spent, GRADIENTS):
        slopes = gradients.mean_gradients(network, steps, outputs, "cpu") * signal
    with _timed(spent, PRODUCT):
        steep = gradients.mean_gradients(network, signal[None], outputs, "cpu") * signal
    half = faithfulness.chequered(flat.shape)
    every = half if controls else np.ones_like(half)
    with _timed(spent, OCCLUSION):
        dropped = faithfulness.drops(flat, hidden[FLAT][1][1], every)
    with _timed(spent, AMPLITUDE):
        size = faithfulness.amplitude(signal, edges)
    same = {AMPLITUDE: size, CHANCE: np.random.default_rng(seed).random(flat.shape)}
    # What knows nothing of the statement has one curve for all of them.
    shared = {
        fill: {name: faithfulness.curves(*one, cells) for name, cells in same.items()}
        for fill, one in hidden.items()
    }
    unlearnt = gradients.mean_gradients(shuffled, steps, outputs, "cpu") * signal
    return _Answers(
        outputs, edges, hidden, slopes, steep, unlearnt, every, dropped, same, shared, controls, spent
    )


def _pair(card: ModelCard, case: Case, found: _Answers, place: int) -> dict[str, Any]:
    """Return what was measured of one statement's maps on one record."""
    code, output = case.codes[place], found.outputs[place]
    none, whole = found.hidden[FLAT][1]
    maps = found.same | {
        GRADIENTS: _in_cells(found.slopes[place], found.edges),
        OCCLUSION: np.zeros(found.every.shape),
        PRODUCT: _in_cells(found.steep[place], found.edges),
        SHUFFLED: _in_cells(found.unlearnt[place], found.edges),
    }
    maps[OCCLUSION][found.every] = found.dropped[:, output]
    if found.controls:
        maps[OTHER] = _in_cells(found.slopes[-1], found.edges)
    names = CHECKED if found.controls else MEASURED
    areas = {
        fill: _areas(
            found.shared[fill] | {name: faithfulness.curves(*one, maps[name]) for name in names}, output
        )
        for fill, one in found.hidden.items()
    }
    finest = [
        engine.cells_of(of[place].astype(np.float64), card.input.sampling_rate_hz)
        for of in (found.slopes, found.unlearnt)
    ]
    share = float(whole[output] - none[output])
    return {
        "code": code,
        "labelled": code in case.labelled,
        "called": code in case.called,
        "probability": float(_probability(output)(whole[None])[0]),
        "flat_probability": float(_probability(output)(none[None])[0]),
        "share": share,
        "completeness": abs(share - float(maps[GRADIENTS].sum())) / max(abs(share), 1e-9),
        "agreement": _agreements(maps, found.every),
        "agreement_on_half": _agreements(maps, faithfulness.chequered(found.every.shape)),
        "insertion_minus_deletion": areas,
        "shuffled": {
            "signed": faithfulness.agreement(*finest),
            "absolute": faithfulness.agreement(*map(np.abs, finest)),
        },
    }


def _areas(found: dict[str, Curves], output: int) -> dict[str, float]:
    return {name: round(one.difference(_probability(output)), 6) for name, one in found.items()}


def _another(card: ModelCard, case: Case, seed: int) -> str:
    """Return a statement that the record neither carries nor is called."""
    own = case.labelled | case.called
    judged = [code for code, cut in zip(card.labels, card.thresholds, strict=True) if cut is not None]
    free = [code for code in judged if code not in own] or [code for code in card.labels if code not in own]
    return free[int(np.random.default_rng(seed).integers(len(free)))]


def _agreements(maps: dict[str, Numbers], where: NDArray[np.bool_]) -> dict[str, float]:
    """Return the rank correlation of every map with occlusion over some of the cells."""
    return {
        name: faithfulness.agreement(cells[where], maps[OCCLUSION][where])
        for name, cells in maps.items()
        if name != OCCLUSION
    }


def _in_cells(products: Signal, edges: NDArray[np.intp]) -> Numbers:
    return np.add.reduceat(products.astype(np.float64), edges[:-1], axis=-1)


def _probability(output: int) -> Callable[[Numbers], Numbers]:
    return lambda logits: 1 / (1 + np.exp(-logits[:, output]))


def _autoencoder_fill(card: ModelCard, record: EcgRecord, seed: int) -> Signal:
    """Return what the autoencoder puts in place of each segment while a quarter of them is hidden, (leads, samples).

    Raises:
        ModelError: its input is not prepared as the classifier's is.
    """
    own = segments.autoencoder()
    if replace(own.input, scale=1.0) != replace(card.input, scale=1.0):
        raise ModelError(
            f"{own.id} does not fill the input of {card.id}", expected="the same leads and filter"
        )
    masks = reconstruction.covering_masks(MASK_RATIO, 1, seed, segments.of(own).count)
    found = runtime.reconstruct_many(record, masks, own.id, "cpu")
    drawn = np.nanmean(np.stack([one.reconstructed for one in found]), axis=0)
    return np.asarray(drawn * np.float32(card.input.scale), dtype=np.float32)


@contextmanager
def _timed(spent: dict[str, float], name: str) -> Iterator[None]:
    began = time.process_time()
    yield
    spent[name] = round(time.process_time() - began, 4)
