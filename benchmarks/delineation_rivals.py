#!/usr/bin/env python3
"""Ask another program where the waves of ECGs are; started by `delineation.py`, with a Python that has the program.

python benchmarks/delineation_rivals.py ENGINE SIGNALS.npz OUT.json

SIGNALS.npz: `names` (n,), `leads` (l,), `signals` (n, l, samples) mV, `rate_hz`. OUT.json: `version` of the program,
`seconds` of the processor per record, `marks`: {record: {lead: [[P|QRS|T, onset, peak, offset], ...]}} in seconds, null
where the program says none. Each lead is asked by itself; programs that find beats alone are asked of lead II. A lead
on which a program fails has nothing in it. The exit code is 3 where the program is not installed. Needs numpy alone.
"""

import argparse
import importlib
import importlib.metadata
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

NOT_INSTALLED = 3
Waves = list[tuple[str, float | None, float, float | None]]
BEATS_FROM = "II"


def neurokit(method: str) -> Callable[[Any, float], Waves]:
    """Return neurokit2 with one of its methods of delineation, the rest as it comes."""

    def found(lead: Any, rate: float) -> Waves:
        import neurokit2

        clean = neurokit2.ecg_clean(lead, sampling_rate=int(rate))
        peaks = neurokit2.ecg_peaks(clean, sampling_rate=int(rate))[1]["ECG_R_Peaks"]
        table = neurokit2.ecg_delineate(clean, peaks, sampling_rate=int(rate), method=method)[1]
        out: Waves = []
        for kind, letter in (("P", "P"), ("QRS", "R"), ("T", "T")):
            onsets, tops, offsets = (
                table.get(f"ECG_{letter}_{what}", []) for what in ("Onsets", "Peaks", "Offsets")
            )
            tops = peaks if kind == "QRS" else tops
            for k in range(len(peaks)):
                onset, top, offset = (_seconds(row, k, rate) for row in (onsets, tops, offsets))
                if top is None and onset is not None and offset is not None:
                    top = (onset + offset) / 2
                if top is not None:
                    out.append((kind, onset, top, offset))
        return out

    return found


def _seconds(samples: Sequence[float], k: int, rate: float) -> float | None:
    value = samples[k] if k < len(samples) else None
    return None if value is None or not np.isfinite(value) else float(value) / rate


def biosppy(lead: Any, rate: float) -> Waves:
    """Return what biosppy makes of a lead: each position is of the beat whose R peak is nearest."""
    from biosppy.signals import ecg

    done = ecg.ecg(signal=lead, sampling_rate=rate, show=False)
    peaks = np.asarray(done["rpeaks"])
    edges: dict[str, dict[int, float]] = {}
    wanted = (
        (ecg.getQPositions, {"Q_start_positions": "QRS on"}),
        (ecg.getSPositions, {"S_end_positions": "QRS off"}),
        (ecg.getPPositions, {"P_start_positions": "P on", "P_positions": "P", "P_end_positions": "P off"}),
        (ecg.getTPositions, {"T_start_positions": "T on", "T_positions": "T", "T_end_positions": "T off"}),
    )
    for ask, names in wanted:
        answer = ask(ecg_proc=done, show=False)
        for key, name in names.items():
            for sample in answer[key]:
                edges.setdefault(name, {}).setdefault(
                    int(np.abs(peaks - sample).argmin()), float(sample) / rate
                )
    out: Waves = []
    for k, peak in enumerate(peaks):
        for kind in ("P", "QRS", "T"):
            top = float(peak) / rate if kind == "QRS" else edges.get(kind, {}).get(k)
            if top is not None:
                out.append(
                    (kind, edges.get(f"{kind} on", {}).get(k), top, edges.get(f"{kind} off", {}).get(k))
                )
    return out


def xqrs(lead: Any, rate: float) -> Waves:
    """Return the beats of wfdb's XQRS."""
    from wfdb import processing

    return [("QRS", None, float(at) / rate, None) for at in processing.xqrs_detect(lead, rate, verbose=False)]


def gqrs(lead: Any, rate: float) -> Waves:
    """Return the beats of wfdb's GQRS."""
    from wfdb import processing

    return [("QRS", None, float(at) / rate, None) for at in processing.gqrs_detect(lead, rate)]


def sleepecg(lead: Any, rate: float) -> Waves:
    """Return the beats of sleepecg."""
    import sleepecg as package

    return [("QRS", None, float(at) / rate, None) for at in package.detect_heartbeats(lead, rate)]


# The package, what is asked, and whether it finds beats alone.
ENGINES: dict[str, tuple[str, Callable[[Any, float], Waves], bool]] = {
    **{
        f"neurokit2 {name}": ("neurokit2", neurokit(name), False)
        for name in ("dwt", "cwt", "peak", "prominence")
    },
    "biosppy": ("biosppy", biosppy, False),
    "wfdb xqrs": ("wfdb", xqrs, True),
    "wfdb gqrs": ("wfdb", gqrs, True),
    "sleepecg": ("sleepecg", sleepecg, True),
}


def main() -> int:
    """Ask one program of every record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("signals", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    package, ask, beats_alone = ENGINES[args.engine]
    try:
        importlib.import_module(package)
    except ImportError:
        return NOT_INSTALLED
    with np.load(args.signals) as given:
        names, leads, signals = list(given["names"]), list(given["leads"]), given["signals"]
        rate = float(given["rate_hz"])
    marks: dict[str, dict[str, Waves]] = {}
    seconds = []
    for name, signal in zip(names, signals, strict=True):
        began = time.process_time()
        own = [BEATS_FROM] if beats_alone else leads
        marks[str(name)] = {str(lead): _asked(ask, signal[leads.index(lead)], rate) for lead in own}
        seconds.append(time.process_time() - began)
    version = f"{package} {importlib.metadata.version(package)}"
    args.out.write_text(
        json.dumps({"version": version, "seconds": seconds, "marks": marks}, allow_nan=False),
        encoding="utf-8",
    )
    return 0


def _asked(ask: Callable[[Any, float], Waves], lead: Any, rate: float) -> Waves:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ask(lead.astype(np.float64), rate)
        except Exception:  # whatever a program stumbles over, it has found nothing there
            return []


if __name__ == "__main__":
    sys.exit(main())
