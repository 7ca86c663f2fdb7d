"""Measurements of whole folders: a CSV row for each ECG, in parts that survive a kill, on all cores.

How they are measured is fixed before the first record is read (`parts`, as `archive` does for scores).
"""

import csv
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, get_args

from ecgview import csv_cells, formats
from ecgview.about import VERSION
from ecgview.errors import EcgviewError, ReportError
from ecgview.models import measuring, parts
from ecgview.progress import Counted, Progress, silent
from ecgview.signal import criteria
from ecgview.signal.criteria.criterion import Asked
from ecgview.signal.measure.measured import BeatClass, Measured, TEnd

PART_FILES = 32
VALUES = (  # name, unit
    ("Heart rate", "bpm"),
    *((name, "ms") for name in ("RR mean", "RR min", "RR max")),
    ("RR irregularity", "%"),
    ("Atrial rate", "bpm"),
    ("Pacemaker stimuli", "seen"),
    *((name, "ms") for name in ("P duration", "PR", "QRS duration", "QT", "QTcF", "QTcB", "QTcFra", "QTcH")),
    *((name, "ms") for name in ("JT", "JTc", "QTm")),
    *((name, "deg") for name in ("P axis", "QRS axis", "T axis", "QRS-T angle", "QRS-T angle, spatial")),
    *((name, "mV") for name in ("RV5", "SV1", "RV5+SV1")),
    *((f"{name}, extreme lead", "ms") for name in ("P duration", "PR", "QRS duration", "QT")),
    *((f"QT, {how}", "ms") for how in ("tangent", "threshold")),
)
ABOUT = ("path", "sha256", "format", "n_leads", "sampling_rate_hz", "seconds", "age_years", "sex")
TOLD = ("low_confidence", "criteria_met", "found_by", "leads_left_out", "warnings", "not_measured", "error")


def column(name: str, unit: str) -> str:
    """Return the name of a value's column: "QRS duration" in ms is qrs_duration_ms."""
    words = name.lower().replace("+", "_").replace(", ", "_").replace("-", "_").replace(" ", "_")
    return f"{words}_{unit}" if unit in ("ms", "bpm", "deg") else f"{words}_mv" if unit == "mV" else words


COLUMNS = (
    *ABOUT,
    *(column(name, unit) for name, unit in VALUES),
    "n_beats",
    *(f"n_{kind}" for kind in get_args(BeatClass)),
    *TOLD,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(parts.PlanOfParts):
    """What is measured and how."""

    SUFFIX: ClassVar[str] = ".csv"

    sources: tuple[str, ...]
    t_end: str
    choices: tuple[tuple[str, str], ...]
    version: str


def write(
    sources: Sequence[str | Path],
    out: Path,
    t_end: TEnd = "network",
    choices: Mapping[str, str] | None = None,
    *,
    per_part: int = PART_FILES,
    workers: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write one row for each ECG of the sources, and return the table's counts; resumed if it was begun.

    Args:
        sources: files, folders, patterns or archives; what cannot be read becomes a row that says why.
        out: the table; `OUT.parts/` beside it holds the finished parts meanwhile.
        t_end: how the end of T is found for QT.
        choices: definitions of criteria by their codes.
        per_part: files of a part; a kill loses at most one part's work.
        workers: processes of one thread; one for each core when None.
        progress: told per part; may cancel, and then the next call goes on.

    Raises:
        FormatError: a source does not exist.
        ReportError: there are no ECG files, another table was begun here, or it cannot be written.
    """
    plan = _plan(sources, out, t_end, dict(choices or {}), per_part)
    todo = [number for number in range(plan.count) if not plan.path(number).exists()]
    done = len(plan.files) - sum(len(plan.part(number)) for number in todo)
    try:
        for number in parts.here(workers)(measure_part, plan, todo):
            done += len(plan.part(number))
            progress(Counted(done, len(plan.files), "ECGs"), "measuring")
        return _joined(plan, out)
    except OSError as error:
        raise ReportError(f"the table cannot be written ({error.strerror})", where=str(out)) from None


def measure_part(plan: Plan, number: int) -> None:
    """Measure the files of one part and put its rows in place, whole or not at all."""
    target = plan.path(number)
    draft = parts.draft_of(target)
    with open(draft, "w", encoding="utf-8", newline="") as file:
        table = csv_cells.Writer(file, COLUMNS)
        for path in plan.part(number):
            table.writerow(_row(path, plan))
    os.replace(draft, target)


def _row(path: str, plan: Plan) -> dict[str, Any]:
    try:
        record = formats.read(path)
        t_end: TEnd = plan.t_end  # type: ignore[assignment]  # written by `_plan`
        found = measuring.measured(record, t_end=t_end)
        met = criteria.judge(Asked(record, found, record.patient, dict(plan.choices)))
    except EcgviewError as error:
        return {"path": path, "error": str(error)}
    patient = record.patient
    return {
        "path": path,
        "sha256": record.source.sha256,
        "format": record.source.format,
        "n_leads": len(record.lead_names),
        "sampling_rate_hz": f"{record.sampling_rate_hz:g}",
        "seconds": f"{record.seconds:g}",
        "age_years": "" if patient.age_years is None else f"{patient.age_years:g}",
        "sex": patient.sex,
        **_values(found),
        "criteria_met": "; ".join(one.code for one in met if one.state == "met" and one.validated),
    }


def _values(found: Measured) -> dict[str, Any]:
    rows = {one.name: one for one in found.values}
    made: dict[str, Any] = {}
    for name, unit in VALUES:
        one = rows.get(name)
        made[column(name, unit)] = "" if one is None or one.value is None else f"{one.value:g}"
    made["n_beats"] = len(found.beats)
    for kind in get_args(BeatClass):
        made[f"n_{kind}"] = found.classes.count(kind)
    low = [one.name for one in found.values if one.confidence == "low"]
    by = (
        ""
        if found.reason
        else "rules"
        if found.model is None
        else f"{found.model.model_id} {found.model.version}"
    )
    return made | {
        "low_confidence": "; ".join(low),
        "found_by": by,
        "leads_left_out": "; ".join(f"{lead}: {why}" for lead, why in found.left_out.items()),
        "warnings": "; ".join(found.warnings),
        "not_measured": found.reason,
    }


def _plan(
    sources: Sequence[str | Path], out: Path, t_end: TEnd, choices: Mapping[str, str], per_part: int
) -> Plan:
    """Return the plan that was begun here, after checking that it is this one, or a new one."""
    wanted: dict[str, Any] = {
        "sources": tuple(str(Path(one).resolve()) for one in sources),
        "t_end": t_end,
        "choices": tuple(sorted(choices.items())),
        "version": VERSION,
    }
    plan = parts.begun(out, partial(_read, parts.folder(out)), wanted, ReportError)
    if plan is not None:
        return plan
    files = tuple(str(path) for path in formats.list_records(list(sources)))
    if not files:
        raise ReportError("there are no ECG files", where=", ".join(map(str, sources)))
    plan = Plan(**wanted, parts=str(parts.folder(out)), files=files, per_part=per_part)
    try:
        parts.begin(plan)
    except OSError as error:
        raise ReportError(f"the table cannot be written ({error.strerror})", where=str(out)) from None
    return plan


def _read(folder: Path, raw: dict[str, Any]) -> Plan:
    return Plan(
        parts=str(folder),
        sources=tuple(raw["sources"]),
        files=tuple(raw["files"]),
        per_part=int(raw["per_part"]),
        t_end=raw["t_end"],
        choices=tuple((str(code), str(name)) for code, name in raw["choices"]),
        version=raw["version"],
    )


def _joined(plan: Plan, out: Path) -> dict[str, Any]:
    """Put the parts together under their header, remove them, and return the counts."""
    draft = out.with_name(out.name + ".part")
    counts = {"n_rows": 0, "n_not_measured": 0, "n_errors": 0}
    with open(draft, "w", encoding="utf-8", newline="") as file:
        table = csv_cells.Writer(file, COLUMNS)
        table.writeheader()
        for number in range(plan.count):
            with open(plan.path(number), encoding="utf-8", newline="") as part:
                for row in csv.DictReader(part, COLUMNS):
                    table.writerow(row)
                    counts["n_rows"] += 1
                    counts["n_not_measured"] += bool(row["not_measured"])
                    counts["n_errors"] += bool(row["error"])
    os.replace(draft, out)
    shutil.rmtree(plan.parts)
    return {"output": str(out), **counts}
