"""What is in a file."""

import argparse
from collections.abc import Iterator
from typing import Any

from ecgview import api
from ecgview.cli import _each

NAME = "info"
HELP = "format, leads, rate, duration, patient, acquisition and warnings of ECG files"


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE... and --json."""
    _each.add_files(parser)


def run(args: argparse.Namespace) -> int:
    """Print what is in each file."""
    return _each.run(args, api.info, _lines)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    who = found["patient"]
    age = f"{who['age_years']:g} years" if who["age_years"] is not None else "age unknown"
    yield f"{found['path']}  ({found['format']}{', synthetic' if found['synthetic'] else ''})"
    yield f"  {found['n_leads']} leads: {' '.join(found['lead_names'])}"
    yield f"  {found['duration_s']:g} s at {found['fs_hz']:g} Hz"
    yield f"  patient {who['patient_id'] or 'without ID'}, {who['sex'] or 'sex unknown'}, {age}"
    if found["missing_leads"]:
        yield f"  not recorded: {' '.join(found['missing_leads'])}"
    for note in found["warnings"]:
        yield f"  {note['kind']}: {note['text']}"
