"""Going to the strongest stretch of the map, or to where a value was measured, on a page that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ecgview.desktop.state.paper_choices import SINGLE
from ecgview.desktop.state.stretches import is_shown, shown_by
from ecgview.paper.plan import LAYOUTS, plan
from ecgview.paper.settings import PaperSettings

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.record import EcgRecord


def show_next(workspace: Workspace) -> None:
    """Put brackets around the strongest stretch, or the next one, on another page where this one does not show it."""
    record, found = workspace.ecg.record, workspace.maps.next_stretch()
    if record is None or found is None:
        return
    before = workspace.paper.settings
    paper = next(
        (page for page in _pages(record, before, found.lead) if is_shown(found, shown_by(record, page))),
        before,
    )
    if paper != before:
        is_alone = paper.layout != before.layout
        new = f"{found.lead} is shown alone" if is_alone else "another page is shown"
        workspace.telling.post(f"{found} does not stand on this page: {new}.", about=workspace.ecg.path)
        # The page itself would tell the next reader, who is blind, where the model looked.
        workspace.paper.show_for_a_while(paper)


def page_with(
    record: EcgRecord, paper: PaperSettings, lead: str, start_s: float, end_s: float
) -> PaperSettings | None:
    """Return a page of the record that shows a stretch of a lead (of the first one where it is empty) whole.

    None where no page can: the stretch is longer than a page.
    """
    if end_s - start_s > paper.seconds:
        return None
    middle = (start_s + end_s - paper.seconds) / 2
    start = (
        min(max(0.0, middle), max(0.0, record.seconds - paper.seconds))
        if record.seconds > paper.seconds
        else 0.0
    )
    if LAYOUTS[paper.layout].of_median:
        paper = replace(paper, layout=PaperSettings().layout)
    rhythm = plan(record.lead_names, paper).rhythm
    if not lead and rhythm and end_s <= start + paper.seconds:
        return replace(paper, start_s=start, part=0)
    named = lead or ("II" if "II" in record.lead_names else record.lead_names[0])
    return replace(paper, layout=SINGLE, single_lead=named, start_s=start, part=0)


def _pages(record: EcgRecord, paper: PaperSettings, lead: str) -> Iterator[PaperSettings]:
    """Yield the page as it is, the others of its layout from the record's start, and last the lead alone."""
    yield paper
    for part in range(plan(record.lead_names, paper).parts):
        yield replace(paper, start_s=0.0, part=part)
    yield replace(paper, layout=SINGLE, single_lead=lead, start_s=0.0, part=0)
