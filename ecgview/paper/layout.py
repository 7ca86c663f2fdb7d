"""The page that follows from a record and the reader's paper, in millimetres (C1-C7, L1-L8)."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecgview.paper import time_span
from ecgview.paper.families import is_chest, lead_of
from ecgview.paper.label_place import Ink, Row, width_mm
from ecgview.paper.page import GridArea, Page, PageText, Polyline, Tick, TracePath
from ecgview.paper.plan import (
    HEAD_MM,
    LAYOUTS,
    LOW_ROW_MM,
    MARGIN_MM,
    Plan,
    foot_mm,
    plan,
)
from ecgview.paper.scale_line import foot
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord, Signal
from ecgview.signal import filters

__all__ = ["LAYOUTS", "compose", "pages"]

PULSE_LEAD_IN_MM = 2.5
LABEL_MM = 3.4
NOTE_MM = 3.0
ENDS, ENDS_SHORT = (
    "recording ends",
    "ends",
)  # the second where the first would run into the next lead or off the grid
EXCEEDS = "exceeds page"
CAUTION_MM = 2.4
SETTLE_S = 30.0  # ten time constants of the 0.05 Hz high-pass
LONG_S = 120.0
MANY_LEADS = 3  # names that have room above leads which lie over each other
ENDED_MM = 4.0  # a trace that ends so much before its cell does says so


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell of the page: what is asked for, where it stands and which stretch of time it shows."""

    name: str
    x0_mm: float
    top_mm: float
    height_mm: float
    start_s: float
    seconds: float

    @property
    def baseline_mm(self) -> float:
        return self.top_mm + self.height_mm * (0.56 if self.height_mm >= 20.0 else 0.62)


def pages(record: EcgRecord, settings: PaperSettings) -> list[Page]:
    """Return every page that it takes to show the layout's and all further recorded leads once."""
    count = plan(record.lead_names, settings).parts
    return [compose(record, replace(settings, part=part)) for part in range(count)]


def compose(record: EcgRecord, settings: PaperSettings, *, header_lines: Sequence[str] = ()) -> Page:
    """Return one page of a record.

    The grid's origin is the start of the traces (C2). Columns go on in time by default and show the same
    stretch when `settings.sequential` is off (L4) or the record is too short for columns in sequence. A lead that
    was not recorded keeps its place and says so (L6); recorded leads that are not on the page are named below it.
    The display filter works on a copy.

    Args:
        record: the ECG; samples from `settings.start_s` on are drawn.
        settings: speed, gains, layout, filter.
        header_lines: texts above the grid, one per line.
    """
    drawn = plan(record.lead_names, settings)
    asked, settings = settings, time_span.shown(record, settings, drawn.columns)
    header_mm = len(header_lines) * 5.0 + (2.0 if header_lines else 0.0)
    right = MARGIN_MM + _grid(settings, 0.0, 0.0).width_mm
    below, lines = foot(record, asked, drawn, MARGIN_MM, 0.0, right)
    heights = _row_heights(drawn, settings, header_mm + foot_mm(lines))
    head_mm = HEAD_MM if heights[0] < LOW_ROW_MM else 0.0
    grid = _grid(settings, header_mm, sum(heights) + head_mm)
    rows = tuple(_rows(drawn, heights, grid.y_mm + head_mm, grid, settings))
    signal, offset = _filtered(record, settings)
    traces: dict[_Cell, TracePath] = {}
    for cell in (cell for row in rows for cell in row):
        trace = _trace(record, signal, offset, cell, settings)
        if trace is not None:
            traces[cell] = trace
    bottom = grid.y_mm + grid.height_mm
    header = (
        PageText(line, MARGIN_MM, MARGIN_MM + 4.0 + 5.0 * i, 3.6 if i else 4.2, "header")
        for i, line in enumerate(header_lines)
    )
    ink = Ink(tuple(traces.values()))
    labels = _group_labels(drawn, rows[0]) if drawn.superimposed else None
    return Page(
        grid.width_mm + 2 * MARGIN_MM,
        bottom + foot_mm(lines),
        grid,
        tuple(traces.values()),
        tuple(_pulse(grid, row, settings) for row in rows),
        tuple(tick for row in rows for tick in _ticks(row)),
        (
            *(labels or (text for row in rows for text in _labels(row, traces, ink, record, grid))),
            *header,
            *(_moved(text, bottom + 4.0) for text in below),
        ),
    )


def _grid(settings: PaperSettings, header_mm: float, rows_mm: float) -> GridArea:
    speed = settings.speed_mm_per_s
    pulse_mm = _up_to_5(2 * PULSE_LEAD_IN_MM + 0.2 * speed)
    return GridArea(
        MARGIN_MM,
        MARGIN_MM + header_mm,
        pulse_mm + settings.seconds * speed,
        _up_to_5(rows_mm),
        MARGIN_MM + pulse_mm,
        MARGIN_MM + header_mm,
    )


def _rows(
    drawn: Plan, heights: Sequence[float], top_mm: float, grid: GridArea, settings: PaperSettings
) -> Iterator[tuple[_Cell, ...]]:
    """Yield the cells of each row from above; a row of one cell goes over the page's whole time."""
    if drawn.superimposed:
        yield tuple(_superimposed(drawn, heights[0], top_mm, grid, settings))
        return
    for names, height in zip((*drawn.rows, *((lead,) for lead in drawn.rhythm)), heights, strict=True):
        seconds = settings.seconds / len(names)
        yield tuple(
            _Cell(
                name,
                grid.origin_x_mm + column * seconds * settings.speed_mm_per_s,
                top_mm,
                height,
                settings.start_s + (column * seconds if settings.sequential else 0.0),
                seconds,
            )
            for column, name in enumerate(names)
        )
        top_mm += height


def _superimposed(
    drawn: Plan, height_mm: float, top_mm: float, grid: GridArea, settings: PaperSettings
) -> Iterator[_Cell]:
    """Yield the cells of leads that lie over each other: those of one row of the plan share their place."""
    seconds = settings.seconds / len(drawn.rows)
    for column, names in enumerate(drawn.rows):
        x_mm = grid.origin_x_mm + column * seconds * settings.speed_mm_per_s
        for name in names:
            yield _Cell(name, x_mm, top_mm, height_mm, settings.start_s, seconds)


def _ticks(row: Sequence[_Cell]) -> Iterator[Tick]:
    for before, cell in itertools.pairwise(row):
        if cell.x0_mm == before.x0_mm:  # of leads over each other
            continue
        yield Tick(cell.x0_mm, cell.baseline_mm - 6.0, cell.baseline_mm - 2.0)
        yield Tick(cell.x0_mm, cell.baseline_mm + 2.0, cell.baseline_mm + 6.0)


def _labels(
    row: Sequence[_Cell], traces: Mapping[_Cell, TracePath], ink: Ink, record: EcgRecord, grid: GridArea
) -> Iterator[PageText]:
    """Yield each cell's lead, and what is to be said where a trace is missing, ends early or leaves the page."""
    ends = [*(cell.x0_mm for cell in row[1:]), grid.x_mm + grid.width_mm]
    for cell, right in zip(row, ends, strict=True):
        trace, place = traces.get(cell), Row(cell.top_mm, cell.baseline_mm, cell.top_mm + cell.height_mm)
        wanted = (cell.x0_mm + 1.0, cell.top_mm + LABEL_MM + 0.4)
        x, y = ink.place(cell.name, LABEL_MM, wanted, place, right)
        yield PageText(cell.name, x, y, LABEL_MM, "lead")
        if trace is not None and _exceeds(trace, grid):
            wanted = (x + width_mm(cell.name, LABEL_MM) + 1.5, y)
            yield PageText(
                EXCEEDS, *ink.place(EXCEEDS, CAUTION_MM, wanted, place, right), CAUTION_MM, "caution"
            )
        words, start = _missing(cell, trace, record)
        if words:
            room = right - width_mm(words, NOTE_MM)
            if words == ENDS and start > room:
                words, room = ENDS_SHORT, right - width_mm(ENDS_SHORT, NOTE_MM)
            wanted = (max(cell.x0_mm, min(start, room)), cell.baseline_mm)
            yield PageText(words, *ink.place(words, NOTE_MM, wanted, place, right), NOTE_MM, "missing")


def _group_labels(drawn: Plan, cells: Sequence[_Cell]) -> tuple[PageText, ...]:
    """Return the names of the leads that lie over each other, above each place."""
    found = []
    for names in drawn.rows:
        cell = next(cell for cell in cells if cell.name == names[0])
        words = f"{names[0]} to {names[-1]}" if len(names) > MANY_LEADS else " ".join(names)
        found.append(PageText(words, cell.x0_mm + 1.0, cell.top_mm + LABEL_MM + 0.4, LABEL_MM, "lead"))
    return tuple(found)


def _missing(cell: _Cell, trace: TracePath | None, record: EcgRecord) -> tuple[str, float]:
    """Return the words for a cell without a whole trace and where they begin, mm; "" where it is whole."""
    start = cell.x0_mm + 1.0
    if trace is None:
        return ("recording ended" if lead_of(cell.name, record.lead_names) else "not recorded"), start
    if not np.isfinite(trace.y_mm).any():
        return "no signal", start
    if trace.x1_mm - trace.x_mm[-1] > ENDED_MM:
        return ENDS, float(trace.x_mm[-1]) + 1.5
    return "", start


def _filtered(record: EcgRecord, settings: PaperSettings) -> tuple[Signal, int]:
    """Return the filtered samples around the page, (leads, samples) mV, and the index of the first of them.

    Of a long record only the page and `SETTLE_S` around it are filtered: more would not be seen.
    """
    fs_hz = record.sampling_rate_hz
    first, last = 0, record.n_samples
    if record.seconds > LONG_S:
        first = max(0, int((settings.start_s - SETTLE_S) * fs_hz))
        last = min(last, int(np.ceil((settings.start_s + settings.seconds + SETTLE_S) * fs_hz)))
        first = min(first, last - 2)
    part = filters.apply(record.signal[:, first:last], fs_hz, settings.display_filter)
    return part, first


def _row_heights(drawn: Plan, settings: PaperSettings, around_mm: float) -> list[float]:
    """Return each row's height; a row asked for by the settings keeps the layout's proportions.

    Where the sheet has less room, because more stands below the grid than was planned for, rows come closer.
    """
    heights = [drawn.row_mm] * drawn.n_rows + [drawn.rhythm_mm] * len(drawn.rhythm)
    if settings.row_mm is not None:
        return [height * settings.row_mm / drawn.row_mm for height in heights]
    if settings.most_mm is not None:
        free = math.floor((settings.most_mm - MARGIN_MM - around_mm) / 5.0 + 1e-9) * 5.0 - HEAD_MM
        part = min(1.0, max(0.5, free / sum(heights)))
        return [height * part for height in heights]
    return heights


def _moved(text: PageText, y_mm: float) -> PageText:
    return replace(text, y_mm=text.y_mm + y_mm)


def _up_to_5(mm: float) -> float:
    return float(np.ceil(mm / 5.0 - 1e-9) * 5.0)


def _gain(lead: str, settings: PaperSettings) -> float:
    return settings.gain_mm_per_mv * (settings.chest_gain_factor if is_chest(lead) else 1.0)


def _pulse(grid: GridArea, row: Sequence[_Cell], settings: PaperSettings) -> Polyline:
    """Return 1 mV for 200 ms, stepped when the row holds limb and chest leads at different gains (C6)."""
    width, baseline = 0.2 * settings.speed_mm_per_s, row[0].baseline_mm
    gains = list(dict.fromkeys(_gain(cell.name, settings) for cell in row))
    start = grid.origin_x_mm - PULSE_LEAD_IN_MM - width
    x = [start - PULSE_LEAD_IN_MM, start]
    y = [baseline, baseline]
    part = width / len(gains)
    for i, gain in enumerate(gains):
        x += [start + i * part, start + (i + 1) * part]
        y += [baseline - gain, baseline - gain]
    x += [start + width, start + width + PULSE_LEAD_IN_MM]
    y += [baseline, baseline]
    return Polyline(np.array(x), np.array(y))


def _trace(
    record: EcgRecord, signal: Signal, offset: int, cell: _Cell, settings: PaperSettings
) -> TracePath | None:
    """Return the lead's path in its cell; None when it was not recorded or holds nothing there."""
    found = lead_of(cell.name, record.lead_names)
    if found is None:
        return None
    lead, sign = found
    fs_hz, end_s = record.sampling_rate_hz, cell.start_s + cell.seconds
    first = max(0, int(np.ceil(cell.start_s * fs_hz - 1e-6)))
    last = min(record.n_samples, int(np.floor(end_s * fs_hz + 1e-6)) + 1)
    if last - first < 2:
        return None
    gain = sign * _gain(lead, settings)
    speed = settings.speed_mm_per_s
    row = signal[record.lead_names.index(lead), first - offset : last - offset].astype(np.float64)
    times = np.arange(first, last) / fs_hz
    return TracePath(
        lead,
        cell.start_s,
        end_s,
        fs_hz,
        cell.x0_mm,
        cell.x0_mm + cell.seconds * speed,
        cell.baseline_mm,
        cell.height_mm,
        speed,
        gain,
        cell.x0_mm + (times - cell.start_s) * speed,
        cell.baseline_mm - row * gain,
    )


def _exceeds(trace: TracePath, grid: GridArea) -> bool:
    known = trace.y_mm[np.isfinite(trace.y_mm)]
    return known.size > 0 and bool(known.min() < grid.y_mm or known.max() > grid.y_mm + grid.height_mm)
