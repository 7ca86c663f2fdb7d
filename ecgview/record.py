"""The one type that everything speaks: an immutable multi-lead ECG in millivolts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import SignalError
from ecgview.leads import STANDARD_12

Signal = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Patient:
    """Who was recorded, as far as the file says; empty where it does not."""

    patient_id: str = ""
    name: str = ""
    sex: str = ""  # "male", "female" or ""
    age_years: float | None = None
    birth_date: str = ""  # ISO 8601


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How and when it was recorded, as far as the file says."""

    start_time: str = ""  # ISO 8601, local time of the recorder
    device: str = ""
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    notch_hz: float | None = None
    derived_leads: tuple[str, ...] = ()  # computed by ecgview from recorded limb leads
    step_uv: float | None = None  # microvolts per stored step, where all leads share one
    extra: Mapping[str, str] = field(
        default_factory=dict
    )  # everything else that the source says, field -> text


@dataclass(frozen=True, slots=True)
class DeviceMeasurement:
    """One value that stands in the file: `name` is one of DEVICE_MEASUREMENTS, or the source's own."""

    name: str
    value: float
    unit: str  # "ms", "deg", "bpm", "mV", ...
    lead: str = ""  # empty: of all leads


DEVICE_MEASUREMENTS: tuple[str, ...] = (  # the global ones, by ecgview's names
    "heart_rate",
    "rr",
    "p_duration",
    "pr",
    "qrs",
    "qt",
    "qtc",
    "qtcb",
    "qtcf",
    "p_axis",
    "qrs_axis",
    "t_axis",
)


@dataclass(frozen=True, slots=True)
class DeviceStatement:
    """One statement that stands in the file: of the machine, or of a person who read it there."""

    text: str
    code: str = ""  # as the source spells it
    by: str = "machine"  # "machine" or "reader"


@dataclass(frozen=True, slots=True, eq=False)
class MedianBeat:
    """The representative beat that the device made, (leads, samples) float32 mV; never shown as the rhythm."""

    signal: Signal
    lead_names: tuple[str, ...]
    sampling_rate_hz: float


MEASURED_BY = (
    "Measured by ecgview {}, not by the device that recorded it."  # beside values that ecgview wrote
)
EDITED_BY_HAND = "edited by hand"  # within it, of values after a reader's edits
_OURS = re.compile(r"Measured by ecgview (?P<version>\d[\w.+-]{0,30}),")


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """What the device, or a reader before this one, made of the ECG; never mixed with ecgview's own values.

    Where ecgview itself wrote them into a file, a statement says so (`ecgview`); then they are those of that version.
    """

    measurements: tuple[DeviceMeasurement, ...] = ()
    statements: tuple[DeviceStatement, ...] = ()
    median: MedianBeat | None = None
    qrs_s: tuple[float, ...] = ()  # seconds from the first sample

    def __bool__(self) -> bool:
        return bool(self.measurements or self.statements or self.median or self.qrs_s)

    @property
    def ecgview(self) -> str:
        """The version of ecgview that made it and wrote it into the file, as it says there; "" of a device's."""
        found = (_OURS.match(" ".join(one.text.split())) for one in self.statements)
        return next((one["version"] for one in found if one is not None), "")

    @property
    def edited(self) -> bool:
        """Whether it is ecgview's with edges that a reader put elsewhere: a reader's word, not a computed one."""
        return bool(self.ecgview) and any(EDITED_BY_HAND in one.text for one in self.statements)

    @property
    def is_computed(self) -> bool:
        """Whether it is what ecgview computed, nobody's word: open wherever ecgview's measurements are."""
        return bool(self.ecgview) and not self.edited

    @property
    def whose(self) -> str:
        """Whose measurements these are, in words: "the device's", "of ecgview 0.1.0, in the file"."""
        if not self.ecgview:
            return "the device's"
        return f"of ecgview {self.ecgview}, in the file{', edited by hand' if self.edited else ''}"

    def value(self, name: str) -> float | None:
        """Return a global measurement by its name in DEVICE_MEASUREMENTS; None where the file has none."""
        found = (one.value for one in self.measurements if one.name == name and not one.lead)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the samples came from."""

    path: str = ""
    format: str = ""
    sha256: str = ""  # over lead names, sampling rate and stored samples
    stamp: str = field(
        default="", compare=False
    )  # what the file system said of its files before they were read


PART = "part"  # kind of the note that samples behind the last one here were recorded, too
WHAT_IF = "what-if"  # kind of the note of a record that is no recording
GAIN = "gain"  # the kind of notes that the file does not state its calibration, so that one was assumed
GAIN_DOUBT, GAIN_FIELD = (
    "calibration not stated",
    "calibration",
)  # such a note's first words; the field that keeps it
TOLD_FIRST = (
    GAIN,
    "units",
    "rates",
    "missing-lead",
    "lead-names",
)  # kinds that say what is not shown as recorded
TELLS_A_READING = ("edited",)  # kinds of notes that repeat what a device or a reader before made of the ECG


@dataclass(frozen=True, slots=True)
class ImportNote:
    """One thing a reader should know about the file: kind is a short stable word."""

    kind: str  # einthoven, clipping, flat, nan, units, missing-lead, duration, header, synthetic, ...
    text: str
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EcgRecord:
    """An ECG: read-only samples in mV with what is known about them.

    `signal` is (leads, samples) float32 mV in the order of `lead_names` (standard order first).
    Leads that were not recorded are absent, never zero: see `missing_leads`. Gaps are NaN.
    """

    signal: Signal
    lead_names: tuple[str, ...]
    sampling_rate_hz: float
    patient: Patient = field(default_factory=Patient)
    acquisition: Acquisition = field(default_factory=Acquisition)
    source: Source = field(default_factory=Source)
    notes: tuple[ImportNote, ...] = ()
    synthetic: bool = False
    device_reading: DeviceReading = field(default_factory=DeviceReading)

    def __post_init__(self) -> None:
        signal = np.ascontiguousarray(self.signal, dtype=np.float32)
        if signal.ndim != 2 or signal.shape[0] != len(self.lead_names):
            raise SignalError(
                "the signal does not fit the lead names",
                where=self.source.path or None,
                expected=f"({len(self.lead_names)}, samples)",
                found=str(signal.shape),
            )
        if signal.shape[1] == 0:
            raise SignalError("the record holds no samples", where=self.source.path or None)
        if not self.sampling_rate_hz > 0:
            raise SignalError("the sampling rate must be positive", found=str(self.sampling_rate_hz))
        if len(set(self.lead_names)) != len(self.lead_names):
            raise SignalError("a lead name occurs twice", found=", ".join(self.lead_names))
        if signal is self.signal and signal.flags.writeable:
            signal = signal.copy()
        signal.setflags(write=False)
        object.__setattr__(self, "signal", signal)

    @property
    def n_samples(self) -> int:
        """Number of samples per lead."""
        return int(self.signal.shape[1])

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.n_samples / self.sampling_rate_hz

    @property
    def gain_doubt(self) -> str:
        """What was assumed of a calibration that the file does not state; "" where it states it."""
        return "; ".join(note.text for note in self.notes if note.kind == GAIN)

    @property
    def part_open(self) -> str:
        """That not all of the recording is here, in words; "" where all is."""
        return "; ".join(note.text for note in self.notes if note.kind == PART)

    @property
    def what_if(self) -> str:
        """What it shows instead of the recording, in words (T7); "" where it is a recording."""
        return "; ".join(note.text for note in self.notes if note.kind == WHAT_IF)

    @property
    def missing_leads(self) -> tuple[str, ...]:
        """Leads of the standard twelve that this record does not hold."""
        return tuple(name for name in STANDARD_12 if name not in self.lead_names)

    def has(self, name: str) -> bool:
        """Return whether the lead was recorded or derived."""
        return name in self.lead_names

    def lead(self, name: str) -> Signal:
        """Return one lead, (samples,) mV; SignalError if it is not there."""
        if name not in self.lead_names:
            raise SignalError(
                f"lead {name} is not recorded",
                where=self.source.path or None,
                expected=", ".join(self.lead_names),
            )
        row: Signal = self.signal[self.lead_names.index(name)]
        return row

    def leads(self, names: tuple[str, ...] = STANDARD_12) -> Signal:
        """Return (len(names), samples) mV in the order asked for; SignalError names what is missing."""
        missing = [name for name in names if name not in self.lead_names]
        if missing:
            raise SignalError(f"not recorded: {', '.join(missing)}", where=self.source.path or None)
        return self.signal[[self.lead_names.index(name) for name in names]]

    def with_signal(self, signal: Signal) -> "EcgRecord":
        """Return the same record around other samples, (leads, samples) mV."""
        return replace(self, signal=signal)
