"""Data sets in their published layout, read one record at a time.

A layout is one module of this room with `sniff(path) -> bool` and `open(path) -> Source`; another package adds one
under the entry-point group "ecgview.training.data.sources". `open` below finds out which one a path holds.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from ecgview.errors import FormatError
from ecgview.plugins import discover
from ecgview.training.data.sources.source import Source


@cache
def layouts() -> tuple[ModuleType, ...]:
    """Return the modules that each know one layout."""
    import ecgview.training.data.sources as room

    return tuple(discover(room, needs=("NAME", "sniff", "open"), mark="sniff"))


def open(path: str | Path, **options: Any) -> Source:
    """Return the data set at a path, in whatever known layout; `options` are those of the layout.

    Raises:
        FormatError: there is no such path, or no layout, or more than one data set below it.
    """
    found = find(path)
    if len(found) > 1:
        raise FormatError("several data sets; name one of them", where=str(path), found=_listed(found))
    layout, place = found[0]
    return cast(Source, layout.open(place, **options))


def open_all(path: str | Path) -> tuple[Source, ...]:
    """Return the data set at a path, or else those in the folders right below it."""
    return tuple(cast(Source, layout.open(place)) for layout, place in find(path))


def find(path: str | Path) -> list[tuple[ModuleType, Path]]:
    """Return (layout, place) of the data set at a path, or of those one level below; nothing is read in full.

    Raises:
        FormatError: there is no such path, or no known layout.
    """
    place = Path(path)
    if not place.exists():
        raise FormatError("there is no such file or folder", where=str(place))
    below = sorted(child for child in place.iterdir() if child.is_dir()) if place.is_dir() else []
    exact = [layout for layout in layouts() if not _takes_all(layout)]
    here = _sniffed(place, exact)
    mixed = not here and any(_sniffed(child, exact) for child in below)
    found = here or ([] if mixed else _sniffed(place, layouts()))
    found = found or [
        pair for child in below for pair in (_sniffed(child, exact) or _sniffed(child, layouts()))
    ]
    if not found:
        names = ", ".join(str(layout.NAME) for layout in layouts())
        raise FormatError("no known data set", where=str(place), expected=names)
    return found


def _takes_all(layout: ModuleType) -> bool:
    """Return whether a layout is found at any depth; it gives way to one that is found at a place itself."""
    return bool(getattr(layout, "ANY_DEPTH", False))


def _sniffed(place: Path, among: Sequence[ModuleType]) -> list[tuple[ModuleType, Path]]:
    return [(layout, place) for layout in among if layout.sniff(place)]


def _listed(found: list[tuple[ModuleType, Path]]) -> str:
    return ", ".join(f"{layout.NAME} in {place.name}" for layout, place in found)
