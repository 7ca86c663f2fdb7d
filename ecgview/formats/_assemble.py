"""From the leads of a file to a record: names, order, derived limb leads, notes, checksum."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.leads import canonical_name, derive_limb, order_key
from ecgview.record import Acquisition, DeviceReading, EcgRecord, ImportNote, Patient, Signal, Source
from ecgview.signal.quality import import_notes

ABSURD_MV = 1e6  # a kilovolt: no electrode gives it, a damaged gain does; such samples are gaps


def assemble(
    signal: Signal,
    raw_names: Sequence[str],
    fs_hz: float,
    *,
    path: Path,
    format_name: str,
    patient: Patient | None = None,
    acquisition: Acquisition | None = None,
    notes: Sequence[ImportNote] = (),
    synthetic: bool = False,
    device_reading: DeviceReading | None = None,
) -> EcgRecord:
    """Return the record of a file's leads.

    Args:
        signal: (leads, samples) mV in the file's order; gaps are NaN.
        raw_names: the file's lead names.
        fs_hz: samples per second.
        path: the file, named in errors.
        format_name: as shown to a user.
        patient: what the file says of the patient.
        acquisition: what the file says of the recording.
        notes: what the reader already noticed.
        synthetic: the file says that no patient was recorded.
        device_reading: measurements, statements and median beat that stand in the file.

    Raises:
        FormatError: no samples, no leads, an impossible rate or a lead that occurs twice.
    """
    where = str(path)
    if signal.ndim != 2 or not signal.shape[0] or not signal.shape[1]:
        raise FormatError("holds no samples", where=where, found=f"shape {signal.shape}")
    if not np.isfinite(fs_hz) or not 1 <= fs_hz <= 100_000:
        raise FormatError(
            "impossible sampling rate", where=where, expected="1 to 100,000 Hz", found=f"{fs_hz}"
        )
    valid = np.abs(signal) < ABSURD_MV  # False for NaN, too
    if not valid.any():
        raise FormatError("holds no valid sample", where=where, found="NaN, infinite or absurd values only")
    signal = np.where(valid, signal, np.nan).astype(np.float32)
    names = [canonical_name(name) for name in raw_names]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise FormatError("a lead occurs twice", where=where, found=", ".join(double))
    digest = hashlib.sha256(
        f"{names}|{fs_hz!r}|".encode() + np.ascontiguousarray(signal).tobytes()
    ).hexdigest()
    rows = dict(zip(names, signal, strict=True))
    derived = derive_limb(rows)
    rows |= derived
    order = sorted(rows, key=order_key)
    ordered = np.stack([rows[name] for name in order])
    acquisition = acquisition or Acquisition()
    if derived:
        computed = tuple(name for name in order if name in derived)
        acquisition = _with_derived(acquisition, computed)
        notes = [
            *notes,
            ImportNote("derived", f"{', '.join(computed)} computed from the recorded limb leads", computed),
        ]
    return EcgRecord(
        ordered,
        tuple(order),
        float(fs_hz),
        patient or Patient(),
        acquisition,
        Source(where, format_name, digest),
        (*notes, *import_notes(ordered, tuple(order), fs_hz)),
        synthetic,
        device_reading or DeviceReading(),
    )


def _with_derived(acquisition: Acquisition, derived: tuple[str, ...]) -> Acquisition:
    from dataclasses import replace

    return replace(acquisition, derived_leads=derived)
