"""Public data sets in their published layout, read one record at a time."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ecgview import formats
from ecgview.errors import EcgviewError, FormatError
from ecgview.record import EcgRecord
from ecgview.training.data.recordings import Recordings, Several
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import ptbxl

PTBXL_TABLE = ptbxl.TABLE


def read_all(data: Path, per_fold: int = 0) -> Several:
    """Return every record below `data`: PTB-XL folders and packs, then the other folders of WFDB records.

    Folders without a PTB-XL table are taken as unlabelled material. Records named HR* among the
    challenge's are PTB-XL itself and are left out. `per_fold` takes so many of each fold of each folder.

    Raises:
        FormatError: there is no PTB-XL table anywhere below `data`; when the first record is asked for.
    """
    return Several(partial(_parts, data, per_fold))


def _parts(data: Path, per_fold: int) -> Iterator[Recordings]:
    tables = sorted([*data.glob(PTBXL_TABLE), *data.glob(f"*/{PTBXL_TABLE}")])
    if not tables:
        raise FormatError(
            "no PTB-XL here", where=str(data), expected=f"{PTBXL_TABLE} in it or one level below"
        )
    for table in tables:
        source = ptbxl.open(table.parent, rate_hz=500)
        yield Recordings(source.rows, source.records, per_fold)
    labelled = {table.parent for table in tables}
    for folder in sorted(
        p for p in data.iterdir() if p.is_dir() and p not in labelled and p.name != "formats"
    ):
        yield Recordings(partial(_unlabelled_rows, folder), partial(read_unlabelled, folder), per_fold)


def has_ptbxl(data: Path) -> bool:
    """Return whether a PTB-XL table lies at a path or one level below."""
    return any(data.glob(PTBXL_TABLE)) or any(data.glob(f"*/{PTBXL_TABLE}"))


def read_unlabelled(folder: Path) -> Iterator[tuple[Row, EcgRecord]]:
    """Yield every twelve-lead record of a folder without labels; files that cannot be read are passed over."""
    for path in _files(folder):
        try:
            record = formats.read(path)
        except EcgviewError:
            continue
        if not record.missing_leads:
            yield _unlabelled(folder, path), record


def _unlabelled_rows(folder: Path) -> Iterator[Row]:
    """Yield a row per file, whether it can be read or not."""
    return (_unlabelled(folder, path) for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in formats.list_records([folder]) if not path.stem.startswith("HR"))


def _unlabelled(folder: Path, path: Path) -> Row:
    return Row(folder.name, path.stem, f"{folder.name}-{path.stem}")
