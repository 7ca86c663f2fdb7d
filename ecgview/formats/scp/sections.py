"""An SCP-ECG record as sections: sizes, pointers and checksums (EN 1064, clauses 5.2 and 5.3).

All numbers are little-endian. A record is a checksum (CRC-CCITT, 0x1021, from 0xFFFF, over everything after it), its
size, and sections; section 0 says where the others are, counting bytes from 1. A wrong checksum is no reason to
refuse a file whose fields all hold together: it becomes a note, or part of the error where something else is wrong.
"""

import binascii
import struct
from dataclasses import dataclass, field
from pathlib import Path

from ecgview.counts import counted
from ecgview.errors import FormatError
from ecgview.formats.kit.binary import Bytes
from ecgview.record import ImportNote

RECORD_HEADER = 6  # checksum (2 bytes) and size (4), clause 5.2
SECTION_HEADER = 16  # identification header, 5.2: checksum, number, length, two versions, 6 reserved
POINTER = 10  # number (2), length (4) and index (4), clause 5.3
LARGEST_FILE = 64_000_000  # a resting ECG takes 20 to 300 kB; read whole, for its checksum
SIGNATURE = b"SCPECG"


@dataclass(frozen=True, slots=True)
class Section:
    """Where a section lies in the record; `length` counts its 16 byte header."""

    number: int
    offset: int
    length: int
    version: int
    protocol: int


@dataclass(slots=True)
class Sections:
    """A whole record; `doubts` are what else an error should mention, such as a wrong checksum."""

    raw: bytes
    path: Path
    found: dict[int, Section]
    notes: list[ImportNote] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def protocol(self) -> int:
        """Protocol version times ten, 13 for 1.3; 0 where the file does not say."""
        return self.found[0].protocol if 0 in self.found else 0

    def has(self, number: int) -> bool:
        """Return whether a section is there and not empty."""
        return number in self.found

    def data(self, number: int) -> Bytes:
        """Return what follows a section's header; FormatError if the section is missing."""
        one = self.found.get(number)
        if one is None:
            raise FormatError(
                f"section {number} is missing",
                where=f"{self.path}: section 0",
                found=", ".join(map(str, sorted(self.found))),
            )
        return Bytes(self.raw, self.path, start=one.offset + SECTION_HEADER, stop=one.offset + one.length)


def checksum(data: bytes) -> int:
    """Return the CRC-CCITT of the standard."""
    return binascii.crc_hqx(data, 0xFFFF)


def looks_like(head: bytes) -> int:
    """Return 0 to 100: how surely these first bytes begin a record of the standard."""
    if len(head) < 32 or head[8:10] != b"\0\0":
        return 0
    length, number, own_length, index = struct.unpack_from("<IxxxxxxxxHII", head, 10)
    # The six reserved bytes of section 0 spell the standard's name since protocol 1.3; before, they are
    # free, so that only the pointer to section 0 itself tells the format: number 0, its own length, byte
    # 7.
    if head[16:22] == SIGNATURE and length < 100_000:
        return 97
    pointed = number == 0 and index == 7 and own_length == length
    return 90 if pointed and SECTION_HEADER < length < 100_000 and (length - 16) % POINTER == 0 else 0


def whole_file(path: Path) -> bytes:
    """Return the bytes of a file of sensible size."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise FormatError(
                "larger than any SCP-ECG record", where=str(path), expected=f"under {LARGEST_FILE} bytes"
            )
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None


def sections(raw: bytes, path: Path) -> Sections:
    """Return where the sections of a record are; FormatError names what contradicts the bytes that are there."""
    head = Bytes(raw, path)
    stored = head.u16("record checksum")
    size = head.u32("record size")
    # Less than the size is a file cut short. More is tolerated: carts pad to whole blocks.
    if size > len(raw) or size < RECORD_HEADER + SECTION_HEADER:
        raise FormatError(
            "the file is cut short or its size is wrong",
            where=f"{path}: record size",
            expected=f"{size} bytes",
            found=f"{len(raw)} bytes",
        )
    record = Sections(raw[:size], path, {})
    if any(raw[size:]):
        text = f"after the end of the record {counted(len(raw) - size, 'byte')} more; left out"
        record.notes.append(ImportNote("header", text))
    _pointers(record)
    _check(record, "the record", stored, checksum(record.raw[2:]))
    for number, one in record.found.items():
        (stored,) = struct.unpack_from("<H", record.raw, one.offset)
        body = record.raw[one.offset + 2 : one.offset + one.length]
        _check(record, f"section {number}", stored, checksum(body))
    return record


def _check(record: Sections, what: str, stored: int, computed: int) -> None:
    if stored != computed:
        doubt = f"the checksum of {what} is wrong"
        record.doubts.append(doubt)
        text = f"{doubt}: stored {stored:04x}, computed {computed:04x}; the file may be damaged"
        record.notes.append(ImportNote("checksum", text))


def _pointers(record: Sections) -> None:
    where = f"{record.path}: section 0"
    own = _header(record, 0, RECORD_HEADER, None)
    if own.length < SECTION_HEADER + POINTER:
        raise FormatError("the pointers are missing", where=where, found=f"{own.length} bytes")
    record.found[0] = own
    table = Bytes(record.raw, record.path, start=own.offset + SECTION_HEADER, stop=own.offset + own.length)
    while table.left >= POINTER:
        number, length, index = table.u16("pointer"), table.u32("pointer"), table.u32("pointer")
        # The first pointer is section 0's own; sections 1 to 11 are always listed, with length 0 where
        # they are not there (5.3).
        if number == 0 or length == 0:
            continue
        if number in record.found:
            raise FormatError("a section is pointed to twice", where=where, found=f"section {number}")
        record.found[number] = _header(record, number, index - 1, length)


def _header(record: Sections, number: int, offset: int, length: int | None) -> Section:
    """Return a section's header; `length` is what its pointer says."""
    where = f"{record.path}: section {number}"
    size = len(record.raw)
    if offset < RECORD_HEADER or offset + max(length or 0, SECTION_HEADER) > size:
        raise FormatError(
            "the section lies outside the record",
            where=where,
            expected=f"{length} bytes from byte {offset + 1}",
            found=f"a record of {size} bytes",
        )
    _, own, own_length, version, protocol = struct.unpack_from("<HHIBB", record.raw, offset)
    if own != number:
        raise FormatError("the pointer leads to another section", where=where, found=f"section {own}")
    # Only section 0 is read before there is a pointer to it: its own length is believed then.
    if length is None:
        length = own_length
    if length < SECTION_HEADER or offset + length > size:
        raise FormatError("impossible length", where=where, found=f"{length} bytes of {size}")
    if own_length != length:
        text = f"section {number} says {own_length} bytes, its pointer {length}; the pointer was taken"
        record.notes.append(ImportNote("header", text))
        record.doubts.append(f"section {number} contradicts its pointer")
    return Section(number, offset, length, version, protocol)
