"""Train the models: the stages of `ecgview.training.stages`, and each module of this room, a system of its own."""

import argparse
from typing import cast

from ecgview.cli import COMMAND_NEEDS, Command
from ecgview.cli.train import _stage
from ecgview.plugins import discover

NAME = "train"
HELP = "train, probe and compare the models on public data"


def register(parser: argparse.ArgumentParser) -> None:
    """Add every system."""
    import ecgview.cli.train as room

    systems = parser.add_subparsers(dest="system", required=True, metavar="SYSTEM")
    _stage.add_systems(systems)
    for module in discover(room, needs=COMMAND_NEEDS):
        system = cast(Command, module)
        sub = systems.add_parser(system.NAME, help=system.HELP, description=system.HELP)
        system.register(sub)
        sub.set_defaults(run_system=system.run)


def run(args: argparse.Namespace) -> int:
    """Run the system's command."""
    code: int = args.run_system(args)
    return code
