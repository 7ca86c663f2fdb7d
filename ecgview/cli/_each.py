"""What commands over several files share: go on after a failing one, print JSON or text."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.errors import EcgviewError, NotAnalysed

# A refusal is no failure, but a script that goes on must know that there is no number: one code on every road to it.
NOT_ANALYSED = 3


def add_files(parser: argparse.ArgumentParser) -> None:
    """Add FILE... and --json."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="an ECG file of any known format")
    parser.add_argument(
        "--json", action="store_true", help="JSON on stdout: an object for one FILE, else a list"
    )


def add_precision(parser: argparse.ArgumentParser) -> None:
    """Add --precision."""
    parser.add_argument(
        "--precision",
        default="fp32",
        choices=["fp32", "bf16"],
        help="bf16: about twice as fast where the processor has it; the answer says which was used",
    )


def always_fp32(parser: argparse.ArgumentParser, why: str) -> None:
    """Say in the help of a command that asks a network why it offers no --precision."""
    parser.epilog = f"Always in fp32, without --precision: {why}."


def add_json(parser: argparse.ArgumentParser, what: str = "a JSON object on stdout") -> None:
    """Add --json for a command that answers once: an object, unless `what` says otherwise."""
    parser.add_argument("--json", action="store_true", help=what)


def count(text: str) -> int:
    """Return a positive number from the command line."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def seed(text: str) -> int:
    """Return the seed of random numbers from the command line."""
    number = int(text)
    if abs(number) >= 1 << 32:  # what numpy and torch take alike
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number below {1 << 32}")
    return number


def run(
    args: argparse.Namespace,
    work: Callable[[Path], dict[str, Any]],
    as_text: Callable[[dict[str, Any]], Iterable[str]],
    answered: Callable[[dict[str, Any]], bool] = lambda _found: True,
) -> int:
    """Do `work` on every file, print what it returns, and return the exit code.

    `answered` says of what `work` returned whether it holds what was asked for, or the reason why not.
    """
    results: list[dict[str, Any]] = []
    failed = refused = False
    for name in args.files:
        try:
            result = work(Path(name))
        except EcgviewError as error:
            print(f"ecgview: {_named(error, name)}", file=sys.stderr)
            refused |= isinstance(error, NotAnalysed)
            failed |= not isinstance(error, NotAnalysed)
            continue
        refused |= not answered(result)
        results.append(result)
        if not args.json:
            print("\n".join(as_text(result)))
    if args.json and (results or len(args.files) > 1):
        print_json(results[0] if len(args.files) == 1 else results)
    return 1 if failed else NOT_ANALYSED if refused else 0


def _named(error: EcgviewError, name: str) -> str:
    """Return the message with the file's name in it."""
    return str(error) if error.where and Path(name).stem in str(error) else f"{name}: {error}"


def print_json(value: Any) -> None:
    """Print strict JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))


def say_research_only() -> None:
    """Say on stderr what every AI result says."""
    print(RESEARCH_USE_ONLY, file=sys.stderr)
