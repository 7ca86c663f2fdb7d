"""What is usual, by age and sex, with where it was published. Children have ranges of QRS duration only.

P from the first lead to the last is longer than P of lead II, whose limit is published: it has no range. Limits of
children's rates, axes and amplitudes change with months of age: their tables (Davignon 1980, Rijnbeek 2001)
are not repeated here, and nothing is said where there is no range.
"""

from collections.abc import Callable, Mapping

from ecgview.record import Patient
from ecgview.signal.measurements import NormalRange

ADULT = 18.0
AHA_III = "AHA/ACCF/HRS 2009, Part III (Surawicz et al.)"
AHA_IV = "AHA/ACCF/HRS 2009, Part IV (Rautaharju et al.)"
BRADYCARDIA = "ACC/AHA/HRS 2018, bradycardia and conduction delay (Kusumoto et al.)"
TACHYCARDIA = "ACC/AHA/HRS 2015, supraventricular tachycardia (Page et al.)"
WHO = "WHO/ISFC Task Force 1985 (Willems et al.)"
# The lower limit of Part IV is above the QTc of many healthy people, men above all; short QT begins here by the ESC.
SHORT_QT_MS = 360.0
SLOWEST_BPM = 60.0  # the usual limit; the guideline names 50 as well, and the reader may choose it


def of(name: str, patient: Patient) -> NormalRange | None:
    """Return the range of a value for a patient; None where none is known for it, or for the age."""
    make = _RANGES.get(name)
    return None if make is None else make(patient)


def _adult(patient: Patient) -> str:
    """Return whom an adult's range holds for, "" for a child; without an age an adult is taken."""
    if patient.age_years is None:
        return f"{ADULT:.0f} and over (age not known)"
    return f"{ADULT:.0f} and over" if patient.age_years >= ADULT else ""


def _adults(
    low: float | None, high: float | None, publication: str
) -> Callable[[Patient], NormalRange | None]:
    def make(patient: Patient) -> NormalRange | None:
        whom = _adult(patient)
        return NormalRange(low, high, publication, whom) if whom else None

    return make


def _qrs(patient: Patient) -> NormalRange | None:
    age = patient.age_years
    if age is not None and age < 4:
        return NormalRange(None, 89, AHA_III, "under 4")
    if age is not None and age < 16:
        return NormalRange(None, 99, AHA_III, "4 to 15")
    return NormalRange(None, 110, AHA_III, "16 and over" + (" (age not known)" if age is None else ""))


def _qtc(patient: Patient) -> NormalRange | None:
    whom = _adult(patient)
    if not whom:
        return None
    if patient.sex == "female":
        return NormalRange(391, 459, AHA_IV, f"women of {whom}", SHORT_QT_MS)
    if patient.sex == "male":
        return NormalRange(391, 449, AHA_IV, f"men of {whom}", SHORT_QT_MS)
    return NormalRange(391, 449, AHA_IV, f"men of {whom}; up to 459 in women (sex not known)", SHORT_QT_MS)


_RANGES: Mapping[str, Callable[[Patient], NormalRange | None]] = {
    "Heart rate": _adults(SLOWEST_BPM, 100, f"{BRADYCARDIA}, names 60 and 50; {TACHYCARDIA}"),
    "PR": _adults(120, 200, f"{WHO}; {BRADYCARDIA}"),
    "QRS duration": _qrs,
    **dict.fromkeys(("QTcF", "QTcB", "QTcFra", "QTcH"), _qtc),
    "QRS axis": _adults(-30, 90, AHA_III),
}
