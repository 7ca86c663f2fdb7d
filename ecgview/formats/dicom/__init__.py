"""DICOM ECG waveforms (12-Lead, General, Ambulatory, 32-bit, and any object with a Waveform Sequence of ECG leads).

DICOM PS3.3 A.34, C.10.8 to C.10.10; PS3.5 7 and Annex A; PS3.16 CID 3001, 3227 to 3229. The rhythm is read, a median
beat is kept apart. Deflated, big-endian and implicit data sets are read, and files without preamble.

Written are explicit little-endian objects in UTF-8. The standard has no place for a statement's code and for who made
it, for an age that is no whole number of years, months, weeks or days, for times of QRS complexes between samples, and
for fields of other formats: these stand in a private text element (0009,xx01) of the creator "ECGVIEW", which other
readers pass over and de-identifiers remove.
"""

import math
from dataclasses import replace
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.formats.dicom import own
from ecgview.formats.dicom.annotations import said
from ecgview.formats.dicom.build import dataset_of, encoded, new_uids, parts_of
from ecgview.formats.dicom.described import acquisition_of, is_synthetic, patient_of, start_of
from ecgview.formats.dicom.elements import Body, Elements, open_bytes, open_file, starts_dataset
from ecgview.formats.dicom.glance import glance, opened_at
from ecgview.formats.dicom.groups import (
    MOST_SAMPLES,
    Group,
    channel_names,
    groups_of,
    median,
    rhythm,
    shown_names,
)
from ecgview.formats.dicom.own import told_of
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.beginning import Beginning
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.quantise import quantise
from ecgview.formats.kit.replace import replace_file
from ecgview.formats.kit.summary import RecordSummary
from ecgview.leads import distinct_names, with_derived
from ecgview.record import DeviceReading, EcgRecord, ImportNote

NAME = "DICOM"
EXTENSIONS: tuple[str, ...] = (".dcm", ".dicom", ".dic")
WRITES = ".dcm"
FACTS = Facts(
    known_from="public standard: DICOM PS3.3 C.10.9 (Waveform), PS3.16 lead codes",
    real_files="2 (converted by others)",
    note="rhythm group; 12-lead ECG, general ECG and ambulatory ECG",
)

LARGE_FILE = 16_000_000  # bytes; from here on the samples of an only group are read by themselves
_ECG_CLASSES = "1.2.840.10008.5.1.4.1.1.9.1."


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is DICOM: by its prefix, else by its first element."""
    if head[128:132] == b"DICM":
        return 95
    return 70 if starts_dataset(head) else 0


def read(path: Path) -> EcgRecord:
    """Return the record of a waveform object; FormatError names the file and the element that is wrong."""
    if path.is_file() and path.stat().st_size > LARGE_FILE and (found := opened_at(path, math.inf)):
        dataset, group, body = found
        return _made(dataset, [group], body, path, _most(group, dataset, body))
    dataset, body = open_file(path)
    return _record(dataset, body, path)


def peek(path: Path) -> RecordSummary:
    """Return what the data set says; no sample is decoded, and annotations are passed over where that is safe."""
    dataset, groups, body = glance(path)
    if not groups:
        raise _refused(dataset, body, path)
    best = max(groups, key=lambda group: group.rank)
    names = shown_names(groups, only_coded=_only_coded(dataset, body))
    told = told_of(dataset)
    patient, start = patient_of(dataset, reckon_age=told is None), start_of(dataset)
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        own.patient(patient, told.patient) if told else patient,
        (told.acquisition.start_time if told else "") or start,
        len(with_derived(distinct_names(names)[0])) or best.n_channels,
        best.fs_hz or None,
        best.seconds or None,
        is_synthetic(dataset),
    )


def write(record: EcgRecord, target: Path) -> Path:
    """Write an ECG waveform object with 16-bit samples and return its path.

    What the standard's elements do not bring back stands in a private text element of ecgview's.

    Raises:
        FormatError: the file cannot be written.
    """
    parts = parts_of(record, str(target))
    uids = new_uids()
    try:
        first = encoded(dataset_of(record, parts, own.lines_for(record, None), uids))
        again = _record(*open_bytes(first, target), target)
        raw = encoded(dataset_of(record, parts, own.lines_for(record, again), uids))
        replace_file(target, raw)
    except FormatError:
        raise
    except Exception as error:  # the library raises what its parts raise; the user is told which file
        raise FormatError(f"cannot be written ({error})", where=str(target)) from None
    return target


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    return quantise(record, "", may_have_gaps=True).stated


def beginning(path: Path, seconds: float) -> Beginning | None:
    """Return the first seconds of a file of one group, of which alone samples are read; None of any other file."""
    found = opened_at(path, seconds)
    if found is None:
        return None
    dataset, group, body = found
    record = _made(dataset, [group], body, path, math.ceil(seconds * group.fs_hz), whole=False)
    return Beginning(record, _most(group, dataset, body))


def _record(dataset: Elements, body: Body, path: Path) -> EcgRecord:
    groups = groups_of(dataset)
    if not groups:
        raise _refused(dataset, body, path)
    return _made(dataset, groups, body, path)


def _most(group: Group, dataset: Elements, body: Body) -> int:
    """Return how many samples of each lead of a group are opened."""
    n_leads = len(shown_names([group], only_coded=_only_coded(dataset, body)))
    return min(group.n_samples, MOST_SAMPLES // max(1, n_leads))


def _made(
    dataset: Elements,
    groups: list[Group],
    body: Body,
    path: Path,
    first: int | None = None,
    *,
    whole: bool = True,
) -> EcgRecord:
    """Return the record of a data set's groups, or of the `first` samples of its only one."""
    leads, shown = rhythm(groups, path, only_coded=_only_coded(dataset, body), first=first)
    beat, middle = median(groups, shown, path)
    annotated = said(dataset, shown, middle, channel_names(groups))
    told = told_of(dataset)
    patient = patient_of(dataset, reckon_age=told is None)
    acquisition = replace(acquisition_of(dataset, shown, leads.step_uv), derived_leads=leads.computed)
    if annotated.rest:
        acquisition = replace(
            acquisition, extra={**acquisition.extra, "WaveformAnnotationSequence": annotated.rest}
        )
    reading = DeviceReading(annotated.measurements, annotated.statements, beat, annotated.qrs_s)
    if told:
        patient = own.patient(patient, told.patient)
        acquisition = own.acquisition(acquisition, told.acquisition)
        reading = own.reading(reading, told.device_reading)
    synthetic = is_synthetic(dataset)
    notes = [*leads.notes, *annotated.notes]
    if synthetic:
        notes.append(ImportNote("synthetic", "synthetic: no patient was recorded"))
    return assemble(
        leads.signal,
        leads.names,
        leads.fs_hz,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=acquisition,
        notes=notes,
        synthetic=synthetic,
        device_reading=reading,
        whole=whole,
    )


def _only_coded(dataset: Elements, body: Body) -> bool:
    """Return whether this is an object of another class, of which only known leads are taken."""
    sop_class = dataset.text("SOPClassUID") or body.sop_class
    return bool(sop_class) and not sop_class.startswith(_ECG_CLASSES)


def _refused(dataset: Elements, body: Body, path: Path) -> FormatError:
    """Return the error for an object without waveform, which says what it is."""
    from pydicom.uid import UID_dictionary

    uid = dataset.text("SOPClassUID") or body.sop_class
    name = UID_dictionary.get(uid, (uid[:64] or "no SOP class is stated",))[0]
    if uid.startswith(_ECG_CLASSES):
        return FormatError(
            "the waveform is missing; the file may be cut short",
            where=f"{path}: WaveformSequence",
            found=name,
        )
    modality = dataset.text("Modality")
    return FormatError(
        "a DICOM object without waveform; pictures, scans and documents are out of scope",
        where=f"{path}: WaveformSequence",
        expected="a 12-Lead, General or Ambulatory ECG object",
        found=f"{name}, modality {modality}" if modality else name,
    )
