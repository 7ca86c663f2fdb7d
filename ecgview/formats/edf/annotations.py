"""Annotations of EDF+ (time-stamped annotation lists): when a data record began, and what was noted when."""

import re
from dataclasses import dataclass

from ecgview.errors import FormatError
from ecgview.formats.edf.data_records import DataRecords
from ecgview.formats.edf.header import Header
from ecgview.formats.kit.text import decode

MOST = 5000  # annotations that are kept
MOST_LISTS = 100_000  # lists that are looked at, besides the first of each data record
_LIST = re.compile(
    rb"([+-]\d{1,9}(?:\.\d{0,15})?)(?:\x15(\d{1,9}(?:\.\d{0,15})?))?\x14([^\x00]*?)\x14?(?:\x00|\Z)"
)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One text at a time."""

    onset_s: float
    duration_s: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Annotations:
    """All annotations, and the onset of each data record in seconds (empty where the file tells none)."""

    found: tuple[Annotation, ...]
    onsets_s: tuple[float, ...]
    cut: bool  # there are more than are kept


def parse(raw: DataRecords, header: Header) -> Annotations:
    """Return what the annotation signals say.

    Raises:
        FormatError: the records of an interrupted recording carry no times.
    """
    channels = [signal for signal in header.signals if signal.holds_annotations and signal.samples]
    found: list[Annotation] = []
    onsets: list[float] = []
    left = MOST_LISTS
    blocks = (block for _, some in raw.parts() for block in some)
    for row, block in enumerate(blocks if channels else ()):
        for k, channel in enumerate(channels if left else channels[:1]):
            start = channel.start * header.width
            part = block[start : start + channel.samples * header.width].tobytes()
            for match in _LIST.finditer(part):
                # The first list of the first annotation signal is empty and keeps the time of the data
                # record (EDF+ 2.2.4).
                if k == 0 and len(onsets) == row and match[3][:1] in (b"", b"\x14"):
                    onsets.append(float(match[1]))
                found += _texts(match)
                left -= 1
                if left <= 0 or len(found) > MOST:
                    left = 0
                    break
        if len(onsets) <= row and header.is_interrupted:
            raise FormatError(
                "a data record of an interrupted recording has no time",
                where=f"{raw.path}: EDF Annotations",
                found=f"data record {row + 1}",
            )
    whole = tuple(onsets) if len(onsets) == raw.count else tuple(onsets[:1])
    return Annotations(tuple(found[:MOST]), whole, not left)


def _texts(match: re.Match[bytes]) -> list[Annotation]:
    duration = float(match[2]) if match[2] else None
    return [
        Annotation(float(match[1]), duration, decode(text)) for text in match[3].split(b"\x14")[:MOST] if text
    ]
