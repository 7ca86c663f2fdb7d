"""Train the models."""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.errors import ModelError

NAME = "train"
HELP = "pre-train and fine-tune the models on public data"


def register(parser: argparse.ArgumentParser) -> None:
    """Add `mtecg pretrain|finetune`."""
    systems = parser.add_subparsers(dest="system", required=True, metavar="SYSTEM")
    mtecg = systems.add_parser("mtecg", help="MTECG-T on time segments of the 12-lead ECG")
    stages = mtecg.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for stage, text in (
        ("pretrain", "masked pre-training"),
        ("finetune", "fine-tuning on PTB-XL's 71 statements"),
    ):
        sub = stages.add_parser(stage, help=text)
        sub.add_argument(
            "--data", type=Path, required=True, help="folder with PTB-XL, and other ECGs beside it"
        )
        sub.add_argument("--out", type=Path, required=True, help="folder of the run; a run there is resumed")
        sub.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")
        sub.add_argument("--recipe", type=Path, help="TOML file with values that differ from the defaults")
        sub.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="one value of the recipe"
        )
        sub.add_argument("--seed", type=int, default=None)
        sub.add_argument("--device", default="cpu", choices=["cpu", "cuda", "mps"])
        sub.add_argument(
            "--smoke", action="store_true", help="a run of about a minute, to see that all works"
        )
        if stage == "finetune":
            sub.add_argument("--start", type=Path, help="folder of the pre-training run")
            sub.add_argument("--export", type=Path, help="write the model (weights and card) to this folder")
        else:
            sub.add_argument("--export", type=Path, help="write the autoencoder to this folder")

    lef = systems.add_parser("lef", help="the LEF index without LEF training")
    steps = lef.add_subparsers(dest="stage", required=True, metavar="STAGE")
    reference = steps.add_parser("reference", help="base value and threshold from PTB-XL's validation fold")
    reference.add_argument("--data", type=Path, required=True, help="folder with PTB-XL")
    reference.add_argument("--out", type=Path, required=True, help="the index's folder, with card.json")
    reference.add_argument("--classifier", metavar="ID", required=True)
    reference.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")


SMOKE: dict[str, dict[str, Any]] = {
    "pretrain": {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2},
    "finetune": {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2, "teacher": False},
}


def run(args: argparse.Namespace) -> int:
    """Run one stage; the log is OUT/log.jsonl."""
    if args.stage == "reference":
        from ecgview.training import lef_reference

        cache = args.cache or args.out.parent / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        lef_reference.run(args.classifier, args.data, cache, args.out, _report)
    else:
        api.train(
            args.stage,
            args.data,
            args.out,
            _values(args),
            cache=args.cache,
            start=getattr(args, "start", None),
            export=args.export,
            device=args.device,
            progress=_report,
        )
    print("", file=sys.stderr)
    return 0


def _report(fraction: float, text: str = "") -> None:
    print(f"\r{100 * fraction:5.1f} %  {text:<60}", end="", file=sys.stderr, flush=True)


def _values(args: argparse.Namespace) -> dict[str, Any]:
    """Return what differs from the defaults: the smoke run, then the file, then the command line."""
    values = dict(SMOKE[args.stage]) if args.smoke else {}
    if args.recipe:
        try:
            values |= tomllib.loads(args.recipe.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"is no recipe ({error})", where=str(args.recipe)) from None
    for pair in args.set:
        name, _, text = pair.partition("=")
        try:
            values |= tomllib.loads(f"{name} = {text}")
        except tomllib.TOMLDecodeError:
            raise ModelError(
                "--set does not hold a value of TOML", expected="NAME=VALUE, text in quotes", found=pair
            ) from None
    if args.seed is not None:
        values["seed"] = args.seed
    return values
