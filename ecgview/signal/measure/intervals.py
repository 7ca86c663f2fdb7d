"""P, PR, QRS and QT of a record: medians over its beats, absent where the wave is (conventions M1, M2, M6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from ecgview.signal.measure.waves import Beat


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals in ms and the rate per minute; None where there is none."""

    p_ms: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    rate_bpm: float | None = None


def of(beats: Sequence[Beat]) -> Intervals:
    """Return the intervals over all leads. There is no P, and so no PR, where under half of the beats have one."""
    p, pr, qrs, qt = [], [], [], []
    for beat in beats:
        own, after, before = beat.overall["QRS"], beat.overall["T"], beat.overall["P"]
        if own is None:
            continue
        qrs.append(own.offset_s - own.onset_s)
        if after is not None:
            qt.append(after.offset_s - own.onset_s)
        if before is not None:
            p.append(before.offset_s - before.onset_s)
            pr.append(own.onset_s - before.onset_s)
    if not has_p(beats):
        p, pr = [], []
    steps = [later.time_s - beat.time_s for beat, later in pairwise(beats)]
    return Intervals(_ms(p), _ms(pr), _ms(qrs), _ms(qt), 60.0 / fmean(steps) if steps else None)


def has_p(beats: Sequence[Beat]) -> bool:
    """Return whether at least half of the beats have a P wave; the first beat's may lie before the record."""
    inner = beats[1:] if len(beats) > 2 else beats
    return bool(inner) and 2 * sum(beat.overall["P"] is not None for beat in inner) >= len(inner)


def _ms(values: Iterable[float]) -> float | None:
    found = list(values)
    return 1000.0 * median(found) if found else None
