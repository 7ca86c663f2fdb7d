"""Ages that contradict birth dates: real exports hold such, and the stated age is what a reader saw."""

from ecgview.formats.kit.person import age_on
from ecgview.record import ImportNote, Patient


def age_note(patient: Patient, start: str) -> list[ImportNote]:
    """Return a note where the stated age is not what follows from the birth date."""
    from_birth = age_on(start, patient.birth_date)
    if from_birth is None or patient.age_years is None or abs(from_birth - patient.age_years) < 2:
        return []
    said = f"age {patient.age_years:g} stated and shown; {from_birth:g} from the birth date"
    return [ImportNote("header", said)]
