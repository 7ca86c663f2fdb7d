"""Named measurements with unit and source."""

from dataclasses import dataclass
from typing import Literal

from ecgview.record import EcgRecord
from ecgview.signal import beats, pacing
from ecgview.signal.judgement import judged

STIMULI = "Pacemaker stimuli"
NAMED = 60  # times of stimuli that are written out


@dataclass(frozen=True, slots=True)
class NormalRange:
    """Limits of what is usual at an age and sex, either None where there is none, and where they were published.

    A value under `low` but over `quiet_low` is common in healthy people: it is told, and no alarm is made of it.
    """

    low: float | None
    high: float | None
    publication: str
    of: str = ""  # whom it holds for: "women of 18 and over"
    quiet_low: float | None = None

    def side(self, value: float) -> str:
        """Return "below" or "above" where a value lies outside, else ""."""
        if self.low is not None and value < self.low:
            return "below"
        return "above" if self.high is not None and value > self.high else ""

    def is_quiet(self, value: float) -> bool:
        """Return whether a value lies outside, and yet where many healthy people's do."""
        return self.quiet_low is not None and self.side(value) == "below" and value > self.quiet_low

    def limit(self, side: str) -> float | None:
        """Return the limit on that side."""
        return self.low if side == "below" else self.high


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value; None = could not be measured (never a guess).

    `lead` is empty for a value of all leads. `confidence` comes from the spread over leads and beats, and from whether
    two engines agree. `where_s` is where on the trace it was measured, start and end in s. An edited value names who
    edited it, `by`, and what was computed `before`.
    """

    name: str
    value: float | None
    unit: str
    source: Literal["computed", "file", "edited"] = "computed"
    note: str = ""
    lead: str = ""
    range: NormalRange | None = None
    confidence: Literal["", "high", "medium", "low"] = ""
    where_s: tuple[float, float] | None = None
    by: str = ""
    before: float | None = None


def measure(record: EcgRecord) -> tuple[Measurement, ...]:
    """Return heart rate (from the mean RR) and RR intervals of the stored samples, and pacemaker stimuli.

    Stimuli are named where they are seen or cannot be told; a record in which none are seen says nothing of them.
    """
    return (*rate(record), *stimuli(record))


def pacing_told(record: EcgRecord) -> pacing.Pacing:
    """Return what may be told of stimuli: pulses of a test signal, which holds no beats, are none."""
    judgement = judged(record)
    if judgement.has_beats:
        return pacing.detect(record)
    return pacing.Pacing("cannot tell", reason=f"Pacing cannot be told: {judgement.reason}.")


def stimuli(record: EcgRecord) -> tuple[Measurement, ...]:
    """Return the number of pacemaker stimuli seen, or why it cannot be told; nothing where none are seen."""
    found = pacing_told(record)
    if found.state == "not seen":
        return ()
    if found.state == "cannot tell":
        return (Measurement(STIMULI, None, "", note=found.reason),)
    times = ", ".join(f"{time:.2f}" for time in found.times_s[:NAMED])
    more = f" and {len(found.times_s) - NAMED} more" if len(found.times_s) > NAMED else ""
    return (Measurement(STIMULI, float(len(found.times_s)), "seen", note=f"at {times} s{more}"),)


def rate(record: EcgRecord) -> tuple[Measurement, ...]:
    """Return heart rate and RR intervals by the detector of QRS complexes alone, without values where it finds none."""
    judgement = judged(record)
    summary = beats.rate(record) if judgement.has_beats else None
    if summary is None:
        note = "fewer than two QRS complexes found" if judgement.has_beats else judgement.reason
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
