"""ecgview's measurements in the fields that a format has for a device's (M8), said to be ecgview's; beats as WFDB's.

No format names who measured a single value, so that one file holds either the device's values or ecgview's: a statement
beside them says whose they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgview.about import RESEARCH_USE_ONLY, VERSION
from ecgview.errors import ReportError
from ecgview.models import measuring
from ecgview.record import (
    EDITED_BY_HAND,
    MEASURED_BY,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    MedianBeat,
)
from ecgview.signal.device_values import WORDS
from ecgview.signal.measure.measured import BeatClass, Edit, Measured
from ecgview.signal.measure.waves import Kind

SAID = f"{MEASURED_BY.format(VERSION)} {RESEARCH_USE_ONLY}"
ONSETS = "onsets and offsets"  # the field of a record that SCP-ECG reads and writes them by
WAVES = "waves"  # the annotator's name of WFDB annotation files
_SYMBOLS: dict[BeatClass, str] = {
    "dominant": "N",
    "ventricular": "V",
    "supraventricular": "S",
    "paced": "/",
    "noise": "~",
}


def with_own(
    record: EcgRecord, edits: Sequence[Edit] = (), *, named: bool = True
) -> tuple[EcgRecord, Measured]:
    """Return the record with ecgview's measurements, median beat and beats in the place of the device's.

    What could not be measured has no value; a record that cannot be measured keeps nothing of the device's either.
    Values that a reader's `edits` changed are said to be so, by whom where `named`.

    Raises:
        SignalError: an edit names what is not there, or puts an edge where it cannot be.
    """
    found = measuring.measured(record, edits)
    if found.reason:
        return replace(record, device_reading=DeviceReading()), found
    rows = {one.name: one for one in found.values}
    values = tuple(
        DeviceMeasurement(name, one.value, one.unit)
        for name, word in WORDS.items()
        if (one := rows.get(word)) is not None and one.value is not None
    )
    median = found.median
    beat = None if median is None else MedianBeat(median.signal, median.lead_names, median.sampling_rate_hz)
    times = tuple(beat.time_s for beat in found.beats)
    reading = DeviceReading(values, _said(found, named), beat, times)
    extra = {name: text for name, text in record.acquisition.extra.items() if name != ONSETS}
    if onsets := _onsets(found):
        extra[ONSETS] = onsets
    return replace(
        record, device_reading=reading, acquisition=replace(record.acquisition, extra=extra)
    ), found


def _said(found: Measured, named: bool) -> tuple[DeviceStatement, ...]:
    """Return whose the values are; no format has a place beside a single one for who edited it."""
    edited = [one for one in found.values if one.source == "edited" and one.name in WORDS.values()]
    said = [DeviceStatement(SAID)]
    if edited:
        by = ", ".join(dict.fromkeys(one.by for one in edited if one.by)) if named else ""
        whom = f" by {by}" if by else ""
        said.append(
            DeviceStatement(f"Of these, {EDITED_BY_HAND}{whom}: {', '.join(one.name for one in edited)}")
        )
        said += [
            DeviceStatement(
                f"{one.name} {EDITED_BY_HAND}: {_number(one.value)}, computed {_number(one.before)} {one.unit}"
            )
            for one in edited
        ]
    return tuple(said)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _onsets(found: Measured) -> str:
    """Return where waves begin and end, in ms from the beginning of the median beat, as SCP-ECG has them."""
    if (median := found.median) is None:
        return ""
    qrs = median.overall["QRS"]
    if qrs is None:
        return ""
    onset = round(1000 * (median.peak / median.sampling_rate_hz + qrs.onset_s))
    p, pr, width, qt = (found.value(name) for name in ("P duration", "PR", "QRS duration", "QT"))
    at: dict[str, float] = {"qrs_onset": onset}
    if p is not None and pr is not None:
        at |= {"p_onset": onset - pr, "p_offset": onset - pr + p}
    if width is not None:
        at["qrs_offset"] = onset + width
    if qt is not None:
        at["t_offset"] = onset + qt
    return f"{', '.join(f'{name} {value:.0f}' for name, value in at.items())} ms"


def write_waves(record: EcgRecord, found: Measured, folder: Path, name: str) -> Path:
    """Write P, QRS and T of every beat over all leads as a WFDB annotation file, `name.waves`.

    Each wave is "(", its peak and ")": p, the beat's class (N, V, S, / or ~) and t.

    Raises:
        ReportError: there are no beats, or the file cannot be written.
    """
    import wfdb

    marks = sorted(_marks(record, found))
    if not marks:
        raise ReportError("there are no beats to write", where=name, found=found.reason)
    try:
        wfdb.wrann(
            name,
            WAVES,
            sample=np.array([sample for sample, _place, _symbol in marks], dtype=np.int64),
            symbol=[symbol for _sample, _place, symbol in marks],
            fs=record.sampling_rate_hz,
            write_dir=str(folder),
        )
    except (ValueError, OSError) as error:
        raise ReportError(f"the annotations cannot be written ({error})", where=name) from None
    return folder / f"{name}.{WAVES}"


def _marks(record: EcgRecord, found: Measured) -> Iterator[tuple[int, int, str]]:
    """Yield (sample, place in its wave, symbol); the place keeps the order of marks of one sample."""
    last = record.n_samples - 1
    for beat, kind in zip(found.beats, found.classes, strict=True):
        symbols: dict[Kind, str] = {"P": "p", "QRS": _SYMBOLS[kind], "T": "t"}
        for wave, symbol in symbols.items():
            one = beat.overall[wave]
            if one is None:
                continue
            for place, (at, sign) in enumerate(
                ((one.onset_s, "("), (one.peak_s, symbol), (one.offset_s, ")"))
            ):
                yield min(last, max(0, round(at * record.sampling_rate_hz))), place, sign
