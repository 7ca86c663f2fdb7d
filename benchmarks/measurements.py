#!/usr/bin/env python3
"""Print how far ecgview's measurements are from those of the devices that wrote them into their files.

python benchmarks/measurements.py ../shared/data [--json OUT]

Every file that carries global measurements of a device is measured. For each value and each format: n, median
difference (ecgview less device), and the limits of agreement (mean ± 1.96 SD). A device's own values are no truth: they
are another machine's, and few files carry them.
"""

import argparse
import json
import os
import statistics
import sys
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgview import formats
from ecgview.errors import EcgviewError
from ecgview.models import measuring
from ecgview.signal.device_values import WORDS

NAMES = {name: word for name, word in WORDS.items() if name != "qtc"}
CIRCLE = ("p_axis", "qrs_axis", "t_axis")


def main() -> None:
    """Measure what carries a device's values, and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs")
    parser.add_argument("--json", type=Path, help="write the differences there, too")
    parser.add_argument("--list", action="store_true", help="print every file's values")
    args = parser.parse_args()
    rows: dict[tuple[str, str], list[float]] = defaultdict(list)
    seen: set[str] = set()
    for path in formats.list_records([args.data / "formats"]):
        try:
            record = formats.read(path)
        except EcgviewError:
            continue
        device = record.device_reading
        if not device.measurements or record.source.sha256 in seen:
            continue
        seen.add(record.source.sha256)
        found = measuring.measured(record)
        if found.reason:
            print(f"{path.name}: not measured ({found.reason})")
            continue
        for name, word in NAMES.items():
            theirs, ours = device.value(name), found.value(word)
            if theirs is None or ours is None:
                continue
            apart = ours - theirs
            if name in CIRCLE:
                apart = (apart + 180) % 360 - 180
            rows["all", word].append(apart)
            rows[record.source.format, word].append(apart)
            if args.list:
                print(f"  {path.name}: {word} {ours:g}, device {theirs:g}")
    table = {f"{kind}, {word}": _figures(apart) for (kind, word), apart in rows.items()}
    for name, figures in sorted(table.items(), key=lambda one: (not one[0].startswith("all"), one[0])):
        print(f"{name:40} " + "  ".join(f"{key} {value:g}" for key, value in figures.items()))
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _figures(apart: list[float]) -> dict[str, float]:
    made = {"n": float(len(apart)), "median": round(statistics.median(apart), 1)}
    if len(apart) > 2:
        mean, spread = statistics.fmean(apart), statistics.stdev(apart)
        made |= {"from": round(mean - 1.96 * spread, 1), "to": round(mean + 1.96 * spread, 1)}
    return made


if __name__ == "__main__":
    main()
