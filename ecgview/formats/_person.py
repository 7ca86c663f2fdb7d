"""What files of many kinds say of a person: name parts, sex, age, dates in a country's order."""

import re

_AGE_PER_YEAR = {
    "Y": 1.0,
    "MO": 12.0,
    "W": 52.18,
    "D": 365.25,
    "H": 8766.0,
    "MI": 525960.0,
}
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_NUMBERS = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")


def full_name(last: str, first: str, middle: str = "") -> str:
    """Return "Last, First Middle"; Chinese names without comma or space."""
    if _CHINESE.fullmatch(last + first + middle):
        return last + first + middle
    given = " ".join(part for part in (first, middle) if part)
    return ", ".join(part for part in (last, given) if part)


def sex_of(said: str) -> str:
    """Return "male" or "female" for what files write of it, "" for anything else."""
    word = said.strip().upper()
    if word in ("M", "MALE", "1", "\u7537"):
        return "male"
    return "female" if word in ("F", "FEMALE", "2", "\u5973") else ""


def years(value: float | None, unit: str) -> float | None:
    """Return an age in years from a value with its unit ("YEARS", "a", "mo", "d"); None where it is no age."""
    word = unit.strip().upper()
    if word in ("", "A", "YR"):
        word = "Y"
    per_year = next((number for key, number in _AGE_PER_YEAR.items() if word.startswith(key)), None)
    if value is None or per_year is None or not 0 <= value / per_year < 200:
        return None
    return round(value / per_year, 3)


def age_at(birth_date: str, recorded: str) -> float | None:
    """Return completed years between two ISO dates; None where one is unknown or they are out of order."""
    if len(birth_date) != 10 or len(recorded) < 10 or recorded[:10] < birth_date:
        return None
    year, month, day = (int(part) for part in recorded[:10].split("-"))
    born, *birthday = (int(part) for part in birth_date.split("-"))
    found = year - born - ([month, day] < birthday)
    return float(found) if found < 200 else None


def iso_date(found: str) -> str:
    """Return an ISO date of "2023-04-29" or "04-29-2023" (month first, as in the United States), else "".

    Day first is taken only where the month could not be one ("29.04.2023").
    """
    match = _NUMBERS.fullmatch(found.strip())
    if match is None:
        return ""
    first, second, third = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif len(third) == 4:
        year, month, day = int(third), int(first), int(second)
        if month > 12:
            month, day = day, month
    else:
        return ""
    return f"{year:04d}-{month:02d}-{day:02d}" if _is_day(year, month, day) else ""


def iso_time(found: str) -> str:
    """Return "HH:MM:SS" of a time of day with or without seconds, else ""."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?", found.strip())
    if match is None:
        return ""
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return ""
    return f"{hour:02d}:{minute:02d}:{second:02d}{match[4] or ''}"


def _is_day(year: int, month: int, day: int) -> bool:
    from datetime import date

    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
