"""Files that hold many records: a record is named "file#member", for example "exams_part0.hdf5#214626";
so is one in an archive, "export.zip#ward/ecg.xml"."""

import os
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.record import ImportNote

SIGN = "#"


def split(path: Path) -> tuple[Path, str]:
    """Return the file and the member that is meant; "" for a path without one.

    A "#" is part of a name where a file of the whole name exists, or no file of the part before it.
    """
    text = str(path)
    at = text.find(SIGN)
    if at < 0 or os.path.exists(text):
        return path, ""
    while at >= 0:
        if os.path.isfile(text[:at]):
            return Path(text[:at]), text[at + 1 :]
        at = text.find(SIGN, at + 1)
    return path, ""


def joined(file: Path, member: str) -> Path:
    """Return the path that names a member of a file."""
    return Path(f"{file}{SIGN}{member}")


def first_of(count: int, member: str) -> ImportNote:
    """Return the note on a file that was opened without saying which of its records is meant."""
    return ImportNote("header", f"the first of {count} records is shown: {SIGN}{member}")


def unknown(file: Path, member: str, count: int) -> FormatError:
    """Return the error that a file holds no such record."""
    return FormatError(
        "holds no such record", where=str(joined(file, member[:60])), expected=f"one of its {count} records"
    )
