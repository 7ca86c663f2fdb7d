"""What is counted inside a running ecgview: files run, jobs started, files opened, questions to networks.

A file of ours is "run" when a function of it is called. Module and class bodies, comprehensions, and whatever
is called while a module of ours is being imported, do not count: that file is merely imported. Calls are seen
by `sys.setprofile` in every Python thread.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

HEAVY = ("wfdb", "pandas", "scipy.signal", "torch")
_BODIES = ("<module>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


class Calls:
    """The functions of ours that were called since the last `forget`, and the jobs started."""

    def __init__(self, checkout: Path) -> None:
        self._root = str(checkout / "ecgview")
        self._seen: set[CodeType] = set()
        self._jobs: list[str] = []

    def listen(self) -> None:
        """Watch this thread and every one that is started from now on."""
        threading.setprofile(self._hear)
        sys.setprofile(self._hear)

    def forget(self) -> None:
        """Begin anew."""
        self._seen, self._jobs = set(), []

    @property
    def files(self) -> list[str]:
        """The files run, relative to the package, sorted."""
        return sorted({code.co_filename[len(self._root) + 1 :] for code in self._seen.copy()})

    @property
    def jobs(self) -> list[str]:
        """The titles of the jobs started, in order."""
        return list(self._jobs)

    def _hear(self, frame: FrameType, event: str, _arg: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(self._root):
            return
        if code.co_qualname == "Jobs.start":
            self._jobs.append(str(frame.f_locals.get("title", "")))
        if code not in self._seen and _is_function(code) and not self._within_import(frame):
            self._seen.add(code)

    def _within_import(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(self._root):
                return True
            frame = frame.f_back
        return False


def _is_function(code: CodeType) -> bool:
    return code.co_name not in _BODIES and bool(code.co_flags & inspect.CO_OPTIMIZED)


class Opens:
    """How often the files of a record are opened, wherever a copy of them lies."""

    def __init__(self, record: Path) -> None:
        self._stem, self._folder = record.stem, record.parent
        self.at_home: Counter[str] = Counter()
        self.copies: Counter[str] = Counter()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], str) and self._stem in args[0]:
            path = Path(args[0])
            if path.stem == self._stem:
                (self.at_home if path.parent == self._folder else self.copies)[path.name] += 1


class Questions:
    """The forward passes of networks, by the class of the network: of the outermost module alone."""

    def __init__(self) -> None:
        import torch

        self.asked: Counter[str] = Counter()
        self._depth = threading.local()
        torch.nn.modules.module.register_module_forward_pre_hook(self._begin)
        torch.nn.modules.module.register_module_forward_hook(self._end, always_call=True)

    def _begin(self, module: Any, _args: Any) -> None:
        depth = getattr(self._depth, "value", 0)
        if depth == 0:
            self.asked[type(module).__name__] += 1
        self._depth.value = depth + 1

    def _end(self, _module: Any, _args: Any, _output: Any) -> None:
        self._depth.value -= 1


def heavy_loaded() -> list[str]:
    """Return which of the slow libraries are imported by now."""
    return [name for name in HEAVY if name in sys.modules]
