"""How far a record lies from what a network learned from, in the features that it answers from: a doubt, no refusal.

`unusual.safetensors` beside a model's weights holds the middle of the features of the training records, (width,), their
`whitening`, (width, width), so that the length of a whitened difference is Mahalanobis' distance, and `distances`,
(101,), the 0th to the 100th percentile of that distance over clean records that no label was learned from. Its metadata
name those (`records`) and the weights (`sha256`). A model without the file has no such score and says nothing of it; a
file that cannot be used is named beside every answer. `python benchmarks/unusual.py DATA --write` makes it.

The distance says how rare what the network sees is, not that an answer is wrong: docs/models.md has what it finds.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.models.cards import ModelCard, sha256_of

FILE = "unusual.safetensors"
POINTS = 101
DOUBT_FROM = 98.0  # a doubt beside 2 % of clean records, the most that the guard may refuse
UNUSABLE = f"how unusual this ECG is to the model is not known: its {FILE} is damaged or of other weights"

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Unusual:
    """The reference of one network's features."""

    records: str
    middle: Array
    whitening: Array
    distances: Array

    def distance(self, features: NDArray[np.floating]) -> Array:
        """Return Mahalanobis' distance, (n,), of features, (n, width), from those of the training records."""
        found: Array = np.linalg.norm((features - self.middle) @ self.whitening, axis=1)
        return found

    def percentiles(self, features: NDArray[np.floating]) -> list[float | None]:
        """Return the share, (n,) in percent, of the reference records that lie nearer to the training records.

        None for features that are no numbers, and for all where they are of another width.
        """
        if features.shape[1:] != self.middle.shape:
            return [None] * len(features)
        found = np.interp(self.distance(features), self.distances, np.linspace(0, 100, POINTS))
        return [float(value) if np.isfinite(value) else None for value in found]


def of(card: ModelCard) -> Unusual | None:
    """Return the reference of a card's weights; None where there is none that can be used, or for fewer leads."""
    found = card.beside(FILE) if card.asked_with is None else None
    return None if found is None else _read(*found, card.sha256)


def fingerprint(card: ModelCard) -> str:
    """Return the sha256 of the file, "" where there is none."""
    try:
        return sha256_of(card.folder / FILE)
    except OSError:
        return ""


def doubt(card: ModelCard, percentile: float | None, model: str = "this model") -> str:
    """Return the sentence that stands beside an answer, "" where the record is not unusual.

    `model` names the card's model beside an answer of another one.
    """
    if card.asked_with is not None:  # `fewer_leads.words` says that it is not known
        return ""
    reference = of(card)
    if reference is None:
        return UNUSABLE if card.beside(FILE) is not None else ""
    if percentile is None:
        return UNUSABLE
    if percentile < DOUBT_FROM:
        return ""
    share = "all of" if percentile >= 100 else f"{int(percentile)} % of"
    return (
        f"unusual to {model}: in the features it answers from, this ECG lies farther from its training records than "
        f"{share} {reference.records}"
    )


def fitted(training: NDArray[np.floating], clean: NDArray[np.floating], records: str) -> Unusual:
    """Return the reference of features, (n, width) each; the covariance is shrunk as far as its own scatter says.

    Ledoit and Wolf, J. Multivar. Anal. 88:365 (2004): nothing is chosen by hand.
    """
    middle = training.mean(0, dtype=np.float64)
    away = training - middle
    n, width = away.shape
    spread = away.T @ away / n
    level = float(np.trace(spread)) / width
    apart = float(((spread - level * np.eye(width)) ** 2).sum())
    scatter = float(((away**2).sum(1) ** 2).sum() / n**2 - (spread**2).sum() / n)
    share = min(1.0, scatter / apart)
    shrunk = (1 - share) * spread + share * level * np.eye(width)
    whitening = np.linalg.cholesky(np.linalg.inv(shrunk))
    found = Unusual(records, middle, whitening, np.zeros(POINTS))
    distances = np.quantile(found.distance(clean), np.linspace(0, 1, POINTS))
    return Unusual(records, middle, whitening, distances)


def write(folder: Path, found: Unusual, sha256: str) -> Path:
    """Write the reference beside the weights with this sha256, whole or not at all."""
    from safetensors.numpy import save

    path = folder / FILE
    part = folder / (FILE + ".part")
    tables = {name: getattr(found, name).astype(np.float32) for name in ("middle", "whitening", "distances")}
    part.write_bytes(save(tables, {"records": found.records, "sha256": sha256}))
    os.replace(part, path)
    return path


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, sha256: str) -> Unusual | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            about = file.metadata() or {}
            middle, whitening, distances = (
                file.get_tensor(name).astype(np.float64) for name in ("middle", "whitening", "distances")
            )
    except (SafetensorError, OSError):
        return None
    records = about.get("records", "")
    fits = middle.ndim == 1 and whitening.shape == 2 * middle.shape and distances.shape == (POINTS,)
    if not (fits and about.get("sha256") == sha256 and records and records.isprintable()):
        return None
    finite = all(np.isfinite(one).all() for one in (middle, whitening, distances))
    if not (finite and (np.diff(distances) >= 0).all()):
        return None
    return Unusual(records, middle, whitening, distances)
