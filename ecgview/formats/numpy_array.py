"""NumPy files. `.npz` holds `signal` (leads, samples) in mV, `fs_hz` and `lead_names`; `.npy` the signal alone.

Written by ecgview, an `.npz` holds `metadata`, one line of text per field, and the device's median beat, too.

A bare `.npy` says neither rate nor leads: both come from a JSON file beside it with the same name
({"fs_hz": 500, "lead_names": [...], "units": "mV"}). Without one, only the usual (12, 5000) is taken, as ten
seconds of the standard leads in mV, and a note says so. Objects (pickles) are never loaded.
"""

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit import metadata
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.quantities import assumed_gain, ecg_signals, in_volts
from ecgview.formats.kit.replace import replace_file
from ecgview.formats.kit.sidecar import KEYS, read_sidecar
from ecgview.formats.kit.summary import RecordSummary
from ecgview.leads import STANDARD_12, distinct_names, with_derived
from ecgview.record import DeviceReading, EcgRecord, ImportNote, MedianBeat

NAME = "NumPy"
EXTENSIONS: tuple[str, ...] = (".npy", ".npz")
WRITES = ".npz"
FACTS = Facts(
    known_from="ecgview's own arrays",
    real_files="0 (made here)",
    note="never pickles; a bare .npy needs a JSON file beside it",
)
MOST_SAMPLES = 120_000_000
LAST_LETTER = 0x10FFFF
SMALL = 64_000_000  # bytes that any machine has room for
HIGHEST_RATIO = 100


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is a NumPy file."""
    if head.startswith(b"\x93NUMPY"):
        return 90
    if path.suffix.lower() == ".npz" and head.startswith(b"PK"):
        return 80
    return 20 if path.suffix.lower() in EXTENSIONS else 0


def peek(path: Path) -> RecordSummary:
    """Return what the metadata say; the samples are not unpacked."""
    if path.suffix.lower() == ".npy":
        return RecordSummary(str(path), path.stem, NAME)
    stored = _stored(path, {"metadata", "fs_hz", "fs", "lead_names", "units", "synthetic"})
    told = metadata.told(_lines(stored))
    rate = stored.get("fs_hz", stored.get("fs"))
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        told.patient,
        told.acquisition.start_time,
        _n_leads(stored),
        float(rate) if isinstance(rate, int | float) else None,
        None,
        stored.get("synthetic") is True,
    )


def _n_leads(stored: dict[str, Any]) -> int | None:
    """Return how many leads open, as far as the names tell."""
    said, units = stored.get("lead_names"), stored.get("units")
    if not isinstance(said, list):
        return None
    names = [str(name) for name in said]
    fits = isinstance(units, list) and len(units) == len(names)
    kept, _ = ecg_signals(names, [str(unit) for unit in units] if fits and isinstance(units, list) else None)
    return len(with_derived(distinct_names([names[place] for place in kept])[0]))


@np.errstate(all="ignore")  # what float32 cannot hold becomes a gap in `assemble`
def read(path: Path) -> EcgRecord:
    """Return the record of an array; FormatError says what is missing beside it."""
    stored = _stored(path, _NPZ_KEYS)
    if "signal" not in stored:
        raise FormatError("no array named 'signal'", where=str(path), expected="signal, fs_hz, lead_names")
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
    kept, factors = _factors(path, stored, names, notes)
    told = metadata.told(_lines(stored))
    reading = told.device_reading
    return assemble(
        (signal[kept] * factors[:, None]).astype(np.float32),
        [names[place] for place in kept],
        rate,
        path=path,
        format_name=NAME,
        patient=told.patient,
        acquisition=told.acquisition,
        device_reading=DeviceReading(
            reading.measurements, reading.statements, _median(stored), reading.qrs_s
        ),
        notes=notes,
        synthetic=bool(stored.get("synthetic", False)),
    )


def _factors(
    path: Path, stored: dict[str, Any], names: list[str], notes: list[ImportNote]
) -> tuple[list[int], NDArray[np.float64]]:
    """Return the places of the leads in volts, and the mV of one unit of each; units may be one or one per lead."""
    said = stored.get("units")
    units = [str(one) for one in said] if isinstance(said, list) else [str(said or "")] * len(names)
    if len(units) != len(names):
        raise FormatError(
            "the units do not fit",
            where=f"{path}: units",
            expected=f"one, or {len(names)}",
            found=str(len(units)),
        )
    if not any(units):
        notes.append(assumed_gain(names, "mV"))
    kept, factors, left = in_volts(names, units, f"{path}: units")
    notes += left
    return kept, np.array(factors)


def write(record: EcgRecord, target: Path) -> Path:
    """Write a `.npz` with signal, rate, lead names, metadata and median beat, whole or not at all; return it."""
    target = target.with_suffix(".npz")
    median = record.device_reading.median
    beat: dict[str, Any] = (
        {}
        if median is None
        else {
            "median": median.signal,
            "median_leads": np.array(median.lead_names),
            "median_fs_hz": median.sampling_rate_hz,
        }
    )
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        signal=record.signal,
        fs_hz=record.sampling_rate_hz,
        lead_names=np.array(record.lead_names),
        units="mV",
        synthetic=record.synthetic,
        metadata=np.array(metadata.lines(record), dtype=np.str_),
        **beat,
    )
    replace_file(target, packed.getvalue())
    return target


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    return "lossless"


def _lines(stored: dict[str, Any]) -> list[str]:
    lines = stored.get("metadata")
    return [str(line) for line in lines] if isinstance(lines, list) else []


def _median(stored: dict[str, Any]) -> MedianBeat | None:
    """Return the median beat, or None where it is not there or its arrays do not fit together."""
    signal, names, rate = (stored.get(key) for key in ("median", "median_leads", "median_fs_hz"))
    if not isinstance(signal, list) or not isinstance(names, list) or not isinstance(rate, int | float):
        return None
    try:
        beat = np.array(signal, dtype=np.float32)
    except (TypeError, ValueError):
        return None
    if beat.ndim != 2 or beat.shape[0] != len(names) or rate <= 0:
        return None
    return MedianBeat(beat, tuple(str(name) for name in names), float(rate))


def _stored(path: Path, keys: Collection[str]) -> dict[str, Any]:
    """Return the arrays of the file, and what the JSON file beside a `.npy` says."""
    try:
        loaded: Any = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"signal": loaded, **read_sidecar(path)}
        with loaded:
            _refuse_bomb(loaded, path)
            values = {name: _sound(loaded[name], f"{path}: {name}") for name in loaded.files if name in keys}
    except _DAMAGED as error:
        raise FormatError(
            "cannot be read as numbers; pickled objects are refused",
            where=str(path),
            expected="an array saved without objects",
            found=str(error)[:100],
        ) from None
    return {name: value if name == "signal" else value.tolist() for name, value in values.items()}


def _sound(array: Any, where: str) -> NDArray[Any]:
    """Return an array of a `.npz` after looking at what NumPy leaves unchecked: its type and its letters."""
    if not isinstance(array, np.ndarray):
        raise FormatError("is no array", where=where, expected="an entry that ends in .npy")
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        order = array.dtype.newbyteorder("=")
        letters = np.ascontiguousarray(array.astype(order)).reshape(-1).view(np.uint32)
        if ((letters > LAST_LETTER) | ((letters >= 0xD800) & (letters < 0xE000))).any():
            raise FormatError("holds letters that do not exist", where=where)
    return array


def _refuse_bomb(loaded: Any, path: Path) -> None:
    """Raise FormatError for a zip whose arrays are far larger than any ECG's would be."""
    entries = loaded.zip.infolist()
    full = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if full > SMALL and full > HIGHEST_RATIO * max(1, packed):
        raise FormatError(
            "unpacks to far too much",
            where=str(path),
            expected=f"at most {HIGHEST_RATIO} times the packed size",
            found=f"{full:,} bytes from {packed:,}",
        )


_DAMAGED = (  # what a broken zip or array header raises, one layer or another
    ValueError,
    OSError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    struct.error,
    tokenize.TokenError,
    zlib.error,
    zipfile.BadZipFile,
)
_NPZ_KEYS = (*KEYS, "signal", "metadata", "median", "median_leads", "median_fs_hz")


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
    except (TypeError, ValueError, OverflowError):
        raise FormatError("not a number", where=f"{path}: fs_hz", found=str(rate)[:40]) from None
