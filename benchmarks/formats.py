#!/usr/bin/env python3
"""Print how long a 12-lead, 10 s ECG of each format takes to open beside its usual library alone.

python benchmarks/formats.py

ecgview's time includes what the library leaves to its caller: millivolts, lead names and order, derived leads,
metadata, statements, quality checks, a checksum. XML has no usual library: the standard library's parser alone stands
for it. SCP-ECG, MFER, ISHNE and Contec have none in Python that is kept.
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "formats")]

import numpy as np  # noqa: E402
from samples import RATE, SAMPLES, limb  # noqa: E402

from ecgview import formats  # noqa: E402

ROUNDS = 15


def _dicom(path: Path) -> object:
    import pydicom

    return pydicom.dcmread(path).waveform_array(0)


def _edf(path: Path) -> object:
    from pyedflib import EdfReader

    with EdfReader(str(path)) as file:
        return [file.readSignal(k) for k in range(file.signals_in_file) if file.getNSamples()[k] > 1]


def _wfdb(path: Path) -> object:
    import wfdb

    return wfdb.rdrecord(str(path.with_suffix(""))).p_signal


def _philips(path: Path) -> object:
    from sierraecg import read_file

    return read_file(str(path)).leads


def _csv(path: Path) -> object:
    import pandas as pd

    return pd.read_csv(path, comment="#").to_numpy()


def _npz(path: Path) -> object:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def _npy(path: Path) -> object:
    return np.load(path)


def _mat(path: Path) -> object:
    from scipy.io import loadmat

    return loadmat(path)


def _hdf5(path: Path) -> object:
    import h5py

    with h5py.File(path) as file:
        return file["tracings"][0]


def _xml(path: Path) -> object:
    from xml.etree import ElementTree

    return ElementTree.parse(path)


USUAL: dict[str, tuple[str, Callable[[Path], object]]] = {
    "DICOM": ("pydicom", _dicom),
    "EDF": ("pyedflib", _edf),
    "WFDB": ("wfdb", _wfdb),
    "Philips XML": ("sierraecg", _philips),
    "CSV": ("pandas", _csv),
    "NumPy": ("numpy", _npz),
    "EchoNext": ("numpy", _npy),
    "MATLAB": ("scipy", _mat),
    "CODE-15": ("h5py", _hdf5),
    "HL7 aECG": ("ElementTree", _xml),
    "MUSE XML": ("ElementTree", _xml),
    "CardioSoft XML": ("ElementTree", _xml),
}
# sierraecg opens compressed files only: a real one, where it is here
REAL = {"Philips XML": ROOT.parent / "shared/data/formats/philips/sierra_1_04_01.xml"}


def main() -> None:
    """Time all formats, each beside its library, turn by turn."""
    warnings.simplefilter("ignore")
    print(f"{'format':<16}{'ecgview':>10}{'peek':>9}  {'library alone':<22}{'ratio':>6}")
    for name in sorted(SAMPLES):
        with tempfile.TemporaryDirectory() as scratch:
            path = SAMPLES[name](Path(scratch), _ecg(RATE[name]), "x")
            path = REAL.get(name, path) if REAL.get(name, path).is_file() else path
            usual, alone = USUAL.get(name, ("none", None))
            alone = None if name in REAL and path != REAL[name] else alone
            ours, peek, theirs = _timed(path, alone)
        beside = f"{usual} {theirs * 1e3:.1f} ms" if alone else "none"
        ratio = f"{ours / theirs:.1f}" if alone else ""
        print(f"{name:<16}{ours * 1e3:>7.1f} ms{peek * 1e3:>6.1f} ms  {beside:<22}{ratio:>6}")


def _ecg(rate: float) -> np.ndarray:
    """Return ten seconds of noise on beats, twelve leads."""
    t = np.arange(int(10 * rate)) / rate
    beat = 200 * np.exp(-((((t % 0.8) - 0.4) / 0.015) ** 2) / 2)
    rows = np.random.default_rng(0).normal(0, 4, (12, t.size)) + np.linspace(0.5, 1.2, 12)[:, None] * beat
    return limb(np.round(rows).astype(np.int16))


def _timed(path: Path, alone: Callable[[Path], object] | None) -> tuple[float, float, float]:
    """Return the median seconds of reading, peeking, and the library."""
    times: list[list[float]] = [[], [], []]
    for _ in range(ROUNDS):
        for which, work in enumerate((formats.read, formats.peek, alone)):
            began = time.perf_counter()
            if work is not None:
                work(path)
            times[which].append(time.perf_counter() - began)
    read, peek, theirs = (float(np.median(one[1:])) for one in times)
    return read, peek, theirs


if __name__ == "__main__":
    main()
