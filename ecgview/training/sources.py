"""Public data sets in their published layout, read one record at a time."""

import ast
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecgview import formats
from ecgview.errors import EcgviewError, FormatError
from ecgview.leads import STANDARD_12, derive_limb
from ecgview.record import EcgRecord, Source
from ecgview.training.pack import KEPT_LEADS, Row

PTBXL_TABLE = "ptbxl_database.csv"


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


def read_ptbxl(folder: Path) -> Iterator[tuple[Row, EcgRecord]]:
    """Yield the records of one PTB-XL folder: `records500/` files, or losslessly packed `part*.npz`."""
    with open(folder / PTBXL_TABLE, encoding="utf-8", newline="") as file:
        table = {int(line["ecg_id"]): _row(line) for line in csv.DictReader(file)}
        file.seek(0)
        names = {int(line["ecg_id"]): line["filename_hr"] for line in csv.DictReader(file)}
    for part in sorted(folder.glob("part*.npz")):
        for ecg_id, record in _unpack(part):
            yield table[ecg_id], record
    for ecg_id, name in sorted(names.items()):
        header = folder / f"{name}.hea"
        if header.exists():
            yield table[ecg_id], formats.read(header)


def _row(line: dict[str, str]) -> Row:
    return Row(
        source="ptbxl",
        record_id=line["ecg_id"],
        patient_id=f"ptbxl-{int(float(line['patient_id']))}",
        fold=int(line["strat_fold"]),
        codes=tuple(sorted(ast.literal_eval(line["scp_codes"]))),
        age_years=float(line["age"]) if line["age"] else None,
        sex={"0": "male", "1": "female"}.get(line["sex"], ""),
    )


def _unpack(part: Path) -> Iterator[tuple[int, EcgRecord]]:
    """Yield (ecg_id, record) of one packed file: zig-zagged first differences, 1 uV per step."""
    with np.load(part, allow_pickle=False) as stored:
        ids, low, high = stored["ecg_id"], stored["low"], stored["high"]
    for ecg_id, low_bytes, high_bytes in zip(ids, low, high, strict=True):
        zigzag = low_bytes.astype(np.uint16) | (high_bytes.astype(np.uint16) << 8)
        step = ((zigzag >> 1) ^ (-(zigzag & 1).astype(np.int32)).astype(np.uint16)).astype(np.int16)
        microvolts = np.cumsum(step, axis=-1, dtype=np.int16)
        lead = {name: (microvolts[i] / 1000.0).astype(np.float32) for i, name in enumerate(KEPT_LEADS)}
        lead |= derive_limb(lead)
        signal = np.stack([lead[name] for name in STANDARD_12])
        yield int(ecg_id), EcgRecord(signal, STANDARD_12, 500.0, source=Source(f"{part}#{ecg_id}", "packed"))


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
