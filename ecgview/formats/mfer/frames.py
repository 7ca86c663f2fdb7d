"""The waveforms of an MFER file: which channels are leads, and their samples in millivolts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgview.counts import counted
from ecgview.errors import FormatError
from ecgview.formats.kit.quantities import is_no_ecg, leads_of_one_rate
from ecgview.formats.mfer import definitions as tags
from ecgview.formats.mfer.definitions import Definitions, Frame, scaled, stored_type, text, whole
from ecgview.leads import distinct_names
from ecgview.record import ImportNote, MedianBeat, Signal

MOST_SAMPLES = 60_000_000
USUAL_HZ = 1000.0  # where a file names no sampling interval (Part 1)
DOMINANT_BEAT = 9
_VOLTS, _HERTZ, _SECONDS, _STATUS = 0, 0, 1, 4
_LEADS = {
    **dict(enumerate(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6", "V7"), 1)),
    **dict(enumerate(("V3R", "V4R", "V5R", "V6R", "V7R", "X", "Y", "Z", "CC5", "CM5"), 11)),
    **dict(enumerate(("III", "aVR", "aVL", "aVF", "-aVR", "V8", "V9", "V8R", "V9R"), 61)),
    **dict(enumerate(("ECG1", "ECG2", "ECG3", "ECG4"), 4166)),
}


@dataclass(frozen=True, slots=True)
class Channel:
    """How one channel of a frame is stored."""

    number: int
    name: str
    stored: np.dtype
    block: int  # samples per sequence
    fs_hz: float
    step_mv: float | None  # None: no voltage, or a channel of status bits
    offset: float  # added to each sample, in steps
    nothing: float | None  # the sample that stands for none
    start: int  # bytes before it in a sequence
    fault: str = ""  # why it cannot be read


def _kind(frame: Frame) -> int:
    value, big = frame.channels[0].get(tags.WAVEFORM, (b"", True))
    return whole(value[:2], big)


@dataclass(frozen=True, slots=True)
class Group:
    """Frames of the same channels, and those of them that are leads of one rate."""

    frames: tuple[Frame, ...]
    channels: tuple[Channel, ...]
    leads: tuple[Channel, ...]

    @property
    def size(self) -> int:
        """Bytes of a sequence."""
        return sum(one.block * one.stored.itemsize for one in self.channels)

    @property
    def samples(self) -> int:
        """Samples of a lead in all frames."""
        return sum(sequences(self, frame, []) for frame in self.frames) * self.leads[0].block


def rhythm(found: Definitions, path: Path, notes: list[ImportNote]) -> Group:
    """Return the recording: the first frame that is no median beat, and those of the same channels.

    Raises:
        FormatError: there is none, or no channel of it is a lead.
    """
    frames = [frame for frame in found.frames if _kind(frame) != DOMINANT_BEAT]
    if not frames:
        raise FormatError("holds no waveform", where=f"{path}: waveform data (0x1e)")
    first = frames[0]
    same = tuple(frame for frame in frames if frame.big == first.big and frame.channels == first.channels)
    if len(same) < len(frames):
        notes.append(
            ImportNote(
                "header", f"{counted(len(frames) - len(same), 'more frame')} of other channels, not shown"
            )
        )
    if not any(tags.INTERVAL in one for one in first.channels):
        notes.append(ImportNote("header", "no sampling interval: 1000 Hz taken, the standard's default"))
    return _group(same, path, notes)


def _group(frames: tuple[Frame, ...], path: Path, notes: list[ImportNote]) -> Group:
    channels = _channels(frames[0], path)
    return Group(frames, channels, _leads(channels, path, notes))


def _channels(frame: Frame, path: Path) -> tuple[Channel, ...]:
    channels: list[Channel] = []
    start = 0
    for number, told in enumerate(frame.channels):
        where = f"{path}: channel {number + 1}"
        stored = stored_type(told.get(tags.TYPE), frame.big)
        if stored is None:
            raise FormatError("samples of this type are not read", where=f"{where}: data type (0x0a)")
        block = whole(*told[tags.BLOCK]) if tags.BLOCK in told else 1
        if not 1 <= block <= MOST_SAMPLES:
            raise FormatError(
                "impossible block", where=f"{where}: data block length (0x04)", found=str(block)
            )
        name, fault = _lead(told, number), ""
        try:
            fs_hz, step = _rate(told, where), _step_mv(told, where)
        except FormatError as error:  # of this channel alone; the others stand where they stood
            fs_hz, step, fault = USUAL_HZ, None, error.message
        if name == "-aVR" and step is not None:  # Cabrera's order: shown as aVR, the right way up
            name, step = "aVR", -step
        channels.append(
            Channel(
                number,
                name,
                stored,
                block,
                fs_hz,
                step,
                _typed(told.get(tags.OFFSET), stored) or 0.0,
                _typed(told.get(tags.NOTHING), stored),
                start,
                fault,
            )
        )
        start += block * stored.itemsize
    return tuple(channels)


def _lead(told: dict[int, tuple[bytes, bool]], number: int) -> str:
    value, big = told.get(tags.LEAD, (b"", True))
    named = text(value[2:], "") if len(value) > 2 else ""
    code = whole(value[:2], big)
    return _LEADS.get(code) or named or (f"code {code}" if code else f"channel {number + 1}")


def _rate(told: dict[int, tuple[bytes, bool]], where: str) -> float:
    if tags.INTERVAL not in told:
        return USUAL_HZ
    unit, value = scaled(told[tags.INTERVAL]) or (-1, 0.0)
    if unit not in (_HERTZ, _SECONDS) or not 1e-9 < value < 1e9:
        raise FormatError(
            "the sampling rate is unknown",
            where=f"{where}: sampling interval (0x0b)",
            expected="Hz or seconds",
        )
    # MWF_IVL gives the rate in Hz (code 0) or the interval in s (code 1).
    return value if unit == _HERTZ else round(1.0 / value, 9)


def _step_mv(told: dict[int, tuple[bytes, bool]], where: str) -> float | None:
    """Return mV per step; None where this is no voltage."""
    if told.get(tags.TYPE, (b"\0", True))[0][:1] == bytes([_STATUS]):
        return None
    if tags.RESOLUTION not in told:
        raise FormatError(
            "the gain is unknown", where=f"{where}: sampling resolution (0x0c)", expected="volts per step"
        )
    unit, value = scaled(told[tags.RESOLUTION]) or (-1, 0.0)
    if unit == _VOLTS and not 1e-12 < value < 1e3:
        raise FormatError(
            "impossible gain", where=f"{where}: sampling resolution (0x0c)", found=f"{value:g} V"
        )
    return float(f"{value * 1000:.12g}") if unit == _VOLTS else None


def _typed(value: tuple[bytes, bool] | None, stored: np.dtype) -> float | None:
    """Return a value that is stored like a sample."""
    if value is None or len(value[0]) < stored.itemsize:
        return None
    kind = stored.newbyteorder(">" if value[1] else "<")
    return float(np.frombuffer(value[0][: stored.itemsize], kind)[0])


def _leads(channels: tuple[Channel, ...], path: Path, notes: list[ImportNote]) -> tuple[Channel, ...]:
    """Return the leads of the usual rate; what is left out is noted by name."""
    volts = [one for one in channels if one.step_mv is not None and not is_no_ecg(one.name)]
    leads = [one for one in volts if one.name in _LEADS.values()] or volts
    if not leads:
        faults = "; ".join(f"{one.name}: {one.fault}" for one in channels if one.fault)
        raise FormatError(
            "holds no lead in volts",
            where=f"{path}: sampling resolution (0x0c)",
            found=faults[:120] or ", ".join(one.name for one in channels)[:120],
        )
    places, more = leads_of_one_rate([one.name for one in leads], [one.fs_hz for one in leads])
    same = [leads[place] for place in places]
    blocks = [one.block for one in same]
    usual = max(blocks, key=lambda block: (blocks.count(block), block))
    kept = tuple(one for one in same if one.block == usual)
    left = [
        f"{one.name} ({one.fault or ('no voltage' if one.step_mv is None else 'no ECG lead')})"
        for one in channels
        if one not in leads
    ]
    left += [f"{one.name} (stored in other blocks)" for one in same if one.block != usual]
    if left:
        notes.append(ImportNote("units", f"left out: {', '.join(left)[:300]}"))
    notes += more
    return kept


def sequences(group: Group, frame: Frame, notes: list[ImportNote]) -> int:
    """Return the whole sequences of a frame: as many as it names, where they are there."""
    there = len(frame.raw) // group.size
    named = [whole(*told[tags.SEQUENCES]) for told in frame.channels if tags.SEQUENCES in told]
    promised = max(named) if named else there
    if promised > there:
        notes.append(ImportNote("duration", f"cut short: {promised} sequences announced, {there} are there"))
    return min(promised, there)


def millivolts(group: Group, path: Path, notes: list[ImportNote]) -> Signal:
    """Return (leads, samples) mV of all frames, NaN where the file says that there is none.

    Raises:
        FormatError: there is no whole sequence.
    """
    parts = []
    left = MOST_SAMPLES // len(group.leads)
    for frame in group.frames:
        count = min(sequences(group, frame, notes), left // group.leads[0].block)
        left -= count * group.leads[0].block
        parts.append(_decoded(frame, group, count))
    if any(one.offset for one in group.leads):
        notes.append(ImportNote("header", "the file gives an offset; it was added to its samples"))
    signal = np.concatenate(parts, axis=1)
    if not signal.shape[1]:
        raise FormatError("holds no whole sequence of samples", where=f"{path}: waveform data (0x1e)")
    return signal


def _decoded(frame: Frame, group: Group, count: int) -> Signal:
    blocks = np.frombuffer(frame.raw, np.uint8, count * group.size).reshape(count, group.size)
    signal = np.empty((len(group.leads), count * group.leads[0].block), dtype=np.float32)
    for row, one in zip(signal, group.leads, strict=True):
        part = blocks[:, one.start : one.start + one.block * one.stored.itemsize]
        values = np.ascontiguousarray(part).view(one.stored).ravel().astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            row[:] = (values + one.offset) * (one.step_mv or 0.0)
        if one.nothing is not None:
            row[values == one.nothing] = np.nan
    return signal


def median_beat(found: Definitions, path: Path) -> MedianBeat | None:
    """Return the first frame of a dominant beat."""
    frame = next((frame for frame in found.frames if _kind(frame) == DOMINANT_BEAT), None)
    if frame is None:
        return None
    group = _group((frame,), path, [])
    count = min(sequences(group, frame, []), MOST_SAMPLES // (len(group.leads) * group.leads[0].block))
    if not count:
        return None
    names = tuple(distinct_names([one.name for one in group.leads])[0])
    return MedianBeat(_decoded(frame, group, count), names, group.leads[0].fs_hz)
