"""Measurements of a file."""

import argparse
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _criteria, _each

NAME = "measure"
HELP = "rate, intervals, QTc, axes, amplitudes; P, QRS and T of every beat"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE..., --json, --delineation and --criteria-choice."""
    _each.add_files(parser)
    parser.add_argument(
        "--delineation",
        action="store_true",
        help="also P, QRS and T of every beat, per lead and over all leads, and the intervals",
    )
    _criteria.add_choice(parser)


def run(args: argparse.Namespace) -> int:
    """Print the measurements of each file."""
    work = partial(_work, delineated=args.delineation, choices=_criteria.chosen(args))
    return _each.run(args, work, _lines, _is_measured)


def _is_measured(found: dict[str, Any]) -> bool:
    return found.get("heart_rate_bpm") is not None


def _work(path: Path, delineated: bool, choices: Mapping[str, str]) -> dict[str, Any]:
    from ecgview.report.json_report import criteria_rows, plain

    record = api.open_ecg(path)
    found = api.measured(record)
    named = {_KEYS[item.name]: item.value for item in found.values if item.name in _KEYS}
    rows = [plain(item) for item in (*found.values, *found.lead_values)]
    out: dict[str, Any] = {"path": str(path), **named, "measurements": rows}
    out["criteria"] = criteria_rows(api.criteria(record, choices, measured_as=found))
    if delineated:
        from ecgview.report import delineation_json

        out["delineation"] = delineation_json.plain(api.delineate(record))
    return out


_KEYS = {
    "Heart rate": "heart_rate_bpm",
    "RR mean": "rr_mean_ms",
    "RR min": "rr_min_ms",
    "RR max": "rr_max_ms",
}


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield found["path"]
    for item in found["measurements"]:
        if item["lead"]:
            continue
        value = (
            f"not measured ({item['note']})" if item["value"] is None else f"{item['value']:g} {item['unit']}"
        )
        yield f"  {item['name']}: {value}  [{item['source']}]"
    yield from _criteria.lines(found["criteria"])
    if "delineation" in found:
        yield from _delineation_lines(found["delineation"])


def _delineation_lines(found: dict[str, Any]) -> Iterator[str]:
    if "reason" in found:
        yield f"  P, QRS, T: not delineated ({found['reason']})"
        return
    for name in ("P", "PR", "QRS", "QT"):
        value = found["global"][f"{name}_ms"]
        yield f"  {name}: {'none found' if value is None else f'{value:.0f} ms'}  [computed]"
    for note in found["warnings"]:
        yield f"  {note}"
    model = found["model"]
    yield f"  by {model['name']} {model['version']}, {model['calibrated']}; {model['training_data']}"
