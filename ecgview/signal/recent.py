"""What was found about the records looked at last: every answer, panel and report asks again."""

import weakref
import zlib
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import numpy as np

from ecgview.record import EcgRecord, Signal

Found = TypeVar("Found")
CHECKED_S = 30.0  # from the beginning: nothing that is kept here looks at more of a record

# By the place of the samples, for as long as they are there: of how many of each lead, and the checksum.
_checksums: dict[int, tuple["weakref.ref[Signal]", int, int]] = {}


def checksum(record: EcgRecord) -> int:
    """Return a checksum of a record's first `CHECKED_S`; taken once, since every answer asks for it several times."""
    signal = record.signal
    length, place = round(CHECKED_S * record.sampling_rate_hz), id(signal)
    kept = _checksums.get(place)
    if kept is not None and kept[0]() is signal and kept[1] == length:
        return kept[2]
    found = zlib.crc32(np.ascontiguousarray(signal[:, :length]).data)
    if signal.base is None and not signal.flags.writeable:  # what is another's may change beneath
        seen = weakref.ref(signal, lambda _gone: _checksums.pop(place, None))
        _checksums[place] = (seen, length, found)
    return found


class Recent(Generic[Found]):
    """Keeps `most` findings by key, from any thread; the oldest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, Found] = {}

    def of(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """Return what is kept under a key, made now where nothing is."""
        found = self._kept.get(key)
        if found is None:
            found = make()
            while len(self._kept) >= self._most:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[key] = found
        return found
