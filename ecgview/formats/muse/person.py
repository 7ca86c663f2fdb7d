"""Who was recorded and when, as MUSE XML writes it: dates month first, ages with a unit."""

import re
from typing import TYPE_CHECKING

from ecgview.formats.kit.person import age_in_years, age_on, full_name, iso_date
from ecgview.formats.kit.xml import find, text
from ecgview.record import Patient

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SEX = {"male": "male", "m": "male", "\u7537": "male", "female": "female", "f": "female", "\u5973": "female"}


def patient_of(root: "Element", used: list["Element"]) -> Patient:
    """Return who was recorded; `used` gains the elements that were understood."""
    person = find(root, "PatientDemographics")
    if person is None:
        return Patient()
    number = find(person, "PatientID")
    parts = [find(person, f"Patient{key}Name") for key in ("Last", "First", "Middle")]
    sex, born, age, unit = (find(person, key) for key in ("Gender", "DateofBirth", "PatientAge", "AgeUnits"))
    used += [one for one in (number, *parts) if one is not None]
    birth_date = month_first(text(born))
    stated = age_in_years(_number(text(age)), text(unit))
    aged = stated is not None
    for element, understood in (
        (sex, _SEX.get(text(sex).lower(), "")),
        (born, birth_date),
        (age, aged),
        (unit, aged),
    ):
        if element is not None and understood:
            used.append(element)
    return Patient(
        text(number),
        full_name(*(text(part) for part in parts)),
        _SEX.get(text(sex).lower(), ""),
        stated if stated is not None else age_on(start_of(root, []), birth_date),
        birth_date,
    )


def start_of(root: "Element", used: list["Element"]) -> str:
    """Return when the recording began, ISO 8601 without zone; a date alone where the time is not understood."""
    day, clock = (find(root, f"TestDemographics/Acquisition{key}") for key in ("Date", "Time"))
    date, time = month_first(text(day)), time_of_day(text(clock))
    if not date:
        return ""
    used += [one for one, known in ((day, date), (clock, time)) if one is not None and known]
    return f"{date}T{time}" if time else date


def month_first(found: str) -> str:
    """Return the ISO date of "04-29-2023" or "2023-04-29", "" for anything else.

    The day is first only where the other way round there is no such month ("29-04-2023").
    """
    match = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", found.strip())
    if match is None:
        return iso_date(found)
    month, day = int(match[1]), int(match[2])
    if month > 12:
        month, day = day, month
    return iso_date(f"{match[3]}-{month:02d}-{day:02d}")


def time_of_day(found: str) -> str:
    """Return "HH:MM:SS" of a time of day with or without seconds, "" for anything else."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?", found.strip())
    if match is None:
        return ""
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return ""
    return f"{hour:02d}:{minute:02d}:{second:02d}{match[4] or ''}"


def _number(found: str) -> float | None:
    try:
        value = float(found)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None
