"""Edges of waves that somebody put elsewhere, on one beat or on the median beat."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ecgview.errors import SignalError
from ecgview.signal.measure.measured import EDGES, Edit
from ecgview.signal.measure.waves import KINDS, Beat, Kind, Wave

Waves = Mapping[Kind, Wave | None]


def on_beats(beats: Sequence[Beat], edits: Sequence[Edit]) -> tuple[Beat, ...]:
    """Return the beats after the edits that are of single beats, in order.

    Raises:
        SignalError: there is no such beat or edge, or an edge would lie on the wrong side of another.
    """
    made = list(beats)
    by_beat: dict[int, list[Edit]] = {}
    for one in edits:
        if one.beat is not None:
            by_beat.setdefault(one.beat, []).append(one)
    for number, own in by_beat.items():
        if not 0 <= number < len(made):
            raise SignalError("no such beat", expected=f"0 to {len(made) - 1}", found=str(number))
        made[number] = replace(made[number], overall=_edited(made[number].overall, own))
    return tuple(made)


def on_median(overall: Waves, edits: Sequence[Edit]) -> dict[Kind, Wave | None]:
    """Return the waves of the median beat after the edits that are of it, in order; errors as for beats."""
    return _edited(overall, [one for one in edits if one.beat is None])


def _edited(overall: Waves, edits: Sequence[Edit]) -> dict[Kind, Wave | None]:
    """Return the waves after the edits. A wave that was not there needs both of its edges; T has but one."""
    made: dict[Kind, Wave | None] = {kind: overall.get(kind) for kind in KINDS}
    waiting: dict[Kind, dict[str, float]] = {}
    for one in edits:
        if one.edge not in EDGES:
            raise SignalError("no such edge", expected=", ".join(EDGES), found=str(one.edge))
        kind: Kind = "P" if one.edge[0] == "P" else "QRS" if one.edge[0] == "Q" else "T"
        side = "onset_s" if one.edge.endswith("onset") else "offset_s"
        if one.to_s is None:
            if kind == "QRS":
                raise SignalError("a beat is made of its QRS complex", found=f"{one.edge} taken away")
            made[kind] = None
            waiting.pop(kind, None)
            continue
        wave = made[kind]
        if wave is not None:
            made[kind] = _moved(wave, side, one.to_s)
        elif kind == "T":
            made[kind] = _new_t(made["QRS"], one.to_s)
        else:
            both = waiting.setdefault(kind, {})
            both[side] = one.to_s
            if len(both) == 2:
                onset, offset = both["onset_s"], both["offset_s"]
                made[kind] = Wave(onset, (onset + offset) / 2, offset)
    _in_order(made)
    return made


def _moved(wave: Wave, side: str, to_s: float) -> Wave:
    """Return the wave with one edge elsewhere; its peak stays within."""
    onset, offset = (to_s, wave.offset_s) if side == "onset_s" else (wave.onset_s, to_s)
    return Wave(onset, min(max(wave.peak_s, onset), offset), offset)


def _new_t(qrs: Wave | None, to_s: float) -> Wave:
    start = to_s if qrs is None else qrs.offset_s
    return Wave(start, (start + to_s) / 2, to_s)


def _in_order(made: Waves) -> None:
    """Refuse waves that end before they begin, or that begin before the one before them."""
    before = None
    for kind in ("P", "QRS", "T"):
        wave = made[kind]
        if wave is None:
            continue
        if wave.offset_s <= wave.onset_s:
            raise SignalError(f"{kind} would end before it begins")
        if before is not None and wave.onset_s < before.onset_s:
            raise SignalError(f"{kind} would begin before the wave before it")
        before = wave
