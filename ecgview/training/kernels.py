"""Random convolution kernels: a strong, cheap description of an ECG (ROCKET-like, our own variant).

Each kernel convolves a random subset of leads at a random dilation; its response gives three features:
the share of time above a random threshold, the largest and the smallest value. Used as the baseline with
logistic regression on top, and as auxiliary targets of pre-training.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import resample_poly
from torch import Tensor
from torch.nn import functional as F

from ecgview.training.pack import Pack

N_KERNELS = 2000
PER_GROUP = 50
LENGTH = 9
LONGEST_DILATION = 100
LEAD_SHARE = 0.35
RATE_HZ = 100


def features(pack: Pack, seed: int = 0, fit_on: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
    """Return (records, 6000) float32 features; thresholds are quantiles of the rows `fit_on` (first 64 of them)."""
    rows = np.arange(len(pack)) if fit_on is None else fit_on
    kept = np.asarray(pack.microvolts, dtype=np.float32) / 1000.0
    low_rate = torch.from_numpy(resample_poly(kept, 1, 500 // RATE_HZ, axis=-1).astype(np.float32))
    sample = low_rate[torch.from_numpy(rows[:64])]
    generator = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng(seed)
    groups = [_group(low_rate, sample, generator, rng) for _ in range(N_KERNELS // PER_GROUP)]
    return np.concatenate(groups, axis=1)


def _group(
    x: Tensor, sample: Tensor, generator: torch.Generator, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return (records, 3 * PER_GROUP) features of kernels that share one dilation."""
    n_leads = x.shape[1]
    longest = np.log2((x.shape[2] - 1) / (LENGTH - 1))
    dilation = min(int(2 ** rng.uniform(0, longest)), LONGEST_DILATION)
    weight = torch.randn(PER_GROUP, n_leads, LENGTH, generator=generator)
    used = torch.rand(PER_GROUP, n_leads, 1, generator=generator) < LEAD_SHARE
    used[torch.arange(PER_GROUP), torch.randint(n_leads, (PER_GROUP,), generator=generator)] = True
    weight = weight * used
    weight = weight - weight.mean(-1, keepdim=True)

    def respond(part: Tensor) -> Tensor:
        return F.conv1d(part, weight, dilation=dilation, padding=(LENGTH - 1) * dilation // 2)

    with torch.no_grad():
        first = respond(sample)
        threshold = torch.tensor(
            [np.quantile(first[:, k].numpy(), rng.uniform(0.1, 0.95)) for k in range(PER_GROUP)],
            dtype=torch.float32,
        )
        parts = []
        for start in range(0, len(x), 256):
            out = respond(x[start : start + 256])
            above = (out > threshold[None, :, None]).float().mean(-1)
            parts.append(torch.cat([above, out.amax(-1), out.amin(-1)], 1))
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


def principal_targets(
    values: NDArray[np.float32], fit_on: NDArray[np.int64], components: int = 256
) -> NDArray[np.float32]:
    """Return (records, components) half-whitened principal components, scaled to unit variance overall.

    Half whitening (division by the square root of each deviation) keeps the large components larger without
    letting them rule the loss; a choice of ours.
    """
    mean, deviation = values[fit_on].mean(0), values[fit_on].std(0) + 1e-6
    standard = np.clip((values - mean) / deviation, -5, 5)
    _, _, axes = np.linalg.svd(standard[fit_on], full_matrices=False)
    scores = standard @ axes[:components].T
    scores = scores / np.sqrt(scores[fit_on].std(0))
    return np.asarray(scores / scores[fit_on].std(), dtype=np.float32)


def cached_features(pack: Pack, fit_on: NDArray[np.int64], cache: Path) -> NDArray[np.float32]:
    """Return `features` of a pack, computed once per pack and choice of rows."""
    key = hashlib.sha256(repr([(row.source, row.record_id) for row in pack.rows]).encode() + fit_on.tobytes())
    path = cache / f"kernels-{key.hexdigest()[:16]}.npy"
    if not path.exists():
        part = path.with_suffix(".part.npy")
        np.save(part, features(pack, fit_on=fit_on))
        part.replace(path)
    values: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return values


def cached_targets(
    pack: Pack, fit_on: NDArray[np.int64], components: int, cache: Path
) -> NDArray[np.float32]:
    """Return `principal_targets` of the cached features, (records, components)."""
    return principal_targets(cached_features(pack, fit_on, cache), fit_on, min(components, len(fit_on)))
