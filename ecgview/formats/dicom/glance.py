"""The first look at a DICOM waveform, for a worklist: the patient and the first group's numbers, no samples."""

import struct
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.dicom.elements import Body, Elements, body_of, elements_of, open_file, part_of
from ecgview.formats.dicom.groups import MANY, Group, group_of, groups_of

HEAD_BYTES = 128 * 1024  # annotations of a hundred beats stand before the waveform
_AFTER_PATIENT = 0x0028_0000
_BEHIND_CHANNELS = 0x003A_0201
_WAVEFORM = (0x5400, 0x0100)
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
            and first.n_channels >= MANY
            and first.fs_hz > 0
        ):
            return elements_of(body, path, _AFTER_PATIENT), [first], body
    if at is None and _is_no_waveform(body.sop_class):
        return elements_of(body, path, _AFTER_PATIENT), [], body
    dataset, body = open_file(path)
    return dataset, groups_of(dataset), body


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
