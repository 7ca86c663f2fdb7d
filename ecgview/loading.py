"""Large libraries are imported by one thread at a time.

Two threads that import parts of scipy at once can leave one of them with half a module, for good.
"""

import importlib
import threading
from types import ModuleType

one_at_a_time = threading.RLock()


def library(name: str) -> ModuleType:
    """Return a library that brings scipy or pandas with it, imported while no other thread imports one."""
    with one_at_a_time:
        return importlib.import_module(name)
