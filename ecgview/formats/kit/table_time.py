"""The time column of a table: seconds or ms, a clock, ISO 8601, rounded or not; and the rate that follows from it."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.table_columns import Column

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")
_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_DAY = r"(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d{2})"
_DATED = re.compile(
    rf"(?:{_DAY},?\s+)?(\d{{1,2}}:\d{{2}}:\d{{1,2}}(?:[.,]\d+)?)\s*([AaPp])?\.?(?:[Mm]\.?)?(?:\s+{_DAY})?"
)
_DAY_S = 86_400.0
_SLOWEST_HZ = 30.0  # an ECG is sampled faster: a slower rate is a unit that was not stated
_EPOCHS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e8, 1.0))  # counted from 1970, in ns, us, ms, s
_NICE = (1.0, 0.5, 0.1)  # Hz: the roundest rate that the times allow is the one meant


def moment_s(cell: str) -> float | None:
    """Return a clock time, s since midnight, or a date and time, s since 1970; None for anything else.

    A date of another order than year, month, day is not needed for the rate: its clock time counts.
    """
    text = cell.strip()
    if match := _CLOCK.fullmatch(text):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3].replace(",", "."))
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute = (int(match[i]) for i in range(1, 6))
        try:
            midnight = datetime(year, month, day)
        except ValueError:
            return None
        seconds = float((match[6] or "0").replace(",", "."))
        return (midnight - datetime(1970, 1, 1)).total_seconds() + hour * 3600 + minute * 60 + seconds
    if match := _DATED.fullmatch(text):
        hours, minutes, rest = match[5].replace(",", ".").split(":")
        past_noon = 12 * (match[6] in "Pp") - 12 * (int(hours) == 12) if match[6] else 0
        return (int(hours) + past_noon) * 3600 + int(minutes) * 60 + float(rest)
    return None


def start_time(cell: str) -> str:
    """Return the start of the recording, ISO 8601 local time to the second, from its first date and time; else ""."""
    match = _ISO.fullmatch(cell.strip())
    if match is None:
        return _told_date(cell.strip())
    if moment_s(cell) is None:
        return ""
    year, month, day, hour, minute = (int(match[i]) for i in range(1, 6))
    second = int(float((match[6] or "0").replace(",", ".")))
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"


def _told_date(text: str) -> str:
    """Return the start of "14.03.2026 09:15:00"; "" where day and month may be meant the other way round."""
    match, seconds = _DATED.fullmatch(text), moment_s(text)
    if match is None or seconds is None:
        return ""
    first, sign, second, year = match.group(1, 2, 3, 4) if match[1] else match.group(7, 8, 9, 10)
    if (
        not year
        or len(year) < 4
        or (sign != "." and int(first) < 13 and int(second) < 13 and first != second)
    ):
        return ""
    day, month = (second, first) if int(second) > 12 else (first, second)
    try:
        return (datetime(int(year), int(month), int(day)) + timedelta(seconds=int(seconds))).isoformat()
    except ValueError:
        return ""


def digits_after_point(cells: Sequence[str]) -> int:
    """Return to how many digits times are written."""
    return max((len(part) for cell in cells if (part := re.split(r"[.,]", cell)[-1]) != cell), default=0)


def rate_hz(path: Path, column: Column, values: NDArray[np.float64], digits: int, is_clock: bool) -> float:
    """Return the sampling rate that a time column states.

    Args:
        path: named in errors.
        column: its name and unit.
        values: (samples,) as written, seconds where `is_clock`.
        digits: to how many digits they are written; rounding is allowed for.
        is_clock: whether they were clock times or dates.

    Raises:
        FormatError: the times do not run evenly, or their unit is not stated and cannot be told.
    """
    where = f"{path}: column {column.name}"
    if np.isnan(values).any():
        raise FormatError("a time is missing", where=where, expected="a time in every row")
    unit = 1.0 if is_clock else _unit(column, values)
    times = _over_midnight(values) if is_clock else values * unit
    span = float(times[-1] - times[0])
    if span <= 0:
        raise FormatError("time does not run on", where=where, expected="growing times")
    step = span / (len(times) - 1)
    rounding = 10.0**-digits * unit
    ideal = times[0] + step * np.arange(len(times))
    gap = np.diff(times).max() > 1.25 * step + 1.01 * rounding
    if gap or np.abs(times - ideal).max() > max(1.01 * rounding, 0.5 * step):
        raise FormatError("time does not run evenly", where=where, expected="equal steps")
    rate = _rounded(len(times) - 1, span, rounding)
    if column.seconds is None and not is_clock and rate < _SLOWEST_HZ:
        raise FormatError(
            "the unit of time is not stated",
            where=where,
            expected="a name such as time_s or time_ms",
            found=f"steps of {step:g}, {rate:g} Hz if these are seconds",
        )
    return rate


def _unit(column: Column, values: NDArray[np.float64]) -> float:
    """Return the seconds of one unit: as stated, else as dates counted from 1970 show, else one."""
    if column.seconds is not None:
        return column.seconds
    return next((unit for least, unit in _EPOCHS if values[0] > least), 1.0)


def _over_midnight(values: NDArray[np.float64]) -> NDArray[np.float64]:
    back = np.concatenate(([0.0], np.diff(values))) < -_DAY_S / 2
    return values + _DAY_S * np.cumsum(back)


def _rounded(steps: int, span: float, rounding: float) -> float:
    """Return the roundest rate that times written to `rounding` allow."""
    low, high = steps / (span + rounding), steps / max(span - rounding, 1e-12)
    for nice in _NICE:
        nearest = round(steps / span / nice) * nice
        if nearest > 0 and low <= nearest <= high:
            return round(nearest, 6)
    return round(steps / span, 3)
