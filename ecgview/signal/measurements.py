"""Named measurements with unit and source."""

from dataclasses import dataclass
from typing import Literal

from ecgview.record import EcgRecord
from ecgview.signal import beats


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value; None = could not be measured (never a guess)."""

    name: str
    value: float | None
    unit: str
    source: Literal["computed", "file", "edited"] = "computed"
    note: str = ""


def measure(record: EcgRecord) -> tuple[Measurement, ...]:
    """Return heart rate (from the mean RR) and RR intervals of the stored samples."""
    summary = beats.rate(record)
    if summary is None:
        note = "fewer than two QRS complexes found"
        names = (("Heart rate", "bpm"), ("RR mean", "ms"), ("RR min", "ms"), ("RR max", "ms"))
        return tuple(Measurement(name, None, unit, note=note) for name, unit in names)
    return (
        Measurement(
            "Heart rate", round(summary.heart_rate_bpm, 1), "bpm", note=f"{summary.n_beats} QRS complexes"
        ),
        Measurement("RR mean", round(summary.rr_mean_ms), "ms"),
        Measurement("RR min", round(summary.rr_min_ms), "ms"),
        Measurement("RR max", round(summary.rr_max_ms), "ms"),
    )
