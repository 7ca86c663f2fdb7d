"""A process that is killed at a chosen call: at any moment of its work, and at the same one on every machine."""

import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from ecgview.models import cards

# What training and scoring import only when they begin: loaded once for all children, and not counted.
LOADED = [
    *("ecgview.api", "ecgview.models.archive", "ecgview.models.architectures", "ecgview.signal.measurements"),
    *(
        "ecgview.training.stages.mtecg_pretrain",
        "pyarrow.parquet",
        "safetensors.torch",
        "shap",
        "sklearn.linear_model",
    ),
    *("scipy.signal", "torch._dynamo", "wfdb"),
]


class Victim:
    """Runs one piece of work in child processes, as often as asked, each to its end or to a chosen call."""

    def __init__(self, work: Callable[..., object], *args: Any, **named: Any) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(LOADED)
        self._work, self._args, self._named = work, args, named

    def run(self, until: int = 0) -> int:
        """Run it until it is killed at its call number `until`, of Python or of a library; 0 for never.

        Returns:
            the number of calls of a run that came to its end, 0 for one that was killed.
        """
        here, there = self._context.Pipe(duplex=False)
        child = self._context.Process(
            target=_counted, args=(until, there, self._work, self._args, self._named)
        )
        child.start()
        there.close()
        child.join()
        assert child.exitcode in (0, -signal.SIGKILL)
        return int(here.recv()) if child.exitcode == 0 else 0


def _counted(
    until: int, told: Connection, work: Callable[..., object], args: Sequence[Any], named: Mapping[str, Any]
) -> None:
    for name in LOADED:
        importlib.import_module(name)
    cards.available()  # kept once they are read: half a million calls, and none of them leaves anything behind
    seen = 0

    def look(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal seen
        if event.endswith("call"):
            seen += 1
            if seen == until:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(look)
    sys.setprofile(look)
    work(*args, **named)
    sys.setprofile(None)
    told.send(seen)
