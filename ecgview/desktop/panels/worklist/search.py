"""What the filter of the worklist looks through: one text per record, and the words of a query."""

from __future__ import annotations

import os

from ecgview.counts import counted
from ecgview.desktop.panels.worklist.words import is_synthetic, state_words
from ecgview.desktop.state.worklist import WorklistItem

HINT = (
    "Every word must be found: in the record's number, the file's name once that is shown, the patient's name or ID,"
    " sex, age, date, format, number of leads, or how far the reading is.\n"
    "One field alone: record:7  sex:f  age:63  leads:8  date:2021-03  format:scp"
)
_WHOLE = frozenset(("male", "female", "m", "f"))  # "male" is a part of "female", "m" of half the words


def searched(item: WorklistItem) -> str:
    """Return what is known of a record as one text in small letters, each field with its name before it."""
    file, mark, member = str(item.path).partition("#")
    parts = ["", item.name, f"{os.path.basename(file)}{mark}{member}", state_words(item)]
    if (got := item.summary) is not None:
        patient = got.patient
        parts += [patient.name, patient.patient_id, f"format:{got.format}", f"date:{got.start_time[:10]}"]
        if patient.sex:
            parts += [f"sex:{patient.sex}", f"sex:{patient.sex[0]}"]
        if patient.age_years is not None:
            parts.append(f"age:{patient.age_years:.0f}")
        if got.n_leads is not None:
            parts.append(f"leads:{got.n_leads} {got.n_leads}-lead {counted(got.n_leads, 'lead')}")
    if is_synthetic(item):
        parts.append("synthetic")
    if item.problem:
        parts.append("cannot be read")
    return " ".join([*parts, ""]).casefold()


def words(text: str) -> tuple[str, ...]:
    """Return the words of a query as `matches` takes them."""
    found = text.casefold().split()
    return tuple(f":{word} " if word in _WHOLE else _field(word) for word in found)


def matches(text: str, wanted: tuple[str, ...]) -> bool:
    """Return whether a record's text holds every word."""
    return all(word in text for word in wanted)


def _field(word: str) -> str:
    """Let a number after a field's name stand for itself: age:6 is not 63."""
    name, mark, value = word.partition(":")
    return f"{word} " if mark and name in ("age", "leads", "record", "sex") and value else word
