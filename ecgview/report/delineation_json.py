"""A delineation as plain values: seconds from the first sample, intervals in ms, what is not there left out."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ecgview.models.delineation import Delineation
from ecgview.signal.measure import intervals
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measure.waves import Kind, Wave

_PEAKS: Mapping[Kind, str] = {"P": "P_peak_s", "QRS": "R_peak_s", "T": "T_peak_s"}


def plain(found: Delineation | Measured) -> dict[str, Any]:
    """Return beats, intervals over all leads, fiducial points per lead and over all leads, and where they come from."""
    whole = intervals.of(found.beats)
    made: dict[str, Any] = {
        "beats_s": [_seconds(beat.time_s) for beat in found.beats],
        "global": {
            "P_ms": _ms(whole.p_ms),
            "PR_ms": _ms(whole.pr_ms),
            "QRS_ms": _ms(whole.qrs_ms),
            "QT_ms": _ms(whole.qt_ms),
            "HR_bpm": _ms(whole.rate_bpm),
        },
        "fiducials": {
            lead: [_points(beat.leads[lead]) for beat in found.beats if lead in beat.leads]
            for lead in found.leads
        },
        "global_fiducials": [_points(beat.overall) for beat in found.beats],
        "leads_left_out": dict(found.left_out),
        "warnings": list(found.warnings),
        "model": None if found.model is None else asdict(found.model),
    }
    return made | ({"reason": found.reason} if found.reason else {})


def _points(own: Mapping[Kind, Wave | None] | Mapping[Kind, Wave]) -> dict[str, float]:
    out = {}
    for kind, wave in own.items():
        if wave is not None:
            out[f"{kind}_on_s"] = _seconds(wave.onset_s)
            out[_PEAKS[kind]] = _seconds(wave.peak_s)
            out[f"{kind}_off_s"] = _seconds(wave.offset_s)
    return out


def _seconds(value: float) -> float:
    return round(value, 4)


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
