#!/usr/bin/env python3
"""Print how soon the numbers follow an edge of a wave under the hand, in the real window, and what lines cost a frame.

python benchmarks/edges.py [--ecg ECG] [--steps N]

The T offset of the median beat is moved N times by 2 ms: the time until every value is another, and how long the UI
thread was held for it; then the frames of a pan with the edges and letters of every beat on the trace, and without.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PySide6.QtCore import QPointF

from ecgview.desktop.app import application, open_window
from ecgview.desktop.chrome.window import MainWindow
from ecgview.desktop.settings import Settings

DEMO = Path(__file__).resolve().parent.parent / "resources" / "demo" / "normal.hea"
PATIENCE_S = 120.0


def main() -> None:
    """Open the window, move the edge, pan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--ecg", type=Path, default=DEMO)
    parser.add_argument("--steps", type=int, default=40)
    args = parser.parse_args()
    qt, settings = application(), Settings()
    settings.set("reader.name", "benchmark")

    def wait(done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not done() and time.monotonic() < end:
            qt.processEvents()
            time.sleep(0.001)

    with tempfile.TemporaryDirectory(prefix="ecgview-") as folder:
        window = open_window(settings=settings, store_path=Path(folder) / "reads.db")
        window.resize(1600, 1000)
        window.set_sides(1600)
        window.show()
        workspace = window.workspace
        workspace.ecg.open(args.ecg)
        wait(lambda: workspace.measuring.measured is not None and workspace.jobs.n_alive == 0)
        follows, held = moved(window, args.steps, wait)
        report("numbers follow the edge", follows)
        report("UI thread held by that", held)
        for words, switch in (("pan without lines", False), ("pan with lines and letters", True)):
            if switch:
                workspace.measuring.switch_edges()
                workspace.measuring.switch_letters()
            wait(lambda: workspace.jobs.n_alive == 0 and not window.canvas.has_missing)
            report(words, panned(window))
        window.close()


def moved(
    window: MainWindow, steps: int, wait: Callable[[Callable[[], bool]], None]
) -> tuple[list[float], list[float]]:
    """Return for each step how long the numbers took, and how long the UI thread was held for them, ms."""
    measuring = window.workspace.measuring
    measured = measuring.measured
    wave = None if measured is None or measured.median is None else measured.median.overall["T"]
    if wave is None:
        raise SystemExit("this record has no T wave to be moved")
    follows, held, show = [], [], measuring._show

    def timed(found: object) -> None:
        start = time.perf_counter()
        show(found)  # type: ignore[arg-type]
        held.append(1000 * (time.perf_counter() - start))

    measuring._show = timed  # type: ignore[method-assign]
    for step in range(1, steps + 1):
        start = time.perf_counter()
        measuring.hold("T offset", None, wave.offset_s + 0.002 * step)
        wait(lambda step=step: len(held) >= step)  # type: ignore[misc]
        follows.append(1000 * (time.perf_counter() - start))
    return follows, held


def panned(window: MainWindow, frames: int = 40) -> list[float]:
    """Return how long each frame of a pan took, ms."""
    canvas, took = window.canvas, []
    canvas.zoom_by(1.6)
    canvas.settle()
    for frame in range(frames):
        start = time.perf_counter()
        canvas.move_by(QPointF(4 if frame % 2 else -4, 0))
        canvas.viewport().repaint()
        took.append(1000 * (time.perf_counter() - start))
    return took


def report(words: str, times: list[float]) -> None:
    """Print median and 95th percentile."""
    ordered = sorted(times)
    late = ordered[int(0.95 * (len(ordered) - 1))]
    print(f"{words:28s} {statistics.median(times):6.1f} ms (95th percentile {late:.1f})")


if __name__ == "__main__":
    main()
