"""What is in a file."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _each, _exposure
from ecgview.counts import counted

NAME = "info"
HELP = "format, leads, rate, duration, patient, acquisition and warnings of ECG files"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE..., --whole and --json."""
    _each.add_files(parser)
    parser.add_argument(
        "--whole",
        action="store_true",
        help="read all samples of a long recording, too, for its checksum and for warnings of all of it; otherwise the "
        "first 10 s are looked at",
    )


def run(args: argparse.Namespace) -> int:
    """Print what is in each file."""

    def work(path: Path) -> dict[str, Any]:
        found = api.info(path, whole=args.whole)
        device = found.get("device")  # an archive's list of members has none
        if device and not device["computed"] and (device["measurements"] or device["statements"]):
            if found["sha256"] is None:  # the log names a record by its checksum
                found = api.info(path, whole=True)
            _exposure.log("device_text", [found["sha256"]])
        return found

    return _each.run(args, work, _lines)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    if "members" in found:
        yield f"{found['path']}  (archive of {counted(len(found['members']), 'record')})"
        yield from (f"  {one}" for one in found["members"])
        return
    who = found["patient"]
    age = counted(f"{who['age_years']:g}", "year") if who["age_years"] is not None else "age unknown"
    yield f"{found['path']}  ({found['format']}{', synthetic' if found['synthetic'] else ''})"
    yield f"  {counted(found['n_leads'], 'lead')}: {' '.join(found['lead_names'])}"
    yield f"  {found['duration_s']:g} s at {found['fs_hz']:g} Hz"
    yield f"  patient {who['patient_id'] or 'without ID'}, {who['sex'] or 'sex unknown'}, {age}"
    recorded, filters = found["acquisition"], []
    for name, sign in (("highpass_hz", "high-pass"), ("lowpass_hz", "low-pass"), ("notch_hz", "notch")):
        filters += [f"{sign} {recorded[name]:g} Hz"] if recorded[name] is not None else []
    about = [recorded["start_time"], recorded["device"], *filters]
    if any(about):
        yield f"  recorded {', '.join(part for part in about if part)}"
    yield from _device(found["device"])
    if found["missing_leads"]:
        yield f"  not recorded: {' '.join(found['missing_leads'])}"
    for note in found["warnings"]:
        yield f"  {note['kind']}: {note['text']}"
    yield from _samples(found["samples"])


def _samples(seen: dict[str, Any]) -> Iterator[str]:
    """Yield what the samples say to any model: why none answers, or what stands beside its answers."""
    if seen["reason"]:
        yield f"  no model is asked about this record: {seen['reason']}"
    for lead, fault in seen["faults"].items():
        yield f"  no model is asked that takes lead {lead}: {fault}"
    yield from (f"  samples: {text}" for text in seen["warnings"])


def _whose(written: dict[str, Any], what: str) -> str:
    """Return "the device's measurements", or "measurements of ecgview 0.1.0, in the file"."""
    by = written["measured_by"]
    return f"{what} {by}" if written["ecgview"] else f"{by} {what}"


def _device(written: dict[str, Any]) -> Iterator[str]:
    """Yield what stands in the file already, always with who wrote it."""
    overall = [one for one in written["measurements"] if not one["lead"]]
    if overall:
        values = ", ".join(f"{one['name']} {one['value']:g} {one['unit']}" for one in overall)
        yield f"  {_whose(written, 'measurements')}: {values}"
    for statement in written["statements"]:
        who = "file" if written["ecgview"] else "device"
        who = who if statement["by"] == "machine" else statement["by"]
        yield f"  statement of the {who}: {statement['text']}"
    if written["median_beat_leads"]:
        yield f"  {_whose(written, 'median beat')}: {counted(len(written['median_beat_leads']), 'lead')}"
