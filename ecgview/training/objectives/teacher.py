"""Soft answers of the random-kernel regression for every record, made without seeing that record's label."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.training.data import kernels, labels
from ecgview.training.data.pack import Pack
from ecgview.training.evaluation import baselines


def superclass_logits(
    pack: Pack, train: NDArray[np.int64], others: NDArray[np.int64], cache: Path, strength: float
) -> NDArray[np.float32]:
    """Return (records, 5) logits: out of fold for the training rows, of all folds' mean for the others.

    Rows outside both stay NaN. Seven regressions, each trained without one PTB-XL fold.
    """
    features = kernels.cached_features(pack, train, cache)
    wanted = labels.superclass_targets(labels.targets(pack, np.arange(len(pack))))
    fold = np.array([pack.rows[i].fold for i in train])
    logits = np.full((len(pack), wanted.shape[1]), np.nan, dtype=np.float32)
    outside = []
    for left_out in np.unique(fold):
        fit_on, hold = train[fold != left_out], train[fold == left_out]
        models = baselines.fit_logistic(features[fit_on], wanted[fit_on], strength)
        logits[hold] = _logit(baselines.predict(models, features[hold]))
        outside.append(_logit(baselines.predict(models, features[others])))
    if len(others):
        logits[others] = np.mean(outside, axis=0)
    return logits


def _logit(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float32)
