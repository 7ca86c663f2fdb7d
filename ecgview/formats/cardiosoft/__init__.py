"""GE CardioSoft and CASE XML ("CardiologyXML") of a resting ECG.

Known from real files of CardioSoft 6.7 and from public descriptions of GE's export manual. Samples are whole steps,
all of one lead together; their step stands in uV. A strip of ten seconds is preferred; the whole recording of an
exercise test ("FullDisclosure", no real file seen) is read where its own limb leads prove the order of its samples.
Vector loops are computed from the leads and are not kept. There is no writer.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import FormatError
from ecgview.formats.cardiosoft.reading import measurements, statements
from ecgview.formats.cardiosoft.waveforms import full_disclosure, layout, median_beat, qrs_times, strip
from ecgview.formats.kit import person as _person
from ecgview.formats.kit import xml
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.xml import every, find, number, text
from ecgview.formats.kit.xml_fields import fields
from ecgview.record import Acquisition, DeviceReading, EcgRecord, ImportNote, Patient

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAME = "CardioSoft XML"
EXTENSIONS: tuple[str, ...] = (".xml",)
FACTS = Facts(
    known_from="real files; public descriptions of GE's export manual",
    real_files="2 (CardioSoft 6.71 and 6.73)",
    note="resting ECG; an exercise test's whole recording only where its limb leads prove the order of samples",
)
_WAVES = ("WaveformData", "FullDisclosureData", "Frontal", "Horizontal", "Sagittal")
_STRIPS = ("StripData", "StripData/Strip")  # resting ECG; exercise test


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is CardioSoft XML: by its root element."""
    return 95 if xml.root_name(head) == "CardiologyXML" else 0


def peek(path: Path) -> RecordSummary:
    """Return what stands in front of the samples."""
    root = _checked(xml.parse_head(path, "StripData", "WaveformData"), path)
    strips = _strips(root)
    block = strips[0] if strips else find(root, "FullDisclosure")
    how = (
        layout(block, path, "StripData", "NumberOfLeads" if strips else "NumberOfChannels") if block else None
    )
    return RecordSummary(
        str(path),
        path.stem,
        NAME,
        _patient(root, path, []),
        _moment(find(root, "ObservationDateTime")),
        how.n_leads if how else None,
        how.fs_hz if how else None,
        how.samples / how.fs_hz if how and how.samples and strips else None,
        _is_synthetic(root),
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the file and the field that is wrong."""
    root = _checked(xml.parse(path), path)
    strips, whole = _strips(root), find(root, "FullDisclosure")
    if strips:
        how = layout(strips[0], path, "StripData")
        (signal, names), notes = strip(strips[0], how, path)
        if len(strips) > 1:
            notes.append(ImportNote("header", f"the first of {len(strips)} strips was taken"))
        if whole is not None and find(whole, "FullDisclosureData") is not None:
            notes.append(ImportNote("header", "the whole recording, which is there too, is not opened"))
    elif whole is not None:
        how = layout(whole, path, "FullDisclosure", "NumberOfChannels")
        (signal, names), notes = full_disclosure(whole, how, path)
    else:
        raise FormatError(
            "holds no rhythm", where=f"{path}: StripData", expected="StripData or FullDisclosure"
        )
    used = [one for one in root.iter() if xml.name(one) in _WAVES]
    patient = _patient(root, path, used)
    beats = qrs_times(strips[0], signal.shape[1] / how.fs_hz) if strips else ()
    used += every(root, "StripData/ArrhythmiaResults/Time") if beats else ()
    reading = DeviceReading(
        measurements(root, used),
        statements(root, used),
        median_beat(find(root, "RestingECGMeasurements/MedianSamples"), path),
        beats,
    )
    observed = find(root, "ObservationDateTime")
    if observed is not None and text(observed, "Year") and not _moment(observed):
        said = "-".join(text(observed, key)[:10] for key in ("Year", "Month", "Day"))
        notes.append(ImportNote("header", f"the recording time {said} is no date that can be meant"))
    return assemble(
        signal,
        names,
        how.fs_hz,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=_acquisition(root, how.step_uv, path, used),
        notes=notes,
        synthetic=_is_synthetic(root),
        device_reading=reading,
    )


def _checked(root: "Element", path: Path) -> "Element":
    if xml.name(root) != "CardiologyXML":
        raise FormatError(
            "not CardioSoft XML", where=f"{path}: root", expected="CardiologyXML", found=xml.name(root)[:40]
        )
    return root


def _strips(root: "Element") -> list["Element"]:
    return [one for way in _STRIPS for one in every(root, way) if find(one, "WaveformData") is not None]


def _is_synthetic(root: "Element") -> bool:
    said = [text(root, f"ClinicalInfo/{key}") for key in ("ObservationComment", "DeviceInfo/Desc")]
    return any("synthetic" in one.lower() for one in said)


def _patient(root: "Element", path: Path, used: list["Element"]) -> Patient:
    person = find(root, "PatientInfo")
    if person is None:
        return Patient()
    pid, family, given, gender, age = (
        find(person, key) for key in ("PID", "Name/FamilyName", "Name/GivenName", "Gender", "Age")
    )
    used.extend(one for one in (pid, family, given) if one is not None)
    sex = {"MALE": "male", "FEMALE": "female"}.get(text(gender).upper(), "")
    if sex and gender is not None:
        used.append(gender)
    birth_date = _moment(find(person, "BirthDateTime"))[:10]
    years = None
    if age is not None:
        years = _person.age_in_years(number(person, "Age", path), age.get("units", "YEARS"))
    if years is None:
        years = _person.age_on(_moment(find(root, "ObservationDateTime"))[:10], birth_date)
    return Patient(text(pid), _person.full_name(text(family), text(given)), sex, years, birth_date)


def _acquisition(root: "Element", step_uv: float, path: Path, used: list["Element"]) -> Acquisition:
    notch = None
    for key, hz in (("Filter50Hz", 50.0), ("Filter60Hz", 60.0)):
        if text(root, f"FilterSetting/{key}").lower() == "yes":
            notch = hz
    device = find(root, "ClinicalInfo/DeviceInfo/Desc")
    if device is not None:
        used.append(device)
    return Acquisition(
        _moment(find(root, "ObservationDateTime")),
        text(device),
        number(root, "FilterSetting/HighPass", path) or None,
        number(root, "FilterSetting/LowPass", path) or None,
        notch,
        step_uv=step_uv,
        extra=fields(root, used, label="lead"),
    )


def _moment(element: "Element | None") -> str:
    """Return an ISO date, with the time where one is stated; "" for what is no date."""
    parts = [text(element, key) for key in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
    if not all(part.isdecimal() and len(part) <= 4 for part in parts[:3]):
        return ""
    year, month, day = (int(part) for part in parts[:3])
    date = _person.iso_date(f"{year:04}-{month:02}-{day:02}")
    clock = parts[3:]
    if not date or not all(part.isdecimal() and len(part) <= 2 for part in clock):
        return date
    hour, minute, second = (int(part) for part in clock)
    return f"{date}T{hour:02}:{minute:02}:{second:02}" if hour < 24 and max(minute, second) < 60 else date
