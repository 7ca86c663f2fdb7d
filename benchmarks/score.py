#!/usr/bin/env python3
"""Print what `ecgview score` is worth beside the same network asked about one file at a time; then kill it, and go on.

python benchmarks/score.py DIR [--most 500] [--workers N]

DIR holds WFDB records of twelve leads and ten seconds or more, in any folders. Rates are of whole programs, from their
start to their end, and of the time in which records were worked on alone, without loading torch and the network.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow.parquet as pq
import wfdb

from ecgview.errors import ModelError
from ecgview.models import archive, archive_processes, cards, precision, runtime
from ecgview.models.preprocessing import prepare
from ecgview.record import EcgRecord, Source

ROOT = Path(__file__).resolve().parent.parent
_NAMES = {"AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}


def main() -> None:
    """Time all on the same files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--most", type=int, default=500)
    parser.add_argument("--workers", type=int, default=archive_processes.cores())
    parser.add_argument("--plainly", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.plainly:
        one_at_a_time(args.folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        view = Path(scratch) / "files"
        count = copied(args.folder.resolve(), view, args.most)
        print(f"{count} records, {args.workers} processes")
        timed(view, Path(scratch), count, args.workers)
        killed(view, Path(scratch), args.workers)


def copied(folder: Path, view: Path, most: int) -> int:
    """Copy the first records, PTB-XL before others, of twelve leads and ten seconds at 500 Hz; return how many."""
    count = 0
    for path in sorted(folder.glob("**/*.hea"), key=lambda path: ("records500" not in path.parts, path)):
        if count == most:
            break
        try:
            head = wfdb.rdheader(str(path.with_suffix("")))
        except Exception:
            continue
        if head.n_sig != 12 or head.fs != 500 or (head.sig_len or 0) < 5000 or "cases" in path.parts:
            continue
        place = view / path.relative_to(folder).parent
        place.mkdir(parents=True, exist_ok=True)
        for part in path.parent.glob(f"{path.stem}.*"):
            shutil.copy(part, place / part.name)
        count += 1
    return count


def environment() -> dict[str, str]:
    """Return this program's without its limit of threads: everybody may use the cores as they would."""
    return {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"} | {
        "PYTHONPATH": str(ROOT)
    }


def timed(view: Path, scratch: Path, count: int, workers: int) -> None:
    """Print the rates of the plain program and of `score` in each precision, and how far the tables lie apart."""
    began = time.perf_counter()
    words = [sys.executable, __file__, str(view), "--plainly"]
    done = subprocess.run(words, env=environment(), check=True, stdout=subprocess.PIPE, text=True)
    whole, running = count / (time.perf_counter() - began), float(done.stdout.split()[-1])
    print(f"wfdb and the network, one file at a time: {whole:.1f} records/s, {running:.1f} once loaded")
    tables = {}
    for name in precision.PRECISIONS:
        out = tables[name] = scratch / f"{name}.parquet"
        began = time.perf_counter()
        subprocess.run(
            score_words(view, out, name, workers), env=environment(), check=True, capture_output=True
        )
        ours = count / (time.perf_counter() - began)
        used = pq.read_schema(out).metadata[b"precision"].decode()
        steady = once_loaded(view, scratch / "again.parquet", name, workers)
        print(
            f"score, {name} (ran in {used}): {ours:.1f} records/s, ratio {ours / whole:.2f}; "
            f"{steady:.1f} once loaded, ratio {steady / running:.2f}"
        )
    fp32, bf16 = (pq.read_table(path) for path in tables.values())
    names = [name for name in fp32.column_names if name.startswith("p_")]
    one, other = (np.array([table[name].to_numpy() for name in names]).T for table in (fp32, bf16))
    asked = ~np.isnan(one).any(axis=1)
    cuts = precision.cuts(cards.default("classifier"))
    print(f"{precision.compared(one[asked], other[asked], cuts).sentence}; {(~asked).sum()} not scored")


def score_words(view: Path, out: Path, name: str, workers: int) -> list[str]:
    """Return the command."""
    words = [sys.executable, "-m", "ecgview", "score", str(view), "-o", str(out), "--device", "cpu"]
    return [*words, "--precision", name, "--workers", str(workers)]


def once_loaded(view: Path, out: Path, name: str, workers: int) -> float:
    """Return records per second from the first finished part of each process to the last part."""
    ends: list[float] = []

    def tell(_fraction: float, _text: str = "") -> None:
        ends.append(time.perf_counter())

    archive.score(view, out, device="cpu", precision=name, workers=workers, per_part=16, progress=tell)
    return 16 * (len(ends) - 1 - workers) / (ends[-1] - ends[workers - 1])  # the last part may be a short one


def killed(view: Path, scratch: Path, workers: int) -> None:
    """Kill the command with its second part in place, look for what it left, go on, and compare the tables."""
    out = scratch / "killed.parquet"
    words = [
        *score_words(view, out, "fp32", workers),
        "--part",
        "16",
    ]  # another size of a part: the same batches
    begun = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    parts = out.with_name(out.name + ".parts")
    while len(list(parts.glob("*.parquet"))) < 2 and begun.poll() is None:
        time.sleep(0.01)
    children = children_of(begun.pid)
    largest = max((memory_mb(child) for child in children), default=0)
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    gone = time.perf_counter()
    while any(is_working(child) for child in children) and time.perf_counter() < gone + 60:
        time.sleep(0.01)
    ended = time.perf_counter() - gone
    left = sum(is_working(child) for child in children)
    there = len(list(parts.glob("*.parquet")))
    subprocess.run(words, env=environment(), check=True, stdout=subprocess.DEVNULL)
    same = out.read_bytes() == (scratch / "fp32.parquet").read_bytes()
    print(
        f"killed with {there} parts done: {left} of {len(children)} processes left {ended:.2f} s later, "
        f"the largest had {largest} MB; gone on with, the table is {'the same' if same else 'ANOTHER'} to the bit"
    )


def children_of(pid: int) -> list[int]:
    """Return the processes that one began (Linux)."""
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in told.read_text().split()] if told.exists() else []


def memory_mb(pid: int) -> int:
    """Return the most memory that a process had, in MB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def is_working(pid: int) -> bool:
    """Return whether a process is there and not only its exit code."""
    told = Path(f"/proc/{pid}/stat")
    return told.exists() and told.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def one_at_a_time(view: Path) -> None:
    """Read each file with wfdb, prepare it, ask the network: as one would write it first. Print records/s."""
    import torch

    card = cards.default("classifier")
    network = runtime.network(card, "cpu")
    files = sorted(view.glob("**/*.hea"))
    began = time.perf_counter()
    for path in files:
        found = wfdb.rdrecord(str(path.with_suffix("")))
        signals = np.ascontiguousarray(found.p_signal.T.astype(np.float32))
        names = tuple(_NAMES.get(name.upper(), name) for name in found.sig_name)
        record = EcgRecord(signals, names, float(found.fs), source=Source(str(path), "wfdb"))
        try:
            made = prepare(record, card.input)
        except ModelError:  # a lead without a signal: `score` says so in its row
            continue
        with torch.inference_mode():
            torch.sigmoid(network(torch.from_numpy(made[None]))).numpy()
    print(len(files) / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
