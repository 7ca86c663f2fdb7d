"""What a row of the worklist says, in words."""

from __future__ import annotations

from ecgview.counts import counted
from ecgview.desktop.state.worklist import WorklistItem


def who(item: WorklistItem) -> str:
    """Return the patient's name or id (where it says more than the file's name), sex and age."""
    if item.summary is None:
        return ""
    patient = item.summary.patient
    sex = {"male": "M", "female": "F"}.get(patient.sex, "")
    age = "" if patient.age_years is None else f"{patient.age_years:.0f}"
    about = " ".join(part for part in (sex, age) if part)
    named = patient.name or patient.patient_id
    return ", ".join(part for part in ("" if named == item.name else named, about) if part)


def what(item: WorklistItem) -> str:
    """Return length, sampling rate, and the number of leads where it is not twelve."""
    if item.problem:
        return "cannot be read"
    got = item.summary
    if got is None:
        return "…"
    length = "" if got.duration_s is None else _length(got.duration_s)
    rate = "" if got.fs_hz is None else f"{got.fs_hz:g} Hz"
    leads = "" if got.n_leads is None or got.n_leads == 12 else counted(got.n_leads, "lead")
    return " · ".join(part for part in (length, rate, leads) if part)


def state_words(item: WorklistItem) -> str:
    """Return how far the reading is: "new", "in reading", "read", "confirmed", "amended"."""
    return (item.state or "new").replace("_", " ")


def is_synthetic(item: WorklistItem) -> bool:
    """Return whether the record is known to be synthetic."""
    return item.summary is not None and item.summary.synthetic


def sentence(item: WorklistItem) -> str:
    """Return the row in words, for tooltips and screen readers."""
    synthetic = "synthetic" if is_synthetic(item) else ""
    path = str(item.path)
    where = "" if path == item.name else path  # a closed row has none
    lines = (item.name, who(item), what(item), synthetic, state_words(item), item.problem, where)
    return "\n".join(line for line in lines if line)


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s" if abs(seconds - round(seconds)) < 0.05 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
