#!/usr/bin/env python3
"""Print what a folder of 20,000 records costs the window, as figures and against a plain walk of the folder.

python benchmarks/worklist.py [N] [--load K] [--flat]

default: 20000 records, half CSV, half WFDB, 500 in a folder, made in a temporary place. `--load` lets K other processes
keep the processor busy meanwhile; `--flat` puts all records into one folder.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PySide6.QtCore import QTimer

from ecgview.formats import csv_table, wfdb
from ecgview.leads import STANDARD_12
from ecgview.record import Acquisition, EcgRecord, Patient

PER_FOLDER = 500
IDLE_S = 5.0  # how long the window is watched doing nothing: what the machine's other work costs it
BEAT_MS = 1  # how often the watch looks at whether the window answers


def main() -> None:
    """Make the folder, walk it, then let the window list it."""
    words = argparse.ArgumentParser()
    words.add_argument("n", nargs="?", type=int, default=20_000)
    words.add_argument("--load", type=int, default=0)
    words.add_argument("--flat", action="store_true")
    asked = words.parse_args()
    n = asked.n
    with tempfile.TemporaryDirectory(prefix="ecgview-worklist-") as scratch:
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            os.environ[name] = scratch
        folder = make(Path(scratch) / "ecgs", n, n if asked.flat else PER_FOLDER)
        plain = statistics.median(timed(lambda: walked(str(folder))) for _ in range(3))
        print(f"plain os.scandir walk of {n} records: {plain:.3f} s")
        others = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(asked.load)]
        for other in others:
            other.start()
        try:
            measure(folder, n, plain, Path(scratch))
        finally:
            for other in others:
                other.kill()


def _spin() -> None:
    while True:
        sum(range(10_000))


def make(folder: Path, n: int, per_folder: int) -> Path:
    """Write n small records; most of them are copies under another name and with another patient."""
    rng = np.random.default_rng(1)
    signal = rng.normal(0, 0.2, (12, 100)).astype(np.float32)
    record = EcgRecord(signal, STANDARD_12, 100.0, acquisition=Acquisition(start_time="2021-03-04T10:00:00"))
    for number in range(n):
        place = folder / f"{number // per_folder:03d}"
        if number % per_folder == 0:
            place.mkdir(parents=True)
            who = replace(
                record, patient=Patient(f"id{number}", f"Name {number}", "male", 20.0 + number % 70)
            )
            table = csv_table.write(who, place / f"r{number:05d}.csv").read_bytes()
            header = Path(wfdb.write(who, place / f"r{number + 1:05d}"))
            samples = header.with_suffix(".dat").read_bytes()
            text = header.read_text(encoding="utf-8")
            first = header.stem
        elif number % 2 == 0:
            (place / f"r{number:05d}.csv").write_bytes(table)
        else:
            (place / f"r{number:05d}.hea").write_text(text.replace(first, f"r{number:05d}"), encoding="utf-8")
            (place / f"r{number:05d}.dat").write_bytes(samples)
    return folder


def walked(folder: str) -> int:
    """Return the number of files below a folder."""
    return sum(walked(e.path) if e.is_dir(follow_symlinks=False) else 1 for e in os.scandir(folder))


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Watch:
    """Keep the longest time in which the window could not have answered a key, and what of it was its own work.

    The rest it waited, for the processor or for Python's lock, which other threads held.
    """

    def __init__(self) -> None:
        self.longest = self.own = 0.0
        self._last, self._last_own = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self.beat)
        self._timer.start(BEAT_MS)

    def beat(self) -> None:
        """Note how long ago the last beat was."""
        now, own = time.perf_counter(), time.thread_time()
        self.longest = max(self.longest, now - self._last - BEAT_MS / 1000)
        self.own = max(self.own, own - self._last_own)
        self._last, self._last_own = now, own

    def renew(self) -> str:
        """Return the longest block so far and the longest work of the window's own, in ms, and begin again."""
        self.beat()
        told = f"{self.longest * 1000:.0f} (own work {self.own * 1000:.0f})"
        self.longest = self.own = 0.0
        return told


def measure(folder: Path, n: int, plain: float, scratch: Path) -> None:
    """Let a real window list the folder, and scroll and filter while it does."""
    from ecgview.desktop.app import application, open_window
    from ecgview.desktop.panels.worklist import WorklistPanel
    from ecgview.desktop.settings import Settings
    from ecgview.desktop.work import warm_up

    qt = application()
    window = open_window(settings=Settings(), store_path=scratch / "store.db")
    window.resize(1600, 1000)
    window.show()
    worklist = window.workspace.worklist
    panel = window.left.findChild(WorklistPanel)
    warm_up.preload(window.workspace)  # as the application does when it starts
    until(qt, lambda: window.workspace.jobs.n_alive == 0)
    watch, rested = Watch(), time.perf_counter()
    until(qt, lambda: time.perf_counter() - rested > IDLE_S)
    idle = watch.renew()
    before, began = memory_mb(), time.perf_counter()
    worklist.add([folder])
    until(qt, lambda: panel.model.rowCount() > 0)
    print(f"first row: {time.perf_counter() - began:.3f} s")
    until(qt, lambda: len(worklist) == n)
    listed = time.perf_counter() - began
    print(f"all rows listed: {listed:.2f} s, {listed / plain:.1f} times the plain walk")
    blocks = [watch.renew()]
    began_scroll = time.perf_counter()
    panel.list.scrollTo(panel.model.index(n * 3 // 4, 0))
    place = n * 3 // 4
    until(qt, lambda: worklist[place].summary is not None)
    print(f"header of a row just scrolled to: {time.perf_counter() - began_scroll:.3f} s")
    until(qt, lambda: all(item.summary is not None for item in worklist.items[-2:]), every=0.05)
    until(qt, lambda: all(item.summary is not None for item in worklist.items), every=0.5)
    print(f"all headers read: {time.perf_counter() - began:.1f} s")
    blocks.append(watch.renew())
    print(f"memory for {n} rows: {memory_mb() - before:.0f} MB")
    print(f"longest UI block, ms: {blocks[0]} listing, {blocks[1]} reading headers, {idle} idle")
    for text in ("r00123", "name 2021-03", "male age:40", "no such record", ""):
        took = timed(lambda text=text: panel.filter.setText(text)) * 1000
        print(f"filter {text!r}: {panel.model.rowCount()} rows in {took:.0f} ms")
    window.close()


def until(qt, done: Callable[[], bool], every: float = 0.0) -> None:
    """Let the window work until something holds; `every` spares a costly question."""
    asked = 0.0
    while True:
        qt.processEvents()
        time.sleep(0.0005)
        if time.perf_counter() - asked >= every:
            asked = time.perf_counter()
            if done():
                return


def memory_mb() -> float:
    """Return the memory that this process holds now, or has held at most where the system tells no more."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
