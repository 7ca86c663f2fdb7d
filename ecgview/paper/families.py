"""A record's leads as they are read: in order, by family, and as the cells of a page ask for them (L1, L2, L5)."""

import re
from collections.abc import Sequence

from ecgview.leads import STANDARD_12

FEW = 3  # with so few of the twelve recorded, the places of the other nine would be most of the page

FAMILIES = (
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
    found = (number for number, pattern in enumerate(FAMILIES, 1) if pattern.fullmatch(lead))
    return next(found, len(FAMILIES) + 1)


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


def are_few(lead_names: Sequence[str]) -> bool:
    """Return whether so few of the twelve were recorded that each gets a row instead of a place among twelve."""
    return sum(lead in STANDARD_12 for lead in lead_names) <= FEW
