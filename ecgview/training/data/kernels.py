"""Random convolution kernels: drawn here, described by `models.networks.random_kernels`, kept on disk.

Their features are a strong, cheap description of an ECG. Used with logistic regression on top, as the baseline and
as a classifier of its own, and as auxiliary targets of pre-training. What is drawn how is a choice of ours.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ecgview.models.networks.random_kernels import (
    KernelFeatures,
    RandomKernels,
    RandomKernelsConfig,
    responses,
)
from ecgview.progress import Counted, Progress, silent
from ecgview.training.data.pack import Pack

BATCH = 64
SOFTNESS = 0.1  # of the deviation of a response; a choice of ours
K = TypeVar("K", bound=KernelFeatures)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How kernels are drawn: weights are normal, without the mean of each lead's taps; dilations log-uniform."""

    n_kernels: int = 2000
    per_group: int = 50  # kernels of one dilation
    length: int = 9
    longest_dilation: int = 100
    lead_share: float = 0.35
    thresholds_from: int = 64  # records whose responses give the thresholds, at quantiles 0.1-0.95
    seed: int = 0

    def draw(self, pack: Pack, fit_on: NDArray[np.int64]) -> RandomKernels:
        """Return a network of these kernels, thresholds from the first rows of `fit_on`, its head at random."""
        return self._filled(RandomKernels, pack, fit_on)[0]

    def draw_soft(self, pack: Pack, fit_on: NDArray[np.int64]) -> KernelFeatures:
        """Return the same kernels without a head, counting by a sigmoid of a tenth of each response's deviation."""
        drawn, deviations = self._filled(partial(KernelFeatures, soft=True), pack, fit_on)
        drawn.steps.copy_(SOFTNESS * deviations)
        return drawn

    def _filled(
        self, kind: Callable[[RandomKernelsConfig], K], pack: Pack, fit_on: NDArray[np.int64]
    ) -> tuple[K, Tensor]:
        """Return the kernels in a module, and the deviation of each response over the first rows of `fit_on`."""
        sizes = RandomKernelsConfig(per_group=self.per_group, length=self.length)
        sample = pack.millivolts(fit_on[: self.thresholds_from])
        generator = torch.Generator().manual_seed(self.seed)
        rng = np.random.default_rng(self.seed)
        dilations, kernels, thresholds, deviations = [], [], [], []
        with torch.no_grad():
            low = KernelFeatures(sizes).low_rate(sample)
            longest = np.log2((low.shape[2] - 1) / (self.length - 1))
            for _ in range(self.n_kernels // self.per_group):
                dilation = min(int(2 ** rng.uniform(0, longest)), self.longest_dilation)
                own = self._group(len(sizes.leads), generator)
                out = responses(low, own, dilation).numpy()
                at = [np.quantile(out[:, k], rng.uniform(0.1, 0.95)) for k in range(self.per_group)]
                dilations.append(dilation)
                kernels.append(own)
                thresholds.append(torch.tensor(at, dtype=torch.float32))
                deviations.append(torch.from_numpy(out.std((0, 2)).astype(np.float32)))
        drawn = kind(RandomKernelsConfig(dilations=dilations, per_group=self.per_group, length=self.length))
        drawn.kernels.copy_(torch.cat(kernels))
        drawn.thresholds.copy_(torch.cat(thresholds))
        return drawn.eval(), torch.cat(deviations)

    def _group(self, n_leads: int, generator: torch.Generator) -> Tensor:
        """Return (per group, leads, length) weights, zero in the leads that a kernel does not see."""
        count = self.per_group
        weight = torch.randn(count, n_leads, self.length, generator=generator)
        used = torch.rand(count, n_leads, 1, generator=generator) < self.lead_share
        used[torch.arange(count), torch.randint(n_leads, (count,), generator=generator)] = (
            True  # each kernel sees at least one lead
        )
        weight = weight * used
        return weight - weight.mean(-1, keepdim=True)


def features(network: KernelFeatures, pack: Pack, progress: Progress = silent) -> NDArray[np.float32]:
    """Return (records, 3 * kernels) float32 features of every row."""
    parts = []
    with torch.inference_mode():
        for begin in range(0, len(pack), BATCH):
            progress(Counted(begin, len(pack), "records"), "random kernels")
            index = np.arange(begin, min(len(pack), begin + BATCH))
            parts.append(network.forward_features(pack.millivolts(index)).numpy())
    return np.concatenate(parts)


def principal_targets(
    values: NDArray[np.float32], fit_on: NDArray[np.int64], components: int = 256
) -> NDArray[np.float32]:
    """Return (records, components) half-whitened principal components, scaled to unit variance overall.

    Half whitening (division by the square root of each deviation) keeps the large components larger without
    letting them rule the loss; a choice of ours.
    """
    mean, deviation = values[fit_on].mean(0), values[fit_on].std(0) + 1e-6
    # Outliers of single kernels would otherwise make components of their own.
    standard = np.clip((values - mean) / deviation, -5, 5)
    _, _, axes = np.linalg.svd(standard[fit_on], full_matrices=False)
    scores = standard @ axes[:components].T
    own = scores[fit_on].std(0)
    # As many components as records: the last ones hold rounding alone, or nothing where two records are the same.
    scores = scores / np.sqrt(np.maximum(own, 1e-6 * own.max()))
    return np.asarray(scores / scores[fit_on].std(), dtype=np.float32)


def cached_features(
    pack: Pack,
    fit_on: NDArray[np.int64],
    cache: Path,
    drawing: Drawing | None = None,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Return `features` of a pack, computed once per pack, choice of rows and drawing."""
    drawing = drawing or Drawing()
    return _cached(pack, fit_on, cache, drawing, drawing.draw, "", progress)


def _cached(
    pack: Pack,
    fit_on: NDArray[np.int64],
    cache: Path,
    drawing: Drawing,
    drawn: Callable[[Pack, NDArray[np.int64]], KernelFeatures],
    kind: str,
    progress: Progress,
) -> NDArray[np.float32]:
    about = repr([(row.source, row.record_id) for row in pack.rows]) + repr(drawing) + kind
    key = hashlib.sha256(about.encode() + fit_on.tobytes())
    path = cache / f"kernels-{key.hexdigest()[:16]}.npy"
    if not path.exists():
        part = path.with_suffix(f".part{os.getpid()}.npy")  # another process may be writing the same
        np.save(part, features(drawn(pack, fit_on), pack, progress))
        part.replace(path)
    values: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return values


def cached_soft(
    pack: Pack, fit_on: NDArray[np.int64], cache: Path, drawing: Drawing, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return `features` of a pack by soft kernels, computed once, as `cached_features` are."""
    return _cached(pack, fit_on, cache, drawing, drawing.draw_soft, "soft kernels", progress)


def cached_targets(
    pack: Pack, fit_on: NDArray[np.int64], components: int, cache: Path, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return `principal_targets` of the cached features, (records, components)."""
    values = cached_features(pack, fit_on, cache, progress=progress)
    return principal_targets(values, fit_on, min(components, len(fit_on)))
