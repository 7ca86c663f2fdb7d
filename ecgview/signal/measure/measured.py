"""What is measured of a record: beats, the median beat, values of all leads and of each, and the hands laid on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ecgview.errors import SignalError
from ecgview.record import EcgRecord, Signal
from ecgview.results import ModelFacts
from ecgview.signal.measure.atrial import Atrial
from ecgview.signal.measure.waves import Beat, Kind, Wave
from ecgview.signal.measurements import Measurement

BeatClass = Literal["dominant", "ventricular", "supraventricular", "paced", "noise"]
Edge = Literal["P onset", "P offset", "QRS onset", "QRS offset", "T offset"]
TEnd = Literal[
    "network", "tangent", "threshold"
]  # how the end of T is found; "network" is that of the beats given
STIMULUS_S, CLEAR_S = (
    (0.1, 0.02),
    0.008,
)  # before and after the onset of QRS; how long before it the level ends
EDGES: tuple[Edge, ...] = ("P onset", "P offset", "QRS onset", "QRS offset", "T offset")


@dataclass(frozen=True, slots=True)
class Edit:
    """An edge that somebody put elsewhere, of all leads.

    `beat` counts the record's beats from 0 in time order; None is the median beat. `to_s` is the new place: from the
    record's first sample, on the median beat from its QRS peak. None takes the edge away: the wave is not there.
    """

    edge: Edge
    to_s: float | None
    beat: int | None = None
    by: str = ""
    at: str = ""  # ISO 8601, UTC

    @property
    def of(self) -> str:
        """The edge in words: "T offset of the median beat"; people count beats from 1."""
        return (
            f"{self.edge} of the median beat" if self.beat is None else f"{self.edge} of beat {self.beat + 1}"
        )

    @property
    def words(self) -> str:
        """As shown to people: "T offset of the median beat at 0.412 s from the QRS peak"."""
        if self.to_s is None:
            return f"{self.of} taken away"
        return f"{self.of} at {self.to_s:.3f} s{' from the QRS peak' if self.beat is None else ''}"


@dataclass(frozen=True, slots=True, eq=False)
class Median:
    """The median of the aligned dominant beats.

    `signal` is (leads, samples) mV in the order of `lead_names`; sample `peak` lies where the beats' QRS peaks were
    aligned. Times of `overall` and `leads` are in seconds from that peak. `beats` are the beats that went in, counted
    as the record's, and `aligned_s` where in the record the peak lies in each of them. `by_rules` is what simple rules
    find on this median beat, the check of whoever found the beats.
    """

    signal: Signal
    lead_names: tuple[str, ...]
    sampling_rate_hz: float
    peak: int
    n_beats: int
    overall: Mapping[Kind, Wave | None]
    leads: Mapping[str, Mapping[Kind, Wave]]
    beats: tuple[int, ...] = ()
    aligned_s: tuple[float, ...] = ()
    by_rules: Mapping[Kind, Wave | None] = field(default_factory=dict)
    noise_mv: Mapping[str, float] = field(default_factory=dict)  # of one beat against the median, by lead
    qrs_inward_s: tuple[float, float] = (0.0, 0.0)  # its edges, from those of the beats
    stimulus_s: float | None = None  # of the pacemaker, before or in this QRS: the level is that before it

    def level_samples(self, onset_s: float, seconds: float) -> tuple[int, int]:
        """Return the samples (first, past the last) before a wave that hold the level its amplitudes are counted from.

        Where a stimulus stands there it is taken before it: what the electrode's charge leaves behind is no level.
        """
        ends = onset_s
        if self.stimulus_s is not None and -STIMULUS_S[1] <= onset_s - self.stimulus_s <= STIMULUS_S[0]:
            ends = self.stimulus_s - CLEAR_S
        n = self.signal.shape[1]
        last = min(max(self.peak + round(ends * self.sampling_rate_hz), 0), n - 1)
        return max(0, last - round(seconds * self.sampling_rate_hz)), last + 1


@dataclass(frozen=True, slots=True)
class Minute:
    """What was measured in one piece of a long record, or why nothing was."""

    start_s: float
    seconds: float
    n_beats: int = 0
    heart_rate_bpm: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtcf_ms: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The measurements of one record, or why there are none.

    `values` are of all leads, `lead_values` of one lead each (`Measurement.lead`). `classes` has one entry per beat.
    `model` is None where rules found the waves. `warnings` is what a reader of the numbers must know. `edits` were
    applied in this order; values that they changed have the source "edited". `unedited` is the same without any edit,
    None where there is none. `t_end` is how the end of T was found for QT. `atrial` are P waves that come at one
    interval, whether a QRS follows them or not; None where that is not seen. A long record has a `trend`, a row for
    each minute; its beats, median beat and values of leads are those of one minute, which `warnings` names.
    """

    leads: tuple[str, ...]
    left_out: Mapping[str, str]
    beats: tuple[Beat, ...] = ()
    classes: tuple[BeatClass, ...] = ()
    median: Median | None = None
    values: tuple[Measurement, ...] = ()
    lead_values: tuple[Measurement, ...] = ()
    model: ModelFacts | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    unedited: "Measured | None" = None
    t_end: TEnd = "network"
    lead_notes: Mapping[str, str] = field(default_factory=dict)  # what to doubt of leads that were used
    atrial: Atrial | None = None
    trend: tuple[Minute, ...] = ()
    record_sha256: str = ""  # of the record that was measured

    def require_of(self, record: EcgRecord) -> None:
        """Refuse to be taken for the measurements of another record; SignalError says so."""
        if self.record_sha256 != record.source.sha256:
            raise SignalError(
                "the measurements are of another record",
                where=record.source.path or None,
                expected=f"those of {record.source.sha256[:12] or 'this record'}",
                found=self.record_sha256[:12] or "those of no known one",
            )

    def value(self, name: str, lead: str = "") -> float | None:
        """Return a value by its name, of all leads or of one; None where it was not measured."""
        places = self.lead_values if lead else self.values
        return next((one.value for one in places if (one.name, one.lead) == (name, lead)), None)
