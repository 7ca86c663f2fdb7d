#!/usr/bin/env python3
"""Print what a recording of a day costs each command, as processor time and peak memory beside ten seconds of the same.

python benchmarks/long.py [HOURS] [--measure]        default: 24 h of three leads at 250 Hz, made in a temporary folder

Every command runs as a program of its own. Memory is what its process held at most; pages of a nameless file that the
system may take back at any moment count as long as they are there. `--measure` takes minutes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent

RATE = 250
LEADS = ("I", "II", "V5")
BLOCK_S = 85  # a hundred beats, over and over


class Cost(NamedTuple):
    """What a program took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Make the recordings, then run each command on the long and on the short one."""
    words = argparse.ArgumentParser()
    words.add_argument("hours", nargs="?", type=float, default=24.0)
    words.add_argument("--measure", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="ecgview-long-") as scratch:
        home = {name: scratch for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        environment = {**os.environ, **home, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
        place = Path(scratch)
        made = {
            "10 s": wfdb(place / "short", 10.0),
            f"{asked.hours:g} h": wfdb(place / "long", 3600 * asked.hours),
        }
        for command in commands(place, measure=asked.measure):
            costs = {length: _cost([*command[1:]], path, environment) for length, path in made.items()}
            short, long = costs.values()
            told = "; ".join(
                f"{length}: {cost.cpu_s:.1f} s of processor, {cost.wall_s:.1f} s, {cost.peak_mb:.0f} MB"
                for length, cost in costs.items()
            )
            print(
                f"{command[0]}: {told}; {long.cpu_s / short.cpu_s:.1f} times the time, "
                f"{long.peak_mb / short.peak_mb:.1f} times the memory",
                flush=True,
            )


def commands(place: Path, *, measure: bool) -> list[Sequence[str]]:
    """Return the name of each command and its words, FILE where the recording stands."""
    found: list[Sequence[str]] = [
        ("info", "info", "FILE"),
        ("info --whole", "info", "FILE", "--whole"),
        ("screenshot", "screenshot", "FILE", "-o", str(place / "window.png")),
        ("convert to WFDB", "convert", "FILE", "FOLDER/made.hea"),
        ("convert to EDF", "convert", "FILE", "FOLDER/made.edf"),
    ]
    return [*found, ("measure", "measure", "FILE")] if measure else found


def wfdb(folder: Path, seconds: float) -> Path:
    """Write a WFDB record of beats with noise, a block at a time, and return its header."""
    folder.mkdir()
    n = round(seconds * RATE)
    block = _block()
    with open(folder / "made.dat", "wb") as file:
        for first in range(0, n, len(block)):
            file.write(block[: n - first].tobytes())
    lines = [f"made {len(LEADS)} {RATE} {n}", *(f"made.dat 16 200/mV 16 0 0 0 0 {name}" for name in LEADS)]
    header = folder / "made.hea"
    header.write_text("\n".join([*lines, "# synthetic", ""]), encoding="utf-8")
    return header


def _block() -> np.ndarray:
    """Return (samples, leads) steps of 5 uV."""
    t = np.arange(BLOCK_S * RATE) / RATE % 0.85
    waves = (
        (0.15, 0.025, 0.12),
        (0.295, 0.008, -0.1),
        (0.31, 0.012, 1.1),
        (0.33, 0.01, -0.25),
        (0.55, 0.05, 0.3),
    )
    beat = sum(size * np.exp(-(((t - at) / width) ** 2) / 2) for at, width, size in waves)
    noise = np.random.default_rng(1).normal(0, 0.02, (len(t), len(LEADS)))
    return np.round(200 * (np.outer(beat, (0.5, 0.8, 1.1)) + noise)).astype("<i2")


def _cost(words: Sequence[str], path: Path, environment: dict[str, str]) -> Cost:
    """Run a command and return what it took; it must succeed."""
    with tempfile.TemporaryDirectory(dir=path.parent.parent) as folder:
        words = [word.replace("FILE", str(path)).replace("FOLDER", folder) for word in words]
        began = time.perf_counter()
        program = subprocess.Popen(
            [sys.executable, "-m", "ecgview", *words],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        told = program.stderr.read() if program.stderr else b""
        _, status, used = os.wait4(program.pid, 0)
        wall_s = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(words)}: {told.decode(errors='replace')}")
    return Cost(
        wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    )


if __name__ == "__main__":
    main()
