#!/usr/bin/env python3
"""Print what the judgement before every network refuses and warns of: real records by source, and altered ones.

python benchmarks/guard.py ../shared/data

Limits were chosen on all sources but PTB-XL fold 9, which is a row of its own. Altered are PTB-XL records of fold 9 at
500 Hz, each kind on the same ones. Intervals are Wilson's, 95 %. The last line is the time of one judgement.
"""

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pacing

from ecgview.leads import STANDARD_12
from ecgview.models import guard
from ecgview.record import EcgRecord
from ecgview.signal.judgement import judged
from ecgview.training.evaluation.classification import wilson

ALTERED = 100  # records of fold 9
T = np.arange(5000) / 500


@dataclass
class Tally:
    """What was found in one source or kind."""

    n: int = 0
    refused: int = 0
    warned: int = 0

    def add(self, record: EcgRecord) -> tuple[str, tuple[str, ...]]:
        """Count a record; return why it is refused and what it is warned of, by kind."""
        found = judged(record)
        reason = guard.reason_not_to_answer(record, [name for name in STANDARD_12 if record.has(name)])
        self.n += 1
        self.refused += bool(reason)
        kinds = () if reason else tuple(dict.fromkeys(found.kinds))
        self.warned += bool(kinds)
        return reason, kinds

    @property
    def line(self) -> str:
        """Shares with their intervals."""
        said = []
        for word, count in (("refused", self.refused), ("warned", self.warned)):
            low, high = wilson(np.array([count / self.n]), np.array([self.n]))
            said.append(
                f"{word} {count} ({100 * count / self.n:.1f} %, {100 * low[0]:.1f} to {100 * high[0]:.1f})"
            )
        return f"{self.n:>5}: {', '.join(said)}"


def main() -> None:
    """Read everything once, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real ECGs")
    data = parser.parse_args().data
    fold_9 = set(names_of_fold(data, 9))
    tallies: dict[str, Tally] = {}
    kinds: Counter[tuple[str, str]] = Counter()
    spent, kept, refusals = [], [], []
    readers = (pacing._ptbxl, pacing._packed, pacing._more, pacing._ludb, pacing._challenge, pacing._formats)
    for item in (item for read in readers for item in read(data)):
        is_nine = item.source == "PTB-XL" and item.name in fold_9
        rate = item.record.sampling_rate_hz
        source = f"{item.source} fold 9" if is_nine else item.source
        row = f"{source}, 100 Hz" if rate == 100 else source
        began = time.perf_counter()
        judged(item.record)
        spent.append(time.perf_counter() - began)
        reason, found = tallies.setdefault(row, Tally()).add(item.record)
        kinds.update((row, kind) for kind in found)
        if reason:
            refusals.append(f"  {item.source} {item.name}: {reason}")
        if is_nine and rate == 500 and len(kept) < ALTERED:
            kept.append(item.record)
    for row, tally in sorted(tallies.items()):
        told = ", ".join(f"{kind} {kinds[row, kind]}" for at, kind in sorted(kinds) if at == row)
        print(f"{row:<28} {tally.line}{'; ' if told else ''}{told}")
    print("\n".join(refusals))
    print(f"\naltered records of fold 9, {len(kept)} of each kind")
    for name, change in CHANGES.items():
        tally = Tally()
        for record in kept:
            tally.add(record.with_signal(np.asarray(change(record.signal.astype(float)), dtype=np.float32)))
        print(f"{name:<28} {tally.line}")
    print(
        f"\none judgement: median {1000 * np.median(spent):.1f} ms, 95 % below {1000 * np.quantile(spent, 0.95):.1f} ms"
    )


def names_of_fold(data: Path, fold: int) -> Iterator[str]:
    """Yield the names of PTB-XL's records in a fold, as `pacing` names them."""
    for path, key in (
        (data / "ptbxl" / "ptbxl_database.csv", "ecg_id"),
        (data / "ptbxl-packed" / "ptbxl_database.csv", "ecg_id"),
        (data / "more" / "records.csv", "name"),
    ):
        with open(path, encoding="utf-8", newline="") as file:
            yield from (row[key] for row in csv.DictReader(file) if row["strat_fold"] == str(fold))


def _electrodes(one: np.ndarray, two: np.ndarray, signal: np.ndarray) -> np.ndarray:
    limb = (one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2)
    return np.concatenate([np.stack(limb), signal[6:]])


def _noisy(times: float) -> Callable[[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(1)
    return lambda s: s + rng.normal(0, times, s.shape) * s.std(1, keepdims=True)


_RNG = np.random.default_rng(0)
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "white noise, 0.3 mV": lambda s: _RNG.normal(0, 0.3, s.shape),
    "random walk": lambda s: np.cumsum(_RNG.normal(0, 0.02, s.shape), axis=1),
    "noise of 1 to 15 Hz": lambda s: _low_noise(s),
    "ramp": lambda s: np.linspace(-1, 1, s.shape[1]) * np.linspace(0.5, 1.5, 12)[:, None],
    "sine of 7 Hz": lambda s: np.sin(2 * np.pi * 7 * T + np.arange(12)[:, None]),
    "times 1000": lambda s: s * 1000,
    "times 10": lambda s: s * 10,
    "by 10": lambda s: s / 10,
    "by 1000": lambda s: s / 1000,
    "lead II twelve times": lambda s: np.repeat(s[1:2], 12, 0),
    "noise as large as the ECG": _noisy(1),
    "noise three times as large": _noisy(3),
    "mains of 100 uV": lambda s: s + 0.1 * np.sin(2 * np.pi * 50 * T),
    "clipped at 0.3 mV": lambda s: np.clip(s, -0.3, 0.3),
    "2 s of zeros": lambda s: np.where((T > 4) & (T < 6), 0, s),
    "arms exchanged": lambda s: _electrodes(-s[0], s[2], s),
    "right arm and left leg": lambda s: _electrodes(-s[2], -s[1], s),
    "left arm and left leg": lambda s: _electrodes(s[1], s[0], s),
    "limb leads inverted": lambda s: _electrodes(-s[0], -s[1], s),
    "lead II inverted": lambda s: np.where(np.arange(12)[:, None] == 1, -s, s),
    "all leads inverted": lambda s: -s,
    "reversed in time": lambda s: s[:, ::-1],
    "once at 100 Hz": lambda s: _through(s, 100),
    "half the true rate": lambda s: np.repeat(s[:, :2500], 2, axis=1),
    "twice the true rate": lambda s: np.tile(s[:, ::2], 2),
    "chest leads in reverse order": lambda s: np.concatenate([s[:6], s[:5:-1]]),
    "V1 and V6 exchanged": lambda s: s[[0, 1, 2, 3, 4, 5, 11, 7, 8, 9, 10, 6]],
    "V1 and V2 exchanged": lambda s: s[[0, 1, 2, 3, 4, 5, 7, 6, 8, 9, 10, 11]],
    "half of every beat at zero": lambda s: np.where(T % 0.96 < 0.45, 0, s),
    "movement in the chest leads": lambda s: np.concatenate([s[:6], 0.3 * _low_noise(s)[6:]]),
    "mains of 0.3 mV in V2": lambda s: s + 0.3 * np.sin(2 * np.pi * 50 * T) * (np.arange(12)[:, None] == 7),
    "through 25 Hz": lambda s: _low_pass(s, 25),
    "a line of 25 Hz, 0.1 mV": lambda s: s + 0.1 * np.sin(2 * np.pi * 25 * T),
    "a line of 150 Hz, 0.1 mV": lambda s: s + 0.1 * np.sin(2 * np.pi * 150 * T),
    "wander of 16 mV": lambda s: s + 8 * np.sin(T),
    "V4 at its limit for 1.8 s": lambda s: np.where((T > 8.2) & (np.arange(12)[:, None] == 9), 3.2767, s),
    "chest leads an eighth": lambda s: np.concatenate([s[:6], s[6:] / 8]),
    "five seconds mirrored": lambda s: np.concatenate([s[:, :2500], s[:, 2499::-1]], axis=1),
    "lead II in all, noise of 60 uV": lambda s: np.repeat(s[1:2], 12, 0) + _RNG.normal(0, 0.06, s.shape),
    "a shape of its own in each lead": lambda s: _own_shapes(),
    "compressions of the chest": lambda s: _compressions(),
    "stimuli without an answer": lambda s: _stimuli(),
}


def _own_shapes() -> np.ndarray:
    """Return random shapes of 0.2 s that repeat, another in each lead."""
    shapes = _RNG.normal(0, 1, (8, 100))
    shapes = np.stack([np.convolve(row, np.hanning(12), "same") for row in shapes]) * np.hanning(100) * 0.3
    return _repeated(shapes)


def _compressions() -> np.ndarray:
    """Return waves of 110 per minute with six harmonics, of another mixture in each lead."""
    order = np.arange(1, 7)[:, None, None]
    size, phase = _RNG.normal(0, 0.8, (6, 8, 1)) / order, _RNG.uniform(0, 6, (6, 8, 1))
    return _twelve_of(
        (size * np.sin(2 * np.pi * 1.83 * order * T + phase)).sum(0) + _RNG.normal(0, 0.03, (8, 5000))
    )


def _stimuli() -> np.ndarray:
    """Return pulses that decay within 30 ms, some leads later than others."""
    decay = np.exp(-np.arange(60) / _RNG.choice([4, 8, 15], (8, 1)))
    return _repeated(3 * np.array([0.5, 1, -0.4, -0.2, 0.3, 0.8, 1.1, 0.9])[:, None] * decay)


def _repeated(shapes: np.ndarray) -> np.ndarray:
    """Return eight shapes once every 0.5 to 1.2 s, with a little noise, as twelve leads."""
    eight = _RNG.normal(0, 0.01, (8, 5000))
    for start in np.arange(150, 5000 - shapes.shape[1], round(500 * _RNG.uniform(0.5, 1.2))):
        eight[:, start : start + shapes.shape[1]] += shapes
    return _twelve_of(eight)


def _twelve_of(eight: np.ndarray) -> np.ndarray:
    one, two = eight[0], eight[1]
    return np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2, *eight[2:]])


def _low_noise(s: np.ndarray) -> np.ndarray:
    from scipy.signal import butter, sosfiltfilt

    return np.asarray(
        sosfiltfilt(butter(2, [1, 15], "bandpass", fs=500, output="sos"), _RNG.normal(0, 0.5, s.shape))
    )


def _low_pass(s: np.ndarray, hz: float) -> np.ndarray:
    from scipy.signal import butter, sosfiltfilt

    return np.asarray(sosfiltfilt(butter(4, hz, fs=500, output="sos"), s))


def _through(s: np.ndarray, fs_hz: int) -> np.ndarray:
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(resample_poly(s, fs_hz, 500, axis=1), 500, fs_hz, axis=1))


if __name__ == "__main__":
    main()
