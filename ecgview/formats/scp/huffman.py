"""Huffman coding of SCP-ECG (EN 1064, clause 5.5 and annex C): the default table, own tables, table switching.

A code structure is a prefix, sent first bit first but stored with that bit lowest, and the value it stands for. Where
the entire code is longer than its prefix, the bits that follow are a number in two's complement, added to the value
(0 in the default table). A structure whose mode is 0 has no value: it switches to the table of that number, counting
from 1. Each lead begins with table 1, on a whole byte.

All prefixes are looked up at every bit of a lead at once; only the walk from code to code is a loop.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.binary import Bytes

DEFAULT = 19999  # 5.5: this number of tables means the one of annex C, which is not written out
MOST_CODES = 4096  # of all tables together; real ones have some twenty
LONGEST_PREFIX = 32  # the prefix field has four bytes
LONGEST_LITERAL = 24  # what a 64 bit window holds behind the longest prefix, at any bit of a byte

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Code:
    """One code structure; `prefix` has its first bit highest."""

    prefix_bits: int
    all_bits: int
    switches: bool
    value: int
    prefix: int


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Codes in the order of their prefixes, which stand leftmost in 32 bits."""

    prefixes: NDArray[np.uint64]
    prefix_bits: Integers
    all_bits: Integers
    values: Integers
    switches: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Values of a lead, and whether its bits ended before all were there."""

    values: Integers
    ended_early: bool


def default_codes() -> list[Code]:
    """Return the table of annex C: n ones, a zero and the sign for magnitudes to 8, escapes to 8 and 16 bits."""
    codes = [Code(1, 1, False, 0, 0)]
    for size in range(1, 9):
        ones = (1 << size) - 1
        codes += [Code(size + 2, size + 2, False, sign, ones << 2 | (sign < 0)) for sign in (size, -size)]
    return [*codes, Code(10, 18, False, 0, 0b1111111110), Code(10, 26, False, 0, 0b1111111111)]


def read_tables(data: Bytes) -> list[Table]:
    """Return the tables of section 2; an empty list where it says that there are none.

    Raises:
        FormatError: a table is cut short or ambiguous.
    """
    count = data.u16("section 2, number of tables")
    if count == DEFAULT:
        return [make_table(default_codes(), f"{data.path}: default table")]
    tables: list[Table] = []
    seen = 0
    for number in range(1, count + 1):
        field = f"section 2, table {number}"
        size = data.u16(field)
        seen += size
        # Nine bytes a code structure, 5.5; checked before anything of that size is built.
        if size == 0 or size * 9 > data.left or seen > MOST_CODES:
            raise FormatError(
                "impossible number of codes",
                where=f"{data.path}: {field}",
                expected=f"1 to {min(data.left // 9, MOST_CODES)}",
                found=str(size),
            )
        tables.append(make_table([_code(data, field) for _ in range(size)], f"{data.path}: {field}"))
    for number, table in enumerate(tables, start=1):
        targets = table.values[table.switches]
        if targets.size and not (targets.min() >= 1 and targets.max() <= len(tables)):
            raise FormatError(
                "switches to a table that is not there",
                where=f"{data.path}: section 2, table {number}",
                expected=f"1 to {len(tables)}",
                found=str(targets.tolist())[:40],
            )
    return tables


def _code(data: Bytes, field: str) -> Code:
    prefix_bits, all_bits, mode = data.u8(field), data.u8(field), data.u8(field)
    value, stored = data.i16(field), data.u32(field)
    literal = all_bits - prefix_bits
    if not (1 <= prefix_bits <= LONGEST_PREFIX and 0 <= literal <= LONGEST_LITERAL):
        raise FormatError(
            "impossible code length",
            where=f"{data.path}: {field}",
            expected=f"prefix 1 to {LONGEST_PREFIX} bits, at most {LONGEST_LITERAL} more",
            found=f"{prefix_bits} of {all_bits} bits",
        )
    first_bit_highest = int(f"{stored & (1 << prefix_bits) - 1:0{prefix_bits}b}"[::-1], 2)
    return Code(prefix_bits, all_bits, mode == 0, value, first_bit_highest)


def make_table(codes: list[Code], where: str) -> Table:
    """Return codes ready for decoding; FormatError when one prefix begins another."""
    ordered = sorted(codes, key=lambda code: (code.prefix << 32 - code.prefix_bits, code.prefix_bits))
    for one, next_one in pairwise(ordered):
        end = (one.prefix + 1) << 32 - one.prefix_bits
        # In the order of left-aligned prefixes a code that begins another stands directly before it.
        if next_one.prefix << 32 - next_one.prefix_bits < end:
            found = f"{one.prefix:0{one.prefix_bits}b}, {next_one.prefix:0{next_one.prefix_bits}b}"
            raise FormatError("two codes begin alike", where=where, found=found)
    return Table(
        np.array([code.prefix << 32 - code.prefix_bits for code in ordered], np.uint64),
        np.array([code.prefix_bits for code in ordered], np.int64),
        np.array([code.all_bits for code in ordered], np.int64),
        np.array([code.value for code in ordered], np.int64),
        np.array([code.switches for code in ordered], np.bool_),
    )


def decode(raw: bytes, tables: list[Table], count: int, where: str) -> Decoded:
    """Return up to `count` values; FormatError where bits are no code of the table in use."""
    words = _words(raw)
    looked_up: dict[int, tuple[Integers, list[int]]] = {}
    starts: list[int] = []
    runs: list[tuple[int, int]] = [(0, 0)]  # from which value on which table
    number, at, end = 0, 0, len(raw) * 8
    matches, steps = looked_up[0] = _matches(words, tables[0])
    while len(starts) < count:
        step = steps[at] if at < end else 0
        if not step:
            # Fewer bits than a prefix are the padding to a whole byte, which needs not be a code.
            if end - at >= LONGEST_PREFIX:
                raise FormatError("no code of the Huffman table", where=where, found=f"bit {at}")
            break
        if step > 0:
            if at + step > end:
                break
            starts.append(at)
            at += step
            continue
        number, at = int(tables[number].values[matches[at]]) - 1, at - step
        if number not in looked_up:
            looked_up[number] = _matches(words, tables[number])
        matches, steps = looked_up[number]
        runs.append((len(starts), number))
    bounds = [first for first, _ in runs[1:]] + [len(starts)]
    places = np.array(starts, np.int64)
    parts = [
        _values(words, tables[table], looked_up[table][0], places[first:last])
        for (first, table), last in zip(runs, bounds, strict=True)
        if last > first
    ]
    values = np.concatenate(parts) if parts else np.empty(0, np.int64)
    return Decoded(values, len(starts) < count)


def _words(raw: bytes) -> NDArray[np.uint64]:
    """Return the 64 bits from every byte on, first bit highest; zeros after the end."""
    bytes_ = np.frombuffer(raw + b"\0" * 8, np.uint8).astype(np.uint64)
    words = np.zeros(len(raw) + 1, np.uint64)
    for k in range(8):
        words = words << np.uint64(8) | bytes_[k : k + len(words)]
    return words


def _windows(words: NDArray[np.uint64], places: Integers) -> NDArray[np.uint64]:
    windows: NDArray[np.uint64] = words[places >> 3] << (places & 7).astype(np.uint64)
    return windows


def _matches(words: NDArray[np.uint64], table: Table) -> tuple[Integers, list[int]]:
    """Return for every bit which code begins there, and how far it goes: 0 for none, negative for a switch."""
    shifts = np.arange(8, dtype=np.uint64)
    windows = ((words[:-1, None] << shifts) >> np.uint64(32)).ravel()
    index = np.searchsorted(table.prefixes, windows, side="right").astype(np.int64) - 1
    known = index >= 0
    index[~known] = 0
    unused = (32 - table.prefix_bits[index]).astype(np.uint64)
    known &= windows >> unused == table.prefixes[index] >> unused
    steps = np.where(table.switches, -table.all_bits, table.all_bits)[index]
    steps[~known] = 0
    return index, steps.tolist()


def _values(words: NDArray[np.uint64], table: Table, matches: Integers, places: Integers) -> Integers:
    code = matches[places]
    values = table.values[code]
    literal_bits = table.all_bits[code] - table.prefix_bits[code]
    longer = np.flatnonzero(literal_bits)
    if longer.size:
        windows = _windows(words, places[longer]) << table.prefix_bits[code[longer]].astype(np.uint64)
        unused = 64 - literal_bits[longer]
        values[longer] += windows.view(np.int64) >> unused  # the arithmetic shift keeps the sign
    return values


def encode(values: Integers) -> bytes:
    """Return values within 16 bits in the default table, on whole bytes."""
    magnitude = np.abs(values)
    small = magnitude <= 8
    within_8 = (values >= -128) & (values < 128)
    bits = np.where(small, np.where(values == 0, 1, magnitude + 2), np.where(within_8, 18, 26))
    ones = (np.int64(1) << np.minimum(magnitude, 8)) - 1
    short = np.where(values == 0, 0, ones << 2 | (values < 0))
    escaped = np.where(within_8, 0b1111111110 << 8 | values & 0xFF, 0b1111111111 << 16 | values & 0xFFFF)
    codes = np.where(small, short, escaped)
    from_left = np.arange(26)
    every_bit = codes[:, None] >> np.maximum(bits[:, None] - 1 - from_left, 0) & 1
    return np.packbits(every_bit[from_left < bits[:, None]].astype(np.uint8)).tobytes()
