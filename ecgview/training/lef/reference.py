"""Scale, base value and percentiles of the LEF index from PTB-XL outside its test fold: what is usual, no LVEF."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.labels import context_rules
from ecgview.labels.context_rules import PACED
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.models.context import ADULT_YEARS, OLDEST_YEARS
from ecgview.models.tabular.reference import set_reference
from ecgview.progress import Progress, silent
from ecgview.results import ReferenceSet
from ecgview.training import evaluation
from ecgview.training.data import material, splits
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import calibration, measured_fit

LEFT_OUT = "none labelled as paced"
HELD_OUT = ", out of fold"  # answered by networks that had not learnt from them


def run(
    classifier_id: str,
    data: Path,
    cache: Path,
    folder: Path,
    progress: Progress = silent,
    out_of_fold: Path | None = None,
) -> ModelCard:
    """Return the index's card after writing what is usual in PTB-XL outside the test fold into `folder`.

    Only adults whose rhythm is not labelled as paced count: of others the index says nothing either.

    Args:
        classifier_id: whose probabilities are the predictors.
        data: folder with PTB-XL.
        cache: packed ECGs.
        folder: the index's folder; its card and table are replaced.
        progress: told on the way.
        out_of_fold: a run's `out-of-fold.npz`: the records are those of it, and what its networks said of them
            without having learnt from them stands for what the classifier says of a new record.

    Raises:
        ModelError: the classifier lacks a predictor, the folder holds no index, or nobody is left to compare with.
    """
    classifier = cards.get(classifier_id)
    spec = replace(classifier.input, scale=1.0)
    if out_of_fold is not None:
        every = material.open_pack(data, cache, spec, progress).rows
        rows, probability = _held_out(classifier, every, out_of_fold)
        return set_reference(folder, classifier, probability, described(rows, range(len(rows)), HELD_OUT))
    pack = material.open_pack(data, cache, spec, progress, serving=material.PTBXL)
    held = np.concatenate([splits.labelled(pack, split) for split in ("train", "validation")])
    index = of_scope(pack.rows, held)
    if not len(index):
        raise ModelError("no record to compare with", where=str(data), expected="adults without pacing")
    probability = evaluation.answers(classifier, pack, index, progress)
    return set_reference(folder, classifier, probability, described(pack.rows, index))


def of_scope(rows: Sequence[Row], index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those of the rows that the index may speak of, as far as a table tells: adults, not paced."""
    paced = next(rule for rule in context_rules.rules() if rule.context == PACED)
    return np.array(
        [
            k
            for k in index
            if ADULT_YEARS <= (rows[k].age_years or 0) <= OLDEST_YEARS
            and not any(paced.is_named_by(code) for code in rows[k].codes)
        ],
        dtype=np.int64,
    )


def _held_out(
    classifier: ModelCard, every: Sequence[Row], path: Path
) -> tuple[list[Row], NDArray[np.float32]]:
    """Return the rows of the index's scope that a file has answers about, and these, (rows, labels)."""
    logits = measured_fit.read_out_of_fold(path, classifier.labels)
    test = classifier.folds.get("test", ())
    known = [
        row
        for row in every
        if row.source == material.PTBXL and row.record_id in logits and row.fold not in test
    ]
    rows = [known[k] for k in of_scope(known, np.arange(len(known)))]
    if not rows:
        raise ModelError(
            "no record to compare with", where=str(path), expected="PTB-XL's adults without pacing, by number"
        )
    said = calibration.apply_platt((1.0, 0.0), np.stack([logits[row.record_id] for row in rows]))
    return rows, said.astype(np.float32)


def described(rows: Sequence[Row], index: Iterable[int], how: str = "") -> ReferenceSet:
    """Return what the chosen rows are: name with how they were answered, number, ages."""
    index = list(index)
    ages = [rows[k].age_years or 0.0 for k in index]
    name = f"PTB-XL {splits.folds_in_words(rows[k].fold for k in index)}{how}"
    return ReferenceSet(name, len(index), min(ages), max(ages), LEFT_OUT)
