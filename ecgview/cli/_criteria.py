"""Criteria on the command line: which definitions were asked for, and how the answers are printed."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecgview.errors import EcgviewError

Row = Mapping[str, Any]  # a criterion as plain values


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add --criteria-choice."""
    parser.add_argument(
        "--criteria-choice",
        metavar="CODE=NAME",
        action="append",
        default=[],
        help="the definition of a criterion, as CLBBB=AHA or SBRAD=50; may be given several times",
    )


def chosen(args: argparse.Namespace) -> dict[str, str]:
    """Return the definitions that were asked for, by the codes of criteria.

    Raises:
        EcgviewError: not CODE=NAME, or there is no such criterion or definition.
    """
    from ecgview.signal import criteria

    found = {}
    for text in args.criteria_choice:
        code, is_there, name = text.partition("=")
        if not is_there:
            raise EcgviewError(f"{text!r} is no choice", where="--criteria-choice", expected="CODE=NAME")
        found[code.strip()] = name.strip()
    return criteria.check_choices(found)


def lines(found: Sequence[Row]) -> Iterator[str]:
    """Yield what is met, group by group with its numbers, and what could not be measured by its reason."""
    group = ""
    for one in found:
        if one["state"] != "met":
            continue
        if one["group"] != group:
            group = one["group"]
            yield f"  {group}"
        name = f"{one['name']} ({one['choice']})" if one["choice"] else one["name"]
        doubt = "" if one["validated"] else "; shown, not validated"
        yield f"    met: {name} [{one['code']}]: {one['numbers']}{doubt}"
        if one["reason"]:
            yield f"      {one['reason']}"
    without = _by_reason(found)
    if without:
        yield "  Not measurable"
    for reason, codes in without.items():
        yield f"    {', '.join(codes)}: {reason}"


def _by_reason(found: Sequence[Row]) -> Mapping[str, list[str]]:
    made: dict[str, list[str]] = {}
    for one in found:
        if one["state"] == "not measurable":
            made.setdefault(one["reason"], []).append(one["code"])
    return made
