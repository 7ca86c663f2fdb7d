"""Look at training data before anything is trained on it."""

import argparse
from collections.abc import Iterator
from typing import Any

from ecgview.cli import _each
from ecgview.counts import counted

NAME = "data"
HELP = "check training data: what is there, what is missing, whether a patient is in two folds"
_FEWEST = 10  # recordings of a class, below which it is named


def register(parser: argparse.ArgumentParser) -> None:
    """Add check."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    checked = actions.add_parser(
        "check",
        help="layout, recordings, patients, folds, labels by task, and what is missing",
        description="Layouts: PTB-XL, PhysioNet/CinC Challenge 2020 and 2021, EchoNext, a folder of ECGs with a CSV "
        "table (path, patient_id, labels), and ecgview's own database of reads. No signal is read.",
    )
    checked.add_argument("path", metavar="PATH", help="a data set, or a folder of several")
    _each.add_json(checked)


def run(args: argparse.Namespace) -> int:
    """Check and print; a patient in two folds is an error."""
    from ecgview.training.data.check import check

    found = check(args.path)
    if args.json:
        _each.print_json(found)
        return 0
    for source in found["sources"]:
        print("\n".join(_text(source)), end="\n\n")
    if found["not known"]:
        print(f"of no known layout, left out: {', '.join(found['not known'])}")
    return 0


def _text(source: dict[str, Any]) -> Iterator[str]:
    yield f"{source['layout']}: {source['path']}"
    whose = counted(source["patients"], "patient")
    yield f"  {counted(source['records'], 'recording')} of {whose}, {source['with labels']} with labels"
    for name, value in source["facts"].items():
        yield f"  {name}: {value}"
    if source["folds"]:
        yield f"  folds: {_listed(source['folds'])}"
        yield f"  splits: {_listed(source['splits'])}"
    else:
        yield "  no folds"
    for name, task in source["tasks"].items():
        rare = {code: n for code, n in task["labels"].items() if n < _FEWEST}
        most = dict(sorted(task["labels"].items(), key=lambda item: -item[1])[:6])
        size = f"{counted(task['records'], 'recording')}, {counted(len(task['labels']), 'class', 'classes')}"
        yield f"  task {name}: {size}; {_listed(most)}"
        if rare:
            yield f"    {len(rare)} with fewer than {_FEWEST} recordings"
    if not source["problems"]:
        yield "  nothing is missing"
        return
    yield f"  problems: {_listed(source['problems'])}"
    yield from (f"    {problem['where']}: {problem['text']}" for problem in source["problems shown"])


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
