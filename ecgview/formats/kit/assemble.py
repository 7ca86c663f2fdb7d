"""From the leads of a file to a record: names, order, derived limb leads, notes, checksum."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.formats.kit.quantities import ecg_signals
from ecgview.leads import derive_limb, distinct_names, order_key
from ecgview.record import (
    GAIN,
    GAIN_DOUBT,
    GAIN_FIELD,
    Acquisition,
    DeviceReading,
    EcgRecord,
    ImportNote,
    Patient,
    Signal,
    Source,
)
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
    """Return the record of a file's leads; other quantities are left out, and a name that occurs twice is numbered.

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
        FormatError: no samples, no ECG lead or an impossible rate.
    """
    where = str(path)
    if signal.ndim != 2 or not signal.shape[0] or not signal.shape[1]:
        raise FormatError("holds no samples", where=where, found=f"shape {signal.shape}")
    if not np.isfinite(fs_hz) or not 1 <= fs_hz <= 100_000:
        raise FormatError(
            "impossible sampling rate", where=where, expected="1 to 100,000 Hz", found=f"{fs_hz}"
        )
    named, more = named_leads(raw_names, where)
    if len(named) < len(signal):
        signal = signal[[place for place, _ in named]]
    valid = np.abs(signal) < ABSURD_MV  # False for NaN, too
    there: NDArray[np.bool_] = np.any(valid, axis=1)
    if not there.any():
        raise FormatError("holds no valid sample", where=where, found="NaN, infinite or absurd values only")
    leads = [name for row, (_, name) in enumerate(named) if there[row]]
    notes = [*notes, *more]
    if len(leads) < len(named):
        empty = tuple(name for _, name in named if name not in leads)
        notes.append(
            ImportNote("missing-lead", f"left out, without a valid sample: {', '.join(empty)}", empty)
        )
        signal, valid = signal[there], valid[there]
    whole = signal if valid.all() else np.where(valid, signal, np.nan)
    signal = np.ascontiguousarray(whole, dtype=np.float32)
    digest = hashlib.sha256(f"{leads}|{fs_hz!r}|".encode())
    digest.update(signal.data)
    rows = dict(zip(leads, signal, strict=True))
    derived = derive_limb(rows)
    rows |= derived
    order = sorted(rows, key=order_key)
    ordered = np.stack([rows[name] for name in order])
    acquisition, notes = _with_gain_doubt(acquisition or Acquisition(), notes)
    if derived:
        computed = tuple(name for name in order if name in derived)
        acquisition = replace(acquisition, derived_leads=computed)
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
        Source(where, format_name, digest.hexdigest()),
        (*notes, *import_notes(ordered, tuple(order), fs_hz)),
        synthetic,
        device_reading or DeviceReading(),
    )


def named_leads(raw_names: Sequence[str], where: str) -> tuple[list[tuple[int, str]], list[ImportNote]]:
    """Return place and name of each signal that is a lead, and notes on what is left out or numbered.

    Raises:
        FormatError: by their names none is an ECG.
    """
    kept, notes = ecg_signals(raw_names)
    if not kept:
        raise FormatError(
            "holds no ECG lead", where=where, expected="I, II, V1 or ECG", found=", ".join(raw_names)[:80]
        )
    names, told = distinct_names([raw_names[place] for place in kept])
    notes += [ImportNote("lead-names", sentence) for sentence in told]
    return list(zip(kept, names, strict=True)), notes


def _with_gain_doubt(
    acquisition: Acquisition, notes: Sequence[ImportNote]
) -> tuple[Acquisition, list[ImportNote]]:
    """Return both with what was assumed of the calibration: a file that ecgview writes keeps the doubt as a field."""
    found = [note.text for note in notes if note.kind == GAIN]
    kept = acquisition.extra.get(GAIN_FIELD, "")
    if found:
        return replace(acquisition, extra={**acquisition.extra, GAIN_FIELD: "; ".join(found)}), list(notes)
    if kept.startswith(GAIN_DOUBT):
        return acquisition, [*notes, ImportNote(GAIN, kept)]
    return acquisition, list(notes)
