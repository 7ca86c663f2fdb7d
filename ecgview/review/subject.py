"""Age and sex that a reader entered for a record whose file does not say them; kept in the log of the store."""

import json
from dataclasses import dataclass, replace

from ecgview.record import EcgRecord, ImportNote
from ecgview.review.store import Store

ACTION = "subject_entered"
SEXES = ("male", "female")
OLDEST_YEARS = 120.0


@dataclass(frozen=True, slots=True)
class Subject:
    """What was entered, and by whom; None and "" where that was left open."""

    age_years: float | None
    sex: str
    reader: str = ""


def enter(store: Store, record_sha256: str, subject: Subject) -> None:
    """Keep what a reader entered; StoreError if it cannot be kept. The newest entry of a record holds."""
    details = json.dumps({"age_years": subject.age_years, "sex": subject.sex}, allow_nan=False)
    store.log(record_sha256, subject.reader, ACTION, details)


def entered(store: Store, record_sha256: str) -> Subject | None:
    """Return what was entered last for a record, whoever did; None if nobody did."""
    for entry in reversed(store.audit(record_sha256)):
        if entry.action == ACTION:
            told = json.loads(entry.details)
            return Subject(told["age_years"], told["sex"], entry.reader)
    return None


def completed(store: Store, record: EcgRecord) -> EcgRecord:
    """Return a record with the age and sex that were entered, where its file says none, and a note by whom."""
    patient = record.patient
    if patient.age_years is not None and patient.sex:
        return record
    found = entered(store, record.source.sha256)
    if found is None:
        return record
    taken = []
    if patient.age_years is None and found.age_years is not None:
        patient = replace(patient, age_years=found.age_years)
        taken.append(f"age {found.age_years:g}")
    if not patient.sex and found.sex:
        patient = replace(patient, sex=found.sex)
        taken.append(f"sex {found.sex}")
    if not taken:
        return record
    note = ImportNote(
        "subjects", f"{', '.join(taken)} entered by {found.reader or 'a reader without a name'}"
    )
    return replace(record, patient=patient, notes=(*record.notes, note))
