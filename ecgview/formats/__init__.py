"""Files: which formats are known, which one a file is in, and how it becomes a record."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from ecgview import resources
from ecgview.errors import FormatError
from ecgview.formats.kit.beginning import Beginning
from ecgview.formats.kit.deidentify import deidentified
from ecgview.formats.kit.facts import Facts, Row
from ecgview.formats.kit.summary import RecordSummary, summary_of
from ecgview.formats.places import archive
from ecgview.formats.places import member as _member
from ecgview.formats.places import stamp as _stamp
from ecgview.formats.places import subjects as _subjects
from ecgview.formats.places.listing import iter_records as _iter_records
from ecgview.formats.places.listing import records_among
from ecgview.formats.places.picture import OUT_OF_SCOPE, picture
from ecgview.plugins import discover
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord

HEAD_BYTES = 4096
LONG_S = 600.0  # a record that lasts less is read in no time
BEGINNING_S = 10.0  # what `signal.judgement` judges a record by
BY_CONTENT = 80  # a score that a name alone never gets

__all__ = [
    "Beginning",
    "Collection",
    "Format",
    "RecordSummary",
    "Row",
    "Seekable",
    "Writer",
    "beginning",
    "deidentified",
    "detect",
    "extensions",
    "iter_records",
    "known",
    "list_records",
    "members",
    "peek",
    "read",
    "record_name",
    "stands_alone",
    "summary_of",
    "table",
    "writers",
]


class Format(Protocol):
    """What a module of this room must hold; it may say more of itself in `FACTS`, a `kit.facts.Facts`."""

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


@runtime_checkable
class Collection(Protocol):
    """What a module holds besides whose files hold many records; it reads and peeks `file#member`, too."""

    def members(self, path: Path) -> Iterable[str]:
        """Return the names of the records of a file."""


@runtime_checkable
class Seekable(Protocol):
    """What a module of recordings of hours holds besides."""

    def beginning(self, path: Path, seconds: float) -> Beginning | None:
        """Return the first seconds, of which alone samples are read; None where the record can only be read whole."""


@cache
def writers() -> dict[str, Writer]:
    """Return the formats that can be written, by their suffix."""
    return {fmt.WRITES: fmt for fmt in known() if isinstance(fmt, Writer)}


@cache
def known() -> tuple[Format, ...]:
    """Return every format: one module each, or one folder whose face holds the same."""
    import ecgview.formats as room

    needs = ("NAME", "EXTENSIONS", "sniff", "read", "peek")
    return cast(tuple[Format, ...], tuple(discover(room, besides=("kit", "places"), needs=needs)))


def table() -> list[Row]:
    """Return what is read and written, by name, then what is not read and why, for a user to look up."""
    rows = []
    for fmt in known():
        facts: Facts = getattr(fmt, "FACTS", Facts("", ""))
        files = (*fmt.EXTENSIONS, *facts.also)
        writes = isinstance(fmt, Writer)
        title = facts.title or fmt.NAME
        rows.append(Row(title, files, True, writes, facts.known_from, facts.real_files, facts.note))
    rows.sort(key=lambda row: row.format.casefold())
    with open(resources.path("help", "formats_not_read.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            files = tuple(filter(None, row["extensions"].split(";")))
            rows.append(Row(row["format"], files, False, False, row["known_from"], "0", row["note"]))
    return rows


def extensions() -> frozenset[str]:
    """Return the extensions of files that a folder listing takes up."""
    return frozenset(ext for fmt in known() for ext in fmt.EXTENSIONS)


def detect(path: Path) -> Format:
    """Return the format with the highest score for this file.

    Raises:
        FormatError: the file is not there, is empty, is a picture, or no format knows it.
    """
    path = _member.split(path)[0]
    try:
        if path.is_fifo():  # who opens one waits until somebody writes
            raise FormatError("is a pipe, not a file", where=str(path))
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
        names = ", ".join(sorted((fmt.NAME for fmt in known()), key=str.casefold))
        raise FormatError("no known ECG format", where=str(path), expected=names)
    return best


def read(path: str | Path, progress: Progress = silent) -> EcgRecord:
    """Return the record in a file of any known format; its samples are mV, its leads in standard order.

    Raises:
        FormatError: the file cannot be read; the message names the file and the field.
        Cancelled: `progress` says that nobody waits any more.
    """
    named = _record_file(Path(path))
    seen = _stamp.of(named)  # before: what is replaced while it is read has another one afterwards
    with _on_disk(named) as file:
        fmt = detect(file)
        progress(0.1, f"reading {named.name}")
        record = fmt.read(file)
    record = _placed(record, named, file, seen)
    progress(1.0, "read")
    return record


def beginning(path: str | Path, seconds: float = BEGINNING_S) -> Beginning | None:
    """Return the first seconds of a long recording, of which alone samples are read.

    None where the record is to be read whole: it lasts under `LONG_S`, its format cannot be read in part, or the
    beginning lacks a lead that there may be later.

    Raises:
        FormatError: the file cannot be opened, or its header cannot be read.
    """
    named = _record_file(Path(path))
    with _on_disk(named) as file:
        fmt = detect(file)
        if not isinstance(fmt, Seekable):
            return None
        summary, seen = fmt.peek(file), _stamp.of(named)
        if summary.duration_s is None or summary.duration_s < LONG_S:
            return None
        try:
            found = fmt.beginning(file, seconds)
        except FormatError:
            return None  # there may be samples later; where there are none, reading it whole says so
        if found is None or len(found.record.lead_names) != summary.n_leads:
            return None
        return replace(found, record=_placed(found.record, named, file, seen))


def _placed(record: EcgRecord, named: Path, file: Path, seen: str) -> EcgRecord:
    """Return a record that was read from `file` as the one of the path that was asked for, with its subject."""
    where = record.source.path if file == named else str(named)
    record = replace(record, source=replace(record.source, path=where, stamp=seen))
    patient, notes = _subjects.joined(record.patient, named)
    return replace(record, patient=patient, notes=(*record.notes, *notes)) if notes else record


def stamp(path: str | Path) -> str:
    """Return size and times of the files of a record; "" where one changed just now, or there is none."""
    return _stamp.of(_record_file(Path(path)))


@contextmanager
def subjects(table: str | Path | None) -> Iterator[None]:
    """Take age and sex that a file does not say from this table while the context lasts; None leaves all as it is.

    Raises:
        FormatError: the table cannot be read, or lacks a column of records, or of age or sex.
    """
    if table is None:
        yield
        return
    path = Path(table).absolute()
    _subjects.read(path)
    before = os.environ.get(_subjects.GIVEN)
    os.environ[_subjects.GIVEN] = str(path)  # worker processes read it, too
    try:
        yield
    finally:
        if before is None:
            del os.environ[_subjects.GIVEN]
        else:
            os.environ[_subjects.GIVEN] = before


def peek(path: str | Path) -> RecordSummary:
    """Return what a worklist shows of a file, without reading its samples."""
    named = _record_file(Path(path))
    with _on_disk(named) as file:
        summary = detect(file).peek(file)
    patient, _ = _subjects.joined(summary.patient, named)
    return replace(summary, path=str(named), patient=patient)


def list_records(paths: Sequence[str | Path]) -> list[Path]:
    """Return one path per record for files, folders (with all below), glob patterns and archives.

    Nothing is read but the list of what is in an archive, or in a file of many records: these are
    `file#member`, which `read` and `peek` take.

    Raises:
        FormatError: a path does not exist, a pattern matches nothing, or an archive cannot be listed.
    """
    return list(dict.fromkeys(iter_records(paths)))


def iter_records(paths: Sequence[str | Path]) -> Iterator[Path]:
    """Yield what `list_records` returns, each path as soon as it is found; an error comes where it is met.

    Raises:
        FormatError: as `list_records`, after what was found before it.
    """
    for path in _iter_records(paths, extensions(), _is_certain):
        yield from _inner(path)


def members(path: str | Path) -> list[Path]:
    """Return the records of an archive, each as `file#member`; [] for any other file.

    Raises:
        FormatError: the archive is damaged, or holds no ECG files.
    """
    file, member = _member.split(Path(path))
    return _inner(file) if not member and file.is_file() and archive.is_archive(file) else []


def record_name(path: str | Path) -> str:
    """Return a short name for a record: its file's, or the member's own, without folder and suffix."""
    file, member = _member.split(Path(path))
    if not member:
        return file.stem
    if not archive.is_archive(file):
        return f"{file.stem}-{member}"
    inside, _, one = member.partition(_member.SIGN)
    return f"{Path(inside).stem}-{one}" if one else Path(inside).stem


def stands_alone(path: Path) -> bool:
    """Return whether this is one file that is one record: then there is nothing to list."""
    file, member = _member.split(path)
    return (
        not member
        and file.is_file()
        and not archive.is_archive(file)
        and file.suffix.lower() not in _collections()
    )


def _inner(path: Path) -> list[Path]:
    """Return the records of one file: itself, unless it holds several."""
    if not path.is_file():
        return [path]
    if archive.is_archive(path):
        inside = records_among(archive.names(path), extensions())
        if not inside:
            raise FormatError("holds no ECG files", where=str(path), expected=", ".join(sorted(extensions())))
        return [one for name in inside for one in _inside(_member.joined(path, name))]
    if path.suffix.lower() in _collections():
        fmt = detect(path)
        members = list(fmt.members(path)) if isinstance(fmt, Collection) else []
        if len(members) > 1:
            return [_member.joined(path, name) for name in members]
    return [path]


def _inside(path: Path) -> list[Path]:
    """Return the records of one file of an archive: itself, unless it holds several."""
    if path.suffix.lower() not in _collections():
        return [path]
    with _on_disk(path) as file:
        members = [_member.split(one)[1] for one in _inner(file)]
    return [_member.joined(path, name) if name else path for name in members]


def _is_certain(head: bytes, path: Path) -> bool:
    """Return whether a format knows this file from its content, whatever its name says."""
    return any(
        fmt.sniff(head, path) >= BY_CONTENT for fmt in known() if path.suffix.lower() in fmt.EXTENSIONS
    )


@cache
def _collections() -> frozenset[str]:
    """Return the extensions of files that may hold many records."""
    return frozenset(ext for fmt in known() if isinstance(fmt, Collection) for ext in fmt.EXTENSIONS)


@contextmanager
def _on_disk(path: Path) -> Iterator[Path]:
    """Give the file itself, or a private copy of an archive's file; errors name the archive."""
    file, name = _member.split(path)
    if not archive.is_archive(file):
        yield path
        return
    if not name:
        inside = members(file)
        raise FormatError(
            f"is an archive of {len(inside)} records",
            where=str(path),
            expected=f"one of them: {', '.join(str(one) for one in inside[:3])}{', ...' if inside[3:] else ''}",
        )
    outer, sign, inner = name.partition(_member.SIGN)
    if sign and name not in archive.names(file):
        name = outer  # a record of a file of many, in an archive
    else:
        inner = ""
    with archive.unpacked(file, name) as copy:
        try:
            yield _member.joined(copy, inner) if inner else copy
        except FormatError as error:
            shown = _member.joined(file, str(Path(name).parent).removeprefix("."))
            message, where, expected, found = (
                _renamed(text, copy.parent, shown)
                for text in (error.message, error.where, error.expected, error.found)
            )
            raise FormatError(
                message or "cannot be read", where=where or str(path), expected=expected, found=found
            ) from None


def _renamed(text: str | None, scratch: Path, shown: Path) -> str | None:
    """Return a text of an error with the user's own path in place of the private folder's."""
    if not text:
        return text
    folder = str(shown)
    within = folder if folder.endswith(_member.SIGN) else f"{folder}/"
    text = text.replace(f"{scratch}{os.sep}", within).replace(f"{scratch.resolve()}{os.sep}", within)
    return text.replace(str(scratch), folder)


def _record_file(path: Path) -> Path:
    """Return the file that stands for the record: the header for WFDB's signal file or bare name."""
    if path.suffix.lower() in (".dat", ".mat") or not os.path.exists(path):
        header = path.with_suffix(".hea") if path.suffix.lower() in (".dat", ".mat") else Path(f"{path}.hea")
        if os.path.isfile(header):  # unlike a Path, False for a name that no system could hold
            return header
    return path
