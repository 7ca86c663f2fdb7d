"""The first look at a DICOM waveform: the patient and the first group's numbers, no samples or the first few."""

import math
import struct
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.dicom.elements import (
    DEFLATED,
    Body,
    Elements,
    body_of,
    elements_of,
    end_of_part,
    open_file,
    part_of,
)
from ecgview.formats.dicom.groups import MANY, MOST_SAMPLES, WAVEFORM_DATA, Group, group_of, groups_of

HEAD_BYTES = 128 * 1024  # annotations of a hundred beats stand before the waveform
_AFTER_PATIENT = 0x0028_0000
_BEHIND_CHANNELS = 0x003A_0201
_WAVEFORM = (0x5400, 0x0100)
_WAVEFORM_SEQUENCE = 0x5400_0100
_SAMPLES = (0x5400, 0x1010)
_ITEM = (0xFFFE, 0xE000)


def glance(path: Path) -> tuple[Elements, list[Group], Body]:
    """Return the elements of patient and study, the groups as far as they matter, and the data set's body.

    The whole file is taken apart only where its first group is not plainly the rhythm.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    body = body_of(head, path)
    at = _first_item(body)
    if at is not None:
        first = _first_group(body, path, at)
        if (
            first is not None
            and first.original
            and not first.is_median
            and first.fs_hz > 0
            and (first.n_channels >= MANY or samples_of_only_group(path, body, len(head)) is not None)
        ):
            return elements_of(body, path, _AFTER_PATIENT), [first], body
    if at is None and _is_no_waveform(body.sop_class):
        return elements_of(body, path, _AFTER_PATIENT), [], body
    dataset, body = open_file(path)
    return dataset, groups_of(dataset), body


def opened_at(path: Path, seconds: float) -> tuple[Elements, Group, Body] | None:
    """Return a data set, its only group, and its body, of whose samples only the first seconds are there.

    `seconds` may be infinite: then it is all that `groups` opens, and the file's bytes are held once.

    None where there are several groups, or the bytes do not plainly say where the samples of the one lie.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
            body = body_of(head, path)
            samples = samples_of_only_group(path, body, len(head))
            at = _first_item(body)
            if samples is None or at is None:
                return None
            group = group_of(part_of(body, path, at, WAVEFORM_DATA), 1)
            bits = group.item.whole("WaveformBitsAllocated")
            n_samples = math.ceil(min(seconds * group.fs_hz, group.n_samples, MOST_SAMPLES))
            wanted = n_samples * group.n_channels * bits // 8
            file.seek(len(head) - len(body.raw) + samples.start)
            raw = file.read(min(wanted, samples.stop - samples.start))
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    group.item.put(WAVEFORM_DATA, raw)
    return elements_of(body, path, _WAVEFORM_SEQUENCE), group, body


def samples_of_only_group(path: Path, body: Body, n_head: int) -> range | None:
    """Return where in a data set the samples of its first group lie, if no other group follows; else None.

    Args:
        path: of the file.
        body: what stands in its first bytes.
        n_head: how many these are.
    """
    at = _first_item(body)
    if at is None or body.syntax == DEFLATED:
        return None
    try:
        place = end_of_part(body, path, at, WAVEFORM_DATA)
    except FormatError:
        return None
    header = (
        8 if body.implicit else 12
    )  # the length is the last four bytes; explicit OB and OW have 32 bits, too
    tag = body.raw[place : place + header]
    if len(tag) < header or struct.unpack(f"{'<' if body.little else '>'}HH", tag[:4]) != _SAMPLES:
        return None
    start = place + header
    stop = start + int(struct.unpack(f"{'<' if body.little else '>'}I", tag[-4:])[0])
    before = n_head - len(body.raw)  # preamble and file meta information
    size = path.stat().st_size - before
    if stop > size or size - stop > HEAD_BYTES:
        return None
    with open(path, "rb") as file:
        file.seek(before + stop)
        behind = file.read()
    item = struct.pack(f"{'<' if body.little else '>'}HH", *_ITEM)
    return None if item in behind else range(start, stop)


def _first_group(body: Body, path: Path, at: int) -> Group | None:
    """Return the first group with its channels; None where the bytes at hand do not hold them."""
    try:
        return group_of(part_of(body, path, at, _BEHIND_CHANNELS), 1)
    except FormatError:
        return None


def _is_no_waveform(sop_class: str) -> bool:
    """Return whether a standard class is one of pictures, documents or plans: such files can be very large."""
    from pydicom.uid import UID_dictionary

    return sop_class in UID_dictionary and "Waveform" not in UID_dictionary[sop_class][0]


def _first_item(body: Body) -> int | None:
    """Return where the elements of the Waveform Sequence's first item begin, None where it is not found."""
    order = "<" if body.little else ">"
    tag = struct.pack(f"{order}HH", *_WAVEFORM) + (b"" if body.implicit else b"SQ\0\0")
    item = struct.pack(f"{order}HH", *_ITEM)
    at = body.raw.find(tag)
    while at >= 0:
        start = at + len(tag) + 4
        if body.raw[start : start + 4] == item:
            return start + 8
        at = body.raw.find(tag, at + 1)
    return None
