"""What a worklist shows of a record before it is read."""

from dataclasses import dataclass, field

from ecgview.record import Patient


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
