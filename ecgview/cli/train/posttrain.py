"""Post-training of ECGFounder, and of a transformer: preview linear probing, then stochastic depth."""

import argparse

from ecgview.cli.train import _stage

NAME = "posttrain"
HELP = "post-training of a foundation model, or its official fine-tuning with --set method='\"baseline\"'"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments; there is one stage, on PTB-XL's 71 statements."""
    _stage.add_arguments(parser, "ecgfounder-12, net1d (random weights), or a masked autoencoder's run or id")
    parser.set_defaults(stage="ptbxl")


def run(args: argparse.Namespace) -> int:
    """Run it."""
    return _stage.run(args)
