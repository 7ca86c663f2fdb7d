"""What the workspace has done off the UI thread: plain functions with a progress, no Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgview.paper import time_span
from ecgview.progress import Progress, silent
from ecgview.record import PART, EcgRecord, ImportNote
from ecgview.review import same_file
from ecgview.review.read import ReadState
from ecgview.review.store import Store
from ecgview.signal.criteria.criterion import Asked, Criterion
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement


def read(path: Path, progress: Progress = silent) -> EcgRecord:
    """Return the record in a file."""
    from ecgview import formats

    return formats.read(path, lambda fraction, _text="": progress(fraction))  # its text names the file


def beginning(path: Path, seconds: float) -> EcgRecord | None:
    """Return the first seconds of a recording of hours, with a note that says so and a checksum of these alone.

    None where the record is to be read whole.
    """
    from ecgview import formats

    part = formats.beginning(path, seconds)
    if part is None or part.n_samples <= part.record.n_samples:
        return None
    record = part.record
    recorded_s = formats.peek(path).duration_s or part.n_samples / record.sampling_rate_hz
    text = f"only the first {time_span.words(record.seconds)} of {time_span.words(recorded_s)} are open"
    digest = hashlib.sha256(np.ascontiguousarray(record.signal).data).hexdigest()
    return replace(
        record,
        source=replace(record.source, sha256=digest),
        notes=(ImportNote(PART, text), *(note for note in record.notes if note.kind != PART)),
    )


def measure(record: EcgRecord, progress: Progress = silent) -> tuple[Measurement, ...]:
    """Return the measurements of a record."""
    from ecgview.signal import measurements

    return measurements.measure(record)


def as_if(record: EcgRecord, electrodes: str, progress: Progress = silent) -> EcgRecord:
    """Return the record as if two limb electrodes had been exchanged."""
    from ecgview.signal import limb_leads

    return limb_leads.as_if(record, electrodes)


def judge(
    record: EcgRecord, measured: Measured, choices: Mapping[str, str], progress: Progress = silent
) -> tuple[Criterion, ...]:
    """Return the criteria of a record as they come out."""
    from ecgview.signal import criteria

    return criteria.judge(Asked(record, measured, record.patient, choices))


def states(store: Store, paths: list[Path], reader: str, progress: Progress = silent) -> dict[Path, str]:
    """Return how far the reading of each record is; records that nobody opened are left out."""
    found = same_file.statuses(store, [str(path) for path in paths], reader or None, progress)
    return {Path(path): state.value for path, state in found.items() if state is not ReadState.NEW}
