"""Samples that are written out as text, converted piece by piece: a long list of strings takes much memory."""

import re

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError

PIECE = 1 << 18  # characters
LARGEST = 1e9
_GAP = re.compile(r"[,\s]+")


def samples(data: str, most: int, where: str) -> NDArray[np.float64]:
    """Return numbers, parted by commas or white space.

    Args:
        data: the text; a gap at its end is allowed.
        most: no more numbers may be there.
        where: file and field, named in errors.

    Raises:
        FormatError: something that is no number of a possible size, or too many.
    """
    pieces: list[NDArray[np.float64]] = []
    start = total = 0
    while start < len(data):
        gap = _GAP.search(data, start + PIECE)
        stop = gap.end() if gap else len(data)
        words = data[start:stop].replace(",", " ").split()
        total += len(words)
        if total > most:
            raise FormatError(
                "more samples than any ECG has", where=where, expected=f"at most {most}", found="more"
            )
        try:
            pieces.append(np.array(words, dtype=np.float64))
        except ValueError:
            raise FormatError("not a number", where=where, expected="samples as plain numbers") from None
        start = stop
    values = np.concatenate(pieces) if pieces else np.zeros(0)
    if not (np.abs(values) <= LARGEST).all():
        raise FormatError("a number that no recorder gives", where=where, expected=f"within {LARGEST:g}")
    return values
