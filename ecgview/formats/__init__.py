"""Files: which formats are known, which one a file is in, and how it becomes a record."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable

from ecgview.errors import FormatError
from ecgview.formats._listing import list_records as _list_records
from ecgview.formats._scan import OUT_OF_SCOPE, picture
from ecgview.formats._summary import RecordSummary
from ecgview.plugins import discover
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord

HEAD_BYTES = 4096
BY_CONTENT = 80  # a score that a name alone never gets


class Format(Protocol):
    """What a module of this room must hold."""

    @property
    def NAME(self) -> str:
        """Name as shown to a user."""

    @property
    def EXTENSIONS(self) -> tuple[str, ...]:
        """Extensions, lower case with the dot, of the file that a user picks."""

    def sniff(self, head: bytes, path: Path) -> int:
        """Return 0 (not this) to 100 (certainly this) from the first bytes and the name."""

    def read(self, path: Path) -> EcgRecord:
        """Return the record; FormatError names the file and the field."""

    def peek(self, path: Path) -> RecordSummary:
        """Return what is known without reading the samples."""


@runtime_checkable
class Writer(Protocol):
    """What a module that can also write holds besides."""

    @property
    def NAME(self) -> str:
        """Name as shown to a user."""

    @property
    def WRITES(self) -> str:
        """Suffix of the file that stands for the record, lower case with the dot."""

    def write(self, record: EcgRecord, target: Path) -> Path:
        """Write with metadata and return the file that stands for the record; FormatError names it."""

    def loss(self, record: EcgRecord) -> str:
        """Return in one sentence what this format loses of the samples, or that it loses nothing."""


@cache
def writers() -> dict[str, Writer]:
    """Return the formats that can be written, by their suffix."""
    return {fmt.WRITES: fmt for fmt in known() if isinstance(fmt, Writer)}


@cache
def known() -> tuple[Format, ...]:
    """Return every format, one module each."""
    import ecgview.formats as room

    return tuple(discover(room))


def extensions() -> frozenset[str]:
    """Return the extensions of files that a folder listing takes up."""
    return frozenset(ext for fmt in known() for ext in fmt.EXTENSIONS)


def detect(path: Path) -> Format:
    """Return the format with the highest score for this file.

    Raises:
        FormatError: the file is not there, is empty, is a picture, or no format knows it.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except IsADirectoryError:
        raise FormatError("is a folder, not a record", where=str(path)) from None
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    if not head:
        raise FormatError("the file is empty", where=str(path))
    score, best = max(((fmt.sniff(head, path), fmt) for fmt in known()), key=lambda pair: pair[0])
    kind = picture(head) if score < BY_CONTENT else ""
    if kind:
        raise FormatError(f"a {kind}: {OUT_OF_SCOPE}", where=str(path))
    if score <= 0:
        names = ", ".join(fmt.NAME for fmt in known())
        raise FormatError("no known ECG format", where=str(path), expected=names)
    return best


def read(path: str | Path, progress: Progress = silent) -> EcgRecord:
    """Return the record in a file of any known format; its samples are mV, its leads in standard order.

    Raises:
        FormatError: the file cannot be read; the message names the file and the field.
        Cancelled: `progress` says that nobody waits any more.
    """
    path = _record_file(Path(path))
    fmt = detect(path)
    progress(0.1, f"reading {path.name}")
    record = fmt.read(path)
    progress(1.0, "read")
    return record


def peek(path: str | Path) -> RecordSummary:
    """Return what a worklist shows of a file, without reading its samples."""
    path = _record_file(Path(path))
    return detect(path).peek(path)


def list_records(paths: Sequence[str | Path]) -> list[Path]:
    """Return one path per record for files, folders (with all below) and glob patterns; nothing is read.

    Raises:
        FormatError: a path does not exist, or a pattern matches nothing.
    """
    return _list_records(paths, extensions())


def _record_file(path: Path) -> Path:
    """Return the file that stands for the record: the header for WFDB's signal file or bare name."""
    if path.suffix.lower() in (".dat", ".mat") or not path.exists():
        header = path.with_suffix(".hea") if path.suffix.lower() in (".dat", ".mat") else Path(f"{path}.hea")
        if header.is_file():
            return header
    return path
