"""From the leads of a file to a record: names, order, derived limb leads, notes, checksum."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk
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
from ecgview.runs import stretches
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
    whole: bool = True,
) -> EcgRecord:
    """Return the record of a file's leads; other quantities are left out, and a name that occurs twice is numbered.

    Beside the record's own array nothing is made that grows with the recording.

    Args:
        signal: (leads, samples) mV in the file's order; gaps are NaN. It becomes the record's: the caller lets it go.
        raw_names: the file's lead names.
        fs_hz: samples per second.
        path: the file, named in errors.
        format_name: as shown to a user.
        patient: what the file says of the patient.
        acquisition: what the file says of the recording.
        notes: what the reader already noticed.
        synthetic: the file says that no patient was recorded.
        device_reading: measurements, statements and median beat that stand in the file.
        whole: False of a part of a recording, which gets no checksum: the record's identity is of all its samples.

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
    signal = np.ascontiguousarray(signal, dtype=np.float32)
    there, sound = _valid(signal)
    if not there.any():
        raise FormatError("holds no valid sample", where=where, found="NaN, infinite or absurd values only")
    leads = [name for row, (_, name) in enumerate(named) if there[row]]
    notes = [*notes, *more]
    if len(leads) < len(named):
        empty = tuple(name for _, name in named if name not in leads)
        text = f"left out, without a valid sample: {', '.join(empty)}"
        notes.append(ImportNote("missing-lead", text, empty))
        signal = signal[there]
    if not sound:
        signal = _without_absurd(signal)
    checksum = _checksum(signal, leads, fs_hz) if whole else ""
    derived = set(derive_limb({name: row[:0] for name, row in zip(leads, signal, strict=True)}))
    order = sorted([*leads, *derived], key=order_key)
    ordered = signal if order == leads else _ordered(signal, leads, order)
    if ordered.base is None or on_disk.holds(ordered):
        ordered.setflags(write=False)  # the record copies what another could still write to
    acquisition, notes = _with_gain_doubt(acquisition or Acquisition(), notes)
    if computed := tuple(name for name in order if name in derived):
        acquisition = replace(acquisition, derived_leads=computed)
        notes.append(
            ImportNote("derived", f"{', '.join(computed)} computed from the recorded limb leads", computed)
        )
    return EcgRecord(
        ordered,
        tuple(order),
        float(fs_hz),
        patient or Patient(),
        acquisition,
        Source(where, format_name, checksum),
        (*notes, *import_notes(ordered, tuple(order), fs_hz)),
        synthetic,
        device_reading or DeviceReading(),
    )


def _checksum(signal: Signal, leads: list[str], fs_hz: float) -> str:
    """Return what a record is known by: of its leads in the file's order, as they are before any is derived."""
    digest = hashlib.sha256(f"{leads}|{fs_hz!r}|".encode())
    for row in signal:
        for part in stretches(len(row)):
            digest.update(row[part].data)
    return digest.hexdigest()


def _valid(signal: Signal) -> tuple[NDArray[np.bool_], bool]:
    """Return of each lead whether any sample is valid, and whether all samples of all leads are."""
    there, sound = np.zeros(len(signal), dtype=np.bool_), True
    for part in stretches(signal.shape[1]):
        valid = np.abs(signal[:, part]) < ABSURD_MV  # False for NaN, too
        there |= valid.any(axis=1)
        sound = sound and bool(valid.all())
    return there, sound


def _without_absurd(signal: Signal) -> Signal:
    """Return the leads with one and the same NaN, of which the checksum is, for all that is no sample."""
    if signal.base is not None or not signal.flags.writeable:
        signal = signal.copy()
    for part in stretches(signal.shape[1]):
        some = signal[:, part]
        some[~(np.abs(some) < ABSURD_MV)] = np.nan
    return signal


def _ordered(signal: Signal, leads: Sequence[str], order: Sequence[str]) -> Signal:
    """Return (leads of `order`, samples): those of the file, and the limb leads that follow from them."""
    made = on_disk.zeros((len(order), signal.shape[1]), np.float32)
    for part in stretches(signal.shape[1]):
        rows = dict(zip(leads, signal[:, part], strict=True))
        rows |= derive_limb(rows)
        for row, name in zip(made, order, strict=True):
            row[part] = rows[name]
    return made


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
