"""ECG files from any format that is read into any that is written: one by one, each whole or not at all.

Shared exports are de-identified and get new names, since file names and paths tell who it is, too (P1, P2 of the
conventions); which new name was which file is written only into a key that the caller asks for, outside the export.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgview import formats
from ecgview.errors import EcgviewError, FormatError, ReportError
from ecgview.progress import Counted, Progress, silent
from ecgview.record import PART, EcgRecord
from ecgview.report import key_table, own_measurements
from ecgview.signal.measure.measured import Edit, Measured

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
    are made: new ones when de-identified, the source's own otherwise. `measured` writes ecgview's measurements, said to
    be so, in the place of the device's.
    """

    folder: Path
    suffix: str
    name: str = ""
    deidentify: bool = True
    overwrite: bool = False
    measured: bool = False  # ecgview's measurements in the place of the device's
    edits: tuple[Edit, ...] = ()  # laid on those of a single file


def convert(
    sources: Sequence[str | Path],
    order: Order,
    progress: Progress = silent,
    key: Path | None = None,
    passphrase: str = "",
) -> Iterator[Converted]:
    """Yield what became of each record of the sources, in order; a file that fails does not stop the others.

    `key` is a table of which new file was which, begun before the first record and grown with each; it is kept under
    `passphrase`, or that of the environment.

    Raises:
        FormatError: a source does not exist.
        ReportError: no such format, or the folder or the key cannot be made.
        Cancelled: `progress` says so; what is written stays.
    """
    writer = writer_of(order.suffix)
    paths = formats.list_records(sources)
    if order.edits and (len(paths) != 1 or not order.measured):
        raise ReportError(
            "edits of edges are of the measurements of one record", found=f"{len(paths)} records"
        )
    if order.name and len(paths) != 1:
        raise ReportError(
            "several records for one file",
            where=str(order.folder),
            expected="a folder as target",
            found=str(len(paths)),
        )
    table = None
    if key is not None:
        table = key_table.KeyTable(key, key_table.given(passphrase))
    try:
        order.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"the folder cannot be made ({error.strerror})", where=str(order.folder)) from None
    names = _names(paths, order)
    for number, (path, name) in enumerate(zip(paths, names, strict=True), 1):
        row = _one(path, name, order, writer)
        if table is not None and row.target:
            table.add(Path(row.target).name, row.source)
        yield row
        progress(Counted(number, len(paths), "files"), "converting")


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


def _one(path: Path, name: str, order: Order, writer: formats.Writer) -> Converted:
    scratch = ""
    try:
        source = formats.read(path)
        record = formats.deidentified(source, name) if order.deidentify else source
        found: Measured | None = None
        if order.measured:
            record, found = own_measurements.with_own(record, order.edits, named=not order.deidentify)
        with tempfile.TemporaryDirectory(prefix=".ecgview-", dir=order.folder) as scratch:
            made = writer.write(record, Path(scratch) / f"{name}{writer.WRITES}")
            also = [*_lost(record, formats.read(made), made), *_renamed(source, record)]
            if found is not None:
                also = [text.replace("the device's", "ecgview's") for text in also]
                also += _measured(source, record, found, made)
            stated = writer.loss(record)
            parts = [note.text for note in source.notes if note.kind == PART]
            losses = [re.sub("^lossless", "samples kept", stated) if also or parts else stated, *also]
            losses += [source.gain_doubt] if source.gain_doubt else []
            losses += parts
            return Converted(str(path), str(_put(Path(scratch), made, order)), "; ".join(losses))
    except EcgviewError as error:
        return Converted(
            str(path), error=str(error).replace(scratch, str(order.folder)) if scratch else str(error)
        )
    except OSError as error:
        where = f"{order.folder / name}{writer.WRITES}"
        return Converted(str(path), error=f"{where}: cannot be written ({error.strerror or error})")


def _measured(source: EcgRecord, record: EcgRecord, found: Measured, made: Path) -> list[str]:
    """Return what became of the measurements that a file was to carry; WFDB gets its annotation file."""
    if found.reason:
        return [f"without measurements: {found.reason}"]
    if made.suffix == ".hea":
        own_measurements.write_waves(record, found, made.parent, made.stem)
    told = ["measured by ecgview" + (", edited by hand" if found.edits else "")]
    return told + ([f"without {_whose(source)} measurements"] if source.device_reading.measurements else [])


def _whose(record: EcgRecord) -> str:
    version = record.device_reading.ecgview
    return f"ecgview {version}'s" if version else "the device's"


def _renamed(source: EcgRecord, record: EcgRecord) -> list[str]:
    """Return which leads a de-identified file calls by a number, since their names may be anything."""
    pairs = zip(source.lead_names, record.lead_names, strict=True)
    changed = [f"{old} is {new}" for old, new in pairs if old != new]
    return [f"lead names not kept: {', '.join(changed)}"] if changed else []


def _lost(record: EcgRecord, again: EcgRecord, made: Path) -> list[str]:
    """Return what a written file no longer says, after reading it back.

    Raises:
        FormatError: leads or samples are not all there: such a file is not given out.
    """
    if again.lead_names != record.lead_names or again.signal.shape != record.signal.shape:
        raise FormatError(
            "this format cannot hold the record",
            where=str(made),
            expected=f"{record.signal.shape[1]} samples of {', '.join(record.lead_names)}",
            found=f"{again.signal.shape[1]} samples of {', '.join(again.lead_names)}"[:200],
        )
    had, has = record.device_reading, again.device_reading
    parts = (
        ("the device's median beat", had.median is not None and has.median is None),
        ("some of the device's measurements", len(has.measurements) < len(had.measurements)),
        ("some statements in the file", len(has.statements) < len(had.statements)),
        (
            "which leads were computed",
            bool(record.acquisition.derived_leads) and not again.acquisition.derived_leads,
        ),
    )
    missing = [text for text, is_lost in parts if is_lost]
    return [f"without {', '.join(missing)}"] if missing else []


def _put(scratch: Path, made: Path, order: Order) -> Path:
    """Move what was written into place, the file that stands for the record last; nothing is replaced unasked."""
    parts = sorted((part for part in scratch.iterdir() if part.is_file()), key=lambda part: part == made)
    standing = (order.folder / made.name).exists()
    for part in parts:
        target = order.folder / part.name
        if target.exists() and not (order.overwrite and standing):  # a stray .dat is nobody's to replace
            raise FormatError("there is such a file already", where=str(target), expected="a new name")
    for part in parts:
        os.replace(part, order.folder / part.name)
    return order.folder / made.name


def new_name(folder: Path) -> str:
    """Return a name, without suffix, that tells nothing and that no file of the folder has."""
    return NEW_NAME.format(_first_free(folder) if folder.is_dir() else 1)


def _first_free(folder: Path) -> int:
    taken = [int(found[1]) for path in folder.iterdir() if (found := _TAKEN.match(path.name))]
    return max(taken, default=0) + 1


def _names(paths: Sequence[Path], order: Order) -> list[str]:
    """Return a name for each record, without suffix."""
    if order.name:
        return [order.name]
    if order.deidentify:
        first = _first_free(order.folder)
        return [NEW_NAME.format(first + index) for index in range(len(paths))]
    stems = [re.sub(r"[^\w.-]+", "_", formats.record_name(path)) for path in paths]
    real, made = set(stems), []
    seen: set[str] = set()
    for stem in stems:
        name, number = stem, 1
        while name in seen or (number > 1 and name in real):
            number += 1
            name = f"{stem}-{number}"
        seen.add(name)
        made.append(name)
    return made
