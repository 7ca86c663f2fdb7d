"""The command line: a thin face on `ecgview.api`. Each module of this room is one command.

Exit codes: 0 done, 1 a file or model failed, 2 wrong usage, 3 read but not analysed, 70 an error of ecgview itself,
130 interrupted.
"""

import argparse
import io
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Protocol, cast

from ecgview.about import RESEARCH_USE_ONLY, VERSION
from ecgview.cli._each import NOT_ANALYSED
from ecgview.errors import Cancelled, EcgviewError, NotAnalysed
from ecgview.plugins import discover, faults

COMMAND_NEEDS = ("NAME", "HELP", "register", "run")


class Command(Protocol):
    """What a module of this room must hold.

    With `OPENS_ECGS = True` it also takes --subjects, age and sex of the records it opens.
    """

    @property
    def NAME(self) -> str:
        """The word after `ecgview`."""

    @property
    def HELP(self) -> str:
        """One line."""

    def register(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit code."""


def parser() -> argparse.ArgumentParser:
    """Return the parser with every command."""
    import ecgview.cli as room

    top = argparse.ArgumentParser(
        prog="ecgview",
        description=f"Clinical review of 12-lead ECGs. {RESEARCH_USE_ONLY}",
        epilog="Without a command the window opens.",
    )
    top.add_argument("--version", action="version", version=f"ecgview {VERSION}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for module in discover(room, needs=COMMAND_NEEDS):
        command = cast(Command, module)
        description = f"{command.HELP[0].upper()}{command.HELP[1:]}. {RESEARCH_USE_ONLY}"
        sub = commands.add_parser(command.NAME, help=command.HELP, description=description)
        command.register(sub)
        if getattr(module, "OPENS_ECGS", False):
            sub.add_argument(
                "--subjects",
                metavar="FILE.csv",
                help="a table with age and sex of each record (filename or record_id, age, sex), where files say none",
            )
        sub.set_defaults(run=command.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never a traceback in the user's face."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console or pipe of another alphabet cannot say "µV"
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    finally:  # also after --help and --version, which leave by SystemExit
        for fault in faults():
            print(f"ecgview: {fault}", file=sys.stderr)


def _run(words: Sequence[str]) -> int:
    args = parser().parse_args(words or ["open"])
    try:
        if getattr(args, "subjects", None) is None:
            return int(args.run(args))
        from ecgview import formats

        with formats.subjects(args.subjects):
            return int(args.run(args))
    except EcgviewError as error:
        print(f"ecgview: {error}", file=sys.stderr)
        return NOT_ANALYSED if isinstance(error, NotAnalysed) else 1
    except (KeyboardInterrupt, Cancelled):
        print("ecgview: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"ecgview: {error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except Exception as error:
        with tempfile.NamedTemporaryFile(
            "w", prefix="ecgview-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exception(error, file=file)
        kind = type(error).__name__
        print(f"ecgview: an error in ecgview itself ({kind}); details are in {file.name}", file=sys.stderr)
        return 70
