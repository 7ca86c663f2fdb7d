#!/usr/bin/env python3
"""Print how far criteria agree with the statements of PTB-XL: sensitivity, specificity, n.

python benchmarks/criteria.py ../shared/data [--folds 1,2,3,4,5,6,7,8/9] [--choice CODE=NAME] [--each CODE]

A statement is what cardiologists, or a machine that they looked over, wrote; a criterion is a published rule. They
need not agree: this says how far they do, not which is right. Limits that are ecgview's own were set on folds 1 to 8;
docs/criteria.md says for which of them fold 9 had been looked at. A criterion that is not measurable or not applicable
has not found its statement: how many were not judged stands beside it. Intervals are Wilson's, 95 %. Three tables come
of one run: by the first definitions, by the second ones, and how often each criterion is met in ECGs called normal
(NORM). Folds before and after a stroke are counted apart. With --each: the records in which one criterion and its
statement differ.
"""

import argparse
import ast
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from ecgview import api, formats
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, Patient
from ecgview.signal import criteria
from ecgview.signal.criteria.criterion import Asked
from ecgview.training.evaluation.classification import wilson

Row = dict[str, str]
# What else the same words are true of: a statement of the other kind is no error of the criterion.
BESIDE = {"SBRAD": ("SVARR",), "AFIB": ("AFLT",), "AFLT": ("AFIB",), "IRBBB": ("CRBBB",)}
ANY = {
    "LVH": (
        *("LVH-SOKOLOW", "LVH-AVL", "LVH-CORNELL"),
        *("LVH-PRODUCT", "LVH-PEGUERO"),
    )
}


@dataclass(frozen=True)
class Item:
    """One record with its statements, and how its criteria came out, by the first and by the second definitions."""

    name: str
    fold: int
    statements: frozenset[str]
    states: Mapping[str, str]
    others: Mapping[str, str]
    numbers: Mapping[str, str]


def main() -> None:
    """Judge everything once, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs")
    parser.add_argument(
        "--folds", default="1,2,3,4,5,6,7,8/9", help="of PTB-XL, with commas; strokes part groups"
    )
    parser.add_argument("--choice", action="append", default=[], help="a definition, as CLBBB=AHA")
    parser.add_argument("--each", default="", help="a criterion: name the records in which it differs")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    args = parser.parse_args()
    groups = {text: {int(one) for one in text.split(",")} for text in args.folds.split("/")}
    choices = dict(one.split("=", 1) for one in args.choice)
    sources = [one for one in sources_of(args.data) if any(one[1] in folds for folds in groups.values())]
    work = partial(judged, choices=choices)
    if args.jobs > 1:
        with ProcessPoolExecutor(args.jobs) as pool:
            items = [item for part in pool.map(work, sources, chunksize=8) for item in part]
    else:
        items = [item for one in sources for item in work(one)]
    for text, folds in groups.items():
        own = [item for item in items if item.fold in folds]
        normal = [item for item in own if "NORM" in item.statements]
        print(f"PTB-XL, folds {text}: {len(own)} records, {len(normal)} of them called normal")
        print(table(own, _pairs()))
        print(
            table([replace(item, states=item.others) for item in own], _second_pairs(), "second definition")
        )
        print(in_normal(normal))
    for item in items if args.each else ():
        statement = next(rule.statements[0] for rule in criteria.rules() if rule.code == args.each)
        if (item.states[args.each] == "met") != (statement in item.statements):
            said = f"{item.states[args.each]}: {item.numbers[args.each]}"
            print(f"  {item.name}: {' '.join(sorted(item.statements))}; {said}")


def sources_of(data: Path) -> list[tuple[Path, int, Row, int]]:
    """Return where each record is: its file, fold and row of the database, and its place in a packed part."""
    found = []
    for row in _rows(data / "ptbxl" / "ptbxl_database.csv"):
        path = data / "ptbxl" / f"{row['filename_hr']}.hea"
        if path.is_file():
            found.append((path, int(row["strat_fold"]), row, -1))
    rows = {row["ecg_id"]: row for row in _rows(data / "ptbxl-packed" / "ptbxl_database.csv")}
    for part in sorted((data / "ptbxl-packed").glob("part*.npz")):
        with np.load(part) as z:
            for place, ecg_id in enumerate(z["ecg_id"].tolist()):
                row = rows[str(ecg_id)]
                found.append((part, int(row["strat_fold"]), row, place))
    return found


def record_of(source: tuple[Path, int, Row, int]) -> EcgRecord:
    """Return a record with its patient's age and sex."""
    path, _fold, row, place = source
    record = formats.read(path) if place < 0 else _unpacked(path, place)
    age = float(row["age"]) if row["age"] and float(row["age"]) < 300 else None  # 300: over 89, not said
    sex = {"0": "male", "1": "female"}.get(row["sex"].split(".")[0], "")
    return replace(record, patient=Patient(sex=sex, age_years=age))


def judged(source: tuple[Path, int, Row, int], choices: Mapping[str, str]) -> list[Item]:
    """Return how the criteria of one record came out."""
    record = record_of(source)
    measured = api.measured(record)
    found = criteria.judge(Asked(record, measured, record.patient, choices))
    second = {rule.code: rule.definitions[1].name for rule in criteria.choosable()}
    others = criteria.judge(Asked(record, measured, record.patient, second))
    return [
        Item(
            source[2]["ecg_id"],
            source[1],
            frozenset(ast.literal_eval(source[2]["scp_codes"])),
            {one.code: one.state for one in found},
            {one.code: one.state for one in others},
            {one.code: f"{one.numbers} {one.reason}" for one in found},
        )
    ]


def in_normal(items: list[Item]) -> str:
    """Return how often each criterion is met in some records, by its first definition, in Markdown."""
    lines = ["| criterion | judged | met | % of the judged |", "|---|---|---|---|"]
    for rule in criteria.rules():
        states = [item.states[rule.code] for item in items]
        met, judged_n = states.count("met"), states.count("met") + states.count("not met")
        share = _share(met, judged_n) if judged_n else "-"
        lines.append(f"| {rule.code} | {judged_n} | {met} | {share} |")
    return "\n".join(lines)


def table(
    items: list[Item], pairs: Iterable[tuple[str, tuple[str, ...]]], criterion: str = "criterion"
) -> str:
    """Return a row per statement and criterion, in Markdown."""
    lines = [
        f"| statement | {criterion} | n with | not judged | sensitivity % | n without | specificity % |",
        "|---|---|---|---|---|---|---|",
    ]
    for statement, codes in pairs:
        positive = [item for item in items if statement in item.statements]
        others = [
            item
            for item in items
            if statement not in item.statements and not item.statements & set(BESIDE.get(statement, ()))
        ]
        if not positive:
            continue
        unjudged = sum(all(item.states[code].startswith("not ") and item.states[code] != "not met" for code in codes)
                       for item in positive)  # fmt: skip
        found, false = (
            sum(any(item.states[code] == "met" for code in codes) for item in group)
            for group in (positive, others)
        )
        name = codes[0] if len(codes) == 1 else "any of them"
        if criterion != "criterion":
            rule = next(one for one in criteria.rules() if one.code == codes[0])
            name = f"{rule.code}={rule.definitions[1].name}"
        lines.append(
            f"| {statement} | {name} | {len(positive)} | {unjudged} | {_share(found, len(positive))}"
            f" | {len(others)} | {_share(len(others) - false, len(others))} |"
        )
    return "\n".join(lines)


def _pairs() -> Iterator[tuple[str, tuple[str, ...]]]:
    for rule in criteria.rules():
        for statement in rule.statements:
            yield statement, (rule.code,)
    yield from ANY.items()


def _second_pairs() -> Iterator[tuple[str, tuple[str, ...]]]:
    for rule in criteria.choosable():
        for statement in rule.statements:
            yield statement, (rule.code,)


def _share(found: int, n: int) -> str:
    low, high = wilson(np.array([found / n]), np.array([n]))
    return f"{100 * found / n:.1f} ({100 * low[0]:.1f} to {100 * high[0]:.1f})"


def _rows(path: Path) -> list[Row]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _unpacked(part: Path, place: int) -> EcgRecord:
    with np.load(part) as z:
        u = z["low"][place].astype(np.uint16) | (z["high"][place].astype(np.uint16) << 8)
    steps = ((u >> 1) ^ (-(u & 1).astype(np.int32)).astype(np.uint16)).astype(np.int16)
    eight = np.cumsum(steps, axis=-1, dtype=np.int16).astype(np.float64) / 1000.0
    one, two = eight[0], eight[1]
    limb = (one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2)
    return EcgRecord(np.stack([*limb, *eight[2:]]).astype(np.float32), STANDARD_12, 500.0)


if __name__ == "__main__":
    main()
