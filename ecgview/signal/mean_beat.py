"""Figures of the mean beat of an ECG, by which it differs from what merely repeats, or was written at another rate.

A heart is one source: the QRS complex comes at one moment in all leads, and the leads are projections of so few
dimensions that three hold nearly all of them (a dipole; the chest leads lie near and have a little more). A T wave
follows. Shapes that repeat in each lead on their own (movement of a chest compression, test signals, copies of several
people's leads) are alike from beat to beat, but not this.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.signal import medians

Row = NDArray[np.float64]
INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")  # the other four are sums of I and II
FEWEST_LEADS = 6  # in fewer, three dimensions say nothing
BEFORE_S, AFTER_S = 0.30, 0.45
QRS_S = 0.10  # each side of R
T_FROM_S, T_PEAK_FROM_S = 0.10, 0.12
NEXT_P_S = 0.10  # before the next R: no T wave any more
APART_S = 0.08  # of the steepest moments of two leads: no one QRS complex
STEEP = (0.10, 0.25)  # of the largest speed of the heart's vector
DIMENSIONS = 3
OF_ONE_BEAT = 0.45  # of the distance of beats, each side of R


@dataclass(frozen=True, slots=True)
class MeanBeat:
    """Figures of the median over beats, of the leads that have beats of their own.

    `leads` is how many. `in_three` is the share of their power in three dimensions, each lead of equal weight; `apart`
    how many have their steepest moment over 80 ms from where the middle lead has it, `spread_s` the median of those
    distances. `t_to_qrs` is peak to peak after
    the QRS against that of it, in the lead where that is most; `t_peak_s` where after R the vector is largest then.
    `qrs_s` is how long the vector moves with a tenth of its largest speed or more, `steep_s` with a quarter;
    `qrs_hz` the mean frequency of the QRS. `rr_s` is the median distance of beats.
    """

    leads: int
    in_three: float
    in_one: float
    apart: int
    spread_s: float
    t_to_qrs: float
    t_peak_s: float
    qrs_s: float
    steep_s: float
    qrs_hz: float
    rr_s: float


def measure(
    band: Row, names: Sequence[str], alike: Row, places: NDArray[np.int64], fs_hz: float, least_alike: float
) -> MeanBeat | None:
    """Return the figures; None with fewer than two whole beats, or too few leads.

    Args:
        band: (leads, samples) mV between 1 and 40 Hz.
        names: of the leads.
        alike: (leads,) how alike the beats are in each lead.
        places: samples of the QRS complexes.
        fs_hz: of `band`.
        least_alike: below, a lead has no beats of its own and is left out.
    """
    before, after, near = (round(part * fs_hz) for part in (BEFORE_S, AFTER_S, QRS_S))
    whole = [int(at) for at in places if before <= at < band.shape[1] - after]
    rows = [
        row
        for row, name in enumerate(names)
        if name in INDEPENDENT and alike[row] >= least_alike and band[row].std() > 1e-6
    ]
    if len(whole) < 2 or len(rows) < FEWEST_LEADS:
        return None
    used = band[rows]
    beat = medians.over_few(np.stack([used[:, at - before : at + after] for at in whole]), axis=0)
    beat -= beat.mean(1, keepdims=True)
    qrs = beat[:, before - near : before + near + 1]
    rr_s = float(np.median(np.diff(places))) / fs_hz
    first = before + round(T_FROM_S * fs_hz)
    end = before + max(round(0.16 * fs_hz), round(min(AFTER_S, rr_s - NEXT_P_S) * fs_hz))
    tail = beat[:, first:end]
    speed = np.sqrt((np.gradient(beat, axis=1) ** 2).sum(0))
    about = speed[max(0, before - round(0.12 * fs_hz)) : before + round(0.12 * fs_hz)]
    peak_from = before + round(T_PEAK_FROM_S * fs_hz)
    size = np.sqrt((beat[:, peak_from:end] ** 2).sum(0))
    reach = round(OF_ONE_BEAT * rr_s * fs_hz)  # a quick rhythm has the next QRS within the window
    one = beat[:, max(0, before - reach) : before + reach]
    steepest = np.abs(np.gradient(one, axis=1)).argmax(1) / fs_hz
    away = np.abs(steepest - np.median(steepest))
    return MeanBeat(
        leads=len(rows),
        in_three=_in_first(beat, DIMENSIONS),
        in_one=_in_first(beat, 1),
        apart=int((away > APART_S).sum()),
        spread_s=float(np.median(away)),
        t_to_qrs=float((np.ptp(tail, axis=1) / (np.ptp(qrs, axis=1) + 1e-6)).max()),
        t_peak_s=float(size.argmax() / fs_hz + T_PEAK_FROM_S),
        qrs_s=_length(about, STEEP[0]) / fs_hz,
        steep_s=_length(about, STEEP[1]) / fs_hz,
        qrs_hz=_mean_hz(qrs, fs_hz),
        rr_s=rr_s,
    )


def _in_first(beat: Row, dimensions: int) -> float:
    squares = np.linalg.svd(beat / (beat.std(1, keepdims=True) + 1e-6), compute_uv=False) ** 2
    return float(squares[:dimensions].sum() / squares.sum())


def _length(speed: Row, part: float) -> int:
    above = np.flatnonzero(speed > part * speed.max())
    return int(above[-1] - above[0]) if above.size else 0


def _mean_hz(qrs: Row, fs_hz: float) -> float:
    centred = qrs - qrs.mean(1, keepdims=True)
    size = max(256, 2 * qrs.shape[1])
    power = (np.abs(np.fft.rfft(centred * np.hanning(qrs.shape[1]), size, axis=1)) ** 2).sum(0)
    return float((power * np.fft.rfftfreq(size, 1 / fs_hz)).sum() / (power.sum() + 1e-12))
