"""HDF5 files by way of h5py, with bounds: sizes are checked before anything is read, links stay inside the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.errors import FormatError

MARK = b"\x89HDF\r\n\x1a\n"
MOST_NAMES = 1000
_SUPERBLOCKS = (0, 512, 1024, 2048, 4096)
FARTHEST = 4096
LARGEST_CHUNK = 64_000_000  # bytes, unpacked


class File:
    """An open file whose datasets are numbers."""

    def __init__(self, path: Path, handle: Any):
        self.path = path
        self._handle = handle

    def names(self) -> list[str]:
        """Return the names of the top datasets of numbers; links to other places are left out."""
        import h5py

        names = []
        for name in list(self._handle)[:MOST_NAMES]:
            hard = isinstance(self._handle.get(name, getlink=True), h5py.HardLink)
            if hard and isinstance(self._handle.get(name), h5py.Dataset):
                names.append(str(name))
        return names

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a dataset of numbers; None where there is none of this name."""
        if name not in self.names():
            return None
        dataset = self._handle[name]
        inside = not dataset.external and not dataset.is_virtual
        return (
            tuple(dataset.shape)
            if inside and dataset.dtype.kind in "fiu" and dataset.shape is not None
            else None
        )

    def array(self, name: str, most: int, rows: slice | None = None) -> np.ndarray | None:
        """Return a dataset, or some of its rows; None where it is none of numbers or has more than `most`."""
        shape = self.shape(name)
        if shape is None or not shape:
            return None
        count = int(np.prod(shape[1:], dtype=object)) * len(range(*(rows or slice(None)).indices(shape[0])))
        if not 0 < count <= most:
            return None
        self._check_chunks(name)
        return np.asarray(self._handle[name][rows or slice(None)])

    def attribute(self, name: str, key: str) -> str:
        """Return a text attribute of a dataset, or ""."""
        value = self._handle[name].attrs.get(key, b"")
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def _check_chunks(self, name: str) -> None:
        """Refuse a chunk that unpacks to far more than a record needs."""
        dataset = self._handle[name]
        size = int(np.prod(dataset.chunks or (1,), dtype=object)) * dataset.dtype.itemsize
        if size > LARGEST_CHUNK:
            raise FormatError("a chunk is too large", where=f"{self.path}: {name}", found=f"{size} bytes")


def _check_superblock(path: Path) -> None:
    """Raise FormatError when the file's own account of its extent is not true: the library would believe it.

    HDF5 File Format Specification 3.0, section II.A: base address and end of file, by superblock version.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(FARTHEST + 64)
    at = next((at for at in _SUPERBLOCKS if head[at : at + 8] == MARK), None)
    if at is None:
        raise FormatError("is no HDF5 file", where=str(path))
    block = head[at : at + 64]
    version = block[8] if len(block) == 64 else 255
    width = block[13] if version < 2 else block[9]
    if version > 3 or width not in (2, 4, 8):
        raise FormatError("an unknown HDF5 superblock", where=f"{path}: superblock", found=str(version))
    first = {0: 24, 1: 28}.get(version, 12)
    base, _, end = (
        int.from_bytes(block[first + k * width : first + (k + 1) * width], "little") for k in range(3)
    )
    if base not in (0, at) or not 0 < end <= size:
        raise FormatError(
            "the HDF5 file is cut short or its extent is wrong",
            where=f"{path}: superblock",
            expected=f"{size} bytes",
            found=f"{end} bytes from {base}",
        )


@contextmanager
def open_file(path: Path) -> Iterator[File]:
    """Open a file for reading; whatever h5py raises becomes a FormatError."""
    import h5py

    try:
        _check_superblock(path)
        with h5py.File(path, "r") as handle:
            yield File(path, handle)
    except FormatError:
        raise
    except Exception as error:  # h5py raises what its parts raise; the user is told which file
        raise FormatError(f"the HDF5 file cannot be read ({str(error)[:200]})", where=str(path)) from None
