"""P, QRS and T of each beat, per lead and over all leads, from how sure something is of them at each sample.

Who says how sure (a network, or rules) does not matter here: the input is a probability per lead, class and sample.
A wave counts where half of the leads show it at one moment. One value for all leads follows a lead near the extreme:
the extreme one alone is as noisy as its noise (convention M2).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecgview.runs import runs

Kind = Literal["P", "QRS", "T"]
KINDS: tuple[Kind, ...] = ("P", "QRS", "T")  # class 0 is none of them, the others in this order
Probabilities = NDArray[np.float32]
WHOLE = 12  # leads of a standard record


@dataclass(frozen=True, slots=True)
class Rules:
    """What is a wave, and which lead's edge is that of all leads; chosen by cross-validation on LUDB."""

    shortest_s: Mapping[Kind, float] = field(default_factory=lambda: {"P": 0.030, "QRS": 0.030, "T": 0.060})
    surest: Mapping[Kind, float] = field(default_factory=lambda: {"P": 0.45, "QRS": 0.55, "T": 0.55})
    agreeing: Mapping[Kind, float] = field(
        default_factory=lambda: {"P": 0.5, "QRS": 0.6, "T": 0.5}
    )  # of leads
    # Complexes nearer to each other than this are one: a wide or notched one falls apart in some leads.
    apart_s: Mapping[Kind, float] = field(default_factory=lambda: {"P": 0.0, "QRS": 0.1, "T": 0.0})
    # The edge is the mean of these leads', counted from outside, the extreme one being 0.
    ranks: Mapping[Kind, tuple[int, ...]] = field(
        default_factory=lambda: {"P": (1, 2), "QRS": (1, 2), "T": (2, 3)}
    )
    t_end_s: float = 0.004  # added: those leads' T waves end a little before that of the experts' third lead


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave; times in seconds from the first sample of the record."""

    onset_s: float
    peak_s: float
    offset_s: float


@dataclass(frozen=True, slots=True)
class Beat:
    """One QRS complex with the P before and the T after it, each None where there is none."""

    overall: Mapping[Kind, Wave | None]
    leads: Mapping[str, Mapping[Kind, Wave]]

    @property
    def time_s(self) -> float:
        """The QRS peak: the median over the leads."""
        qrs = self.overall["QRS"]
        assert qrs is not None  # a beat is made of its QRS
        return qrs.peak_s


@dataclass(frozen=True, slots=True)
class _Found:
    """One wave that enough leads agree on: where, and in which leads."""

    leads: Mapping[int, Wave]
    middle_s: float  # median peak


def beats(
    probability: Probabilities,
    signal: NDArray[np.floating],
    fs_hz: float,
    names: Sequence[str],
    rules: Rules | None = None,
) -> tuple[Beat, ...]:
    """Return the beats of a record in time order.

    Args:
        probability: (leads, 4, samples): no wave, P, QRS, T.
        signal: (leads, samples), any unit; peaks are sought in it.
        fs_hz: rate of both.
        names: of the leads.
        rules: None = those that were chosen.
    """
    rules = rules or Rules()
    said = _Said(probability, probability.argmax(1), signal, fs_hz)
    found = {kind: _agreed(said, kind, rules) for kind in KINDS}
    made = []
    times = [one.middle_s for one in found["QRS"]]
    for k, qrs in enumerate(found["QRS"]):
        before = times[k - 1] if k else -np.inf
        after = times[k + 1] if k + 1 < len(times) else np.inf
        own: dict[Kind, _Found | None] = {
            "P": _last(
                one for one in found["P"] if max(before, times[k] - P_BEFORE_S) < one.middle_s < times[k]
            ),
            "QRS": qrs,
            "T": _first(
                one for one in found["T"] if times[k] < one.middle_s < min(after, times[k] + T_AFTER_S)
            ),
        }
        made.append(_beat(own, names, rules))
    return tuple(made)


P_BEFORE_S = 0.6  # a P wave further before its QRS belongs to none
T_AFTER_S = 1.0


def _last(found: Iterator[_Found]) -> _Found | None:
    return max(found, key=lambda one: one.middle_s, default=None)


def _first(found: Iterator[_Found]) -> _Found | None:
    return min(found, key=lambda one: one.middle_s, default=None)


def _beat(own: Mapping[Kind, _Found | None], names: Sequence[str], rules: Rules) -> Beat:
    leads: dict[str, dict[Kind, Wave]] = {}
    for kind, one in own.items():
        for row, wave in () if one is None else one.leads.items():
            leads.setdefault(names[row], {})[kind] = wave
    return Beat(
        {
            kind: None if one is None else over_leads(kind, one.leads.values(), rules, len(names))
            for kind, one in own.items()
        },
        leads,
    )


def over_leads(kind: Kind, waves: Iterable[Wave], rules: Rules, of_leads: int = WHOLE) -> Wave:
    """Return the one wave of all leads: edges of the lead near the extreme that the rules name, the median peak.

    The rules name the lead among twelve; of fewer recorded leads it is nearer to the extreme one by that share.
    """
    rows = list(waves)
    ranks = [rank * min(1.0, of_leads / WHOLE) for rank in rules.ranks[kind]]
    later = rules.t_end_s if kind == "T" else 0.0
    return Wave(
        _near_extreme(sorted(wave.onset_s for wave in rows), ranks),
        median(wave.peak_s for wave in rows),
        _near_extreme(sorted((wave.offset_s for wave in rows), reverse=True), ranks) + later,
    )


def _near_extreme(ordered: Sequence[float], ranks: Sequence[float]) -> float:
    """Return the mean of these of the values, the extreme one first; where there are fewer, the last of them.

    A rank between two of them is a place between two values.
    """
    last = len(ordered) - 1
    found = []
    for rank in ranks:
        place = min(rank, last)
        k = min(int(place), max(0, last - 1))
        found.append(ordered[k] + (place - k) * (ordered[min(k + 1, last)] - ordered[k]))
    return fmean(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What is known of a record before its waves are sought, computed once for all kinds."""

    probability: Probabilities  # (leads, 4, samples)
    likeliest: NDArray[np.intp]  # class, (leads, samples)
    signal: NDArray[np.floating]  # (leads, samples)
    fs_hz: float


def _agreed(said: _Said, kind: Kind, rules: Rules) -> list[_Found]:
    """Return the waves of one kind that enough leads show at one moment."""
    place, fs_hz = KINDS.index(kind) + 1, said.fs_hz
    n_leads, n_samples = said.likeliest.shape
    sums = np.zeros((n_leads, n_samples + 1))
    np.cumsum(said.probability[:, place], axis=1, dtype=np.float64, out=sums[:, 1:])
    shown = np.zeros((n_leads, n_samples), dtype=bool)
    of_leads: list[list[tuple[int, int]]] = []
    for row in range(n_leads):
        kept = [
            (a, b)
            for a, b in runs(said.likeliest[row] == place).tolist()
            if (b - a) / fs_hz >= rules.shortest_s[kind]
            and sums[row, b] - sums[row, a] >= (b - a) * rules.surest[kind]
        ]
        for a, b in kept:
            shown[row, a:b] = True
        of_leads.append(kept)
    found = []
    together = runs(shown.mean(0) >= rules.agreeing[kind]).tolist()
    for start, stop in _joined(together, rules.apart_s[kind] * fs_hz):
        waves: dict[int, Wave] = {}
        for row, kept in enumerate(of_leads):
            own = [(a, b) for a, b in kept if a < stop and b > start]
            if own:
                waves[row] = _wave(said, row, place, own[0][0], own[-1][1])
        found.append(_Found(waves, median(wave.peak_s for wave in waves.values())))
    return found


def _joined(found: Sequence[tuple[int, int]], gap: float) -> list[tuple[int, int]]:
    """Return the runs, those that lie nearer than a gap made one."""
    out: list[tuple[int, int]] = []
    for start, stop in found:
        if out and start - out[-1][1] < gap:
            out[-1] = (out[-1][0], stop)
        else:
            out.append((start, stop))
    return out


def _wave(said: _Said, row: int, place: int, a: int, b: int) -> Wave:
    """Return the wave of one lead in samples a to b - 1; its edges lie between samples, where sureness crosses."""
    onset, offset = _crossing(said, row, place, a, -1), _crossing(said, row, place, b - 1, 1)
    part = said.signal[row, a:b]
    first, last = float(part[0]), float(part[-1])
    step = (last - first) / (b - a - 1) if b - a > 1 else 0.0
    peak = a + int(np.abs(part - (first + step * np.arange(b - a))).argmax())
    return Wave(onset / said.fs_hz, peak / said.fs_hz, offset / said.fs_hz)


def _crossing(said: _Said, row: int, place: int, inside: int, step: int) -> float:
    """Return where the wave's probability equals that of what is likeliest beside it, in samples."""
    outside = inside + step
    if not 0 <= outside < said.likeliest.shape[1]:
        return float(inside)
    other, probability = int(said.likeliest[row, outside]), said.probability
    here = float(probability[row, place, inside]) - float(probability[row, other, inside])
    there = float(probability[row, place, outside]) - float(probability[row, other, outside])
    share = here / (here - there) if here > there else 0.5
    return inside + step * min(1.0, max(0.0, share))
