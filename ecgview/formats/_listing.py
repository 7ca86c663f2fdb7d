"""Find records below folders quickly: names only, nothing is opened."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from ecgview.errors import FormatError
from ecgview.formats._member import split

DEEPEST = 12  # folders below the one that was opened
TABLES = (".csv", ".tsv")


def list_records(paths: Sequence[str | Path], extensions: frozenset[str]) -> list[Path]:
    """Return one path per record, in natural order, each once."""
    found: dict[str, None] = {}
    for path in paths:
        for item in _expand(path, extensions):
            found[item] = None
    return [Path(item) for item in found]


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


def _expand(path: str | Path, extensions: frozenset[str]) -> list[str]:
    text = os.fspath(path)
    if os.path.isdir(text):
        return sorted(_walk(text, extensions, DEEPEST))
    if os.path.exists(text) or os.path.exists(f"{text}.hea") or split(Path(text))[1]:
        return [text]
    matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []
    if not matches:
        raise FormatError("there is no such file or folder", where=text)
    records = [item for match in matches for item in _expand_match(match, extensions)]
    return records


def _expand_match(match: str, extensions: frozenset[str]) -> list[str]:
    if os.path.isdir(match):
        return sorted(_walk(match, extensions, DEEPEST))
    return [match] if os.path.splitext(match)[1].lower() in extensions else []


def _walk(folder: str, extensions: frozenset[str], depth: int) -> Iterator[str]:
    """Yield record files; a signal file or a table beside a WFDB header of the same name is that record."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise FormatError(f"the folder cannot be read ({error.strerror})", where=folder) from None
    headers = {entry.name[:-4] for entry in entries if entry.name.endswith(".hea")}
    segments = {f"{name}_layout" for name in headers}
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth:
                yield from _walk(entry.path, extensions, depth - 1)
            continue
        stem, suffix = os.path.splitext(entry.name)
        if suffix.lower() not in extensions or stem in segments:
            continue
        if suffix != ".hea" and stem in headers:
            continue
        if suffix.lower() in TABLES and not _names_leads(entry.path):
            continue
        yield entry.path


def _names_leads(path: str) -> bool:
    """Return whether a table's header names leads: folders of ECGs hold other tables too."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(4096).splitlines()
    except OSError:
        return False
    header = next((line for line in lines if line and not line.startswith("#")), "")
    names = {cell.strip().strip('"').upper() for cell in re.split(r"[,;\t]", header)}
    return bool(names & {"I", "II", "V1", "V5", "MLII", "LEAD I", "LEAD II"})
