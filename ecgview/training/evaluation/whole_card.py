"""Every figure of a classifier's card: made here alone, and the same again from the same data and weights.

The figures are of PTB-XL's records at 500 Hz on the fold that the model never saw; those at 100 Hz, which hold nothing
above 50 Hz, are told beside them. Numbers are rounded to four digits and every resample is seeded.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.signal import beats
from ecgview.training.data import sources, splits
from ecgview.training.data.pack import Pack, Row
from ecgview.training.data.sources import ptbxl
from ecgview.training.evaluation import (
    against_baselines,
    asked,
    benchmark,
    calibration,
    classification,
    lead_subsets,
    outside,
    subgroups,
    with_measured,
)
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.levels import levels, score
from ecgview.training.evaluation.plain import rounded

NATIVE_HZ = 500.0
LEADS = "12,6,3,2,1"
CHECKED = (
    24  # records whose mean answers stand in the card, so that a minute tells whether they are still these
)
OVERALL = ("macro_auroc", "macro_auprc", "macro_f1", "brier", "calibration_error")


def describe(
    card: ModelCard,
    data: Path,
    cache: Path,
    progress: Progress = silent,
    resamples: int = 1000,
    with_baselines: bool = True,
) -> dict[str, Any]:
    """Return the whole `metrics` of a classifier of PTB-XL's statements, as plain values.

    Args:
        card: whose folds say what it never saw.
        data: folder with PTB-XL in it or one level below, and other hospitals' sets where figures of them are wanted.
        cache: packed ECGs.
        progress: told on the way.
        resamples: of the bootstrap, by patient.
        with_baselines: two logistic regressions on the same records.

    Raises:
        ModelError: other outputs, figures that are another model's, no PTB-XL, or a fold that the model was made with.
    """
    check_own(card)
    asked.check(card)
    pack = asked.open_pack(card, data, cache, progress)
    folds = splits.of_pack(pack)
    splits.check_unseen(card.folds, folds, "test", card.id)
    index = splits.labelled(pack, "test", folds)
    every = asked.asked(card, pack, index, progress)
    at_500 = native(every)
    if not len(at_500):
        raise ModelError("no record at 500 Hz can be scored", where=str(data), expected="PTB-XL at 500 Hz")
    own = every.part(at_500)
    progress(0.3, "resampling")
    figures = head(card, own, folds["test"], resamples) | classification.describe(own, resamples)
    if len(at_500) < len(every.rows):
        figures["with_100_hz"] = _overall(every, resamples)
    measured = with_measured.answered(every, data, cache, progress)
    if measured is not None:
        figures["with_measured_values"] = _overall(measured.part(at_500), resamples)
    figures |= _platt(card, pack, folds, own, progress)
    figures["tasks"] = benchmark.table(own, resamples)
    groups = _groups(every, pack, data)
    figures["subgroups"] = subgroups.table(every, resamples, groups)
    if card.input.lead_agnostic:
        at = _rows_of(pack, index, own)
        sets = lead_subsets.parse(lead_subsets.OF_THE_CARD if card.lead_sets else LEADS, card)
        figures["lead_subsets"] = lead_subsets.table(own, pack, at, sets, resamples, progress)
        figures["lead_subsets_note"] = lead_subsets.note(card)
    found = outside.answered(card, pack, progress)
    if found is not None:
        figures["external"] = outside.describe(found, resamples)
        theirs = with_measured.answered(found, data, cache, progress)
        if theirs is not None:
            figures["external_with_measured_values"] = outside.describe(theirs, resamples)
    figures["left_out"] = outside.left_out(data, pack)
    if with_baselines:
        figures["baselines"] = against_baselines.table(own, data, cache, resamples, progress)
    figures["check"] = spot(own)
    return figures | {"not_measured": not_measured(card, figures)}


def check_own(card: ModelCard) -> None:
    """Raise ModelError where a model's figures are those of another, which alone can be had."""
    if card.figures_of:
        raise ModelError(
            f"{card.id} learnt from the records that figures are had on",
            expected=f"its evaluation model: ecgview evaluate {card.figures_of} DATA",
            found=cards.figures_note(card),
        )


def head(card: ModelCard, own: Asked, folds: Sequence[int], resamples: int) -> dict[str, Any]:
    """Return what the figures are of."""
    return {
        "model": card.id,
        "version": card.version,
        "sha256": card.sha256,
        "split": "test",
        "folds": list(folds),
        "n_records": len(own.rows),
        "n_patients": len({row.patient_id for row in own.rows}),
        "resamples": resamples,
        "resampled_by": "patient",
    }


def native(own: Asked) -> NDArray[np.int64]:
    """Return which records were recorded, or published, at 500 Hz or more."""
    return np.flatnonzero([_at_500(row) for row in own.rows])


def native_rows(pack: Pack, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those rows of a pack whose records were published at 500 Hz or more."""
    return np.array([i for i in index if _at_500(pack.rows[i])], dtype=np.int64)


def _at_500(row: Row) -> bool:
    return row.rate_hz is None or row.rate_hz >= NATIVE_HZ


def spot(own: Asked, records: int = CHECKED) -> dict[str, Any]:
    """Return the mean answer of each statement over the first records of the split, and their Brier score.

    What can be made again in seconds, without resampling: whoever changes weights, filters or labels changes these.
    """
    order = sorted(range(len(own.rows)), key=lambda i: (len(own.rows[i].record_id), own.rows[i].record_id))
    part = own.part(np.array(order[:records]))
    return {
        "records": [row.record_id for row in part.rows],
        "mean_said": {
            code: rounded(float(mean)) for code, mean in zip(part.codes, part.said.mean(0), strict=True)
        },
        "labels": int(part.wanted.sum()),
        "brier": rounded(calibration.brier(part.wanted, part.said)),
    }


def _overall(own: Asked, resamples: int) -> dict[str, Any]:
    """Return the means alone, of all records together."""
    bootstrap = own.bootstrap(resamples)
    figures: dict[str, Any] = {"n_records": len(own.rows)}
    for level in levels(own):
        means = classification.macros(score(level, bootstrap)) | classification.calibration_errors(
            level, bootstrap
        )
        names = [f"{level.name}_{name}" for name in OVERALL] + ["n_statements"]
        figures |= {name: means[name] for name in names if name in means}
    return figures


def _platt(
    card: ModelCard, pack: Pack, folds: splits.Folds, own: Asked, progress: Progress
) -> dict[str, Any]:
    """Return the calibration error of the statements after Platt's line of each, fitted on the validation fold.

    Of a model whose answers are calibrated already the figure above is that one.
    """
    if not card.calibrated.startswith("not calibrated"):
        return {"statement_calibration_error_after_platt": f"as above: {card.calibrated}"}
    try:
        splits.check_unseen(card.folds, folds, "validation", card.id)
        validation = splits.labelled(pack, "validation", folds)
    except ModelError as error:
        return {"statement_calibration_error_after_platt": f"not measured: {error}"}
    held = asked.asked(card, pack, validation, progress)
    said = own.said.copy()
    fitted = 0
    for k in range(len(own.codes)):
        truth = held.wanted[:, k]
        if 0 < truth.sum() < len(truth):
            line = calibration.fit_platt(truth, calibration.log_odds(held.said[:, k]))
            said[:, k] = calibration.apply_platt(line, calibration.log_odds(own.said[:, k]))
            fitted += 1
    level = levels(replace(own, said=said.astype(np.float32)))[-1]
    where = splits.folds_in_words(folds["validation"])
    named = {"platt": f"a line for each of {fitted} statements, fitted on {where} ({len(held.rows)} records)"}
    if not len(level.scored):
        return named
    truth, met = level.wanted[:, level.scored], level.said[:, level.scored]
    errors = [calibration.expected_calibration_error(*pair) for pair in zip(truth.T, met.T, strict=True)]
    return {
        "statement_calibration_error_after_platt": rounded(float(np.mean(errors))),
        "statement_brier_after_platt": rounded(calibration.brier(truth, met)),
        **named,
    }


def _groups(own: Asked, pack: Pack, data: Path) -> dict[str, list[str]]:
    """Return the group of each record by what its row does not say: heart rate, device and site."""
    place: dict[tuple[str, str], int] = {}
    for i, row in enumerate(pack.rows):
        place.setdefault((row.source, row.record_id), i)
    at = np.array([place[row.source, row.record_id] for row in own.rows])
    fs = own.card.input.sampling_rate_hz
    found = {"heart rate": subgroups.heart_rate_bands([_rate(pack, int(i), fs) for i in at])}
    told: dict[str, tuple[str, str]] = {}
    for source in sources.open_all(data):
        if source.name == ptbxl.NAME:
            told |= ptbxl.recorded_with(source.path)
    for k, name in enumerate(("device", "site")):
        names = [told.get(row.record_id, ("", ""))[k] or subgroups.UNKNOWN for row in own.rows]
        found[name] = subgroups.with_few_together(names)
    return found


def _rate(pack: Pack, i: int, fs_hz: float) -> float:
    """Return the mean heart rate of a packed record per minute; NaN where fewer than two beats are found."""
    signal = pack.millivolts(np.array([i]))[0].numpy()
    found = beats.peaks(signal, fs_hz)
    return 60.0 * fs_hz / float(np.diff(found).mean()) if len(found) > 1 else float("nan")


def _rows_of(pack: Pack, index: NDArray[np.int64], own: Asked) -> NDArray[np.int64]:
    """Return those of the rows that are windows of these records."""
    names = {(row.source, row.record_id) for row in own.rows}
    return np.array([i for i in index if (pack.rows[i].source, pack.rows[i].record_id) in names])


def not_measured(card: ModelCard, figures: dict[str, Any]) -> dict[str, str]:
    """Return what the card has no figure of, and why."""
    reasons = {}
    if "lead_subsets" not in figures:
        reasons["With fewer leads"] = (
            "the network takes all leads of its card and was not trained without some"
        )
    if "external" not in figures:
        reasons["Other hospitals"] = "no labelled records of other hospitals lay beside PTB-XL"
    if "baselines" not in figures:
        reasons["Logistic regressions beside it"] = "left out of this run, which fits them for minutes"
    if not any(row["grouping"] == "rate" for row in figures["subgroups"]):
        reasons["Sampling rates"] = "every record scored was at 500 Hz"
    return reasons
