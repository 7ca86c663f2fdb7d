"""Every figure of one model on one split of PTB-XL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.errors import ModelError
from ecgview.models import cards, same_patient
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training.data import splits
from ecgview.training.data.pack import Pack
from ecgview.training.evaluation import (
    against_baselines,
    asked,
    attribution,
    attribution_table,
    benchmark,
    classification,
    comparison,
    external,
    identification,
    lead_subsets,
    levels,
    reconstruction,
    whole_card,
)
from ecgview.training.evaluation import subgroups as by_group

TASKS = (asked.PTBXL, external.TASK)
BESIDE_ANOTHER = {
    "Calibration, lead sets, groups": "it is judged beside median-beat, whose card holds the comparison"
}
NOT_HERE = "its weights do not ship and were not here; PTB-XL's statements are not its outputs"
_NO_PROBABILITY = "it states no probability of anything that is true or not"
NOT_MEASURED: Mapping[str, Mapping[str, str]] = {
    "autoencoder": {
        "Brier score and calibration": _NO_PROBABILITY,
        "With fewer leads": "it fills in hidden time of all twelve leads; hidden leads were not asked of it",
        "Other hospitals": "it learnt from their records",
    },
    "identifier": {
        "Brier score and calibration": "its likelihood ratio has a figure of its own, its cost",
        "Heart rate, device": "pairs are grouped by days apart, rhythm, conduction, age and sex instead",
    },
    "delineator": {
        "Brier score and calibration": "it states where a wave begins and ends; its errors are in milliseconds",
        "With fewer leads": "each lead is answered by itself",
        "Other hospitals": "no other set with experts' marks of waves is at hand",
        "Sex, age, device": "150 records, of which a group has too few; rhythms and conduction are the groups",
    },
    "lef": {
        "All figures of its own": "no record here has an echocardiogram: nothing can be called right or wrong",
    },
}


def evaluate_maps(
    model_id: str,
    data: Path,
    folder: Path,
    split: str = "test",
    progress: Progress = silent,
    resamples: int = 1000,
    *,
    records: int = 100,
    others: int = 0,
    controls: bool = False,
) -> dict[str, Any]:
    """Return what a classifier's maps of attribution are worth, as plain values; see `attribution_table.describe`.

    Args:
        model_id: a classifier of PTB-XL's statements whose logits have gradients.
        data: folder with PTB-XL in it or one level below, and for `others` the PhysioNet/CinC Challenge's folders.
        folder: of the run, which goes on where it was stopped: a line per record in `records.jsonl`.
        split: of PTB-XL.
        progress: told on the way.
        resamples: of the bootstrap, by patient.
        records: how many of the split at most.
        others: how many of other hospitals at most.
        controls: also maps that a check should catch, of other statements and of shuffled weights; of one statement a
            record, and only half of the cells hidden one at a time. What a limit is set with.

    Raises:
        ModelError: other outputs, a network without gradients, no records, or a run of other weights.
    """
    card = cards.get(model_id)
    asked.check(card)
    cases: list[attribution.Case] = []
    for most, own_split, task in ((records, split, asked.PTBXL), (others, "", external.TASK)):
        if most:
            found = attribution.candidates(card, data, own_split, task, progress)
            cases += attribution.chosen(found, most, 1 if controls else attribution.MOST_STATEMENTS)
    path = attribution.measure(card, cases, folder, controls, progress)
    lines = attribution.read(path, card)
    if not lines:
        raise ModelError("nothing was measured", where=str(path), expected="at least one record")
    progress(0.99, "resampling")
    return attribution_table.describe(lines, card, resamples)


def evaluate_card(
    model_id: str,
    data: Path,
    cache: Path,
    progress: Progress = silent,
    resamples: int = 1000,
    with_baselines: bool = True,
) -> dict[str, Any]:
    """Return every figure that a model's card holds, made in one go; what its kind has none of is said with the reason.

    Args:
        model_id: a model of PTB-XL's statements, an autoencoder, or the identifier by median beats.
        data: folder with PTB-XL in it or one level below, and other hospitals' sets beside it.
        cache: packed ECGs.
        progress: told on the way.
        resamples: of the bootstrap, by patient.
        with_baselines: of a classifier, two logistic regressions on the same records.

    Raises:
        ModelError: its figures are another model's, or come from another command; or as `evaluate`.
    """
    card = cards.get(model_id)
    whole_card.check_own(card)
    if card.checkpoint and not card.is_here:
        return {"not_measured": {"All figures": NOT_HERE}}
    if card.kind == "classifier":
        return whole_card.describe(card, data, cache, progress, resamples, with_baselines)
    if card.kind != "autoencoder" and card.network != same_patient.NETWORK:
        return dict(card.metrics) | {"not_measured": _without(card)}
    held_against = card.metrics.get("comparison_of_networks")
    network = held_against["network"] if held_against else ""
    here = network in {one.id for one in cards.available("identifier")}
    figures = evaluate(
        model_id, data, cache, "test", progress, resamples, compare_with=network if here else ""
    )
    # Its weights are told by their sha256: a network that does worse does not ship.
    if held_against and not here:
        figures["comparison_of_networks"] = held_against
    return figures | {"not_measured": _without(card)}


def _without(card: ModelCard) -> dict[str, str]:
    """Return what the figures of a kind of model cannot hold, and why."""
    by_network = card.kind == "identifier" and card.network != same_patient.NETWORK
    return dict(BESIDE_ANOTHER if by_network else NOT_MEASURED.get(card.kind, {}))


def evaluate(
    model_id: str,
    data: Path,
    cache: Path,
    split: str = "test",
    progress: Progress = silent,
    resamples: int = 1000,
    with_baselines: bool = True,
    *,
    compare_with: str = "",
    leads: str = "",
    subgroups: bool = False,
    task: str = asked.PTBXL,
) -> dict[str, Any]:
    """Return the figures of one model on one split of PTB-XL below `data`, as plain values.

    Args:
        model_id: a classifier of PTB-XL's statements, an autoencoder, or the identifier by median beats, whose split is
            all folds in turn.
        data: folder with PTB-XL in it or one level below.
        cache: packed ECGs.
        split: train, validation or test.
        progress: told on the way.
        resamples: of the bootstrap, by patient; intervals are 95 % percentiles.
        with_baselines: two logistic regressions on the same records.
        compare_with: id of another classifier, or of an identifier's network, for paired differences.
        leads: sets of leads to repeat the figures with, "12,6,3,2,1" or names joined by a plus.
        subgroups: repeat the figures by sex, age and source.
        task: "ptbxl", or "cinc26": every labelled record of the PhysioNet/CinC Challenge's folders below `data`.

    Raises:
        ModelError: the model is of a kind or label set that cannot be compared with PTB-XL or with the other
            model, a lead set it does not take, a patient who stands in two splits, or a split that the model was made
            with.
    """
    card = cards.get(model_id)
    whole_card.check_own(card)
    if card.network == same_patient.NETWORK:
        if leads or subgroups or task != asked.PTBXL:
            raise ModelError(
                f"{card.id} tells patients apart",
                expected="no lead sets, subgroups or task: all are in its figures",
            )
        return identification.evaluate(card, data, cache, resamples, compare_with, progress)
    sets = lead_subsets.parse(leads, card) if leads else []
    other = cards.get(compare_with) if compare_with else None
    _check(card, other, bool(sets or subgroups), task)
    pack = asked.open_pack(card, data, cache, progress, task)
    index = asked.rows_of(pack, split, task)
    folds = splits.of_pack(pack) if task == asked.PTBXL else {}
    for one in (card, other):
        if folds and one is not None:
            splits.check_unseen(one.folds, folds, split, one.id)
    if card.kind == "autoencoder":  # what was recorded at 100 Hz is smoother than what it fills in
        index = whole_card.native_rows(pack, index)
    head = _head(card, pack, index, split if folds else "", folds, resamples)
    if card.kind == "autoencoder":
        return head | reconstruction.describe(card, pack, index, resamples, progress)
    own = asked.asked(card, pack, index, progress, task=task)
    progress(0.5, "resampling")
    figures = head | classification.describe(own, resamples)
    if task == asked.PTBXL:
        figures["tasks"] = benchmark.table(own, resamples)
    else:
        called = levels.statements(own).called.astype(np.float32)
        figures |= {"task": task, **external.score(own.codes, own.rows, called, resamples)}
    if subgroups:
        figures["subgroups"] = by_group.table(own, resamples)
    if sets:
        figures["lead_subsets"] = lead_subsets.table(own, pack, index, sets, resamples, progress)
        figures["lead_subsets_note"] = lead_subsets.note(card)
    if other is not None:
        theirs = asked.open_pack(other, data, cache, progress, task)
        rows = asked.rows_of(theirs, split, task)
        said = asked.asked(other, theirs, rows, progress, task=task)
        figures["comparison"] = comparison.compare(own, said, resamples)
    if with_baselines and task == asked.PTBXL:
        figures["baselines"] = against_baselines.table(own, data, cache, resamples, progress)
    return figures


def _check(card: ModelCard, other: ModelCard | None, more: bool, task: str) -> None:
    """Raise ModelError before anything is read where the figures cannot be had."""
    if task not in TASKS:
        raise ModelError("there is no such task to evaluate", expected=", ".join(TASKS), found=task)
    if card.kind != "autoencoder":
        asked.check(card)
    elif other is not None or more or task != asked.PTBXL:
        raise ModelError(
            f"{card.id} is an autoencoder",
            expected="a classifier for comparisons, lead sets, subgroups and other tasks",
        )
    if other is not None:
        asked.check(other)
        if other.id == card.id:
            raise ModelError(f"{card.id} cannot be compared with itself", expected="another classifier")


def _head(
    card: ModelCard, pack: Pack, index: np.ndarray, split: str, folds: splits.Folds, resamples: int
) -> dict[str, Any]:
    rows = [pack.rows[i] for i in index]
    return {
        "model": card.id,
        "version": card.version,
        "sha256": card.sha256,
        "split": split or "external",
        "folds": list(folds.get(split, ())),
        "n_records": len({(row.source, row.record_id) for row in rows}),
        "n_patients": len({row.patient_id for row in rows}),
        "resamples": resamples,
        "resampled_by": "patient",
    }
