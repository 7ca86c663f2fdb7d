"""One-file extension: a module dropped into a room is a format, an explanation, an export, a command."""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from types import ModuleType


def discover(package: ModuleType) -> Iterator[ModuleType]:
    """Yield every public module of a room, then what other packages registered for it.

    A name that starts with an underscore is the room's own plumbing and is left out.
    Other packages register under the entry-point group named like the room, "ecgview.formats".
    """
    for info in pkgutil.iter_modules(package.__path__):
        if not info.name.startswith("_"):
            yield importlib.import_module(f"{package.__name__}.{info.name}")
    for entry in entry_points(group=package.__name__):
        yield entry.load()
