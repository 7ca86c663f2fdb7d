"""WFDB records (PhysioNet): a text header with signal files in any storage format that wfdb reads.

Formats 16 and 212 are read here, by numpy; everything else by the library, from where it lies unless its header needs
repair.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview import on_disk
from ecgview.errors import FormatError
from ecgview.formats.kit import metadata, person
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.beginning import Beginning
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.quantise import quantise
from ecgview.formats.kit.quantities import assumed_gain, ecg_signals, leads_of_one_rate, millivolts_per
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.wfdb import steps
from ecgview.formats.wfdb.files import GAP, at_library, bad_files, frames_there, is_seekable
from ecgview.formats.wfdb.header import Header, SignalLine, described, read_header, stated_age
from ecgview.leads import distinct_names, with_derived
from ecgview.loading import library
from ecgview.record import PART, EcgRecord, ImportNote, Signal
from ecgview.runs import stretches

NAME = "WFDB"
EXTENSIONS: tuple[str, ...] = (".hea",)
WRITES = ".hea"
FACTS = Facts(
    known_from="public description: PhysioNet WFDB",
    real_files="more than 600",
    note="every storage format of the wfdb library, multi-segment, old challenge headers",
    also=(".dat",),
)
# Over all leads; longer records open at their beginning. A day of three leads at 250 Hz with the four limb leads that
# follow, as they are written, is 151 million.
MOST_SAMPLES = 160_000_000


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The leads of one rate: their places among the file's signals, with names, and what is noted of the others."""

    places: list[int]
    names: list[str]
    units: list[str]
    per_frame: int
    notes: list[ImportNote]


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is a WFDB header."""
    if path.suffix.lower() != ".hea":
        return 0
    return 90 if b"\0" not in head else 5


def peek(path: Path) -> RecordSummary:
    """Return what the header says of the leads that `read` opens."""
    header = read_header(path)
    patient, acquisition, _ = described(header)
    chosen = _chosen(header, path, check=False)
    frames = frames_there(header, chosen.places, path)
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        patient,
        acquisition.start_time,
        len(with_derived(distinct_names(chosen.names)[0])),
        header.fs_hz * chosen.per_frame,
        None if frames is None else frames / header.fs_hz,
        _is_synthetic(header),
    )


def read(path: Path) -> EcgRecord:
    """Return the record behind a header; FormatError names the file and field that is wrong."""
    return _opened(path, None)[0]


def beginning(path: Path, seconds: float) -> Beginning | None:
    """Return the first seconds of the record, of which alone samples are read; None where its length is not known."""
    record, n_samples = _opened(path, seconds)
    return None if n_samples is None else Beginning(record, n_samples)


def _opened(path: Path, seconds: float | None) -> tuple[EcgRecord, int | None]:
    """Return the record, or its first seconds, and the samples per lead of the whole, None where it is not said."""
    header = read_header(path)
    chosen = _chosen(header, path, check=True)
    notes = list(chosen.notes)
    frames = frames_there(header, chosen.places, path)
    limit = max(1, MOST_SAMPLES // sum(_lines(header, path)[place].per_frame for place in chosen.places))
    stop = None
    if frames is not None and frames > limit:
        stop = limit
        notes.append(
            ImportNote(
                PART,
                f"{frames / header.fs_hz / 3600:.1f} h recorded, the first "
                f"{stop / header.fs_hz / 60:.0f} min are open",
            )
        )
    most = stop if stop is not None else frames
    if seconds is not None and most is not None:
        stop = min(most, math.ceil(seconds * header.fs_hz))
    signal = _samples(path, header, chosen, frames, stop)
    synthetic = _is_synthetic(header)
    patient, acquisition, reading = described(header)
    if synthetic:
        notes.append(ImportNote("synthetic", "synthetic: no patient was recorded"))
    if patient.age_years is None and (stated := stated_age(header)):
        notes.append(person.no_age(stated))
    record = assemble(
        signal,
        chosen.names,
        header.fs_hz * chosen.per_frame,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=acquisition,
        notes=notes,
        synthetic=synthetic,
        device_reading=reading,
        whole=seconds is None,
    )
    return record, None if most is None else most * chosen.per_frame


def write(record: EcgRecord, target: Path) -> Path:
    """Write `target`.hea and `target`.dat, 16 bit in the file's own step or 1 uV; return the header's path.

    Raises:
        FormatError: the name is not one that WFDB allows, or the file cannot be written.
    """
    import wfdb

    target = target.with_suffix("") if target.suffix in (".hea", ".dat") else target
    target = target.with_name(re.sub(r"[^A-Za-z0-9_-]+", "_", target.name))  # what a record name may hold
    comments = _comments(record)
    steps = quantise(record, str(target), may_have_gaps=True)
    n_leads = len(record.lead_names)
    try:
        # The header is the library's; of samples it would make ten arrays, which of a day are 6 GB.
        moment = _moment(record.acquisition.start_time)
        wfdb.Record(
            record_name=target.name,
            n_sig=n_leads,
            fs=record.sampling_rate_hz,
            sig_len=record.n_samples,
            base_time=moment.time() if moment else None,
            base_date=moment.date() if moment else None,
            comments=comments,
            sig_name=list(record.lead_names),
            file_name=[f"{target.name}.dat"] * n_leads,
            fmt=["16"] * n_leads,
            adc_gain=[1000.0 / steps.step_uv] * n_leads,
            baseline=[0] * n_leads,
            units=["mV"] * n_leads,
            adc_res=[16] * n_leads,
            adc_zero=[0] * n_leads,
            init_value=[int(row[0]) for row in steps.values],
            checksum=[
                sum(int(row[part].sum(dtype=np.int64)) for part in stretches(len(row))) % 65536
                for row in steps.values
            ],
            block_size=[0] * n_leads,
        ).wrheader(write_dir=str(target.parent))
        with open(target.with_suffix(".dat"), "wb") as file:
            for part in stretches(record.n_samples):
                file.write(steps.values[:, part].T.astype("<i2").tobytes())
    except Exception as error:  # wfdb raises what its parts raise; the user is told which file
        raise FormatError(f"cannot be written ({error})", where=str(target)) from None
    return target.with_suffix(".hea")


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    return quantise(record, "", may_have_gaps=True).stated


def _comments(record: EcgRecord) -> list[str]:
    """Return age and sex as PhysioNet's own sets write them, then everything in ecgview's lines."""
    years, sex = record.patient.age_years, record.patient.sex
    comments = [f"Age: {years:g}"] if years is not None else []
    comments += [f"Sex: {sex.capitalize()}"] if sex else []
    comments += metadata.lines(record)
    return [*comments, "synthetic: no patient was recorded"] if record.synthetic else comments


def _moment(start_time: str) -> datetime | None:
    """Return the time of a header's first line, which has no time zone; the exact text is in the comments."""
    try:
        return datetime.fromisoformat(start_time).replace(tzinfo=None) if "T" in start_time else None
    except ValueError:
        return None


def _is_synthetic(header: Header) -> bool:
    return any("synthetic" in comment.lower() for comment in header.comments)


def _lines(header: Header, path: Path) -> tuple[SignalLine, ...]:
    """Return the signal lines: the header's own, or of a record of segments those of its layout or first segment."""
    if not header.n_segments:
        return header.signals
    for name in header.file_names:
        segment = path.parent / f"{name}.hea"
        if name != GAP and segment.is_file():
            inner = read_header(segment)
            if not inner.n_segments:
                return inner.signals
    raise FormatError(
        "a segment is missing", where=f"{path}: segments", expected=f"{header.file_names[0]}.hea"
    )


def _chosen(header: Header, path: Path, *, check: bool) -> _Chosen:
    """Return the leads to be read: voltages of the usual rate, in files that are whole.

    Raises:
        FormatError: with `check`, where no lead is left; it names what is wrong.
    """
    lines = _lines(header, path)
    names = [line.name or f"signal {place}" for place, line in enumerate(lines, 1)]
    units = [line.unit or "mV" for line in lines]
    places, notes = ecg_signals(names, units)
    if not places:
        found = ", ".join(
            f"{name} in {line.unit}" if line.unit else name for name, line in zip(names, lines, strict=True)
        )
        raise FormatError(
            "holds no lead in volts", where=f"{path}: signals", expected="mV, uV", found=found[:120]
        )
    faults = bad_files(header, path)
    sound = [place for place in places if lines[place].file_name not in faults]
    if check and not sound:
        raise faults[lines[places[0]].file_name]
    if sound and len(sound) < len(places):
        gone = tuple(names[place] for place in places if place not in sound)
        why = "; ".join(dict.fromkeys(f"{name}: {fault.message}" for name, fault in faults.items()))
        notes.append(ImportNote("missing-lead", f"left out: {', '.join(gone)} ({why})", gone))
        places = sound
    kept, more = leads_of_one_rate(
        [names[place] for place in places], [header.fs_hz * lines[place].per_frame for place in places]
    )
    places = [places[one] for one in kept]
    unsure = [names[place] for place in places if lines[place].gain is None]
    if unsure:
        more.append(assumed_gain(unsure, "WFDB's usual 200 steps per mV"))
    bare = [names[place] for place in places if lines[place].gain is not None and not lines[place].unit]
    if bare:
        some = ", ".join(bare) if len(bare) <= 3 else f"{len(bare)} leads"
        text = f"unit of the gain not stated ({some}): WFDB's usual mV taken"
        more.append(ImportNote("units", text, tuple(bare)))
    return _Chosen(
        places,
        [names[place] for place in places],
        [units[place] for place in places],
        lines[places[0]].per_frame,
        [*notes, *more],
    )


def _samples(path: Path, header: Header, chosen: _Chosen, frames: int | None, stop: int | None) -> Signal:
    """Return (leads, samples) mV of the leads of one rate."""
    factors = [millivolts_per(unit) or 1.0 for unit in chosen.units]
    most = stop if stop is not None else frames
    parts: Iterator[Sequence[NDArray[np.float64]]]
    if most is not None and steps.is_read_here(header, chosen.places):
        parts = (
            steps.rows(header, path.parent, chosen.places, part.stop - part.start, part.start)
            for part in stretches(most)
        )
    else:
        parts = _by_library(path, header, chosen.places, most, stop)
    signal, there = on_disk.zeros((len(factors), (most or 0) * chosen.per_frame), np.float32), 0
    with np.errstate(all="ignore"):  # absurd gains overflow to what `assemble` takes as gaps
        for rows in parts:
            shortest = min(len(row) for row in rows)
            if there + shortest > signal.shape[1]:  # of unknown length: it comes in one
                signal = np.empty((len(factors), shortest), dtype=np.float32)
            for made, row, factor in zip(signal, rows, factors, strict=True):
                made[there : there + shortest] = row[:shortest] * factor
            there += shortest
    if not there:
        raise FormatError("holds no samples", where=str(path))
    return signal[:, :there] if there < signal.shape[1] else signal


def _by_library(
    path: Path, header: Header, places: list[int], most: int | None, stop: int | None
) -> Iterator[Sequence[NDArray[np.float64]]]:
    """Yield the samples of each signal in its unit as wfdb reads them: where they lie, or by a repaired header.

    What has one size for each sample comes stretch by stretch; the library would make ten arrays of the whole.
    """
    wfdb = library("wfdb")
    in_parts = most is not None and is_seekable(header)
    with at_library(header, path) as record:
        for part in stretches(most) if in_parts and most is not None else (slice(0, stop),):
            read = wfdb.rdrecord(
                str(record), part.start, part.stop, m2s=True, channels=places, smooth_frames=False
            )
            if read.e_p_signal:
                yield read.e_p_signal
