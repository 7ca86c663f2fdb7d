"""What every stage of training takes."""

import argparse
from pathlib import Path

from ecgview import api
from ecgview.cli import _each, _progress, _recipe


def add_systems(systems: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add every stage of training by its system, as their files name them; none of them is imported."""
    from ecgview.training import stages

    known: dict[str, dict[str, str]] = {}
    for (system, stage), sentence in stages.sentences().items():
        known.setdefault(system, {})[stage] = sentence
    for system, own in known.items():
        text = own.get("") or "stages: " + ", ".join(own)
        parser = systems.add_parser(system, help=_begun(text), description=text)
        parser.set_defaults(run_system=run, stage="")
        if "" in own:
            add_arguments(parser)
        if named := {stage: sentence for stage, sentence in own.items() if stage}:
            commands = parser.add_subparsers(dest="stage", required="" not in own, metavar="STAGE")
            for stage, sentence in named.items():
                add_arguments(commands.add_parser(stage, help=_begun(sentence), description=sentence))


def _begun(sentence: str) -> str:
    """Return a sentence as it stands within a list: "Masked pre-training" as "masked pre-training"."""
    word = sentence.partition(" ")[0]
    return sentence if word[1:] != word[1:].lower() else sentence[:1].lower() + sentence[1:]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a stage takes; one that goes on from nothing, or makes no model, says so when it is asked to."""
    parser.add_argument(
        "--data", type=Path, required=True, help="a data set, or a folder with PTB-XL and others beside it"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; a run there is resumed")
    parser.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")
    parser.add_argument("--recipe", type=Path, help="TOML file with values that differ from the defaults")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="one value of the recipe"
    )
    parser.add_argument("--seed", type=_each.seed, default=None)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument(
        "--smoke", action="store_true", help="a run of a minute or two, to see that all works"
    )
    parser.add_argument(
        "--start", type=Path, help="what to go on from: a run's folder, or the id of a model or network"
    )
    parser.add_argument("--export", type=Path, help="write the model (weights and card) to this folder")


def run(args: argparse.Namespace) -> int:
    """Run one stage; the log is OUT/log.csv."""
    with _progress.shown() as progress:
        api.train(
            args.system,
            args.stage,
            args.data,
            args.out,
            _recipe.values(args.recipe, args.set, args.seed),
            smoke=args.smoke,
            cache=args.cache,
            start=args.start,
            export=args.export,
            device=args.device,
            progress=progress,
        )
    return 0
