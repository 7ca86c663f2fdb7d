"""Signals in WFDB's formats 16 and 212, read by numpy: what nearly every ECG of PhysioNet is stored in.

Format 16: sixteen bits in two's complement, least significant byte first. Format 212: two samples of twelve bits in
three bytes, their high bits together in the second. Within a frame the samples of all signals of a file stand in the
order of the header (signal(5) of the WFDB applications guide). The lowest value stands for no sample.
Whatever else a header may ask for (other formats, skew, segments, compression) is left to the wfdb library, which
needs half a second to be imported; in the tests both give the same samples.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.formats.wfdb.header import Header, SignalLine

NO_SAMPLE = {"16": -32768, "212": -2048}


def is_read_here(header: Header, places: list[int]) -> bool:
    """Return whether these signals can be read without the library: all that shares their files is plain 16, or 212."""
    if header.n_segments:
        return False
    files = {header.signals[place].file_name for place in places}
    together = [line for line in header.signals if line.file_name in files]
    stored = {(line.file_name, line.offset, line.storage) for line in together}
    return len(stored) == len(files) and all(line.scale is not None for line in together)


def rows(
    header: Header, folder: Path, places: list[int], frames: int, first: int = 0
) -> list[NDArray[np.float64]]:
    """Return the samples of each signal in its unit, (frames * samples per frame,), NaN where there is none.

    Args:
        header: of which `is_read_here` says so; its files are whole.
        folder: where the signal files lie.
        places: the signals that are wanted, counted from 0.
        frames: how many to read.
        first: the frame to begin with.
    """
    stored: dict[str, NDArray[np.int16]] = {}
    found = []
    for place in places:
        line = header.signals[place]
        together = [one for one in header.signals if one.file_name == line.file_name]
        width = sum(one.per_frame for one in together)
        if line.file_name not in stored:
            values = _stored(folder / line.file_name, line, first * width, frames * width)
            stored[line.file_name] = values[: len(values) // width * width].reshape(-1, width)
        before = _before(header, place, line)
        part = stored[line.file_name][:, before : before + line.per_frame].ravel()
        assert line.scale is not None  # is_read_here said so
        row = (part.astype(np.float64) - line.scale.baseline) / line.scale.gain
        row[part == NO_SAMPLE[line.storage]] = np.nan
        found.append(row)
    return found


def _stored(file: Path, line: SignalLine, first: int, count: int) -> NDArray[np.int16]:
    """Return so many samples of a file, from the one with this number on; fewer where it ends before."""
    if line.storage == "16":
        return np.fromfile(file, "<i2", count, offset=line.offset + 2 * first)
    pairs, odd = first // 2, first % 2
    raw = np.fromfile(file, np.uint8, 3 * ((odd + count + 1) // 2), offset=line.offset + 3 * pairs)
    there = len(raw) * 2 // 3
    three = np.concatenate([raw, np.zeros(-len(raw) % 3, np.uint8)]).reshape(-1, 3).astype(np.int16)
    values = np.empty((len(three), 2), dtype=np.int16)
    values[:, 0] = three[:, 0] | (three[:, 1] & 0x0F) << 8
    values[:, 1] = three[:, 2] | (three[:, 1] & 0xF0) << 4
    return (values.ravel()[odd : min(odd + count, there)] << 4) >> 4  # the twelfth bit is the sign


def _before(header: Header, place: int, line: SignalLine) -> int:
    """Return the samples of a frame that stand before a signal's in its file."""
    earlier = header.signals[:place]
    return sum(one.per_frame for one in earlier if one.file_name == line.file_name)
