"""The models that are here, and how others come here."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _each, _progress
from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard

NAME = "models"
HELP = "list, describe, fetch and import models"


def register(parser: argparse.ArgumentParser) -> None:
    """Add list, networks, info, get and import."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the models that are here")
    networks = actions.add_parser("networks", help="the networks that a model's card can name")
    described = actions.add_parser("info", help="the card of one model")
    described.add_argument("model", metavar="ID")
    fetched = actions.add_parser("get", help="fetch a published model from its public hub")
    fetched.add_argument("model", metavar="ID", help="ecgfounder")
    fetched.add_argument("--leads", type=int, default=12, choices=[12, 1])
    fetched.add_argument(
        "--sha256", default="", metavar="HEX", help="of the published file, where the card pins none"
    )
    fetched.add_argument("--revision", default="", metavar="HEX", help="the hub's commit, likewise")
    imported = actions.add_parser("import", help="take a checkpoint file in; code in it is never run")
    imported.add_argument("file", metavar="FILE", type=Path)
    imported.add_argument("--id", default="", help="name of the model (default: after the file)")
    imported.add_argument("--yes", action="store_true", help="take it in without the question (for scripts)")
    for sub in (listing, networks, described, fetched, imported):
        sub.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Do one of the five."""
    if args.action == "list":
        _show([_short(card) for card in api.list_models()], args.json, _row)
        for problem in cards.problems():
            print(f"left out: {problem}", file=sys.stderr)
        return 0
    if args.action == "networks":
        faults = api.network_faults()
        rows = [{"network": name, "fault": faults.get(name, "")} for name in api.list_networks()]
        _show(rows, args.json, _network)
        return 0
    if args.action == "info":
        card = api.model_card(args.model)
    elif args.action == "get":
        with _progress.shown() as progress:
            card = api.get_model(
                args.model, args.leads, progress=progress, sha256=args.sha256, revision=args.revision
            )
    else:
        with _progress.shown() as progress:
            accept = None if args.yes else _asked
            card = api.import_model(args.file, args.id, progress=progress, accept=accept)
    if args.json:
        _each.print_json(_whole(card))
    else:
        print("\n".join(_lines(card)))
    return 0


def _lines(card: ModelCard) -> Iterator[str]:
    """Yield what a card says, its figures as a line each under their headings."""
    from ecgview.models import card_figures

    for name, value in _whole(card).items():
        if name == "metrics":
            for told in card_figures.sections(card):
                yield f"{told.heading}:" + (f" {told.note}" if told.note else "")
                yield from (f"  {row}: {figure}" for row, figure in told.rows)
        elif value not in ("", None):
            yield f"{name}: {value}"


def _asked(card: ModelCard) -> bool:
    """Show what a model says of itself, and ask whether it is taken in; on stderr, so that --json stays JSON.

    Raises:
        ModelError: there is nobody to ask.
    """
    apart = ("here", "default", "card", "labels", "thresholds")
    print(file=sys.stderr)  # the line of the progress stays as it is
    for name, value in _told(card).items():
        if name not in apart and value not in ("", None, [], {}):
            print(f"{name}: {value}", file=sys.stderr)
    print(f"labels: {len(card.labels)}", file=sys.stderr)
    for label, cut in zip(card.labels, card.thresholds, strict=True):
        print(f"  {label}: {'no threshold' if cut is None else f'threshold {cut:g}'}", file=sys.stderr)
    if not sys.stdin or not sys.stdin.isatty():
        raise ModelError(
            "nobody is there to be asked", where=card.id, expected="--yes, after a look at its card"
        )
    print("Nothing of this was checked but that the weights fit. ", end="", file=sys.stderr)
    print("Take this model in? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _show(rows: list[dict[str, Any]], as_json: bool, line: Any) -> None:
    if as_json:
        _each.print_json(rows)
    else:
        print("\n".join(part for row in rows for part in line(row)))


def _short(card: ModelCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "kind": card.kind,
        "name": card.name,
        "version": card.version,
        "here": not card.weights or card.weights_path.is_file(),
        "default": card.is_default,
        "origin": card.facts.origin,
    }


def _row(row: dict[str, Any]) -> Iterator[str]:
    state = "" if row["here"] else "  (weights not here: ecgview models get or import)"
    state += "  (default)" if row["default"] else ""
    state += f"  ({row['origin']})" if row["origin"] else ""
    yield f"{row['id']:<18} {row['kind']:<12} {row['name']} {row['version']}{state}"


def _network(row: dict[str, Any]) -> Iterator[str]:
    yield row["network"] + (f"  (cannot be used: {row['fault']})" if row["fault"] else "")


def _whole(card: ModelCard) -> dict[str, Any]:
    from ecgview.explain import offered
    from ecgview.report.json_report import plain

    return _told(card) | {"maps": plain(offered.table_of(card))}


def _told(card: ModelCard) -> dict[str, Any]:
    """Return what a card says, in the order of its importance."""
    from ecgview.report.json_report import plain

    return _short(card) | {
        "sha256": card.sha256,
        "licence": card.licence,
        "source": card.source,
        "training_data": card.training_data,
        "calibrated": card.calibrated,
        "intended_use": card.intended_use,
        "out_of_scope": card.out_of_scope,
        "network": card.network,
        "labels": list(card.labels),
        "thresholds": list(card.thresholds),
        "threshold_rule": card.threshold_rule,
        "threshold_figures": plain(card.threshold_figures),
        "input": plain(card.input),
        "figures_of": card.figures_of,
        "figures_note": cards.figures_note(card),
        "metrics": plain(card.metrics),
        "notes": list(card.notes),
        "card": str(card.folder / "card.json"),
    }
