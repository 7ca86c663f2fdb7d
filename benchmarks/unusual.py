#!/usr/bin/env python3
"""Print whether a network's own features, or the autoencoder's error, tell an unusual ECG, and what that is worth.

python benchmarks/unusual.py ../shared/data [--model ID] [--records N] [--keep FILE.npz] [--autoencoder] [--write]

Scores: Mahalanobis' distance to the features of PTB-XL folds 1 to 7 (what the classifier's head sees, from the pass
that answers), the distance to the tenth nearest of them, and with --autoencoder its squared error under two fixed masks
as a share of the signal's power, of at most N records a row. Each is cut where 2 % of the clean records of fold 8 lie
above: 500 Hz, neither refused nor doubted by the judgement before every model. "Told by it alone" are the records
above the cut of the first that the judgement has no word about. Then the classifier's Brier score of labelled records
of other hospitals above and below the cut. --write makes the reference file beside the classifier. A model that learnt
from fold 8, too, has its reference from its own training, by answers out of fold: that one and its cut are taken then,
and nothing is said of neighbours.
"""

import argparse
import csv
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import guard as altered
import numpy as np
import pacing
import torch
from numpy.typing import NDArray

from ecgview.errors import EcgviewError
from ecgview.labels import label_set
from ecgview.models import cards, guard, runtime, segments, unusual
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord, Signal
from ecgview.signal.judgement import judged
from ecgview.training.evaluation.classification import wilson
from ecgview.training.evaluation.external import mapped

Array = NDArray[np.float64]
Scores = dict[str, Callable[..., Array]]
NEAREST = 10
CLEAN = 0.02  # of fold 8 above the cut
RESAMPLES = 2000
TRAINING, SET_ON, TEST = "PTB-XL folds 1 to 7", "PTB-XL fold 8", "PTB-XL fold 9"
NAMES = {"more, CinC2025": "CODE-15 and SaMi-Trop", "cinc2021": "CinC 2021", "cpsc2018": "CPSC 2018"}


@dataclass
class Row:
    """The records of one source or kind: their names, features, whether the judgement is silent, and some inputs."""

    names: list[str] = field(default_factory=list)
    features: list[NDArray[np.float32]] = field(default_factory=list)
    silent: list[bool] = field(default_factory=list)
    inputs: list[Signal] = field(default_factory=list)  # for the autoencoder


class Features:
    """Features by key, from a file of an earlier run or from the network, a batch at a time."""

    def __init__(self, kept: Path | None, card: ModelCard) -> None:
        self._kept = kept
        self._known: dict[str, NDArray[np.float32]] = {}
        self._said: dict[str, NDArray[np.float32]] = {}  # probabilities of the same run
        self._waiting: list[tuple[str, Signal]] = []
        if kept is not None and kept.is_file():
            with np.load(kept) as z:
                keys = list(map(str, z["keys"]))
                self._known = dict(zip(keys, z["features"], strict=True))
                self._said = dict(zip(keys, z["said"], strict=True))
        self._net = runtime.network(card, "cpu")
        self.width = runtime._n_compared(card)  # of the features, the first ones; None for all

    def want(self, key: str, signal: Signal) -> None:
        """Ask for the features of an input."""
        if key not in self._known:
            self._waiting.append((key, signal))
            if len(self._waiting) == runtime.BATCH:
                self.ask()

    def ask(self) -> None:
        """Run the network on what waits."""
        if self._waiting:
            batch = torch.from_numpy(np.stack([signal for _, signal in self._waiting]))
            with torch.inference_mode():
                found = self._net.forward_features(batch)  # type: ignore[operator]
                said = torch.sigmoid(self._net.forward_head(found)).numpy()  # type: ignore[operator]
            made = found.numpy()[:, : self.width]
            keys = [key for key, _ in self._waiting]
            self._known |= dict(zip(keys, made, strict=True))
            self._said |= dict(zip(keys, said, strict=True))
            self._waiting = []

    def of(self, key: str) -> NDArray[np.float32]:
        """Return the features of an input that was asked for."""
        if key not in self._known:
            self.ask()
        return self._known[key]

    def said(self, key: str) -> NDArray[np.float32]:
        """Return the probabilities of an input that was asked for."""
        if key not in self._known:
            self.ask()
        return self._said[key]

    def keep(self) -> None:
        """Write what is known, for a run that goes on."""
        if self._kept is not None:
            keys = list(self._known)
            features, said = (np.stack([one[key] for key in keys]) for one in (self._known, self._said))
            np.savez(self._kept, keys=keys, features=features, said=said)


def main() -> None:
    """Ask for the features of everything, set the cuts, print the shares above them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs")
    parser.add_argument("--model", metavar="ID", default="mtecg-ptbxl", help="a classifier (mtecg-ptbxl)")
    parser.add_argument("--records", type=int, default=100, help="of fold 9 that are altered (100)")
    parser.add_argument("--keep", type=Path, help="features are kept here, so that a run can go on")
    parser.add_argument("--autoencoder", action="store_true", help="its error too: two more runs a record")
    parser.add_argument(
        "--write", action="store_true", help="the reference file into the classifier's folder"
    )
    args = parser.parse_args()
    card = cards.get(args.model)
    features = Features(args.keep, card)
    learnt = 8 in card.folds["train"]
    rows, kept = _real(args, features, card, learnt)
    features.keep()
    if learnt:
        own = unusual.of(card)
        assert own is not None, f"{card.id} has no reference"
        scores: Scores = {"Mahalanobis": own.distance}
        cuts = {"Mahalanobis": float(np.quantile(own.distances, 1 - CLEAN))}
        errors: list[float] = []
        print(own.records)
    else:
        scores, cuts, errors = _cut_on_fold_8(rows, card, args)
    cut = float(np.quantile(errors, 1 - CLEAN)) if errors else np.nan
    for name, row in rows.items():
        _print(name, row, scores, cuts, cut)
    _worth(args.data, rows, card, features, lambda x: scores["Mahalanobis"](x) > cuts["Mahalanobis"])
    for name, change in altered.CHANGES.items():
        row = Row()
        for which, record in kept:
            changed = np.asarray(change(record.signal.astype(float)), np.float32)
            _add(row, record.with_signal(changed), which, card)
        _fill(row, name, features, args.autoencoder)
        features.keep()
        _print(name, row, scores, cuts, cut)


def _cut_on_fold_8(
    rows: dict[str, Row], card: ModelCard, args: argparse.Namespace
) -> tuple[Scores, dict[str, float], list[float]]:
    """Return the scores with their cuts on fold 8, and the autoencoder's errors there where they are asked for."""
    clean = np.array(rows[SET_ON].silent)
    on = np.stack(rows[SET_ON].features)[clean]
    training = np.stack(rows[TRAINING].features)
    words = f"{len(on)} clean ECGs of {SET_ON}"
    reference = unusual.fitted(training, on, words)
    print(f"{len(training)} training records, {words}")
    if args.write:
        print(unusual.write(card.folder, reference, card.sha256))
    scores = _scores(reference, training)
    cuts = {name: float(np.quantile(score(on), 1 - CLEAN)) for name, score in scores.items()}
    errors = [_error(one) for one in rows[SET_ON].inputs[: 3 * args.records]] if args.autoencoder else []
    return scores, cuts, errors


def _scores(reference: unusual.Unusual, training: NDArray[np.float32]) -> Scores:
    def nearest(x: NDArray[np.float32]) -> Array:
        squares = (x**2).sum(1)[:, None] + (training**2).sum(1) - 2 * x @ training.T
        return np.asarray(np.sort(np.sqrt(np.maximum(squares, 0)), axis=1)[:, NEAREST - 1], dtype=np.float64)

    return {"Mahalanobis": reference.distance, "tenth nearest": nearest}


def _real(
    args: argparse.Namespace, features: Features, card: ModelCard, learnt: bool
) -> tuple[dict[str, Row], list[tuple[str, EcgRecord]]]:
    """Return the rows of real records with their features, and the records that are altered.

    Where folds 1 to 8 were `learnt` from, they have no rows.
    """
    folds = {name: fold for fold in range(1, 10) for name in altered.names_of_fold(args.data, fold)}
    rows: dict[str, Row] = {}
    kept: list[tuple[str, EcgRecord]] = []
    readers = (pacing._ptbxl, pacing._packed, pacing._ludb, pacing._challenge, pacing._more)
    for item in (item for read in readers for item in read(args.data)):
        name = NAMES.get(item.source, "CinC 2021, more of it" if "more" in item.source else item.source)
        if item.source == "PTB-XL":
            fold = folds[item.name]
            name = TRAINING if fold <= 7 else SET_ON if fold == 8 else TEST
            if (fold > 7 and item.record.sampling_rate_hz != 500) or (learnt and name != TEST):
                continue
            if name == TEST and len(kept) < args.records:
                kept.append((item.name, item.record))
        key = f"{item.source} {item.name} {item.record.sampling_rate_hz:g}"
        row = rows.setdefault(name, Row())
        if (prepared := _prepared(item.record, card)) is None:
            continue
        row.names.append(key)
        features.want(key, prepared)
        row.silent.append(name == TRAINING or _silent(item.record, card))
        if (
            args.autoencoder
            and name != TRAINING
            and len(row.inputs) < args.records * (3 if name == SET_ON else 1)
        ):
            row.inputs.append(prepared)
    for row in rows.values():
        row.features = [features.of(key) for key in row.names]
    return rows, kept


def _prepared(record: EcgRecord, card: ModelCard) -> Signal | None:
    try:
        return prepare(record, card.input)
    except EcgviewError:
        return None  # too short, a lead missing


def _silent(record: EcgRecord, card: ModelCard) -> bool:
    """Return whether the judgement before every model has no word about the samples."""
    return not guard.reason_not_to_answer(record, card.input.leads) and not judged(record).kinds


def _add(row: Row, record: EcgRecord, name: str, card: ModelCard) -> None:
    if (prepared := _prepared(record, card)) is not None:
        row.names.append(name)
        row.inputs.append(prepared)
        row.silent.append(_silent(record, card))


def _fill(row: Row, kind: str, features: Features, with_inputs: bool) -> None:
    for name, signal in zip(row.names, row.inputs, strict=True):
        features.want(f"{kind}: {name}", signal)
    row.features = [features.of(f"{kind}: {name}") for name in row.names]
    row.inputs = row.inputs if with_inputs else []


def _error(prepared: Signal) -> float:
    """Return the squared error over hidden segments as a share of the signal's power."""
    card = cards.default("autoencoder")
    cut = segments.of(card)
    masks = np.zeros((2, cut.count), dtype=np.bool_)
    masks[0, ::4] = masks[1, 2::4] = True
    made = runtime.predict_hidden(runtime.network(card, "cpu"), prepared, masks, "cpu")
    hidden = np.repeat(masks, cut.samples, axis=1)
    squared = ((made - prepared[None]) ** 2).mean(1)[hidden].mean()
    return float(squared / max(float((prepared.astype(np.float64) ** 2).mean()), 1e-12))


def _print(name: str, row: Row, scores: Scores, cuts: dict[str, float], cut: float) -> None:
    above = {key: score(np.stack(row.features)) > cuts[key] for key, score in scores.items()}
    if row.inputs:
        above["autoencoder"] = np.array([_error(one) for one in row.inputs]) > cut
    above["told by it alone"] = above["Mahalanobis"] & np.array(row.silent)
    said = []
    for key, found in above.items():
        low, high = wilson(np.array([found.mean()]), np.array([len(found)]))
        said.append(f"{key} {100 * found.mean():.1f} % ({100 * low[0]:.1f} to {100 * high[0]:.1f})")
    print(f"{name:<28} {len(row.names):>4}: {', '.join(said)}", flush=True)


def _codes(data: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield the SNOMED CT codes of every record of the challenge's sources, by key."""
    for folder in ("cinc2021", "cpsc2018"):
        for path in (data / folder).glob("*.hea"):
            yield f"{folder} {path.stem}", set(re.findall(r"\d{6,}", path.read_text(errors="replace")))
    with open(data / "more" / "records.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["set"] not in ("PTB-XL", "CinC2025"):
                yield f"more, {row['set']} {row['name']}", set(row["labels"].split(","))


def _worth(
    data: Path,
    rows: dict[str, Row],
    card: ModelCard,
    features: Features,
    above: Callable[[NDArray[np.float32]], NDArray[np.bool_]],
) -> None:
    """Print the mean Brier score of other hospitals' records above and below the cut, by hospital and together."""
    places = mapped(card.labels)
    alike = {s.code: set(s.snomed_ct.split("|")) for s in label_set.load("cinc2021").statements}
    known = dict(_codes(data))
    brier, flagged, where = [], [], []
    for name, row in rows.items():
        for key, own in zip(row.names, row.features, strict=True):
            if (codes := known.get(key.rsplit(" ", 1)[0])) is None:
                continue
            said = features.said(key)
            wanted = np.array([bool(alike[code] & codes) for code in places], dtype=float)
            brier.append(float(((said[list(places.values())] - wanted) ** 2).mean()))
            flagged.append(bool(above(own[None])[0]))
            where.append(name)
    score, high, place = np.array(brier), np.array(flagged), np.array(where)
    for name in (*dict.fromkeys(where), "together"):
        here = np.ones(len(score), bool) if name == "together" else place == name
        one, two = score[here & high], score[here & ~high]
        if len(one) < 5 or len(two) < 5:
            print(f"Brier, {name}: {len(one)} above the cut, {len(two)} below: too few")
            continue
        rng = np.random.default_rng(0)
        drawn = [
            rng.choice(one, len(one)).mean() - rng.choice(two, len(two)).mean() for _ in range(RESAMPLES)
        ]
        low, top = np.quantile(drawn, [0.025, 0.975])
        print(
            f"Brier, {name}, {len(places)} classes: {one.mean():.3f} of {len(one)} above the cut, "
            f"{two.mean():.3f} of {len(two)} below, difference {one.mean() - two.mean():.3f} "
            f"({low:.3f} to {top:.3f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
