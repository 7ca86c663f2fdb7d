"""Find records below folders quickly: names only, nothing is opened."""

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from ecgview.errors import FormatError
from ecgview.formats.kit.table_lines import is_lead, read_head
from ecgview.formats.places.member import split

DEEPEST = 12  # folders below the one that was opened
TABLES = (".csv", ".tsv")

Knows = Callable[
    [bytes, Path], bool
]  # whether a format is certain of a file, from its beginning and its name


def iter_records(paths: Sequence[str | Path], extensions: frozenset[str], knows: Knows) -> Iterator[Path]:
    """Yield one path per record as it is found, in natural order, each once.

    Of tables only those are taken whose header names leads, or which a format `knows`.
    """
    seen: set[str] = set()
    for path in paths:
        for item in _expand(path, extensions, knows):
            if item not in seen:
                seen.add(item)
                yield Path(item)


def records_among(names: Iterable[str], extensions: frozenset[str]) -> list[str]:
    """Return those of an archive's names that stand for records; a header stands for the files of its name."""
    paths = [PurePosixPath(name) for name in names]
    headers = {path.with_suffix("") for path in paths if path.suffix == ".hea"}
    records = [
        path
        for path in paths
        if path.suffix.lower() in extensions
        and (path.suffix == ".hea" or path.with_suffix("") not in headers)
    ]
    others = [path for path in records if path.suffix.lower() not in TABLES]
    return sorted(str(path) for path in others or records)  # a table beside ECGs is hardly one


def _expand(path: str | Path, extensions: frozenset[str], knows: Knows) -> Iterator[str]:
    text = os.fspath(path)
    if os.path.isdir(text):
        yield from _walk(text, extensions, knows, DEEPEST)
        return
    if os.path.exists(text) or os.path.exists(f"{text}.hea") or split(Path(text))[1]:
        yield text
        return
    matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []
    if not matches:
        raise FormatError("there is no such file or folder", where=text)
    for match in matches:
        yield from _expand_match(match, extensions, knows)


def _expand_match(match: str, extensions: frozenset[str], knows: Knows) -> Iterator[str]:
    if os.path.isdir(match):
        yield from _walk(match, extensions, knows, DEEPEST)
    elif os.path.splitext(match)[1].lower() in extensions:
        yield match


def _walk(folder: str, extensions: frozenset[str], knows: Knows, depth: int) -> Iterator[str]:
    """Yield record files by path; a signal file or a table beside a WFDB header of the same name is that record.

    Each folder is sorted as it is reached, with its mark behind a folder's name: the paths come out in the
    order of their texts although the first is known before the last folder was looked into.
    """
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise FormatError(f"the folder cannot be read ({error.strerror})", where=folder) from None
    headers = {entry.name[:-4] for entry in entries if entry.name.endswith(".hea")}
    segments = {f"{name}_layout" for name in headers}
    inner = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    for entry in sorted(entries, key=lambda entry: entry.name + os.sep * (entry.name in inner)):
        if entry.name.startswith("."):
            continue
        if entry.name in inner:
            if depth:
                yield from _walk(entry.path, extensions, knows, depth - 1)
        elif _stands_for_record(entry, extensions, headers, segments) and (
            not _is_table(entry) or _names_leads(Path(entry.path), knows)
        ):
            yield entry.path


def _stands_for_record(
    entry: os.DirEntry[str], extensions: frozenset[str], headers: set[str], segments: set[str]
) -> bool:
    stem, suffix = os.path.splitext(entry.name)
    if suffix.lower() not in extensions or stem in segments:
        return False
    return suffix == ".hea" or stem not in headers


def _is_table(entry: os.DirEntry[str]) -> bool:
    return os.path.splitext(entry.name)[1].lower() in TABLES


def _names_leads(path: Path, knows: Knows) -> bool:
    """Return whether a table's header names leads, or a format knows it: folders of ECGs hold other tables too."""
    try:
        with open(path, "rb") as file:
            beginning = file.read(4096)
        return knows(beginning, path) or any(map(is_lead, read_head(path).cells))
    except (OSError, FormatError):
        return False
