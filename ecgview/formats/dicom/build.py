"""A data set of an ECG waveform object, written conformantly (PS3.3 A.34, C.10.8 to C.10.10).

Which object: 12-Lead where it fits (12 leads, up to 16,384 samples, 200 to 1000 Hz; a median beat would exceed its
13 channels), else General (up to 24 channels a group, 200 to 1000 Hz), else Ambulatory (up to 12 channels, 50 to
1000 Hz, one group), else General 32-bit, whose rate is free (Supplement 237).
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ecgview.formats.dicom.annotate import annotations
from ecgview.formats.dicom.channels import DERIVED_TEXT
from ecgview.formats.dicom.codes import MDC, NUMBER_OF_LEAD
from ecgview.formats.dicom.described import SYNTHETIC_TEXT, UNKNOWN_DATE
from ecgview.formats.dicom.own import CREATOR, GROUP, LINES
from ecgview.formats.dicom.values import code, decimal, plain
from ecgview.formats.kit.quantise import PADDING, Steps, quantise
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, MedianBeat, Patient

ROOT = "1.2.840.10008.5.1.4.1.1.9.1."
TWELVE_LEAD, GENERAL, AMBULATORY, GENERAL_32 = (f"{ROOT}{i}" for i in (1, 2, 3, 4))
IMPLEMENTATION = "2.25.209337446527419316027384716403857261940"  # ecgview's own, drawn once


@dataclass(frozen=True, slots=True)
class Part:
    """One group to be written."""

    names: tuple[str, ...]
    steps: Steps
    fs_hz: float
    label: str


def object_for(record: EcgRecord) -> str:
    """Return the SOP class that a record fits."""
    rate, count = record.sampling_rate_hz, len(record.lead_names)
    beat = record.device_reading.median
    if not 50 <= rate <= 1000 or (rate < 200 and (count > 12 or beat)):
        return GENERAL_32
    if beat and (count > 24 or len(beat.lead_names) > 24 or not 200 <= beat.sampling_rate_hz <= 1000):
        return GENERAL_32
    if rate < 200:
        return AMBULATORY
    fits = set(record.lead_names) == set(STANDARD_12) and record.n_samples <= 16_384
    if fits and not beat:
        return TWELVE_LEAD
    return GENERAL if count <= 24 else GENERAL_32


def parts_of(record: EcgRecord, where: str) -> list[Part]:
    """Return the rhythm and, where there is one, the median beat, in steps."""
    steps = quantise(record, where, may_have_gaps=True)
    parts = [Part(record.lead_names, steps, record.sampling_rate_hz, "RHYTHM")]
    beat = record.device_reading.median
    if beat and np.isfinite(beat.signal).any():
        parts.append(
            Part(beat.lead_names, _beat_steps(beat, record, where), beat.sampling_rate_hz, "MEDIAN BEAT")
        )
    return parts


def dataset_of(record: EcgRecord, parts: list[Part], lines: str, uids: Mapping[str, str]) -> Any:
    """Return the data set of a record.

    Args:
        record: what is written.
        parts: of `parts_of`.
        lines: what goes into ecgview's own element.
        uids: of the study, the series and the instance, by keyword.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = object_for(record)
    for keyword, uid in uids.items():
        setattr(made, keyword, uid)
    _times(made, record.acquisition.start_time)
    _patient(made, record.patient)
    _study(made, record)
    made.WaveformSequence = [_group(part, record) for part in parts]
    found = annotations(record)
    if found:
        made.WaveformAnnotationSequence = found
    block = made.private_block(GROUP, CREATOR, create=True)
    block.add_new(LINES, "UT", lines)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = "ECGVIEW"
    made.file_meta = meta
    return made


def new_uids() -> dict[str, str]:
    """Return identifiers of study, series and instance, drawn at random: nothing of the patient is in them."""
    from pydicom.uid import generate_uid

    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    return {keyword: str(generate_uid(prefix=None)) for keyword in keywords}


def encoded(dataset: Any) -> bytes:
    """Return the bytes of a file with preamble and file meta information."""
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _times(made: Any, start_time: str) -> None:
    """Set the dates: a dummy date where the recording's is unknown, since DICOM demands one."""
    # The instance is made now; study, content and acquisition dates are the recording's.
    now = datetime.now()
    made.InstanceCreationDate, made.InstanceCreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    try:
        start = datetime.fromisoformat(start_time)
    except ValueError:
        made.StudyDate = made.StudyTime = ""
        made.ContentDate, made.ContentTime = UNKNOWN_DATE, "000000"
        made.AcquisitionDateTime = f"{UNKNOWN_DATE}000000"
        return
    day, clock = start.strftime("%Y%m%d"), start.strftime("%H%M%S")
    day = day.zfill(8)
    if start.microsecond:
        clock += f".{start.microsecond:06d}".rstrip("0")
    made.StudyDate = made.ContentDate = day
    made.StudyTime = made.ContentTime = clock if "T" in start_time else "000000"
    zone = start.strftime("%z")[:5]
    made.AcquisitionDateTime = day + clock + zone if "T" in start_time else day


def _patient(made: Any, patient: Patient) -> None:
    made.PatientName = plain(patient.name.replace("^", " ").replace("=", " "), "PN")
    made.PatientID = plain(patient.patient_id, "LO")
    made.PatientBirthDate = _day(patient.birth_date)
    made.PatientSex = {"male": "M", "female": "F"}.get(patient.sex, "")
    age = _age(patient.age_years)
    if age:
        made.PatientAge = age


def _study(made: Any, record: EcgRecord) -> None:
    """Set study, series and equipment: empty where DICOM asks for an element that ecgview does not know."""
    made.ReferringPhysicianName = made.StudyID = made.AccessionNumber = ""
    made.Modality = "ECG"
    made.SeriesNumber = made.InstanceNumber = 1
    made.Manufacturer = ""
    device = plain(record.acquisition.device, "LO")
    if device:
        made.ManufacturerModelName = device
    made.AcquisitionContextSequence = []
    made.SeriesDescription = "Synthetic ECG" if record.synthetic else "ECG"
    if record.synthetic:
        made.PatientComments = SYNTHETIC_TEXT


def _group(part: Part, record: EcgRecord) -> Any:
    """Return one item of the Waveform Sequence."""
    from pydicom.dataset import Dataset

    # The 32 bit object demands SL (Supplement 237), the others SS (PS3.3 A.34).
    wide = object_for(record) == GENERAL_32
    values = part.steps.values.T
    item = Dataset()
    item.MultiplexGroupTimeOffset = "0"
    item.WaveformOriginality = "ORIGINAL" if part.label == "RHYTHM" else "DERIVED"
    item.NumberOfWaveformChannels = len(part.names)
    item.NumberOfWaveformSamples = len(values)
    item.SamplingFrequency = decimal(part.fs_hz)
    item.MultiplexGroupLabel = part.label
    item.ChannelDefinitionSequence = [_channel(part, index, record, wide) for index in range(len(part.names))]
    item.WaveformBitsAllocated = 32 if wide else 16
    item.WaveformSampleInterpretation = "SL" if wide else "SS"
    dtype = "<i4" if wide else "<i2"
    if part.steps.gaps.any():
        # Waveform Padding Value marks gaps; it has the type of the samples (C.10.9).
        item.add_new(0x5400100A, "OW", np.array([PADDING], dtype=dtype).tobytes())
    item.add_new(0x54001010, "OW", values.astype(dtype).tobytes())
    return item


def _channel(part: Part, index: int, record: EcgRecord, wide: bool) -> Any:
    from pydicom.dataset import Dataset

    name = part.names[index]
    number = NUMBER_OF_LEAD.get(name, 0)
    item = Dataset()
    item.WaveformChannelNumber = index + 1
    item.ChannelLabel = plain(name, "SH")
    meaning = f"Lead {name}" if number else "Unspecified lead"
    item.ChannelSourceSequence = code(f"2:{number}", MDC, meaning)
    if part.label == "RHYTHM" and name in record.acquisition.derived_leads:
        item.ChannelDerivationDescription = DERIVED_TEXT
    item.ChannelSensitivity = decimal(part.steps.step_uv)
    item.ChannelSensitivityUnitsSequence = code("uV", "UCUM", "microvolt")
    item.ChannelSensitivityCorrectionFactor = "1"
    item.ChannelBaseline = "0"
    item.ChannelSampleSkew = "0"
    item.WaveformBitsStored = 32 if wide else 16
    known = record.acquisition
    for keyword, value in (
        ("FilterLowFrequency", known.highpass_hz),
        ("FilterHighFrequency", known.lowpass_hz),
        ("NotchFilterFrequency", known.notch_hz),
    ):
        if value is not None:
            setattr(item, keyword, decimal(value))
    return item


def _beat_steps(beat: MedianBeat, record: EcgRecord, where: str) -> Steps:
    """Return the median beat in steps of its own."""
    alone = EcgRecord(beat.signal, beat.lead_names, beat.sampling_rate_hz, acquisition=record.acquisition)
    return quantise(alone, where, may_have_gaps=True)


def _day(iso: str) -> str:
    try:
        return datetime.strptime(iso, "%Y-%m-%d").strftime("%Y%m%d").zfill(8)
    except ValueError:
        return ""


def _age(years: float | None) -> str:
    """Return an age string in the unit that gives it back; "" where none does."""
    if years is None:
        return ""
    for letter, per_year in (("Y", 1.0), ("M", 12.0), ("W", 365.25 / 7), ("D", 365.25)):
        count = round(years * per_year)
        if 0 <= count <= 999 and count / per_year == years:
            return f"{count:03d}{letter}"
    return ""
