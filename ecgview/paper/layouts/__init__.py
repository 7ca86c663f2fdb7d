"""Layouts, one module each: `LAYOUT` is a `Layout`; menu, tool bar, report and command line take what is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ecgview.leads import CHEST
from ecgview.paper import families
from ecgview.paper.settings import PaperSettings
from ecgview.plugins import discover

Rows = tuple[tuple[str, ...], ...]

STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", *CHEST)
CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III", *CHEST)  # the limb leads by their angle, 30 degrees apart


def for_twelve(lead_names: Sequence[str]) -> bool:
    """Return whether a page with places for the twelve leads makes sense: more than a few of them were recorded."""
    return not families.are_few(lead_names)


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of cells that share the page's seconds, then rhythm rows over its whole width.

    Every recorded lead that the rows leave out gets a place below them, and a lead of a row that was not recorded
    says so (L6). A layout whose rows follow from the record has `arrange` instead: it is given the leads as they are
    read and the paper, and returns the layout to draw and, where that is not what its name says, why ("" else).

    Attributes:
        name: shown, and given on the command line.
        rows: leads from left to right; "-aVR" is aVR turned over. Rows of one length share their columns in time.
        rhythm: leads that run over the whole width, below the rows.
        row_mm, rhythm_mm: heights of a row on a screen; a sheet of paper gives them more or less.
        about: what it shows, where the name does not say it.
        order: its place in the menu; the key L goes through the layouts in this order.
        offered: whether it makes sense for a record with these leads.
        arrange: makes the rows from the record.
        is_whole: the rows are made from the record, so nothing is added to them and none of them stays empty.
        of_median: its cells show the median beat, not the record (`ecgview.paper.median_page`).
        superimposed: the leads of a row lie over each other in one cell, the rows side by side.
    """

    name: str
    rows: Rows = ()
    rhythm: tuple[str, ...] = ()
    row_mm: float = 25.0
    rhythm_mm: float = 20.0
    about: str = ""
    order: int = 100
    offered: Callable[[Sequence[str]], bool] = for_twelve
    arrange: Callable[[tuple[str, ...], PaperSettings], tuple[Layout, str]] | None = None
    is_whole: bool = False
    of_median: bool = False
    superimposed: bool = False

    def filled(self, rows: Rows, row_mm: float | None = None) -> Layout:
        """Return this layout with rows made from the record."""
        return replace(self, rows=rows, row_mm=self.row_mm if row_mm is None else row_mm, is_whole=True)


@cache
def known() -> dict[str, Layout]:
    """Return every layout by its name, in the order of the menu."""
    import ecgview.paper.layouts as room

    modules = discover(room, needs=("LAYOUT.name", "LAYOUT.order"))
    found = sorted((module.LAYOUT for module in modules), key=lambda layout: layout.order)
    return {layout.name: layout for layout in found}


def columns(count: int, leads: Sequence[str]) -> Rows:
    """Return rows of so many columns, the leads going down each column first; `count` divides their number."""
    height = len(leads) // count
    return tuple(tuple(leads[row + height * column] for column in range(count)) for row in range(height))


def one_each(leads: Sequence[str]) -> Rows:
    """Return one row for each lead."""
    return tuple((lead,) for lead in leads)
