"""What was found about the records looked at last: every answer, panel and report asks again."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")


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
