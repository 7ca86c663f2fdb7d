#!/usr/bin/env python3
"""Print the figures of two houses side by side: this checkout, and one from before.

python benchmarks/house.py --before CHECKOUT [--data DIR] [--runs N] [--no-times]

DIR is a folder with WFDB records of twelve leads (the first `.hea` in it is taken); without it a demonstration
record is. Counts are exact. Times are taken in turn, before and after, in one run on warm caches; the minimum
and the median of N are printed, and on a busy machine only the ratio of the minima means anything.
What is counted, and how, is said in `house/`: `structure.py`, `watching.py` and `probes.py`. A figure that a checkout
does not give is printed as "not measured", with the reason.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().with_name("house")))

import structure
from child import Home, NotMeasured

AFTER = Path(__file__).resolve().parent.parent
WARMING, STATEMENT = "SBRAD", "1AVB"  # of the PTB-XL statements
Figure = float | str


@dataclass
class Table:
    """Rows of a figure before and after, printed as they come, and the notes below."""

    notes: list[str] = field(default_factory=list)

    def begin(self, title: str) -> None:
        """Print the head of a part."""
        print(f"\n{title:<58} {'before':>14} {'after':>14} {'ratio':>7}", flush=True)

    def row(self, name: str, figures: tuple[Figure, Figure], form: str = "g") -> None:
        """Print one row; the ratio is after to before, where both are numbers."""
        before, after = figures
        ratio = ""
        if not isinstance(before, str) and not isinstance(after, str) and before:
            ratio = f"{after / before:.2f}"
        shown = [one if isinstance(one, str) else format(one, form) for one in figures]
        print(f"  {name:<56} {shown[0]:>14} {shown[1]:>14} {ratio:>7}", flush=True)


class Pair:
    """The two checkouts, each with a home of its own."""

    def __init__(self, before: Path, within: Path, table: Table) -> None:
        self.checkouts = before, AFTER
        self._within = within
        self._table = table
        self.fresh()

    def fresh(self) -> None:
        """Give each a new home, with an empty store."""
        self.homes = [Home.made(checkout, self._within) for checkout in self.checkouts]

    def both(self, what: str, measure: Callable[[Home], Any]) -> tuple[Any, Any]:
        """Return what is measured of each, None with a note where it could not be."""
        found = []
        for name, home in zip(("before", "after"), self.homes, strict=True):
            try:
                found.append(measure(home))
            except NotMeasured as error:
                found.append(None)
                self._table.notes.append(f"{what}, {name}: not measured: {error}")
        return found[0], found[1]


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(description="figures of the house, before and after")
    parser.add_argument("--before", type=Path, required=True, metavar="CHECKOUT", help="the other checkout")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a folder with WFDB records")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each timing (default 5)")
    parser.add_argument("--no-times", action="store_true", help="counts only")
    args = parser.parse_args()
    found = sorted((args.data or AFTER / "resources" / "demo").rglob("*.hea"))
    if not found:
        parser.error(f"no .hea file in {args.data}")
    record = found[0].resolve()
    print(f"record: {record.name}")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="ecgview-house-", ignore_cleanup_errors=True) as folder:
        pair = Pair(args.before.resolve(), Path(folder), table)
        tree(pair, table)
        pixels(pair, table, record)
        questions(pair, table, record)
        statement(pair, table, record)
        if not args.no_times:
            times(pair, table, record, args.runs)
    for note in table.notes:
        print(f"note: {note}")


def tree(pair: Pair, table: Table) -> None:
    """Print what the text of both trees says."""
    houses = [structure.read(checkout) for checkout in pair.checkouts]

    def row(name: str, figure: Callable[[structure.House], Figure]) -> None:
        table.row(name, (figure(houses[0]), figure(houses[1])))

    table.begin("the tree")
    row("modules", lambda house: len(house.lines))
    row("folders", lambda house: len(house.modules_per_folder()))
    row("modules in a folder, median", lambda house: house.median_folder())
    row("modules in a folder, most", lambda house: max(house.modules_per_folder().values()))
    crowded = sorted({name for house in houses for name, _ in house.modules_per_folder().most_common(4)})
    for name in crowded:
        row(f"  {name}", lambda house, name=name: house.modules_per_folder().get(name, "no folder"))  # type: ignore[misc]
    row("longest file, lines", lambda house: house.longest()[1])
    for under in ("ecgview", "ecgview.formats", "ecgview.desktop"):
        row(f"rooms in {under}", lambda house, under=under: len(house.rooms(under)[0]))  # type: ignore[misc]
        row(f"arrows between rooms of {under}", lambda house, under=under: len(house.rooms(under)[1]))  # type: ignore[misc]
    row("arrows between all folders", lambda house: len(house.folder_arrows()))
    row("circles of modules", lambda house: len(house.circles()))
    row("circles, imports for types too", lambda house: len(house.circles(with_types=True)))
    row(
        "modules in these circles",
        lambda house: sum(len(circle) for circle in house.circles(with_types=True)),
    )
    for name, house in zip(("before", "after"), houses, strict=True):
        print(f"  longest file {name}: {house.longest()[0]}")


def pixels(pair: Pair, table: Table, record: Path) -> None:
    """Print what runs until the first trace of a file is painted."""
    for probe, title in (
        ("way_to_pixels", "from `ecgview open FILE` to the first paint"),
        ("way_of_drop", "from a drop on an open window to the first paint"),
    ):
        found = pair.both(title, lambda home, probe=probe: home.probe(probe, record))  # type: ignore[misc]
        table.begin(title)
        table.row("files of ours run", _each(found, lambda one: len(one["files"])))
        table.row("files of ours imported", _each(found, lambda one: one["imported"]))
        table.row("jobs started", _each(found, lambda one: len(one["jobs"])))
        table.row(
            "times a file of the record is opened", _each(found, lambda one: sum(one["opened"].values()))
        )
        table.row("times a copy of one is opened", _each(found, lambda one: sum(one["copies"].values())))
        table.row("heavy libraries imported", _each(found, lambda one: len(one["heavy"])))
        for name, one in zip(("before", "after"), found, strict=True):
            if one is not None:
                print(f"  jobs {name}: {', '.join(one['jobs']) or 'none'}")
                print(f"  heavy {name}: {', '.join(one['heavy']) or 'none'}")


def questions(pair: Pair, table: Table, record: Path) -> None:
    """Print how often a network is asked about one record, on one store, at two openings."""
    pair.fresh()
    totals: list[Figure] = [0.0, 0.0]
    for opening in ("first", "second"):
        table.begin(f"forward passes of networks, {opening} opening")
        sums: list[Figure] = [0.0, 0.0]
        for title, probe, words in (
            ("window", "ask_in_window", (record, f"{opening}-window.pdf")),
            ("command classify", "ask_by_command", ("classify", record)),
            ("command lef", "ask_by_command", ("lef", record)),
            ("command report", "ask_by_command", ("report", record, "-o", f"{opening}-command.pdf")),
        ):
            found = pair.both(
                f"{title}, {opening} opening",
                lambda home, probe=probe, words=words: home.probe(probe, *words)["steps"],  # type: ignore[misc]
            )
            steps = dict.fromkeys(name for one in found if one for name in one)
            for name in steps or [title]:
                shown = title if title.endswith(name) else f"{title}: {name}"
                table.row(shown, _each(found, lambda one, name=name: sum(one[name].values())))  # type: ignore[misc]
            for k, one in enumerate(found):
                known = not isinstance(sums[k], str) and one is not None
                sums[k] = sums[k] + sum(sum(s.values()) for s in one.values()) if known else "not measured"  # type: ignore[operator]
        table.row(f"all of the {opening} opening", (sums[0], sums[1]))
        totals = [
            a + b if not isinstance(a, str) and not isinstance(b, str) else "not measured"
            for a, b in zip(totals, sums, strict=True)
        ]
    table.row("both openings", (totals[0], totals[1]))


def statement(pair: Pair, table: Table, record: Path) -> None:
    """Print what one typed statement runs, in a window that has taken one already."""
    pair.fresh()
    title = f"one typed statement ({STATEMENT}, Enter), until idle"
    found = pair.both(title, lambda home: home.probe("typed_statement", record, WARMING, STATEMENT))
    table.begin(title)
    table.row("files of ours run", _each(found, lambda one: len(one["whole"])))
    table.row("  by the letters", _each(found, lambda one: len(one["letters"])))
    table.row("  by Enter", _each(found, lambda one: len(one["enter"])))
    table.row("jobs started", _each(found, lambda one: len(one["jobs"])))


def times(pair: Pair, table: Table, record: Path, runs: int) -> None:
    """Print times, both checkouts in turn, after one run each that only warms the caches."""
    pair.fresh()
    table.begin(f"seconds, in turn, {runs} runs")
    for title, measure in (
        ("process start to first window", lambda home: home.probe("first_window")),
        ("process start to first trace of a named file", lambda home: home.probe("first_trace", record)),
        (
            "ecgview report FILE -o OUT.pdf, whole",
            lambda home: {"wall_s": home.wall_s("report", record, "-o", "timed.pdf")},
        ),
    ):
        found = [pair.both(title, measure) for _ in range(runs + 1)][1:]
        sides = tuple([one[side] for one in found if one[side] is not None] for side in (0, 1))
        for key, kind in (("wall_s", "wall"), ("cpu_s", "CPU")):
            if all(side and key not in side[0] for side in sides):
                continue
            for word, pick in (("minimum", min), ("median", statistics.median)):
                figures = [pick([one[key] for one in side]) if side else "not measured" for side in sides]
                table.row(f"{title}, {kind} {word}", (figures[0], figures[1]), ".2f")


def _each(found: tuple[Any, Any], figure: Callable[[Any], Figure]) -> tuple[Figure, Figure]:
    """Return the figure of each, in words where it is missing."""
    before, after = ("not measured" if one is None else figure(one) for one in found)
    return before, after


if __name__ == "__main__":
    main()
