"""Public data sets in their published layout, read one record at a time."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from ecgview import formats
from ecgview.errors import EcgviewError, FormatError
from ecgview.record import EcgRecord
from ecgview.training.data.recordings import Reading, Recordings, Several
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import cinc, packed, ptbxl
from ecgview.training.data.sources.source import Source

PTBXL_TABLE = ptbxl.TABLE
PTBXL_RECORD = re.compile(r"HR\d+$|\d{5}_[hl]r$")  # as the challenge calls them, and as PTB-XL does

TAKEN = 3  # what is taken of a folder: a pack that was made with another number may hold PTB-XL twice


def read_all(data: Path, per_fold: int = 0) -> Several:
    """Return every record below `data`: PTB-XL folders and packs, then those of other sources.

    Folders without a PTB-XL table are taken, but none below such a table: what lies there is PTB-XL, which has its
    folds. A record of PTB-XL is taken once, by its number; one of another source whose samples were taken before is
    left out, as are PTB-XL's elsewhere by their names. Others have no fold, and the challenge's their diagnoses.
    `per_fold` takes so many of each fold of each folder.

    Raises:
        FormatError: there is no PTB-XL anywhere below `data`; when the first record is asked for.
    """
    return Several(partial(_parts, data, per_fold))


def _parts(data: Path, per_fold: int) -> Iterator[Recordings]:
    found = _below(data, ptbxl.sniff)
    places = list({place.resolve(): place for place in reversed(found)}.values())[::-1]  # a link is no other
    packs = _below(data, packed.sniff)
    if not has_ptbxl(data):
        raise FormatError(
            "no PTB-XL here", where=str(data), expected=f"{PTBXL_TABLE} in it or one level below"
        )
    taken = Taken()
    own: list[Source] = [ptbxl.open(place, rate_hz=500) for place in places]
    for source in (*own, *(packed.open(place, _is_ptbxl) for place in packs)):
        yield Recordings(source.rows, partial(taken.new, source.records), per_fold)
    known = {place.resolve() for place in (*places, *packs)}
    for folder in sorted(p for p in data.iterdir() if p.is_dir() and p.name != "formats"):
        if known.isdisjoint((folder.resolve(), *folder.resolve().parents)):
            yield Recordings(
                partial(_rows, folder), partial(taken.new, partial(read_folder, folder)), per_fold
            )
    for place in packs:
        other = packed.open(place, lambda source: not _is_ptbxl(source))
        yield Recordings(other.rows, partial(taken.new, other.records), per_fold)


def _below(data: Path, sniff: Callable[[Path], bool]) -> list[Path]:
    return [place for place in (data, *sorted(data.glob("*"))) if sniff(place)]


def _is_ptbxl(source: str) -> bool:
    return source == packed.PTBXL


class Taken:
    """What was taken already: a copy has no fold, and would be learnt from where its original is tested.

    PTB-XL's own are told apart by their numbers alone: it published some tracings under two, in their folds.
    """

    def __init__(self) -> None:
        self._samples: set[bytes] = set()
        self._numbers: set[str] = set()  # of PTB-XL

    def new(self, read: Callable[[], Iterable[Reading]]) -> Iterator[Reading]:
        """Yield what was not taken before."""
        for row, record in read():
            samples, is_ptbxl = _samples(record), _is_ptbxl(row.source)
            if row.record_id in self._numbers if is_ptbxl else samples in self._samples:
                continue
            self._samples.add(samples)
            if is_ptbxl:
                self._numbers.add(row.record_id)
            yield row, record


def _samples(record: EcgRecord) -> bytes:
    """Return a digest of the independent leads in whole microvolts, whatever file they came from."""
    leads = [name for name in ptbxl.PACKED_LEADS if record.has(name)]
    signal = np.stack([record.lead(name) for name in leads]) if leads else record.signal
    microvolts = np.round(np.nan_to_num(signal.astype(np.float64)) * 1000).astype(np.int64)
    head = f"{leads}|{record.sampling_rate_hz:g}|{microvolts.shape}"
    return hashlib.sha256(head.encode() + microvolts.tobytes()).digest()


def has_ptbxl(data: Path) -> bool:
    """Return whether PTB-XL lies at a path or one level below, in its own layout or packed with others."""
    if _below(data, ptbxl.sniff):
        return True
    return any(any(packed.open(place, _is_ptbxl).rows()) for place in _below(data, packed.sniff))


def read_folder(folder: Path) -> Iterator[Reading]:
    """Yield every twelve-lead record of a folder but PTB-XL's; files that cannot be read are passed over."""
    for path in _files(folder):
        try:
            record = formats.read(path)
        except EcgviewError:
            continue
        if not record.missing_leads:
            yield _row(folder, path), record


def _rows(folder: Path) -> Iterator[Row]:
    """Yield a row per file, whether it can be read or not."""
    return (_row(folder, path) for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in formats.list_records([folder]) if not PTBXL_RECORD.match(path.stem))


def _row(folder: Path, path: Path) -> Row:
    if path.suffix == ".hea" and cinc.has_diagnoses(path):
        return cinc.row_of(path)
    return Row(folder.name, path.stem, f"{folder.name}-{path.stem}")
