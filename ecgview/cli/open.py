"""Open the window."""

import argparse
import os
import sys

from ecgview.errors import EcgviewError

NAME = "open"
HELP = "open files, folders or patterns in the window"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add PATH..."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="files, folders, patterns; none: the window alone"
    )


def run(args: argparse.Namespace) -> int:
    """Run the window until it is closed."""
    if not has_display():
        raise EcgviewError(
            "there is no display to open the window on",
            expected="DISPLAY or WAYLAND_DISPLAY; without one, ecgview report and ecgview screenshot do the work",
        )
    from ecgview.desktop import app

    return app.run(args.paths)


def has_display() -> bool:
    """Return whether Qt finds a display; it would abort the interpreter where it does not."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform != "linux" or any(os.environ.get(name) for name in names)
