"""Published criteria with their definitions, publications and prerequisites."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ecgview.cli import _each
from ecgview.signal import criteria
from ecgview.signal.criteria.rule import Rule

NAME = "criteria"
HELP = "published criteria: codes, definitions to choose from, publications, prerequisites"


def register(parser: argparse.ArgumentParser) -> None:
    """Add --json and --markdown."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="a JSON list on stdout")
    how.add_argument("--markdown", action="store_true", help="as in docs/criteria.md")


def run(args: argparse.Namespace) -> int:
    """Print every criterion."""
    if args.json:
        _each.print_json([_plain(rule) for rule in criteria.rules()])
        return 0
    print("\n".join(markdown() if args.markdown else _lines()))
    return 0


def markdown() -> Iterator[str]:
    """Yield the lines of the list in docs/criteria.md."""
    group = ""
    for rule in criteria.rules():
        if rule.group != group:
            group = rule.group
            yield from (f"## {group}", "")
        yield from (f"### {rule.code}: {rule.name}", "")
        marks = [
            "Must not be missed: heads page 1 where it is met." if rule.critical else "",
            "" if rule.validated else "Shown, not validated.",
        ]
        yield from (f"{mark}\n" for mark in marks if mark)
        for one in rule.definitions:
            name = f"**{one.name}** " if one.name else ""
            default = " (the default)" if one.name and one is rule.definitions[0] else ""
            yield f"* {name}{one.words}{default}  "
            yield f"  {one.publication}"
        if rule.needs:
            yield f"* Asked of: {rule.needs}"
        if rule.statements:
            yield f"* Compared with PTB-XL's {', '.join(rule.statements)}"
        yield ""


def _lines() -> Iterator[str]:
    group = ""
    for rule in criteria.rules():
        if rule.group != group:
            group = rule.group
            yield group
        yield f"  {rule.code}: {rule.name}"
        for one in rule.definitions:
            choice = f"{rule.code}={one.name}: " if one.name else ""
            yield f"    {choice}{one.words}"
            yield f"      {one.publication}"
        if rule.needs:
            yield f"    Asked of: {rule.needs}"


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "group": rule.group,
        "definitions": [asdict(one) for one in rule.definitions],
        "needs": rule.needs,
        "critical": rule.critical,
        "validated": rule.validated,
        "statements": list(rule.statements),
    }
