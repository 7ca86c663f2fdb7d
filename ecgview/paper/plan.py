"""Which lead stands in which row, for the leads a record really holds (L1, L2, L5, L6)."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ecgview.leads import CHEST, STANDARD_12
from ecgview.paper.settings import PaperSettings

MARGIN_MM = 5.0
LOW_ROW_MM = 25.0  # a lower row cannot hold 1.4 mV above its baseline
HEAD_MM = 5.0  # so the first of them gets room above
FOOT_MM = 11.0  # two lines below the grid
LINE_MM = 4.6
FEW = 3  # with so few of the twelve recorded, the places of the other nine would be most of the page
MOST_ROWS = 20  # of one page on a screen; further leads are on further pages
CLOSEST = 0.8  # of their height: as near as rows come to each other to stay on one sheet
SHEET_ROW_MM = 25.0
LETTERS = 120  # of a line of names below the grid

_Item = TypeVar("_Item")
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of cells that share the page's seconds, then rhythm rows over its whole width.

    Without rows of its own it takes them from the record: `about` says which.
    """

    name: str
    rows: Rows = ()
    rhythm: tuple[str, ...] = ()
    row_mm: float = 25.0
    rhythm_mm: float = 20.0
    about: str = ""


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

    @property
    def columns(self) -> int:
        """The most cells that share a row."""
        return max((len(row) for row in self.rows), default=1)


def _columns(count: int, order: Sequence[str]) -> Rows:
    height = len(order) // count
    return tuple(tuple(order[row + height * column] for column in range(count)) for row in range(height))


def _single(order: Sequence[str]) -> Rows:
    return tuple((lead,) for lead in order)


_ORDER = ("I", "II", "III", "aVR", "aVL", "aVF", *CHEST)
_CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III", *CHEST)
_THREE_BY_FOUR = _columns(4, _ORDER)

LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("3x4+1R", _THREE_BY_FOUR, ("II",)),
        Layout("3x4+3R", _THREE_BY_FOUR, ("V1", "II", "V5")),
        Layout("3x4", _THREE_BY_FOUR),
        Layout("4x3", _columns(3, _ORDER)),
        Layout("6x2", _columns(2, _ORDER)),
        Layout("12x1", _single(_ORDER), row_mm=20.0),
        Layout("6x2 Cabrera", _columns(2, _CABRERA)),
        Layout("12x1 Cabrera", _single(_CABRERA), row_mm=20.0),
        Layout("Nx1", about="each recorded lead"),
        Layout("further", about="leads beyond the twelve"),
        Layout("single", row_mm=50.0, about="one lead"),
    )
}

_FAMILIES = (
    re.compile(r"V\d+R"),
    re.compile(r"V\d+"),
    re.compile(r"[XYZ]"),
)


def is_chest(lead: str) -> bool:
    """Return whether a lead is drawn at the gain of the chest leads: V1-V6, further left and right ones."""
    return re.fullmatch(r"V\d+R?", lead) is not None


def family(lead: str) -> int:
    """Return which leads it belongs with: the twelve, right-sided, posterior, X Y Z, any other."""
    if lead in STANDARD_12:
        return 0
    found = (number for number, pattern in enumerate(_FAMILIES, 1) if pattern.fullmatch(lead))
    return next(found, len(_FAMILIES) + 1)


def in_order(lead_names: Sequence[str]) -> tuple[str, ...]:
    """Return a record's leads as they are read: the twelve, right-sided, posterior, X Y Z, others as filed."""
    return tuple(sorted(lead_names, key=family))


def lead_of(cell: str, lead_names: Sequence[str]) -> tuple[str, float] | None:
    """Return the lead that a cell shows and its sign; None where it was not recorded.

    "-aVR" is aVR turned over, unless the record holds a lead of that name.
    """
    if cell in lead_names:
        return cell, 1.0
    turned = cell.removeprefix("-")
    return (turned, -1.0) if turned != cell and turned in lead_names else None


def choices(lead_names: Sequence[str]) -> tuple[str, ...]:
    """Return the layouts that make sense for a record with these leads."""
    if _few(lead_names):
        return ("Nx1", "single")
    has_further = any(family(lead) for lead in lead_names)
    return tuple(name for name in LAYOUTS if name != "further" or has_further)


def plan(lead_names: Sequence[str], settings: PaperSettings) -> Plan:
    """Return the page `settings.part` of the layout asked for, or of the one that fits these leads.

    Leads beyond the twelve get rows of their own below. What does not fit the height
    (`settings.most_mm`, on a screen `MOST_ROWS`) goes to further pages.
    """
    layout, words = _fitting(lead_names, settings)
    further: Rows = ()
    if not layout.about:
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
    )


def foot_mm(lines: int) -> float:
    """Return the height below the grid for so many lines, two at least."""
    return max(FOOT_MM, 5.5 + (lines - 1) * LINE_MM)


def _leads(rows: Rows, lead_names: Sequence[str]) -> set[str]:
    return {found[0] for row in rows for cell in row if (found := lead_of(cell, lead_names))}


def _few(lead_names: Sequence[str]) -> bool:
    return sum(lead in STANDARD_12 for lead in lead_names) <= FEW


def _fitting(lead_names: Sequence[str], settings: PaperSettings) -> tuple[Layout, str]:
    """Return the layout with its rows filled in, and why it is not the one asked for."""
    layout = LAYOUTS[settings.layout]
    leads = in_order(lead_names)
    if layout.name == "single":
        lead = settings.single_lead
        if lead in leads:
            return Layout("single", ((lead,),), row_mm=layout.row_mm, about=layout.about), ""
        other = "II" if "II" in leads else leads[0]
        instead = Layout("single", ((other,),), row_mm=layout.row_mm, about=layout.about)
        return instead, f"{lead} was not recorded: {other} instead"
    words = ""
    if layout.name == "further":
        beyond = tuple(lead for lead in leads if family(lead))
        if beyond:
            return _each(beyond), ""
        layout, words = LAYOUTS["3x4"], "no leads beyond the twelve were recorded"
    if layout.name == "Nx1":
        return _each(leads), ""
    if _few(lead_names):
        return _each(leads), f"{layout.name} is for twelve leads: one row for each recorded lead"
    return layout, words


def _each(leads: tuple[str, ...]) -> Layout:
    about = LAYOUTS["Nx1"].about
    return Layout("Nx1", _single(leads), row_mm=25.0 if len(leads) <= 6 else 20.0, about=about)


def _rows_of(leads: tuple[str, ...], columns: int) -> Rows:
    """Return rows of at most so many cells, evenly filled; leads that belong together share rows if they can."""
    count = math.ceil(len(leads) / columns)
    families = [tuple(one for one in leads if family(one) == number) for number in range(len(_FAMILIES) + 2)]
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
