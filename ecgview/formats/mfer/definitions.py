"""The definitions of an MFER file: tag, length and value, for all channels or for one.

Source: Medical waveform Format Encoding Rules, Part 1 (public; the same as ISO 22077-1). A tag is one byte, that of
a channel's own attributes is followed by the channel's number. A length is one byte below 128, or the number of its
bytes, or 128 for "until two zero bytes". Numbers are big-endian unless MWF_BLE says otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.kit.text import decode

# Tags of ISO 22077-1 by their numbers: MWF_ZRO 00h, MWF_BLE 01h, MWF_VER 02h, ... MWF_WAV 1Eh, MWF_ATT
# 3Fh, MWF_PRE 40h, MWF_END 80h, MWF_PNM 81h and following.
ZERO, ORDER, VERSION, CHARACTERS, BLOCK, CHANNELS, SEQUENCES, POINTER = 0, 1, 2, 3, 4, 5, 6, 7
WAVEFORM, LEAD, TYPE, INTERVAL, RESOLUTION, OFFSET, COMPRESSION, FILTER = 8, 9, 10, 11, 12, 13, 14, 17
NOTHING, COMMENT, DEVICE, DATA, CHANNEL = 18, 22, 23, 30, 63
PREAMBLE, EVENT, VALUE, GROUP, END = 64, 65, 66, 103, 128
NAME, IDENTITY, AGE, SEX, TIME, MESSAGE = 129, 130, 131, 132, 133, 134
PER_CHANNEL = frozenset((BLOCK, SEQUENCES, WAVEFORM, LEAD, TYPE, INTERVAL, RESOLUTION, OFFSET, NOTHING))
MOST_CHANNELS = 64  # of one frame: a 12-lead cart has 8 to 15
MOST_FRAMES = 4000
MOST_TAGS = 20_000
DEEPEST = 4
_KNOWN = (
    frozenset(range(1, 16)) | {17, 18, 21, 22, 23, 30, 63} | set(range(64, 71)) | {103} | set(range(128, 137))
)
_CHARACTERS = {
    "ascii": "ascii",
    "ansi": "ascii",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "unicode": "utf-8",
    "utf-16": "utf-16",
    "jis x 0201": "shift_jis",
    "shift": "shift_jis",
    "jis": "iso2022_jp",
    "rfc": "iso2022_jp",
    "iso 2022": "iso2022_jp",
    "iso-2022": "iso2022_jp",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """Waveform bytes with the definitions that hold for each channel: tag -> (value, big-endian)."""

    raw: bytes
    channels: tuple[dict[int, tuple[bytes, bool]], ...]
    pointer: int | None
    big: bool


@dataclass(slots=True)
class Definitions:
    """All that a file defines, in its order."""

    frames: list[Frame] = field(default_factory=list)
    others: list[tuple[int, bytes, bool, str]] = field(default_factory=list)  # tag, value, big, character set


def looks_right(head: bytes) -> bool:
    """Return whether bytes begin with a chain of definitions that describe a waveform."""
    at, seen = 0, set()
    for _ in range(64):
        while at < len(head) and head[at] == ZERO:
            at += 1
        if at + 2 > len(head) or head[at] == DATA:
            break
        tag = head[at]
        at += 2 if tag == CHANNEL else 1
        size = head[at] if at < len(head) else 0
        # MFER needs no magic number, so a chain of plausible definitions tells it: sizes that the
        # standard fixes, and at least three of the definitions without which no waveform can be
        # described.
        fixed = {ORDER: (1,), TYPE: (1,), SEX: (1,), INTERVAL: (3, 4, 6), RESOLUTION: (3, 4, 6)}.get(tag)
        if (
            tag not in _KNOWN
            or (fixed and size not in fixed)
            or (tag in (BLOCK, CHANNELS, SEQUENCES) and size > 4)
        ):
            return False
        seen.add(tag)
        if size >= 128:
            break
        at += 1 + size
    return len(seen & {ORDER, BLOCK, CHANNELS, SEQUENCES, INTERVAL, RESOLUTION}) >= 3


def parse(raw: bytes, path: Path) -> Definitions:
    """Return the definitions; FormatError names the byte at which a length is wrong."""
    return _Walk(raw, path).run()


def whole(value: bytes, big: bool, *, signed: bool = False) -> int:
    """Return a whole number of up to eight bytes."""
    return int.from_bytes(value[:8], "big" if big else "little", signed=signed)


def text(value: bytes, character_set: str) -> str:
    """Return text in the file's character set, or in the one that it shows."""
    plain = value.strip(b"\0 ")
    key = character_set.strip().lower()
    declared = next((codec for word, codec in _CHARACTERS.items() if key.startswith(word)), "")
    if declared == "iso2022_jp" and b"\x1b" in plain:
        return plain.decode(declared, "replace")
    return decode(plain, declared)


def scaled(value: tuple[bytes, bool]) -> tuple[int, float] | None:
    """Return unit code and number of an interval or resolution: mantissa times ten to the exponent."""
    raw, big = value
    if len(raw) < 3:
        return None
    exponent = int.from_bytes(raw[1:2], "big", signed=True)
    if abs(exponent) > 30:  # no interval or resolution needs it, and the power would overflow
        return None
    return raw[0], float(f"{whole(raw[2:], big, signed=True)}e{exponent}")


def stored_type(value: tuple[bytes, bool] | None, big: bool) -> np.dtype | None:
    """Return how samples are stored, 16 bit signed where nothing is said; None where ecgview cannot read it."""
    kinds = ("i2", "u2", "i4", "u1", "u2", "i1", "u4", "f4", "f8")
    code = value[0][0] if value and value[0] else 0
    return np.dtype((">" if big else "<") + kinds[code]) if code < len(kinds) else None


class _Walk:
    """Goes through a file once."""

    def __init__(self, raw: bytes, path: Path):
        self.raw, self.path = raw, path
        self.found = Definitions()
        self.big = True
        self.characters = ""
        self.n_channels = 1
        self.common: dict[int, tuple[bytes, bool]] = {}
        self.own: dict[int, dict[int, tuple[bytes, bool]]] = {}
        self.pointer: int | None = None
        self.left = MOST_TAGS

    def run(self) -> Definitions:
        self._part(0, len(self.raw), None, 0)
        return self.found

    def _part(self, at: int, stop: int, channel: int | None, depth: int) -> None:
        for tag, number, start, end in self._tags(at, stop):
            if tag in (CHANNEL, GROUP):
                if depth >= DEEPEST:
                    raise self._wrong(start, "definitions nested too deeply")
                self._part(start, end, number if tag == CHANNEL else channel, depth + 1)
            else:
                self._define(tag, self.raw[start:end], channel, start)

    def _tags(self, at: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield tag, channel number, first byte and end of each value."""
        while at < stop:
            tag = self.raw[at]
            at += 1
            if tag == ZERO:
                continue
            if tag == END:
                return
            number = 0
            while tag == CHANNEL and at < stop:
                number = number << 7 | self.raw[at] & 0x7F
                at += 1
                if not self.raw[at - 1] & 0x80 or number > MOST_CHANNELS:
                    break
            self.left -= 1
            if self.left < 0:
                raise self._wrong(at, "too many definitions")
            size, at = self._length(at, stop)
            if size is None:
                end = self._open_end(at, stop)
                yield tag, number, at, end
                at = min(end + 2, stop)
            else:
                if at + size > stop:
                    raise self._wrong(
                        at, f"tag 0x{tag:02x} is longer than what is there", f"{size} bytes", stop - at
                    )
                yield tag, number, at, at + size
                at += size

    def _length(self, at: int, stop: int) -> tuple[int | None, int]:
        if at >= stop:
            raise self._wrong(at, "a length is missing")
        first = self.raw[at]
        if first == 0x80:
            return None, at + 1
        if first < 0x80:
            return first, at + 1
        count = first & 0x7F
        if count > 4 or at + 1 + count > stop:
            raise self._wrong(at, "a length is wrong", "1 to 4 bytes", count)
        return int.from_bytes(self.raw[at + 1 : at + 1 + count], "big"), at + 1 + count

    def _open_end(self, at: int, stop: int) -> int:
        """Return where the two zero bytes stand that end a value without a length."""
        while at + 1 < stop:
            if self.raw[at] == ZERO and self.raw[at + 1] == ZERO:
                return at
            tag = self.raw[at]
            at += 1
            if tag == ZERO:
                continue
            if tag == CHANNEL:
                at += 1
            size, at = self._length(at, stop)
            if size is None:
                raise self._wrong(at, "values without a length inside each other")
            at += size
        raise self._wrong(at, "a value without a length has no end")

    def _define(self, tag: int, value: bytes, channel: int | None, at: int) -> None:
        if tag == ORDER:
            self.big = not value or value[0] == 0
        elif tag == CHARACTERS:
            self.characters = value[:40].decode("latin-1")
        elif tag == CHANNELS and channel is None:
            self.n_channels = whole(value, self.big) if value else 1
            self.own = {}  # a new number of channels ends the definitions of single ones
            if not 1 <= self.n_channels <= MOST_CHANNELS:
                raise self._wrong(
                    at, "impossible number of channels", f"1 to {MOST_CHANNELS}", self.n_channels
                )
        elif tag in PER_CHANNEL:
            target = self.common if channel is None else self.own.setdefault(channel, {})
            if value:
                target[tag] = (value, self.big)
            else:
                target.pop(tag, None)  # an empty value sets the default again
        elif tag == POINTER:
            self.pointer = whole(value, self.big, signed=True) if value else None
        elif tag == COMPRESSION and value and whole(value[:2], self.big):
            raise self._wrong(at, "compressed waveforms are not read", "code 0", whole(value[:2], self.big))
        elif tag == DATA and len(self.found.frames) >= MOST_FRAMES:
            raise self._wrong(at, "too many frames", f"at most {MOST_FRAMES}")
        elif tag == DATA:
            channels = tuple(self._of_channel(number) for number in range(self.n_channels))
            self.found.frames.append(Frame(value, channels, self.pointer, self.big))
            self.pointer = None
        else:
            self.found.others.append((tag, value, self.big, self.characters))

    def _of_channel(self, number: int) -> dict[int, tuple[bytes, bool]]:
        """Return what holds for a channel: all channels' definitions under its own; a lead is the first's only."""
        common = {tag: value for tag, value in self.common.items() if tag != LEAD or number == 0}
        return common | self.own.get(number, {})

    def _wrong(
        self, at: int, what: str, expected: str | None = None, found: int | None = None
    ) -> FormatError:
        return FormatError(
            what,
            where=f"{self.path}: byte {at}",
            expected=expected,
            found=None if found is None else str(found),
        )
