"""Writing DICOM ECG waveforms: the round trip, what pydicom finds in the file, and what cannot be written."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_made import AMBULATORY, GENERAL, MDC_NUMBERS, TWELVE, WIDE

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import dicom
from ecgview.formats.kit.deidentify import deidentified
from ecgview.leads import STANDARD_12
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    MedianBeat,
    Patient,
)


@pytest.fixture
def told_record(pulse_record: EcgRecord) -> EcgRecord:
    """Return a record with everything that a file can say, on a grid of 2.5 uV."""
    signal = (np.round(pulse_record.signal.astype(np.float64) * 400) * 0.0025).astype(np.float32)
    return replace(
        pulse_record.with_signal(signal),
        patient=Patient("病号-7", "王小明", "female", 63.0, "1957-03-02"),
        acquisition=Acquisition(
            "2020-05-12T12:33:59.250+08:00",
            "心电图机 ECG-1200",
            0.05,
            150.0,
            50.0,
            step_uv=2.5,
            extra={"Ward 4": "心内科\nA\\B", "Operator": "李"},
        ),
        device_reading=DeviceReading(
            (
                DeviceMeasurement("heart_rate", 61.0, "bpm"),
                DeviceMeasurement("qtcb", 431.5, "ms"),
                DeviceMeasurement("qrs_axis", -30.0, "deg"),
                DeviceMeasurement("R amplitude", 1.25, "mV", "V5"),
            ),
            (DeviceStatement("窦性心律\n大致正常心电图"), DeviceStatement("Normal ECG")),
            MedianBeat(signal[:, :600], STANDARD_12, 500.0),
            (0.4, 1.4, 2.4),
        ),
        synthetic=True,
    )


def test_round_trip_of_everything(tmp_path: Path, told_record: EcgRecord) -> None:
    path = dicom.write(told_record, tmp_path / "r.dcm")
    again = formats.read(path)
    assert np.array_equal(again.signal, told_record.signal)
    assert again.lead_names == told_record.lead_names
    assert again.sampling_rate_hz == told_record.sampling_rate_hz
    assert again.patient == told_record.patient
    assert again.acquisition == told_record.acquisition
    assert again.device_reading.measurements == told_record.device_reading.measurements
    assert again.device_reading.statements == told_record.device_reading.statements
    assert again.device_reading.qrs_s == told_record.device_reading.qrs_s
    before, after = told_record.device_reading.median, again.device_reading.median
    assert before is not None
    assert after is not None
    assert np.array_equal(before.signal, after.signal)
    assert again.synthetic
    assert b"Synthetic: no patient was recorded" in path.read_bytes()
    summary = formats.peek(path)
    assert (summary.patient, summary.start_time, summary.synthetic) == (
        told_record.patient,
        told_record.acquisition.start_time,
        True,
    )
    twice = formats.read(dicom.write(again, tmp_path / "r2.dcm"))
    assert twice.acquisition == again.acquisition
    assert {file.name for file in tmp_path.glob("*.*")} == {"r.dcm", "r2.dcm"}


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": Patient("a\\b", "Li^Lei=x", "", 0.123, "1957")},
        {"patient": Patient("i" * 90, "n" * 90, "male", None, "1957-03-02")},
        {"acquisition": Acquisition("")},
        {"acquisition": Acquisition("2020-05-12", "d" * 80)},
        {"acquisition": Acquisition("2020-05-12T12:33", "a\\b", 0.0333333333333333333, step_uv=5.0)},
        {"acquisition": Acquisition("yesterday", derived_leads=("III", "aVR", "aVL", "aVF"))},
        {
            "device_reading": DeviceReading(
                (DeviceMeasurement("pr", 0.0, "ms"), DeviceMeasurement("st", -0.1, "mV", "V9")),
                (DeviceStatement("a\nb", "NORM", "reader"), DeviceStatement("x" * 3000), DeviceStatement("")),
                None,
                (0.1234567, 5.0),
            )
        },
    ],
)
def test_round_trip_of_what_the_standard_has_no_place_for(
    changes: dict[str, Any], tmp_path: Path, pulse_record: EcgRecord
) -> None:
    record = replace(pulse_record, **changes)
    again = formats.read(dicom.write(record, tmp_path / "o.dcm"))
    assert again.patient == record.patient
    step = record.acquisition.step_uv or again.acquisition.step_uv
    assert again.acquisition == replace(record.acquisition, step_uv=step)
    assert again.device_reading.measurements == record.device_reading.measurements
    assert again.device_reading.statements == record.device_reading.statements
    assert again.device_reading.qrs_s == record.device_reading.qrs_s


def test_pydicom_reads_the_same_samples_and_all_required_elements(
    tmp_path: Path, told_record: EcgRecord
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pydicom warns of values that do not conform
        path = dicom.write(told_record, tmp_path / "p.dcm")
        theirs = pydicom.dcmread(path)
        str(theirs)
        rhythm, beat = theirs.waveform_array(0).T / 1000.0, theirs.waveform_array(1).T / 1000.0
    assert np.abs(rhythm - told_record.signal).max() < 1e-6
    assert beat.shape == (12, 600)
    for keyword in [
        "SOPClassUID",
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "Modality",
        "InstanceNumber",
        "ContentDate",
        "ContentTime",
        "AcquisitionDateTime",
        "WaveformSequence",
    ]:
        assert theirs[keyword].value, keyword
    for keyword in [
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyDate",
        "StudyTime",
        "StudyID",
        "AccessionNumber",
        "ReferringPhysicianName",
        "SeriesNumber",
        "Manufacturer",
        "AcquisitionContextSequence",
    ]:
        assert keyword in theirs, keyword
    assert str(theirs.PatientName) == "王小明"
    assert theirs.AcquisitionDateTime == "20200512123359.25+0800"
    for group in theirs.WaveformSequence:
        for keyword in [
            "WaveformOriginality",
            "NumberOfWaveformChannels",
            "NumberOfWaveformSamples",
            "SamplingFrequency",
            "ChannelDefinitionSequence",
            "WaveformBitsAllocated",
            "WaveformSampleInterpretation",
            "WaveformData",
        ]:
            assert group[keyword].value, keyword
        codes = [one.ChannelSourceSequence[0].CodeValue for one in group.ChannelDefinitionSequence]
        assert codes == [f"2:{MDC_NUMBERS[name]}" for name in STANDARD_12]
    assert {item.ConceptNameCodeSequence[0].CodeValue for item in theirs.WaveformAnnotationSequence[2:]} >= {
        "8867-4",
        "2:15880",
        "2:16132",
        "10:576",
    }


def test_the_object_is_one_that_the_record_fits(tmp_path: Path, pulse_record: EcgRecord) -> None:
    def sop_class(record: EcgRecord) -> str:
        path = dicom.write(record, tmp_path / "o.dcm")
        assert formats.read(path).sampling_rate_hz == record.sampling_rate_hz
        assert np.abs(formats.read(path).signal - record.signal).max() < 0.001
        return str(pydicom.dcmread(path).SOPClassUID)

    long = EcgRecord(np.tile(pulse_record.signal, 4), STANDARD_12, 500.0)
    beat = DeviceReading(median=MedianBeat(pulse_record.signal[:, :500], STANDARD_12, 500.0))
    assert sop_class(pulse_record) == TWELVE
    assert sop_class(long) == GENERAL
    assert sop_class(EcgRecord(pulse_record.signal[:2], ("I", "V1"), 500.0)) == GENERAL
    assert sop_class(replace(pulse_record, device_reading=beat)) == GENERAL  # 24 channels, 13 are allowed
    assert sop_class(replace(pulse_record, sampling_rate_hz=100.0)) == AMBULATORY
    assert sop_class(replace(pulse_record, sampling_rate_hz=2000.0)) == WIDE


def test_gaps_and_unknown_leads_survive(tmp_path: Path, pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal[:3].copy()
    signal[1, 100:900] = np.nan
    record = EcgRecord(signal, ("I", "V4R", "ES"), 500.0)
    again = formats.read(dicom.write(record, tmp_path / "g.dcm"))
    assert again.lead_names == record.lead_names
    assert np.array_equal(np.isnan(again.signal), np.isnan(signal))


def test_a_deidentified_record_leaves_nothing_of_the_patient(tmp_path: Path, told_record: EcgRecord) -> None:
    raw = dicom.write(deidentified(told_record, "S-1"), tmp_path / "d.dcm").read_bytes()
    for word in ("王小明", "病号", "19570302", "1957-03", "20200512", "2020-05", "ECG-1200", "李", "心内科"):
        assert word.encode() not in raw
    assert formats.read(tmp_path / "d.dcm").acquisition.start_time == ""


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path, pulse_record: EcgRecord) -> None:
    with pytest.raises(FormatError, match=r"nowhere.*cannot be written"):
        dicom.write(pulse_record, tmp_path / "nowhere" / "o.dcm")
    (tmp_path / "taken.dcm").mkdir()
    with pytest.raises(FormatError, match=r"taken\.dcm.*cannot be written"):
        dicom.write(pulse_record, tmp_path / "taken.dcm")
    assert {path.name for path in tmp_path.iterdir()} == {"home", "taken.dcm"}


def test_content_not_extension_decides(tmp_path: Path, pulse_record: EcgRecord) -> None:
    path = dicom.write(pulse_record, tmp_path / "o.dcm").rename(tmp_path / "o.xml")
    assert formats.detect(path).NAME == "DICOM"
    scores = [fmt.sniff(path.read_bytes()[:4096], path) for fmt in formats.known()]
    assert sorted(scores)[-1] > sorted(scores)[-2]
