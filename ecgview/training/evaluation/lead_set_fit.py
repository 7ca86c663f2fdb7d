"""What a card says of sets of fewer leads, from out-of-fold answers of its network: lines, cuts and figures of each.

A file of out-of-fold answers (npz) holds `record_id` and `fold`, (n,), and `logits_SET`, (n, labels), for each set of
`models.lead_sets.LISTED`: what a network that learned from the other folds gives where the leads of the set alone are
there. A shipped network has a line for twelve leads folded into its last weights: where the file holds `logits`, too,
those with the line, beside `logits_12`, those without, it is found by the two and laid on the sets. A file without
`logits` holds what the shipped network would give. Everything is of records of PTB-XL; others are passed over.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards, thresholds
from ecgview.models.cards import ModelCard
from ecgview.models.lead_sets import ALL, LARGEST_LINE, LISTED
from ecgview.progress import Counted, Progress, silent
from ecgview.training.data import sources, tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import packed
from ecgview.training.evaluation import calibration, judging, levels, metrics
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.metrics import Array
from ecgview.training.evaluation.plain import interval
from ecgview.training.evaluation.written import write_text

FEWEST_FOR_A_LINE = 20  # records with a statement, and as many without: the slope of fewer is chance
LEAST_AUROC = 0.7  # lower bound of its 95 % interval: below, a set says too little of a statement to judge it
RULE = (
    f"By out-of-fold answers with these leads alone. A line of a statement with at least {FEWEST_FOR_A_LINE} records "
    f"that have it and {FEWEST_FOR_A_LINE} that have not; a threshold (best F1) with at least "
    f"{thresholds.FEWEST_POSITIVES}, where the 95 % interval of its AUROC, patients drawn, lies above {LEAST_AUROC:g}: "
    "else it is not judged with these leads."
)
DIGITS = 5
LARGEST_LEFT = 0.01  # of a logit, by float32 and its rounding
KERNELS = "kernels"  # of a source that is no lead set
_LOGITS = "logits_"


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Answers about records, each by a network that learned from none of its fold; logits are (n, labels) by set."""

    record_ids: tuple[str, ...]
    folds: NDArray[np.int64]
    logits: Mapping[str, NDArray[np.float64]]


def read(path: Path, labels: Sequence[str]) -> OutOfFold:
    """Return the answers in a file.

    Raises:
        ModelError: it cannot be read, an array is missing or has another shape, or a set that is not listed.
    """
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot be read ({error})", where=str(path)) from None
    for name in ("record_id", "fold"):
        if name not in arrays or arrays[name].ndim != 1:
            raise ModelError("an array is missing", where=f"{path}: {name}", expected="(records,)")
    n = len(arrays["record_id"])
    if "codes" in arrays and tuple(map(str, arrays["codes"])) != tuple(labels):
        raise ModelError("does not fit", where=f"{path}: codes", expected="the labels of the card, in order")
    logits = {}
    for name, found in arrays.items():
        own = name.removeprefix(_LOGITS)
        if not name.startswith(_LOGITS) or own == KERNELS:
            continue
        if own != ALL and own not in LISTED:
            raise ModelError("no such lead set", where=f"{path}: {name}", expected=", ".join(LISTED))
        if found.shape != (n, len(labels)) or not np.isfinite(found).all():
            expected = f"finite, ({n}, {len(labels)})"
            raise ModelError(
                "does not fit", where=f"{path}: {name}", expected=expected, found=f"{found.shape}"
            )
        logits[own] = found.astype(np.float64)
    if len(arrays["fold"]) != n or not set(logits) - {ALL}:
        raise ModelError("does not fit", where=str(path), expected=f"{n} folds, and logits of lead sets")
    if "logits" in arrays:
        logits = _as_shipped(logits, arrays["logits"], path)
    return OutOfFold(tuple(map(str, arrays["record_id"])), arrays["fold"].astype(np.int64), logits)


def _as_shipped(
    logits: Mapping[str, NDArray[np.float64]], whole: NDArray[np.floating], path: Path
) -> dict[str, NDArray[np.float64]]:
    """Return the logits of every set on the line that leads from those of all leads to the shipped network's."""
    plain = logits.get(ALL)
    if plain is None or whole.shape != plain.shape:
        raise ModelError(
            "does not fit", where=f"{path}: logits", expected=f"{_LOGITS}{ALL} beside it, as large"
        )
    middle, at = plain.mean(0), whole.mean(0, dtype=np.float64)
    away = plain - middle
    slope = (away * (whole - at)).sum(0) / np.maximum((away**2).sum(0), 1e-12)
    if np.abs(whole - at - slope * away).max() > LARGEST_LEFT:
        expected = f"a line of {_LOGITS}{ALL}: what else it rests on is not known with fewer leads"
        raise ModelError("does not fit", where=f"{path}: logits", expected=expected)
    return {name: slope * (found - middle) + at for name, found in logits.items()}


def update(
    card: ModelCard, path: Path, data: Path, resamples: int = 1000, progress: Progress = silent
) -> ModelCard:
    """Return the card after writing its `lead_sets` from a file of out-of-fold answers; see `of_file`."""
    made = of_file(path, card, data, resamples, progress)
    own = card.folder / "card.json"
    raw = json.loads(own.read_text(encoding="utf-8")) | {"lead_sets": made}
    write_text(own, json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return cards.read_card(own)


def of_file(
    path: Path, card: ModelCard, data: Path, resamples: int = 1000, progress: Progress = silent
) -> list[dict[str, Any]]:
    """Return a card's `lead_sets` from a file of out-of-fold answers and the labels of PTB-XL below `data`.

    Args:
        path: the npz file.
        card: of the network; its labels are codes of PTB-XL's statements.
        data: folder with PTB-XL.
        resamples: of the bootstrap, patients drawn.
        progress: told per set.

    Raises:
        ModelError: the file does not fit, or no record of it is one of PTB-XL below `data`.
    """
    found = read(path, card.labels)
    known = {
        row.record_id: row
        for one in sources.open_all(data)
        if any(task.name == "all71" for task in one.tasks)
        for row in one.rows()
        if row.source == packed.PTBXL  # others in a pack have numbers of their own
    }
    kept = np.array([place for place, name in enumerate(found.record_ids) if name in known], np.int64)
    if not kept.size:
        raise ModelError("no record is one of PTB-XL", where=str(path), expected=f"records of {data}")
    rows = [known[found.record_ids[place]] for place in kept]
    return fitted(card, rows, {name: one[kept] for name, one in found.logits.items()}, resamples, progress)


def fitted(
    card: ModelCard,
    rows: Sequence[Row],
    logits: Mapping[str, NDArray[np.float64]],
    resamples: int = 1000,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Return a card's `lead_sets` from out-of-fold logits, (n, labels), of each set about these records."""
    task = tasks.get("all71")
    wanted = task.targets(rows)[:, [task.codes.index(code) for code in card.labels]]
    names = [name for name in LISTED if name in logits]
    made = []
    for number, name in enumerate(names):
        progress(Counted(number, len(names), "lead sets"), name)
        made.append(_set(name, card, rows, wanted, logits[name], resamples))
    return made


def _set(
    name: str,
    card: ModelCard,
    rows: Sequence[Row],
    wanted: Array,
    logits: NDArray[np.float64],
    resamples: int,
) -> dict[str, Any]:
    lines = _lines(card.labels, wanted, logits)
    said = np.stack(
        [
            calibration.apply_platt(lines.get(code, (1.0, 0.0)), logits[:, k])
            for k, code in enumerate(card.labels)
        ],
        axis=1,
    ).astype(np.float32)
    none = np.full(len(card.labels), np.nan)
    asked = Asked(card, card.labels, none, tuple(rows), wanted, said)
    bootstrap = asked.bootstrap(resamples)
    figures: dict[str, Any] = {}
    low: dict[str, float] = {}
    for level in levels.levels(asked):
        truth, scores = level.wanted[:, level.scored], level.said[:, level.scored]
        found = bootstrap.draw(partial(metrics.weighted_auroc, truth, scores))
        figures[f"{level.name}_macro_auroc"] = interval(found.mean())
        if level.name == "statement":
            figures["statements"] = len(level.scored)
            each = zip(level.scored, found.each(), strict=True)
            low = {level.classes[k]: one.low for k, one in each if np.isfinite(one.low)}
    cuts = [_cut(wanted[:, k], said[:, k], low.get(code, 0.0)) for k, code in enumerate(card.labels)]
    worth = judging.table(card.labels, cuts, wanted, said)
    enough = {code for code in card.labels if worth[code]["positives"] >= thresholds.FEWEST_POSITIVES}
    standing = [code for code, cut in zip(card.labels, cuts, strict=True) if cut is not None]
    patients = len({(row.source, row.patient_id) for row in rows})
    about = {"n_records": len(rows), "n_patients": patients, "judged": len(standing), "rule": RULE}
    return {
        "name": name,
        "leads": list(LISTED[name]),
        "lines": {code: [round(a, DIGITS), round(b, DIGITS)] for code, (a, b) in lines.items()},
        "thresholds": {code: worth[code]["cut"] for code in standing},
        "threshold_figures": {
            code: {**worth[code], "auroc_low": round(low.get(code, 0.0), 3)}
            for code in card.labels
            if code in enough
        },
        "figures": {
            "macro_auroc": figures["statement_macro_auroc"]["value"],
            "out_of_fold": {**about, **figures},
        },
    }


def _lines(
    labels: Sequence[str], wanted: Array, logits: NDArray[np.float64]
) -> dict[str, tuple[float, float]]:
    found = {}
    for k, code in enumerate(labels):
        positives = int((wanted[:, k] > 0).sum())
        if min(positives, len(wanted) - positives) < FEWEST_FOR_A_LINE:
            continue
        a, b = calibration.fit_platt(wanted[:, k], logits[:, k])
        # Else these leads say nothing of it, or the opposite; a line without end is of logits that are all one.
        if round(a, DIGITS) > 0 and max(a, abs(b)) <= LARGEST_LINE:
            found[code] = (a, b)
    return found


def _cut(wanted: Array, said: Array, low: float) -> float | None:
    """Return the cut of the best F1, None where there are too few records or these leads say too little."""
    if (wanted > 0).sum() < thresholds.FEWEST_POSITIVES or not low > LEAST_AUROC:
        return None
    return round(metrics.best_f1_threshold(wanted, said), DIGITS)


def with_test(
    sets: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], head: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return a card's raw `lead_sets` with what answers with each were worth on records never seen.

    Args:
        sets: of the card's file.
        rows: of `lead_subsets.table`: figures by leads.
        head: of the evaluation: split, numbers of records and patients.
    """
    by_leads = {tuple(row["leads"]): row for row in rows}
    about = {name: head[name] for name in ("split", "n_records", "n_patients") if name in head}
    made = []
    for one in sets:
        row = by_leads.get(tuple(one["leads"]))
        figures = dict(one["figures"])
        if row is not None:
            own = {name: value for name, value in row.items() if name.endswith("_macro_auroc")}
            figures["test"] = about | own
        made.append({**one, "figures": figures})
    return made
