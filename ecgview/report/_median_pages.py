"""The median beats at true scale, with the edges that intervals are measured between, and the values of each lead."""

import math
from collections.abc import Iterator
from dataclasses import replace

from ecgview.paper import median_page
from ecgview.paper.page import Page
from ecgview.paper.sheet import A4_LANDSCAPE, Line, Sheet, Stroke, TextRun
from ecgview.report import _head
from ecgview.report._flow import Box, Row, pour, tabulate
from ecgview.report._frame import BODY_MM, FOOT_MM, SIDE_MM, WIDTH_MM
from ecgview.report.content import MedianBeats, ReportContent
from ecgview.signal.measure import lead_table
from ecgview.signal.measure.lead_table import LeadTable
from ecgview.signal.measure.measured import Measured, Median

GAP_MM = 5.0
BESIDE_MM = 62.0  # what text beside the beats needs; with less it stands on the first page alone
PAGE_MM = A4_LANDSCAPE[0] - 2 * 8.0  # the widest page, as of the tracing
LEAST_AROUND_S = 0.04  # of baseline that stays before P and after T where the beat is cut to fit
SIZE_MM, NAME_MM = 2.7, 36.0
DASHES_MM = {"P": (2.0, 1.2), "QRS": (1e6, 0.0), "T": (0.4, 0.9)}  # drawn and left out: as on the screen
LEGEND = "Edges of all leads: P dashed, QRS whole, T dotted. Each lead's own durations are in the table."


def sheets(content: ReportContent) -> list[Sheet]:
    """Return the page of median beats and the table of each lead's values; none where nobody asked or none are open."""
    asked, measured = content.median_beats, content.measured
    if asked is None or measured is None:
        return []
    if measured.median is None:
        why = f"No median beat: {measured.reason or 'no beats were found'}."
        return [Sheet(pour([TextRun(why, 3.6, bold=True)], [Box(SIDE_MM, BODY_MM, WIDTH_MM, 20.0)]).lines)]
    return [_beats(content, asked, measured, measured.median), *_tables(lead_table.of(measured))]


def _beats(content: ReportContent, asked: MedianBeats, measured: Measured, median: Median) -> Sheet:
    paper = replace(
        content.paper,
        layout=asked.layout,
        speed_mm_per_s=asked.speed_mm_per_s,
        row_mm=None,
        part=0,
        most_mm=FOOT_MM - BODY_MM,
    )
    page = median_page.compose(content.record, median, paper)
    if page.width_mm > PAGE_MM:
        too_much = (page.width_mm - PAGE_MM) / (_columns(page) * asked.speed_mm_per_s)
        median = _cut(median, median.signal.shape[1] / median.sampling_rate_hz - too_much)
        page = median_page.compose(content.record, median, paper)
    left = (A4_LANDSCAPE[0] - page.width_mm) / 2
    room = WIDTH_MM - page.width_mm - GAP_MM
    if room >= BESIDE_MM:
        left = SIDE_MM
        boxes = [Box(left + page.width_mm + GAP_MM, BODY_MM, room, FOOT_MM - BODY_MM)]
        runs = (*_head.measurements(content), *_notes(measured))
    else:
        boxes = [
            Box(SIDE_MM, BODY_MM + page.height_mm, WIDTH_MM, max(0.0, FOOT_MM - BODY_MM - page.height_mm))
        ]
        runs = tuple(_notes(measured))
    strokes = tuple(_edges(page, median, left, BODY_MM))
    return Sheet(pour(runs, boxes).lines, strokes, page=page, page_x_mm=left, page_y_mm=BODY_MM)


def _columns(page: Page) -> int:
    return max(1, len({trace.x0_mm for trace in page.traces}))


def _notes(measured: Measured) -> Iterator[TextRun]:
    """Yield what the lines are, which of them were put elsewhere by whom, and which leads are doubtful."""
    yield TextRun(LEGEND, SIZE_MM, tone="faint")
    yield from (TextRun(f"By hand: {one.words}", SIZE_MM, bold=True) for one in measured.edits)
    yield from (
        TextRun(f"{lead}: {why}", SIZE_MM, tone="caution") for lead, why in measured.lead_notes.items()
    )
    yield from (
        TextRun(f"Without {lead}: {why}", SIZE_MM, tone="caution") for lead, why in measured.left_out.items()
    )


def _cut(median: Median, seconds: float) -> Median:
    """Return so much of the beat, its waves in the middle: at 50 mm/s four columns of a whole one have no room.

    No wave is cut off; where they alone are longer, they are what is left.
    """
    waves = [wave for wave in median.overall.values() if wave is not None]
    fs, n = median.sampling_rate_hz, median.signal.shape[1]
    if not waves:
        return median
    onset, offset = min(wave.onset_s for wave in waves), max(wave.offset_s for wave in waves)
    around = max(LEAST_AROUND_S, (seconds - (offset - onset)) / 2)
    first = max(0, median.peak + math.ceil((onset - around) * fs))
    last = min(n, median.peak + math.floor((offset + around) * fs))
    return replace(median, signal=median.signal[:, first:last], peak=median.peak - first)


def _edges(page: Page, median: Median, x_mm: float, y_mm: float) -> Iterator[Stroke]:
    """Yield the edges of waves in every cell: P dashed, QRS whole, T dotted, as on the screen."""
    grid, peak_s = page.grid, page.peak_s or 0.0
    seen: set[tuple[float, float]] = set()
    for trace in page.traces:
        row_top = max(grid.y_mm, trace.baseline_mm - trace.row_mm / 2)
        top = median_page.below_names(page, row_top, trace) + y_mm
        bottom = min(grid.y_mm + grid.height_mm, trace.baseline_mm + trace.row_mm / 2) + y_mm
        for kind, wave in median.overall.items():
            if wave is None:
                continue
            for at in (wave.offset_s,) if kind == "T" else (wave.onset_s, wave.offset_s):
                x = trace.x0_mm + (peak_s + at - trace.start_s) * trace.mm_per_s
                if (
                    trace.x0_mm <= x <= trace.x1_mm and (x, top) not in seen
                ):  # once where leads lie over each other
                    seen.add((x, top))
                    yield from _dashed(x + x_mm, top, bottom, *DASHES_MM[kind])


def _dashed(x: float, top: float, bottom: float, drawn_mm: float, gap_mm: float) -> Iterator[Stroke]:
    while top < bottom:
        yield Stroke(x, top, x, min(bottom, top + drawn_mm))
        top += drawn_mm + gap_mm


def _tables(table: LeadTable) -> Iterator[Sheet]:
    """Yield sheets with the values of each lead; its columns take the width there is."""
    width = (WIDTH_MM - NAME_MM) / max(1, len(table.leads))
    widths = (NAME_MM, *(width for _ in table.leads))
    names = (f"{lead} !" if doubt else lead for lead, doubt in zip(table.leads, table.doubts, strict=True))
    head = Row(("", *names), bold=True)
    rows = [Row((f"{row.name} ({row.unit})", *map(lead_table.cell, row.cells))) for row in table.rows]
    title = "VALUES OF EACH LEAD, of the median beat"
    signs = "! doubtful or left out    ? uncertain    * changed by an edge put elsewhere    – not measured"
    while rows:
        lines = (
            Line(title, SIDE_MM, BODY_MM + 3.0, 3.4, True),
            Line(signs, SIDE_MM + WIDTH_MM, BODY_MM + 3.0, SIZE_MM, False, "faint", "right"),
        )
        box = Box(SIDE_MM, BODY_MM + 6.0, WIDTH_MM, FOOT_MM - BODY_MM - 6.0)
        poured, placed = tabulate([head, *rows], widths, box, SIZE_MM)
        rows = rows[max(1, placed - 1) :]
        title = "VALUES OF EACH LEAD, continued"
        yield Sheet((*lines, *poured.lines))
