"""What ecgview adds to a DICOM file of its own for which the standard has no element: a private text element.

The lines are those of `_metadata`, and only those that the standard's elements do not bring back.
"""

from dataclasses import replace

from ecgview.formats.dicom.elements import Elements
from ecgview.formats.kit import metadata
from ecgview.record import Acquisition, DeviceReading, EcgRecord, Patient

CREATOR = "ECGVIEW"
GROUP = 0x0009
LINES = 0x01
WRITER = "writer"  # a line that is always there, so that the file is known for ecgview's
_WRITTEN = (  # what ecgview writes into every file without having been told it
    "SpecificCharacterSet",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyDate",
    "StudyTime",
    "ContentDate",
    "ContentTime",
    "AcquisitionDateTime",
    "Modality",
    "SeriesDescription",
    "PatientComments",
    "PatientName",
    "PatientBirthDate",
    "PatientAge",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "InstanceNumber",
    "WaveformAnnotationSequence",
)


def told_of(dataset: Elements) -> metadata.Told | None:
    """Return what ecgview's own element says; None in a file of anyone else's."""
    for tag in dataset.tags():
        if GROUP << 16 | 0x10 <= tag <= GROUP << 16 | 0xFF and dataset.text(tag) == CREATOR:
            raw = dataset.raw(GROUP << 16 | (tag & 0xFF) << 8 | LINES)
            return metadata.told(raw.decode("utf-8", "replace").rstrip(" \0").split("\n"))
    return None


def lines_for(record: EcgRecord, again: EcgRecord | None) -> str:
    """Return ecgview's lines for a file: of each kind that differs when the file is read again, and the other fields.

    Args:
        record: what is written.
        again: the record as the file without such lines gives it back; None for the first attempt.
    """
    from ecgview.about import VERSION

    lines = [f"{metadata.MARK}{WRITER}: {VERSION}"]
    if again is not None:
        wanted, found = _by_kind(record), _by_kind(again)
        for kind, said in wanted.items():
            if said != found.get(kind):
                lines += said
    return "\n".join(lines)


def _by_kind(record: EcgRecord) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for line in metadata.lines(record):
        kind = line.removeprefix(metadata.MARK).partition(": ")[0].partition(".")[0]
        kinds.setdefault(kind, []).append(line)
    return kinds


def patient(found: Patient, told: Patient) -> Patient:
    """Return the patient, as ecgview's lines have it where they say something."""
    return Patient(
        told.patient_id or found.patient_id,
        told.name or found.name,
        told.sex or found.sex,
        found.age_years if told.age_years is None else told.age_years,
        told.birth_date or found.birth_date,
    )


def acquisition(found: Acquisition, told: Acquisition) -> Acquisition:
    """Return the recording, as ecgview's lines have it where they say something."""
    added = {
        key: text
        for key, text in found.extra.items()
        if key not in _WRITTEN and not key.startswith(("(0009,", "Waveform "))
    }
    return replace(
        found,
        start_time=told.start_time or found.start_time,
        device=told.device or found.device,
        highpass_hz=found.highpass_hz if told.highpass_hz is None else told.highpass_hz,
        lowpass_hz=found.lowpass_hz if told.lowpass_hz is None else told.lowpass_hz,
        notch_hz=found.notch_hz if told.notch_hz is None else told.notch_hz,
        step_uv=found.step_uv if told.step_uv is None else told.step_uv,
        extra={**told.extra, **added},
    )


def reading(found: DeviceReading, told: DeviceReading) -> DeviceReading:
    """Return the device's reading: a kind that ecgview's lines list is taken from them as a whole."""
    return DeviceReading(
        told.measurements or found.measurements,
        told.statements or found.statements,
        found.median,
        told.qrs_s or found.qrs_s,
    )
