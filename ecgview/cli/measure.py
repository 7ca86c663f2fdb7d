"""Measurements of a file."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _each

NAME = "measure"
HELP = "heart rate and RR intervals"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE... and --json."""
    _each.add_files(parser)


def run(args: argparse.Namespace) -> int:
    """Print the measurements of each file."""
    return _each.run(args, _work, _lines)


def _work(path: Path) -> dict[str, Any]:
    from ecgview.report.json_report import plain

    found = api.measure(path)
    named = {_KEYS[item.name]: item.value for item in found if item.name in _KEYS}
    return {"path": str(path), **named, "measurements": [plain(item) for item in found]}


_KEYS = {
    "Heart rate": "heart_rate_bpm",
    "RR mean": "rr_mean_ms",
    "RR min": "rr_min_ms",
    "RR max": "rr_max_ms",
}


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield found["path"]
    for item in found["measurements"]:
        value = (
            f"not measured ({item['note']})" if item["value"] is None else f"{item['value']:g} {item['unit']}"
        )
        yield f"  {item['name']}: {value}  [{item['source']}]"
