"""Which lead stands in which row, for the leads a record really holds (L1, L2, L5, L6)."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ecgview.paper import layouts
from ecgview.paper.families import FAMILIES, are_few, family, in_order, lead_of
from ecgview.paper.layouts import Layout, Rows, each_lead
from ecgview.paper.settings import PaperSettings

MARGIN_MM = 5.0
LOW_ROW_MM = 25.0  # a lower row cannot hold 1.4 mV above its baseline
HEAD_MM = 5.0  # so the first of them gets room above
FOOT_MM = 11.0  # two lines below the grid
LINE_MM = 4.6
MOST_ROWS = 20  # of one page on a screen; further leads are on further pages
CLOSEST = 0.8  # of their height: as near as rows come to each other to stay on one sheet
SHEET_ROW_MM = 25.0
LETTERS = 120  # of a line of names below the grid

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Plan:
    """One page of a layout for one record's leads.

    `left_out` names the recorded leads that stand in no row of this page, `words` says why another layout than
    the one asked for was taken ("" where it was).
    """

    rows: Rows
    rhythm: tuple[str, ...]
    row_mm: float
    rhythm_mm: float
    left_out: tuple[str, ...] = ()
    words: str = ""
    part: int = 0
    parts: int = 1
    superimposed: bool = False  # the rows are cells side by side, each with all its leads

    @property
    def columns(self) -> int:
        """The most cells that share a row."""
        if self.superimposed:
            return max(len(self.rows), 1)
        return max((len(row) for row in self.rows), default=1)

    @property
    def n_rows(self) -> int:
        """How many of them lie below each other, without the rhythm rows."""
        return 1 if self.superimposed else len(self.rows)


LAYOUTS: Mapping[str, Layout] = layouts.known()


def choices(lead_names: Sequence[str]) -> tuple[str, ...]:
    """Return the layouts that make sense for a record with these leads."""
    return tuple(name for name, layout in LAYOUTS.items() if layout.offered(lead_names))


def plan(lead_names: Sequence[str], settings: PaperSettings) -> Plan:
    """Return the page `settings.part` of the layout asked for, or of the one that fits these leads.

    Leads beyond the twelve get rows of their own below. What does not fit the height
    (`settings.most_mm`, on a screen `MOST_ROWS`) goes to further pages.
    """
    layout, words = _fitting(lead_names, settings)
    further: Rows = ()
    if not layout.is_whole:
        beyond = tuple(lead for lead in in_order(lead_names) if lead not in _leads(layout.rows, lead_names))
        further = _rows_of(beyond, len(layout.rows[0]))
    room = _room(layout, lead_names, settings)
    parts = _split(layout, further, room)
    number = min(max(0, settings.part), len(parts) - 1)
    rows, rhythm = parts[number]
    needed = len(rows) * room.row_mm + len(rhythm) * layout.rhythm_mm
    squeeze = max(room.closest, min(1.0, room.height_mm / needed))
    shown = _leads(rows, lead_names)
    return Plan(
        rows,
        rhythm,
        room.row_mm * squeeze,
        layout.rhythm_mm * squeeze,
        tuple(lead for lead in in_order(lead_names) if lead not in shown),
        words,
        number,
        len(parts),
        layout.superimposed,
    )


def foot_mm(lines: int) -> float:
    """Return the height below the grid for so many lines, two at least."""
    return max(FOOT_MM, 5.5 + (lines - 1) * LINE_MM)


def _leads(rows: Rows, lead_names: Sequence[str]) -> set[str]:
    return {found[0] for row in rows for cell in row if (found := lead_of(cell, lead_names))}


def _fitting(lead_names: Sequence[str], settings: PaperSettings) -> tuple[Layout, str]:
    """Return the layout with its rows filled in, and why it is not the one asked for."""
    layout, words, leads = LAYOUTS[settings.layout], "", in_order(lead_names)
    if layout.arrange is not None:
        layout, words = layout.arrange(leads, settings)
    if not layout.is_whole and are_few(lead_names):
        words = f"{layout.name} is for twelve leads: one row for each recorded lead"
        layout, _ = each_lead.arrange(leads, settings)
    return layout, words


def _rows_of(leads: tuple[str, ...], columns: int) -> Rows:
    """Return rows of at most so many cells, evenly filled; leads that belong together share rows if they can."""
    count = math.ceil(len(leads) / columns)
    families = [tuple(one for one in leads if family(one) == number) for number in range(len(FAMILIES) + 2)]
    apart = [row for group in families for row in _even(group, columns)]
    return tuple(apart) if len(apart) <= count else tuple(_even(leads, columns))


def _even(items: Sequence[_Item], most: int) -> list[tuple[_Item, ...]]:
    """Return the items in as few pieces of at most `most` as it takes, of sizes that differ by one at most."""
    count = math.ceil(len(items) / max(1, most))
    edges = [round(number * len(items) / count) for number in range(count + 1)] if count else [0]
    return [tuple(items[a:b]) for a, b in itertools.pairwise(edges)]


@dataclass(frozen=True, slots=True)
class _Room:
    """How high rows would be, which share of it they need at least, and the height there is for all of them."""

    row_mm: float
    closest: float
    height_mm: float


def _room(layout: Layout, lead_names: Sequence[str], settings: PaperSettings) -> _Room:
    if settings.most_mm is None:
        return _Room(layout.row_mm, 1.0, MOST_ROWS * layout.row_mm)
    lines = 4 + sum(len(lead) + 1 for lead in lead_names) // LETTERS
    free = settings.most_mm - MARGIN_MM - foot_mm(lines)
    return _Room(max(layout.row_mm, SHEET_ROW_MM), CLOSEST, math.floor(free / 5.0) * 5.0 - HEAD_MM)


def _split(layout: Layout, further: Rows, room: _Room) -> list[tuple[Rows, tuple[str, ...]]]:
    """Return the rows and rhythm rows of every page; the layout's own rows stay together where they can."""
    rows, rhythm = layout.rows, layout.rhythm

    def fits(count: int) -> bool:
        return room.closest * (count * room.row_mm + len(rhythm) * layout.rhythm_mm) <= room.height_mm + 1e-6

    most = max(1, math.floor(room.height_mm / (room.closest * room.row_mm) + 1e-6))
    if fits(len(rows) + len(further)):
        return [(rows + further, rhythm)]
    if fits(len(rows)):
        found = [(rows, rhythm)]
    else:
        found = [(piece, ()) for piece in _even(rows, most)]
        found += [((), rhythm)] if rhythm else []
    return found + [(piece, ()) for piece in _even(further, most)]
