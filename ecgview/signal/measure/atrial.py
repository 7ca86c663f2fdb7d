"""P waves that no QRS follows, between the beats: by rules, for the network marks P waves of beats only.

A P wave has the same direction in all leads each time, and P waves come at one interval. Bumps that look alike are
sought between T and the next QRS; a P wave that hides in QRS or T is not seen, only that its place is hidden. So 2:1
block is seen where the P wave that is not conducted stands free of T.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgview.record import EcgRecord
from ecgview.signal.gaps import bridged
from ecgview.signal.measure.waves import Beat
from ecgview.signal.measurements import Measurement
from ecgview.signal.resampling import resample

Rows = NDArray[np.float64]

WORKING_HZ = 250.0
BUMP_S = 0.025  # sigma of the bump that is sought: a P wave of about 100 ms
LEAST_MV, OVER_NOISE = 0.012, 3.0  # response over all leads, and over that of the quiet parts between beats
ALIKE = 0.85  # cosine of two bumps over the leads: one direction
ALIKE_P = 0.92  # to P waves that are known: a U wave may point nearly as they do
SIZE = (0.5, 2.0)  # of a bump against the usual one
APART_S = 0.24  # two P waves are not nearer
FEWEST = 5
SHORTEST_S, LONGEST_S, STEP_S = 0.3, 1.6, 0.005  # PP intervals that are tried: 38 to 200 per minute
NEAR_S = 0.06  # of a P wave to where the interval puts it
SEEN, EXPLAINED = 0.8, 0.9  # of the places where a P wave would be seen; of the bumps that are alike
FOLLOWS_S = 0.45  # a QRS this long after a P may follow from it
AFTER_T_S = 0.02
LONGEST_RECORD_S = 30.0
DIFFERS = 0.08  # of the ventricular rate: less is the same one


@dataclass(frozen=True, slots=True)
class Atrial:
    """Regular P waves: their rate per minute, their times in s, and which of them no QRS follows.

    `turns` says for each beat how far after the P wave before it its QRS begins, in parts of the PP interval: the same
    each time where P waves are conducted.
    """

    rate_bpm: float
    times_s: tuple[float, ...]
    alone_s: tuple[float, ...]
    turns: tuple[float, ...]

    @property
    def spread_ms(self) -> float:
        """The standard deviation of those distances in ms, on the circle that an interval is."""
        away = float(np.abs(np.exp(2j * np.pi * np.array(self.turns, np.float64)).mean()))
        return float(np.sqrt(-2 * np.log(max(away, 1e-9))) / (2 * np.pi) * 60_000 / self.rate_bpm)


def find(record: EcgRecord, leads: Sequence[str], beats: Sequence[Beat]) -> Atrial | None:
    """Return the P waves of a record where they come at one interval; None where that is not seen."""
    names = [name for name in leads if name in record.lead_names]
    if len(beats) < 3 or not names or record.seconds > LONGEST_RECORD_S:
        return None
    signal = bridged(np.stack([record.lead(name) for name in names]))[0].astype(np.float32)
    rows = resample(signal, record.sampling_rate_hz, WORKING_HZ).astype(np.float64)
    free = _free(beats, rows.shape[1])
    times, vectors = _bumps(_response(rows), free)
    alike = _alike(times, vectors, beats)
    if len(alike) < FEWEST:
        return None
    period, start = _period(alike, free)
    if not period:
        return None
    fitting = np.array([one for one in alike if _off(one, start, period) <= NEAR_S])
    turns = np.rint((fitting - start) / period)
    period, start = (float(one) for one in np.polyfit(turns, fitting, 1))
    last = rows.shape[1] / WORKING_HZ
    onsets = [one.overall["QRS"].onset_s for one in beats if one.overall["QRS"] is not None]
    hits = [one for one in alike if _off(one, start, period) <= NEAR_S]
    alone = [
        one
        for one in hits
        if one + FOLLOWS_S < last and not any(one < at <= one + FOLLOWS_S for at in onsets)
    ]
    rate = 60.0 / float(np.mean(np.diff([beat.time_s for beat in beats])))
    if not alone and abs(60.0 / period / rate - 1) > DIFFERS:
        return None  # another rate, and yet a QRS follows each: bumps of another kind
    after_p = tuple((at - start) / period % 1.0 for at in onsets)
    return Atrial(60.0 / period, tuple(hits), tuple(alone), after_p)


def values(found: Atrial | None, ventricular_bpm: float | None) -> Iterator[Measurement]:
    """Yield the atrial rate where it is not that of the ventricles."""
    if found is None or ventricular_bpm is None:
        return
    if found.alone_s or abs(found.rate_bpm / ventricular_bpm - 1) > DIFFERS:
        alone = ", ".join(f"{at:.2f}" for at in found.alone_s)
        note = f"regular P waves; no QRS follows those at {alone} s" if alone else "regular P waves"
        yield Measurement("Atrial rate", round(found.rate_bpm, 1), "bpm", note=note, confidence="medium")


def _off(at: float, start: float, period: float) -> float:
    """Return how far a time is from the nearest place of an interval, in s."""
    return abs((at - start + period / 2) % period - period / 2)


def _free(beats: Sequence[Beat], n: int) -> NDArray[np.bool_]:
    """Return which samples lie between the end of a T wave and the next QRS."""
    free = np.zeros(n, bool)
    usual = [
        wave.offset_s - qrs.onset_s
        for beat in beats
        if (wave := beat.overall["T"]) is not None and (qrs := beat.overall["QRS"]) is not None
    ]
    length = float(np.median(usual)) if usual else 0.45
    for beat, after in pairwise(beats):
        qrs, later = beat.overall["QRS"], after.overall["QRS"]
        if qrs is None or later is None:
            continue
        t = beat.overall["T"]
        end = (t.offset_s if t is not None else qrs.onset_s + length) + AFTER_T_S
        free[max(0, round(end * WORKING_HZ)) : max(0, round((later.onset_s - 0.03) * WORKING_HZ))] = True
    return free


def _response(rows: Rows) -> Rows:
    """Return how much of a bump stands at each sample of each lead, in mV."""
    half = round(4 * BUMP_S * WORKING_HZ)
    at = np.arange(-half, half + 1) / WORKING_HZ / BUMP_S
    kernel = (1 - at**2) * np.exp(-(at**2) / 2)
    kernel -= kernel.mean()
    kernel /= float(kernel @ np.exp(-(at**2) / 2))  # a Gaussian bump answers with its height
    return np.stack([np.convolve(row, kernel, mode="same") for row in rows])


def _bumps(response: Rows, free: NDArray[np.bool_]) -> tuple[list[float], list[Rows]]:
    """Return times and directions of the bumps between beats that stand out of the noise."""
    size = np.sqrt(np.square(response).mean(0))
    quiet = float(np.median(size[free])) if free.any() else np.inf
    least = max(LEAST_MV, OVER_NOISE * quiet)
    inside = np.flatnonzero(free[1:-1] & (size[1:-1] >= size[:-2]) & (size[1:-1] > size[2:])) + 1
    kept: list[int] = []
    for sample in sorted(inside.tolist(), key=lambda one: -size[one]):
        far = all(abs(sample - other) / WORKING_HZ >= APART_S for other in kept)
        if size[sample] >= least and far:
            kept.append(sample)
    kept.sort()
    return [one / WORKING_HZ for one in kept], [response[:, one] for one in kept]


def _alike(times: list[float], vectors: list[Rows], beats: Sequence[Beat]) -> list[float]:
    """Return the times of the bumps that look like the P waves of beats, or else like most of them."""
    if not times:
        return []
    matrix = np.stack(vectors)
    sizes = np.linalg.norm(matrix, axis=1)
    cosine = (matrix @ matrix.T) / np.outer(sizes, sizes)
    waves = [beat.overall["P"] for beat in beats]
    marked = [
        k for k, at in enumerate(times) if any(p is not None and abs(p.peak_s - at) < NEAR_S for p in waves)
    ]
    if len(marked) >= 3:
        model = matrix[marked].mean(0)
        likeness = matrix @ model / (sizes * np.linalg.norm(model))
        usual = float(np.median(sizes[marked]))
        least = ALIKE_P
    else:
        middle = int((cosine >= ALIKE).sum(1).argmax())
        likeness = cosine[middle]
        least = ALIKE
        usual = float(np.median(sizes[likeness >= ALIKE]))
    fit = (likeness >= least) & (sizes >= SIZE[0] * usual) & (sizes <= SIZE[1] * usual)
    return [at for at, one in zip(times, fit.tolist(), strict=True) if one]


def _period(times: list[float], free: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the longest interval at which P waves are seen where they could be, and a time of one; 0 if none."""
    at = np.array(times)
    seconds = len(free) / WORKING_HZ
    periods = np.arange(LONGEST_S, SHORTEST_S, -STEP_S)
    half = periods[:, None, None] / 2
    starts = at[: len(at) // 2 + 1]
    off = (at - starts[:, None] + half) % (2 * half) - half  # (periods, starts, bumps)
    for k, first in np.argwhere((np.abs(off) <= NEAR_S).mean(2) >= EXPLAINED).tolist():  # the longest first
        period, start = float(periods[k]), float(starts[first])
        places = np.arange(start % period, seconds, period)
        samples = np.minimum(np.rint(places * WORKING_HZ).astype(int), len(free) - 1)
        visible = places[free[samples]]
        seen = [bool((np.abs(at - place) <= NEAR_S).any()) for place in visible.tolist()]
        if seen and float(np.mean(seen)) >= SEEN:
            return period, start
    return 0.0, 0.0
