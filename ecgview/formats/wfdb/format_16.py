"""Signals in WFDB's format 16, read by numpy: what nearly every ECG of PhysioNet is stored in.

Sixteen bits in two's complement, least significant byte first; within a frame the samples of all signals of a file
stand in the order of the header (signal(5) of the WFDB applications guide). The lowest value stands for no sample.
Whatever else a header may ask for (other formats, skew, segments, compression) is left to the wfdb library, which
needs half a second to be imported; in the tests both give the same samples.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.formats.wfdb.header import Header, SignalLine

NO_SAMPLE = -32768


def is_read_here(header: Header, places: list[int]) -> bool:
    """Return whether these signals can be read without the library: all that shares their files is plain format 16."""
    if header.n_segments:
        return False
    files = {header.signals[place].file_name for place in places}
    together = [line for line in header.signals if line.file_name in files]
    offsets = {(line.file_name, line.offset) for line in together}
    return len(offsets) == len(files) and all(line.scale is not None for line in together)


def rows(header: Header, folder: Path, places: list[int], frames: int) -> list[NDArray[np.float64]]:
    """Return the samples of each signal in its unit, (frames * samples per frame,), NaN where there is none.

    Args:
        header: of which `is_read_here` says so; its files are whole.
        folder: where the signal files lie.
        places: the signals that are wanted, counted from 0.
        frames: how many to read.
    """
    stored: dict[str, NDArray[np.int16]] = {}
    found = []
    for place in places:
        line = header.signals[place]
        together = [one for one in header.signals if one.file_name == line.file_name]
        width = sum(one.per_frame for one in together)
        if line.file_name not in stored:
            values = np.fromfile(folder / line.file_name, "<i2", count=frames * width, offset=line.offset)
            stored[line.file_name] = values[: len(values) // width * width].reshape(-1, width)
        before = _before(header, place, line)
        part = stored[line.file_name][:, before : before + line.per_frame].ravel()
        assert line.scale is not None  # is_read_here said so
        row = (part.astype(np.float64) - line.scale.baseline) / line.scale.gain
        row[part == NO_SAMPLE] = np.nan
        found.append(row)
    return found


def _before(header: Header, place: int, line: SignalLine) -> int:
    """Return the samples of a frame that stand before a signal's in its file."""
    earlier = header.signals[:place]
    return sum(one.per_frame for one in earlier if one.file_name == line.file_name)
