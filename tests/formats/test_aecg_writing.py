"""Writing HL7 annotated ECGs: everything comes back, another parser finds the leads, gaps are refused."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from aecg_made import FILES, NAMESPACE, independent_leads

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import aecg
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


def _full(record: EcgRecord) -> EcgRecord:
    """Return a record in whole microvolts with something in every field."""
    grid = (np.round(record.signal * 1000) / 1000).astype(np.float32)
    median = MedianBeat(grid[:8, :300].copy(), STANDARD_12[:8], 500.0)
    reading = DeviceReading(
        (
            DeviceMeasurement("heart_rate", 60.0, "bpm"),
            DeviceMeasurement("pr", 151.5, "ms"),
            DeviceMeasurement("qtcb", 401.0, "ms"),
            DeviceMeasurement("qrs_axis", -31.0, "deg"),
            DeviceMeasurement("AtrialRate", 61.0, "bpm"),
            DeviceMeasurement("st", -0.05, "mV", "V2"),
        ),
        (
            DeviceStatement("Sinus rhythm"),
            DeviceStatement('ST < 1 mm & "quoted"\nsecond line', "MDC_ECG_INTERPRETATION_COMMENT"),
            DeviceStatement("\u7aa6\u6027\u5fc3\u5f8b", "SR", "reader"),
        ),
        median,
        (0.4, 1.4000000000000001, 2.4),
    )
    return replace(
        record.with_signal(grid),
        patient=Patient("ID-7", "\u738b\u5c0f\u660e", "female", 63.25, "1960-03-01"),
        acquisition=Acquisition(
            "2024-02-29T08:00:00.500+08:00",
            "Maker & Sons 5",
            0.05,
            150.0,
            50.0,
            step_uv=1.0,
            extra={"Ward": "\u5fc3\u5185\u79d1", "note": "two\nlines", "id@root": "kept"},
        ),
        device_reading=reading,
        synthetic=True,
    )


def test_everything_comes_back_from_a_written_file(tmp_path: Path, pulse_record: EcgRecord) -> None:
    record = _full(pulse_record)
    path = aecg.write(record, tmp_path / "ecg.xml")
    again = formats.read(path)
    assert np.array_equal(again.signal, record.signal)
    assert aecg.loss(record) == "lossless at 1 µV per step"
    assert (again.lead_names, again.sampling_rate_hz) == (record.lead_names, record.sampling_rate_hz)
    assert again.patient == record.patient
    assert again.acquisition == record.acquisition
    assert again.synthetic
    assert b"synthetic" in path.read_bytes()
    mine, theirs = record.device_reading, again.device_reading
    assert set(theirs.measurements) == set(mine.measurements)
    assert (theirs.statements, theirs.qrs_s) == (mine.statements, mine.qrs_s)
    assert theirs.median is not None
    assert mine.median is not None
    assert np.array_equal(theirs.median.signal, mine.median.signal)
    assert theirs.median.lead_names == mine.median.lead_names
    seen = formats.peek(path)
    assert (seen.patient, seen.start_time, seen.synthetic) == (
        record.patient,
        record.acquisition.start_time,
        True,
    )
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["ecg.xml"]


def test_a_bare_record_gains_nothing_by_being_written(tmp_path: Path, pulse_record: EcgRecord) -> None:
    again = formats.read(aecg.write(pulse_record, tmp_path / "ecg.xml"))
    assert np.abs(again.signal - pulse_record.signal).max() <= 0.0005 + 1e-6
    assert again.patient == Patient()
    assert again.acquisition == Acquisition(step_uv=1.0)
    assert not again.device_reading
    assert not again.synthetic
    assert again.notes == ()


def test_what_the_format_cannot_say_is_kept_in_its_text(tmp_path: Path, pulse_record: EcgRecord) -> None:
    record = replace(
        pulse_record,
        patient=Patient("7\x01", sex="male", birth_date="about 1960"),
        acquisition=Acquisition("2024-02-29T08:00"),
    )
    again = formats.read(aecg.write(record, tmp_path / "ecg.xml"))
    assert (again.patient.patient_id, again.patient.birth_date) == ("7", "about 1960")
    assert again.acquisition.start_time == "2024-02-29T08:00"
    assert again.patient.age_years is None


@pytest.mark.parametrize("fs_hz", [128.0, 257.0, 360.0, 1000.0, 999.9, 31.25])
def test_any_rate_and_any_lead_come_back(fs_hz: float, tmp_path: Path, pulse_record: EcgRecord) -> None:
    names = ("I", "aVF", "V3R", "V7", "X", "Odd name")
    record = EcgRecord(pulse_record.signal[:6], names, fs_hz)
    again = formats.read(aecg.write(record, tmp_path / "ecg.xml"))
    assert again.lead_names == names
    assert again.sampling_rate_hz == fs_hz


def test_a_written_file_has_the_standards_order_and_another_parser_finds_the_leads(
    tmp_path: Path, pulse_record: EcgRecord
) -> None:
    record = _full(pulse_record)
    path = aecg.write(record, tmp_path / "ecg.xml")
    root = ElementTree.parse(path).getroot()
    order = [child.tag.rpartition("}")[2] for child in root]
    assert order == ["id", "code", "text", "effectiveTime", "componentOf", "controlVariable", "component"]
    series = root.find("h:component/h:series", NAMESPACE)
    assert series is not None
    kinds = list(dict.fromkeys(child.tag.rpartition("}")[2] for child in series))
    assert kinds == [
        "code",
        "effectiveTime",
        "author",
        "controlVariable",
        "component",
        "subjectOf",
        "derivation",
    ]
    found = independent_leads(path, "")
    assert list(found) == list(STANDARD_12)
    assert np.abs(found["V6"] / 1000 - record.lead("V6")).max() < 1e-6
    high = series.find("h:effectiveTime/h:high", NAMESPACE)
    assert high is not None
    assert high.get("value") == "20240229080010.500000+0800"


def test_gaps_are_refused_and_nothing_is_left_behind(tmp_path: Path, pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal.copy()
    signal[0, :100] = np.nan
    target = tmp_path / "ecg.xml"
    target.write_text("stays")
    with pytest.raises(FormatError, match=r"ecg\.xml"):
        aecg.write(pulse_record.with_signal(signal), target)
    assert target.read_text() == "stays"
    assert "gaps" in aecg.loss(pulse_record.with_signal(signal))
    with pytest.raises(FormatError, match="cannot be written"):
        aecg.write(pulse_record, tmp_path / "nowhere" / "ecg.xml")


@pytest.mark.parametrize("stem", FILES)
def test_real_files_survive_being_written(stem: str, tmp_path: Path, shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "aecg" / f"{stem}.xml")
    again = formats.read(aecg.write(record, tmp_path / "ecg.xml"))
    assert np.array_equal(again.signal, record.signal)
    assert (again.patient, again.acquisition) == (record.patient, record.acquisition)
    assert set(again.device_reading.measurements) == set(record.device_reading.measurements)
    assert again.device_reading.statements == record.device_reading.statements
    assert again.device_reading.qrs_s == record.device_reading.qrs_s
