"""Elements of a DICOM data set by keyword, read leniently: odd values are told apart here and raise nothing.

pydicom takes the data set apart; values are converted here from the stored bytes, so that a strange value (of which
carts write many) neither warns nor raises. Opening is bounded in bytes, in elements and, for deflated files, in what
may come out of them. PS3.5 7.1, PS3.10 7.1.
"""

import io
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ecgview.errors import FormatError
from ecgview.formats.dicom import text as dicom_text

LARGEST_FILE = 256_000_000
LARGEST_INFLATED = 128_000_000
MOST_READS = 200_000  # steps over elements and items, some three per element
DEFLATED = "1.2.840.10008.1.2.1.99"
_TEXT = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)
_BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "SV": "q", "UV": "Q"}
_VRS = _TEXT | _BINARY.keys() | {"AT", "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"}
_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV")


@dataclass(frozen=True, slots=True)
class Body:
    """The data set of a file, not yet taken apart."""

    raw: bytes
    syntax: str
    sop_class: str
    implicit: bool
    little: bool


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept; empty where the file has none."""

    value: str = ""
    scheme: str = ""
    meaning: str = ""


class Elements:
    """A data set or an item of a sequence."""

    def __init__(self, dataset: Any, path: Path, little: bool, steps: "Steps", charset: tuple[str, ...] = ()):
        self._dataset = dataset
        self.path = path
        self.little = little
        self._steps = steps
        self._charset = charset
        own = self.raw("SpecificCharacterSet")
        if own:
            self._charset = dicom_text.encodings(own.decode("latin-1"))

    def tags(self) -> Iterator[int]:
        """Yield the tags that are there."""
        yield from sorted(map(int, self._dataset.keys()))

    def has(self, keyword: str | int) -> bool:
        """Return whether the element is there, empty or not."""
        return _tag(keyword) in self._dataset

    def vr(self, tag: int) -> str:
        """Return the value representation that the file says, or that the dictionary knows."""
        said = str(getattr(self._dataset.get_item(tag, keep_deferred=True), "VR", None) or "UN")
        return _known_vr(tag) if said == "UN" or said not in _VRS else said

    def raw(self, keyword: str | int) -> bytes:
        """Return the stored bytes; b"" where the element is absent, empty or a sequence."""
        value = getattr(self._dataset.get_item(_tag(keyword), keep_deferred=True), "value", None)
        return value if isinstance(value, bytes) else b""

    def put(self, tag: int, raw: bytes) -> None:
        """Let the stored bytes of an element be these."""
        from pydicom.dataelem import RawDataElement
        from pydicom.tag import Tag

        self._dataset[tag] = RawDataElement(Tag(tag), "OW", len(raw), raw, 0, False, self.little)

    def text(self, keyword: str | int) -> str:
        """Return the text of an element, values between backslashes; "" where there is none."""
        raw = self.raw(keyword)
        if not raw:
            return ""
        name = self.vr(_tag(keyword)) == "PN"
        return dicom_text.text(raw, self._charset, name=name).strip(" \0")

    def numbers(self, keyword: str | int) -> list[float]:
        """Return the finite numbers of an element, those that are none left out."""
        raw = self.raw(keyword)
        if not raw:
            return []
        vr = self.vr(_tag(keyword))
        if vr in _BINARY:
            size = struct.calcsize(_BINARY[vr])
            count = len(raw) // size
            form = f"{'<' if self.little else '>'}{count}{_BINARY[vr]}"
            found: list[float] = list(struct.unpack(form, raw[: count * size]))
        else:
            found = [_number(part) for part in raw[:1_000_000].decode("latin-1").split("\\")]
        return [value for value in found if math.isfinite(value)]

    def number(self, keyword: str | int) -> float | None:
        """Return the first number of an element; None where there is none."""
        return next(iter(self.numbers(keyword)), None)

    def whole(self, keyword: str) -> int:
        """Return a count; 0 where there is none."""
        value = self.number(keyword)
        return int(value) if value is not None and 0 <= value < 1 << 40 else 0

    def items(self, keyword: str | int) -> list["Elements"]:
        """Return the items of a sequence; [] where there is none."""
        tag = _tag(keyword)
        element = self._dataset.get_item(tag, keep_deferred=True)
        found: Any = getattr(element, "value", None)
        # pydicom leaves sequences of unknown VR, and deferred ones, as bytes.
        if isinstance(found, bytes):
            found = self._parsed(element)
        if isinstance(found, bytes | str) or not hasattr(found, "__iter__"):
            return []
        return [Elements(item, self.path, self.little, self._steps, self._charset) for item in found]

    def code(self, keyword: str) -> Code:
        """Return the first code of a code sequence (PS3.3 8.8)."""
        item = next(iter(self.items(keyword)), None)
        if item is None:
            return Code()
        value = item.text("CodeValue") or item.text("LongCodeValue") or item.text("URNCodeValue")
        return Code(value, item.text("CodingSchemeDesignator"), item.text("CodeMeaning"))

    def _parsed(self, element: Any) -> Any:
        from pydicom.filereader import read_sequence

        unknown = str(element.VR) == "UN"  # holds implicit little-endian items (PS3.5 6.2.2)
        file = _Counted(element.value, self._steps)
        try:
            return read_sequence(
                file,
                element.is_implicit_VR or unknown,
                element.is_little_endian or unknown,
                len(element.value),
                "iso8859",
            )
        except Exception:  # the library raises what its parts raise; a broken sequence holds nothing
            self._steps.check()
            return []


class Steps:
    """How many reads are still allowed while a file is taken apart."""

    def __init__(self, path: Path):
        self.path = path
        self.left = MOST_READS

    def check(self) -> None:
        """Raise FormatError when the file holds more elements than any ECG."""
        if self.left < 0:
            raise FormatError("holds too many elements", where=str(self.path))


class _Counted(io.BytesIO):
    def __init__(self, raw: bytes, steps: Steps):
        super().__init__(raw)
        self._steps = steps

    def read(self, size: int | None = -1, /) -> bytes:
        """Return bytes; FormatError when the file holds more elements than any ECG."""
        self._steps.left -= 1
        self._steps.check()
        return super().read(size)


def open_file(path: Path) -> tuple[Elements, Body]:
    """Return the data set of a file.

    Raises:
        FormatError: not DICOM, too large, deflated wrongly, or so broken that it cannot be taken apart.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise FormatError(
                "DICOM file too large", where=str(path), expected="under 256 MB", found=f"{size} bytes"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    return open_bytes(raw, path)


def open_bytes(raw: bytes, path: Path) -> tuple[Elements, Body]:
    """Return the data set in the bytes of a file; `path` is named in errors."""
    body = body_of(raw, path)
    return elements_of(body, path), body


@cache
def _silence() -> None:
    """Keep the library's warnings about odd files off a user's terminal: what matters becomes an import note."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")


def elements_of(body: Body, path: Path, stop: int = 0) -> Elements:
    """Return a data set taken apart, up to the tag `stop` where one is given."""
    return part_of(body, path, 0, stop)


def part_of(body: Body, path: Path, at: int, stop: int) -> Elements:
    """Return the elements from a place in a data set up to the tag `stop` or the end of the item."""
    return _taken_apart(body, path, at, stop)[0]


def end_of_part(body: Body, path: Path, at: int, stop: int) -> int:
    """Return the place behind these elements, where the tag `stop` or a later one begins."""
    return _taken_apart(body, path, at, stop)[1]


def _taken_apart(body: Body, path: Path, at: int, stop: int) -> tuple[Elements, int]:
    from pydicom.filereader import read_dataset

    _silence()
    steps = Steps(path)
    file = _Counted(body.raw, steps)
    file.seek(at)
    try:
        dataset = read_dataset(
            file,
            body.implicit,
            body.little,
            stop_when=(lambda tag, vr, length: tag >= stop) if stop else None,
            at_top_level=not at,
        )
    except Exception as error:  # the library raises what its parts raise; the user is told which file
        steps.check()
        raise FormatError("the DICOM data set is broken", where=str(path), found=str(error)[:100]) from None
    return Elements(dataset, path, body.little, steps), file.tell()


def body_of(raw: bytes, path: Path) -> Body:
    """Return the data set behind preamble and file meta information, either of which may be absent."""
    meta, at = _meta(raw)
    syntax = meta.get(0x0010, b"").decode("latin-1").strip(" \0")
    body = _inflated(raw[at:], path) if syntax == DEFLATED else raw[at:]
    if len(body) < 8:
        raise FormatError("the file is cut short", where=str(path), expected="a DICOM data set")
    # Big-endian and implicit files often lack the transfer syntax, so the bytes tell: the first element
    # of a data set is of group 0008, and an explicit one shows its VR in bytes 4 and 5 (PS3.5 7.1.2).
    big = body[0] == 0 and body[1] != 0
    explicit = body[4:6].decode("latin-1") in _VRS
    sop_class = meta.get(0x0002, b"").decode("latin-1").strip(" \0")
    return Body(body, syntax, sop_class, not explicit, not big)


def starts_dataset(head: bytes) -> bool:
    """Return whether bytes without preamble begin like a data set or its file meta information."""
    if len(head) < 12:
        return False
    little = head[1] == 0 and head[0] in (2, 8) and head[3] == 0
    big = head[0] == 0 and head[1] == 8 and head[2] == 0
    if head[4:6].decode("latin-1") in _VRS:
        return little or big
    return little and head[0] == 8 and struct.unpack("<I", head[4:8])[0] < 1024


def _meta(raw: bytes) -> tuple[dict[int, bytes], int]:
    """Return the elements of group 2, always explicit little-endian, and where the data set begins."""
    # A preamble of 128 bytes and the prefix, PS3.10 7.1; files from before 2000 lack both.
    at = 132 if raw[128:132] == b"DICM" else 0
    found: dict[int, bytes] = {}
    while raw[at : at + 2] == b"\x02\0" and at + 8 <= len(raw):
        element, vr, length = struct.unpack_from("<H2sH", raw, at + 2)
        start = at + 8
        # These VRs have two reserved bytes and a 32 bit length, PS3.5 table 7.1-1.
        if vr in _LONG and at + 12 <= len(raw):
            length = struct.unpack_from("<I", raw, at + 8)[0]
            start = at + 12
        found[element] = raw[start : start + length]
        at = start + length
    return found, min(at, len(raw))


def _inflated(raw: bytes, path: Path) -> bytes:
    """Return a deflated data set (PS3.5 A.5), bounded."""
    # Raw deflate without zlib header or checksum, hence the negative window (PS3.5 A.5).
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = decoder.decompress(raw, LARGEST_INFLATED)
    except zlib.error as error:
        raise FormatError("the deflated data set is broken", where=str(path), found=str(error)[:80]) from None
    if decoder.unconsumed_tail:
        raise FormatError("the deflated data set is too large", where=str(path), expected="under 128 MB")
    return body


def _number(part: str) -> float:
    try:
        return float(part.strip(" \0").replace(",", "."))  # carts of some countries write a comma
    except ValueError:
        return math.nan


@lru_cache(maxsize=512)
def _tag(keyword: str | int) -> int:
    if isinstance(keyword, int):
        return keyword
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return int(tag)


@lru_cache(maxsize=512)
def _known_vr(tag: int) -> str:
    from pydicom.datadict import dictionary_VR

    try:
        return str(dictionary_VR(tag)).split(" ")[0]
    except KeyError:
        return "UN"
