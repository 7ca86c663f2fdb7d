"""One-file extension: a module or folder dropped into a room is a format, an explanation, an export, a command."""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterator
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
    for info in pkgutil.iter_modules(room.__path__):
        if not info.name.startswith("_") and info.name not in besides:
            name = f"{room.__name__}.{info.name}"
            folder = Path(getattr(info.module_finder, "path", ""))
            file = folder / info.name / "__init__.py" if info.ispkg else folder / f"{info.name}.py"
            yield from _taken(name, str(file), partial(importlib.import_module, name), needs, mark)
    for entry in entry_points(group=room.__name__):
        yield from _taken(
            entry.value, f"entry point {entry.name} of {room.__name__}", entry.load, needs, mark
        )


def faults() -> tuple[EcgviewError, ...]:
    """Return why something was left out so far, once for each, in the order it was met."""
    return tuple(_faults.values())


def leave_out(name: str, where: str, sentence: str) -> None:
    """Keep for `faults` that a file of others is not used, and why."""
    _faults.setdefault(where, EcgviewError(f"{name} is left out: {sentence}", where=where))


def _taken(
    name: str, where: str, load: Callable[[], ModuleType], needs: Collection[str], mark: str
) -> Iterator[ModuleType]:
    """Yield the module if it is what the room needs."""
    try:
        module = load()
    except Exception as error:  # a file of others may raise anything, and must not take the rest with it
        leave_out(name, where, f"it cannot be imported ({type(error).__name__}: {error})")
        return
    if mark and not hasattr(module, mark):
        return
    missing = [attribute for attribute in needs if not _has(module, attribute)]
    if missing:
        leave_out(name, where, f"it lacks {', '.join(missing)}")
    else:
        yield module


def _has(module: ModuleType, attribute: str) -> bool:
    try:
        attrgetter(attribute)(module)
    except AttributeError:
        return False
    return True
