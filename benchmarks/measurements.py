#!/usr/bin/env python3
"""Print how far ecgview's measurements are from those of devices, how good its rules are alone, and what it takes.

python benchmarks/measurements.py ../shared/data [--list] [--json OUT]

Every file that carries global measurements of a device is measured. For each value and each format: n, median
difference (ecgview less device), and the limits of agreement (mean ± 1.96 SD). A device's own values are no truth: they
are another machine's, and few files carry them. Then the rules that measure without the network, on the 150 records of
LUDB with all leads, three, one, and at 100 and 1000 Hz, against the experts' third-extreme lead; and milliseconds of
one thread for a record.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from ecgview import formats
from ecgview.errors import EcgviewError
from ecgview.leads import STANDARD_12
from ecgview.models import delineation, measuring
from ecgview.record import EcgRecord
from ecgview.signal.device_values import WORDS
from ecgview.signal.measure import by_rules, engine
from ecgview.signal.measure.measured import Edit
from ecgview.signal.measure.waves import Beat
from ecgview.signal.resampling import resample
from ecgview.training.data import delineated
from ecgview.training.evaluation import waves

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
    table |= rules(args.data)
    table["ms"] = timed(args.data)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def rules(data: Path) -> dict[str, dict[str, float]]:
    """Print and return the figures of the rules alone, and of the network on the same leads."""
    marked = delineated.read(data)
    truth = [waves.marked_beats(one.marks) for one in marked]
    found: dict[str, dict[str, float]] = {}
    for title, leads, hz in (
        ("12 leads", STANDARD_12, 500.0),
        ("I, II, V2", ("I", "II", "V2"), 500.0),
        ("II", ("II",), 500.0),
        ("12 leads at 100 Hz", STANDARD_12, 100.0),
        ("12 leads at 1000 Hz", STANDARD_12, 1000.0),
    ):
        records = [_changed(one.record, leads, hz) for one in marked]
        for name, ask in (("rules", _by_rules), ("network", lambda one: delineation.delineate(one).beats)):
            rows = [waves.compare(*pair) for pair in zip(truth, map(ask, records), strict=True)]
            for kind, row in waves.figures(rows).items():
                said = {
                    key: round(float(row[key]), 2) for key in ("n", "found", "mean", "sd", "within_10_ms")
                }
                found[f"{name}, {title}, {kind}"] = said
                print(
                    f"{name + ', ' + title + ', ' + kind:40} "
                    + "  ".join(f"{k} {v:g}" for k, v in said.items())
                )
    return found


def _changed(record: EcgRecord, leads: tuple[str, ...], hz: float) -> EcgRecord:
    signal = resample(record.leads(leads), record.sampling_rate_hz, hz)
    return replace(record, signal=signal, lead_names=leads, sampling_rate_hz=hz)


def _by_rules(record: EcgRecord) -> tuple[Beat, ...]:
    signal, rate = engine.at_rate(record.signal, record.sampling_rate_hz)
    return by_rules.beats(signal, rate, record.lead_names)


def timed(data: Path) -> dict[str, float]:
    """Print and return milliseconds of one thread: all of a record, what follows the network, and after an edit."""
    record = delineated.read(data)[0].record
    waves_found = delineation.delineate(record)
    whole = measuring.of(record, waves_found)
    edit = (Edit("QRS offset", 0.07),)
    made: dict[str, float] = {}
    for name, ask in (
        ("all", lambda n: measuring.measured(record.with_signal(record.signal * np.float32(1 + n / 1000)))),
        ("after the network", lambda _n: measuring.of(record, waves_found)),
        ("after an edit", lambda _n: measuring.again(whole, record, edit)),
    ):
        took = []
        for n in range(1, 16):
            began = time.process_time()
            ask(n)
            took.append(1000 * (time.process_time() - began))
        made[name] = round(statistics.median(took), 1)
    print("ms of one thread:", "  ".join(f"{name} {value:g}" for name, value in made.items()))
    return made


def _figures(apart: list[float]) -> dict[str, float]:
    made = {"n": float(len(apart)), "median": round(statistics.median(apart), 1)}
    if len(apart) > 2:
        mean, spread = statistics.fmean(apart), statistics.stdev(apart)
        made |= {"from": round(mean - 1.96 * spread, 1), "to": round(mean + 1.96 * spread, 1)}
    return made


if __name__ == "__main__":
    main()
