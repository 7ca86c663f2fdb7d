#!/usr/bin/env python3
"""Print how near the delineator comes to the experts of LUDB, cross-validated by record, beside other programs.

python benchmarks/delineation.py ../shared/data [--runs runs/delineation] [--json OUT] [--update-card]

Five networks are trained, each on four fifths of the records (some minutes each on one core; runs that are in --runs
are taken up again), and asked about the rest. Differences are found less marked, in ms; 95 % intervals are
bootstrapped by record. The rules for waves and edges (`signal/measure/waves.py`) were chosen on the same answers: they
are few numbers, but records of elsewhere will do a little worse. neurokit2 and wfdb are compared where they are
installed; neurokit2 is no dependency.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from ecgview.leads import STANDARD_12
from ecgview.models import cards, delineation
from ecgview.signal.measure import waves
from ecgview.signal.measure.waves import Beat
from ecgview.training.data import delineated
from ecgview.training.data.delineated import GROUPS, Mark, Marked
from ecgview.training.evaluation.waves import Outcome, compare, figures, marked_beats
from ecgview.training.stages import delineate as stage

FOLDS = 5
FIGURES = ("mean", "sd", "within_10_ms")


def main() -> None:
    """Train what is missing, ask, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs, with LUDB in it")
    parser.add_argument("--runs", type=Path, default=Path("runs/delineation"), help="folder of the five runs")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument(
        "--update-card", action="store_true", help="write the figures into the default model's card"
    )
    args = parser.parse_args()
    marked = delineated.read(args.data)
    outcomes = cross_validated(marked, args.runs)
    found = {"ecgview": summary("ecgview, cross-validated", outcomes)}
    for name in GROUPS:
        rows = [one for one, record in zip(outcomes, marked, strict=True) if record.group == name]
        found[name] = summary(f"  of these, {name}", rows)
    for name, engine in RIVALS.items():
        if importlib.util.find_spec(name.split(",")[0]) is None:
            print(f"\n{name}: not installed, left out")
            continue
        rows = [compare(marked_beats(record.marks), engine(record)) for record in marked]
        found[name] = summary(name, rows)
    timed(marked)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if args.update_card:
        update_card({name: found[name] for name in ("ecgview", *GROUPS)})


def cross_validated(marked: Sequence[Marked], runs: Path) -> list[Outcome]:
    """Return the outcome of each record, asked of the network that has not learnt from it."""
    recipe = stage.DelineateRecipe()
    fold = delineated.folds(marked, FOLDS)
    outcomes: dict[int, Outcome] = {}
    for left_out in range(FOLDS):
        learnt = stage.learn(
            replace(recipe, left_out=left_out), marked, runs / f"fold-{left_out}", device="cpu"
        )
        network = stage.joined(learnt.networks)
        for k in np.flatnonzero(fold == left_out):
            signal = stage.prepared(marked[k]).signal
            said = stage.probabilities(network, signal)
            beats = waves.beats(said, signal, stage.INPUT.sampling_rate_hz, STANDARD_12)
            outcomes[int(k)] = compare(marked_beats(marked[k].marks), beats)
    return [outcomes[k] for k in range(len(marked))]


def summary(title: str, rows: Sequence[Outcome]) -> dict[str, Any]:
    """Print and return the figures of one engine over some records."""
    n, missed, false = (sum(getattr(one, name) for one in rows) for name in ("n_beats", "missed", "false"))
    without = [one for one in rows if not one.p_marked]
    absent = sum(not one.p_found for one in without)
    denied = sum(one.p_marked and not one.p_found for one in rows)
    made: dict[str, Any] = {
        "records": len(rows),
        "beats": n,
        "beats_missed": missed,
        "beats_false": false,
        "no_p": len(without),
        "no_p_found": absent,
        "p_denied": denied,
        "intervals": figures(rows),
    }
    print(
        f"\n{title}: {len(rows)} records, {n} beats, {missed} missed, {false} false; no P wave: {absent} of",
        end=" ",
    )
    print(f"{len(without)} found; P denied in {denied} of {len(rows) - len(without)}")
    for name, row in made["intervals"].items():
        if not row["found"]:
            continue
        mean, sd, within = _texts(row)
        print(f"  {name:4} n {row['n']:4.0f}  mean {mean}  SD {sd}  within 10 ms {within}")
    return made


def _texts(row: dict[str, float]) -> tuple[str, ...]:
    scales = (1, 1, 100)
    return tuple(
        f"{k * row[key]:6.1f} ({k * row[key + '_low']:6.1f} to {k * row[key + '_high']:6.1f})"
        for key, k in zip(FIGURES, scales, strict=True)
    )


def neurokit(record: Marked) -> tuple[Beat, ...]:
    """Return the beats of neurokit2's wavelet method, each lead by itself, put together as the experts' are."""
    import neurokit2

    rate = record.record.sampling_rate_hz
    marks: dict[str, list[Mark]] = {}
    for name in STANDARD_12:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                clean = neurokit2.ecg_clean(record.record.lead(name), sampling_rate=rate)
                peaks = neurokit2.ecg_peaks(clean, sampling_rate=rate)[1]["ECG_R_Peaks"]
                found = neurokit2.ecg_delineate(clean, peaks, sampling_rate=rate, method="dwt")[1]
        except Exception:  # a lead on which it fails has nothing found in it
            continue
        marks[name] = [
            Mark(
                kind, _at(found[f"ECG_{of}_Onsets"], k, rate), peak, _at(found[f"ECG_{of}_Offsets"], k, rate)
            )
            for kind, of in (("P", "P"), ("QRS", "R"), ("T", "T"))
            for k in range(len(peaks))
            if (peak := peaks[k] / rate if kind == "QRS" else _at(found[f"ECG_{of}_Peaks"], k, rate))
            is not None
        ]
    return marked_beats(marks)


def _at(samples: Sequence[float], k: int, rate: float) -> float | None:
    value = samples[k] if k < len(samples) else None
    return None if value is None or not np.isfinite(value) else float(value) / rate


def xqrs(record: Marked) -> tuple[Beat, ...]:
    """Return the beats of wfdb's XQRS on lead II; it finds no edges, so the complexes have none."""
    from wfdb import processing

    rate = record.record.sampling_rate_hz
    peaks = processing.xqrs_detect(record.record.lead("II").astype(float), rate, verbose=False)
    return tuple(
        Beat({"P": None, "QRS": waves.Wave(np.nan, float(peak) / rate, np.nan), "T": None}, {})
        for peak in peaks
    )


RIVALS: dict[str, Callable[[Marked], tuple[Beat, ...]]] = {
    "neurokit2, dwt per lead": neurokit,
    "wfdb, XQRS on lead II (beats alone)": xqrs,
}


def timed(marked: Sequence[Marked], count: int = 30) -> None:
    """Print the time of one record through the whole engine, on one thread."""
    delineation.delineate(marked[0].record)
    spent, passed = [], []
    for one in marked[:count]:
        began, clock = time.process_time(), time.perf_counter()
        delineation.delineate(one.record)
        spent.append((time.process_time() - began) * 1000)
        passed.append((time.perf_counter() - clock) * 1000)
    print(
        f"\nA 10 s 12-lead record on one thread, {count} records: median {statistics.median(spent):.0f} ms of the "
        f"processor, {statistics.median(passed):.0f} ms on the clock"
    )


def update_card(found: dict[str, Any]) -> None:
    """Write the cross-validated figures into the card of the default delineator."""
    path = cards.default("delineator").folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    rounded = json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 3))
    card["metrics"] = {"cross-validation on LUDB, 5 folds by record": rounded}
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
