"""What every stage of training takes, and how its recipe is read."""

import argparse
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _progress
from ecgview.errors import ModelError


def add_stages(parser: argparse.ArgumentParser, stages: Mapping[str, str], starts: Mapping[str, str]) -> None:
    """Add one sub-command per stage; `starts` says of which earlier run a stage may go on."""
    commands = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for stage, text in stages.items():
        sub = commands.add_parser(stage, help=text, description=text)
        add_arguments(sub, starts.get(stage, ""))


def add_arguments(parser: argparse.ArgumentParser, start: str = "") -> None:
    """Add what a stage takes; `start` says of which earlier weights it may go on."""
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with PTB-XL, and other ECGs beside it"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; a run there is resumed")
    parser.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")
    parser.add_argument("--recipe", type=Path, help="TOML file with values that differ from the defaults")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="one value of the recipe"
    )
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument(
        "--smoke", action="store_true", help="a run of a minute or two, to see that all works"
    )
    if start:
        parser.add_argument("--start", type=Path, help=start)
    parser.add_argument("--export", type=Path, help="write the model (weights and card) to this folder")


def run(args: argparse.Namespace) -> int:
    """Run one stage; the log is OUT/log.csv."""
    with _progress.shown() as progress:
        api.train(
            args.system,
            args.stage,
            args.data,
            args.out,
            values(args),
            smoke=args.smoke,
            cache=args.cache,
            start=getattr(args, "start", None),
            export=getattr(args, "export", None),
            device=args.device,
            progress=progress,
        )
    return 0


def values(args: argparse.Namespace) -> dict[str, Any]:
    """Return what differs from the recipe's defaults: the file, then the command line."""
    found: dict[str, Any] = {}
    if args.recipe:
        try:
            found |= tomllib.loads(args.recipe.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"is no recipe ({error})", where=str(args.recipe)) from None
    for pair in args.set:
        name, _, text = pair.partition("=")
        try:
            found |= tomllib.loads(f"{name} = {text}")
        except tomllib.TOMLDecodeError:
            raise ModelError(
                "--set does not hold a value of TOML", expected="NAME=VALUE, text in quotes", found=pair
            ) from None
    if args.seed is not None:
        found["seed"] = args.seed
    return found
