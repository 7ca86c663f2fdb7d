"""Recordings that are read one at a time, with how many there are, and how few of each fold a trial takes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ecgview.record import EcgRecord
from ecgview.training.data.rows import Row

Reading = tuple[Row, EcgRecord]


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """What is packed: iterated, it reads; `len_hint` looks at tables and names of files alone.

    Nothing is looked at before one of the two is asked for, since a pack that is there needs neither.

    Attributes:
        rows: yields every row that `read` would yield, or what stands for it.
        read: yields (row, recording).
        per_fold: so many of each fold are taken, and the reading ends with the last one; 0 takes all.
    """

    rows: Callable[[], Iterable[Row]]
    read: Callable[[], Iterable[Reading]]
    per_fold: int = 0

    def __iter__(self) -> Iterator[Reading]:
        if not self.per_fold:
            yield from self.read()
            return
        left = self._wanted()
        for row, record in self.read():
            if left[row.fold] > 0:
                left[row.fold] -= 1
                yield row, record
            if not any(left.values()):
                return

    def __length_hint__(self) -> int:
        return sum(self._wanted().values())

    def _wanted(self) -> Counter[int]:
        found = Counter(row.fold for row in self.rows())
        return Counter({fold: min(n, self.per_fold or n) for fold, n in found.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Several:
    """Recordings of several places, one after another; `parts` finds them when the first is asked for."""

    parts: Callable[[], Iterable[Recordings]]

    def __iter__(self) -> Iterator[Reading]:
        for part in self.parts():
            yield from part

    def __length_hint__(self) -> int:
        return sum(part.__length_hint__() for part in self.parts())
