"""Large libraries are imported by one thread at a time.

Two threads that import parts of scipy at once can leave one of them with half a module, for good.
"""

import contextlib
import importlib
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

one_at_a_time = threading.RLock()


def library(name: str) -> ModuleType:
    """Return a library that brings scipy or pandas with it, imported while no other thread imports one."""
    with one_at_a_time:
        return importlib.import_module(name)


@contextlib.contextmanager
def without(name: str) -> Iterator[None]:
    """Let what is imported inside do without a library that it would only like to have; one that is loaded stays.

    None in `sys.modules` is Python's own word for "not to be had": an import ends in ImportError.
    """
    with one_at_a_time:
        if name in sys.modules:
            yield
            return
        sys.modules[name] = None  # type: ignore[assignment]
        try:
            yield
        finally:
            del sys.modules[name]
