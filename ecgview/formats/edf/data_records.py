"""The data records of an EDF file, read as many at a time as fit: a day of twelve leads is a gigabyte."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk
from ecgview.errors import FormatError
from ecgview.formats.edf.header import Header

AT_ONCE = 4_000_000  # bytes


@dataclass(frozen=True, slots=True)
class DataRecords:
    """The first `count` data records of a file; they are there."""

    path: Path
    header: Header
    count: int

    def parts(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the place of the first of some data records, and these as (data records, bytes), in order.

        Raises:
            FormatError: the file cannot be read.
        """
        size = self.header.record_samples * self.header.width
        some = max(1, AT_ONCE // size)
        try:
            for first in range(0, self.count, some):
                on_disk.rest()  # what was made of those before
                count, offset = min(some, self.count - first) * size, self.header.length + first * size
                yield first, np.fromfile(self.path, np.uint8, count, offset=offset).reshape(-1, size)
        except (OSError, ValueError) as error:
            raise FormatError(f"the data records cannot be read ({error})", where=str(self.path)) from None
