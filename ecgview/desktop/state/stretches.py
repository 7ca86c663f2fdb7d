"""The stretches of a map, and whether a page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ecgview.explain.on_page import Shown, Stretch
from ecgview.paper import time_span
from ecgview.paper.families import lead_of
from ecgview.paper.plan import plan

if TYPE_CHECKING:
    from ecgview.paper.settings import PaperSettings
    from ecgview.record import EcgRecord
    from ecgview.results import Attribution

STRETCH_S = 0.2  # a QRS complex with the beginning of its ST segment: cells of one sign may go on for seconds
MOST = 5  # that one steps through before the strongest comes again


def strongest(attribution: Attribution) -> tuple[Stretch, ...]:
    """Return the stretches of 0.2 s with the largest sums in one lead, the strongest first; none overlaps another."""
    width = max(1, round(STRETCH_S / attribution.segment_s))
    cells = attribution.cells.astype(np.float64)
    if cells.shape[1] < width:
        return ()
    sums = np.lib.stride_tricks.sliding_window_view(cells, width, axis=1).sum(-1)
    left = np.abs(sums)
    found: list[Stretch] = []
    while len(found) < MOST and left.max(initial=0.0) > 0:
        row, start = (int(place) for place in np.unravel_index(np.argmax(left), left.shape))
        begin, end = start * attribution.segment_s, (start + width) * attribution.segment_s
        found.append(Stretch(attribution.leads[row], begin, end, float(sums[row, start])))
        left[row, max(0, start - width + 1) : start + width] = 0.0
    return tuple(found)


def shown_by(record: EcgRecord, settings: PaperSettings) -> tuple[Shown, ...]:
    """Return which stretch of which lead a record's page shows, without laying it out."""
    found = plan(record.lead_names, settings)
    shown = time_span.shown(record, settings, found.columns)
    cells: list[Shown] = []
    for row in (*found.rows, *((lead,) for lead in found.rhythm)):
        seconds = shown.seconds / len(row)
        for column, name in enumerate(row):
            start = shown.start_s + (column * seconds if shown.sequential else 0.0)
            if (lead := lead_of(name, record.lead_names)) is not None:
                cells.append((lead[0], start, start + seconds))
    return tuple(cells)


def is_shown(stretch: Stretch, shown: Iterable[Shown]) -> bool:
    """Return whether a page shows all of a stretch."""
    return any(
        lead == stretch.lead and start - 1e-9 <= stretch.start_s and stretch.end_s <= end + 1e-9
        for lead, start, end in shown
    )
