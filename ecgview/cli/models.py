"""The models that are here, and how others come here."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _each, _progress
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
    imported = actions.add_parser("import", help="take a checkpoint file in; code in it is never run")
    imported.add_argument("file", metavar="FILE", type=Path)
    imported.add_argument("--id", default="", help="name of the model (default: after the file)")
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
            card = api.get_model(args.model, args.leads, progress=progress)
    else:
        with _progress.shown() as progress:
            card = api.import_model(args.file, args.id, progress=progress)
    if args.json:
        _each.print_json(_whole(card))
    else:
        print(
            "\n".join(f"{name}: {value}" for name, value in _whole(card).items() if value not in ("", None))
        )
    return 0


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
        "metrics": plain(card.metrics),
        "maps": plain(offered.table_of(card)),
        "notes": list(card.notes),
        "card": str(card.folder / "card.json"),
    }
