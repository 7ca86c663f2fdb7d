"""Measurements with known answers: a record of which every interval, axis and amplitude is what a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ecgview.leads import STANDARD_12
from ecgview.record import Acquisition, EcgRecord, ImportNote, Patient
from ecgview.signal.criteria import judge
from ecgview.signal.criteria.criterion import Asked, Criterion
from ecgview.signal.measure.atrial import Atrial
from ecgview.signal.measure.measured import BeatClass, Measured, Median
from ecgview.signal.measure.waves import Beat, Kind, Wave
from ecgview.signal.measurements import Measurement

FS = 500.0
PEAK = 250
NARROW = {  # (mV, ms) of the deflections of a normal QRS of 90 ms, lead by lead
    "I": ((-0.05, 15), (0.7, 60), (-0.08, 15)),
    "II": ((-0.05, 15), (1.0, 60), (-0.1, 15)),
    "III": ((0.4, 60), (-0.1, 30)),
    "aVR": ((-0.85, 90),),
    "aVL": ((-0.04, 12), (0.3, 78)),
    "aVF": ((0.7, 70), (-0.1, 20)),
    "V1": ((0.2, 25), (-0.9, 65)),
    "V2": ((0.4, 30), (-1.2, 60)),
    "V3": ((0.7, 40), (-0.7, 50)),
    "V4": ((1.2, 50), (-0.4, 40)),
    "V5": ((-0.05, 15), (1.3, 50), (-0.2, 25)),
    "V6": ((-0.06, 15), (1.0, 55), (-0.1, 20)),
}
Deflections = Sequence[tuple[float, float]]


@dataclass
class Hand:
    """What a record's measurements are to be; None takes a value away."""

    rate: float = 70.0
    p_ms: float | None = 100.0
    pr: float | None = 160.0
    qrs: float | None = 90.0
    qtcf: float | None = 410.0
    axes: tuple[float | None, float | None, float | None] = (50.0, 45.0, 40.0)  # P, QRS, T
    atrial: (
        float | None
    ) = -1.0  # rate of regular P waves, None: they are not seen; -1: as P waves before QRS are
    independent: bool = False  # of the QRS
    sex: str = "male"
    age: float | None = 50.0
    shapes: Mapping[str, Deflections] = field(default_factory=dict)
    notched: Mapping[str, Sequence[float]] = field(default_factory=dict)  # s from onset where the R dips
    st: Mapping[str, float] = field(default_factory=dict)
    st_later: Mapping[str, float] = field(default_factory=dict)  # 60 and 80 ms on, where it is another level
    st_ms: Mapping[str, float] = field(default_factory=dict)  # how long ST keeps its level, then 0
    t: Mapping[str, float] = field(default_factory=dict)
    t_biphasic: Sequence[str] = ()
    t_ms: float = 180.0
    t_top: float = 0.5  # where in T its peak lies
    notes: Sequence[ImportNote] = ()
    highpass_hz: float | None = None
    confidence: Mapping[str, Literal["", "high", "medium", "low"]] = field(default_factory=dict)
    p_by_rules: bool = False  # rules see a P on the median beat where none is marked
    p_v1: tuple[float, float] = (0.05, 0.0)  # first and terminal part of P in V1, mV
    p_ii: float = 0.1
    leads: Sequence[str] = STANDARD_12
    rr_s: Sequence[float] = ()  # else regular at the rate
    without_p: Sequence[int] = ()  # beats without a P
    classes: Mapping[int, BeatClass] = field(default_factory=dict)
    lowpass_hz: float | None = 150.0
    choices: Mapping[str, str] = field(default_factory=dict)

    def asked(self) -> Asked:
        """Return what criteria are asked about."""
        median = self._median()
        beats = self._beats()
        rng = np.random.default_rng(1)
        signal = rng.normal(0.0, 0.005, (len(self.leads), round(10 * FS))).astype(np.float32)
        patient = Patient(sex=self.sex, age_years=self.age)
        record = EcgRecord(
            signal,
            tuple(self.leads),
            FS,
            patient,
            replace(Acquisition(), lowpass_hz=self.lowpass_hz, highpass_hz=self.highpass_hz),
            notes=tuple(self.notes),
        )
        classes = tuple(self.classes.get(k, "dominant") for k in range(len(beats)))
        measured = Measured(
            tuple(self.leads),
            {},
            beats,
            classes,
            median,
            self._values(),
            self._lead_values(median),
            atrial=self._atrial(),
        )
        return Asked(record, measured, patient, self.choices)

    def judged(self, code: str) -> Criterion:
        """Return how one criterion comes out."""
        return next(one for one in judge(self.asked()) if one.code == code)

    def _atrial(self) -> Atrial | None:
        if self.atrial is None or (self.atrial < 0 and self.p_ms is None):
            return None
        rate = self.rate if self.atrial < 0 else self.atrial
        alone = (2.0, 4.0) if rate > 1.1 * self.rate else ()
        turns = (0.1, 0.4, 0.8, 0.2, 0.6) if self.independent else (0.2,) * 5
        return Atrial(rate, (1.0, 2.0, 3.0, 4.0), alone, turns)

    def _values(self) -> tuple[Measurement, ...]:
        p, qrs, t = self.axes
        both = {
            "Heart rate": (self.rate, "bpm"),
            "P duration": (self.p_ms, "ms"),
            "PR": (self.pr, "ms"),
            "QRS duration": (self.qrs, "ms"),
            "QTcF": (self.qtcf, "ms"),
            "P axis": (p, "deg"),
            "QRS axis": (qrs, "deg"),
            "T axis": (t, "deg"),
        }
        return tuple(
            Measurement(name, value, unit, confidence=self.confidence.get(name, ""))
            for name, (value, unit) in both.items()
        )

    def _beats(self) -> tuple[Beat, ...]:
        rr = list(self.rr_s) or [60 / self.rate] * max(3, int(9 / (60 / self.rate)))
        times = np.cumsum([0.5, *rr])
        width = (self.qrs or 90.0) / 1000
        made = []
        for k, at in enumerate(times.tolist()):
            onset = at - width / 2
            p: Wave | None = None
            if self.p_ms is not None and k not in self.without_p:
                start = onset - (self.pr or 160.0) / 1000
                p = Wave(start, start + self.p_ms / 2000, start + self.p_ms / 1000)
            overall: dict[Kind, Wave | None] = {"P": p, "QRS": Wave(onset, at, onset + width), "T": None}
            made.append(Beat(overall, {}))
        return tuple(made)

    def _median(self) -> Median:
        width = (self.qrs or 90.0) / 1000
        onset = -width / 2
        qrs = Wave(onset, 0.0, onset + width)
        start = onset - (self.pr or 160.0) / 1000
        length = (self.p_ms or 0.0) / 1000
        p = Wave(start, start + length / 2, start + length) if self.p_ms else None
        t = Wave(0.14 + width / 2, 0.22 + width / 2, 0.14 + width / 2 + self.t_ms / 1000)
        signal = np.zeros((len(self.leads), 600))
        for row, lead in zip(signal, self.leads, strict=True):
            self._draw(row, lead, qrs, p, t)
        overall: dict[Kind, Wave | None] = {"P": p, "QRS": qrs, "T": t}
        by_rules: dict[Kind, Wave | None] = {"P": Wave(-0.2, -0.15, -0.1)} if self.p_by_rules else {}
        return Median(
            signal.astype(np.float32), tuple(self.leads), FS, PEAK, 9, overall, {}, by_rules=by_rules
        )

    def _draw(self, row: np.ndarray, lead: str, qrs: Wave, p: Wave | None, t: Wave) -> None:
        at = PEAK + round(qrs.onset_s * FS)
        end = PEAK + round(qrs.offset_s * FS)
        shape = self._shape(lead)
        scale = (end - at) / sum(ms for _, ms in shape)
        edges = at + np.rint(np.cumsum([0.0, *(ms * scale for _, ms in shape)])).astype(int)
        for (mv, _), first, last in zip(shape, edges[:-1], edges[1:], strict=True):
            row[first:last] = mv * np.sin(np.pi * (np.arange(last - first) + 0.5) / (last - first))
        for dip in self.notched.get(lead, ()):
            middle = at + round(dip * FS)
            row[middle - 4 : middle + 5] *= 1 - 0.3 * np.hanning(9)
        first, last = PEAK + round(t.onset_s * FS), PEAK + round(t.offset_s * FS)
        st = self.st.get(lead, 0.0)
        level = np.interp(np.arange(first - end), (0, 0.08 * FS), (st, self.st_later.get(lead, st)))
        row[end:first] += np.where(
            np.arange(first - end) * 1000 / FS <= self.st_ms.get(lead, 1000.0), level, 0.0
        )
        wave = np.sin(np.pi * np.interp(np.linspace(0, 1, last - first), (0, self.t_top, 1), (0, 0.5, 1)))
        if lead in self.t_biphasic:
            wave = np.sin(2 * np.pi * np.linspace(0, 1, last - first))
        row[first:last] += self.t.get(lead, 0.3) * wave
        if p is not None:
            first, last = PEAK + round(p.onset_s * FS), PEAK + round(p.offset_s * FS)
            half = (last - first) // 2
            if lead == "V1":
                row[first : first + half] = self.p_v1[0] * np.sin(np.pi * np.linspace(0, 1, half))
                row[first + half : last] = self.p_v1[1]
            else:
                row[first:last] = self.p_ii * np.sin(np.pi * np.linspace(0, 1, last - first))

    def _shape(self, lead: str) -> Deflections:
        return self.shapes.get(lead, NARROW.get(lead, ((0.5, 90),)))

    def _lead_values(self, _median: Median) -> tuple[Measurement, ...]:
        made = []
        for lead in self.leads:
            rises = 0
            for mv, _ in self._shape(lead):
                if mv > 0:
                    name = "R" + "'" * rises
                    rises += 1
                else:
                    name = "S" + "'" * (rises - 1) if rises else "Q"
                made.append(Measurement(f"{name} amplitude", mv, "mV", lead=lead))
            st = self.st.get(lead, 0.0)
            made.append(Measurement("J", st, "mV", lead=lead))
            for later in ("J+60", "J+80"):
                made.append(Measurement(later, self.st_later.get(lead, st), "mV", lead=lead))
            made.append(Measurement("T amplitude", self.t.get(lead, 0.3), "mV", lead=lead))
            if self.p_ms is not None:
                made.append(Measurement("P amplitude", self.p_ii, "mV", lead=lead))
                made.append(Measurement("P duration", self.p_ms, "ms", lead=lead))
        return tuple(made)
