"""The command line: a thin face on `ecgview.api`. Each module of this room is one command.

Exit codes: 0 done, 1 a file or model failed, 2 wrong usage, 3 read but not analysed, 70 an error of ecgview itself,
130 interrupted.
"""

import argparse
import contextlib
import io
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Protocol, cast

from ecgview.about import RESEARCH_USE_ONLY, VERSION
from ecgview.cli._each import NOT_ANALYSED
from ecgview.cli._shown import Shown
from ecgview.errors import Cancelled, EcgviewError, NotAnalysed
from ecgview.plugins import discover, faults

LONGEST_WORD = 32_000  # characters; no path of any system is longer
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
    with contextlib.redirect_stdout(Shown(sys.stdout)), contextlib.redirect_stderr(Shown(sys.stderr)):
        try:
            return _run(list(sys.argv[1:] if argv is None else argv))
        finally:  # also after --help and --version, which leave by SystemExit
            for fault in faults():
                print(f"ecgview: {fault}", file=sys.stderr)


def _run(words: Sequence[str]) -> int:
    top = parser()
    _refuse_odd(words, top)
    args = top.parse_args(words or ["open"])
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
    except UnicodeEncodeError as error:  # a file name of bytes that are no text, where a text must name it
        found = ascii(error.object[error.start : error.end])[:40]
        print(f"ecgview: a name cannot be written as text; expected UTF-8; found {found}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"ecgview: {error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except Exception as error:  # 70: a bug, as sysexits.h calls it
        with tempfile.NamedTemporaryFile(
            "w", prefix="ecgview-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exception(error, file=file)
        kind = type(error).__name__
        print(f"ecgview: an error in ecgview itself ({kind}); details are in {file.name}", file=sys.stderr)
        return 70


def _refuse_odd(words: Sequence[str], top: argparse.ArgumentParser) -> None:
    """End with 2 and what is wrong with a word that no command can take, before any looks at it."""
    for before, word in zip(("", *words), words, strict=False):
        if not word and not before.startswith("-"):  # as a path it would be the folder that one stands in
            top.error("an argument is empty")
        if "\0" in word:  # no path and no id has one, and every library says so in its own way
            top.error(f"{ascii(word)[:80]} holds a NUL character")
        if len(word) > LONGEST_WORD:
            top.error(f"{ascii(word)[:40]}… is longer than {LONGEST_WORD:,} characters")
        option, is_option, value = word.partition("=")
        if (
            is_option and option.startswith("--") and value == "--"
        ):  # which argparse takes for no value at all
            top.error(f"argument {option[:40]}: expected a value, not --")
