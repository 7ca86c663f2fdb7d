"""Measurements of a file."""

import argparse
import csv
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview import api
from ecgview.cli import _criteria, _each, _exposure, _output, _progress
from ecgview.counts import counted
from ecgview.errors import EcgviewError
from ecgview.signal import limb_leads
from ecgview.signal.measurements import NormalRange

if TYPE_CHECKING:
    from ecgview.signal.measure.measured import TEnd

NAME = "measure"
HELP = "rate, intervals, QTc, axes, amplitudes; P, QRS and T of every beat"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE..., --json and what is asked for beside."""
    _each.add_files(parser)
    parser.add_argument(
        "--delineation",
        action="store_true",
        help="also P, QRS and T of every beat, per lead and over all leads, as the experts of LUDB mark them",
    )
    parser.add_argument(
        "--t-end",
        choices=["tangent", "threshold", "network"],
        default="network",
        help="how the end of T is found for QT: by the tangent to its flank, where 15 %% of its height are left, or as "
        "experts mark it (default)",
    )
    parser.add_argument(
        "--as-if",
        metavar="ELECTRODES",
        choices=limb_leads.EXCHANGES,
        default="",
        help='what would be measured without an exchange: "right and left arm", "right arm and left leg" or "left arm '
        'and left leg"; the file is not changed',
    )
    parser.add_argument(
        "--csv",
        metavar="OUT.csv",
        type=_output.of_kind(".csv"),
        help="a row for each ECG of files and folders, on all cores; the same command goes on after a stop",
    )
    parser.add_argument(
        "--workers", type=_each.count, metavar="N", help="processes for --csv (default: all cores)"
    )
    _criteria.add_choice(parser)


def run(args: argparse.Namespace) -> int:
    """Print the measurements of each file, or write the table."""
    if args.csv is not None:
        return _table(args)
    work = partial(
        _work, delineated=args.delineation, t_end=args.t_end, as_if=args.as_if, choices=_criteria.chosen(args)
    )
    return _each.run(args, work, _lines, _is_measured)


def _is_measured(found: dict[str, Any]) -> bool:
    return found.get("heart_rate_bpm") is not None


def _table(args: argparse.Namespace) -> int:
    if args.as_if:
        raise EcgviewError("a table is of what was recorded", where="--as-if", expected="no --csv")
    for name in args.files:
        _output.keep_apart(args.csv, Path(name))
    with _progress.shown() as progress:
        found = api.measure_table(
            args.files,
            args.csv,
            t_end=args.t_end,
            choices=_criteria.chosen(args),
            workers=args.workers,
            progress=progress,
        )
    _exposure.log_measured(_manifest(args.csv), args.csv.name, as_run=True)
    if args.json:
        _each.print_json(found)
    else:
        rows = counted(found["n_rows"], "row")
        without = f"{found['n_not_measured']} not measured, {found['n_errors']} that cannot be read"
        print(f"{found['output']}: {rows}, {without}")
    return 1 if found["n_errors"] else 0


def _manifest(table: Path) -> Iterator[str]:
    """Yield the fingerprints of the records in a table; "" of a file that could not be read."""
    with open(table, encoding="utf-8", newline="") as file:
        yield from (row["sha256"] for row in csv.DictReader(file))


def _work(
    path: Path, delineated: bool, t_end: "TEnd", as_if: str, choices: Mapping[str, str]
) -> dict[str, Any]:
    from ecgview.report.json_report import criteria_rows, plain
    from ecgview.signal import criteria

    record = api.open_ecg(path)
    if as_if:
        record = api.as_if(record, as_if)
    found = criteria.ranged(api.measured(record, t_end=t_end), choices)
    _exposure.log_measured([record.source.sha256])
    named = {_KEYS[item.name]: item.value for item in found.values if item.name in _KEYS}
    rows = [plain(item) for item in (*found.values, *found.lead_values)]
    out: dict[str, Any] = {"path": str(path), **named, "measurements": rows}
    out |= {
        "reason": found.reason,
        "leads": list(found.leads),
        "leads_left_out": dict(found.left_out),
        "lead_notes": dict(found.lead_notes),
        "beat_classes": list(found.classes),
        "warnings": [*(note.text for note in record.notes if note.kind == "what-if"), *found.warnings],
        "model": plain(found.model),
        "trend": plain(found.trend),
    }
    out["criteria"] = criteria_rows(api.criteria(record, choices, measured_as=found))
    if delineated:
        from ecgview.report import delineation_json

        out["delineation"] = delineation_json.plain(found)
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
        if not item["lead"]:
            yield f"  {item['name']}: {_value(item)}"
    for note in found["warnings"]:
        yield f"  {note}"
    yield from _criteria.lines(found["criteria"])
    if "delineation" in found:
        yield from _delineation_lines(found["delineation"])


def _value(item: dict[str, Any]) -> str:
    """Return a value with its unit and source, its doubt, what is usual where it lies outside, and how T ends."""
    if item["value"] is None:
        return f"not measured ({item['note']})"
    said = [item["source"]]
    if item["confidence"] == "low":
        said.append("low confidence")
    usual = None if item["range"] is None else NormalRange(**item["range"])
    if usual is not None and (side := usual.side(item["value"])):
        said.append(f"{side} {usual.limit(side):g} ({usual.publication})")
    if item["name"] == "QT" or item["confidence"] == "low":
        said.append(item["note"])
    return f"{item['value']:g} {item['unit']}  [{'; '.join(part for part in said if part)}]"


def _delineation_lines(found: dict[str, Any]) -> Iterator[str]:
    if "reason" in found:
        yield f"  P, QRS, T: not delineated ({found['reason']})"
        return
    for name in ("P", "PR", "QRS", "QT"):
        value = found["global"][f"{name}_ms"]
        yield f"  {name}: {'none found' if value is None else f'{value:.0f} ms'}  [computed]"
    model = found["model"]
    if model is None:
        yield "  by rules"
        return
    yield f"  by {model['name']} {model['version']}, {model['calibrated']}; {model['training_data']}"
