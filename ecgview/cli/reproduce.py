"""The tables of the published papers, cell by cell."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.cli import _each, _progress, _recipe
from ecgview.errors import ModelError

if TYPE_CHECKING:
    from ecgview.training.papers.ledger import Ledger

NAME = "reproduce"
HELP = "the tables of a paper, cell by cell: published, ours, what differs, what it needs"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("paper", metavar="PAPER", help="ecgpd-lef, lead-agnostic, mtecg or posttrain")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="the ledger, nothing run (the default)")
    what.add_argument(
        "--run",
        dest="rows",  # `run` is the command itself
        metavar="ROWS",
        help="run what these rows need (ids, commas between them, or all), going on where it stopped",
    )
    what.add_argument(
        "--from", dest="kept", type=Path, metavar="FILE.parquet", help="the table again from kept logits"
    )
    parser.add_argument("--data", type=Path, help="with --run: a data set, or a folder with some")
    parser.add_argument("--out", type=Path, help="with --run: folder of all runs and of the tables")
    parser.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")
    parser.add_argument("--recipe", type=Path, help="TOML file with values that differ from the ledger's")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="one of them; told as a deviation"
    )
    parser.add_argument("--seeds", type=_each.count, default=0, metavar="N", help="so many of each run's")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("--smoke", action="store_true", help="trials of a minute each, to see that all works")
    parser.add_argument("--resamples", type=_each.count, default=1000, metavar="N", help="of the bootstrap")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List, run, or make the table again."""
    from ecgview.training.papers import ledger as ledgers

    ledger = ledgers.read(args.paper)
    path: Path | None = args.kept
    unmade: list[str] = []
    if args.rows:
        path, unmade = _run(args, ledger)
    elif args.data or args.out:
        raise ModelError("nothing is run without rows", expected="--run ROWS beside --data and --out")
    from ecgview.training.evaluation.plain import known
    from ecgview.training.papers import figures

    found = known(figures.table(ledger, path, args.resamples))
    text = figures.as_markdown(found)
    if args.rows:
        _write(args.out / f"{ledger.id}.json", json.dumps(found, indent=1, allow_nan=False) + "\n")
        _write(args.out / f"{ledger.id}.md", text)
    if args.json:
        _each.print_json(found)
    else:
        print(text, end="")
        for one in unmade:
            print(f"  note: {one}")
    return 0


def _run(args: argparse.Namespace, ledger: "Ledger") -> tuple[Path | None, list[str]]:
    from ecgview.training.papers import running
    from ecgview.training.places import TRIAL_PER_FOLD, Places

    if args.data is None or args.out is None:
        raise ModelError("a run reads and writes", expected="--data DATA and --out OUT")
    cells = ledger.chosen(part.strip() for part in args.rows.split(","))
    cache = args.cache or args.out.parent / "cache"
    args.out.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    values = _recipe.values(args.recipe, args.set)
    with _progress.shown() as progress:
        few = TRIAL_PER_FOLD if args.smoke else 0
        places = Places(args.data, args.out, cache, None, args.device, progress, few)
        unmade = running.run(ledger, cells, places, values, args.smoke, args.seeds)
    kept = args.out / f"{ledger.id}.parquet"
    return (kept if kept.exists() else None), unmade


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
