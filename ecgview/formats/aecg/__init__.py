"""HL7 version 3 annotated ECG ("AnnotatedECG", ANSI/HL7 V3 ECG R1-2004, the FDA's format of drug trials).

Read: rhythm series, representative beats, filters, device, subject, annotations of devices and of readers. Written:
the leads in whole steps, the representative beat, filters, subject, global measurements, statements and beats in their
proper fields; all else (the source's other fields, measurements by lead) as ecgview's own lines in the text element at
the top. Gaps have no place in the format; that limb leads were computed is not kept.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import FormatError
from ecgview.formats.aecg import series
from ecgview.formats.aecg.reading import (
    Annotation,
    annotation_fields,
    annotations,
    beats,
    measurements,
    statements,
)
from ecgview.formats.aecg.subject import acquisition_of, is_synthetic, patient_of, start_of
from ecgview.formats.aecg.write import document
from ecgview.formats.kit import metadata, xml
from ecgview.formats.kit.ages import age_note
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.quantise import quantise
from ecgview.formats.kit.replace import replace_file
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.xml import every, name, text
from ecgview.formats.kit.xml_fields import fields
from ecgview.leads import distinct_names, with_derived
from ecgview.record import DeviceReading, EcgRecord, ImportNote, MedianBeat

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAME = "HL7 aECG"
EXTENSIONS: tuple[str, ...] = (".xml",)
WRITES = ".xml"
FACTS = Facts(
    known_from="public standard: HL7 Annotated ECG release 1, FDA implementation guide",
    real_files="4",
)


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is an annotated ECG: by its root element."""
    return 95 if xml.root_name(head) == "AnnotatedECG" else 0


def peek(path: Path) -> RecordSummary:
    """Return what stands before the first annotations; samples are counted, not read."""
    root = _checked(xml.parse_head(path, "annotationSet"), path)
    rhythm = series.rhythm_of(root, path)
    names = [series.lead_name(code) for code in series.filled_lead_codes(rhythm)]
    leads = with_derived(distinct_names(names)[0])
    fs_hz = series.rate(rhythm, path)
    digits = every(rhythm, "component/sequenceSet/component/sequence/value/digits")
    count = max((len(text(one).split()) for one in digits), default=0)
    told = metadata.told(text(root, "text").splitlines())
    patient = patient_of(root, told, [])
    start = start_of(root, rhythm, []) or told.acquisition.start_time
    return RecordSummary(
        str(path), path.stem, NAME, patient, start, len(leads), fs_hz, count / fs_hz, is_synthetic(root)
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the file and the field that is wrong."""
    root = _checked(xml.parse(path), path)
    rhythm = series.rhythm_of(root, path)
    opened = series.wave(rhythm, path)
    told = metadata.told(text(root, "text").splitlines())
    found = annotations(root, rhythm)
    notes = [*opened.notes, *_others(root, rhythm)]
    median = series.median_beat(root, path, notes)
    used: list[Element] = []
    patient = patient_of(root, told, used)
    acquisition = acquisition_of(root, rhythm, opened.step_uv, used)
    synthetic = is_synthetic(root)
    notes += age_note(patient, acquisition.start_time)
    return assemble(
        opened.signal,
        opened.names,
        opened.fs_hz,
        path=path,
        format_name=NAME,
        patient=patient,
        device_reading=_reading(found, opened.head, told.device_reading, median),
        acquisition=replace(
            acquisition,
            start_time=acquisition.start_time or told.acquisition.start_time,
            step_uv=told.acquisition.step_uv or acquisition.step_uv,
            extra=told.acquisition.extra if told.found else _other_fields(root, found, used),
        ),
        notes=notes,
        synthetic=synthetic,
    )


def write(record: EcgRecord, target: Path) -> Path:
    """Write `target`, lossless where the samples lie on a grid of whole steps, else in steps of 1 uV; return the path.

    Raises:
        FormatError: the record has gaps, or the file cannot be written.
    """
    steps = quantise(record, str(target), may_have_gaps=False)
    replace_file(target, document(record, steps))
    return target


def loss(record: EcgRecord) -> str:
    """Return what is lost."""
    steps = quantise(record, "", may_have_gaps=True)
    return f"{steps.stated}; gaps cannot be written" if steps.gaps.any() else steps.stated


def _checked(root: "Element", path: Path) -> "Element":
    if name(root) != "AnnotatedECG":
        raise FormatError(
            "not an annotated ECG", where=f"{path}: root", expected="AnnotatedECG", found=name(root)[:40]
        )
    return root


def _reading(
    found: list[Annotation], head: str, own: DeviceReading, median: MedianBeat | None
) -> DeviceReading:
    return DeviceReading(
        (*measurements(found)[0], *own.measurements),
        (*statements(found)[0], *own.statements),
        median,
        beats(found, head) or own.qrs_s,
    )


def _other_fields(root: "Element", found: list[Annotation], used: list["Element"]) -> dict[str, str]:
    """Return every field without a place of its own; the tree is not whole afterwards."""
    lines = annotation_fields(found, measurements(found)[1] | statements(found)[1])
    taken = {id(one) for one in used}
    for element in list(root.iter()):
        for child in list(element):
            if id(child) in taken or name(child) in ("sequenceSet", "annotationSet"):
                element.remove(child)
    return fields(root) | lines


def _others(root: "Element", opened: "Element") -> list[ImportNote]:
    others = [one for one in series.all_series(root) if one is not opened and not series.is_beat(one)]
    if not others:
        return []
    codes = ", ".join(series.code(one)[:30] or "series" for one in others[:5])
    return [ImportNote("header", f"{len(others)} more series in the file, not open: {codes}")]
