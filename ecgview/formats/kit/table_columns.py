"""The columns of a table as people have them: names, units in the name or in a row of their own, decimal commas."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ecgview.formats.kit.quantities import millivolts_per

_TIME_NAMES = re.compile(
    r"sample[\s_]*interval|time[\s_]*(?:and|&)[\s_]*date|(?:elapsed[\s_]*|rel(?:ative)?[\s_]*|sample[\s_]*)?(?:time|timestamp|date[\s_]*time|date|t|ms|sec(?:onds?)?"
    r"|zeit(?:stempel)?|zeitpunkt|temps|tiempo|tempo|tid|czas|время|时间|時間|uhrzeit)"
    r"(?:[\s_]*(?:s|ms|us|sec|utc|iso|stamp))?",
    re.IGNORECASE,
)
_SECONDS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "sekunden": 1.0, "秒": 1.0,
    "ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3, "毫秒": 1e-3,
    "us": 1e-6, "usec": 1e-6, "µs": 1e-6, "μs": 1e-6, "microseconds": 1e-6,
    "ns": 1e-9, "min": 60.0, "minutes": 60.0,
}  # fmt: skip
_BRACKETED = re.compile(r"^(?P<name>.*?)\s*[\[({]\s*(?P<unit>[^\])}]*?)\s*[\])}]\s*$")
_BEHIND = re.compile(r"^(?P<name>.+?)[\s_/,.-]+(?P<unit>[mµμun]V|m?s|usec|msec|sec|mmHg)$", re.IGNORECASE)
_OTHER_UNIT = re.compile(
    r"%|bpm|hz|mmhg|cmh2o|kpa|°?c|degc|g|m/s\^?2|nu|a\.?u\.?|pm|l/min|ohm|count|adu|lsb|index|#|-",
    re.IGNORECASE,
)
_INTERVAL = re.compile(r"(\d*[.,]?\d+)\s*(m?s|m?sec|seconds?)", re.IGNORECASE)  # "0.002 sec": of one step
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d*|\d{1,3}(?:[. '\u00a0\u202f\u2019]\d{3})+),\d+(?:[eE][+-]?\d+)?")
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(?:[. '\u00a0\u202f\u2019]\d{3})+(?:,\d*)?")
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(?:[, '\u00a0\u202f\u2019]\d{3})+(?:\.\d*)?")
_EMPTY = frozenset(
    (
        "",
        "-",
        ".",
        "nan",
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "<na>",
        "null",
        "none",
        "#div/0!",
        "#value!",
        "missing",
    )
)
_CLOCK_FORM = re.compile(r"[hH]{1,2}:[mM]{2}(?::[sS]{2}.*)?|[yYdDmM]{2,4}[-/.].*")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name without its unit, and the unit as written; "" where none is."""

    name: str
    unit: str = ""

    @property
    def is_time(self) -> bool:
        """Whether it holds the time of each sample."""
        return bool(_TIME_NAMES.fullmatch(self.name))

    @property
    def seconds(self) -> float | None:
        """The seconds of one unit of a time column; None where no unit is stated."""
        unit = self.unit.lower()
        if unit in _SECONDS:
            return _SECONDS[unit]
        if match := _INTERVAL.fullmatch(unit):
            return float(match[1].replace(",", ".")) * _SECONDS[match[2]]
        last = re.split(r"[\s_]+", self.name.lower())[-1]
        return _SECONDS.get(last) if last not in ("t", "min") else None


def column(cell: str) -> Column:
    """Return the column of a cell of the header: "V1 (mV)", "I_uV", "Time [ms]", "'MLII'"."""
    text = cell.strip().strip("'\"").strip()
    for pattern in (_BRACKETED, _BEHIND):
        if (match := pattern.match(text)) and is_unit(match["unit"]):
            return Column(match["name"].strip(), match["unit"].strip())
    return Column(text)


def is_unit(text: str) -> bool:
    """Return whether a text is a unit: of voltage, of time, or of another quantity that tables hold."""
    bare = text.strip().strip("'\"").strip().strip("[](){}").strip()
    return bool(
        millivolts_per(bare) is not None
        or bare.lower() in _SECONDS
        or _INTERVAL.fullmatch(bare)
        or _OTHER_UNIT.fullmatch(bare)
        or _CLOCK_FORM.fullmatch(bare)
    )


def units_row(cells: Sequence[str]) -> list[str] | None:
    """Return the units of a second row that holds nothing else: "(sec),(mV),(mV)"; None for any other row."""
    bare = [cell.strip().strip("'\"").strip() for cell in cells]
    if not any(bare) or not all(is_unit(cell) for cell in bare if cell):
        return None
    return [cell.strip("[](){}").strip() for cell in bare]


def has_decimal_commas(cells: Sequence[str], delimiter: str) -> bool:
    """Return whether the numbers of a row are written with a comma: one at least, and none with a decimal point."""
    if delimiter == ",":
        return False
    numbers = [cell.strip() for cell in cells if ":" not in cell]
    return any(_DECIMAL_COMMA.fullmatch(cell) for cell in numbers) and not any(
        "." in cell and not _POINT_GROUPS.fullmatch(cell) for cell in numbers
    )


def number(cell: str, commas: bool) -> float:
    """Return the number of a cell, NaN for an empty one or what stands for none; thousands may be grouped.

    Args:
        cell: as written.
        commas: the table has decimal commas.

    Raises:
        ValueError: it is no number.
    """
    text = cell.strip()
    if commas and _POINT_GROUPS.fullmatch(text):
        text = re.sub(r"[. '\u00a0\u202f\u2019]", "", text)
    plain = text.replace(",", ".") if commas else text
    try:
        return float(plain)
    except ValueError:
        if text.lower() in _EMPTY:
            return float("nan")
        if not _COMMA_GROUPS.fullmatch(text):
            raise
        return float(re.sub(r"[, '\u00a0\u202f\u2019]", "", text))
