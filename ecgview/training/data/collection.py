"""Public data sets in their published layout, read one record at a time."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

from ecgview import formats
from ecgview.errors import EcgviewError, FormatError
from ecgview.training.data.recordings import Reading, Recordings, Several
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import ptbxl

PTBXL_TABLE = ptbxl.TABLE
PTBXL_RECORD = re.compile(r"HR\d+$|\d{5}_[hl]r$")  # as the challenge calls them, and as PTB-XL does

TAKEN = 2  # what is taken of a folder: a pack that was made with another number may hold PTB-XL twice


def read_all(data: Path, per_fold: int = 0) -> Several:
    """Return every record below `data`: PTB-XL folders and packs, then the other folders of WFDB records.

    Folders without a PTB-XL table are taken as unlabelled material, but none below such a table: what lies there is
    PTB-XL, which has its folds. PTB-XL's records elsewhere, by their names or samples, are left out. `per_fold` takes
    so many of each fold of each folder.

    Raises:
        FormatError: there is no PTB-XL table anywhere below `data`; when the first record is asked for.
    """
    return Several(partial(_parts, data, per_fold))


def _parts(data: Path, per_fold: int) -> Iterator[Recordings]:
    found = sorted([*data.glob(PTBXL_TABLE), *data.glob(f"*/{PTBXL_TABLE}")])
    tables = list({table.resolve(): table for table in reversed(found)}.values())[::-1]  # a link is no other
    if not tables:
        raise FormatError(
            "no PTB-XL here", where=str(data), expected=f"{PTBXL_TABLE} in it or one level below"
        )
    seen: set[str] = set()
    for table in tables:
        source = ptbxl.open(table.parent, rate_hz=500)
        yield Recordings(source.rows, partial(_noted, source.records, seen), per_fold)
    labelled = {table.parent.resolve() for table in tables}
    for folder in sorted(p for p in data.iterdir() if p.is_dir() and p.name != "formats"):
        if labelled.isdisjoint((folder.resolve(), *folder.resolve().parents)):
            yield Recordings(
                partial(_unlabelled_rows, folder), partial(read_unlabelled, folder, seen), per_fold
            )


def _noted(read: Callable[[], Iterable[Reading]], seen: set[str]) -> Iterator[Reading]:
    for row, record in read():
        seen.add(record.source.sha256)
        yield row, record


def has_ptbxl(data: Path) -> bool:
    """Return whether a PTB-XL table lies at a path or one level below."""
    return any(data.glob(PTBXL_TABLE)) or any(data.glob(f"*/{PTBXL_TABLE}"))


def read_unlabelled(folder: Path, seen: Collection[str] = ()) -> Iterator[Reading]:
    """Yield every twelve-lead record of a folder without labels; files that cannot be read are passed over.

    So are those whose samples were `seen`: a copy has no fold, and would be learnt from where its original is tested.
    """
    for path in _files(folder):
        try:
            record = formats.read(path)
        except EcgviewError:
            continue
        if not record.missing_leads and record.source.sha256 not in seen:
            yield _unlabelled(folder, path), record


def _unlabelled_rows(folder: Path) -> Iterator[Row]:
    """Yield a row per file, whether it can be read or not."""
    return (_unlabelled(folder, path) for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in formats.list_records([folder]) if not PTBXL_RECORD.match(path.stem))


def _unlabelled(folder: Path, path: Path) -> Row:
    return Row(folder.name, path.stem, f"{folder.name}-{path.stem}")
