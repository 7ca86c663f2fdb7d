"""Open the window."""

import argparse

NAME = "open"
HELP = "open files, folders or patterns in the window"


def register(parser: argparse.ArgumentParser) -> None:
    """Add PATH..."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="files, folders, patterns; none: the window alone"
    )


def run(args: argparse.Namespace) -> int:
    """Run the window until it is closed."""
    from ecgview.desktop import app

    return app.run(args.paths)
