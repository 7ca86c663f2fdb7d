"""Variables of MATLAB files of version 4 and 5: numbers, text, cells and structures; objects and code are refused.

Source: "MAT-File Format", The MathWorks. Nothing is executed, and a compressed variable is unpacked to a bound only.
"""

import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit.binary import Bytes

MOST_BYTES = 256_000_000  # of all variables of a file, unpacked
MOST_VARIABLES = 1000
MOST_PARTS = 20_000  # elements of cells and structures
DEEPEST = 6
_V4_TYPES = ("f8", "f4", "i4", "i2", "u2", "u1")
_V5_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXT = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _CHAR, _SPARSE = 1, 2, 4, 5
_NUMERIC = range(6, 16)
_REFUSED = {3: "an object", 16: "a function", 17: "an object"}


def variables(raw: bytes, path: Path) -> dict[str, Any]:
    """Return name -> array, text, list (of a cell) or dict (of a structure) of a file of version 4 or 5.

    Raises:
        FormatError: the bytes break the format, unpack to too much, or hold objects only.
    """
    if is_version_5(raw[:128]):
        return _Version5(path, big=raw[126:128] == b"MI").read(raw)
    return dict(_version_4(raw, path))


def is_version_5(head: bytes) -> bool:
    """Return whether these are the first bytes of a file of version 5 (MATLAB 5 to 7)."""
    return len(head) >= 128 and head[126:128] in (b"IM", b"MI") and head[:6] == b"MATLAB"


def is_version_4(head: bytes) -> bool:
    """Return whether these can be the first bytes of a file of version 4, which has no mark of its own."""
    return _header_4(head) is not None


def _header_4(head: bytes) -> tuple[str, int, int, int, int, str] | None:
    """Return byte order, kind, rows, columns, parts (1, or 2 where complex) and name of a variable."""
    if len(head) < 22:
        return None
    for order, base in (("<", 0), (">", 1000)):
        kind, rows, columns, imaginary, named = (int(x) for x in np.frombuffer(head[:20], f"{order}i4"))
        plausible = rows > 0 and columns > 0 and imaginary in (0, 1) and 2 <= named <= 64
        if kind - base in range(0, 60, 10) and plausible:
            name = head[20 : 20 + named].rstrip(b"\0").decode("latin-1")
            if name.isidentifier():
                return order, kind - base, rows, columns, 1 + imaginary, name
    return None


def _version_4(raw: bytes, path: Path) -> Iterator[tuple[str, Any]]:
    file = Bytes(raw, path)
    for _ in range(MOST_VARIABLES):
        found = _header_4(raw[file.at : file.at + 100])
        if found is None:
            break
        order, kind, rows, columns, parts, name = found
        stored = np.dtype(order + _V4_TYPES[kind // 10])
        file.take(16, "header")
        file.take(int(np.frombuffer(file.take(4, "header"), f"{order}i4")[0]), "name")
        size = rows * columns * stored.itemsize
        values = np.frombuffer(file.take(size, name), stored).reshape((rows, columns), order="F")
        file.take(size * (parts - 1), name)
        yield name, values
    if not file.at:
        raise FormatError("is no MATLAB file", where=str(path), expected="version 4, 5 or 7.3")


class _Version5:
    """Reads one file; keeps count of what it unpacks."""

    def __init__(self, path: Path, *, big: bool):
        self.path = path
        self.big = big
        self.left = MOST_BYTES
        self.parts = MOST_PARTS

    def read(self, raw: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {}
        refused = ""
        file = Bytes(raw, self.path, start=128, big=self.big)
        while file.left >= 8 and len(found) < MOST_VARIABLES:
            kind, part = self._element(file, "variable")
            if kind == _COMPRESSED:
                unpacked = self._unpacked(part)
                kind, part = self._element(unpacked, "compressed variable")
            if kind != _MATRIX:
                continue
            name, value = self._matrix(part, 0)
            if isinstance(value, _Refused):
                refused = value.what
            elif name:
                found[name] = value
        if not found:
            raise FormatError("holds no numbers", where=str(self.path), found=refused or "no variable")
        return found

    def _unpacked(self, part: Bytes) -> Bytes:
        try:
            raw = zlib.decompressobj().decompress(part.take(part.left, "compressed variable"), self.left + 1)
        except zlib.error as error:
            raise FormatError(
                f"cannot be unpacked ({error})", where=f"{self.path}: compressed variable"
            ) from None
        self.left -= len(raw)
        if self.left < 0:
            raise FormatError(
                "unpacks to too much",
                where=f"{self.path}: compressed variable",
                expected=f"{MOST_BYTES} bytes",
            )
        return Bytes(raw, self.path, big=self.big)

    def _element(self, file: Bytes, field: str) -> tuple[int, Bytes]:
        """Return kind and bytes of the next element, and step over it and its padding."""
        first = file.u32(field)
        if first >> 16:
            part = file.part(first >> 16, field) if first >> 16 <= 4 else None
            if part is None:
                raise FormatError("a small element is too large", where=f"{self.path}: {field}")
            file.take(min(4 - (first >> 16), file.left), field)
            return first & 0xFFFF, part
        size = file.u32(field)
        part = file.part(size, field)
        if first != _COMPRESSED:
            file.take(min(-size % 8, file.left), field)
        return first, part

    @np.errstate(invalid="ignore", over="ignore")  # a damaged type reads names and sizes as absurd numbers
    def _matrix(self, part: Bytes, depth: int) -> tuple[str, Any]:
        """Return name and value of an array."""
        self.parts -= 1
        if depth > DEEPEST or self.parts < 0:
            raise FormatError("too many nested parts", where=f"{self.path}: variable")
        if not part.left:
            return "", np.zeros((0, 0))
        flags = self._numbers(part, "array flags")
        if not len(flags):
            raise FormatError("an array without a class", where=f"{self.path}: array flags")
        kind = int(flags[0]) & 0xFF
        if kind in _REFUSED:
            return "", _Refused(_REFUSED[kind])
        sizes = tuple(int(size) for size in self._numbers(part, "dimensions"))
        name = bytes(self._numbers(part, "name").astype(np.uint8)).rstrip(b"\0").decode("latin-1")
        count = math.prod(sizes) if sizes and min(sizes) >= 0 else -1
        if count < 0 or len(sizes) > 8:
            raise FormatError("impossible dimensions", where=f"{self.path}: {name}", found=str(sizes)[:60])
        if kind in (_CELL, _STRUCT):
            return name, self._parts(part, kind, count, depth)
        if kind == _CHAR:
            return name, self._text(part)
        if kind not in _NUMERIC:
            return name, _Refused("a sparse array" if kind == _SPARSE else f"class {kind}")
        values = self._numbers(part, name)
        if len(values) != count:
            raise FormatError(
                "the values do not fit the dimensions",
                where=f"{self.path}: {name}",
                expected=str(sizes),
                found=str(len(values)),
            )
        return name, values.reshape(sizes, order="F")

    def _parts(self, part: Bytes, kind: int, count: int, depth: int) -> Any:
        """Return the list of a cell, or the dict of a structure (the first of several)."""
        if kind == _CELL:
            return [self._inner(part, depth) for _ in range(min(count, self.parts + 1))]
        length = self._numbers(part, "field name length")
        width = int(length[0]) if len(length) else 0
        raw = bytes(self._numbers(part, "field names").astype(np.uint8))
        if not 1 <= width <= 256:
            raise FormatError(
                "impossible length of names", where=f"{self.path}: field names", found=str(width)
            )
        names = [raw[at : at + width].split(b"\0")[0].decode("latin-1") for at in range(0, len(raw), width)]
        return {name: self._inner(part, depth) for name in names} if count else {}

    def _inner(self, part: Bytes, depth: int) -> Any:
        kind, inner = self._element(part, "nested value")
        return self._matrix(inner, depth + 1)[1] if kind == _MATRIX else None

    def _numbers(self, part: Bytes, field: str) -> np.ndarray:
        kind, inner = self._element(part, field)
        if kind not in _V5_TYPES:
            raise FormatError("unknown type of number", where=f"{self.path}: {field}", found=str(kind))
        stored = np.dtype((">" if self.big else "<") + _V5_TYPES[kind])
        whole = inner.left - inner.left % stored.itemsize
        return np.frombuffer(inner.take(whole, field), stored)

    def _text(self, part: Bytes) -> str:
        kind, inner = self._element(part, "text")
        raw = inner.take(min(inner.left, 100_000), "text")
        if kind in _TEXT:
            wide = "" if kind == 16 else "-be" if self.big else "-le"
            return raw.decode(_TEXT[kind] + wide, "replace").strip("\0 ")
        if kind == 4:
            return raw.decode("utf-16-be" if self.big else "utf-16-le", "replace").strip("\0 ")
        return raw.decode("latin-1").strip("\0 ")


class _Refused:
    """Stands for a value that is not taken."""

    def __init__(self, what: str):
        self.what = what
