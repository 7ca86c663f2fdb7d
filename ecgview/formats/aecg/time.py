"""HL7 time stamps: "20021122091000.000-0600", shortened from the right to what is known."""

import re
from datetime import datetime

_STAMP = re.compile(r"(\d{4})(\d{2})?(\d{2})?(?:(\d{2})(\d{2})?(\d{2})?(\.\d+)?)?([+-]\d{4})?")


def iso(stamp: str) -> str:
    """Return ISO 8601 of a stamp with a day at least, "" for anything else; the zone stays where there is one."""
    match = _STAMP.fullmatch(stamp.strip())
    if match is None or match[3] is None:
        return ""
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    found = f"{year}-{month}-{day}"
    if hour is not None:
        found += f"T{hour}:{minute or '00'}:{second or '00'}{fraction if fraction and fraction.strip('.0') else ''}"
        found += f"{zone[:3]}:{zone[3:]}" if zone else ""
    return found if _moment(found) is not None else ""


def stamp(moment: str) -> str:
    """Return the HL7 stamp of an ISO date or time, "" for anything that is not exactly one."""
    match = re.fullmatch(
        r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(\.\d{1,6})?([+-]\d{2}:\d{2})?)?", moment
    )
    if match is None or _moment(moment) is None:
        return ""
    found = "".join(part or "" for part in match.groups()).replace(":", "")
    return found if iso(found) == moment else ""


def later(moment: str, seconds: float) -> str:
    """Return the HL7 stamp of a time that much after an ISO time; "" where that is not one."""
    from datetime import timedelta

    start = _moment(moment)
    if start is None or "T" not in moment:
        return ""
    end = start + timedelta(seconds=seconds)
    zone = moment[19:].lstrip(".0123456789").replace(":", "")
    return f"{end:%Y%m%d%H%M%S}.{end.microsecond:06d}{zone}"


def seconds_between(first: str, second: str) -> float | None:
    """Return how much later a second head of a time sequence is: two stamps, or two numbers of seconds."""
    if first == second:
        return 0.0
    moments = _moment(iso(first)), _moment(iso(second))
    if moments[0] is not None and moments[1] is not None:
        try:
            return (moments[1] - moments[0]).total_seconds()
        except TypeError:  # one with a zone and one without
            return None
    try:
        found = float(second) - float(first)
    except ValueError:
        return None
    return found if abs(found) < 1e9 else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
