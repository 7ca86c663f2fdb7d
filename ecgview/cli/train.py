"""Train the models."""

import argparse
import dataclasses
import sys
import tomllib
from pathlib import Path
from typing import Any

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


def run(args: argparse.Namespace) -> int:
    """Run one stage; the log is OUT/log.jsonl."""
    cache = args.cache or args.out.parent / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    if args.stage == "reference":
        from ecgview.training import lef_reference

        lef_reference.run(args.classifier, args.data, cache, args.out, _report)
    elif args.stage == "pretrain":
        from ecgview.training import export, pretrain

        recipe = _recipe(
            pretrain.PretrainRecipe(), args, {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2}
        )
        objective = pretrain.run(recipe, args.data, args.out, cache, _report, args.device)
        if args.export:
            export.autoencoder(objective, recipe, args.export)
    else:
        from ecgview.training import export, finetune

        smoke = {"epochs": 1, "most_records": 64, "batch": 16, "depth": 2, "teacher": False}
        tuning = _recipe(finetune.FinetuneRecipe(), args, smoke)
        tuned = finetune.run(tuning, args.data, args.out, cache, args.start, _report, args.device)
        if args.export:
            export.classifier(tuned, tuning, args.export)
    print("", file=sys.stderr)
    return 0


def _report(fraction: float, text: str = "") -> None:
    print(f"\r{100 * fraction:5.1f} %  {text:<60}", end="", file=sys.stderr, flush=True)


def _recipe(default: Any, args: argparse.Namespace, smoke: dict[str, Any]) -> Any:
    """Return the recipe with the file's and the command line's values put in."""
    values: dict[str, Any] = {}
    if args.recipe:
        try:
            values |= tomllib.loads(args.recipe.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ModelError(f"is no recipe ({error})", where=str(args.recipe)) from None
    for pair in args.set:
        name, _, text = pair.partition("=")
        values |= tomllib.loads(f"{name} = {text}")
    if args.seed is not None:
        values["seed"] = args.seed
    if args.smoke:
        values = smoke | values
    known = {field.name for field in dataclasses.fields(default)}
    for name in values:
        if name not in known:
            raise ModelError(f"unknown value {name!r} of the recipe", expected=", ".join(sorted(known)))
    if "augmentation" in values:
        values["augmentation"] = dataclasses.replace(default.augmentation, **values["augmentation"])
    return dataclasses.replace(default, **values)
