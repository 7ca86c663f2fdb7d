"""Base value and percentiles of the LEF index from PTB-XL outside its test fold: what is usual, no LVEF."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.models.tabular.reference import set_reference
from ecgview.progress import Progress, silent
from ecgview.training import evaluation
from ecgview.training.data import material, splits


def run(classifier_id: str, data: Path, cache: Path, folder: Path, progress: Progress = silent) -> ModelCard:
    """Return the index's card after writing what is usual in PTB-XL outside the test fold into `folder`.

    Args:
        classifier_id: whose probabilities are the predictors.
        data: folder with PTB-XL.
        cache: packed ECGs.
        folder: the index's folder; its card and table are replaced.
        progress: told on the way.

    Raises:
        ModelError: the classifier lacks a predictor, or the folder holds no index.
    """
    classifier = cards.get(classifier_id)
    spec = replace(classifier.input, scale=1.0)
    pack = material.open_pack(data, cache, spec, progress, serving=material.PTBXL)
    index = np.concatenate([splits.labelled(pack, split) for split in ("train", "validation")])
    probability = evaluation.answers(classifier, pack, index, progress)
    cohort = f"PTB-XL {splits.in_words(pack.rows[i].fold for i in index)} ({len(index)} records)"
    return set_reference(folder, classifier, probability, cohort)
