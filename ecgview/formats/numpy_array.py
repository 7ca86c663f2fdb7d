"""NumPy files. `.npz` holds `signal` (leads, samples) in mV, `fs_hz` and `lead_names`; `.npy` the signal alone.

A bare `.npy` says neither rate nor leads: both come from a JSON file beside it with the same name
({"fs_hz": 500, "lead_names": [...], "units": "mV"}). Without one, only the usual (12, 5000) is taken, as ten
seconds of the standard leads in mV, and a note says so. Objects (pickles) are never loaded.
"""

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats._assemble import assemble
from ecgview.formats._sidecar import read_sidecar
from ecgview.formats._summary import RecordSummary
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, ImportNote

NAME = "NumPy"
EXTENSIONS: tuple[str, ...] = (".npy", ".npz")
WRITES = ".npz"
MOST_SAMPLES = 120_000_000
_FACTOR = {"mv": 1.0, "uv": 1e-3, "v": 1e3}


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is a NumPy file."""
    if head.startswith(b"\x93NUMPY"):
        return 90
    if path.suffix.lower() == ".npz" and head.startswith(b"PK"):
        return 80
    return 20 if path.suffix.lower() in EXTENSIONS else 0


def peek(path: Path) -> RecordSummary:
    """Return what the shape says."""
    return RecordSummary(str(path), path.stem, NAME)


def read(path: Path) -> EcgRecord:
    """Return the record of an array; FormatError says what is missing beside it."""
    stored = _stored(path)
    signal = stored["signal"]
    if signal.dtype.kind not in "fiu":
        raise FormatError("is no array of numbers", where=f"{path}: signal", found=str(signal.dtype))
    if signal.ndim == 1:
        signal = signal[None]
    if signal.ndim != 2 or not signal.size:
        raise FormatError(
            "wrong shape", where=f"{path}: signal", expected="(leads, samples)", found=str(signal.shape)
        )
    if signal.size > MOST_SAMPLES:
        raise FormatError("too many samples", where=f"{path}: signal", expected=f"at most {MOST_SAMPLES}")
    if signal.shape[0] > signal.shape[1] and signal.shape[1] <= 16:
        signal = signal.T
    names, rate, notes = _layout(path, stored, signal)
    unit = str(stored.get("units", "mV"))
    if unit.lower() not in _FACTOR:
        raise FormatError("unknown unit", where=f"{path}: units", expected="mV, uV or V", found=unit[:20])
    return assemble(
        (signal * _FACTOR[unit.lower()]).astype(np.float32),
        names,
        rate,
        path=path,
        format_name=NAME,
        notes=notes,
        synthetic=bool(stored.get("synthetic", False)),
    )


def write(record: EcgRecord, target: Path) -> Path:
    """Write a `.npz` with signal, rate, lead names and whether it is synthetic; return the path."""
    target = target.with_suffix(".npz")
    np.savez_compressed(
        target,
        signal=record.signal,
        fs_hz=record.sampling_rate_hz,
        lead_names=np.array(record.lead_names),
        units="mV",
        synthetic=record.synthetic,
    )
    return target


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    return "lossless"


def _stored(path: Path) -> dict[str, Any]:
    """Return the arrays of the file, and what the JSON file beside a `.npy` says."""
    try:
        loaded: Any = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"signal": loaded, **read_sidecar(path)}
        with loaded:
            values = {name: loaded[name] for name in loaded.files if name in _NPZ_KEYS}
    except _DAMAGED as error:
        raise FormatError(
            "cannot be read as numbers; pickled objects are refused",
            where=str(path),
            expected="an array saved without objects",
            found=str(error)[:100],
        ) from None
    if "signal" not in values:
        raise FormatError("no array named 'signal'", where=str(path), expected="signal, fs_hz, lead_names")
    return {name: value if name == "signal" else value.tolist() for name, value in values.items()}


_DAMAGED = (  # what a broken zip or array header raises, one layer or another
    ValueError,
    OSError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    TypeError,
    struct.error,
    tokenize.TokenError,
    zlib.error,
    zipfile.BadZipFile,
)
_NPZ_KEYS = ("signal", "fs_hz", "fs", "lead_names", "units", "synthetic")


def _layout(
    path: Path, stored: dict[str, Any], signal: NDArray[Any]
) -> tuple[list[str], float, list[ImportNote]]:
    rate = stored.get("fs_hz", stored.get("fs"))
    names = stored.get("lead_names")
    if rate is None and names is None and signal.shape == (12, 5000):
        note = "a bare array: taken as 12 standard leads, 500 Hz, mV, since its shape is (12, 5000)"
        return list(STANDARD_12), 500.0, [ImportNote("header", note)]
    if rate is None:
        raise FormatError(
            "the sampling rate is unknown",
            where=str(path),
            expected=f"'fs_hz' in the .npz, or in {path.stem}.json beside the .npy",
        )
    if names is None and signal.shape[0] == 12:
        names = list(STANDARD_12)
    if not isinstance(names, list) or len(names) != signal.shape[0]:
        raise FormatError(
            "the lead names do not fit", where=f"{path}: lead_names", expected=f"{signal.shape[0]} names"
        )
    try:
        return [str(name) for name in names], float(rate), []
    except (TypeError, ValueError):
        raise FormatError("not a number", where=f"{path}: fs_hz", found=str(rate)[:40]) from None
