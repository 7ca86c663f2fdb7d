"""Public data sets in their published layout, read one record at a time."""

from collections.abc import Iterator
from pathlib import Path

from ecgview import formats
from ecgview.errors import EcgviewError, FormatError
from ecgview.record import EcgRecord
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import ptbxl

PTBXL_TABLE = ptbxl.TABLE


def read_all(data: Path) -> Iterator[tuple[Row, EcgRecord]]:
    """Yield every record below `data`: PTB-XL folders and packs, then the other folders of WFDB records.

    Folders without a PTB-XL table are taken as unlabelled material. Records named HR* among the
    challenge's are PTB-XL itself and are left out.

    Raises:
        FormatError: there is no PTB-XL table anywhere below `data`.
    """
    tables = sorted([*data.glob(PTBXL_TABLE), *data.glob(f"*/{PTBXL_TABLE}")])
    if not tables:
        raise FormatError(
            "no PTB-XL here", where=str(data), expected=f"{PTBXL_TABLE} in it or one level below"
        )
    for table in tables:
        yield from read_ptbxl(table.parent)
    labelled = {table.parent for table in tables}
    for folder in sorted(
        p for p in data.iterdir() if p.is_dir() and p not in labelled and p.name != "formats"
    ):
        yield from read_unlabelled(folder)


def has_ptbxl(data: Path) -> bool:
    """Return whether a PTB-XL table lies at a path or one level below."""
    return any(data.glob(PTBXL_TABLE)) or any(data.glob(f"*/{PTBXL_TABLE}"))


def read_ptbxl(folder: Path) -> Iterator[tuple[Row, EcgRecord]]:
    """Yield the records of one PTB-XL folder: `records500/` files, or losslessly packed `part*.npz`."""
    return ptbxl.open(folder, rate_hz=500).records()


def read_unlabelled(folder: Path) -> Iterator[tuple[Row, EcgRecord]]:
    """Yield every twelve-lead record of a folder without labels; files that cannot be read are passed over."""
    for path in formats.list_records([folder]):
        if path.stem.startswith("HR"):
            continue
        try:
            record = formats.read(path)
        except EcgviewError:
            continue
        if not record.missing_leads:
            yield Row(folder.name, path.stem, f"{folder.name}-{path.stem}"), record
