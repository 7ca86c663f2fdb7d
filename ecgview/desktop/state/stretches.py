"""The stretches of a map, and whether a page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ecgview.explain import on_page
from ecgview.explain.on_page import Shown, Stretch
from ecgview.paper import time_span
from ecgview.paper.families import lead_of
from ecgview.paper.plan import plan

if TYPE_CHECKING:
    from ecgview.paper.settings import PaperSettings
    from ecgview.record import EcgRecord
    from ecgview.results import Attribution

MOST = 5  # that one steps through before the strongest comes again


def strongest(attribution: Attribution) -> tuple[Stretch, ...]:
    """Return the stretches that one steps through, the strongest first."""
    return on_page.stretches(attribution, MOST)


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
