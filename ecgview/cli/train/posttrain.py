"""Post-training of ECGFounder, and of a transformer: preview linear probing, then stochastic depth."""

import argparse

from ecgview.cli.train import _stage

NAME = "posttrain"
HELP = "post-training of a foundation model, or its official fine-tuning with --set method='\"baseline\"'"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments; there is one stage, on PTB-XL's 71 statements."""
    _stage.add_arguments(
        parser,
        "a model's id (ecgfounder-12), a network's name for random weights (net1d; `ecgview models networks`), "
        "or the folder of a run",
    )
    parser.set_defaults(stage="ptbxl")


def run(args: argparse.Namespace) -> int:
    """Run it."""
    return _stage.run(args)
