"""One-file extension: a module or folder dropped into a room is a format, an explanation, an export, a command."""

import importlib
import pkgutil
from collections.abc import Collection, Iterator
from importlib.metadata import entry_points
from types import ModuleType


def discover(room: ModuleType, besides: Collection[str] = ()) -> Iterator[ModuleType]:
    """Yield every public module and package of a room, then what other packages registered for it.

    A name that starts with an underscore is the room's own plumbing and is left out; so are the names `besides`,
    tools that the room's members share.
    Other packages register under the entry-point group named like the room, "ecgview.formats".
    """
    for info in pkgutil.iter_modules(room.__path__):
        if not info.name.startswith("_") and info.name not in besides:
            yield importlib.import_module(f"{room.__name__}.{info.name}")
    for entry in entry_points(group=room.__name__):
        yield entry.load()
