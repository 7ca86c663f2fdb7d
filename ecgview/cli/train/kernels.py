"""Logistic regression on random convolution kernels."""

import argparse

from ecgview.cli.train import _stage

NAME = "kernels"
HELP = "logistic regression on random convolution kernels, for PTB-XL's 71 statements"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments; there is one stage."""
    _stage.add_arguments(parser)
    parser.set_defaults(stage="ptbxl")


def run(args: argparse.Namespace) -> int:
    """Run it."""
    return _stage.run(args)
