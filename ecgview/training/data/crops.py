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
    stretch: float = 0.0  # of time, either way; the second pass stretches


@dataclass(frozen=True, slots=True)
class CropBatch:
    """`signal` (n, 2, samples) network input; `shares` (n, classes, samples) of each class, all 0 where unknown."""

    signal: Tensor
    shares: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Lead12:
    """One prepared record: `signal` (leads, samples) mV at the network's rate, `shares` (leads, classes, samples).

    The shares of the classes make 1 at each sample, or are all 0 where nothing is known.
    """

    signal: NDArray[np.float32]
    shares: NDArray[np.float16]


def shares_of(classes: NDArray[np.int64], n_classes: int, soft: int) -> NDArray[np.float16]:
    """Return (leads, n_classes, samples) of classes (leads, samples), below 0 where unknown.

    Borders are blurred by a triangle that reaches `soft` samples to each side: two experts do not set them alike.
    """
    known = classes >= 0
    kernel = np.convolve(np.ones(soft + 1), np.ones(soft + 1)) / (soft + 1) ** 2
    hot = (classes[:, None] == np.arange(n_classes)[None, :, None]).astype(np.float64)
    blurred = np.apply_along_axis(np.convolve, -1, hot, kernel, "same")
    blurred /= np.maximum(blurred.sum(1, keepdims=True), 1e-9)  # what is unknown takes no part
    return np.asarray(np.where(known[:, None], blurred, 0), dtype=np.float16)


def batches(
    records: Sequence[Lead12],
    changes: LeadChanges,
    fs_hz: float,
    size: int,
    batch: int,
    seeds: Iterator[tuple[int, ...]],
    others: Sequence[Lead12] = (),
    of_others: float = 0.0,
) -> Iterator[CropBatch]:
    """Yield a batch of crops, `size` samples each, per seed; the same seed gives the same batch.

    `of_others` of the crops are of other records, where there are any.
    """
    for seed in seeds:
        generator = np.random.default_rng(seed)
        made = []
        for _ in range(batch):
            chosen = others if len(others) and generator.random() < of_others else records
            made.append(_crop(chosen, changes, fs_hz, size, generator))
        signal = np.stack([one[0] for one in made]).astype(np.float32)
        shares = np.stack([one[1] for one in made]).astype(np.float32)
        yield CropBatch(torch.from_numpy(signal), torch.from_numpy(shares))


def _crop(
    records: Sequence[Lead12], changes: LeadChanges, fs_hz: float, size: int, generator: Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return one crop, (2, size), around a marked sample of a random lead, and its shares, (classes, size)."""
    record = records[int(generator.integers(len(records)))]
    lead = int(generator.integers(len(record.signal)))
    n_samples = record.signal.shape[1]
    length = min(n_samples, round(size * np.exp(generator.uniform(-changes.stretch, changes.stretch))))
    marked = np.flatnonzero(record.shares[lead].any(0))
    middle = int(marked[generator.integers(len(marked))]) if len(marked) else n_samples // 2
    start = int(np.clip(middle - generator.integers(length), 0, n_samples - length))
    kept = np.ones(len(record.signal), dtype=bool)
    if generator.random() < changes.fewer_leads:
        kept = generator.random(len(kept)) < generator.uniform(0.1, 1.0)
        kept[lead] = True
    own, together = record.signal[lead], np.sqrt(np.square(record.signal[kept]).mean(0))
    part = slice(start, start + length)
    rows = np.stack([own[part] / (own.std() + 1e-6), together[part] / (together.std() + 1e-6)])
    rows, shares = (_stretched(one, size) for one in (rows, record.shares[lead, :, part]))
    return changed(rows, changes, fs_hz, generator), shares


def _stretched(rows: NDArray[np.floating], size: int) -> NDArray[np.float64]:
    """Return rows of `size` samples, linear between those that are there."""
    at = np.linspace(0, rows.shape[1] - 1, size)
    return np.stack([np.interp(at, np.arange(rows.shape[1]), row.astype(np.float64)) for row in rows])


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
