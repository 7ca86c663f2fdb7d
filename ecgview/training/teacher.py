"""Soft answers of the random-kernel regression for every record, made without seeing that record's label."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from ecgview.training import baselines, kernels, labels
from ecgview.training.pack import Pack

COMPONENTS = 768


def superclass_logits(
    pack: Pack, train: NDArray[np.int64], others: NDArray[np.int64], cache: Path, strength: float
) -> NDArray[np.float32]:
    """Return (records, 5) logits: out of fold for the training rows, of all folds' mean for the others.

    Rows outside both stay NaN. Seven regressions, each trained without one PTB-XL fold.
    """
    features = kernels.cached_features(pack, train, cache)
    reduced = PCA(COMPONENTS, random_state=0, whiten=False).fit(features[train]).transform(features)
    reduced = (reduced / (reduced[train].std(0).mean() + 1e-9)).astype(np.float32)
    wanted = labels.superclass_targets(labels.targets(pack, np.arange(len(pack))))
    fold = np.array([pack.rows[i].fold for i in train])
    logits = np.full((len(pack), wanted.shape[1]), np.nan, dtype=np.float32)
    outside = []
    for left_out in np.unique(fold):
        fit_on, hold = train[fold != left_out], train[fold == left_out]
        models = baselines.fit_logistic(reduced[fit_on], wanted[fit_on], strength)
        logits[hold] = _logit(baselines.predict(models, reduced[hold]))
        outside.append(_logit(baselines.predict(models, reduced[others])))
    if len(others):
        logits[others] = np.mean(outside, axis=0)
    return logits


def _logit(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float32)
