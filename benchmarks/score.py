#!/usr/bin/env python3
"""Print records per second of `ecgview score` beside the same model fed by wfdb, one file at a time.

python benchmarks/score.py DIR        DIR holds WFDB records of ten seconds or more
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow.parquet as pq
import torch
import wfdb

from ecgview.models import archive, cards, runtime
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord, Source

MOST = 256


def main() -> None:
    """Time both on the same files."""
    folder = Path(sys.argv[1]).resolve()
    files = sorted(folder.glob("**/*.hea"))[:MOST]
    card = cards.default("classifier")
    runtime.network(card, "cpu")
    with tempfile.TemporaryDirectory() as scratch:
        view = Path(scratch) / "files"
        for path in files:
            place = view / path.relative_to(folder).parent
            place.mkdir(parents=True, exist_ok=True)
            for part in path.parent.glob(f"{path.stem}.*"):
                shutil.copy(part, place / part.name)
        archive.score(view, Path(scratch) / "warm.parquet", device="cpu", per_part=8)
        began = time.perf_counter()
        table = archive.score(view, Path(scratch) / "out.parquet", device="cpu")
        ours = len(files) / (time.perf_counter() - began)
        failed = [text for text in pq.read_table(table)["error"].to_pylist() if text]
        if failed:
            sys.exit(f"{len(failed)} records failed: {failed[0]}")
    began = time.perf_counter()
    for path in files:
        _plain(path)
    plain = len(files) / (time.perf_counter() - began)
    print(
        f"score {ours:.1f} records/s, wfdb one file at a time {plain:.1f} records/s, ratio {ours / plain:.2f}"
    )


def _plain(path: Path) -> None:
    """Read one file with wfdb, prepare it, ask the network: as one would write it first."""
    card = cards.default("classifier")
    found = wfdb.rdrecord(str(path.with_suffix("")))
    signal = np.ascontiguousarray(found.p_signal.T.astype(np.float32))
    names = tuple(_NAMES.get(name.upper(), name) for name in found.sig_name)
    record = EcgRecord(signal, names, float(found.fs), source=Source(str(path), "wfdb"))
    made = prepare(record, card.input)
    with torch.inference_mode():
        torch.sigmoid(runtime.network(card, "cpu")(torch.from_numpy(made[None]))).numpy()


_NAMES = {"AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}


if __name__ == "__main__":
    main()
