"""Multiplex groups of a DICOM waveform: which one is the rhythm, which the median beat, and their samples in mV.

PS3.3 C.10.9: value = stored * sensitivity * correction factor + baseline, in the units of the sensitivity; the baseline
is in those units, too, and is added after scaling.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk
from ecgview.errors import FormatError
from ecgview.formats.dicom.channels import Found, channels_of, common_step
from ecgview.formats.dicom.codes import lead_of
from ecgview.formats.dicom.elements import Elements
from ecgview.leads import distinct_names
from ecgview.record import PART, ImportNote, MedianBeat, Signal
from ecgview.runs import runs, stretches

MOST_SAMPLES = (
    120_000_000  # over all leads, as of ISHNE: more 16-bit samples no file holds that is small enough
)
MOST_GROUPS = 100
MANY = 8  # channels of a whole 12-lead ECG, limb leads left to be computed
SHORT_S = 3.0  # a derived group below this is a median beat, whatever its label
PAD_RUN_S = 0.2  # see _padded
WAVEFORM_DATA = 0x5400_1010
NO_VALUE = -32768  # of 16 bits: what converters write where they have none (seen in a real file)
IMPOSSIBLE_MV = 30.0  # no lead reaches it
_WIDTH = {"SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4"}
_MEDIAN_WORDS = ("MEDIAN", "REPRESENTATIVE", "AVERAGE", "TEMPLATE", "REFERENCE BEAT")


@dataclass(frozen=True, slots=True)
class Group:
    """One multiplex group: channels that were sampled together."""

    number: int  # from 1, as annotations refer to it
    item: Elements
    label: str
    original: bool
    n_channels: int
    n_samples: int
    fs_hz: float
    offset_s: float

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.n_samples / self.fs_hz if self.fs_hz > 0 else 0.0

    @property
    def is_median(self) -> bool:
        """Whether the label, or else length and origin, say that this is one averaged beat."""
        label = self.label.upper()
        if any(word in label for word in _MEDIAN_WORDS):
            return True
        return not self.original and "RHYTHM" not in label and self.seconds < SHORT_S

    @property
    def rank(self) -> tuple[bool, bool, bool, int, int]:
        """The larger, the more is it the rhythm to be read."""
        many = self.n_channels >= MANY
        # The order is what has to hold first: never a median beat; then a group of many leads before a
        # rhythm strip of one, recorded before computed signals, a label, and the longest last.
        return (not self.is_median, many, self.original, "RHYTHM" in self.label.upper(), self.n_samples)


@dataclass(frozen=True, slots=True, eq=False)
class Leads:
    """Leads of one or several groups, (leads, samples) float32 mV."""

    names: tuple[str, ...]
    signal: Signal
    fs_hz: float
    step_uv: float | None = None
    computed: tuple[str, ...] = ()  # by ecgview, before it wrote the file
    notes: tuple[ImportNote, ...] = ()


def groups_of(dataset: Elements) -> list[Group]:
    """Return the groups of a data set in its order; [] where it has no waveform."""
    return [group_of(item, i) for i, item in enumerate(dataset.items("WaveformSequence")[:MOST_GROUPS], 1)]


def group_of(item: Elements, number: int) -> Group:
    """Return what one item of the Waveform Sequence says of itself, its channels not looked at."""
    return Group(
        number,
        item,
        item.text("MultiplexGroupLabel"),
        item.text("WaveformOriginality").upper() != "DERIVED",
        item.whole("NumberOfWaveformChannels"),
        item.whole("NumberOfWaveformSamples"),
        item.number("SamplingFrequency") or 0.0,
        (item.number("MultiplexGroupTimeOffset") or 0.0) / 1000.0,
    )


def rhythm(
    groups: Sequence[Group], path: Path, *, only_coded: bool, first: int | None = None
) -> tuple[Leads, Group]:
    """Return the leads to be read and the group they are in; parts of a 3 x 4 recording become one record.

    Args:
        groups: of the file, at least one.
        path: named in errors.
        only_coded: take only channels whose code or name is that of a known lead (objects of other classes).
        first: as many samples as are to be read of a file of one group; None = all.

    Raises:
        FormatError: no rhythm, no lead in volts, or samples that are not there.
    """
    # Which group is the ECG is not said by the standard (C.10.9 only orders them), so it is ranked.
    best = max(groups, key=lambda group: group.rank)
    if best.is_median:
        raise FormatError(
            "holds a median beat only, no rhythm",
            where=f"{path}: WaveformSequence",
            expected="a group of original samples",
            found=best.label or "a derived group",
        )
    leads = decoded(best, path, only_coded=only_coded, first=first)
    notes = list(leads.notes)
    for group in groups:
        if group is best or group.is_median:
            continue
        joined = _joined(leads, best, group, path, only_coded)
        if joined is None:
            names = [one.name for one in channels_of(group.item, group.n_channels, only_coded).channels]
            held = f": {', '.join(names[:20])} at {group.fs_hz:g} Hz" if names else ""
            notes.append(
                ImportNote("groups", f"group {group.number} ({group.label or 'no label'}) is not shown{held}")
            )
        else:
            leads = joined
    return (
        Leads(leads.names, leads.signal, leads.fs_hz, leads.step_uv, leads.computed, tuple(notes)),
        best,
    )


def shown_names(groups: Sequence[Group], *, only_coded: bool) -> list[str]:
    """Return the names of the leads that `rhythm` opens, without looking at a sample."""
    best = max(groups, key=lambda group: group.rank)
    names = [one.name for one in channels_of(best.item, best.n_channels, only_coded).channels]
    for group in groups:
        if group is best or group.is_median or not _may_join(best.fs_hz, best, group):
            continue
        more = channels_of(group.item, group.n_channels, only_coded).channels
        names += [one.name for one in more if one.name not in names]
    return names


def median(groups: Sequence[Group], shown: Group, path: Path) -> tuple[MedianBeat | None, Group | None]:
    """Return the median beat, kept apart from the rhythm; None where there is none, or none that can be decoded."""
    for group in groups:
        if group is shown or not group.is_median:
            continue
        try:
            leads = decoded(group, path, only_coded=False)
        except FormatError:
            continue
        if np.isfinite(leads.signal).any():
            return MedianBeat(leads.signal, tuple(distinct_names(leads.names)[0]), leads.fs_hz), group
    return None, None


def channel_names(groups: Sequence[Group]) -> dict[tuple[int, int], str]:
    """Return (group, channel), both from 1 as annotations refer to them -> lead."""
    found = {}
    for group in groups:
        definitions = group.item.items("ChannelDefinitionSequence")[: group.n_channels]
        for index, one in enumerate(definitions, 1):
            source = one.code("ChannelSourceSequence")
            found[group.number, index] = lead_of(source.value, source.meaning, one.text("ChannelLabel"))[0]
    return found


def decoded(group: Group, path: Path, *, only_coded: bool, first: int | None = None) -> Leads:
    """Return the leads of one group in mV, or their `first` samples.

    Raises:
        FormatError: counts that do not fit the bytes, an unknown sample format, no channel in volts.
    """
    where = f"{path}: WaveformSequence item {group.number}"
    # Samples per second in the standard; a rate outside holds no ECG and would overflow times.
    if not 0.001 <= group.fs_hz <= 1e6:
        raise FormatError("no sampling rate", where=f"{where}, SamplingFrequency", expected="a number of Hz")
    stored = _stored(group if first is None else replace(group, n_samples=min(first, group.n_samples)), where)
    found = channels_of(group.item, stored.shape[1], only_coded)
    if not found.channels:
        raise FormatError(
            "holds no lead in volts", where=f"{where}, ChannelDefinitionSequence", found=found.why_not or None
        )
    limit = max(1, MOST_SAMPLES // len(found.channels))
    if group.n_samples > limit:
        minutes = limit / group.fs_hz / 60
        found.notes.append(
            ImportNote(
                PART,
                f"{group.seconds / 3600:.1f} h recorded, the first {minutes:.0f} min are open",
            )
        )
        stored = stored[:limit]
    return Leads(
        tuple(channel.name for channel in found.channels),
        _scaled(stored, found, _padding(group.item, stored.dtype), round(PAD_RUN_S * group.fs_hz)),
        group.fs_hz,
        common_step(found.channels),
        tuple(channel.name for channel in found.channels if channel.computed),
        tuple(found.notes),
    )


def _scaled(stored: NDArray[np.integer], found: Found, padding: int | None, run: int) -> Signal:
    """Return (leads, samples) float32 mV, what is not recorded as NaN; doubts go to the notes."""
    signal = on_disk.zeros((len(found.channels), len(stored)), np.float32)
    crossed, lowest = [], []
    for row, channel in zip(signal, found.channels, strict=True):
        values = stored[:, channel.index]
        # Channel Baseline is in units of the sensitivity, C.10.9.1.4: added after scaling.
        for part in stretches(len(row)):
            row[part] = values[part] * channel.scale + channel.baseline
        gaps = np.zeros(len(values), dtype=np.bool_)
        if padding is not None:
            gaps, inside = _padded(values, padding, run)
            crossed += [channel.name] if inside else []
        if (
            padding != NO_VALUE
            and values.dtype.itemsize == 2
            and abs(NO_VALUE * channel.scale) > IMPOSSIBLE_MV
        ):
            empty = values == NO_VALUE
            lowest += [channel.name] if empty.any() else []
            gaps = gaps | empty
        row[gaps] = np.nan
    if crossed:
        text = f"the padding value {padding} also occurs as a measured value; only runs of {PAD_RUN_S:g} s or more"
        found.notes.append(ImportNote("padding", f"{text} count as gaps", tuple(crossed)))
    if lowest:
        text = f"the lowest value {NO_VALUE} stands for no value, though the file does not say so"
        found.notes.append(ImportNote("padding", text, tuple(lowest)))
    return signal


def _stored(group: Group, where: str) -> NDArray[np.integer]:
    """Return (samples, channels) as stored; counts are checked against the bytes before anything is allocated."""
    item = group.item
    bits = item.whole("WaveformBitsAllocated")
    kind = item.text("WaveformSampleInterpretation").upper()
    if kind not in _WIDTH or bits != 8 * int(_WIDTH[kind][1]):
        raise FormatError(
            "unknown sample format",
            where=f"{where}, WaveformSampleInterpretation",
            expected="SB or UB of 8 bits, SS or US of 16, SL or UL of 32",
            found=f"{kind or 'nothing'} of {bits} bits",
        )
    data = item.raw("WaveformData")
    if bits == 8 and not item.little and item.vr(WAVEFORM_DATA) == "OW":
        data = np.frombuffer(data[: len(data) // 2 * 2], dtype="<u2").byteswap().tobytes()  # PS3.5 8.3
    size = bits // 8
    needed = group.n_channels * group.n_samples * size
    if not needed or needed > len(data):
        raise FormatError(
            "the samples are cut short or a count is wrong" if needed else "holds no samples",
            where=f"{where}, WaveformData",
            expected=f"{group.n_channels} channels x {group.n_samples} samples x {size} bytes",
            found=f"{len(data)} bytes",
        )
    order = "<" if item.little else ">"
    values = np.frombuffer(data, dtype=order + _WIDTH[kind], count=needed // size)
    return values.reshape(group.n_samples, group.n_channels)


def _padding(item: Elements, dtype: np.dtype[np.integer]) -> int | None:
    """Return the value that marks samples as not recorded, stored as the samples are; None where there is none."""
    raw = item.raw("WaveformPaddingValue")
    if len(raw) < dtype.itemsize:
        return None
    return int(np.frombuffer(raw, dtype=dtype, count=1)[0])


def _padded(values: NDArray[np.integer], padding: int, run: int) -> tuple[NDArray[np.bool_], bool]:
    """Return which samples are padding, and whether the value lies inside the range of the measured ones.

    Some carts declare 0, which every lead crosses (seen in a real file): there only long runs are gaps.
    """
    gaps = np.asarray(values == padding)
    if not gaps.any() or gaps.all():
        return gaps, False
    measured = values[~gaps]
    if not measured.min() < padding < measured.max():
        return gaps, False
    kept = np.zeros_like(gaps)
    for start, stop in runs(gaps):
        if stop - start >= max(2, run):
            kept[start:stop] = True
    return kept, True


def _may_join(fs_hz: float, first: Group, group: Group) -> bool:
    return group.fs_hz == fs_hz and first.n_channels < MANY and group.offset_s >= first.offset_s


def _joined(leads: Leads, first: Group, group: Group, path: Path, only_coded: bool) -> Leads | None:
    """Return the leads with those of a group that was recorded before or after; None where they do not fit."""
    if not _may_join(leads.fs_hz, first, group):
        return None
    try:
        more = decoded(group, path, only_coded=only_coded)
    except FormatError:
        return None
    new = [i for i, name in enumerate(more.names) if name not in leads.names]
    # A 3 x 4 recording is four groups one after the other, told by Multiplex Group Time Offset (ms).
    shift = round((group.offset_s - first.offset_s) * leads.fs_hz)
    if not new or shift < 0:
        return None
    n_samples = max(leads.signal.shape[1], shift + more.signal.shape[1])
    if n_samples * (len(leads.names) + len(new)) > MOST_SAMPLES:
        return None
    signal = np.full((len(leads.names) + len(new), n_samples), np.nan, dtype=np.float32)
    signal[: len(leads.names), : leads.signal.shape[1]] = leads.signal
    signal[len(leads.names) :, shift : shift + more.signal.shape[1]] = more.signal[new]
    names = leads.names + tuple(more.names[i] for i in new)
    step = leads.step_uv if leads.step_uv == more.step_uv else None
    computed = (*leads.computed, *(name for name in more.computed if name in names))
    return Leads(names, signal, leads.fs_hz, step, computed, leads.notes)
