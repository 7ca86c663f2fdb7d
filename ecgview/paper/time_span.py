"""Which stretch of a recording a page shows, and the words for it."""

import math
from dataclasses import replace

from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord

ALMOST = 0.98  # of the seconds asked for: a record a few samples short keeps the usual page
LEAST_COLUMN_S = 2.0  # shorter columns in sequence hold too few beats
LONG_S = 600.0


def shown(record: EcgRecord, settings: PaperSettings, columns: int) -> PaperSettings:
    """Return the settings with the start, the seconds and the order of columns that the record has samples for.

    The page ends where the recording ends, on the next 5 mm: paper beyond it would look like a recording.
    """
    start = settings.start_s
    if start > record.seconds - 2.0 / record.sampling_rate_hz:
        start = max(0.0, record.seconds - settings.seconds)
    left = record.seconds - start
    if left >= ALMOST * settings.seconds:
        return replace(settings, start_s=start)
    is_in_sequence = settings.sequential and (columns == 1 or left / columns >= LEAST_COLUMN_S)
    seconds = left
    if columns > 1 and not is_in_sequence:
        seconds = max(left, min(settings.seconds, columns * left))
    mm = math.ceil(seconds * settings.speed_mm_per_s / 5.0 - 1e-6) * 5.0
    return replace(
        settings,
        start_s=start,
        seconds=min(settings.seconds, mm / settings.speed_mm_per_s),
        sequential=is_in_sequence,
    )


def text(record: EcgRecord, start_s: float, end_s: float, asked_s: float) -> str:
    """Return "recorded 37 s, shown 0 to 10 s" where a page of `asked_s` shows less than all; "" where not.

    A record shorter than the page says how long it is.
    """
    length, end = record.seconds, min(end_s, record.seconds)
    if start_s > 0 or length - end > 0.02:
        return f"{verb(record)} {_length(length)}, shown {_number(start_s)} to {_number(end)} s"
    return f"{verb(record)} {_length(length)}" if length < ALMOST * asked_s else ""


def verb(record: EcgRecord) -> str:
    """Return "recorded", or "open" where more was recorded than is here."""
    return "open" if record.part_open else "recorded"


def words(seconds: float, *, whole: bool = False) -> str:
    """Return a length or a place in time: "37 s", "10.24 s"; from ten minutes on, or if `whole`, "24 h 3 min"."""
    if seconds < LONG_S and not whole:
        return f"{_number(seconds)} s"
    count = round(seconds)
    parts = ((count // 3600, "h"), (count % 3600 // 60, "min"), (count % 60, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"


def _length(seconds: float) -> str:
    return words(seconds) if seconds < LONG_S else f"{_number(seconds)} s ({words(seconds)})"


def _number(seconds: float) -> str:
    return f"{seconds:.2f}".rstrip("0").rstrip(".")
