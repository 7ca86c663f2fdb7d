"""EDF, EDF+ and BDF: 16 or 24 bit samples in data records under a header of fixed columns.

Read: EDF and EDF+ (continuous and interrupted), BDF and BDF+; the leads of the usual rate. Written: EDF+C by edfio.

EDF+ has fields for code, sex, birth date and name of the patient, start and equipment of the recording and the
filters; they are plain ASCII. What does not fit them stands in annotations at time zero, which are UTF-8. The median
beat has no place. Gaps cannot be marked in EDF+C.
"""

import math
import re
from dataclasses import dataclass, replace
from datetime import date, time
from pathlib import Path

import numpy as np

from ecgview.errors import FormatError
from ecgview.formats.edf import write as edf_write
from ecgview.formats.edf.annotations import Annotation, Annotations, parse
from ecgview.formats.edf.data_records import DataRecords
from ecgview.formats.edf.header import Header, day, marker, read_header
from ecgview.formats.edf.signals import MOST_SAMPLES, Chosen, choose, millivolts, step_uv
from ecgview.formats.kit import metadata
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.beginning import Beginning
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.leads import distinct_names, with_derived
from ecgview.record import (
    PART,
    Acquisition,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    ImportNote,
    Patient,
    Signal,
)
from ecgview.runs import stretches

NAME = "EDF"
EXTENSIONS: tuple[str, ...] = (".edf", ".bdf", ".rec")
WRITES = ".edf"
FACTS = Facts(
    known_from="public standard: Kemp 1992, EDF+ 2003, BDF",
    real_files="2",
    title="EDF/EDF+/BDF",
)
MOST_RECORDS = 200_000

_PLUS_PATIENT = re.compile(r"(\S+) ([MFX]) (\d{1,2}-[A-Z]{3}-\d{4}|X)(?: (\S+))?(?: (.*))?", re.IGNORECASE)
_NOBODY = re.compile(r"[Xx ]*|dd-MMM-yyyy", re.IGNORECASE)
_HZ = r"\s*[:=]?\s*(\d+(?:[.,]\d+)?)\s*Hz"

write = edf_write.write
loss = edf_write.loss


@dataclass(frozen=True, slots=True)
class _Described:
    patient: Patient
    acquisition: Acquisition
    reading: DeviceReading
    synthetic: bool
    own: bool  # written by ecgview


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is EDF or BDF."""
    width = marker(head)
    if not width or len(head) < 256:
        return 0
    count, length = head[252:256].strip(b"\0 "), head[184:192].strip(b"\0 ")
    if count.isdigit() and length.isdigit() and int(length) == 256 * (int(count) + 1):
        return 95
    if width == 3:
        return 80
    return 50 if path.suffix.lower() in EXTENSIONS else 0


def peek(path: Path) -> RecordSummary:
    """Return what the header and the first data record say."""
    header = read_header(path)
    chosen = choose(header, path)
    told = _described(header, chosen, _annotations(header, path, 1), path)
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        told.patient,
        told.acquisition.start_time,
        len(with_derived(distinct_names(chosen.names)[0])),
        chosen.fs_hz,
        header.records * header.record_s,
        told.synthetic,
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the field that is wrong."""
    return _opened(path, read_header(path), None)


def beginning(path: Path, seconds: float) -> Beginning | None:
    """Return the first data records, of which alone samples and annotations are read; None of an interrupted one."""
    header = read_header(path)
    if header.is_interrupted or header.records < 1 or not header.record_s > 0:
        return None  # how long an interrupted one lasts, only the times in its data records say
    records = min(header.records, max(1, math.ceil(seconds / header.record_s)))
    record = _opened(path, header, records)
    each = choose(header, path).signals
    there = min(header.records, MOST_RECORDS, MOST_SAMPLES // (len(each) * each[0].samples))
    return Beginning(record, there * each[0].samples)


def _opened(path: Path, header: Header, first: int | None) -> EcgRecord:
    """Return the record, or one of its `first` data records."""
    chosen = choose(header, path)
    if header.records < 1:
        raise FormatError("holds no whole data record", where=str(path), expected=f"{header.promised}")
    records = min(header.records, MOST_RECORDS) if first is None else first
    annotations = _annotations(header, path, records)
    told = _described(header, chosen, annotations, path)
    signal, notes = millivolts(DataRecords(path, header, records), header, chosen, annotations)
    notes += _length_notes(header, annotations)
    names = chosen.names
    if not told.own:
        signal, names, flat = _without_flat(signal, names)
        notes += flat
    if told.synthetic:
        notes.append(ImportNote("synthetic", "synthetic: no patient was recorded"))
    return assemble(
        signal,
        names,
        chosen.fs_hz,
        path=path,
        format_name=NAME,
        patient=told.patient,
        acquisition=told.acquisition,
        notes=[*chosen.notes, *notes],
        synthetic=told.synthetic,
        device_reading=told.reading,
        whole=first is None,
    )


def _annotations(header: Header, path: Path, records: int) -> Annotations:
    if header.records < 1 or not any(signal.holds_annotations for signal in header.signals):
        if header.is_interrupted:
            raise FormatError("an interrupted recording without times", where=f"{path}: EDF Annotations")
        return Annotations((), (), False)
    return parse(DataRecords(path, header, min(records, header.records)), header)


def _length_notes(header: Header, annotations: Annotations) -> list[ImportNote]:
    notes = []
    if header.promised < 0:
        notes.append(
            ImportNote("header", f"the number of data records is open (-1); {header.records} are there")
        )
    elif header.records < header.promised:
        text = f"cut short: {header.promised} data records announced, {header.records} are there"
        notes.append(ImportNote("duration", text))
    if header.records > MOST_RECORDS:
        notes.append(ImportNote(PART, f"the first {MOST_RECORDS} of {header.records} data records are open"))
    if annotations.cut:
        notes.append(ImportNote("header", "there are more annotations than are listed"))
    return notes


def _without_flat(signal: Signal, names: tuple[str, ...]) -> tuple[Signal, tuple[str, ...], list[ImportNote]]:
    """Leave out leads of one value throughout where others move: recorders fill what was not connected."""
    high, low = (np.full(len(signal), limit, dtype=np.float32) for limit in (-np.inf, np.inf))
    for part in stretches(signal.shape[1]):
        some = signal[:, part]
        high, low = np.fmax(high, np.fmax.reduce(some, axis=1)), np.fmin(low, np.fmin.reduce(some, axis=1))
    moves = high > low
    if moves.all() or not moves.any():
        return signal, names, []
    gone = tuple(name for name, moving in zip(names, moves, strict=True) if not moving)
    kept = tuple(name for name, moving in zip(names, moves, strict=True) if moving)
    note = ImportNote("missing-lead", f"one value throughout, taken as not recorded: {', '.join(gone)}", gone)
    return signal[moves], kept, [note]


def _described(header: Header, chosen: Chosen, annotations: Annotations, path: Path) -> _Described:
    """Return what the header and the annotations say: ecgview's own lines where there are some."""
    first = [
        one for one in annotations.found if one.onset_s - _origin(annotations) <= 0 and not one.duration_s
    ]
    told = metadata.told(line for one in first for line in one.text.split("\n"))
    text = " ".join([header.recording, header.patient, *(one.text for one in first)]).lower()
    start = _start_time(header, _origin(annotations))
    steps = {round(step_uv(signal, path)[0], 9) for signal in chosen.signals}
    step = abs(steps.pop()) if len(steps) == 1 else None
    if told.found:
        kept = told.acquisition
        kept = replace(kept, start_time=kept.start_time or start, step_uv=kept.step_uv or step)
        return _Described(told.patient, kept, told.device_reading, "synthetic" in text, True)
    patient, extra = _patient(header)
    device, more = _recording(header)
    statements = tuple(DeviceStatement(one.text) for one in first)
    extra |= more | _columns(chosen) | _timed(annotations.found, set(first), _origin(annotations))
    acquisition = Acquisition(start, device, *_filters(chosen), step_uv=step, extra=extra)
    return _Described(patient, acquisition, DeviceReading((), statements), "synthetic" in text, False)


def _origin(annotations: Annotations) -> float:
    return annotations.onsets_s[0] if annotations.onsets_s else 0.0


def _patient(header: Header) -> tuple[Patient, dict[str, str]]:
    """Return the fields of EDF+; free text of older files is the identification as it stands."""
    extra = {"local patient identification": header.patient} if header.patient else {}
    match = _PLUS_PATIENT.fullmatch(header.patient)
    if not match:
        return Patient(patient_id="" if _NOBODY.fullmatch(header.patient) else header.patient), extra
    code, sex, born, name, more = (_subfield(text) for text in match.groups())
    if more:
        extra["patient, additional"] = more
    return Patient(code, name, {"M": "male", "F": "female"}.get(sex.upper(), ""), None, day(born)), extra


def _recording(header: Header) -> tuple[str, dict[str, str]]:
    """Return the device and the other fields of "Startdate date admin technician equipment ..."."""
    extra = {"local recording identification": header.recording} if header.recording else {}
    parts = header.recording.split(" ")
    if parts[0].lower() != "startdate":
        return "", extra
    names = ("hospital administration code", "technician", "", "recording, additional")
    values = [_subfield(text) for text in parts[2:5]] + [" ".join(parts[5:])]
    extra |= {name: value for name, value in zip(names, values, strict=False) if name and value}
    return values[2] if len(parts) > 4 else "", extra


def _subfield(text: str | None) -> str:
    return "" if not text or text.upper() == "X" else text.replace("_", " ")


def _start_time(header: Header, fraction_s: float) -> str:
    """Return ISO time: the day of "Startdate" where there is one, for two digits of a year end in 2084."""
    clock = re.match(r"\s?(\d{1,2})[.:](\d{1,2})[.:](\d{1,2})", header.clock)
    short = re.match(r"\s?(\d{1,2})[./-](\d{1,2})[./-](\d{2})$", header.date)
    words = header.recording.split(" ")
    stated = words[1] if len(words) > 1 and words[0].lower() == "startdate" else ""
    try:
        at = time(int(clock[1]), int(clock[2]), int(clock[3])).isoformat() if clock else ""
        when = day(stated)
        if not when and short and stated.upper() != "X":
            year = int(short[3])
            when = date(year + (1900 if year >= 85 else 2000), int(short[2]), int(short[1])).isoformat()
    except ValueError:
        return ""
    if at and 0 < fraction_s < 1:
        at += f"{fraction_s:.6f}"[1:].rstrip("0")
    if not when:
        return "" if at == "00:00:00" else at
    return f"{when}T{at}" if at else when


def _columns(chosen: Chosen) -> dict[str, str]:
    """Return transducer and prefilter: once where all leads share them, else per lead."""
    found = {}
    for name, values in (
        ("transducer", [signal.transducer for signal in chosen.signals]),
        ("prefiltering", [signal.prefilter for signal in chosen.signals]),
    ):
        if len(set(values)) == 1:
            found[name] = values[0]
        else:
            found[name] = "; ".join(
                f"{lead}: {text}" for lead, text in zip(chosen.names, values, strict=True)
            )
    return {name: text for name, text in found.items() if text}


def _filters(chosen: Chosen) -> tuple[float | None, float | None, float | None]:
    """Return high-pass, low-pass and notch in Hz where all leads were filtered alike."""
    texts = {signal.prefilter for signal in chosen.signals}
    text = texts.pop() if len(texts) == 1 else ""
    found = [re.search(rf"\b{name}{_HZ}", text, re.IGNORECASE) for name in ("HP", "LP", "(?:N|NOTCH)")]
    high, low, notch = (float(match[1].replace(",", ".")) if match else None for match in found)
    return high, low, notch


def _timed(found: tuple[Annotation, ...], first: set[Annotation], origin: float) -> dict[str, str]:
    """Return annotations of a time as further fields; those of one time share a field."""
    fields: dict[str, str] = {}
    for one in found:
        if one in first:
            continue
        lasting = f" for {one.duration_s:g} s" if one.duration_s else ""
        key = f"annotation at {one.onset_s - origin:g} s{lasting}"
        fields[key] = f"{fields[key]}; {one.text}" if key in fields else one.text
    return fields
