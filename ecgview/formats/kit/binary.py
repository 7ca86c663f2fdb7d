"""Bounded reads from bytes: past the end is an error that names the file and the field."""

import struct
from pathlib import Path

from ecgview.errors import FormatError


class Bytes:
    """A part of a file with a place to read from; little-endian unless `big`."""

    def __init__(self, raw: bytes, path: Path, *, start: int = 0, stop: int | None = None, big: bool = False):
        self.raw = raw
        self.path = path
        self.at = start
        self.stop = len(raw) if stop is None else min(stop, len(raw))
        self._order = ">" if big else "<"

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return max(0, self.stop - self.at)

    def take(self, count: int, field: str) -> bytes:
        """Return the next bytes."""
        if count < 0 or count > self.left:
            raise FormatError(
                "the file is cut short or a length is wrong",
                where=f"{self.path}: {field}",
                expected=f"{count} bytes at {self.at}",
                found=f"{self.left} bytes",
            )
        part = self.raw[self.at : self.at + count]
        self.at += count
        return part

    def u8(self, field: str) -> int:
        """Return an unsigned byte."""
        return self.take(1, field)[0]

    def u16(self, field: str) -> int:
        """Return an unsigned 16-bit number."""
        return self._one("H", 2, field)

    def i16(self, field: str) -> int:
        """Return a signed 16-bit number."""
        return self._one("h", 2, field)

    def u32(self, field: str) -> int:
        """Return an unsigned 32-bit number."""
        return self._one("I", 4, field)

    def i32(self, field: str) -> int:
        """Return a signed 32-bit number."""
        return self._one("i", 4, field)

    def part(self, count: int, field: str) -> "Bytes":
        """Return the next bytes as a part of their own, and step over them."""
        start = self.at
        self.take(count, field)
        return Bytes(self.raw, self.path, start=start, stop=start + count, big=self._order == ">")

    def _one(self, code: str, size: int, field: str) -> int:
        value: int = struct.unpack(self._order + code, self.take(size, field))[0]
        return value
