"""One-file extension: a module or folder dropped into a room is a format, an explanation, an export, a command."""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from operator import attrgetter
from pathlib import Path
from types import ModuleType

from ecgview.errors import EcgviewError

_faults: dict[str, EcgviewError] = {}  # by what is left out


def discover(
    room: ModuleType, besides: Collection[str] = (), needs: Collection[str] = (), mark: str = ""
) -> Iterator[ModuleType]:
    """Yield every public module and package of a room, then what other packages registered for it.

    A name that starts with an underscore is the room's own plumbing and is left out; so are the names `besides`,
    tools that the room's members share, and, where there is a `mark`, each module that lacks this attribute.
    Other packages register under the entry-point group named like the room, "ecgview.formats".
    What cannot be imported, or lacks what the room `needs` ("PANEL.order"), is left out, too: see `faults`.
    """
    for place in _places(room, besides):
        yield from _taken(place, needs, mark)


def names(room: ModuleType, besides: Collection[str] = ()) -> tuple[str, ...]:
    """Return under which names `discover` would look, of modules and of entry points; nothing is imported."""
    return tuple(dict.fromkeys(place.name for place in _places(room, besides)))


def sentences(room: ModuleType, besides: Collection[str] = ()) -> dict[str, str]:
    """Return the first line of each file that `names` knows, "" where it is not to be read; nothing is imported."""
    return {place.name: _first_line(Path(place.where)) for place in _places(room, besides)}


def _first_line(file: Path) -> str:
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.readline().strip().strip('"').rstrip(".")
    except (OSError, UnicodeDecodeError):
        return ""  # an entry point, or a program without its sources


def named(
    room: ModuleType, name: str, besides: Collection[str] = (), needs: Collection[str] = ()
) -> ModuleType:
    """Return the one of a room's modules that has this name, and import no other.

    Raises:
        EcgviewError: there is none, or it is left out (why stands in `faults`, too).
    """
    for place in _places(room, besides):
        if place.name == name:
            for module in _taken(place, needs):
                return module
            raise _faults[place.where]
    raise EcgviewError(f"{room.__name__} has no {name!r}", expected=", ".join(names(room, besides)))


def faults() -> tuple[EcgviewError, ...]:
    """Return why something was left out so far, once for each, in the order it was met."""
    return tuple(_faults.values())


def leave_out(name: str, where: str, sentence: str) -> None:
    """Keep for `faults` that a file of others is not used, and why."""
    _faults.setdefault(where, EcgviewError(f"{name} is left out: {sentence}", where=where))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a module of a room may be: its name in the room and in Python, and what a reader is told of it."""

    name: str
    module: str
    where: str
    load: Callable[[], ModuleType]


def _places(room: ModuleType, besides: Collection[str]) -> Iterator[_Place]:
    for info in pkgutil.iter_modules(room.__path__):
        if not info.name.startswith("_") and info.name not in besides:
            module = f"{room.__name__}.{info.name}"
            folder = Path(getattr(info.module_finder, "path", ""))
            file = folder / info.name / "__init__.py" if info.ispkg else folder / f"{info.name}.py"
            yield _Place(info.name, module, str(file), partial(importlib.import_module, module))
    for entry in entry_points(group=room.__name__):
        where = f"entry point {entry.name} of {room.__name__}"
        yield _Place(entry.name, entry.value, where, entry.load)


def _taken(place: _Place, needs: Collection[str], mark: str = "") -> Iterator[ModuleType]:
    """Yield the module if it is what the room needs."""
    try:
        module = place.load()
    except Exception as error:  # a file of others may raise anything, and must not take the rest with it
        leave_out(place.module, place.where, f"it cannot be imported ({type(error).__name__}: {error})")
        return
    if mark and not hasattr(module, mark):
        return
    missing = [attribute for attribute in needs if not _has(module, attribute)]
    if missing:
        leave_out(place.module, place.where, f"it lacks {', '.join(missing)}")
    else:
        yield module


def _has(module: ModuleType, attribute: str) -> bool:
    try:
        attrgetter(attribute)(module)
    except AttributeError:
        return False
    return True
