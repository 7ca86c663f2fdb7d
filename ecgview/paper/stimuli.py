"""Marks of pacemaker stimuli: beneath one row alone, and the trace is left as it was recorded (L9)."""

from collections.abc import Iterator, Sequence

from ecgview.paper.page import Page, Tick, TracePath

FROM, LENGTH_MM = 0.30, 3.0  # of the row's height, under its baseline


def ticks(page: Page, times_s: Sequence[float]) -> Iterator[Tick]:
    """Yield a short line for each stimulus on the page, under its rhythm row; times are from the first sample."""
    row = None if page.is_of_median else rhythm_row(page)
    if row is None:
        return
    top = row.baseline_mm + FROM * row.row_mm
    for time in times_s:
        if row.start_s <= time <= row.end_s:
            yield Tick(row.x0_mm + (time - row.start_s) * row.mm_per_s, top, top + LENGTH_MM)


def rhythm_row(page: Page) -> TracePath | None:
    """Return the lowest of the rows that show the most time: the rhythm strip where there is one."""
    longest = max((row.end_s - row.start_s for row in page.traces), default=0.0)
    rows = [row for row in page.traces if row.end_s - row.start_s > longest - 1e-3]
    return max(rows, key=lambda row: row.baseline_mm, default=None)
