"""Which files are read and written."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from ecgview.cli import _each

if TYPE_CHECKING:
    from ecgview.formats import Row

NAME = "formats"
HELP = "list the file formats: what is read, what is written, and from where a format is known"


def register(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    _each.add_json(parser, "a JSON list on stdout")


def run(args: argparse.Namespace) -> int:
    """Print the table that Help > File formats shows."""
    from ecgview import formats

    rows = formats.table()
    if args.json:
        _each.print_json([asdict(row) for row in rows])
    else:
        print("\n".join(line for row in rows for line in _text(row)))
    return 0


def _text(row: "Row") -> Iterator[str]:
    done = "read and written" if row.write else "read" if row.read else "not read"
    yield f"{row.format} ({' '.join(row.extensions) or 'any name'}): {done}"
    if row.read:
        yield f"  known from: {row.known_from or 'not said'}; real files tried: {row.real_files or 'not said'}"
    if row.note:
        yield f"  {row.note}"
