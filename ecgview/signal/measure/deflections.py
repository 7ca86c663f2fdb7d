"""What one lead of the median beat holds: amplitudes, durations and areas of P, Q, R, S, T, and its ST segment.

Amplitudes are against the level just before QRS onset (T3 of the conventions); those of P against the line from its
onset to its end. A deflection of QRS counts from 20 µV and 6 ms on (CSE Working Party, 1985). The slope of PR that goes
on into QRS is no deflection, nor what runs up to the level of ST and does not come back before J.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgview.signal.measure.measured import Median
from ecgview.signal.measure.waves import Kind, Wave

Row = NDArray[np.float64]

LEAST_MV, LEAST_S = 0.02, 0.006
NOISES, OF_WHOLE = (
    3.0,
    0.02,
)  # a deflection is more than so many times the noise, and than this part of the complex
BASE_S = 0.016  # before QRS onset
PR_S = (0.040, 0.008)  # from and until so long before QRS onset: the slope that PR ends with
LATER_MS = (0, 40, 60, 80)  # after J
SECOND_PHASE_MV, SECOND_PHASE = (
    0.05,
    0.15,
)  # of T: smaller is its foot; the second of the first phase's height
P_PHASE_MV = 0.02
T_SLOPE = 0.15  # of T's height: where T has fallen so far it has ended, by threshold


@dataclass(slots=True)
class LeadShape:
    """Values of one lead: mV, ms and mV ms by name; what is not there is left out. `notes` say why, by name."""

    values: dict[str, tuple[float, str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A deflection of QRS: its samples from QRS onset, the first, the last, its top; its height in mV with its sign."""

    first: int
    last: int
    height: float
    top: int


def of(
    median: Median, overall: Mapping[Kind, Wave | None], leads: Mapping[str, Mapping[Kind, Wave]]
) -> dict[str, LeadShape]:
    """Return the values of each lead of a median beat; nothing of QRS where it has no edges."""
    qrs = overall["QRS"]
    made = {name: LeadShape() for name in median.lead_names}
    if qrs is None:
        return made
    fs, peak = median.sampling_rate_hz, median.peak
    n = median.signal.shape[1]
    on, off = (_sample(at, fs, peak, n) for at in (qrs.onset_s, qrs.offset_s))
    first, past = median.level_samples(qrs.onset_s, BASE_S)
    base = median.signal[:, first:past].mean(1, keepdims=True)
    level = (median.signal - base).astype(np.float64)
    for name, row in zip(median.lead_names, level, strict=True):
        shape = made[name]
        noise = median.noise_mv.get(name, 0.0) / max(1, median.n_beats) ** 0.5
        _qrs(shape, row[on : off + 1], fs, NOISES * noise, pr_slope(row, on, median))
        for later in LATER_MS:
            at = off + round(later * fs / 1000)
            if at < n:
                shape.values["J" if not later else f"J+{later}"] = (float(row[at]), "mV")
        own = leads.get(name, {})
        if "QRS" in own:
            shape.values["QRS duration"] = (1000 * (own["QRS"].offset_s - own["QRS"].onset_s), "ms")
        if (p := overall["P"]) is not None:
            _p(shape, row, p, own.get("P"), fs, peak)
        if (t := overall["T"]) is not None:
            _t(shape, row, (on, off), t, own.get("T"), fs, peak)
    return made


def _sample(at_s: float, fs_hz: float, peak: int, n: int) -> int:
    return min(n - 1, max(0, peak + round(at_s * fs_hz)))


def pr_slope(row: Row, onset: int, median: Median) -> float:
    """Return the slope of a lead of a median beat, in mV per sample, just before the sample of QRS onset.

    It is 0 at the edge of the row, and where a stimulus stands in a paced beat: none is to be told there.
    """
    first, past = (onset - round(before * median.sampling_rate_hz) for before in PR_S)
    if median.stimulus_s is not None or first < 0 or past - first < 3:
        return 0.0
    along = np.arange(past - first) - (past - first - 1) / 2
    return float(row[first:past] @ along / (along @ along))


def parts(row: Row, fs_hz: float, least_mv: float, least_s: float, slope: float = 0.0) -> list[Part]:
    """Return the deflections of a QRS complex in time order, each of one sign.

    A complex of one deflection alone is one whatever its ends are. Of several, the first stands out from the slope of
    PR continued, and the last comes back from its top before QRS ends, both by the least height: else it is not of QRS.

    Args:
        row: (samples,) mV of one lead from QRS onset to its end, zero before its onset.
        fs_hz: its rate.
        least_mv: the height that counts.
        least_s: the duration that counts.
        slope: of the lead before QRS onset, in mV per sample (`pr_slope`).
    """
    found = _of_one_sign(row, fs_hz, least_mv, least_s)
    if len(found) > 1 and found[0].first < LEAST_S * fs_hz and _goes_on(found[0], fs_hz, slope, least_mv):
        found = found[1:]
    if len(found) > 1 and found[-1].last == len(row) - 1:
        last = found[-1]
        if abs(last.height) - abs(float(row[last.last])) < least_mv:
            found = found[:-1]
    return found


def _goes_on(part: Part, fs_hz: float, slope: float, least_mv: float) -> bool:
    """Return whether a first deflection is no more than PR continued; zero is PR in the middle of the base."""
    sign = float(np.sign(part.height))
    continued = slope * (part.top + BASE_S / 2 * fs_hz)
    return sign * slope > 0 and sign * (part.height - continued) < least_mv


def _of_one_sign(row: Row, fs_hz: float, least: float, least_s: float) -> list[Part]:
    sign = np.sign(row).astype(np.int8)
    edges = np.flatnonzero(np.diff(sign)) + 1
    bounds = [0, *edges.tolist(), len(row)]
    found = []
    for first, after in pairwise(bounds):
        top = first + int(np.abs(row[first:after]).argmax())
        if abs(row[top]) >= least and after - first >= least_s * fs_hz:
            found.append(Part(first, after - 1, float(row[top]), top))
    return found


def _qrs(shape: LeadShape, row: Row, fs_hz: float, noise_mv: float, slope: float) -> None:
    ms = 1000 / fs_hz
    least = max(LEAST_MV, noise_mv, OF_WHOLE * float(np.ptp(row)))
    shape.values["QRS area"] = (float(np.trapezoid(row)) * ms, "mV ms")
    named: dict[str, Part] = {}
    rises = 0
    for part in _joined(parts(row, fs_hz, least, LEAST_S, slope)):
        if part.height > 0:
            rises += 1
            name = "R" + "'" * (rises - 1)
        else:
            name = "Q" if not rises else "S" + "'" * (rises - 1)
        named[name] = part
    for name in ("Q", "R", "S", "R'", "S'"):
        if name in named:
            part = named[name]
            shape.values[f"{name} amplitude"] = (part.height, "mV")
            shape.values[f"{name} duration"] = ((part.last - part.first + 1) * ms, "ms")
    if set(named) == {"Q"}:
        shape.notes["Q amplitude"] = shape.notes["S amplitude"] = shape.notes["R amplitude"] = "QS complex"
    rising = [part for part in named.values() if part.height > 0]
    if rising:
        highest = max(rising, key=lambda part: part.height)
        shape.values["R peak time"] = (highest.top * ms, "ms")


def _joined(found: Sequence[Part]) -> list[Part]:
    """Return the deflections with neighbours of one sign made one: what was between them was too small to count."""
    out: list[Part] = []
    for part in found:
        if out and (out[-1].height > 0) == (part.height > 0):
            before = out[-1]
            larger = max(before, part, key=lambda one: abs(one.height))
            out[-1] = Part(before.first, part.last, larger.height, larger.top)
        else:
            out.append(part)
    return out


def _p(shape: LeadShape, row: Row, p: Wave, own: Wave | None, fs_hz: float, peak: int) -> None:
    first, last = (_sample(at, fs_hz, peak, len(row)) for at in (p.onset_s, p.offset_s))
    if last - first < 3:
        return
    ms = 1000 / fs_hz
    wave = row[first : last + 1] - np.linspace(row[first], row[last], last - first + 1)
    shape.values["P area"] = (float(np.trapezoid(wave)) * ms, "mV ms")
    if own is not None:
        shape.values["P duration"] = (1000 * (own.offset_s - own.onset_s), "ms")
    top = int(np.abs(wave).argmax())
    shape.values["P amplitude"] = (float(wave[top]), "mV")
    # The terminal phase, of the other sign: that of V1 tells of the left atrium.
    after = wave[top:] * np.sign(wave[top])
    low = int(after.argmin())
    before = wave[: top + 1] * np.sign(wave[top])
    if after[low] <= -P_PHASE_MV and after[low] <= before.min():
        crossing = int(np.flatnonzero(after < 0)[0])
        shape.values["P' amplitude"] = (float(wave[top + low]), "mV")
        shape.values["P' duration"] = ((len(after) - crossing) * ms, "ms")
    elif before.min() <= -P_PHASE_MV:
        # The first phase is the smaller one: name them in their order, as P and P'.
        crossing = int(np.flatnonzero(before < 0)[-1]) + 1
        shape.values["P amplitude"] = (float(wave[int(before.argmin())]), "mV")
        shape.values["P' amplitude"] = (float(wave[top]), "mV")
        shape.values["P' duration"] = ((len(wave) - crossing) * ms, "ms")


def _t(
    shape: LeadShape, row: Row, qrs: tuple[int, int], t: Wave, own: Wave | None, fs_hz: float, peak: int
) -> None:
    on, off = qrs
    ms = 1000 / fs_hz
    first, last = (_sample(at, fs_hz, peak, len(row)) for at in (t.onset_s, t.offset_s))
    first = max(first, off + 1)
    if last - first < 4:
        return
    wave = row[first : last + 1]
    shape.values["T area"] = (float(np.trapezoid(wave)) * ms, "mV ms")
    top = first + int(np.abs(wave).argmax())
    height = float(row[top])
    shape.values["T amplitude"] = (height, "mV")
    other = first + int((wave * -np.sign(height)).argmax())
    if -row[other] * np.sign(height) >= max(SECOND_PHASE_MV, SECOND_PHASE * abs(height)):
        shape.values["T' amplitude"] = (float(row[other]), "mV")
        order = (height, row[other]) if top < other else (row[other], height)
        words = ["positive" if one > 0 else "negative" for one in order]
        shape.notes["T amplitude"] = f"{words[0]}, then {words[1]}"
    for name, end in t_ends(row, max(top, other) if "T' amplitude" in shape.values else top, fs_hz).items():
        shape.values[f"QT, {name}"] = ((end - on) * ms, "ms")
    if own is not None:
        shape.values["QT, network"] = (1000 * (own.offset_s + peak / fs_hz) - on * ms, "ms")


def t_ends(row: Row, top: int, fs_hz: float) -> dict[str, float]:
    """Return where T ends, in samples, after its last peak: by the tangent at the steepest place, and by threshold.

    What rises again after T is a U wave: both look no further than the lowest place before it, and at most 250 ms. The
    threshold is 15 % of the height of T over that place. Nothing where T is too small to have a flank.

    Args:
        row: (samples,) mV, one lead, zero before QRS onset.
        top: sample of the last peak of T.
        fs_hz: of the row.
    """
    width = max(3, round(0.016 * fs_hz)) | 1
    part = row[top : top + round(0.25 * fs_hz)] * np.sign(row[top])
    if len(part) < 3 * width:
        return {}
    beyond = width // 2
    padded = np.concatenate([np.full(beyond, part[0]), part, np.full(beyond, part[-1])])
    smooth = np.convolve(padded, np.ones(width) / width, mode="valid")
    foot = _foot(smooth.tolist())
    fall = np.gradient(smooth[: foot + 1]) if foot > 2 else np.zeros(1)
    steepest = int(fall.argmin())
    if fall[steepest] >= 0 or smooth[0] - smooth[foot] < LEAST_MV:
        return {}
    # The baseline is that before QRS; a foot that stays above it, on a U wave or a fast heart's next P, is the end.
    level = max(0.0, float(smooth[foot])) if smooth[foot] > 0 else float(smooth[foot])
    tangent = min(float(foot), steepest + (smooth[steepest] - level) / -fall[steepest])
    least = level + T_SLOPE * (float(smooth[0]) - level)
    below = np.flatnonzero(smooth[: foot + 1] <= least)
    threshold = float(below[0]) if below.size else float(foot)
    return {"tangent": top + tangent, "threshold": top + threshold}


def _foot(smooth: Sequence[float]) -> int:
    """Return the first place after T that stays the lowest until a rise of a tenth of T."""
    height = smooth[0]
    rise = max(0.1 * abs(height), 0.01)
    place, lowest = 0, height
    for k, level in enumerate(smooth):
        if level < lowest:
            place, lowest = k, level
        elif lowest < 0.5 * height and level > lowest + rise:
            break
    return place
