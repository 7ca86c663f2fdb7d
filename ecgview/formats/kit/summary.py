"""What a worklist shows of a record."""

from dataclasses import dataclass, field
from pathlib import Path

from ecgview.record import EcgRecord, Patient


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """Metadata of one file; empty or None where the file does not say."""

    path: str
    name: str
    format: str
    patient: Patient = field(default_factory=Patient)
    start_time: str = ""
    n_leads: int | None = None
    fs_hz: float | None = None
    duration_s: float | None = None
    synthetic: bool = False


def summary_of(record: EcgRecord, path: Path) -> RecordSummary:
    """Return what a record that was read whole, from a file of its own, says of itself."""
    return RecordSummary(
        str(path),
        path.stem,
        record.source.format,
        record.patient,
        record.acquisition.start_time,
        len(record.lead_names),
        record.sampling_rate_hz,
        record.seconds,
        record.synthetic,
    )
