"""Waveforms of CardioSoft XML: the ten-second strip, else the whole recording; the median beat; beat times."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgview.counts import counted
from ecgview.errors import FormatError
from ecgview.formats.kit.digits import samples
from ecgview.formats.kit.xml import every, find, number, text
from ecgview.leads import canonical_name, distinct_names
from ecgview.record import PART, ImportNote, MedianBeat

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_LEADS = 32
MOST_SAMPLES = 10_000_000  # of all leads together
MOST_OF_LEAD = 1_000_000
EINTHOVEN_STEPS = 2.0  # I + III - II of a device that computes one of them: rounding alone
LONGEST_S = 3600.0

Rhythm = tuple[NDArray[np.float32], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a block of waveforms says of itself; `samples` are of one lead, None where it does not say."""

    fs_hz: float
    step_uv: float
    n_leads: int | None
    samples: int | None


def layout(block: "Element", path: Path, field: str, n_leads: str = "NumberOfLeads") -> Layout:
    """Return how a block is stored; FormatError names the field that is missing or wrong."""
    fs_hz = number(block, "SampleRate", path)
    step_uv = number(block, "Resolution", path)
    for key, unit in (("SampleRate", "Hz"), ("Resolution", "uVperLsb")):
        element = find(block, key)
        stated = unit if element is None else element.get("units", unit)
        if stated != unit:
            raise FormatError(
                "unknown unit", where=f"{path}: {field}/{key}", expected=unit, found=stated[:40]
            )
    if fs_hz is None or not 1 <= fs_hz <= 100_000:
        raise FormatError(
            "no usable sampling rate",
            where=f"{path}: {field}/SampleRate",
            expected="1 to 100,000 Hz",
            found=f"{fs_hz}",
        )
    if step_uv is None or not 1e-4 <= step_uv <= 1e5:
        raise FormatError(
            "no usable resolution",
            where=f"{path}: {field}/Resolution",
            expected="µV per step",
            found=f"{step_uv}",
        )
    return Layout(
        fs_hz, step_uv, _whole(block, n_leads, path), _whole(block, "ChannelSampleCountTotal", path)
    )


def strip(block: "Element", how: Layout, path: Path) -> tuple[Rhythm, list[ImportNote]]:
    """Return the leads of a strip, (leads, samples) mV, with their names, and what was noticed."""
    notes: list[ImportNote] = []
    rows = _rows(block, path, "StripData", notes)
    notes += _mismatches(how, len(rows), len(rows[0][1]))
    return _in_mv([row for _, row in rows], tuple(label for label, _ in rows), how), notes


def full_disclosure(block: "Element", how: Layout, path: Path) -> tuple[Rhythm, list[ImportNote]]:
    """Return the whole recording, (leads, samples) mV, with the leads' names, and what was noticed.

    Public descriptions contradict each other: samples of all leads in turn, or a second of each lead in turn. The
    order is taken in which lead II is the sum of I and III, as it must be.

    Raises:
        FormatError: neither order or both obey that, or the leads do not allow the question.
    """
    field = "FullDisclosure/FullDisclosureData"
    names = tuple(canonical_name(part) for part in text(block, "LeadOrder").split(",") if part.strip())
    if not 0 < len(names) <= MOST_LEADS or len(set(names)) < len(names):
        raise FormatError(
            "the leads are not named once each",
            where=f"{path}: FullDisclosure/LeadOrder",
            found=", ".join(names)[:80],
        )
    data = find(block, "FullDisclosureData")
    parts = [] if data is None else [data.text or "", *(child.tail or "" for child in data)]
    values = samples(",".join(parts), MOST_SAMPLES, f"{path}: {field}")
    in_turn, second = len(names), round(how.fs_hz)
    if not len(values) or len(values) % in_turn:
        raise FormatError(
            "samples do not fill the leads evenly",
            where=f"{path}: {field}",
            expected=f"a multiple of {in_turn}",
            found=str(len(values)),
        )
    orders = [values.reshape(-1, in_turn).T]
    if not len(values) % (in_turn * second):
        blocks = values.reshape(-1, in_turn, second)
        orders.append(blocks.transpose(1, 0, 2).reshape(in_turn, -1))
    # Einthoven's law holds sample by sample only in the order that is right: a wrong one fails at the
    # first QRS.
    right = [order for order in orders if _obeys_einthoven(order, names)]
    if len(right) != 1:
        raise FormatError(
            "the order of the samples cannot be told",
            where=f"{path}: {field}",
            expected="leads I, II and III with II = I + III in one of the known orders",
            found=", ".join(names)[:80],
        )
    rows = right[0]
    keep = min(rows.shape[1], int(LONGEST_S * how.fs_hz))
    notes = [ImportNote("header", "no strip of ten seconds; the whole recording was taken")]
    if keep < rows.shape[1]:
        notes.append(ImportNote(PART, f"only the first {LONGEST_S:g} s are opened"))
    return _in_mv([row[:keep] for row in rows], names, how), notes


def median_beat(block: "Element | None", path: Path) -> MedianBeat | None:
    """Return the device's median beat in mV between its first and last valid samples; None where there is none."""
    if block is None or find(block, "WaveformData") is None:
        return None
    how = layout(block, path, "MedianSamples")
    rows = _rows(block, path, "MedianSamples")
    labels = tuple(distinct_names([label for label, _ in rows])[0])
    signal, names = _in_mv([row for _, row in rows], labels, how)
    first, last = _whole(block, "FirstValid", path), _whole(block, "LastValid", path)
    start, stop = first or 0, signal.shape[1] if last is None else last + 1
    valid = signal[:, start:stop]
    return MedianBeat(valid, names, how.fs_hz) if valid.shape[1] else None


def qrs_times(block: "Element", seconds: float) -> tuple[float, ...]:
    """Return the times of beats within a strip, s from its first sample, as the device found them."""
    found = []
    for one in every(block, "ArrhythmiaResults/Time"):
        value = text(one)
        if one.get("units") == "ms" and value.isdecimal() and len(value) < 10:
            found.append(int(value) / 1000.0)
    return tuple(sorted(time for time in found if time <= seconds))


def _rows(
    block: "Element", path: Path, field: str, notes: list[ImportNote] | None = None
) -> list[tuple[str, NDArray[np.float64]]]:
    """Return name and samples of each waveform; with `notes`, one that cannot be read is told there and left out."""
    rows: list[tuple[str, NDArray[np.float64]]] = []
    faults: list[tuple[str, FormatError]] = []
    for place, wave in enumerate(every(block, "WaveformData"), 1):
        label = canonical_name(wave.get("lead", "")) or f"lead {place}"
        where = f"{path}: {field}/WaveformData, lead {label[:20]}"
        try:
            row = samples(text(wave), MOST_OF_LEAD, where)
            if not len(row):
                raise FormatError("holds no samples", where=where)
        except FormatError as error:
            faults.append((label, error))
            continue
        rows.append((label, row))
        if len(rows) > MOST_LEADS:
            raise FormatError("too many leads", where=f"{path}: {field}", expected=f"at most {MOST_LEADS}")
    lengths = [len(row) for _, row in rows]
    usual = max(lengths, key=lambda length: (lengths.count(length), length), default=0)
    for label, row in rows:
        if len(row) != usual:
            fault = FormatError(
                f"{len(row)} samples, the others have {usual}",
                where=f"{path}: {field}/WaveformData, lead {label[:20]}",
            )
            faults.append((label, fault))
    rows = [(label, row) for label, row in rows if len(row) == usual]
    if faults and (notes is None or not rows):
        raise faults[0][1]
    if not rows:
        raise FormatError("holds no samples", where=f"{path}: {field}/WaveformData", found="no waveform")
    told = [] if notes is None else notes
    for label, fault in faults:
        told.append(ImportNote("missing-lead", f"{label} left out: {fault.message}", (label,)))
    return rows


def _in_mv(rows: Sequence[NDArray[np.float64]], names: tuple[str, ...], how: Layout) -> Rhythm:
    return (np.stack(rows) * (how.step_uv / 1000.0)).astype(np.float32), names


def _mismatches(how: Layout, n_leads: int, held: int) -> list[ImportNote]:
    notes = []
    if how.samples is not None and how.samples != held:
        notes.append(
            ImportNote("header", f"stored: {counted(held, 'sample')} per lead; the file says {how.samples}")
        )
    if how.n_leads is not None and how.n_leads != n_leads:
        notes.append(ImportNote("header", f"stored: {counted(n_leads, 'lead')}; the file says {how.n_leads}"))
    return notes


def _obeys_einthoven(rows: NDArray[np.float64], names: tuple[str, ...]) -> bool:
    if not {"I", "II", "III"} <= set(names):
        return False
    one, two, three = (rows[names.index(name)] for name in ("I", "II", "III"))
    moves = np.ptp(two) > 10 * EINTHOVEN_STEPS
    return bool(moves and np.abs(one + three - two).max() <= EINTHOVEN_STEPS)


def _whole(block: "Element", key: str, path: Path) -> int | None:
    value = number(block, key, path)
    if value is not None and not (0 <= value <= MOST_SAMPLES and value == int(value)):
        raise FormatError("not a count", where=f"{path}: {key}", found=f"{value:g}")
    return None if value is None else int(value)
