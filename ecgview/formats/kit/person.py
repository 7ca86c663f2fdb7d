"""Names, dates and ages as carts write them, made alike."""

import re
from datetime import date

from ecgview.record import ImportNote

PER_YEAR = {
    "years": 1.0,
    "months": 12.0,
    "weeks": 52.18,
    "days": 365.25,
    "hours": 8766.0,
    "minutes": 525960.0,
}
OLDEST_YEARS = 200
FIRST_YEAR = 1850  # a year before it is no date, but what a device or a de-identifier put in its place
_CHINESE = re.compile(r"[\u3400-\u9fff]+")


def full_name(family: str, given: str, middle: str = "") -> str:
    """Return "Family, Given Middle"; Chinese names without anything between."""
    if _CHINESE.fullmatch(family + given + middle):
        return family + given + middle
    rest = " ".join(part for part in (given, middle) if part)
    return ", ".join(part for part in (family, rest) if part)


def iso_date(text: str) -> str:
    """Return the ISO date with which a text begins; "" where there is none, or none that can be meant."""
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})", text.strip())
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return ""
    return day.isoformat() if day and day.year >= FIRST_YEAR else ""


def age_in_years(value: float | None, unit: str) -> float | None:
    """Return an age stated in "years", "months", ...; None for an unknown unit and for what is no age."""
    per_year = PER_YEAR.get(unit.lower())
    if value is None or per_year is None or not 0 <= value / per_year < OLDEST_YEARS:
        return None
    return round(value / per_year, 3)


def no_age(stated: str) -> ImportNote:
    """Return the note that a file states what is no age of a person, so that it is not used."""
    return ImportNote("age", f"age {stated[:20]} in the file's header is no person's: not used")


def age_on(day: str, birth_date: str) -> float | None:
    """Return the whole years between two ISO dates; None where one of them is missing or they are swapped."""
    if not birth_date or not day or day[:10] < birth_date:
        return None
    (year, *rest), (born, *birthday) = (
        tuple(int(part) for part in one[:10].split("-")) for one in (day, birth_date)
    )
    return float(year - born - (rest < birthday))
