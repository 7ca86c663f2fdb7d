"""From the beats of a record to its measurements, whoever found the beats; and again after edits, in milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import SignalError
from ecgview.record import EcgRecord
from ecgview.results import ModelFacts
from ecgview.signal import pacing
from ecgview.signal.gaps import bridged
from ecgview.signal.measure import (
    atrial,
    between_beats,
    by_rules,
    deflections,
    edges,
    hands,
    intervals,
    mains,
    representative,
    sorting,
)
from ecgview.signal.measure.figures import Basis, lead_values, usual, values
from ecgview.signal.measure.measured import BeatClass, Edit, Measured, Median, TEnd
from ecgview.signal.measure.waves import Beat, Kind, Rules, Wave, over_leads
from ecgview.signal.measurements import Measurement

Row = NDArray[np.float64]

LEAST_RATE_HZ, MOST_RATE_HZ = 500.0, 1000.0  # of the median beat
FEWEST_AF, IRREGULAR = 4, 0.10  # beats without P that irregular: mean step of RR over mean RR
T_LEAST_MV = 0.05  # a lead with a flatter T says nothing of where it ends
NOISY_MV = 0.10
NOT_LAID_ON = "An edge put elsewhere by hand is not laid on"
FEW_HZ = 250.0


def of(
    record: EcgRecord,
    beats: Sequence[Beat],
    edits: Sequence[Edit] = (),
    *,
    leads: Sequence[str] | None = None,
    left_out: Mapping[str, str] | None = None,
    model: ModelFacts | None = None,
    warnings: Sequence[str] = (),
    t_end: TEnd = "network",
) -> Measured:
    """Return the measurements of a record whose beats are known.

    Args:
        record: of any length that fits into memory several times.
        beats: in time order, times from the record's first sample; one at least.
        edits: laid on them, in order.
        leads: that the beats were found in; None = all.
        left_out: why the others were not used.
        model: who found the beats; None = rules.
        warnings: what a reader of the numbers must know.
        t_end: how the end of T is found for QT.

    Raises:
        SignalError: an edit names what is not there, or puts an edge where it cannot be.
    """
    names = tuple(record.lead_names if leads is None else leads)
    signal, rate = at_rate(np.stack([record.lead(name) for name in names]), record.sampling_rate_hz)
    stimuli_s = pacing.detect(record).times_s
    found = sorting.sort(signal, rate, beats, stimuli_s)
    signal = mains.without(signal, rate, [beat.time_s for beat in beats])
    straight = representative.straightened(signal, rate, beats, found.dominant)
    stacked = representative.stack(straight, rate, found.aligned_s, found.dominant)
    median = representative.of(stacked, names, rate, found.aligned_s)
    rr_s = _usual_rr(beats)
    checked = by_rules.found(median.signal.astype(np.float64), rate, median.peak, rr_s)
    own = [beats[k] for k in median.beats]
    marked = representative.overall(own, median.aligned_s, intervals.of(own))
    median = replace(median, by_rules=checked, qrs_inward_s=edges.inward(median, marked))
    median = replace(median, stimulus_s=representative.stimulus(median, marked["QRS"], stimuli_s))
    doubted = {
        name: f"noisy: {level:.2g} mV from beat to beat"
        for name, level in median.noise_mv.items()
        if level > NOISY_MV
    }
    base = Measured(
        names,
        dict(left_out or {}),
        tuple(beats),
        found.classes,
        median,
        model=model,
        warnings=tuple(warnings),
        t_end=t_end,
        lead_notes=doubted,
        atrial=atrial.find(record, names, beats),
        record_sha256=record.source.sha256,
    )
    plain = _filled(base, record, ())
    return again(plain, record, edits) if edits else plain


def again(measured: Measured, record: EcgRecord, edits: Sequence[Edit]) -> Measured:
    """Return the measurements after all these edits, in place of those before; none gives exactly what was measured.

    Neither network nor signal is asked again. Values that the edits change have the source "edited", who did it, and
    what was computed before.

    Raises:
        SignalError: an edit names what is not there, or puts an edge where it cannot be; it says which, and between
            which places it may be.
    """
    measured.require_of(record)
    base = measured.unedited or measured
    if not edits:
        return base
    made = _filled(_with_beats(base, record, edits), record, edits)
    by = ", ".join(dict.fromkeys(one.by for one in edits if one.by))
    before = {(one.name, one.lead): one for one in (*base.values, *base.lead_values)}
    return replace(
        made,
        values=_told(made.values, before, by),
        lead_values=_told(made.lead_values, before, by),
        edits=tuple(edits),
        unedited=base,
    )


def as_far_as_possible(measured: Measured, record: EcgRecord, edits: Sequence[Edit]) -> Measured:
    """Return the same for edits that may not fit what is measured now, with a warning for each that does not.

    A read's edits are of what was measured when they were made: another network finds other beats, and two windows may
    each have moved an edge so that they cross.
    """
    base = measured.unedited or measured
    kept, refused = fitting(base, record, edits)
    if not refused:
        return again(base, record, kept)
    made = again(base, record, kept) if kept else replace(base, unedited=base)
    return replace(
        made, warnings=(*made.warnings, *(f"{NOT_LAID_ON}: {error.sentence}" for error in refused))
    )


def fitting(
    measured: Measured, record: EcgRecord, edits: Sequence[Edit]
) -> tuple[tuple[Edit, ...], tuple[SignalError, ...]]:
    """Return the edits that can be laid on what was measured, and why each of the others cannot; in a millisecond."""
    measured.require_of(record)
    base = measured.unedited or measured
    kept, refused = list(edits), list[SignalError]()
    while kept:
        try:
            _waves(_with_beats(base, record, kept), kept)
        except hands.ImpossibleEdit as error:
            kept.remove(error.edit)
            refused.append(error)
        except SignalError as error:
            return (), (error,)
        else:
            break
    return tuple(kept), tuple(refused)


def _with_beats(base: Measured, record: EcgRecord, edits: Sequence[Edit]) -> Measured:
    """Return the measurements with the edits of single beats, their values as they were."""
    if base.median is None:
        raise SignalError("nothing was measured that could be edited", found=base.reason)
    if base.trend:
        raise SignalError("a record that was measured minute by minute cannot be edited")
    return replace(base, beats=hands.on_beats(base.beats, edits, record.seconds))


def _told(
    rows: Sequence[Measurement], before: Mapping[tuple[str, str], Measurement], by: str
) -> tuple[Measurement, ...]:
    """Return the values, those that differ from what was computed marked as edited."""
    made = []
    for one in rows:
        old = before.get((one.name, one.lead))
        computed = None if old is None else old.value
        if one.value == computed:
            made.append(one if old is None else old)
        else:
            made.append(replace(one, source="edited", by=by, before=computed, confidence=""))
    return tuple(made)


def at_rate(signal: NDArray[np.float32], fs_hz: float) -> tuple[Row, float]:
    """Return the leads without gaps at a rate that is fine enough for 1 ms, and that rate."""
    from ecgview.signal.resampling import resample

    filled = bridged(signal)[0]
    if LEAST_RATE_HZ <= fs_hz <= MOST_RATE_HZ:
        return filled, fs_hz
    rate = LEAST_RATE_HZ if fs_hz < LEAST_RATE_HZ else MOST_RATE_HZ
    if fs_hz < FEW_HZ:  # straight lines: what is cut off at half so low a rate rings before a sharp QRS onset
        n = filled.shape[1]
        place = np.arange(round(n * rate / fs_hz)) * fs_hz / rate
        return np.stack([np.interp(place, np.arange(n), row) for row in filled]), rate
    return resample(filled.astype(np.float32), fs_hz, rate).astype(np.float64), rate


def _usual_rr(beats: Sequence[Beat]) -> float:
    times = [beat.time_s for beat in beats]
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.8


def is_fibrillating(beats: Sequence[Beat], classes: Sequence[BeatClass]) -> bool:
    """Return whether the rhythm is irregular and has no P waves, as in atrial fibrillation."""
    own = [beat for beat, kind in zip(beats, classes, strict=True) if kind != "noise"]
    rr = np.array([end - start for start, end in between_beats.following(beats, classes)])
    if len(rr) < FEWEST_AF or intervals.has_p(own):
        return False
    return bool(np.abs(np.diff(rr)).mean() > IRREGULAR * rr.mean())


class _Waves(NamedTuple):
    """The waves of the median beat, and whether its beats are those of atrial fibrillation."""

    overall: Mapping[Kind, Wave | None]
    leads: Mapping[str, Mapping[Kind, Wave]]
    fibrillating: bool


def _waves(base: Measured, edits: Sequence[Edit]) -> _Waves:
    """Return the waves of the median beat as its beats have them, and the edits that are of it laid on them."""
    median = base.median
    assert median is not None  # whoever measures has one
    own = [base.beats[k] for k in median.beats]
    fibrillating = is_fibrillating(base.beats, base.classes)
    found = representative.averaged(own) if fibrillating else intervals.of(own)
    overall = representative.overall(own, median.aligned_s, found, median.qrs_inward_s)
    has: dict[Kind, bool] = {kind: wave is not None for kind, wave in overall.items()}
    leads = representative.of_leads(own, median.aligned_s, median.lead_names, has)
    if base.t_end != "network" and overall["T"] is not None:
        overall["T"] = _other_t_end(median, overall, leads, base.t_end, _usual_rr(base.beats))
    return _Waves(hands.on_median(base, overall, edits), leads, fibrillating)


def _filled(base: Measured, record: EcgRecord, edits: Sequence[Edit]) -> Measured:
    """Return the measurements with their values, made from beats, classes and median beat alone."""
    assert base.median is not None  # whoever measures has one
    overall, leads, fibrillating = _waves(base, edits)
    median = replace(base.median, overall=overall, leads=leads)
    shapes = _shapes(median, overall, leads, _usual_rr(base.beats))
    basis = Basis(
        record,
        base.beats,
        base.classes,
        median,
        shapes,
        fibrillating,
        base.t_end,
        base.model is not None,
        usual([base.beats[k] for k in median.beats]),
    )
    made = values(basis)
    rate = next((one.value for one in made if one.name == "Heart rate"), None)
    made = (*made, *atrial.values(base.atrial, rate))
    return replace(base, median=median, values=made, lead_values=lead_values(basis))


def _shapes(
    median: Median,
    overall: Mapping[Kind, Wave | None],
    leads: Mapping[str, Mapping[Kind, Wave]],
    rr_s: float,
) -> dict[str, deflections.LeadShape]:
    """Return the shapes of the leads; a T that would end in the next beat's P wave, or in its QRS, has no such end."""
    shapes = dict(deflections.of(median, overall, leads))
    p, qrs = overall["P"], overall["QRS"]
    latest_ms = 1000 * (rr_s - (qrs.onset_s - p.onset_s if p is not None and qrs is not None else 0.0))
    for shape in shapes.values():
        for name in ("QT, tangent", "QT, threshold"):
            if name in shape.values and shape.values[name][0] >= latest_ms:
                del shape.values[name]
    return shapes


def _other_t_end(
    median: Median,
    overall: Mapping[Kind, Wave | None],
    leads: Mapping[str, Mapping[Kind, Wave]],
    t_end: TEnd,
    rr_s: float,
) -> Wave | None:
    """Return T with the end that another method finds on the leads of the median beat, None where it finds none."""
    t, qrs = overall["T"], overall["QRS"]
    assert t is not None  # asked of a T, and of
    assert qrs is not None  # a beat is made of its QRS
    shapes = _shapes(median, overall, leads, rr_s)
    ends = [
        qrs.onset_s + shape.values[f"QT, {t_end}"][0] / 1000
        for shape in shapes.values()
        if f"QT, {t_end}" in shape.values and abs(shape.values["T amplitude"][0]) >= T_LEAST_MV
    ]
    if not ends:
        return None
    end = over_leads("T", [Wave(t.onset_s, t.peak_s, one) for one in ends], Rules()).offset_s
    return Wave(min(t.onset_s, end - 0.01), min(t.peak_s, end), end)
