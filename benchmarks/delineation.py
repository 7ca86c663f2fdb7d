#!/usr/bin/env python3
"""Print how near the delineator comes to the experts of LUDB, cross-validated by record, beside other programs.

python benchmarks/delineation.py ../shared/data [--runs runs/delineation] [--rivals PYTHON] [--json OUT] [--update-card]

Five networks are trained, each on four fifths of the records (some minutes each on one core; runs that are in --runs
are taken up again), and asked about the rest. Differences are found less marked, in ms; 95 % intervals are
bootstrapped by record. The rules for waves and edges (`signal/measure/waves.py`) were chosen on the same answers: they
are few numbers, but records of elsewhere will do a little worse.

neurokit2, biosppy, wfdb and sleepecg are no dependencies (wfdb but for its detectors): they are asked by a Python that
has them, named by --rivals; one that it lacks is said and left out. What they answered is kept in --runs, too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import delineation_rivals
import numpy as np

from ecgview.leads import STANDARD_12
from ecgview.models import cards, delineation
from ecgview.models.networks.wave_unet import INPUT
from ecgview.signal.measure import waves
from ecgview.signal.measure.waves import Beat
from ecgview.training.data import delineated, unmarked
from ecgview.training.data.delineated import GROUPS, Mark, Marked
from ecgview.training.evaluation.plain import known
from ecgview.training.evaluation.waves import Outcome, compare, figures, marked_beats
from ecgview.training.stages import delineate as stage

FOLDS = 5
FIGURES = ("mean", "sd", "within_10_ms")
# Each is held to the experts' marks in these leads alone.
LEAD_SETS = {
    "12 leads": STANDARD_12,
    "I, II, V1-V6": ("I", "II", *STANDARD_12[6:]),
    "limb leads": STANDARD_12[:6],
    "chest leads": STANDARD_12[6:],
    "lead II": ("II",),
}


def main() -> None:
    """Train what is missing, ask, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs, with LUDB in it")
    parser.add_argument("--runs", type=Path, default=Path("runs/delineation"), help="folder of the five runs")
    parser.add_argument(
        "--rivals", type=Path, default=Path(sys.executable), help="a Python that has the other programs"
    )
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument(
        "--update-card", action="store_true", help="write the figures into the default model's card"
    )
    args = parser.parse_args()
    if not args.rivals.is_file():
        parser.error(f"--rivals: there is no {args.rivals}")
    marked = delineated.read(args.data)
    outcomes = cross_validated(marked, args.data, args.runs)
    found = {"ecgview": by_group("ecgview, cross-validated", marked, outcomes.pop("12 leads"))}
    for name, rows in outcomes.items():
        found[f"ecgview, {name}"] = {"all": summary(f"ecgview, cross-validated, {name}", rows)}
    ours = timed(marked)
    for name, answer in rivals(marked, args.runs, args.rivals).items():
        rows = [compare(marked_beats(one.marks), beats_of(answer["marks"][one.name])) for one in marked]
        found[name] = by_group(f"{name} ({answer['version']})", marked, rows)
        theirs = 1000 * statistics.median(answer["seconds"])
        print(f"  {theirs:.0f} ms of the processor per record, {theirs / ours:.1f} times ecgview's")
        print("  " + ahead(found["ecgview"]["all"], found[name]["all"]))
    if args.json:
        args.json.write_text(json.dumps(known(found), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if args.update_card:
        update_card({name: row for name, row in found["ecgview"].items() if not name.startswith("rhythm")})


def by_group(title: str, marked: Sequence[Marked], outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Print and return the figures of one engine: all records, then each group and each rhythm."""
    made = {"all": summary(title, outcomes)}
    kinds = {f"group {name}": [one.group == name for one in marked] for name in GROUPS}
    for rhythm in sorted({one.rhythm for one in marked}):
        kinds[f"rhythm {rhythm}"] = [one.rhythm == rhythm for one in marked]
    for name, own in kinds.items():
        made[name] = summary(f"  {name}", [one for one, chosen in zip(outcomes, own, strict=True) if chosen])
    return made


def ahead(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """Return on which figures ecgview is not ahead of another program; what that does not give is not compared."""
    behind = [
        f"{name} {ours[name]} against {theirs[name]}"
        for name in ("beats_missed", "beats_false")
        if ours[name] > theirs[name]
    ]
    for name, row in ours["intervals"].items():
        other = theirs["intervals"][name]
        if not other["found"]:
            continue
        for key, worth in (
            ("mean", -abs(row["mean"])),
            ("sd", -row["sd"]),
            ("within_10_ms", row["within_10_ms"]),
        ):
            rival = other[key] if key == "within_10_ms" else -abs(other[key])
            if worth < rival:
                behind.append(f"{name} {key} {row[key]:.2f} against {other[key]:.2f}")
    if theirs["finds_p"] and p_right(ours) < p_right(theirs):
        behind.append(f"P told rightly in {p_right(ours)} against {p_right(theirs)} records")
    return (
        f"ecgview is behind on: {', '.join(behind)}"
        if behind
        else "ecgview is ahead, or level, on every figure"
    )


def p_right(row: Mapping[str, Any]) -> int:
    """Return in how many records it is rightly told whether there are P waves."""
    return int(row["no_p_found"] + row["records"] - row["no_p"] - row["p_denied"])


def cross_validated(marked: Sequence[Marked], data: Path, runs: Path) -> dict[str, list[Outcome]]:
    """Return the outcome of each record for each set of leads, asked of the network that has not learnt from it."""
    recipe = stage.DelineateRecipe()
    more = unmarked.read(data, recipe.further.unmarked)
    fold = delineated.folds(marked, FOLDS)
    outcomes: dict[str, dict[int, Outcome]] = {name: {} for name in LEAD_SETS}
    for left_out in range(FOLDS):
        learnt = stage.learn(
            replace(recipe, left_out=left_out), marked, runs / f"fold-{left_out}", more, device="cpu"
        )
        network = stage.joined(learnt.networks)
        for k in np.flatnonzero(fold == left_out).tolist():
            whole = stage.prepared(marked[k]).signal
            for name, leads in LEAD_SETS.items():
                signal = whole[[STANDARD_12.index(lead) for lead in leads]]
                said = delineation.said_by(network, signal)
                beats = waves.beats(said, signal, INPUT.sampling_rate_hz, leads)
                truth = marked_beats({lead: marked[k].marks[lead] for lead in leads})
                outcomes[name][k] = compare(truth, beats)
    return {name: [rows[k] for k in range(len(marked))] for name, rows in outcomes.items()}


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
        "finds_p": denied < len(rows) - len(without),
        "intervals": figures(rows),
    }
    print(f"\n{title}: {len(rows)} records, {n} beats, {missed} missed, {false} false", end="")
    if made["finds_p"] or len(without) == len(rows):
        print(
            f"; no P wave: {absent} of {len(without)} found; P denied in {denied} of {len(rows) - len(without)}"
        )
    else:
        print("; gives no P wave with both edges")
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


def rivals(marked: Sequence[Marked], runs: Path, python: Path) -> dict[str, dict[str, Any]]:
    """Return what each other program answered; one that is not installed is said."""
    folder = runs / "rivals"
    folder.mkdir(parents=True, exist_ok=True)
    signals = folder / "signals.npz"
    leads = [np.stack([one.record.lead(name) for name in STANDARD_12]) for one in marked]
    names = [one.name for one in marked]
    np.savez(
        signals, names=names, leads=STANDARD_12, signals=leads, rate_hz=marked[0].record.sampling_rate_hz
    )
    answers = {}
    for name in delineation_rivals.ENGINES:
        kept = folder / f"{name.replace(' ', '-')}.json"
        if not kept.exists():
            words = [str(python), delineation_rivals.__file__, name, str(signals), str(kept)]
            code = subprocess.run(words, check=False, env=os.environ | {"PYTHONPATH": ""}).returncode
            if code == delineation_rivals.NOT_INSTALLED:
                print(f"\n{name}: not installed, left out")
                continue
            if code:
                print(f"\n{name}: ended with {code}, left out")
                continue
        answers[name] = json.loads(kept.read_text(encoding="utf-8"))
    return answers


def beats_of(marks: Mapping[str, Sequence[Sequence[Any]]]) -> tuple[Beat, ...]:
    """Return another program's beats: its leads are put together by the rules for the experts' leads."""
    return marked_beats({lead: [Mark(*wave) for wave in own] for lead, own in marks.items()})


def timed(marked: Sequence[Marked], count: int = 30) -> float:
    """Print the time of one record through all that `measure --delineation` does after reading, on one thread.

    Return the median in ms of the processor.
    """
    delineation.delineate(marked[0].record)
    spent, network = [], []
    for one in marked[:count]:
        began = time.process_time()
        delineation.delineate(one.record)
        spent.append((time.process_time() - began) * 1000)
        signal = stage.prepared(one).signal
        began = time.process_time()
        delineation.probabilities(cards.default("delineator"), signal)
        network.append((time.process_time() - began) * 1000)
    print(
        f"\nA 10 s 12-lead record on one thread, {count} records: median {statistics.median(spent):.0f} ms of the "
        f"processor, {statistics.median(network):.0f} ms of it the network's"
    )
    return statistics.median(spent)


def update_card(found: dict[str, Any]) -> None:
    """Write the cross-validated figures into the card of the default delineator."""
    path = cards.default("delineator").folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    rounded = json.loads(
        json.dumps(known(found), allow_nan=False), parse_float=lambda text: round(float(text), 3)
    )
    card["metrics"] = {"cross-validation on LUDB, 5 folds by record": rounded}
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
