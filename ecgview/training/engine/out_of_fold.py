"""What networks say of records that they did not learn from, and what is fitted on it: weights, lines and cuts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from ecgview.leads import STANDARD_12
from ecgview.models.networks.residual import Residual
from ecgview.training.data import share
from ecgview.training.data.pack import Row, lead_matrix

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
FILE = "out-of-fold.npz"
FEWEST_POSITIVES = 20  # of a statement, to be called calibrated: with fewer its slopes are hardly its own
MANY_POSITIVES = 100  # of a statement whose slopes say what is usual
STIFFNESS = 10.0  # how firmly slopes are held to what is usual: as by a deviation of 0.3
WHOLE = "12"  # the lead set of all leads
KERNELS = "kernels"


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Records, their targets (n, k), and logits (n, k) by name: of a lead set as networks answer it, or of kernels."""

    rows: tuple[Row, ...]
    wanted: Array
    logits: Mapping[str, Array]
    codes: tuple[str, ...]
    distances: NDArray[np.float64] | None = (
        None  # (n,), of each record's features from those that were learnt from
    )


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """What stands on each logit, (sources, k) slopes and (k,) offsets, and which statements are calibrated by it."""

    sources: tuple[str, ...]
    slopes: Array
    offsets: Array
    calibrated: tuple[str, ...]

    def logits(self, found: OutOfFold) -> Array:
        """Return (n, k) logits."""
        parts = (found.logits[name] * slope for name, slope in zip(self.sources, self.slopes, strict=True))
        return np.asarray(sum(parts) + self.offsets, dtype=np.float32)

    def said(self, found: OutOfFold) -> Array:
        """Return (n, k) probabilities."""
        halves = self.logits(found).astype(np.float64) / 2
        return np.asarray(0.5 * (1 + np.tanh(halves)), dtype=np.float32)


def by_leads(
    network: Residual, signal: NDArray[np.float16], index: share.Index, sets: Mapping[str, Sequence[str]]
) -> dict[str, Array]:
    """Return (n, k) logits for each lead set, of low-rate signals (records, 8, samples) mV; other leads are zeros."""
    found: dict[str, list[Array]] = {name: [] for name in sets}
    network.eval()
    with torch.inference_mode():
        for begin in range(0, len(index), 64):
            kept = torch.from_numpy(signal[index[begin : begin + 64]]).float()
            twelve = torch.einsum("lk,bkt->blt", lead_matrix(), kept)
            for name, leads in sets.items():
                at = [STANDARD_12.index(lead) for lead in leads]
                shown = torch.zeros_like(twelve)
                shown[:, at] = twelve[:, at]
                found[name].append(network.forward_head(network.of_low_rate(shown)).numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def features(network: Residual, signal: NDArray[np.float16], index: share.Index) -> Array:
    """Return (n, width) features of the first member, of low-rate signals (records, 8, samples) mV."""
    parts = []
    first = network.members[0].eval()
    with torch.inference_mode():
        for begin in range(0, len(index), 64):
            kept = torch.from_numpy(signal[index[begin : begin + 64]]).float()
            parts.append(first(torch.einsum("lk,bkt->blt", lead_matrix(), kept)).numpy())
    return np.concatenate(parts)


def gathered(
    rows: Sequence[Row],
    wanted: Array,
    codes: tuple[str, ...],
    said: Sequence[tuple[share.Index, Mapping[str, Array]]],
) -> OutOfFold:
    """Return the parts' answers together, in the order of all rows and targets."""
    index = np.concatenate([held for held, _ in said])
    order = np.argsort(index)
    return OutOfFold(
        tuple(rows[i] for i in index[order]),
        wanted[index[order]],
        {name: np.concatenate([one[name] for _, one in said])[order] for name in said[0][1]},
        codes,
    )


def write(found: OutOfFold, own: Stack, folder: Path) -> Path:
    """Write `out-of-fold.npz` into a run's folder.

    Its arrays: source, record_id, patient_id, fold (n,); codes (k,); wanted, logits (n, k) under the stack's slopes and
    offsets; logits_NAME (n, k) of each source and lead set as they are.
    """
    path, part = folder / FILE, folder / f"{FILE}.part"
    own_logits: dict[str, Any] = {f"logits_{name}": values for name, values in found.logits.items()}
    with open(part, "wb") as file:
        np.savez_compressed(
            file,
            source=np.array([row.source for row in found.rows]),
            record_id=np.array([row.record_id for row in found.rows]),
            patient_id=np.array([row.patient_id for row in found.rows]),
            fold=np.array([row.fold for row in found.rows], dtype=np.int64),
            codes=np.array(found.codes),
            wanted=found.wanted,
            logits=own.logits(found),
            **own_logits,
        )
    part.replace(path)
    return path


def stack(found: OutOfFold, sources: tuple[str, ...] = (WHOLE,)) -> Stack:
    """Return the most likely slopes and offset of each statement on answers out of fold, targets smoothed as Platt's.

    Slopes are held to the median of the statements with many records, the more firmly the fewer a statement has. One
    with too few records for a line of its own has the medians of those that have one: an offset that hangs on a handful
    of records would put them in another order from part to part.
    """
    logits = np.stack([found.logits[name] for name in sources]).astype(np.float64)
    positives = found.wanted.sum(0)
    equal = np.full(len(sources), 1 / len(sources))
    many = np.flatnonzero(positives >= MANY_POSITIVES)
    free = [_fitted(logits[:, :, k], found.wanted[:, k], equal, 1e-3) for k in many]
    usual = np.median(free, axis=0)[:-1] if free else equal
    enough = np.flatnonzero(positives >= FEWEST_POSITIVES)
    made = {k: _fitted(logits[:, :, k], found.wanted[:, k], usual, STIFFNESS) for k in enough.tolist()}
    middle = np.median([line[-1] for line in made.values()]) if made else 0.0
    lines = np.array([made.get(k, np.append(usual, middle)) for k in range(len(found.codes))], np.float32).T
    return Stack(sources, lines[:-1], lines[-1], tuple(found.codes[k] for k in enough))


def _fitted(logits: Doubles, wanted: Array, usual: Doubles, stiffness: float) -> Doubles:
    """Return slopes and offset, (sources + 1,), of logits (sources, n) for one statement."""
    positives = float(wanted.sum())
    target = np.where(wanted > 0, (positives + 1) / (positives + 2), 1 / (len(wanted) - positives + 2))

    def loss(line: Doubles) -> tuple[float, Doubles]:
        score = line[:-1] @ logits + line[-1]
        apart = line[:-1] - usual
        value = np.sum(np.logaddexp(0, score) - target * score) + 0.5 * stiffness * apart @ apart
        error = 0.5 * (1 + np.tanh(score / 2)) - target
        return float(value), np.append(logits @ error + stiffness * apart, error.sum())

    done = minimize(loss, np.append(usual, 0.0), jac=True, method="L-BFGS-B")
    return np.asarray(done.x, np.float64)


def in_words(found: OutOfFold, own: Stack) -> str:
    """Return for a card how its probabilities were calibrated."""
    return (
        f"calibrated on {len(found.rows):,} ECGs of PTB-XL folds 1-8, out of fold, for {len(own.calibrated)} of "
        f"{len(found.codes)} statements (those of at least {FEWEST_POSITIVES} of these ECGs)"
    )
