#!/usr/bin/env python3
"""Print which ECGs of PTB-XL the LEF index refuses, and what said so: samples and file, or the classifier.

python benchmarks/lef_scope.py ../shared/data --crossed runs/residual/out-of-fold.npz

What the classifier says is of networks that had not learnt from the record: folds 1 to 8 from a run's answers out of
fold, fold 9 from the model that its figures are of. Sampling rates are told apart: at 100 Hz no stimulus is seen.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from ecgview.labels import context_rules
from ecgview.models import cards, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import lef, scope, table
from ecgview.record import EcgRecord
from ecgview.training.data import collection
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import measured_fit

SAMPLES, NETWORK, OTHER, NONE = "samples or file", "classifier", "no paced rhythm, but refused", "answered"


def main() -> None:
    """Read every record once, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs")
    parser.add_argument("--crossed", type=Path, required=True, help="a run's out-of-fold.npz")
    args = parser.parse_args()
    card = lef.lef_model()
    (classifier,) = lef.classifiers(card)
    judge = cards.get(classifier.figures_of or classifier.id)
    cuts = table.read(card.weights_path).paced_at
    logits = measured_fit.read_out_of_fold(args.crossed, classifier.labels)
    counts: Counter[tuple[str, bool, str]] = Counter()
    why: Counter[tuple[str, str]] = Counter()
    for row, record in collection.read_all(args.data):
        if row.source != "ptbxl":
            continue
        record = replace(record, patient=replace(record.patient, age_years=row.age_years))  # the table's
        rate = f"{record.sampling_rate_hz:g} Hz"
        reason, by = _refused(record, judge, cuts, logits.get(row.record_id))
        counts[rate, _is_paced(row), by] += 1
        if by == OTHER:
            why[rate, "a child" if "years old" in reason else reason] += 1
    for (rate, paced, by), n in sorted(counts.items()):
        print(f"{rate}, {'labelled as paced' if paced else 'not labelled as paced'}: {n} {by}")
    for (rate, reason), n in sorted(why.items()):
        print(f"  {rate}: {n} {reason}")


def _refused(
    record: EcgRecord, judge: ModelCard, cuts: Mapping[str, float], logits: NDArray[np.float64] | None
) -> tuple[str, str]:
    if reason := scope.reason_not_to_analyse(record, judge.input):
        return reason, SAMPLES if reason.startswith("paced") else OTHER
    prediction = runtime.classify(record, judge.id, "cpu")
    if logits is not None:  # the judge learnt from this record
        said = dict(zip(judge.labels, 1 / (1 + np.exp(-logits)), strict=True))
        scores = (replace(score, probability=float(said[score.code])) for score in prediction.scores)
        prediction = replace(prediction, scores=tuple(scores))
    reason = scope.paced_reason(prediction, cuts)
    return reason, NETWORK if reason else NONE


def _is_paced(row: Row) -> bool:
    rule = next(rule for rule in context_rules.rules() if rule.context == context_rules.PACED)
    return any(rule.is_named_by(code) for code in row.codes)


if __name__ == "__main__":
    main()
