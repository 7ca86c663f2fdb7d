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
        default_factory=lambda: {"P": (2,), "QRS": (1, 2), "T": (3,)}
    )
    # Where it lies in such a lead: where the wave's probability has fallen to this; elsewhere as in the lead itself.
    # Experts disagree the more the flatter a wave ends, and the outermost of their marks lie the further out.
    fallen_to: Mapping[Kind, float] = field(default_factory=lambda: {"P": 0.4, "T": 0.3})
    p_onset_s: float = (
        0.002  # added: those leads' P waves begin a little before that of the experts' third lead
    )


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
    """One wave that enough leads agree on: where, and in which leads; `outer` has the edges for all leads."""

    leads: Mapping[int, Wave]
    outer: Sequence[Wave]
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


FURTHEST_S = (
    0.03  # an edge for all leads lies no further outside of its lead's own: a flat end stays half sure long
)
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
            kind: None if one is None else over_leads(kind, one.outer, rules, len(names))
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
    later = rules.p_onset_s if kind == "P" else 0.0
    return Wave(
        _near_extreme(sorted(wave.onset_s for wave in rows), ranks) + later,
        median(wave.peak_s for wave in rows),
        _near_extreme(sorted((wave.offset_s for wave in rows), reverse=True), ranks),
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


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Stretches of samples of single leads, first sample and the one after the last; by lead, then by time."""

    lead: NDArray[np.int64]
    first: NDArray[np.int64]
    after: NDArray[np.int64]

    def __getitem__(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "_Runs":
        return _Runs(self.lead[which], self.first[which], self.after[which])


def _agreed(said: _Said, kind: Kind, rules: Rules) -> list[_Found]:
    """Return the waves of one kind that enough leads show at one moment."""
    n_leads, n_samples = said.likeliest.shape
    kept = _sure(said, kind, rules)
    # How many leads show it at each sample: one more from each run's first, one less after its last.
    size = n_samples + 1
    change = np.bincount(kept.first, minlength=size) - np.bincount(kept.after, minlength=size)
    showing = np.cumsum(change)[:n_samples]
    together = _joined(
        runs(showing / n_leads >= rules.agreeing[kind]).tolist(), rules.apart_s[kind] * said.fs_hz
    )
    if not together:
        return []
    start, stop = np.array(together).T
    moment, place = np.nonzero((kept.first < stop[:, None]) & (kept.after > start[:, None]))
    # A lead's wave of a moment is all its runs there, from the first one's start to the last one's end.
    new = np.flatnonzero(np.diff(moment * n_leads + kept.lead[place], prepend=-1))
    last = np.append(new[1:], len(place)) - 1
    own = _Runs(kept.lead[place[new]], kept.first[place[new]], kept.after[place[last]])
    waves: list[dict[int, Wave]] = [{} for _ in together]
    outer: list[list[Wave]] = [[] for _ in together]
    made = _waves(said, KINDS.index(kind) + 1, own, rules.fallen_to.get(kind))
    for of, lead, (wave, for_all) in zip(moment[new].tolist(), own.lead.tolist(), made, strict=True):
        waves[of][lead] = wave
        outer[of].append(for_all)
    return [
        _Found(one, for_all, median(wave.peak_s for wave in for_all))
        for one, for_all in zip(waves, outer, strict=True)
    ]


def _sure(said: _Said, kind: Kind, rules: Rules) -> _Runs:
    """Return where a kind is likeliest in a lead for long enough, and is sure enough in the mean."""
    place = KINDS.index(kind) + 1
    n_leads, n_samples = said.likeliest.shape
    sums = np.zeros((n_leads, n_samples + 1))
    np.cumsum(said.probability[:, place], axis=1, dtype=np.float64, out=sums[:, 1:])
    framed = np.zeros((n_leads, n_samples + 2), dtype=np.bool_)
    framed[:, 1:-1] = said.likeliest == place
    lead, edge = np.nonzero(framed[:, 1:] != framed[:, :-1])
    found = _Runs(lead[::2], edge[::2], edge[1::2])
    length = found.after - found.first
    sure = sums[found.lead, found.after] - sums[found.lead, found.first] >= length * rules.surest[kind]
    return found[sure & (length / said.fs_hz >= rules.shortest_s[kind])]


def _joined(found: Sequence[tuple[int, int]], gap: float) -> list[tuple[int, int]]:
    """Return the runs, those that lie nearer than a gap made one."""
    out: list[tuple[int, int]] = []
    for start, stop in found:
        if out and start - out[-1][1] < gap:
            out[-1] = (out[-1][0], stop)
        else:
            out.append((start, stop))
    return out


def _waves(said: _Said, place: int, own: _Runs, share: float | None) -> list[tuple[Wave, Wave]]:
    """Return the wave in each run, and with the edges for all leads, where its probability has fallen to a share.

    Edges lie between samples; its own are where sureness crosses.
    """
    length = own.after - own.first
    along = np.arange(length.max())
    inside = along < length[:, None]
    at = np.minimum(own.first[:, None] + along, said.signal.shape[1] - 1)
    part = said.signal[own.lead[:, None], at].astype(np.float64)
    start, end = part[:, 0], said.signal[own.lead, own.after - 1].astype(np.float64)
    step = np.where(length > 1, (end - start) / np.maximum(length - 1, 1), 0.0)
    away = np.abs(part - (start[:, None] + step[:, None] * along))  # from the line between the run's ends
    peak = own.first + np.where(inside, away, -1.0).argmax(1)
    onset, offset = (
        _crossing(said, own.lead, place, own.first, -1),
        _crossing(said, own.lead, place, own.after - 1, 1),
    )
    waves = _placed(said, onset, peak, offset)
    if share is None:
        return list(zip(waves, waves, strict=True))
    far = FURTHEST_S * said.fs_hz
    first = np.maximum(_fallen(said, own.lead, place, own.first + 1, -1, share), onset - far)
    last = np.minimum(_fallen(said, own.lead, place, own.after - 2, 1, share), offset + far)
    return list(zip(waves, _placed(said, first, peak, last), strict=True))


def _placed(
    said: _Said, onset: NDArray[np.float64], peak: NDArray[np.int64], offset: NDArray[np.float64]
) -> list[Wave]:
    return [Wave(*three) for three in (np.stack([onset, peak, offset], axis=1) / said.fs_hz).tolist()]


def _fallen(
    said: _Said, lead: NDArray[np.int64], place: int, inside: NDArray[np.int64], step: int, share: float
) -> NDArray[np.float64]:
    """Return where the wave's probability falls to a share on the way outwards, in samples, run by run.

    It is sought a little further than FURTHEST_S, and no further than the record goes.
    """
    n_samples = said.probability.shape[2]
    at = inside[:, None] + step * np.arange(int(FURTHEST_S * said.fs_hz) + 6)
    sure = said.probability[lead[:, None], place, np.clip(at, 0, n_samples - 1)].astype(np.float64)
    ended = (at < 0) | (at >= n_samples)
    fallen = ended | (sure <= share)
    fallen[:, 0], fallen[:, -1] = False, True  # it is sought from inside on, and not for ever
    before = fallen.argmax(1) - 1
    rows = np.arange(len(at))
    here, there = sure[rows, before], sure[rows, before + 1]
    between = (here > share) & (there <= share) & ~ended[rows, before + 1]
    part = np.where(between, (here - share) / np.where(between, here - there, 1.0), 0.0)
    return np.asarray(inside + step * (before + part))


def _crossing(
    said: _Said, lead: NDArray[np.int64], place: int, inside: NDArray[np.int64], step: int
) -> NDArray[np.float64]:
    """Return where the wave's probability equals that of what is likeliest beside it, in samples, run by run."""
    beside = inside + step
    outside = np.clip(beside, 0, said.likeliest.shape[1] - 1)
    other = said.likeliest[lead, outside]
    probability = said.probability

    def over(at: NDArray[np.int64]) -> NDArray[np.float64]:
        mine, theirs = probability[lead, place, at], probability[lead, other, at]
        more: NDArray[np.float64] = mine.astype(np.float64) - theirs.astype(np.float64)
        return more

    here, there = over(inside), over(outside)
    share = np.where(here > there, here / np.where(here > there, here - there, 1.0), 0.5)
    found = inside + step * np.clip(share, 0.0, 1.0)
    return np.where(outside == beside, found, inside)  # at an end of the record nothing is beside
