"""Files that Heal Force hand-held recorders call SCP: a dialect that departs from EN 1064 in every section.

Seen in real files, and proven by the file itself before anything is believed: the checksum of the whole record is
right when it is computed from 0, not from 0xFFFF, over the size that this reading gives. (Those of most sections are,
too, some with the low and some with the high byte first; that of section 9 is not, in any reading.)

What is different: the record checksum has its high byte first; the record size is 16 bits after two zero bytes;
pointers count from 0; "SCPECG" is missing; dates have the high byte first. Section 3 holds the number of leads and no
usable lead codes. In section 6 the "sample interval" is the rate in Hz, and the leads are interleaved in samples of 12
bits, four in three words: the first three in bits 0 to 9 of a word with a beat marker in bits 14 and 15, the fourth in
bits 10 to 13 of the three words. The lower 10 bits of each are the value plus 512.
"""

import binascii
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.binary import Bytes
from ecgview.formats.scp.header import text_of
from ecgview.record import ImportNote, Patient, Signal

MOST_LEADS = 12
_MIDDLE = 512
_NOTE = (
    "not a conforming SCP-ECG file but the dialect of Heal Force recorders: checksum from 0, 16 bit size, pointers "
    "from 0, the rate in place of the sample interval, interleaved samples of 12 bits; the checksum of the record is "
    "right when it is read so"
)


def looks_like(head: bytes) -> int:
    """Return 0 to 100: how surely these first bytes begin such a file."""
    if len(head) < 32 or head[2:4] != b"\0\0" or head[8:10] != b"\0\0" or head[16:22] != b"\0" * 6:
        return 0
    (length,) = struct.unpack_from("<I", head, 10)
    return 90 if struct.unpack_from("<HII", head, 22) == (0, length, 6) else 0


class HealForce:
    """One such file: its checksum checked and its sections found, then what they say."""

    def __init__(self, raw: bytes, path: Path) -> None:
        """Find the sections; FormatError where the checksum is wrong or a section lies outside."""
        self.path = path
        self.notes = [ImportNote("header", _NOTE)]
        data = Bytes(raw, path)
        stored = data.take(2, "record checksum").hex()
        data.u16("record size")
        size = data.u16("record size")
        computed = f"{binascii.crc_hqx(raw[2:size], 0):04x}"
        if size > len(raw) or computed != stored:
            raise FormatError(
                "neither a conforming SCP-ECG record nor a whole one of a Heal Force recorder",
                where=f"{path}: record checksum",
                expected=f"{computed} over {size} bytes",
                found=f"{stored}, {len(raw)} bytes",
            )
        self.raw = raw[:size]
        self._sections = dict(self._found())

    def _found(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Return number, first byte after the header and end of each section, by the pointers."""
        head = Bytes(self.raw, self.path, start=10)
        table = Bytes(self.raw, self.path, start=22, stop=6 + head.u32("section 0, length"))
        while table.left >= 10:
            number, length, offset = table.u16("pointer"), table.u32("pointer"), table.u32("pointer")
            if not number or not length:
                continue
            own = Bytes(self.raw, self.path, start=offset + 2).u16(f"section {number}")
            if own != number or length < 16 or offset + length > len(self.raw):
                raise FormatError(
                    "the pointer leads to no such section",
                    where=f"{self.path}: section {number}",
                    found=f"section {own}, {length} bytes at {offset}",
                )
            yield number, (offset + 16, offset + length)

    def _data(self, number: int) -> Bytes:
        if number not in self._sections:
            raise FormatError(f"section {number} is missing", where=f"{self.path}: section 0")
        start, stop = self._sections[number]
        return Bytes(self.raw, self.path, start=start, stop=stop)

    def header(self) -> tuple[Patient, str]:
        """Return the patient and the start time; all else in section 1 is zero in the files seen."""
        values: dict[int, bytes] = {}
        data = self._data(1)
        while data.left >= 3:
            tag, length = data.u8("section 1, tag"), data.u16("section 1, length")
            if not length:
                break
            values[tag] = data.take(length, f"section 1, field {tag}")
        day, time = values.get(25, b""), values.get(26, b"")
        start = ""
        if len(day) == 4 and 1 <= day[2] <= 12 and 1 <= day[3] <= 31:
            start = f"{int.from_bytes(day[:2], 'big'):04d}-{day[2]:02d}-{day[3]:02d}"
            if len(time) == 3 and time[0] < 24 and time[1] < 60 and time[2] < 60:
                start += f"T{time[0]:02d}:{time[1]:02d}:{time[2]:02d}"
        return Patient(patient_id=text_of(values.get(2, b""), "").strip()), start

    def shape(self) -> tuple[int, int, float, int]:
        """Return leads, samples of each, rate in Hz and nV per step."""
        leads = self._data(3).u8("section 3, number of leads")
        data = self._data(6)
        nanovolts, rate = data.u16("section 6, amplitude"), data.u16("section 6, rate")
        data.u16("section 6, flags")
        samples = data.u16("section 6, length") // 6 * 4
        if not (1 <= leads <= MOST_LEADS and nanovolts and 50 <= rate <= 1000 and samples >= leads):
            raise FormatError(
                "impossible values",
                where=f"{self.path}: section 6",
                expected=f"1 to {MOST_LEADS} leads, 50 to 1000 Hz",
                found=f"{leads} leads, {rate} Hz, {nanovolts} nV, {samples} samples",
            )
        return leads, samples // leads, float(rate), nanovolts

    def rhythm(self) -> tuple[Signal, tuple[float, ...]]:
        """Return (leads, samples) mV and where the recorder marked beats, in seconds."""
        leads, count, rate, nanovolts = self.shape()
        data = self._data(6)
        data.take(6, "section 6")
        raw = data.take(data.u16("section 6, length") // 6 * 6, "section 6, samples")
        words = np.frombuffer(raw, "<u2").astype(np.int64).reshape(-1, 3)
        samples = _unpacked(words)[: leads * count].reshape(count, leads).T
        marked = np.flatnonzero((samples >> 10).any(axis=0))
        begins = marked[np.diff(marked, prepend=-2) > 1]
        values = (samples & 0x3FF) - _MIDDLE
        return (values * (nanovolts * 1e-6)).astype(np.float32), tuple(float(at) / rate for at in begins)

    def names(self) -> list[str]:
        """Return names that claim nothing, with a note: the file does not say which leads these are."""
        leads = self.shape()[0]
        text = "the file does not say which leads these are; they are numbered in the order of the file"
        self.notes.append(ImportNote("leads", text))
        return [f"lead {number}" for number in range(1, leads + 1)]


def _unpacked(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return samples in their order, beat markers above bit 10."""
    samples = np.empty((len(words), 4), np.int64)
    samples[:, :3] = words & 0x3FF | words >> 14 << 10
    nibbles = words >> 10 & 0xF
    samples[:, 3] = nibbles[:, 0] << 8 | nibbles[:, 1] << 4 | nibbles[:, 2]
    flat: NDArray[np.int64] = samples.ravel()
    return flat
