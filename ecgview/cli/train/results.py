"""Every comparison of the tables in docs/researcher.md, by one command."""

import argparse
from pathlib import Path

from ecgview.cli import _progress

NAME = "results"
HELP = "train what the table of results compares, and write the table; resumed where it stopped"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with PTB-XL, and other ECGs beside it"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of all runs, results.md and results.json"
    )
    parser.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("--only", metavar="START", help="make the runs whose name begins so, and no table")
    parser.add_argument("--smoke", action="store_true", help="a run of minutes, to see that all works")


def run(args: argparse.Namespace) -> int:
    """Train, answer, compare."""
    from ecgview.training import results
    from ecgview.training.places import TRIAL_PER_FOLD, Places

    cache = args.cache or args.out.parent / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    scale = results.SMOKE if args.smoke else results.Scale()
    with _progress.shown() as progress:
        few = TRIAL_PER_FOLD if args.smoke else 0
        places = Places(args.data, args.out, cache, device=args.device, progress=progress, per_fold=few)
        if args.only:
            results.make(places, scale, args.only)
            return 0
        results.run(places, scale)
    print((args.out / "results.md").read_text(encoding="utf-8"))
    return 0
