"""Keeping the UI thread free, and its objects its own, while workers are busy.

Two things in an import stop every thread of the interpreter: a full garbage collection (100 ms and more
once torch's and shap's objects are there), and the loading of a large library. The first waits here
until no worker is busy and then never looks at the packages' objects again; the second is done by the
system's own loader, called so that the interpreter lock is free meanwhile.

A collection runs in whichever thread happens to allocate, and destroys there what it finds, widgets and
items of a scene among it: Qt does not survive that outside its own thread. So none runs in a worker.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import importlib.util
import os
import sys
from pathlib import Path

from ecgview import loading

MANY_MODULES = 40  # an import this large leaves objects that no collection should walk again

_held = 0
_was_on = True
_modules_seen = 0


def hold_collection() -> None:
    """Let no garbage be collected until as many releases; called in the UI thread before a worker starts."""
    global _held, _was_on, _modules_seen
    if _held == 0:
        _modules_seen = _modules_seen or len(sys.modules)
        _was_on = gc.isenabled()
        gc.disable()
    _held += 1


def release_collection() -> None:
    """Collect again once the last hold is gone; called in the UI thread when a worker's outcome is there.

    What has gathered meanwhile goes here: the next thread to allocate would else collect it, and the
    worker is still on its way back.
    """
    global _held, _modules_seen
    _held -= 1
    if _held:
        return
    if len(sys.modules) - _modules_seen > MANY_MODULES:
        _modules_seen = len(sys.modules)
        gc.freeze()
    elif gc.get_count()[0] > gc.get_threshold()[0]:
        gc.collect(1)
    if _was_on:
        gc.enable()


def load_foundations() -> None:
    """Import what the work on an open record shares, one thread at a time; call it before a job's own work."""
    with loading.one_at_a_time:
        _import_foundations()


@functools.cache
def _import_foundations() -> None:
    for name in ("scipy.signal", "scipy.ndimage", "wfdb"):
        importlib.import_module(name)


def load_model_libraries() -> None:
    """Load the large libraries of the models once; call it in a job, before torch or shap is imported.

    Who comes second waits: the system's loader lets one in at a time, and would make that one wait with
    the interpreter lock held.
    """
    with loading.one_at_a_time:
        _load_once()
        importlib.import_module("torch")


@functools.cache
def _load_once() -> None:
    load_libraries("torch", "lib", ("libc10", "libtorch_cpu", "libtorch", "libtorch_python"))
    load_libraries("llvmlite", "binding", ("libllvmlite",))


def load_libraries(package: str, folder: str, names: tuple[str, ...]) -> int:
    """Load shared libraries of a package with the interpreter lock free, and return how many were loaded.

    Only a head start: the package's own import finds them loaded. Nothing is done where the system has no
    `dlopen` or the package no such file.
    """
    if sys.platform == "win32":
        return 0
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return 0
    load = ctypes.CDLL(None).dlopen  # a foreign call: unlike ctypes.CDLL itself it frees the lock
    load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    paths = [Path(spec.origin).parent / folder / f"{name}{suffix}" for name in names]
    return sum(bool(load(os.fsencode(path), os.RTLD_NOW)) for path in paths if path.is_file())
