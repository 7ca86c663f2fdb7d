"""Read the key of an export, and put one of before under a passphrase."""

import argparse
import sys
from pathlib import Path

from ecgview import api
from ecgview.cli import _each, _passphrase

NAME = "key"
HELP = "which file of an export was which, from the key that `convert --key` wrote"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="KEY", type=Path)
    parser.add_argument(
        "--protect",
        action="store_true",
        help="put a key that anybody can read under a passphrase, in its place",
    )
    _each.add_json(parser, "a list of objects on stdout")


def run(args: argparse.Namespace) -> int:
    """Print the rows."""
    from ecgview.report.key_table import is_cut

    passphrase = _passphrase.asked(twice=args.protect)
    if args.protect:
        told = (
            "is under a passphrase now" if api.protect_key(args.file, passphrase) else "was under one already"
        )
        print(f"{args.file}: {told}")
        return 0
    rows = api.read_key(args.file, passphrase)
    if is_cut(args.file):
        print(f"ecgview: {args.file}: ends within a row, which is left out", file=sys.stderr)
    if args.json:
        _each.print_json([{"file": file, "source": source} for file, source in rows])
        return 0
    for file, source in rows:
        print(f"{file}: {source}")
    return 0
