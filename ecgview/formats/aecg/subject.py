"""Who was recorded, when, by which device and through which filters, as an HL7 annotated ECG says it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ecgview.formats.aecg.series import code, number_of
from ecgview.formats.aecg.time import iso
from ecgview.formats.kit.metadata import Told, told
from ecgview.formats.kit.person import age_in_years, age_on, full_name
from ecgview.formats.kit.xml import every, find, text
from ecgview.record import Acquisition, Patient

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SUBJECT = "componentOf/timepointEvent/componentOf/subjectAssignment/subject/trialSubject"
REPORTED_AGE = "21612-7"  # LOINC
LOW_PASS, HIGH_PASS, NOTCH = (
    f"MDC_ECG_CTL_VBL_ATTR_FILTER_{kind}" for kind in ("LOW_PASS", "HIGH_PASS", "NOTCH")
)
_SEX = {"m": "male", "male": "male", "\u7537": "male", "f": "female", "female": "female", "\u5973": "female"}
_AGE = {
    "a": "years",
    "yr": "years",
    "year": "years",
    "y": "years",
    "mo": "months",
    "wk": "weeks",
    "d": "days",
    "h": "hours",
}


def patient_of(root: "Element", lines: Told, used: list["Element"]) -> Patient:
    """Return who was recorded; `used` gains the elements that were understood.

    Args:
        root: of the file.
        lines: what ecgview's lines in the file say: they fill what is empty, and no age is computed beside them.
        used: is appended to.
    """
    subject = find(root, SUBJECT)
    stated = _stated_age(root, used)
    if subject is None:
        return replace(lines.patient, age_years=stated)
    person = find(subject, "subjectDemographicPerson")
    number = find(subject, "id")
    known = {key: find(person, key) if person is not None else None for key in ("name", "birthTime")}
    sex = find(person, "administrativeGenderCode") if person is not None else None
    birth_date = _attribute(known["birthTime"], "value")
    birth_date = iso(birth_date[:8])
    sex_said = _attribute(sex, "code") or _attribute(sex, "displayName") or text(sex)
    for element, understood in (
        (number, True),
        (known["name"], True),
        (known["birthTime"], birth_date),
        (sex, sex_said),
    ):
        if element is not None and understood:
            used.append(element)
    if stated is None and not lines.found:
        stated = age_on(_recorded(root), birth_date)
    return Patient(
        _attribute(number, "extension") or _attribute(number, "root"),
        _name(known["name"]),
        _SEX.get(sex_said.lower(), "") or lines.patient.sex,
        stated,
        birth_date or lines.patient.birth_date,
    )


def start_of(root: "Element", rhythm: "Element", used: list["Element"]) -> str:
    """Return when the series began, ISO 8601 with its zone where there is one."""
    head = next(every(rhythm, "component/sequenceSet/component/sequence/value/head"), None)
    places = [(rhythm, "effectiveTime/low"), (rhythm, "effectiveTime/center"), (rhythm, "effectiveTime")]
    found = [find(element, path) for element, path in places]
    found += [head] + [find(root, f"effectiveTime/{key}") for key in ("low", "center")]
    for element in found:
        moment = iso(_attribute(element, "value"))
        if moment and element is not None:
            used.append(element)
            return moment
    return ""


def acquisition_of(
    root: "Element", rhythm: "Element", step_uv: float | None, used: list["Element"]
) -> Acquisition:
    """Return what is known of the recording but its other fields; `used` gains the elements that were understood."""
    author = find(rhythm, "author/seriesAuthor")
    parts = []
    for key in ("manufacturerOrganization/name", "manufacturedSeriesDevice/manufacturerModelName"):
        element = find(author, key) if author is not None else None
        if element is not None and text(element):
            parts.append(" ".join(text(element).split()))
            used.append(element)
    return Acquisition(
        start_of(root, rhythm, used),
        " ".join(parts),
        _filter(rhythm, HIGH_PASS),
        _filter(rhythm, LOW_PASS),
        _filter(rhythm, NOTCH),
        step_uv=step_uv,
    )


def is_synthetic(root: "Element") -> bool:
    """Return whether the file says that no patient was recorded: in its text or its device's name."""
    said = list(told(text(root, "text").splitlines()).rest)
    said.append(
        text(root, "component/series/author/seriesAuthor/manufacturedSeriesDevice/manufacturerModelName")
    )
    return any("synthetic" in one.lower() for one in said)


def _attribute(element: "Element | None", key: str) -> str:
    return element.get(key, "").strip() if element is not None else ""


def _name(element: "Element | None") -> str:
    if element is None:
        return ""
    parts = {
        key: " ".join(text(one) for one in every(element, key) if text(one)) for key in ("family", "given")
    }
    return full_name(parts["family"], parts["given"]) or " ".join(text(element).split())


def _recorded(root: "Element") -> str:
    for key in ("effectiveTime/low", "effectiveTime/center", "component/series/effectiveTime/low"):
        moment = iso(_attribute(find(root, key), "value"))
        if moment:
            return moment
    return ""


def _stated_age(root: "Element", used: list["Element"]) -> float | None:
    for observation in every(root, "controlVariable/relatedObservation"):
        value = find(observation, "value")
        if code(observation) != REPORTED_AGE or value is None:
            continue
        number = number_of(value.get("value"))
        unit = _AGE.get(value.get("unit", "a").strip().lower(), "")
        age = age_in_years(number, unit)
        if age is not None:
            used.append(value)
            return number if unit == "years" else age
    return None


def _filter(rhythm: "Element", kind: str) -> float | None:
    """Return the cut-off or notch frequency in Hz; None where no such filter, or no frequency, is named."""
    for variable in every(rhythm, "controlVariable/controlVariable"):
        if code(variable).upper() != kind:
            continue
        for value in [*every(variable, "component/controlVariable/value"), *every(variable, "value")]:
            number = number_of(value.get("value"))
            if number is not None and value.get("unit", "").strip().lower() == "hz" and 1e-3 <= number <= 1e5:
                return number
    return None
