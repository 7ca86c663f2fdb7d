"""JSON report: everything that the PDF says, for machines. NaN never appears; None does."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.labels.statements_shown import shown
from ecgview.models import context
from ecgview.record import EcgRecord
from ecgview.report.content import OnTrace, ReportContent
from ecgview.report.whole_file import whole_file
from ecgview.results import Prediction
from ecgview.review.judgement import Judgement
from ecgview.signal.criteria.criterion import Criterion
from ecgview.signal.judgement import judged
from ecgview.signal.measure import block
from ecgview.signal.measure.measured import Measured

NAME = "JSON report"
SUFFIX = ".json"
SCHEMA = 1


def write(content: ReportContent, path: Path) -> Path:
    """Write the report; ReportError if the file cannot be written. Nothing is left half-written."""
    path = Path(path)
    text = json.dumps(as_dict(content), ensure_ascii=False, indent=1, allow_nan=False)
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def as_dict(content: ReportContent) -> dict[str, Any]:
    """Return the report as plain values; the samples stay in their own file."""
    record = content.record
    return {
        "schema": SCHEMA,
        "notice": RESEARCH_USE_ONLY,
        "application": content.application,
        "created": content.created,
        "synthetic": record.synthetic,
        **({"what_if": record.what_if} if record.what_if else {}),  # no recording: see `limb_leads.as_if`
        "state": content.state,
        "confirmed": content.is_signed,  # by a research reader, as "state" says
        "identified": content.identified,
        "record": {
            "file": Path(record.source.path).name,
            "format": record.source.format,
            "sha256": record.source.sha256,
            "lead_names": list(record.lead_names),
            "missing_leads": list(record.missing_leads),
            "fs_hz": record.sampling_rate_hz,
            "duration_s": record.seconds,
            "patient": plain(record.patient),
            "acquisition": plain(content.acquisition),
            "notes": [plain(note) for note in content.notes],
        },
        "paper": plain(content.paper),
        "samples": samples(record),
        "block": _block(content),
        "measurements": [plain(item) for item in content.measurements],
        "why_unmeasured": content.why_unmeasured,
        "criteria": criteria_rows(content.criteria),
        "critical": [item.code for item in content.critical],
        "measured": _measured(content.measured),
        "pacing": _pacing(content),
        "device": _device(content),
        "read": plain(content.read),
        "later": content.later,
        "log_head": _log_head(content.signed_head),
        "judgements": [_judgement(one) for one in content.judgements],
        "prediction": _prediction(content.prediction),
        "lef": plain(content.lef),
        "on_trace": _on_trace(content.on_trace),
    }


def samples(record: EcgRecord) -> dict[str, Any]:
    """Return what the samples say to any model; notes of the file are told by themselves.

    `reason` is why none is asked about the record, "" where one may be; `faults` are such reasons by lead, for models
    that take the lead; `warnings` stand beside every answer.
    """
    found, noted = judged(record), {note.text for note in record.notes}
    return {
        "reason": found.reason,
        "faults": dict(found.faults),
        "warnings": [text for text in found.warnings if text not in noted],
    }


def _block(content: ReportContent) -> list[dict[str, Any]]:
    """Return what every cart prints first, as it is shown: names of the values, text, marks, why one is missing."""
    return [
        {
            "title": entry.title,
            "names": [one.name for one in entry.values],
            "text": entry.text,
            "marks": list(entry.marks),
            "why_not": entry.why,
        }
        for entry in block.of(content.measurements)
    ]


def _measured(found: Measured | None) -> dict[str, Any] | None:
    """Return how was measured: in which leads, by what, of how many beats, with whose edits; each lead's values."""
    if found is None:
        return None
    return {
        "leads": list(found.leads),
        "left_out": dict(found.left_out),
        "model": plain(found.model),
        "reason": found.reason,
        "warnings": list(found.warnings),
        "beats": dict(Counter(found.classes)),
        "beats_of_median": 0 if found.median is None else found.median.n_beats,
        "edits": plain(found.edits),
        "lead_measurements": [plain(item) for item in found.lead_values],
    }


def _on_trace(shown: OnTrace | None) -> dict[str, Any] | None:
    """Return the map on the trace with its numbers; in a study with shams only what is told of it."""
    if shown is None:
        return None
    return {
        "of": shown.of,
        "target": shown.target,
        "model": plain(shown.model),
        "legend": shown.overlay.legend,
        "verdict": shown.verdict,
        "doubt": shown.doubt,
        "map": plain(shown.attribution),
        "stamp": plain(shown.stamp),
    }


def _log_head(head: str) -> dict[str, Any] | None:
    """Return number and hash of the log's last entry, of a signed report, as `ecgview log verify --head` takes them."""
    if not head:
        return None
    number, _, digest = head.partition(":")
    return {"entry": int(number), "hash": digest}


def _judgement(one: Judgement) -> dict[str, Any]:
    """Return what a reader said of a model's reason; not whether it was a sham, which the reader may not know."""
    opinion, judged = one.opinion, plain(one.opinion.judged)
    told = {name: value for name, value in judged.items() if name not in ("shown", "shown_target", "stamp")}
    return {
        "verdict": opinion.verdict.value,
        "leads": list(opinion.leads),
        "start_s": opinion.start_s,
        "end_s": opinion.end_s,
        "text": opinion.text,
        "judged": told,
        "reader": one.reader,
        "read_number": one.read_number,
        "moment": plain(one.moment),
        "application": one.application,
    }


def _device(content: ReportContent) -> dict[str, Any] | None:
    """Return what the device or a reader before wrote into the file; None while the read is blind."""
    reading = content.record.device_reading
    if not (content.with_device or reading.is_computed):
        return None
    return {
        "measured_by": reading.whose,
        "measurements": plain(reading.measurements),
        "statements": plain(reading.statements) if content.with_device else [],
    }


def _pacing(content: ReportContent) -> dict[str, Any]:
    """Return what the samples show of pacing; the file's own words wait for the reveal."""
    found = context.pacing_of(content.record)
    return plain(found if content.with_device else replace(found, stated=""))  # type: ignore[no-any-return]


def _prediction(answer: Prediction | None) -> dict[str, Any] | None:
    """Return the classifier's answer with each statement's state, in the order of a report."""
    if answer is None:
        return None
    found = shown(answer)
    rows = [plain(item.score) | {"part": item.part, "status": item.status} for item in found.statements]
    whole: dict[str, Any] = plain(answer)
    return whole | {
        "analysed": answer.analysed,
        "scores": rows,
        "summary": found.summary,
        "contradictions": list(found.contradictions),
        "reference": found.reference,
        "not_judged": [item.score.code for item in found.not_judged],
    }


def criteria_rows(found: Iterable[Criterion]) -> list[dict[str, Any]]:
    """Return a row per criterion: all that it says, and its numbers in one line beside each by itself."""
    return [{**plain(one), "numbers": one.numbers} for one in found]


def plain(value: Any) -> Any:
    """Return dataclasses, enums, arrays, tuples and mappings as JSON's own types; NaN becomes None."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
