"""The tracing of a report in pieces that fit the sheet, and as high as there is room: its scale never changes (L3)."""

from dataclasses import replace

from ecgview.errors import ReportError
from ecgview.overlay import Overlay
from ecgview.paper import layout, stimuli
from ecgview.paper.page import Page
from ecgview.paper.plan import plan
from ecgview.paper.settings import PaperSettings
from ecgview.paper.sheet import A4_LANDSCAPE
from ecgview.report.content import ReportContent
from ecgview.signal import pacing
from ecgview.signal.measurements import STIMULI

MARGINS_MM, PULSE_MM = 10.0, 10.0
TALLEST_ROW = 3.0  # of the layout's own row height
STEP_MM = 5.0  # grids grow by whole large squares


def pieces(content: ReportContent, room_mm: float) -> list[PaperSettings]:
    """Return the settings of each page: stretches of time that fit the width, of each the leads that fit `room_mm`.

    The scale is never changed for it; rows come closer and leads go on, on further pages.
    """
    paper = replace(content.paper, row_mm=None, most_mm=room_mm)
    longest = (A4_LANDSCAPE[0] - 2 * 8.0 - MARGINS_MM - PULSE_MM) / paper.speed_mm_per_s
    seconds = paper.seconds
    if seconds > longest:
        seconds = seconds / 2 if seconds / 2 <= longest else max(1.0, longest // 0.5 * 0.5)
    found: list[PaperSettings] = []
    start, end = paper.start_s, min(paper.start_s + paper.seconds, content.record.seconds)
    while not found or start < end - 1e-6:
        stretch = replace(paper, seconds=seconds, start_s=start)
        count = plan(content.record.lead_names, stretch).parts
        found += [replace(stretch, part=part) for part in range(count)]
        start += seconds
    return found


def marks(content: ReportContent) -> Overlay | None:
    """Return the reader's marks as they are drawn on the tracing, numbered as in the text."""
    from ecgview.review.annotation import to_overlay

    if content.read is None or not content.read.content.annotations:
        return None
    overlay = to_overlay(content.read.content.annotations)
    return replace(overlay, spans=tuple(replace(one, text=str(n)) for n, one in enumerate(overlay.spans, 1)))


def page(content: ReportContent, settings: PaperSettings, room_mm: float) -> Page:
    """Return a page, its rows as high as `room_mm` allows.

    Raises:
        ReportError: it does not fit at true scale.
    """
    row_mm = plan(content.record.lead_names, settings).row_mm
    nominal = layout.compose(content.record, settings)
    free = room_mm - nominal.height_mm
    if free < -1e-6:
        raise ReportError(
            f"layout {settings.layout} does not fit the sheet at this gain and row height",
            expected="another layout; the scale is never changed to fit",
        )
    for factor in _factors(nominal.grid.height_mm, free):
        found = layout.compose(content.record, replace(settings, row_mm=row_mm * factor))
        if found.height_mm <= room_mm + 1e-6:
            return _with_stimuli(found, content)
    return _with_stimuli(nominal, content)


def _with_stimuli(page: Page, content: ReportContent) -> Page:
    """Return the page with a mark for each stimulus seen, where measurements may be told."""
    if not any(one.name == STIMULI and one.value for one in content.measurements):
        return page
    seen = stimuli.ticks(page, pacing.detect(content.record).times_s)
    return replace(page, ticks=(*page.ticks, *seen))


def _factors(grid_mm: float, free_mm: float) -> list[float]:
    """Return how much higher the rows may be, the largest first."""
    most = min(TALLEST_ROW, 1.0 + free_mm / grid_mm)
    found = [most - step * STEP_MM / grid_mm / 2 for step in range(4)]
    return [factor for factor in found if factor > 1.0]
