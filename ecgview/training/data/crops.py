"""Crops of single leads for learning waves, each changed at random as leads differ between recordings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class LeadChanges:
    """What is changed in a crop, and how often; amplitudes in standard deviations of the lead. Defaults of ours."""

    gain: float = 0.25  # SD of the logarithm
    gain_together: float = 0.15  # the same of the root mean square over leads
    noise: tuple[float, float] = (0.005, 0.15)  # SD, drawn evenly on a logarithmic scale
    noisy: float = 0.6  # how often
    wander: float = 0.4  # largest
    wandering: float = 0.5
    mains: float = 0.08  # largest
    humming: float = 0.2
    inverted: float = 0.5
    # How often the root mean square is over a random part of the leads: records may have fewer than twelve.
    fewer_leads: float = 0.3


@dataclass(frozen=True, slots=True)
class CropBatch:
    """`signal` (n, 2, samples) network input; `classes` (n, samples), UNKNOWN where the experts marked nothing."""

    signal: Tensor
    classes: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Lead12:
    """One prepared record: `signal` (leads, samples) mV at the network's rate, `classes` of the same shape."""

    signal: NDArray[np.float32]
    classes: NDArray[np.int64]


def batches(
    records: Sequence[Lead12],
    changes: LeadChanges,
    fs_hz: float,
    size: int,
    batch: int,
    seeds: Iterator[tuple[int, ...]],
) -> Iterator[CropBatch]:
    """Yield a batch of crops, `size` samples each, per seed; the same seed gives the same batch."""
    for seed in seeds:
        generator = np.random.default_rng(seed)
        made = [_crop(records, changes, fs_hz, size, generator) for _ in range(batch)]
        signal = np.stack([one[0] for one in made]).astype(np.float32)
        yield CropBatch(torch.from_numpy(signal), torch.from_numpy(np.stack([one[1] for one in made])))


def _crop(
    records: Sequence[Lead12], changes: LeadChanges, fs_hz: float, size: int, generator: Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return one crop, (2, size), around a marked sample of a random lead, and its classes."""
    record = records[int(generator.integers(len(records)))]
    lead = int(generator.integers(len(record.signal)))
    marked = np.flatnonzero(record.classes[lead] >= 0)
    middle = int(marked[generator.integers(len(marked))]) if len(marked) else record.signal.shape[1] // 2
    start = int(np.clip(middle - generator.integers(size), 0, record.signal.shape[1] - size))
    kept = np.ones(len(record.signal), dtype=bool)
    if generator.random() < changes.fewer_leads:
        kept = generator.random(len(kept)) < generator.uniform(0.1, 1.0)
        kept[lead] = True
    own, together = record.signal[lead], np.sqrt(np.square(record.signal[kept]).mean(0))
    part = slice(start, start + size)
    rows = np.stack([own[part] / (own.std() + 1e-6), together[part] / (together.std() + 1e-6)])
    return changed(rows.astype(np.float64), changes, fs_hz, generator), record.classes[lead, part]


def changed(
    rows: NDArray[np.float64], changes: LeadChanges, fs_hz: float, generator: Generator
) -> NDArray[np.float64]:
    """Return a changed copy of one crop, (2, samples): the lead, and the root mean square over leads."""
    own, together = rows.copy()
    size = own.size
    seconds = np.arange(size) / fs_hz
    own *= np.exp(generator.normal(0, changes.gain)) * (-1 if generator.random() < changes.inverted else 1)
    together *= np.exp(generator.normal(0, changes.gain_together))
    if generator.random() < changes.noisy:
        sd = np.exp(generator.uniform(*np.log(changes.noise)))
        own += generator.normal(0, sd, size)
        if generator.random() < 0.5:  # noise of one lead, or of all
            together += np.abs(generator.normal(0, sd / 2, size))
    if generator.random() < changes.wandering:
        own += generator.uniform(0, changes.wander) * _wave(generator.uniform(0.1, 0.8), seconds, generator)
    if generator.random() < changes.humming:
        own += generator.uniform(0, changes.mains) * _wave(generator.choice([50.0, 60.0]), seconds, generator)
    return np.stack([own, together])


def _wave(hz: float, seconds: NDArray[np.float64], generator: Generator) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * np.pi * (hz * seconds + generator.random())))
