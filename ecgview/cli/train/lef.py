"""The LEF index and the LEF models."""

import argparse
from pathlib import Path

from ecgview.cli.train import _stage

NAME = "lef"
HELP = "low ejection fraction from a classifier's predictors"


def register(parser: argparse.ArgumentParser) -> None:
    """Add `reference`."""
    steps = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    reference = steps.add_parser("reference", help="base value and threshold from PTB-XL's validation fold")
    reference.add_argument("--data", type=Path, required=True, help="folder with PTB-XL")
    reference.add_argument("--out", type=Path, required=True, help="the index's folder, with card.json")
    reference.add_argument("--classifier", metavar="ID", required=True)
    reference.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")


def run(args: argparse.Namespace) -> int:
    """Set the index's reference."""
    from ecgview.training import lef_reference

    cache = args.cache or args.out.parent / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    lef_reference.run(args.classifier, args.data, cache, args.out, _stage.report)
    return 0
