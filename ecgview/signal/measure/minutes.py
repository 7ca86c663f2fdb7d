"""Long records: measured minute by minute by rules, so that a day takes no more memory than a minute."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ecgview import on_disk
from ecgview.record import EcgRecord
from ecgview.signal.measure import between_beats
from ecgview.signal.measure.figures import FEW_LEADS_NOTE
from ecgview.signal.measure.measured import Measured, Minute
from ecgview.signal.measure.waves import Beat, Kind, Wave
from ecgview.signal.measurements import Measurement

PIECE_S = 60.0
SHORTEST_S = 20.0  # a rest shorter than this is left to nobody
WHOLE = ("Heart rate", "RR mean", "RR min", "RR max")
OF_PIECES = (
    "P duration",
    "PR",
    "QRS duration",
    "QT",
    "QTcF",
    "QTcB",
    "QTcFra",
    "QTcH",
    "JT",
    "JTc",
    "QTm",
    "P axis",
    "QRS axis",
    "T axis",
    "QRS-T angle",
    "P duration, extreme lead",
    "PR, extreme lead",
    "QRS duration, extreme lead",
    "QT, extreme lead",
)


def of(record: EcgRecord, measure: Callable[[EcgRecord], Measured]) -> Measured:
    """Return the summary and the trend of a long record.

    Heart rate and RR intervals are of all beats, intervals and axes the medians over minutes. All else is of the minute
    whose heart rate and QT are nearest to the usual ones.

    Args:
        record: as long as it is.
        measure: measures one minute of it, as a record of its own.
    """
    minutes: list[Minute] = []
    rows: list[dict[str, Measurement]] = []
    seams: list[tuple[float, float]] = []  # from the last beat of a minute to the first of the next
    last_s: float | None = None
    for start, stop in _pieces(record):
        on_disk.rest()  # the minutes before
        found = measure(_part(record, start, stop))
        seconds = (stop - start) / record.sampling_rate_hz
        minutes.append(_minute(found, start / record.sampling_rate_hz, seconds))
        begin_s = start / record.sampling_rate_hz
        rows.append({} if found.reason else {one.name: _place(one, begin_s) for one in found.values})
        if last_s is not None and found.beats:
            seams.append((last_s, begin_s + found.beats[0].time_s))
        last_s = begin_s + found.beats[-1].time_s if found.beats else None
    measured = [k for k, row in enumerate(rows) if row]
    if not measured:
        reason = minutes[0].reason if minutes else "too short"
        return Measured(
            record.lead_names,
            {},
            reason=f"no minute could be measured; the first: {reason}",
            trend=tuple(minutes),
            record_sha256=record.source.sha256,
        )
    chosen = _usual(minutes, measured)
    start, stop = _pieces(record)[chosen]
    one = _later(measure(_part(record, start, stop)), start / record.sampling_rate_hz)
    values = tuple(_summary(value, [rows[k] for k in measured], minutes) for value in one.values)
    values = tuple(_over_seams(value, record, one.leads, seams) for value in values)
    begin = minutes[chosen].start_s
    told = (
        f"{record.seconds / 60:.0f} min long: {len(measured)} of {len(minutes)} minutes were measured, by rules",
        f"beats, the median beat and values of leads are those of the minute from {_clock(begin)}",
    )
    return replace(one, values=values, trend=tuple(minutes), warnings=(*told, *one.warnings))


def _pieces(record: EcgRecord) -> list[tuple[int, int]]:
    fs, n = record.sampling_rate_hz, record.n_samples
    size = round(PIECE_S * fs)
    found = [(start, min(n, start + size)) for start in range(0, n, size)]
    return [(a, b) for a, b in found if b - a >= SHORTEST_S * fs] or found


def _part(record: EcgRecord, start: int, stop: int) -> EcgRecord:
    return record.with_signal(record.signal[:, start:stop].copy())


def _minute(found: Measured, start_s: float, seconds: float) -> Minute:
    return Minute(
        start_s,
        seconds,
        sum(kind != "noise" for kind in found.classes),
        found.value("Heart rate"),
        found.value("QRS duration"),
        found.value("QT"),
        found.value("QTcF"),
        found.reason,
    )


def _usual(minutes: Sequence[Minute], measured: Sequence[int]) -> int:
    """Return the minute that is nearest to the medians of heart rate and QT, each over its spread."""
    apart = np.zeros(len(measured))
    for name in ("heart_rate_bpm", "qt_ms"):
        own = np.array([getattr(minutes[k], name) or np.nan for k in measured], dtype=float)
        if np.isfinite(own).any():
            middle = np.nanmedian(own)
            off = np.abs(own - middle)
            spread = np.nanmedian(off) + 1e-6
            apart += np.where(np.isfinite(off), off / spread, 10.0)
    return measured[int(apart.argmin())]


def _summary(
    value: Measurement, rows: Sequence[dict[str, Measurement]], minutes: Sequence[Minute]
) -> Measurement:
    found = [row[value.name].value for row in rows if value.name in row]
    known = [one for one in found if one is not None]
    if not known or value.name not in (*WHOLE, *OF_PIECES):
        return value
    low, high = min(known), max(known)
    if value.name in ("Heart rate", "RR mean"):
        beats = [row["RR mean"].value for row in rows]
        counts = [minute.n_beats for minute in minutes if not minute.reason]
        total = [(rr, n) for rr, n in zip(beats, counts, strict=True) if rr is not None]
        mean = sum(rr * n for rr, n in total) / max(1, sum(n for _rr, n in total))
        made = round(60_000 / mean, 1) if value.name == "Heart rate" else round(mean)
        note = f"over {sum(counts)} QRS complexes, minutes from {low:g} to {high:g}"
    elif value.name in WHOLE:
        made = low if value.name == "RR min" else high
        own = next(row[value.name] for row in rows if value.name in row and row[value.name].value == made)
        note, value = own.note, replace(value, where_s=own.where_s, confidence=own.confidence)
    else:
        made = round(float(np.median(known)))
        note = f"median over {len(known)} minutes, {low:g} to {high:g}"
        if FEW_LEADS_NOTE in value.note:
            note += f"; {FEW_LEADS_NOTE}"
    return replace(value, value=float(made), note=note)


def _over_seams(
    value: Measurement, record: EcgRecord, leads: Sequence[str], seams: Sequence[tuple[float, float]]
) -> Measurement:
    """Return the longest RR interval, which may lie from one minute to the next: there, where it is plainly one.

    At the ends of a minute a beat that is cut through is lost, so that a seam with a doubt says nothing.
    """
    if value.name != "RR max" or value.value is None:
        return value
    for start, end in sorted(seams, key=lambda seam: seam[0] - seam[1]):
        length_ms = round(1000 * (end - start))
        if length_ms <= value.value:
            break
        if not between_beats.doubt(record, leads, start, end):
            return replace(value, value=float(length_ms), note="", where_s=(start, end))
    return value


def _later(found: Measured, by_s: float) -> Measured:
    """Return the measurements of a minute with times from the beginning of the record."""
    median = found.median
    if median is not None:
        median = replace(median, aligned_s=tuple(at + by_s for at in median.aligned_s))
    return replace(
        found,
        beats=tuple(_beat(beat, by_s) for beat in found.beats),
        median=median,
        values=tuple(_place(one, by_s) for one in found.values),
        lead_values=tuple(_place(one, by_s) for one in found.lead_values),
    )


def _beat(beat: Beat, by_s: float) -> Beat:
    overall: dict[Kind, Wave | None] = {
        kind: None if wave is None else _wave(wave, by_s) for kind, wave in beat.overall.items()
    }
    return Beat(
        overall,
        {name: {kind: _wave(wave, by_s) for kind, wave in own.items()} for name, own in beat.leads.items()},
    )


def _wave(wave: Wave, by_s: float) -> Wave:
    return Wave(wave.onset_s + by_s, wave.peak_s + by_s, wave.offset_s + by_s)


def _place(one: Measurement, by_s: float) -> Measurement:
    if one.where_s is None:
        return one
    return replace(one, where_s=(one.where_s[0] + by_s, one.where_s[1] + by_s))


def _clock(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"
