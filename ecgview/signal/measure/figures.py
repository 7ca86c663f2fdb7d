"""The named values of a record: of all leads, and of each lead, with range, confidence and place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from statistics import fmean
from typing import Literal

import numpy as np

from ecgview.record import EcgRecord
from ecgview.signal import measurements
from ecgview.signal.measure import axes, between_beats, corrected, intervals, ranges
from ecgview.signal.measure.deflections import LeadShape
from ecgview.signal.measure.measured import BeatClass, Median, TEnd
from ecgview.signal.measure.waves import KINDS, Beat, Kind, Wave
from ecgview.signal.measurements import Measurement

Confidence = Literal["", "high", "medium", "low"]

FEW_BEATS = 10  # of a mean in atrial fibrillation (M3)
# Differences between two engines, and standard deviations over beats, that are little and that are much, ms (ours).
LITTLE_MS, MUCH_MS = (
    {"P": 15.0, "PR": 15.0, "QRS": 12.0, "QT": 20.0},
    {"P": 35.0, "PR": 35.0, "QRS": 30.0, "QT": 45.0},
)
RATES_DIFFER = 0.05
FEW_LEADS = 3
FEW_LEADS_NOTE = "rules in fewer than three leads may take slopes beside QRS for a part of it"
LONG_RR_S, LONG_RR = 1.5, 1.5  # longer than both, the second of the usual: a beat may have been missed
AMPLITUDE_SURE, AMPLITUDE_UNSURE = (0.02, 0.05), (0.05, 0.2)  # mV, or this part of the value


@dataclass(frozen=True, slots=True)
class Basis:
    """What values are made from: no sample of the record is looked at any more."""

    record: EcgRecord
    beats: Sequence[Beat]
    classes: Sequence[BeatClass]
    median: Median
    shapes: Mapping[str, LeadShape]
    fibrillating: bool
    t_end: TEnd
    by_network: bool
    usual: Beat | None  # where values are shown on the trace

    @property
    def own(self) -> list[Beat]:
        """The beats of the median beat."""
        return [self.beats[k] for k in self.median.beats]

    @property
    def rr_s(self) -> np.ndarray:
        """RR intervals between beats that follow each other; there is none over what is noise."""
        return np.array([end - start for start, end in between_beats.following(self.beats, self.classes)])


def values(basis: Basis) -> tuple[Measurement, ...]:
    """Return the values of all leads in the usual order; what is not there has no value and says why."""
    return (*_rates(basis), *measurements.stimuli(basis.record), *_intervals(basis), *_directions(basis),
            *_sums(basis), *_irregularity(basis), *_beside(basis))  # fmt: skip


def lead_values(basis: Basis) -> tuple[Measurement, ...]:
    """Return the values of each lead of the median beat, lead by lead; what is not there is left out."""
    places = {kind: _place(basis, kind) or _place(basis, "QRS") for kind in KINDS}
    made = []
    for name in basis.median.lead_names:
        shape = basis.shapes[name]
        noise = basis.median.noise_mv.get(name, 0.0) / max(1, basis.median.n_beats) ** 0.5
        for key, (value, unit) in shape.values.items():
            kind: Kind = "P" if key[0] == "P" else "T" if key[0] == "T" or key.startswith("QT") else "QRS"
            sure = _of_amplitude(value if unit == "mV" else 0.0, noise)  # an edge is as sure as it stands out
            if key == "QRS duration" and _in_few_leads(basis):
                sure = "low"
            made.append(
                Measurement(
                    _used(basis, key),
                    _rounded(value, unit),
                    unit,
                    note=shape.notes.get(key, ""),
                    lead=name,
                    confidence=sure,
                    where_s=places[kind],
                )
            )
        for key, note in shape.notes.items():
            if key not in shape.values:
                made.append(Measurement(key, None, "mV", note=note, lead=name))
    return tuple(made)


def _used(basis: Basis, name: str) -> str:
    """Return the name of a lead's value; the end of T that rules found is not the network's."""
    return name if basis.by_network else name.replace("QT, network", "QT, rules")


def _rounded(value: float, unit: str) -> float:
    if unit == "mV":
        return round(float(value), 3)
    return round(float(value), 1) if unit in ("mV ms", "%") else float(round(value))


def _of_amplitude(value: float, noise: float) -> Confidence:
    if noise <= max(AMPLITUDE_SURE[0], AMPLITUDE_SURE[1] * abs(value)):
        return "high"
    return "medium" if noise <= max(AMPLITUDE_UNSURE[0], AMPLITUDE_UNSURE[1] * abs(value)) else "low"


def _measurement(basis: Basis, name: str, value: float | None, unit: str, note: str = "", *,
                 confidence: Confidence = "", where_s: tuple[float, float] | None = None) -> Measurement:  # fmt: skip
    return Measurement(
        name,
        None if value is None else _rounded(value, unit),
        unit,
        note=note,
        range=ranges.of(name, basis.record.patient),
        confidence=confidence if value is not None else "",
        where_s=where_s if value is not None else None,
    )


def _rates(basis: Basis) -> Iterator[Measurement]:
    rr = basis.rr_s * 1000
    n = sum(kind != "noise" for kind in basis.classes)
    if not len(rr):
        why = "fewer than two QRS complexes found" if n < 2 else "noise between all QRS complexes"
        for name, unit in (("Heart rate", "bpm"), ("RR mean", "ms"), ("RR min", "ms"), ("RR max", "ms")):
            yield _measurement(basis, name, None, unit, why)
        return
    mean = float(rr.mean())
    sure: Confidence = "high" if n >= 5 and "noise" not in basis.classes else "medium" if n >= 3 else "low"
    where = (basis.beats[0].time_s, basis.beats[-1].time_s)
    yield Measurement(
        "Heart rate",
        round(60_000 / mean, 1),
        "bpm",
        note=f"{n} QRS complexes",
        range=ranges.of("Heart rate", basis.record.patient),
        confidence=sure,
        where_s=where,
    )
    yield _measurement(basis, "RR mean", mean, "ms", confidence=sure, where_s=where)
    places = between_beats.following(basis.beats, basis.classes)
    shortest = places[int(rr.argmin())]
    yield _measurement(basis, "RR min", float(rr.min()), "ms", confidence=sure, where_s=shortest)
    long_s = max(LONG_RR_S, LONG_RR * float(np.median(rr)) / 1000)
    silent = between_beats.silent(basis.record, basis.median.lead_names, basis.beats, long_s)
    start, end = max((*places, *silent), key=lambda pair: pair[1] - pair[0])
    doubted = end - start > long_s and (start, end) not in silent
    why = between_beats.doubt(basis.record, basis.median.lead_names, start, end) if doubted else ""
    yield _measurement(
        basis,
        "RR max",
        1000 * (end - start),
        "ms",
        why,
        confidence="low" if why else sure,
        where_s=(start, end),
    )


def _intervals(basis: Basis) -> Iterator[Measurement]:
    overall = basis.median.overall
    p, qrs, t = overall["P"], overall["QRS"], overall["T"]
    no_p = "no P wave before at least half of the beats"
    seen = basis.by_network and basis.median.by_rules.get("P") is not None
    if p is None and seen and not basis.fibrillating:  # whose f waves rules take for one
        no_p += "; rules see one on the median beat, so that this is uncertain"
    few = _few(basis)
    length, pr, width, qt = (
        None if p is None else 1000 * (p.offset_s - p.onset_s),
        None if p is None or qrs is None else 1000 * (qrs.onset_s - p.onset_s),
        None if qrs is None else 1000 * (qrs.offset_s - qrs.onset_s),
        None if t is None or qrs is None else 1000 * (t.offset_s - qrs.onset_s),
    )
    for name, kind, value, places in (
        ("P duration", "P", length, ("P", "P")),
        ("PR", "PR", pr, ("P", "QRS")),
        ("QRS duration", "QRS", width, ("QRS", "QRS")),
    ):
        sure, why = _sureness(basis, kind, value)
        note = (
            no_p if value is None else "; ".join(part for part in (few if kind == "QRS" else "", why) if part)
        )
        where = _place(basis, *places)
        yield _measurement(basis, name, value, "ms", note, confidence=sure, where_s=where)
    sure, why = _sureness(basis, "QT", qt)
    how = _how_t_ends(basis)
    note = "no end of T found" if qt is None else "; ".join(part for part in (how, few, why) if part)
    where = _place(basis, "QRS", "T")
    yield _measurement(basis, "QT", qt, "ms", note, confidence=sure, where_s=where)
    yield from _corrected(basis, qt, width, sure, where)


def _how_t_ends(basis: Basis) -> str:
    words = {
        "network": "network" if basis.by_network else "rules",
        "tangent": "tangent",
        "threshold": "threshold",
    }
    return f"end of T: {words[basis.t_end]}, U wave left out"


def _few(basis: Basis) -> str:
    if not basis.fibrillating:
        return ""
    n = basis.median.n_beats
    return f"irregular without P: mean over {n} beats" + (", few beats" if n < FEW_BEATS else "")


def _corrected(
    basis: Basis,
    qt: float | None,
    width: float | None,
    sure: Confidence,
    where: tuple[float, float] | None,
) -> Iterator[Measurement]:
    rr = basis.rr_s * 1000
    why = "no QT" if qt is None else "no RR interval" if not len(rr) else ""
    found = {} if qt is None or not len(rr) else corrected.qtc(qt, float(rr.mean()))
    rate = 60_000 / float(rr.mean()) if len(rr) else 0.0
    low, high = corrected.BAZETT_BPM
    for name in ("QTcF", "QTcB", "QTcFra", "QTcH"):
        note = why or (
            f"outside {low:.0f} to {high:.0f} bpm Bazett's formula misleads"
            if name == "QTcB" and not low <= rate <= high
            else _few(basis)
        )
        yield _measurement(basis, name, found.get(name), "ms", note, confidence=sure, where_s=where)
    both = qt is not None and width is not None
    jt = qt - width if qt is not None and width is not None else None
    jtc = found["QTcF"] - width if found and width is not None else None
    yield _measurement(basis, "JT", jt, "ms", "QT less QRS" if both else why, confidence=sure, where_s=where)
    yield _measurement(
        basis, "JTc", jtc, "ms", "QTcF less QRS" if jtc else why, confidence=sure, where_s=where
    )
    wide = corrected.qtm(qt, width) if qt is not None and width is not None else None
    if wide is not None:
        note = "QT less 48.5 % of QRS, for a wide QRS (Bogossian)"
        yield _measurement(basis, "QTm", wide, "ms", note, confidence=sure, where_s=where)


def _areas(basis: Basis, name: str) -> dict[str, float]:
    return {lead: shape.values[name][0] for lead, shape in basis.shapes.items() if name in shape.values}


def _directions(basis: Basis) -> Iterator[Measurement]:
    made: dict[str, float | None] = {}
    for kind, least in (("P", axes.LEAST_P_MV_MS), ("QRS", axes.LEAST_MV_MS), ("T", axes.LEAST_MV_MS)):
        area = _areas(basis, f"{kind} area")
        made[kind] = found = axes.axis(area, least)
        large = max((abs(area.get(name, 0.0)) for name in ("I", "aVF", "II")), default=0.0)
        note = ""
        if found is None:
            note = (
                f"no {kind}"
                if not area
                else "indeterminate"
                if "I" in area and len(area) > 1
                else "limb leads missing"
            )
        wave: Kind = "P" if kind == "P" else "T" if kind == "T" else "QRS"
        sure: Confidence = "high" if large > 3 * least else "medium"
        yield _measurement(
            basis, f"{kind} axis", found, "deg", note, confidence=sure, where_s=_place(basis, wave)
        )
    where = _place(basis, "QRS", "T")
    angle = axes.between(made["QRS"], made["T"])
    yield _measurement(basis, "QRS-T angle", angle, "deg", "" if angle is not None else "an axis is missing",
                       confidence="high", where_s=where)  # fmt: skip
    spatial = axes.in_space(_areas(basis, "QRS area"), _areas(basis, "T area"))
    if spatial is not None:
        note = "between mean vectors, leads by Kors' regression"
        yield _measurement(
            basis, "QRS-T angle, spatial", spatial, "deg", note, confidence="medium", where_s=where
        )


def _sums(basis: Basis) -> Iterator[Measurement]:
    where = _place(basis, "QRS")
    # An r wave too small to count leaves a deep Q in V1: its depth is that of S all the same.
    r, s = _tallest(basis, "V5", ("R", "R'")), _tallest(basis, "V1", ("Q", "S", "S'"))
    missing: list[str] = []
    for name, value, lead in (("RV5", r, "V5"), ("SV1", s, "V1")):
        note = (
            ""
            if value is not None
            else f"{lead} not measured"
            if lead not in basis.shapes
            else f"no such wave in {lead}"
        )
        shown = None if value is None else abs(round(value, 2))
        missing += [note] if note else []
        yield Measurement(
            name, shown, "mV", note=note, confidence="high" if shown is not None else "", where_s=where
        )
    total = None if r is None or s is None else round(abs(r) + abs(s), 2)
    yield Measurement(
        "RV5+SV1",
        total,
        "mV",
        note="; ".join(dict.fromkeys(missing)),
        confidence="high" if total is not None else "",
        where_s=where,
    )


def _tallest(basis: Basis, lead: str, names: Sequence[str]) -> float | None:
    shape = basis.shapes.get(lead)
    found = [] if shape is None else [shape.values.get(f"{name} amplitude", (0.0, ""))[0] for name in names]
    tallest = max(found, key=abs, default=0.0)
    return tallest or None


def _irregularity(basis: Basis) -> Iterator[Measurement]:
    rr = basis.rr_s
    if len(rr) < 3:
        return
    value = 100 * float(np.abs(np.diff(rr)).mean() / rr.mean())
    note = "mean difference of an RR interval from the one before, of the mean RR"
    yield _measurement(
        basis, "RR irregularity", value, "%", note, confidence="high" if len(rr) >= 8 else "medium"
    )


def _beside(basis: Basis) -> Iterator[Measurement]:
    """Yield the intervals of the extreme lead (M2), and QT by the other methods of finding the end of T."""
    rows: dict[str, list[float]] = {"P duration": [], "PR": [], "QRS duration": [], "QT": []}
    for beat in basis.own:
        found = {kind: [w[kind] for w in beat.leads.values() if kind in w] for kind in ("P", "QRS", "T")}
        if not found["QRS"]:
            continue
        on, off = min(w.onset_s for w in found["QRS"]), max(w.offset_s for w in found["QRS"])
        rows["QRS duration"].append(off - on)
        if found["T"]:
            rows["QT"].append(max(w.offset_s for w in found["T"]) - on)
        if found["P"]:
            first = min(w.onset_s for w in found["P"])
            rows["P duration"].append(max(w.offset_s for w in found["P"]) - first)
            own = beat.overall["QRS"]
            assert own is not None  # a beat is made of its QRS
            rows["PR"].append(own.onset_s + basis.median.qrs_inward_s[0] - first)
    if basis.median.overall["P"] is None:
        rows["P duration"] = rows["PR"] = []
    spans = _spans(basis.median)
    for name, row in rows.items():
        if row:
            value = 1000 * float(np.median(row))
            kind = {"P duration": "P", "QRS duration": "QRS"}.get(name, name)
            # Edges of all leads may be averaged, corrected or put by hand.
            value = max(value, spans[kind])
            note = (
                "earliest onset of P over leads to the onset of QRS of all leads"
                if kind == "PR"
                else "earliest onset to latest end over leads; the value without this name follows the third lead"
            )
            sure, _why = _sureness(basis, kind, value)
            yield _measurement(basis, f"{name}, extreme lead", value, "ms", note, confidence=sure)
    for how in ("tangent", "threshold"):
        ends = sorted(
            shape.values[f"QT, {how}"][0] for shape in basis.shapes.values() if f"QT, {how}" in shape.values
        )
        if ends and basis.median.overall["T"] is not None:
            value = ends[-min(3, len(ends))]
            sure, _why = _sureness(basis, "QT", value)
            note = f"end of T by {how}, third-latest lead"
            yield _measurement(basis, f"QT, {how}", value, "ms", note, confidence=sure)


def _spans(median: Median) -> dict[str, float]:
    """Return how long P, PR, QRS and QT of all leads are in ms, 0 where they are not there."""
    p, qrs, t = (median.overall[kind] for kind in KINDS)
    return {
        "P": 0.0 if p is None else 1000 * (p.offset_s - p.onset_s),
        "PR": 0.0 if p is None or qrs is None else 1000 * (qrs.onset_s - p.onset_s),
        "QRS": 0.0 if qrs is None else 1000 * (qrs.offset_s - qrs.onset_s),
        "QT": 0.0 if qrs is None or t is None else 1000 * (t.offset_s - qrs.onset_s),
    }


def _sureness(basis: Basis, kind: str, value: float | None) -> tuple[Confidence, str]:
    """Return how sure an interval is, and why: what rules find, and how it spreads over beats."""
    if value is None:
        return "", ""
    spread = _spread(basis.own, kind)
    other = _by_rules(basis, kind)
    little, much = LITTLE_MS[kind], MUCH_MS[kind]
    apart = None if other is None else abs(other - value)
    notes = [f"SD over {basis.median.n_beats} beats {spread:.0f} ms"] if spread is not None else []
    if basis.by_network:
        notes.insert(0, "rules find none" if other is None else f"rules find {other:.0f} ms")
        doubts = [much if apart is None else apart, *([] if spread is None else [spread])]
    else:
        doubts = [little + 1 if spread is None else max(spread, little + 1)]  # rules alone are never sure
    if kind == "QRS" and _in_few_leads(basis):
        return "low", "; ".join((FEW_LEADS_NOTE, *notes))
    worst = max(doubts)
    return "high" if worst <= little else "medium" if worst <= much else "low", "; ".join(notes)


def _in_few_leads(basis: Basis) -> bool:
    """Return whether rules put the edges of QRS in a lead or two: one lead's flat end of QRS is no end of it in all."""
    return not basis.by_network and len(basis.median.lead_names) < FEW_LEADS


def _by_rules(basis: Basis, kind: str) -> float | None:
    p, qrs, t = (basis.median.by_rules.get(one) for one in ("P", "QRS", "T"))
    if kind == "P":
        return None if p is None else 1000 * (p.offset_s - p.onset_s)
    if qrs is None:
        return None
    if kind == "PR":
        return None if p is None else 1000 * (qrs.onset_s - p.onset_s)
    if kind == "QRS":
        return 1000 * (qrs.offset_s - qrs.onset_s)
    return None if t is None else 1000 * (t.offset_s - qrs.onset_s)


def _spread(beats: Sequence[Beat], kind: str) -> float | None:
    rows = [one for beat in beats if (one := _interval(beat, kind)) is not None]
    if len(rows) <= 2:
        return None
    mean = fmean(rows)  # statistics.pstdev adds up fractions, in a hundred times the time
    return 1000 * sqrt(fsum((one - mean) ** 2 for one in rows) / len(rows))


def _interval(beat: Beat, kind: str) -> float | None:
    p, qrs, t = (beat.overall[one] for one in ("P", "QRS", "T"))
    if qrs is None:
        return None
    if kind == "QRS":
        return qrs.offset_s - qrs.onset_s
    if kind == "QT":
        return None if t is None else t.offset_s - qrs.onset_s
    if p is None:
        return None
    return p.offset_s - p.onset_s if kind == "P" else qrs.onset_s - p.onset_s


def _place(basis: Basis, first: str, last: str = "") -> tuple[float, float] | None:
    """Return where on the trace, in s, waves of a usual beat begin and end: the one nearest to the median in all."""
    best = basis.usual
    if best is None:
        return None
    before, after = (_wave(best, name) for name in (first, last or first))
    if before is None or after is None:
        return None
    later, earlier = (
        basis.median.qrs_inward_s
    )  # QRS is measured between these edges, not between the beats' own
    start = before.onset_s + (later if first == "QRS" else 0.0)
    if (first, last) == ("P", "QRS"):
        return start, after.onset_s + later
    return start, after.offset_s - (earlier if (last or first) == "QRS" else 0.0)


def _wave(beat: Beat, name: str) -> Wave | None:
    kind: Kind = "P" if name == "P" else "T" if name == "T" else "QRS"
    return beat.overall[kind]


def usual(own: Sequence[Beat]) -> Beat | None:
    """Return the beat whose intervals are nearest to the median ones in all, and which has all of their waves."""
    middle = intervals.of(own)
    wanted = {"P": middle.p_ms, "PR": middle.pr_ms, "QRS": middle.qrs_ms, "QT": middle.qt_ms}

    def apart(beat: Beat) -> float:
        total = 0.0
        for kind, value in wanted.items():
            if value is not None:
                one = _interval(beat, kind)
                total += 500.0 if one is None else abs(1000 * one - value)
        return total

    return min(own, key=apart, default=None)
