"""Arrays of recordings of hours: in a nameless file, from which the system fetches what is looked at.

A day of seven leads is 600 MB, of which a command needs a stretch at a time. Pages that rest can be taken back by the
system at any moment, and `rest` gives back all at once; what was written stays in the file. The file has no name, so
that nobody else can open it, and it ends with the array, however the program ends.
"""

import mmap
import os
import tempfile
import weakref
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGE = 100_000_000  # bytes; below, memory costs nobody anything: twelve leads of an hour at 500 Hz are 86 MB
CAN = hasattr(os, "posix_fallocate") and hasattr(mmap, "MADV_DONTNEED")  # Linux

_mapped: "weakref.WeakSet[mmap.mmap]" = weakref.WeakSet()


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of zeros that may be written to: in memory if it is small, or if no disk has room for it."""
    n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if n_bytes < LARGE or not CAN:
        return np.zeros(shape, dtype)
    try:
        with tempfile.TemporaryFile(prefix="ecgview-") as file:
            # Room is taken beforehand: a mapping that finds the disk full would end the program without a word.
            os.posix_fallocate(file.fileno(), 0, n_bytes)
            held = mmap.mmap(file.fileno(), n_bytes)
    except OSError:
        return np.zeros(shape, dtype)
    _mapped.add(held)
    return np.ndarray(shape, dtype, held)


def holds(array: NDArray[Any]) -> bool:
    """Return whether this is such an array, whole: nobody but its owner can write to it."""
    return isinstance(array.base, mmap.mmap)


def rest() -> None:
    """Give back the memory of all such arrays; what is looked at again is fetched from the file as it was."""
    for held in list(_mapped):
        held.madvise(mmap.MADV_DONTNEED)
