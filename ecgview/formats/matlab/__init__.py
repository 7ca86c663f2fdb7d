"""MATLAB files (.mat, version 4, 5 and 7.3) that hold one ECG as an array.

A `.mat` that a WFDB header describes (the PhysioNet challenges) is that WFDB record. Alone, an array tells no
sampling rate: it is taken from a variable of the file (fs, sampling_rate, ...), or from a JSON file beside it with
the same name ({"fs_hz": 500, "lead_names": [...], "units": "mV"}); without one the file is refused. The structure
"ECG" with data, sex and age is the China Physiological Signal Challenge 2018, whose description says 500 Hz.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats import wfdb
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.hdf5 import open_file
from ecgview.formats.kit.quantities import assumed_gain, in_volts
from ecgview.formats.kit.sidecar import read_sidecar
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.matlab.file import is_version_4, is_version_5, variables
from ecgview.leads import STANDARD_12
from ecgview.record import Acquisition, EcgRecord, ImportNote, Patient

NAME = "MATLAB"
EXTENSIONS: tuple[str, ...] = (".mat",)
FACTS = Facts(
    known_from="PhysioNet/CinC Challenge: WFDB headers with MATLAB 4 signal files; MATLAB 5 arrays",
    real_files="112",
    note="a header beside the file names leads, gain and rate",
    title="MATLAB .mat (CinC)",
    also=(".hea",),
)
LARGEST_FILE = 600_000_000
MOST_SAMPLES = 60_000_000
CPSC_RATE_HZ = 500.0

_SIGNALS = ("val", "signal", "ecg", "data", "sig", "ecg_signal", "ecgdata", "ecg_data", "x")
_RATES = (
    "fs_hz",
    "fs",
    "sampling_rate",
    "samplingrate",
    "sample_rate",
    "sampling_frequency",
    "freq",
    "frequency",
)
_LEADS = ("lead_names", "leadnames", "leads", "lead", "labels", "channels", "sig_name")
_UNITS = ("units", "unit")
_HDF5 = b"\x89HDF\r\n\x1a\n"


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is a MATLAB file."""
    if is_version_5(head) or head.startswith(b"MATLAB 7.3 MAT-file"):
        return 95
    if path.suffix.lower() != ".mat":
        return 0
    return 70 if is_version_4(head) or head.startswith(_HDF5) else 5


def peek(path: Path) -> RecordSummary:
    """Return what is known without the samples: the name, or what a WFDB header beside it says."""
    header = _header(path)
    return wfdb.peek(header) if header else RecordSummary(str(path), path.stem, NAME)


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError says which of rate, leads and unit is missing."""
    header = _header(path)
    if header:
        return wfdb.read(header)
    found = _flat(_load(path))
    told = {**found, **read_sidecar(path)}
    name, values = _signal(found, path)
    notes: list[ImportNote] = []
    rate = _rate(told, name, path, notes)
    if values.shape[0] > values.shape[1]:
        values = values.T
    leads = _leads(told, len(values), path, notes)
    factors, kept = _factors(told, values, leads, path, notes)
    leads = [leads[place] for place in kept]
    extra = {key: _as_text(value) for key, value in found.items() if key != name}
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold is a gap
        signal = (values[kept].astype(np.float64) * factors[:, None]).astype(np.float32)
    return assemble(
        signal,
        leads,
        rate,
        path=path,
        format_name=NAME,
        patient=_patient(found),
        acquisition=Acquisition(extra={key: text for key, text in extra.items() if text}),
        notes=notes,
        synthetic=bool(told.get("synthetic", False)),
    )


def _header(path: Path) -> Path | None:
    """Return the WFDB header that describes this file, if there is one."""
    header = path.with_suffix(".hea")
    if not header.is_file():
        return None
    from ecgview.formats.wfdb.header import read_header

    return header if path.name in read_header(header).file_names else None


def _load(path: Path) -> dict[str, Any]:
    """Return the variables of any version."""
    try:
        size = os.path.getsize(path)
        if size > LARGEST_FILE:
            raise FormatError("file too large", where=str(path), expected=f"under {LARGEST_FILE} bytes")
        raw = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror or error})", where=str(path)) from None
    if raw.startswith(b"MATLAB 7.3") or _HDF5 in (raw[:8], raw[512:520]):
        return _version_73(path)
    return variables(raw, path)


def _version_73(path: Path) -> dict[str, Any]:
    """Return the top variables of an HDF5 file, transposed as MATLAB stores them."""
    found: dict[str, Any] = {}
    with open_file(path) as file:
        for name in file.names():
            values = file.array(name, MOST_SAMPLES)
            if values is not None:
                text = file.attribute(name, "MATLAB_class") == "char"
                found[name] = (
                    "".join(map(chr, values.ravel()[:1000]))
                    if text and values.dtype == np.uint16
                    else values.T
                )
    return found


def _flat(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables by name, with those of structures as "structure.field"."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": inner for key, inner in _flat(value).items()}
        else:
            flat[name] = value
    return flat


def _signal(found: Mapping[str, Any], path: Path) -> tuple[str, np.ndarray]:
    """Return name and samples of the array that is the ECG: one of the usual names, or the only large one."""
    large = {
        name: value if value.ndim == 2 else value.reshape(1, -1)
        for name, value in found.items()
        if isinstance(value, np.ndarray)
        and value.dtype.kind in "fiu"
        and value.ndim <= 2
        and value.size >= 100
    }
    usual = [name for word in _SIGNALS for name in large if name.lower().rpartition(".")[2] == word]
    if not usual and len(large) != 1:
        raise FormatError(
            "which array is the ECG is not clear",
            where=str(path),
            expected="an array named val, signal, ecg or data",
            found=", ".join(found)[:100] or "no array",
        )
    name = usual[0] if usual else next(iter(large))
    if large[name].size > MOST_SAMPLES:
        raise FormatError("too many samples", where=f"{path}: {name}", expected=f"at most {MOST_SAMPLES}")
    return name, large[name]


def _rate(told: Mapping[str, Any], name: str, path: Path, notes: list[ImportNote]) -> float:
    value = _lookup(told, _RATES)
    if value is None and name == "ECG.data":
        notes.append(ImportNote("header", "500 Hz taken, as the challenge CPSC 2018 describes its files"))
        return CPSC_RATE_HZ
    if value is None:
        raise FormatError(
            "the sampling rate is unknown",
            where=f"{path}: {name}",
            expected=f"a variable fs, the header {path.stem}.hea or {path.stem}.json with fs_hz beside it",
        )
    number = _number(value)
    if number is None:
        raise FormatError("not a number", where=f"{path}: sampling rate", found=_as_text(value)[:40])
    return number


def _leads(told: Mapping[str, Any], count: int, path: Path, notes: list[ImportNote]) -> list[str]:
    value = _lookup(told, _LEADS)
    if isinstance(value, str):
        value = value.replace(",", " ").replace(";", " ").split()
    names = [str(name).strip() for name in value] if isinstance(value, list) else []
    if len(names) == count and all(names):
        return names
    if count == len(STANDARD_12) and not names:
        notes.append(ImportNote("header", "the file names no leads; the usual order I to V6 taken"))
        return list(STANDARD_12)
    raise FormatError(
        "the lead names are unknown or do not fit",
        where=f"{path}: lead names",
        expected=f"{count} names in a variable lead_names or in {path.stem}.json beside it",
        found=str(len(names)),
    )


def _factors(
    told: Mapping[str, Any], values: np.ndarray, leads: list[str], path: Path, notes: list[ImportNote]
) -> tuple[NDArray[np.float64], list[int]]:
    """Return the mV of one unit of each lead that is kept, and the places of those leads; units may differ by lead."""
    said = _lookup(told, _UNITS)
    texts = [_as_text(one).strip() for one in said] if isinstance(said, list) else [_as_text(said).strip()]
    units = texts if len(texts) == len(leads) else [texts[0] if texts else ""] * len(leads)
    if not any(units):
        if values.dtype.kind != "f":
            raise FormatError(
                "whole numbers without a gain or unit",
                where=f"{path}: units",
                expected=f"the header {path.stem}.hea beside it, or units in {path.stem}.json",
            )
        notes.append(assumed_gain(leads, "mV"))
    kept, factors, left = in_volts(leads, units, f"{path}: units")
    notes += left
    return np.array(factors), kept


def _patient(found: Mapping[str, Any]) -> Patient:
    age = _number(_lookup(found, ("age",)))
    sex = _as_text(_lookup(found, ("sex", "gender"))).strip().lower()
    return Patient(
        patient_id=_as_text(_lookup(found, ("patient_id", "patientid", "id"))),
        sex={"m": "male", "f": "female"}.get(sex[:1], ""),
        age_years=age if age is not None and 0 <= age <= 130 else None,
    )


def _lookup(found: Mapping[str, Any], words: tuple[str, ...]) -> Any:
    """Return the first value whose name, without its structure, is one of the words."""
    for word in words:
        for name, value in found.items():
            if name.lower().rpartition(".")[2] == word:
                return value
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu":
        value = value.item()
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _as_text(value: Any) -> str:
    """Return a small value as text; "" for what is none."""
    if isinstance(value, np.ndarray):
        return (
            " ".join(f"{one:g}" for one in value.ravel())
            if value.size <= 20 and value.dtype.kind in "fiu"
            else ""
        )
    if isinstance(value, list):
        return ", ".join(_as_text(one) for one in value[:20])
    return "" if value is None else str(value)
