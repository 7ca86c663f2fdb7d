"""Where a score lies among records without the statement: a table of quantiles beside a model's weights.

`reference.safetensors` holds `quantiles`, (labels, 101) float32, the 0th to the 100th percentile of the model's scores
over the records without each statement, and `negatives`, (labels,), how many those were. Its metadata name the records
(`records`) and the weights (`sha256`): a table of other weights is not used. `ecgview evaluate MODEL DATA
--update-reference` writes it.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.models.cards import ModelCard, sha256_of

FILE = "reference.safetensors"
POINTS = 101
_SHARES = np.linspace(0.0, 100.0, POINTS)
FEWEST = 50  # records without the statement, for a percentile to be shown


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceScores:
    """The scores of a model over reference records; rows follow the card's labels."""

    records: str
    quantiles: NDArray[np.float64]
    negatives: NDArray[np.int64]

    @property
    def sentence(self) -> str:
        """What the percentiles are of, in words."""
        known = self.negatives[self.negatives >= FEWEST]
        low, high = int(known.min()), int(known.max())
        n = f"{low}" if low == high else f"{low} to {high}"
        return f"share with a lower score among the {n} records without the statement in {self.records}"

    def percentile(self, row: int, score: float) -> float | None:
        """Return the share, in percent, of the reference negatives of one label that score lower."""
        if self.negatives[row] < FEWEST:
            return None
        return float(np.interp(score, self.quantiles[row], _SHARES))


def of(card: ModelCard) -> ReferenceScores | None:
    """Return the table that belongs to a card's weights; None where there is none that can be used.

    With fewer leads scores spread otherwise: the table is of answers with all.
    """
    found = card.beside(FILE) if card.asked_with is None else None
    return None if found is None else _read(*found, card.sha256, len(card.labels))


def fingerprint(card: ModelCard) -> str:
    """Return the sha256 of the file of a card's reference scores, "" where there is none."""
    try:
        return sha256_of(card.folder / FILE)
    except OSError:
        return ""


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, sha256: str, n_labels: int) -> ReferenceScores | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            about = file.metadata() or {}
            quantiles, negatives = file.get_tensor("quantiles"), file.get_tensor("negatives")
    except (SafetensorError, OSError):
        return None
    fits = quantiles.shape == (n_labels, POINTS) and negatives.shape == (n_labels,)
    records = about.get("records", "")
    if not (fits and about.get("sha256") == sha256 and records.isprintable() and (negatives >= FEWEST).any()):
        return None
    if not (np.isfinite(quantiles).all() and (np.diff(quantiles, axis=1) >= 0).all()):
        return None
    return ReferenceScores(records, quantiles.astype(np.float64), negatives.astype(np.int64))


def write(
    folder: Path, wanted: NDArray[np.float32], said: NDArray[np.float32], records: str, sha256: str
) -> Path:
    """Write the table of (records, labels) truths and probabilities; a truth that is neither 0 nor 1 is left out.

    Args:
        folder: of the model.
        wanted: 1 where a record carries the statement, 0 where it does not.
        said: what the model says.
        records: what they are: "PTB-XL fold 8 (315 records of this collection)".
        sha256: of the weights.
    """
    from safetensors.numpy import save

    rows, counts = [], []
    for truth, score in zip(wanted.T, said.T, strict=True):
        without = score[truth == 0]
        counts.append(len(without))
        grid = np.linspace(0, 1, POINTS)
        rows.append(np.quantile(without, grid) if len(without) else np.zeros(POINTS))
    path = folder / FILE
    part = folder / (FILE + ".part")
    tables = {"quantiles": np.stack(rows).astype(np.float32), "negatives": np.array(counts, np.int64)}
    part.write_bytes(save(tables, {"records": records, "sha256": sha256}))
    os.replace(part, path)
    return path
