"""ECG files from any format that is read into any that is written: one by one, each whole or not at all.

Shared exports are de-identified and get new names, since file names and paths tell who it is, too (P1, P2 of the
conventions); which new name was which file is written only into a key that the caller asks for, outside the export.
"""

import csv
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgview import formats
from ecgview.errors import EcgviewError, FormatError, ReportError
from ecgview.progress import Progress, silent

NEW_NAME = "ecg-{:05d}"
_TAKEN = re.compile(r"ecg-(\d{5,})\b")


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of one file: `target` and what the format lost, or `error`."""

    source: str
    target: str = ""
    loss: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    `suffix` is one of `formats.writers()`; `name` is the new file's name without suffix for a single file, else names
    are made: new ones when de-identified, the source's own otherwise.
    """

    folder: Path
    suffix: str
    name: str = ""
    deidentify: bool = True
    overwrite: bool = False


def convert(sources: Sequence[str | Path], order: Order, progress: Progress = silent) -> Iterator[Converted]:
    """Yield what became of each record of the sources, in order; a file that fails does not stop the others.

    Raises:
        FormatError: a source does not exist.
        ReportError: no such format, or the folder cannot be made.
        Cancelled: `progress` says so; what is written stays.
    """
    writer = writer_of(order.suffix)
    paths = formats.list_records(sources)
    if order.name and len(paths) != 1:
        raise ReportError(
            "several records for one file",
            where=str(order.folder),
            expected="a folder as target",
            found=str(len(paths)),
        )
    try:
        order.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"the folder cannot be made ({error.strerror})", where=str(order.folder)) from None
    names = _names(paths, order)
    for number, (path, name) in enumerate(zip(paths, names, strict=True), 1):
        yield _one(path, name, order, writer)
        progress(number / len(paths), f"{number} of {len(paths)}")


def writer_of(suffix: str) -> formats.Writer:
    """Return what writes files of a suffix, with or without its dot; "wfdb" is the header's.

    Raises:
        ReportError: nothing does.
    """
    wanted = suffix.lower() if suffix.startswith(".") else f".{suffix.lower()}"
    found = formats.writers().get(".hea" if wanted == ".wfdb" else wanted)
    if found is None:
        raise ReportError(
            f"nothing writes {wanted}", expected=", ".join(sorted(formats.writers())), found=suffix
        )
    return found


def write_key(rows: Sequence[Converted], key: Path) -> Path:
    """Write which new file was which, as a table with two columns; return its path.

    Raises:
        ReportError: it is there already, or cannot be written.
    """
    try:
        with open(key, "x", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["file", "source"])
            table.writerows([Path(row.target).name, row.source] for row in rows if row.target)
    except OSError as error:
        raise ReportError(f"the key cannot be written ({error.strerror})", where=str(key)) from None
    return key


def _one(path: Path, name: str, order: Order, writer: formats.Writer) -> Converted:
    try:
        record = formats.read(path)
        if order.deidentify:
            record = formats.deidentified(record, name)
        loss = writer.loss(record)
        with tempfile.TemporaryDirectory(prefix=".ecgview-", dir=order.folder) as scratch:
            made = writer.write(record, Path(scratch) / f"{name}{writer.WRITES}")
            return Converted(str(path), str(_put(Path(scratch), made, order)), loss)
    except EcgviewError as error:
        return Converted(str(path), error=str(error))
    except OSError as error:
        where = f"{order.folder / name}{writer.WRITES}"
        return Converted(str(path), error=f"{where}: cannot be written ({error.strerror or error})")


def _put(scratch: Path, made: Path, order: Order) -> Path:
    """Move what was written into place, the file that stands for the record last; nothing is replaced unasked."""
    parts = sorted((part for part in scratch.iterdir() if part.is_file()), key=lambda part: part == made)
    for part in parts:
        target = order.folder / part.name
        if target.exists() and not order.overwrite:
            raise FormatError("there is such a file already", where=str(target), expected="a new name")
    for part in parts:
        os.replace(part, order.folder / part.name)
    return order.folder / made.name


def _names(paths: Sequence[Path], order: Order) -> list[str]:
    """Return a name for each record, without suffix."""
    if order.name:
        return [order.name]
    if order.deidentify:
        taken = [int(found[1]) for path in order.folder.iterdir() if (found := _TAKEN.match(path.name))]
        first = max(taken, default=0) + 1
        return [NEW_NAME.format(first + index) for index in range(len(paths))]
    names: dict[str, int] = {}
    made = []
    for path in paths:
        stem = re.sub(r"[^\w.-]+", "_", formats.record_name(path))
        names[stem] = names.get(stem, 0) + 1
        made.append(stem if names[stem] == 1 else f"{stem}-{names[stem]}")
    return made
