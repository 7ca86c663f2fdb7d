"""The values of each lead as carts print them, a row for each value and a column for each lead, and where each lies."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgview import csv_cells
from ecgview.leads import STANDARD_12
from ecgview.signal.measure.deflections import BASE_S
from ecgview.signal.measure.measured import Measured, Median
from ecgview.signal.measure.waves import Kind, Wave
from ecgview.signal.measurements import Measurement

# In the order of the beat; areas last, for nobody reads them off the paper.
ROWS = (
    "P amplitude", "P' amplitude", "P duration", "P' duration",
    "Q amplitude", "R amplitude", "S amplitude", "R' amplitude", "S' amplitude",
    "J", "J+40", "J+60", "J+80", "T amplitude", "T' amplitude",
    "Q duration", "R duration", "S duration", "R' duration", "S' duration", "QRS duration", "R peak time",
    "QT, network", "QT, rules", "QT, tangent", "QT, threshold",
    "P area", "QRS area", "T area",
)  # fmt: skip
Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One value over the leads: its name, its unit, and what was measured in each column's lead, None where nothing."""

    name: str
    unit: str
    cells: tuple[Measurement | None, ...]


@dataclass(frozen=True, slots=True)
class LeadTable:
    """Columns by name, `doubts` of a column in words ("" where there is none), and the rows that hold anything."""

    leads: tuple[str, ...]
    doubts: tuple[str, ...]
    rows: tuple[LeadRow, ...]

    @property
    def text(self) -> str:
        """All of it as text with tabs, a line for each value: for a spreadsheet.

        Values have a plain minus; those with a mark are texts, and as they are shown.
        """
        marked = (f"{lead} !" if doubt else lead for lead, doubt in zip(self.leads, self.doubts, strict=True))
        lines = [csv_cells.line(("", "unit", *marked))]
        lines += [
            csv_cells.line(
                (row.name, row.unit, *(cell(one) if marks(one) else plain(one) for one in row.cells))
            )
            for row in self.rows
        ]
        if any(self.doubts):
            lines.append(csv_cells.line(("doubts", "", *self.doubts)))
        return "\n".join(lines) + "\n"


def of(measured: Measured) -> LeadTable:
    """Return the table of a record; leads that were left out have a column without values, and say why."""
    found = dict.fromkeys((*measured.leads, *measured.left_out))
    leads = (
        *(lead for lead in STANDARD_12 if lead in found),
        *(lead for lead in found if lead not in STANDARD_12),
    )
    doubts = tuple(
        f"left out: {measured.left_out[lead]}"
        if lead in measured.left_out
        else measured.lead_notes.get(lead, "")
        for lead in leads
    )
    own = {(one.name, one.lead): one for one in measured.lead_values}
    rows = []
    for name in ROWS:
        cells = tuple(own.get((name, lead)) for lead in leads)
        first = next((one for one in cells if one is not None), None)
        if first is not None:
            rows.append(LeadRow(name, first.unit, cells))
    return LeadTable(leads, doubts, tuple(rows))


def number(item: Measurement | None) -> str:
    """Return a value as the table prints it: 0.01 mV, whole ms, 0.1 mV ms; "–" where nothing was measured."""
    return plain(item).replace("-", "−") or "–"


def cell(item: Measurement | None) -> str:
    """Return it with what must not be overlooked: "?" of an uncertain value, "*" of one that an edit changed."""
    return number(item) + marks(item)


def marks(item: Measurement | None) -> str:
    """Return the marks behind a value; "" where there are none."""
    if item is None or item.value is None:
        return ""
    return ("?" if item.confidence == "low" else "") + ("*" if item.source == "edited" else "")


def plain(item: Measurement | None) -> str:
    """Return it with a plain minus, "" where nothing was measured."""
    if item is None or item.value is None:
        return ""
    digits = {"mV": 2, "mV ms": 1}.get(item.unit, 0)
    said = f"{item.value:.{digits}f}"
    return said.removeprefix("-") if float(said) == 0 else said


def span_s(median: Median, item: Measurement) -> tuple[float, float] | None:
    """Return where on the median beat a value of a lead lies, start and end in s from its QRS peak.

    A caliper from the one to the other reads the value: of an amplitude or a level from the level before QRS to it, of
    a duration from onset to end. None where it has no place.
    """
    qrs = median.overall["QRS"]
    if qrs is None or item.value is None or item.lead not in median.lead_names:
        return None
    own, name = median.leads.get(item.lead, {}), item.name
    if name.startswith("QT"):
        return qrs.onset_s, qrs.onset_s + item.value / 1000
    if name == "R peak time":
        return qrs.onset_s, qrs.onset_s + item.value / 1000
    if name.startswith("J"):
        return qrs.onset_s, qrs.offset_s + float(name.partition("+")[2] or 0) / 1000
    if name in ("QRS duration", "QRS area"):
        wave = own.get("QRS", qrs) if name == "QRS duration" else qrs
        return wave.onset_s, wave.offset_s
    if name[0] in "PT":
        kind: Kind = "P" if name[0] == "P" else "T"
        overall = median.overall[kind]
        if overall is None:
            return None
        if name.endswith("amplitude"):
            begin = overall.onset_s if kind == "P" else qrs.onset_s
            return begin, _top_s(median, item, overall)
        wave = own.get(kind, overall) if name == "P duration" else overall
        return wave.onset_s, wave.offset_s
    top = _top_s(median, item, qrs)
    return (qrs.onset_s, top) if name.endswith("amplitude") else _around(median, item, qrs)


def on_the_record(measured: Measured, item: Measurement) -> tuple[float, float] | None:
    """Return where in the record, in s, a value of a lead lies: in the beat whose values are nearest to the median."""
    median = measured.median
    span = None if median is None else span_s(median, item)
    if median is None or span is None or not median.aligned_s:
        return item.where_s
    near = item.where_s[0] if item.where_s is not None else median.aligned_s[len(median.aligned_s) // 2]
    kind: Kind = (
        "P" if item.name[0] == "P" else "T" if item.name[0] == "T" or item.name.startswith("QT") else "QRS"
    )
    wave = median.overall[kind]
    onset = 0.0 if wave is None or item.where_s is None else wave.onset_s
    peak = min(median.aligned_s, key=lambda at: abs(at + onset - near))
    return peak + span[0], peak + span[1]


def _level(median: Median, lead: str) -> Row:
    """Return a lead's row against the level just before QRS onset, as its amplitudes are measured."""
    qrs, fs = median.overall["QRS"], median.sampling_rate_hz
    row = median.signal[median.lead_names.index(lead)].astype(np.float64)
    on = median.peak + round((0.0 if qrs is None else qrs.onset_s) * fs)
    base = row[max(0, on - round(BASE_S * fs)) : on + 1]
    level: Row = row - (float(base.mean()) if base.size else 0.0)
    return level


def _part(median: Median, wave: Wave, n: int) -> tuple[int, int]:
    first, last = (median.peak + round(at * median.sampling_rate_hz) for at in (wave.onset_s, wave.offset_s))
    return min(max(first, 0), n - 1), min(max(last, 0), n - 1)


def _top_s(median: Median, item: Measurement, wave: Wave) -> float:
    """Return where within a wave the lead has the amplitude of a value."""
    row = _level(median, item.lead)
    first, last = _part(median, wave, len(row))
    if item.name[0] == "P":  # P is measured against the line between its ends
        row[first : last + 1] -= np.linspace(row[first], row[last], last - first + 1)
    at = first + int(np.abs(row[first : last + 1] - (item.value or 0.0)).argmin())
    return (at - median.peak) / median.sampling_rate_hz


def _around(median: Median, item: Measurement, qrs: Wave) -> tuple[float, float]:
    """Return the deflection of QRS that lasts as long as a value says, as far as its name tells which."""
    row = _level(median, item.lead)
    first, last = _part(median, qrs, len(row))
    sign = np.sign(row[first : last + 1])
    wanted = 1.0 if item.name.startswith("R") else -1.0
    edges = [0, *(np.flatnonzero(np.diff(sign)) + 1).tolist(), len(sign)]
    parts = [(a, b) for a, b in pairwise(edges) if sign[a] == wanted]
    ms = 1000 / median.sampling_rate_hz
    found = min(
        parts, key=lambda part: abs((part[1] - part[0]) * ms - (item.value or 0.0)), default=(0, len(sign))
    )
    fs, start = median.sampling_rate_hz, first - median.peak
    return (start + found[0]) / fs, (start + found[1]) / fs
