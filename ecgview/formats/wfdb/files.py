"""The signal files of a WFDB record: whether they are there and whole, and a private place where wfdb reads them."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.wfdb.header import Header, SignalLine, read_header

GAP = "~"  # a segment without samples
_BYTES = {  # per sample; a compressed format has no fixed size
    "80": 1.0,
    "212": 1.5,
    "16": 2.0,
    "61": 2.0,
    "160": 2.0,
    "24": 3.0,
    "32": 4.0,
    "310": 4 / 3,
    "311": 4 / 3,
}
_COMPRESSED = ("8", "508", "516", "524")


def bad_files(header: Header, path: Path) -> dict[str, FormatError]:
    """Return what is wrong with each signal file of a single segment that cannot be read; {} where all are sound."""
    found = {}
    for name in dict.fromkeys(header.file_names):
        lines = [line for line in header.signals if line.file_name == name]
        error = _fault(path.parent / name, lines, header.n_samples, path)
        if error is not None:
            found[name] = error
    return found


def frames_there(header: Header, places: list[int], path: Path) -> int | None:
    """Return the frames of a single segment: as the header counts them, else as the files of some signals hold."""
    if header.n_samples is not None or not header.signals:
        return header.n_samples
    counts = []
    for name in {header.signals[place].file_name for place in places}:
        lines = [line for line in header.signals if line.file_name == name]
        size = _frame_bytes(lines)
        if size is None:
            return None
        try:
            counts.append(int((os.path.getsize(path.parent / name) - _offset(lines)) / size))
        except OSError:
            return None
    return max(0, min(counts)) if counts else None


def is_seekable(header: Header) -> bool:
    """Return whether the library finds any sample of a single segment without those before it, and with no skew."""
    fields = (
        line.split()[1] for line in header.text.split("\n")[1:] if len(line.split()) > 1 and line[0] != "#"
    )
    return not header.n_segments and all(re.split(r"[x+]", field)[0] in _BYTES for field in fields)


@contextmanager
def at_library(header: Header, path: Path) -> Iterator[Path]:
    """Give the path, without suffix, under which the library finds the record; its errors name the user's file.

    That is the record itself. Where its header needs repair, or it has segments (any of which may need it), it is a
    private folder with repaired headers and links to the signal files; names with other letters than ASCII, which
    the library does not find, are replaced there. No error names the folder.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ecgview-")
        if _needs_copy(header, path)
        else nullcontext() as folder
    ):
        try:
            yield Path(folder) / _stage(header, path, Path(folder)) if folder else path.with_suffix("")
        except FormatError:
            raise
        except Exception as error:  # wfdb raises what its parts raise; the user is told which file
            said = str(error).replace(f"{path.parent}{os.sep}", "")
            if folder:
                said = said.replace(f"{folder}{os.sep}", "").replace(folder, str(path.parent))
            raise FormatError(f"the WFDB record cannot be decoded ({said})", where=str(path)) from None


def _needs_copy(header: Header, path: Path) -> bool:
    return header.repaired or bool(header.n_segments) or path.suffix != ".hea"


def _stage(header: Header, path: Path, scratch: Path) -> str:
    folder = path.parent.resolve()
    record_name = header.record_name if header.record_name.isascii() else "record"
    aliases = {
        name: name if name.isascii() else f"signal{number}{Path(name).suffix}"
        for number, name in enumerate(dict.fromkeys(header.file_names))
    }
    text = header.text
    if not header.n_segments:
        first, *lines = text.split("\n")
        lines = [_renamed(line, aliases) for line in lines]
        text = "\n".join([first.replace(header.record_name, record_name, 1), *lines])
    (scratch / f"{record_name}.hea").write_text(text, encoding="utf-8")
    for name, alias in aliases.items():
        if name == GAP:
            continue
        if not header.n_segments:
            _link(folder / name, scratch / alias)
            continue
        segment = path.parent / f"{name}.hea"
        if not segment.exists():
            raise FormatError("a segment is missing", where=f"{path}: segments", expected=segment.name)
        inner = read_header(segment)
        faults = bad_files(inner, segment) if inner.n_samples else {}
        for fault in faults.values():
            raise fault
        (scratch / f"{name}.hea").write_text(inner.text, encoding="utf-8")
        for part in dict.fromkeys(inner.file_names):
            if part != GAP:
                _link(folder / part, scratch / part)
    return record_name


def _fault(file: Path, lines: list[SignalLine], n_samples: int | None, path: Path) -> FormatError | None:
    if not lines:
        return None
    if file.name == GAP:
        said = "this header holds no samples: it is the layout of a record of segments"
        return FormatError(said, where=str(path), expected="the record's own header")
    if file.name == path.name or file.suffix.lower() == ".hea":
        return FormatError(
            "the header names a header for its samples",
            where=f"{path}: file name",
            expected="a signal file",
            found=str(file.name)[:80],
        )
    if not file.is_file():
        return FormatError("the signal file is missing", where=f"{path}: file name", expected=str(file.name))
    size = file.stat().st_size
    if size == 0:
        return FormatError("the signal file is empty", where=str(file))
    unknown = next((line for line in lines if line.storage not in (*_BYTES, *_COMPRESSED)), None)
    if unknown is not None:
        return FormatError(
            "unknown storage format",
            where=f"{path}: format of {unknown.name or file.name}",
            expected=", ".join((*_BYTES, *_COMPRESSED)),
            found=unknown.storage[:20],
        )
    frame = _frame_bytes(lines)
    needed = None if frame is None or n_samples is None else int(frame * n_samples) + _offset(lines)
    if needed is not None and size < needed:
        return FormatError(
            "the signal file is cut short",
            where=str(file),
            expected=f"{needed} bytes",
            found=f"{size} bytes",
        )
    return None


def _frame_bytes(lines: list[SignalLine]) -> float | None:
    """Return the bytes that a frame takes in a signal file; None where its storage format has no fixed size."""
    if not all(line.storage in _BYTES for line in lines):
        return None
    return sum(_BYTES[line.storage] * line.per_frame for line in lines)


def _offset(lines: list[SignalLine]) -> int:
    return max(line.offset for line in lines)


def _renamed(line: str, aliases: dict[str, str]) -> str:
    """Return a signal line with its file's other name; a comment stays."""
    name, space, rest = line.partition(" ")
    return f"{aliases.get(name, name)}{space}{rest}"


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        os.symlink(source, target)
    except OSError:
        import shutil

        shutil.copyfile(source, target)
