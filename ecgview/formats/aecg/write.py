"""An HL7 annotated ECG as bytes: the elements in the order of the standard's schema (PORT_MT020001)."""

import uuid
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ecgview.formats.aecg.reading import NAMES, STATEMENT
from ecgview.formats.aecg.subject import HIGH_PASS, LOW_PASS, NOTCH, REPORTED_AGE
from ecgview.formats.aecg.time import later, stamp
from ecgview.formats.kit import metadata
from ecgview.formats.kit.quantise import Steps, quantise
from ecgview.leads import EXTRA, STANDARD_12
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    Patient,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MDC = {"codeSystem": "2.16.840.1.113883.6.24", "codeSystemName": "MDC"}
ACT = {"codeSystem": "2.16.840.1.113883.5.4", "codeSystemName": "ActCode"}
LOINC = {"codeSystem": "2.16.840.1.113883.6.1", "codeSystemName": "LOINC"}
CPT = {"codeSystem": "2.16.840.1.113883.6.12", "codeSystemName": "CPT-4"}
GENDER = {"codeSystem": "2.16.840.1.113883.5.1"}
_ROOT = {
    "xmlns": "urn:hl7-org:v3",
    "xmlns:voc": "urn:hl7-org:v3/voc",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "type": "Observation",
}
_CODES = {own: code.replace("_QTC", "_QTc") for code, own in NAMES.items()}
_UNITS = {"heart_rate": "bpm", "p_axis": "deg", "qrs_axis": "deg", "t_axis": "deg"}
_SUFFIX = "MDC_ECG_INTERPRETATION_"


def document(record: EcgRecord, steps: Steps) -> bytes:
    """Return the file of a record whose samples are in whole steps already."""
    from xml.etree.ElementTree import Element, indent, tostring

    root = Element("AnnotatedECG", _ROOT)
    seed = f"{record.source.sha256}|{record.acquisition.start_time}|{record.lead_names}"
    _add(root, "id", root=str(uuid.uuid5(uuid.NAMESPACE_OID, seed)))
    _add(root, "code", code="93000", **CPT)
    _add(root, "text", _lines(record, steps.step_uv))
    _interval(_add(root, "effectiveTime"), record)
    _subject(root, record.patient)
    if record.patient.age_years is not None:
        observation = _add(root, "controlVariable/relatedObservation")
        _add(observation, "code", code=REPORTED_AGE, displayName="Reported Age", **LOINC)
        _add(observation, "value", **{"xsi:type": "PQ", "value": repr(record.patient.age_years), "unit": "a"})
    _series(_add(root, "component/series"), record, steps)
    indent(root, " ")
    written: bytes = tostring(root, "utf-8")
    return written if written.startswith(b"<?xml") else b'<?xml version="1.0" encoding="UTF-8"?>\n' + written


def _lines(record: EcgRecord, written_uv: float) -> str:
    """Return ecgview's lines of what has no place of its own, after a plain word on synthetic records."""
    patient, acquisition, reading = record.patient, record.acquisition, record.device_reading
    rest = replace(
        record,
        patient=Patient(
            sex="" if patient.sex in ("male", "female") else patient.sex,
            birth_date="" if stamp(patient.birth_date) else patient.birth_date,
        ),
        acquisition=Acquisition(
            start_time="" if stamp(acquisition.start_time) else acquisition.start_time,
            step_uv=None if acquisition.step_uv == written_uv else acquisition.step_uv,
            extra=acquisition.extra,
        ),
        device_reading=DeviceReading(
            tuple(one for one in reading.measurements if one not in _placed(reading.measurements))
        ),
    )
    said = ["synthetic: no patient was recorded"] if record.synthetic else []
    return "\n".join([*said, f"{metadata.MARK}format: 1", *metadata.lines(rest)])


def _placed(measurements: tuple[DeviceMeasurement, ...]) -> list[DeviceMeasurement]:
    """Return the global measurements that have a code and the unit that goes with it, one of each."""
    kept: dict[str, DeviceMeasurement] = {}
    for one in measurements:
        if not one.lead and one.name in _CODES and one.unit == _UNITS.get(one.name, "ms"):
            kept.setdefault(one.name, one)
    return list(kept.values())


def _subject(root: "Element", patient: Patient) -> None:
    assignment = _add(root, "componentOf/timepointEvent/componentOf/subjectAssignment")
    subject = _add(assignment, "subject/trialSubject")
    _add(subject, "id", **({"extension": patient.patient_id} if patient.patient_id else {"nullFlavor": "NI"}))
    person = _add(subject, "subjectDemographicPerson")
    if patient.name:
        _add(person, "name", patient.name)
    if patient.sex in ("male", "female"):
        _add(person, "administrativeGenderCode", code=patient.sex[0].upper(), **GENDER)
    if stamp(patient.birth_date):
        _add(person, "birthTime", value=stamp(patient.birth_date))
    _add(assignment, "componentOf/clinicalTrial/id", nullFlavor="NI")


def _series(series: "Element", record: EcgRecord, steps: Steps) -> None:
    _add(series, "code", code="RHYTHM", displayName="Rhythm Waveforms", **ACT)
    _interval(_add(series, "effectiveTime"), record)
    author = _add(series, "author/seriesAuthor")
    device = _add(author, "manufacturedSeriesDevice")
    _add(device, "id", nullFlavor="NI")
    if record.acquisition.device:
        _add(device, "manufacturerModelName", record.acquisition.device)
    acquisition = record.acquisition
    _filter(series, LOW_PASS, "CUTOFF_FREQ", acquisition.lowpass_hz)
    _filter(series, HIGH_PASS, "CUTOFF_FREQ", acquisition.highpass_hz)
    _filter(series, NOTCH, "NOTCH_FREQ", acquisition.notch_hz)
    start = stamp(acquisition.start_time) if "T" in acquisition.start_time else ""
    _sequences(series, record.lead_names, record.sampling_rate_hz, steps, start)
    _annotations(series, record.device_reading)
    _beat(series, record)


def _beat(series: "Element", record: EcgRecord) -> None:
    """Add the representative beat, unless it has gaps."""
    median = record.device_reading.median
    if median is None or not np.isfinite(median.signal).all():
        return
    beat = replace(record, signal=median.signal, lead_names=median.lead_names)
    derived = _add(series, "derivation/derivedSeries")
    _add(derived, "code", code="REPRESENTATIVE_BEAT", displayName="Representative Beat Waveforms", **ACT)
    _interval(_add(derived, "effectiveTime"), record)
    steps = quantise(beat, record.source.path, may_have_gaps=False)
    _sequences(derived, median.lead_names, median.sampling_rate_hz, steps, "")


def _interval(element: "Element", record: EcgRecord) -> None:
    start = record.acquisition.start_time
    if not stamp(start):
        element.set("nullFlavor", "UNK")
        return
    _add(element, "low", value=stamp(start), inclusive="true")
    end = later(start, record.seconds)
    if end:
        _add(element, "high", value=end, inclusive="false")


def _filter(series: "Element", kind: str, what: str, hertz: float | None) -> None:
    if hertz is None:
        return
    variable = _add(series, "controlVariable/controlVariable")
    _add(variable, "code", code=kind, **MDC)
    inner = _add(variable, "component/controlVariable")
    _add(inner, "code", code=f"MDC_ECG_CTL_VBL_ATTR_FILTER_{what}", **MDC)
    _add(inner, "value", **{"xsi:type": "PQ", "value": repr(float(hertz)), "unit": "Hz"})


def _sequences(series: "Element", names: tuple[str, ...], fs_hz: float, steps: Steps, start: str) -> None:
    together = _add(series, "component/sequenceSet")
    time = _add(together, "component/sequence")
    _add(time, "code", code="TIME_ABSOLUTE" if start else "TIME_RELATIVE", **ACT)
    value = _add(time, "value", **{"xsi:type": "GLIST_TS" if start else "GLIST_PQ"})
    _add(value, "head", **({"value": start} if start else {"value": "0", "unit": "s"}))
    _add(value, "increment", value=repr(1.0 / fs_hz), unit="s")
    for lead, row in zip(names, steps.values, strict=True):
        sequence = _add(together, "component/sequence")
        known = lead in STANDARD_12 or lead in EXTRA
        _add(
            sequence, "code", **({"code": f"MDC_ECG_LEAD_{lead.upper()}", **MDC} if known else {"code": lead})
        )
        value = _add(sequence, "value", **{"xsi:type": "SLIST_PQ"})
        _add(value, "origin", value="0", unit="uV")
        _add(value, "scale", value=repr(float(steps.step_uv)), unit="uV")
        _add(value, "digits", " ".join(map(str, row.tolist())))


def _annotations(series: "Element", reading: DeviceReading) -> None:
    measured = _placed(reading.measurements)
    groups = [(by, list(some)) for by, some in groupby(reading.statements, key=lambda one: one.by)]
    if (measured or reading.qrs_s) and (not groups or groups[0][0] != "machine"):
        groups.insert(0, ("machine", []))
    for at, (by, said) in enumerate(groups):
        group = _add(series, "subjectOf/annotationSet")
        author = _add(group, "author/assignedEntity")
        _add(author, "id", nullFlavor="NI")
        kind = "assignedPerson" if by == "reader" else "assignedDevice"
        _add(author, f"assignedAuthorType/{kind}")
        for one in measured if at == 0 else []:
            found = _annotation(group, _CODES[one.name])
            _add(found, "value", **{"xsi:type": "PQ", "value": repr(float(one.value)), "unit": one.unit})
        for time in reading.qrs_s if at == 0 else ():
            _moment(_annotation(group, "MDC_ECG_BEAT"), time)
        if said:
            _statements(_annotation(group, "MDC_ECG_INTERPRETATION"), said)


def _statements(container: "Element", said: list[DeviceStatement]) -> None:
    for one in said:
        own = one.code if one.code.startswith(_SUFFIX) and one.code != STATEMENT else STATEMENT
        found = _annotation(container, own)
        if one.code and own == STATEMENT:
            _add(found, "value", **{"xsi:type": "CE", "code": one.code, "displayName": one.text})
        else:
            _add(found, "value", one.text, **{"xsi:type": "ST"})


def _moment(annotation: "Element", seconds: float) -> None:
    region = _add(annotation, "support/supportingROI", classCode="ROIBND")
    _add(region, "code", code="ROIPS", **ACT)
    boundary = _add(region, "component/boundary")
    _add(boundary, "code", code="TIME_RELATIVE", **ACT)
    _add(boundary, "value", **{"xsi:type": "PQ", "value": repr(float(seconds)), "unit": "s"})


def _annotation(outer: "Element", code: str) -> "Element":
    found = _add(outer, "component/annotation")
    _add(found, "code", code=code, **MDC)
    return found


def _add(outer: "Element", path: str, said: str = "", /, **attributes: str) -> "Element":
    """Append elements, one in the other, and return the innermost with text and attributes."""
    from xml.etree.ElementTree import SubElement

    for name in path.split("/"):
        outer = SubElement(outer, name)
    for key, value in attributes.items():
        outer.set(key, _writable(value))
    if said:
        outer.text = _writable(said)
    return outer


def _writable(said: str) -> str:
    """Return text without the characters that XML has no way to write."""
    return "".join(
        char
        for char in said.replace("\r\n", "\n").replace("\r", "\n")
        if char in "\t\n" or (" " <= char < "\ud800") or (char >= "\ue000" and char not in "\ufffe\uffff")
    )
