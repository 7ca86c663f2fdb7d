#!/usr/bin/env python3
"""Print whether a network's own features, or the autoencoder's error, tell what is no ECG from what is one.

python benchmarks/unusual.py ../shared/data [--records N]

Three scores: Mahalanobis distance to the features of PTB-XL folds 1 to 7 (what the classifier's head sees, from the
pass that answers), the distance to the tenth nearest of them, and the autoencoder's squared error under two fixed masks
as a share of the signal's power. Each is cut where 2 % of the records of fold 8 lie above. Nothing of it ships: see
docs/models.md for the figures and why.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import guard as altered
import numpy as np
import pacing
import torch
from numpy.typing import NDArray

from ecgview.errors import EcgviewError
from ecgview.models import cards, runtime, segments
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord, Signal
from ecgview.training.evaluation.classification import wilson

Scores = dict[str, NDArray[np.float64]]
NEAREST = 10
MORE = 25  # times as many records to set the cuts as in a row
CLEAN = 0.02  # of fold 8 above the cut


def main() -> None:
    """Score the reference, set the cuts, print the shares above them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs")
    parser.add_argument("--records", type=int, default=100, help="most records of a row")
    args = parser.parse_args()
    rows = _rows(args.data, args.records)
    fold_9 = rows["PTB-XL fold 9"]
    reference = _features(_inputs(rows.pop("reference"), "classifier"))
    score = _scorer(reference)
    cuts = {name: float(np.quantile(values, 1 - CLEAN)) for name, values in score(rows.pop("fold 8")).items()}
    print(f"{len(reference)} reference records, cuts {cuts}")
    for row, records in rows.items():
        _print(row, score(records), cuts)
    for name, change in altered.CHANGES.items():
        made = (r.with_signal(np.asarray(change(r.signal.astype(float)), dtype=np.float32)) for r in fold_9)
        _print(name, score(made), cuts)


def _rows(data: Path, most: int) -> dict[str, list[EcgRecord]]:
    folds = {name: fold for fold in range(1, 10) for name in altered.names_of_fold(data, fold)}
    rows: dict[str, list[EcgRecord]] = {}
    readers = (pacing._ptbxl, pacing._packed, pacing._ludb, pacing._challenge, pacing._more)
    for item in (item for read in readers for item in read(data)):
        row = item.source
        if row == "PTB-XL":
            if item.record.sampling_rate_hz != 500:
                continue
            fold = folds[item.name]
            row = "reference" if fold <= 7 else f"{'PTB-XL ' if fold == 9 else ''}fold {fold}"
        found = rows.setdefault(row, [])
        if len(found) < most * (MORE if row in ("reference", "fold 8") else 1):
            found.append(item.record)
    return rows


def _inputs(records: Iterable[EcgRecord], kind: cards.Kind) -> list[Signal]:
    found = []
    for record in records:
        try:
            found.append(prepare(record, cards.default(kind).input))
        except EcgviewError:
            continue  # too short, a lead missing
    return found


def _features(inputs: list[Signal]) -> NDArray[np.float64]:
    net = runtime.network(cards.default("classifier"), "cpu")
    made = []
    with torch.inference_mode():
        for start in range(0, len(inputs), 16):
            batch = torch.from_numpy(np.stack(inputs[start : start + 16]))
            made.append(net.forward_features(batch).numpy())  # type: ignore[operator]
    return np.concatenate(made).astype(np.float64)


def _scorer(reference: NDArray[np.float64]) -> Callable[[Iterable[EcgRecord]], Scores]:
    middle = reference.mean(0)
    spread = np.cov(reference.T)
    inverse = np.linalg.inv(spread + 1e-3 * np.trace(spread) / len(spread) * np.eye(len(spread)))

    def score(records: Iterable[EcgRecord]) -> Scores:
        inputs = _inputs(records, "classifier")
        features = _features(inputs)
        away = features - middle
        apart = np.sqrt(
            np.maximum(
                (features**2).sum(1)[:, None] + (reference**2).sum(1) - 2 * features @ reference.T, 0.0
            )
        )
        return {
            "Mahalanobis": np.sqrt(np.einsum("ij,jk,ik->i", away, inverse, away)),
            "nearest": np.sort(apart, axis=1)[:, NEAREST - 1],
            "autoencoder": np.array([_error(one) for one in inputs]),
        }

    return score


def _error(prepared: Signal) -> float:
    """Return the squared error over hidden segments as a share of the signal's power."""
    card = cards.default("autoencoder")
    cut = segments.of(card)
    masks = np.zeros((2, cut.count), dtype=np.bool_)
    masks[0, ::4] = masks[1, 2::4] = True
    made = runtime.predict_hidden(runtime.network(card, "cpu"), prepared, masks, "cpu")
    hidden = np.repeat(masks, cut.samples, axis=1)
    squared = ((made - prepared[None]) ** 2).mean(1)[hidden].mean()
    return float(squared / (prepared.astype(np.float64) ** 2).mean())


def _print(row: str, scores: Scores, cuts: dict[str, float]) -> None:
    said = []
    for name, values in scores.items():
        share = float((values > cuts[name]).mean())
        low, high = wilson(np.array([share]), np.array([len(values)]))
        said.append(f"{name} {100 * share:.0f} % ({100 * low[0]:.0f} to {100 * high[0]:.0f})")
    print(f"{row:<28} {len(next(iter(scores.values()))):>4}: {', '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
