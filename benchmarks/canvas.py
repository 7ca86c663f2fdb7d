#!/usr/bin/env python3
"""Print how long the frames of the canvas take, against plain pyqtgraph, in one run.

python benchmarks/canvas.py [--ecg ECG --next ECG] [--rounds N] [--json FILE] [--ratio 1 --ratio 2] [--no-x]

1600x1000 px, 14.25 px/mm, with an explanation, a caliper and 100 marks. Each contestant runs in processes of its own,
in turn; of N rounds the one with the quietest machine counts: the least median of each figure. Beside the time on the
clock stands what the window's thread took of the processor, which other work on the machine changes less. On an X
server of its own, too, where Xvfb is installed. `canvas/measure.py` says what a frame is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "resources" / "demo"
CONTESTANTS = ("ecgview", "plain")
GOALS_MS = {
    "pan on seen paper": {1: (4.0, 16.0), 2: (8.0, 25.0)},
    "pan onto unseen paper": {1: (4.0, 16.0), 2: (8.0, 25.0)},
    "zoom frame": {1: (16.0, None), 2: (16.0, None)},
    "sharp at a new scale": {1: (100.0, None), 2: (130.0, None)},
    "sharp at a scale of before": {1: (100.0, None), 2: (130.0, None)},
    "caliper end": {1: (8.0, None), 2: (8.0, None)},
    "map changed": {1: (16.0, None), 2: (16.0, None)},
    "mask changed": {1: (16.0, None), 2: (16.0, None)},
}
Figures = dict[str, dict[str, float]]


@contextmanager
def display() -> Iterator[str]:
    """Start an X server for the time of the run; yields its number."""
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "3400x2200x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def measure(kind: str, ecgs: list[str], ratio: int, where: dict[str, str]) -> Figures:
    """Run one contestant once."""
    run = subprocess.run(
        [sys.executable, str(HERE / "canvas" / "measure.py"), kind, *ecgs],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "QT_SCALE_FACTOR": str(ratio), **where},
    )
    if run.returncode:
        raise SystemExit(f"{kind} at ratio {ratio}: {run.stderr.strip()[-2000:]}")
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["ratio"] == ratio
    return dict(found["figures"])


def quietest(runs: list[Figures]) -> Figures:
    """Return of each figure the round with the least median: what else ran took the least of it."""
    return {name: min((run[name] for run in runs), key=lambda one: one["median"]) for name in runs[0]}


def compare(ecgs: list[str], ratio: int, rounds: int, where: dict[str, str]) -> dict[str, Figures]:
    """Run every contestant in turn."""
    runs: dict[str, list[Figures]] = {kind: [] for kind in CONTESTANTS}
    for number in range(rounds):
        for kind in CONTESTANTS if number == 0 else CONTESTANTS[:1]:  # the slowest once, it takes minutes
            runs[kind].append(measure(kind, ecgs, ratio, where))
    return {kind: quietest(found) for kind, found in runs.items()}


def show(title: str, found: dict[str, Figures], ratio: int) -> None:
    """Print one table of the clock and one of the processor."""
    for kind, median, p95 in (("clock", "median", "p95"), ("processor", "busy_median", "busy_p95")):
        print(f"\n{title}, ratio {ratio}, {kind}: median / p95, ms")
        print(f"{'':32}" + "".join(f"{one:>18}" for one in found) + f"{'goal':>14}")
        for name in next(iter(found.values())):
            cells = [f"{figures[name][median]:.1f} / {figures[name][p95]:.1f}" for figures in found.values()]
            print(f"{name:32}" + "".join(f"{cell:>18}" for cell in cells) + f"{_goal(name, ratio):>14}")
    sys.stdout.flush()


def _goal(name: str, ratio: int) -> str:
    if name not in GOALS_MS:
        return "-"
    median, p95 = GOALS_MS[name][ratio]
    return f"{median:g}" + (f" / {p95:g}" if p95 else "")


def main() -> None:
    """Measure on every platform and ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ecg", default=str(DEMO / "normal.hea"))
    parser.add_argument("--next", default=str(DEMO / "lvh.hea"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ratio", type=int, action="append", choices=(1, 2))
    parser.add_argument("--no-x", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    ecgs = [str(Path(ecg).resolve()) for ecg in (given.ecg, given.next)]
    ratios, whole = given.ratio or [1, 2], dict[str, Any]()
    for ratio in ratios:
        whole[f"offscreen, ratio {ratio}"] = found = compare(
            ecgs, ratio, given.rounds, {"QT_QPA_PLATFORM": "offscreen"}
        )
        show("offscreen", found, ratio)
    if given.no_x or shutil.which("Xvfb") is None:
        print("\nno X server: not measured there")
    else:
        with display() as number:
            for ratio in ratios:
                where = {"QT_QPA_PLATFORM": "xcb", "DISPLAY": number}
                whole[f"X, ratio {ratio}"] = found = compare(ecgs, ratio, given.rounds, where)
                show("X server", found, ratio)
    if given.json is not None:
        given.json.write_text(json.dumps(whole, indent=1, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    main()
