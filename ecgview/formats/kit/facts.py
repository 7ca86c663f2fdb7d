"""What a format says of itself to a user: where it is known from, how far it was tried."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one format, for the table of formats.

    Attributes:
        known_from: the standard or description that the reader was written from.
        real_files: how many files of real devices were tried; that there were none, where that is so.
        note: what is particular: variants, what is refused, what it needs beside the file.
        title: the name in the table, where it says more than the format's short one.
        also: further extensions of the files that belong to a record, which the reader finds by itself.
    """

    known_from: str
    real_files: str
    note: str = ""
    title: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table of formats: what is read, or why it is not."""

    format: str
    extensions: tuple[str, ...]
    read: bool
    write: bool
    known_from: str
    real_files: str
    note: str
