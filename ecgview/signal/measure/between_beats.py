"""What lies between two beats: an RR interval is one only where no beat is hidden in it.

A detector that lost a beat and an electrode that fell off both look like a pause. Here each lead's slopes between two
QRS complexes are compared with those of the complexes themselves.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ecgview.record import EcgRecord
from ecgview.runs import lengths
from ecgview.signal import band as band_pass
from ecgview.signal.gaps import bridged, too_long
from ecgview.signal.measure.measured import BeatClass
from ecgview.signal.measure.waves import Beat

BESIDE_S = 1.0  # before and after the interval: the filter settles
QRS_S = 0.1  # to either side of a QRS peak
AFTER_S, BEFORE_S = (
    0.5,
    0.3,
)  # the T wave of the first beat, the P wave of the second: steep where they are tall
BAND_HZ = 5.0, 25.0  # the detector's
WINDOW_S = 0.08
# Of the slope of the smaller of the two complexes. P waves of a standstill and f waves lie under a quarter of it in
# leads with a plain QRS; ours.
LIKE_QRS = 0.3
PLAIN = 0.33  # of the steepest lead's QRS: in a lead with less a P wave may be as steep as QRS
LEAST_MV = 0.02  # of the band-passed QRS: a lead with less shows none
IN_TIME = (0.6, 1.6)  # of the usual RR, before and after: no dropped beat, and no bump within an interval
STILL_S = 0.5  # samples that are all one number for so long, in every lead: nothing was recorded
STILL_MV = 1e-6


def following(beats: Sequence[Beat], classes: Sequence[BeatClass]) -> tuple[tuple[float, float], ...]:
    """Return the times in s of each two QRS complexes that follow each other: what is noise, on or between, is no RR.

    A complex that is like no other may be a beat or none: it counts where it comes in its time, as long after the one
    before as the next comes after it; elsewhere the interval around it is not known.
    """
    times = np.array([beat.time_s for beat in beats])
    rr = np.diff(times)
    if not len(rr):
        return ()
    low, high = (part * float(np.median(rr)) for part in IN_TIME)
    in_time = np.pad((rr >= low) & (rr <= high), 1, constant_values=False)
    counts = [kind != "noise" or bool(in_time[k] and in_time[k + 1]) for k, kind in enumerate(classes)]
    return tuple(
        (float(times[k]), float(times[k + 1])) for k in range(len(rr)) if counts[k] and counts[k + 1]
    )


def silent(
    record: EcgRecord, leads: Sequence[str], beats: Sequence[Beat], longer_s: float
) -> tuple[tuple[float, float], ...]:
    """Return the stretches from one QRS complex to the next that are longer and have no `doubt`, in s.

    What is taken for noise counts as a complex here: the escape beat after a pause is like no other, and if it is none
    the pause is only longer.
    """
    found = pairwise(beat.time_s for beat in beats)
    return tuple(
        (start, end)
        for start, end in found
        if end - start > longer_s and not doubt(record, leads, start, end)
    )


def doubt(record: EcgRecord, leads: Sequence[str], start_s: float, end_s: float) -> str:
    """Return why no interval may be said to be without a beat; nothing where every lead is at rest between the two.

    Args:
        record: of any length; only what is around the interval is looked at.
        leads: that the beats were found in.
        start_s: the QRS peak of one beat, from the record's first sample.
        end_s: that of the next that was found.
    """
    fs = record.sampling_rate_hz
    first, last = max(0, round((start_s - BESIDE_S) * fs)), round((end_s + BESIDE_S) * fs) + 1
    signal = np.stack([record.lead(name)[first:last] for name in leads])
    begin, end = (round((at + by) * fs) - first for at, by in ((start_s, AFTER_S), (end_s, -BEFORE_S)))
    if end - begin < WINDOW_S * fs or fs < 60:
        return ""
    between = signal[:, begin:end]
    gone = [too_long(row, fs) for row in between]
    if all(gone):
        return "nothing was recorded for a part of the interval"
    signal, between = signal[~np.array(gone)], between[~np.array(gone)]
    moving = np.abs(np.diff(between, axis=1)).max(0) > STILL_MV
    if (~moving).any() and lengths(~moving).max() >= STILL_S * fs:
        return "all leads stand still for a part of the interval: a dropout, or an electrode that fell off"
    steep = _steepness(bridged(signal)[0], fs)
    around = round(QRS_S * fs)
    places = [min(steep.shape[1] - 1, round(at * fs) - first) for at in (start_s, end_s)]
    qrs = np.min([steep[:, max(0, at - around) : at + around + 1].max(1) for at in places], axis=0)
    plain = (qrs >= PLAIN * qrs.max()) & (qrs > LEAST_MV / WINDOW_S)
    share = np.where(plain, steep[:, begin:end].max(1) / np.maximum(qrs, 1e-9), 0.0)
    lead = int(share.argmax())
    if share[lead] < LIKE_QRS:
        return ""
    kept = [name for name, lost in zip(leads, gone, strict=True) if not lost]
    at = (first + begin + int(steep[lead, begin:end].argmax())) / fs
    return f"{kept[lead]} is as steep as a QRS complex at {at:.1f} s: a beat that was not found, or noise"


def _steepness(signal: np.ndarray, fs_hz: float) -> np.ndarray:
    """Return how steep each lead is in the detector's band, (leads, samples), root mean square in mV/s."""
    from scipy.ndimage import uniform_filter1d

    band = band_pass.passed(signal, BAND_HZ[0], min(BAND_HZ[1], 0.45 * fs_hz), fs_hz)
    slope = np.gradient(band, axis=1) * fs_hz
    power = uniform_filter1d(np.square(slope), max(3, round(WINDOW_S * fs_hz)), axis=1)
    steep: np.ndarray = np.sqrt(np.maximum(power, 0.0))
    return steep
