"""What may be chosen of the paper for the open record: speed, gain, layout, leads, display filter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecgview.paper.families import in_order
from ecgview.paper.layouts import single_lead as lead_alone
from ecgview.paper.plan import LAYOUTS, choices, plan
from ecgview.signal import filters

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

SPEEDS = (25.0, 50.0)
GAINS = (5.0, 10.0, 20.0)
SINGLE = lead_alone.LAYOUT.name


def change(workspace: Workspace, **changes: object) -> None:
    """Lay the paper out with some settings changed; another layout begins with its first page of leads."""
    paper = workspace.paper.settings
    if "layout" in changes:
        paper = replace(paper, part=0)
    workspace.paper.choose(replace(paper, **changes))  # type: ignore[arg-type]


def cycle(workspace: Workspace, name: str, offered: tuple[object, ...]) -> None:
    """Take the next of what is offered of one setting, from the first again after the last."""
    current = getattr(workspace.paper.settings, name)
    index = offered.index(current) + 1 if current in offered else 0
    change(workspace, **{name: offered[index % len(offered)]})


def display_filters(workspace: Workspace) -> tuple[filters.DisplayFilter, ...]:
    """Return the display filters that differ on the open file."""
    return filters.CHOICES if workspace.ecg.record is None else filters.offered(workspace.ecg.record)


def filter_label(workspace: Workspace, band: filters.DisplayFilter) -> str:
    """Return a display filter's band as the open file leaves it."""
    return (band if workspace.ecg.record is None else filters.seen(band, workspace.ecg.record)).label


def layouts(workspace: Workspace) -> tuple[str, ...]:
    """Return the layouts that make sense for the open record; all while none is open."""
    return tuple(LAYOUTS) if workspace.ecg.record is None else choices(workspace.ecg.record.lead_names)


def has_pages(workspace: Workspace) -> bool:
    """Return whether the open record has more leads than fit on one page of the layout."""
    record = workspace.ecg.record
    return record is not None and plan(record.lead_names, workspace.paper.settings).parts > 1


def turn_page(workspace: Workspace, pages: int) -> None:
    """Show the page of leads so many further on; nothing beyond the first and the last."""
    record, paper = workspace.ecg.record, workspace.paper.settings
    if record is not None:
        now = plan(record.lead_names, paper)
        part = min(max(0, now.part + pages), now.parts - 1)
        workspace.paper.choose(replace(paper, part=part))


def leads(workspace: Workspace) -> tuple[str, ...]:
    """Return the open record's leads in the order they are read."""
    return () if workspace.ecg.record is None else in_order(workspace.ecg.record.lead_names)


def single_lead(workspace: Workspace) -> str:
    """Return the lead that the layout "single" shows of the open record; "" in every other layout."""
    record, paper = workspace.ecg.record, workspace.paper.settings
    if record is None or paper.layout != SINGLE:
        return ""
    return plan(record.lead_names, paper).rows[0][0]


def show_lead(workspace: Workspace, lead: str) -> None:
    """Show one lead alone, over the whole width."""
    workspace.paper.choose(replace(workspace.paper.settings, layout=SINGLE, single_lead=lead, part=0))


def step_lead(workspace: Workspace, leads_on: int) -> None:
    """Show another lead alone: the one so many on, and first of all the one chosen before."""
    names, now = leads(workspace), single_lead(workspace)
    if names and not now:
        wanted = workspace.paper.settings.single_lead
        show_lead(workspace, wanted if wanted in names else names[0])
    elif names:
        show_lead(workspace, names[(names.index(now) + leads_on) % len(names)])
