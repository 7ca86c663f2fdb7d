"""Which statements can be made."""

import argparse
from dataclasses import asdict
from typing import Any

from ecgview.cli import _each

NAME = "labels"
HELP = "list the label sets, the shipped ones and your own, or the statements of one"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the set."""
    parser.add_argument("set", metavar="SET", nargs="?", default="", help="the statements of this set")
    _each.add_json(parser, "a JSON list of sets, or one set with its statements, on stdout")


def run(args: argparse.Namespace) -> int:
    """Print the sets, or one set's statements in the order of its file."""
    from ecgview.labels import label_set

    if args.set:
        chosen = label_set.load(args.set)
        if args.json:
            _each.print_json({**_facts(chosen.id), "statements": [asdict(one) for one in chosen.statements]})
        else:
            print(
                "\n".join("  ".join(filter(None, (s.code, s.english, s.chinese))) for s in chosen.statements)
            )
        return 0
    rows = [_facts(name) for name in label_set.available()]
    if args.json:
        _each.print_json(rows)
    else:
        print("\n".join(f"{row['id']} {row['version']}: {row['title']} ({row['count']})" for row in rows))
    return 0


def _facts(set_id: str) -> dict[str, Any]:
    from ecgview.labels import label_set

    found = label_set.load(set_id)
    names = ("id", "version", "title", "source", "licence", "note")
    return {**{name: getattr(found, name) for name in names}, "count": len(found)}
