"""Which lead stands where, and the page that follows from it, in millimetres (C1-C7, L1-L8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecgview.leads import CHEST
from ecgview.paper.page import GridArea, Page, PageText, Polyline, Tick, TracePath
from ecgview.paper.scale_line import scale_texts
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord, Signal
from ecgview.signal import filters

MARGIN_MM = 5.0
PULSE_LEAD_IN_MM = 2.5
LABEL_MM = 3.4
LOW_ROW_MM = 20.0  # a lower row cannot hold a millivolt above its baseline
HEAD_MM = 5.0  # so the first of them gets room above
SETTLE_S = 30.0  # ten time constants of the 0.05 Hz high-pass
LONG_S = 120.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of cells that share the page's seconds, then rhythm rows over its whole width."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    rhythm: tuple[str, ...] = ()
    row_mm: float = 25.0
    rhythm_mm: float = 20.0


def _columns(count: int, order: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    height = len(order) // count
    return tuple(tuple(order[row + height * column] for column in range(count)) for row in range(height))


_ORDER = ("I", "II", "III", "aVR", "aVL", "aVF", *CHEST)
_CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III", *CHEST)
_THREE_BY_FOUR = _columns(4, _ORDER)

LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("3x4", _THREE_BY_FOUR),
        Layout("3x4+1R", _THREE_BY_FOUR, ("II",)),
        Layout("3x4+3R", _THREE_BY_FOUR, ("V1", "II", "V5")),
        Layout("6x2", _columns(2, _ORDER)),
        Layout("12x1", tuple((lead,) for lead in _ORDER), row_mm=12.5),
        Layout("4x3", _columns(3, _ORDER)),
        Layout("6x2 Cabrera", _columns(2, _CABRERA)),
        Layout("12x1 Cabrera", tuple((lead,) for lead in _CABRERA), row_mm=12.5),
        Layout("single", (("*",),), row_mm=50.0),
    )
}


def compose(record: EcgRecord, settings: PaperSettings, *, header_lines: Sequence[str] = ()) -> Page:
    """Return the page of a record.

    The grid's origin is the start of the traces (C2). Columns go on in time by default and show the same
    stretch when `settings.sequential` is off (L4). A lead that was not recorded keeps its place and says so
    (L6). The display filter works on a copy.

    Args:
        record: the ECG; samples from `settings.start_s` on are drawn.
        settings: speed, gains, layout, filter.
        header_lines: texts above the grid, one per line.
    """
    layout = LAYOUTS[settings.layout]
    signal, offset = _filtered(record, settings)
    speed = settings.speed_mm_per_s
    pulse_mm = _up_to_5(2 * PULSE_LEAD_IN_MM + 0.2 * speed)
    header_mm = len(header_lines) * 5.0 + (2.0 if header_lines else 0.0)
    row_heights = _row_heights(layout, settings)
    head_mm = HEAD_MM if row_heights[0] < LOW_ROW_MM else 0.0
    grid = GridArea(
        MARGIN_MM,
        MARGIN_MM + header_mm,
        pulse_mm + settings.seconds * speed,
        _up_to_5(sum(row_heights) + head_mm),
        MARGIN_MM + pulse_mm,
        MARGIN_MM + header_mm,
    )
    traces: list[TracePath] = []
    pulses: list[Polyline] = []
    ticks: list[Tick] = []
    texts: list[PageText] = []
    top = grid.y_mm + head_mm
    for cells, height in zip([*layout.rows, *((lead,) for lead in layout.rhythm)], row_heights, strict=True):
        baseline = top + height * (0.56 if height >= LOW_ROW_MM else 0.62)
        cells = tuple(settings.single_lead if cell == "*" else cell for cell in cells)
        is_rhythm = len(cells) == 1
        pulses.append(_pulse(grid, baseline, cells, settings))
        for column, cell in enumerate(cells):
            seconds = settings.seconds / len(cells)
            x0 = grid.origin_x_mm + column * seconds * speed
            start = settings.start_s + (column * seconds if settings.sequential or is_rhythm else 0.0)
            texts.append(PageText(cell, x0 + 1.0, top + LABEL_MM + 0.4, LABEL_MM, "lead"))
            trace = _trace(record, signal, offset, cell, settings, start, seconds, x0, baseline, height)
            if trace is None:
                texts.append(PageText("not recorded", x0 + 1.0, baseline, 3.0, "missing"))
            else:
                traces.append(trace)
                if _exceeds(trace, grid):
                    texts.append(PageText("exceeds page", x0 + 12.0, top + LABEL_MM, 2.4, "caution"))
            if column:
                ticks.append(Tick(x0, baseline - 6.0, baseline - 2.0))
                ticks.append(Tick(x0, baseline + 2.0, baseline + 6.0))
        top += height
    texts += [
        PageText(line, MARGIN_MM, MARGIN_MM + 4.0 + 5.0 * i, 3.6 if i else 4.2, "header")
        for i, line in enumerate(header_lines)
    ]
    bottom = grid.y_mm + grid.height_mm
    texts += scale_texts(record, settings, MARGIN_MM, bottom + 4.0, grid.x_mm + grid.width_mm)
    return Page(
        grid.width_mm + 2 * MARGIN_MM,
        bottom + 11.0,
        grid,
        tuple(traces),
        tuple(pulses),
        tuple(ticks),
        tuple(texts),
    )


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


def _row_heights(layout: Layout, settings: PaperSettings) -> list[float]:
    """Return each row's height; a row asked for by the settings keeps the layout's proportions."""
    heights = [layout.row_mm] * len(layout.rows) + [layout.rhythm_mm] * len(layout.rhythm)
    if settings.row_mm is None:
        return heights
    return [height * settings.row_mm / layout.row_mm for height in heights]


def _up_to_5(mm: float) -> float:
    return float(np.ceil(mm / 5.0 - 1e-9) * 5.0)


def _gain(lead: str, settings: PaperSettings) -> float:
    return settings.gain_mm_per_mv * (settings.chest_gain_factor if lead in CHEST else 1.0)


def _pulse(grid: GridArea, baseline: float, cells: tuple[str, ...], settings: PaperSettings) -> Polyline:
    """Return 1 mV for 200 ms, stepped when the row holds limb and chest leads at different gains (C6)."""
    width = 0.2 * settings.speed_mm_per_s
    gains = list(dict.fromkeys(_gain(cell, settings) for cell in cells))
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
    record: EcgRecord,
    signal: Signal,
    offset: int,
    cell: str,
    settings: PaperSettings,
    start_s: float,
    seconds: float,
    x0_mm: float,
    baseline_mm: float,
    row_mm: float,
) -> TracePath | None:
    """Return the lead's path in its cell; None when it was not recorded or holds nothing there."""
    lead = cell.removeprefix("-")
    if not record.has(lead):
        return None
    fs_hz = record.sampling_rate_hz
    first = max(0, int(np.ceil(start_s * fs_hz - 1e-6)))
    last = min(record.n_samples, int(np.floor((start_s + seconds) * fs_hz + 1e-6)) + 1)
    if last - first < 2:
        return None
    gain = _gain(lead, settings) * (-1.0 if cell.startswith("-") else 1.0)
    row = signal[record.lead_names.index(lead), first - offset : last - offset].astype(np.float64)
    times = np.arange(first, last) / fs_hz
    return TracePath(
        lead,
        start_s,
        start_s + seconds,
        fs_hz,
        x0_mm,
        x0_mm + seconds * settings.speed_mm_per_s,
        baseline_mm,
        row_mm,
        settings.speed_mm_per_s,
        gain,
        x0_mm + (times - start_s) * settings.speed_mm_per_s,
        baseline_mm - row * gain,
    )


def _exceeds(trace: TracePath, grid: GridArea) -> bool:
    low, high = np.nanmin(trace.y_mm), np.nanmax(trace.y_mm)
    return bool(low < grid.y_mm or high > grid.y_mm + grid.height_mm)
