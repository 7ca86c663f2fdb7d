"""Edges of waves that somebody put elsewhere, on one beat or on the median beat, and between which places they may be.

How short a wave may be is what the network's marks must be, too (`waves.Rules`); how far P begins before QRS and T ends
after its onset, and how wide QRS is, are limits of ours beyond what is published of living hearts. They keep a slip of
the hand from being a number; what is possible within them is for the reader to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite
from numbers import Integral, Real

from ecgview.errors import SignalError
from ecgview.signal.measure.measured import EDGES, Edge, Edit, Measured
from ecgview.signal.measure.waves import KINDS, Beat, Kind, Rules, Wave

Waves = Mapping[Kind, Wave | None]

SHORTEST_S = (
    Rules().shortest_s
)  # P 30, QRS 30, T 60 ms: ours; what is shorter is no wave to the network either
PR_MOST_S, QRS_MOST_S, QT_MOST_S = 1.0, 0.4, 1.2  # ours
SAME_S = 1e-6  # places come and go as decimals, and on the median beat as differences


class ImpossibleEdit(SignalError):
    """An edge that was put where it cannot be; `edit` is the one that does not fit."""

    def __init__(self, edit: Edit, message: str, *, expected: str, found: str | None = None) -> None:
        super().__init__(message, expected=expected, found=found)
        self.edit = edit


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which places an edge may be, in s, and in words what stands at each of them."""

    low_s: float
    high_s: float
    low_by: str = ""
    high_by: str = ""

    def include(self, at_s: float | None) -> "Limits":
        """Return limits that leave an edge where it was found, whatever lies beside it there."""
        if at_s is None:
            return self
        return replace(self, low_s=min(self.low_s, at_s), high_s=max(self.high_s, at_s))

    @property
    def words(self) -> str:
        """As told to people: "0.512 s (QRS offset of beat 2) to 0.771 s (30 ms before P offset)"."""
        return f"{self.low_s:.3f} s ({self.low_by}) to {self.high_s:.3f} s ({self.high_by})"


@dataclass(frozen=True, slots=True)
class _Room:
    """What lies before and after a beat, s: neither its P nor its T goes beyond."""

    start_s: float
    end_s: float
    start_by: str
    end_by: str


def wave_of(edge: Edge) -> Kind:
    """Return the wave that an edge is one of."""
    return "P" if edge[0] == "P" else "QRS" if edge[0] == "Q" else "T"


def place(waves: Waves, edge: Edge) -> float | None:
    """Return where an edge is, None where the wave is not there."""
    wave = waves.get(wave_of(edge))
    if wave is None:
        return None
    return wave.onset_s if edge.endswith("onset") else wave.offset_s


def limits(measured: Measured, edge: Edge, beat: int | None, end_s: float) -> Limits:
    """Return between which places an edge may be, given where the others are now; it may stay where it is.

    Of a beat times are from the record's first sample, of the median beat from its QRS peak. `end_s` is the record's
    end, or that of what is seen of it.

    The beat is one that there is, or the median beat.
    """
    if beat is None:
        assert measured.median is not None  # whoever shows its edges has one
        waves, room = measured.median.overall, _around_median(measured, measured.median.overall)
    else:
        waves, room = measured.beats[beat].overall, _around(measured.beats, beat, end_s)
    return _limits(waves, edge, room).include(place(waves, edge))


def require_sound(edits: Iterable[Edit]) -> None:
    """Refuse edits that no record could take: of no edge, of no beat, at no moment, of a beat without QRS.

    Raises:
        ImpossibleEdit: says which one, what was expected and what was found.
    """
    for one in edits:
        if one.edge not in EDGES:
            raise ImpossibleEdit(
                one, "no such edge of a wave", expected=", ".join(EDGES), found=str(one.edge)
            )
        if one.beat is not None and not (_is(Integral, one.beat) and one.beat >= 0):
            counted = "a beat's number from 0, or none for the median beat"
            raise ImpossibleEdit(one, f"{one.edge}: no such beat", expected=counted, found=str(one.beat))
        if one.to_s is None:
            if wave_of(one.edge) == "QRS":
                raise ImpossibleEdit(
                    one,
                    f"{one.of} cannot be taken away: a beat is made of its QRS complex",
                    expected="a time in s",
                )
        elif not (_is(Real, one.to_s) and isfinite(one.to_s)):
            raise ImpossibleEdit(
                one, f"{one.of} would be nowhere", expected="a time in s", found=str(one.to_s)
            )


def _is(kind: type, value: object) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def on_beats(beats: Sequence[Beat], edits: Sequence[Edit], end_s: float) -> tuple[Beat, ...]:
    """Return the beats of a record that ends at `end_s` after the edits that are of single beats, in order.

    Raises:
        ImpossibleEdit: there is no such beat, or an edge would lie where it cannot.
    """
    require_sound(edits)
    made = list(beats)
    by_beat: dict[int, list[Edit]] = {}
    for one in edits:
        if one.beat is not None:
            by_beat.setdefault(one.beat, []).append(one)
    for number, own in by_beat.items():
        if number >= len(beats):
            counted = f"0 to {len(beats) - 1}, counted from 0"
            raise ImpossibleEdit(
                own[-1], f"{own[-1].edge}: no such beat", expected=counted, found=str(number)
            )
        made[number] = replace(made[number], overall=_edited(beats[number].overall, own))
    for number, own in by_beat.items():
        _require_possible(beats[number].overall, made[number].overall, own, _around(made, number, end_s))
    return tuple(made)


def on_median(measured: Measured, overall: Waves, edits: Sequence[Edit]) -> dict[Kind, Wave | None]:
    """Return the waves of the median beat, `overall`, after the edits that are of it, in order; errors as for beats.

    `measured` has the beats and the median beat that they are of.
    """
    own = [one for one in edits if one.beat is None]
    if not own:
        return dict(overall)
    require_sound(own)
    made = _edited(overall, own)
    _require_possible(overall, made, own, _around_median(measured, made))
    return made


# ---- laying them on ------------------------------------------------------------------------------------


def _edited(overall: Waves, edits: Sequence[Edit]) -> dict[Kind, Wave | None]:
    """Return the waves after the edits. A wave that was not there needs both of its edges; T has but one."""
    made: dict[Kind, Wave | None] = {kind: overall.get(kind) for kind in KINDS}
    waiting: dict[Kind, dict[str, Edit]] = {}
    for one in edits:
        kind = wave_of(one.edge)
        if one.to_s is None:
            made[kind] = None
            waiting.pop(kind, None)
            continue
        wave = made[kind]
        if wave is not None:
            made[kind] = _moved(wave, one.edge, one.to_s)
        elif kind == "T":
            made[kind] = _new_t(made["QRS"], one.to_s)
        else:
            both = waiting.setdefault(kind, {})
            both[one.edge] = one
            if len(both) == 2:
                onset, offset = (both[edge].to_s or 0.0 for edge in EDGES if edge in both)
                made[kind] = Wave(onset, (onset + offset) / 2, offset)
                waiting.pop(kind)
    for kind, edges in waiting.items():
        (alone,) = edges.values()
        raise ImpossibleEdit(
            alone, f"{alone.of}: there is no {kind}", expected="onset and offset of a new one, both"
        )
    return _with_room(made, edits)


def _moved(wave: Wave, edge: Edge, to_s: float) -> Wave:
    """Return the wave with one edge elsewhere; its peak stays within."""
    onset, offset = (to_s, wave.offset_s) if edge.endswith("onset") else (wave.onset_s, to_s)
    return Wave(onset, min(max(wave.peak_s, onset), offset), offset)


def _new_t(qrs: Wave | None, to_s: float) -> Wave:
    start = to_s if qrs is None else qrs.offset_s
    return Wave(start, (start + to_s) / 2, to_s)


def _with_room(made: dict[Kind, Wave | None], edits: Sequence[Edit]) -> dict[Kind, Wave | None]:
    """Let the onset of T, which no hand moves, give way to the edges beside it that were moved."""
    t, qrs = made["T"], made["QRS"]
    if t is None or qrs is None:
        return made
    moved, onset = {one.edge for one in edits}, t.onset_s
    if "QRS offset" in moved:
        onset = max(onset, qrs.offset_s)
    if moved & {"QRS offset", "T offset"}:
        onset = min(onset, t.offset_s - SHORTEST_S["T"])
    made["T"] = Wave(onset, min(max(t.peak_s, onset), t.offset_s), t.offset_s)
    return made


# ---- where they may be ---------------------------------------------------------------------------------


def _require_possible(before: Waves, made: Waves, edits: Sequence[Edit], room: _Room) -> None:
    """Refuse an edge that lies where it cannot, given where the others are in the end."""
    for one in reversed(edits):  # of two that cross, the one that came later does not fit
        at = place(made, one.edge)
        if at is None:  # taken away, by this edit or by another of the same wave
            continue
        allowed = _limits(made, one.edge, room).include(place(before, one.edge))
        if not allowed.low_s - SAME_S <= at <= allowed.high_s + SAME_S:
            raise ImpossibleEdit(
                one, f"{one.of} cannot be there", expected=allowed.words, found=f"{at:.3f} s"
            )


def _around(beats: Sequence[Beat], number: int, end_s: float) -> _Room:
    """Return the room of a beat: P may lie on the T before it, and T on the P after it, but neither on a QRS."""
    before = beats[number - 1].overall["QRS"] if number else None
    after = beats[number + 1].overall["QRS"] if number + 1 < len(beats) else None
    return _Room(
        0.0 if before is None else before.offset_s,
        end_s if after is None else after.onset_s,
        "the first sample" if before is None else f"QRS offset of beat {number}",
        "the last sample" if after is None else f"QRS onset of beat {number + 2}",
    )


def _around_median(measured: Measured, waves: Waves) -> _Room:
    """Return the room of the median beat: its own samples, and QRS one usual RR before and after."""
    median, qrs = measured.median, waves["QRS"]
    assert median is not None  # whoever edits has one
    start = -median.peak / median.sampling_rate_hz
    end = start + (median.signal.shape[1] - 1) / median.sampling_rate_hz
    room = _Room(start, end, "the first sample of the median beat", "its last sample")
    times = [beat.time_s for beat in measured.beats]
    steps = sorted(later - time for time, later in pairwise(times))
    if qrs is None or not steps:
        return room
    rr = steps[len(steps) // 2]
    if qrs.offset_s - rr > start:
        room = replace(room, start_s=qrs.offset_s - rr, start_by="QRS offset of the beat before")
    if qrs.onset_s + rr < end:
        room = replace(room, end_s=qrs.onset_s + rr, end_by="QRS onset of the beat after")
    return room


def _limits(waves: Waves, edge: Edge, room: _Room) -> Limits:
    """Return the nearest of what an edge may not pass, on either side."""
    lows, highs = [(room.start_s, room.start_by)], [(room.end_s, room.end_by)]
    p, qrs, t = (waves.get(kind) for kind in KINDS)
    shortest = {kind: f"{1000 * SHORTEST_S[kind]:.0f} ms" for kind in KINDS}
    if edge == "P onset":
        if p is not None:
            highs.append((p.offset_s - SHORTEST_S["P"], f"{shortest['P']} before P offset"))
        if qrs is not None:
            lows.append((qrs.onset_s - PR_MOST_S, f"PR {PR_MOST_S:g} s"))
    elif edge == "P offset":
        if p is not None:
            lows.append((p.onset_s + SHORTEST_S["P"], f"{shortest['P']} after P onset"))
        if qrs is not None:
            highs.append((qrs.onset_s, "QRS onset"))
    elif edge == "QRS onset" and qrs is not None:
        highs.append((qrs.offset_s - SHORTEST_S["QRS"], f"{shortest['QRS']} before QRS offset"))
        lows.append((qrs.offset_s - QRS_MOST_S, f"QRS {1000 * QRS_MOST_S:.0f} ms"))
        if p is not None:
            lows.append((p.offset_s, "P offset"))
            highs.append((p.onset_s + PR_MOST_S, f"PR {PR_MOST_S:g} s"))
        if t is not None:
            lows.append((t.offset_s - QT_MOST_S, f"QT {QT_MOST_S:g} s"))
    elif edge == "QRS offset" and qrs is not None:
        lows.append((qrs.onset_s + SHORTEST_S["QRS"], f"{shortest['QRS']} after QRS onset"))
        highs.append((qrs.onset_s + QRS_MOST_S, f"QRS {1000 * QRS_MOST_S:.0f} ms"))
        if t is not None:
            highs.append((t.offset_s - SHORTEST_S["T"], f"{shortest['T']} before T offset"))
    elif edge == "T offset" and qrs is not None:
        lows.append((qrs.offset_s + SHORTEST_S["T"], f"{shortest['T']} after QRS offset"))
        highs.append((qrs.onset_s + QT_MOST_S, f"QT {QT_MOST_S:g} s"))
    low, high = max(lows), min(highs)
    return Limits(low[0], high[0], low[1], high[1])
