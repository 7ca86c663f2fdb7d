"""GE MUSE XML ("RestingECG"): exports of the MUSE system and of MAC carts. There is no writer.

Known from real files of MUSE 8 and 9 (carts MAC, MAC 55, MV360; 240 and 500 Hz), as no public standard describes it:
HighPassFilter is in hundredths of a hertz (5, 16 and 56 are 0.05, 0.16 and 0.56 Hz, the steps of these carts), dates
are month first, eight leads are stored and the limb leads follow from I and II. The measurement matrix stays undecoded
among the other fields. MUSE files begin with a DOCTYPE that names a DTD: it is never loaded.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.counts import counted
from ecgview.errors import FormatError
from ecgview.formats.kit import xml
from ecgview.formats.kit.ages import age_note
from ecgview.formats.kit.assemble import assemble
from ecgview.formats.kit.facts import Facts
from ecgview.formats.kit.summary import RecordSummary
from ecgview.formats.kit.xml import every, find, name, text
from ecgview.formats.kit.xml_fields import fields
from ecgview.formats.muse.person import patient_of, start_of
from ecgview.formats.muse.reading import amplitude_fields, beats, measurements, statements
from ecgview.formats.muse.waveforms import kind, median_beat, rate, rhythm_of, waveform_fields, waves
from ecgview.leads import distinct_names, with_derived
from ecgview.record import Acquisition, DeviceMeasurement, DeviceReading, EcgRecord, ImportNote

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAME = "MUSE XML"
EXTENSIONS: tuple[str, ...] = (".xml",)
FACTS = Facts(
    known_from="real files; GE's public developer guides",
    real_files="5 (240 and 500 Hz)",
    note="eight stored leads, the other four derived",
    title="GE MUSE XML",
)


def sniff(head: bytes, path: Path) -> int:
    """Return how surely this is MUSE XML: by its root element."""
    return 95 if xml.root_name(head) == "RestingECG" else 0


def peek(path: Path) -> RecordSummary:
    """Return what stands beside the samples, which are not decoded; the rate stands at the file's end."""
    root = _checked(xml.parse(path), path)
    rhythm = rhythm_of(root, path)
    fs_hz = rate(rhythm, path)
    leads = with_derived(distinct_names([text(one, "LeadID") for one in every(rhythm, "LeadData")])[0])
    count = text(rhythm, "LeadData/LeadSampleCountTotal")
    seconds = int(count) / fs_hz if count.isdecimal() and len(count) < 10 else None
    patient, start = patient_of(root, []), start_of(root, [])
    return RecordSummary(
        str(path), path.stem, NAME, patient, start, len(leads), fs_hz, seconds, _is_synthetic(root)
    )


def read(path: Path) -> EcgRecord:
    """Return the record; FormatError names the file and the field that is wrong."""
    root = _checked(xml.parse(path), path)
    rhythm = rhythm_of(root, path)
    opened = waves(rhythm, path)
    notes = [*opened.notes, *_others(root, rhythm)]
    used: list[Element] = []
    patient = patient_of(root, used)
    notes += age_note(patient, start_of(root, []))
    measured = measurements(root, used, notes)
    seconds = opened.signal.shape[1] / opened.fs_hz
    qrs_s, rr_ms = beats(root, opened.fs_hz, seconds, used, notes)
    if rr_ms is not None and not any(one.name == "rr" for one in measured):
        measured = (*measured, DeviceMeasurement("rr", rr_ms, "ms"))
    reading = DeviceReading(measured, statements(root, used), median_beat(root, path, notes), qrs_s)
    return assemble(
        opened.signal,
        opened.names,
        opened.fs_hz,
        path=path,
        format_name=NAME,
        patient=patient,
        acquisition=_acquisition(root, rhythm, opened.step_uv, used, notes),
        notes=notes,
        synthetic=_is_synthetic(root),
        device_reading=reading,
    )


def _checked(root: "Element", path: Path) -> "Element":
    if name(root) != "RestingECG":
        raise FormatError("not MUSE XML", where=f"{path}: root", expected="RestingECG", found=name(root)[:40])
    return root


def _is_synthetic(root: "Element") -> bool:
    said = (
        "PatientDemographics/PatientLastName",
        "PatientDemographics/PatientFirstName",
        "TestDemographics/SiteName",
        "TestDemographics/AcquisitionDevice",
        "MuseInfo/MuseVersion",
    )
    return any("synthetic" in text(root, one).lower() for one in said)


def _acquisition(
    root: "Element",
    rhythm: "Element",
    step_uv: float | None,
    used: list["Element"],
    notes: list[ImportNote],
) -> Acquisition:
    start = start_of(root, used)
    device = find(root, "TestDemographics/AcquisitionDevice")
    if device is not None:
        used.append(device)
    return Acquisition(
        start,
        text(device),
        _filter(rhythm, "HighPassFilter", notes),
        _filter(rhythm, "LowPassFilter", notes),
        _filter(rhythm, "ACFilter", notes),
        step_uv=step_uv,
        extra=_extra(root, used),
    )


def _filter(rhythm: "Element", field: str, notes: list[ImportNote]) -> float | None:
    """Return a cut-off in Hz, None where no filter is named; high-pass in hundredths unless it has a point."""
    said = text(rhythm, field).replace(",", ".")
    value = _number(said)
    if value is None or value <= 0:
        return None
    if field == "HighPassFilter" and "." not in said:
        value /= 100.0
    if not 0.001 <= value <= 2000:
        notes.append(ImportNote("header", f"{field} {said[:20]} is not a filter"))
        return None
    return value


def _extra(root: "Element", used: list["Element"]) -> dict[str, str]:
    """Return every field without a place of its own; long repetitions in one line each."""
    waveforms = list(every(root, "Waveform"))
    found: dict[str, str] = {}
    for waveform in waveforms[:20]:
        found |= waveform_fields(waveform)
    found |= amplitude_fields(root)
    kinds = [text(one, "Type") for one in every(root, "QRSTimesTypes/QRS")]
    if any(kinds):
        found["QRSTimesTypes/Type"] = " ".join(kinds)
    used += [part for one in every(root, "QRSTimesTypes/QRS") for part in one if name(part) != "Time"]
    for waveform in waveforms:
        root.remove(waveform)
    for block in list(every(root, "AmplitudeMeasurements")):
        for one in list(every(block, "MeasuredAmplitude")):
            block.remove(one)
    return fields(root, used) | found


def _others(root: "Element", opened: "Element") -> list[ImportNote]:
    others = [one for one in every(root, "Waveform") if one is not opened and kind(one) != "median"]
    if not others:
        return []
    kinds = ", ".join(
        f"{text(one, 'WaveformType')[:20]} {text(one, 'SampleBase')[:10]} Hz" for one in others[:5]
    )
    return [ImportNote("header", f"{counted(len(others), 'more waveform')} in the file, not open: {kinds}")]


def _number(found: str) -> float | None:
    try:
        value = float(found)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None
