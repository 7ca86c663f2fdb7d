"""What is known of an ECG survives the formats that keep it as text."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.formats.kit import metadata
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    MedianBeat,
    Patient,
)

PATIENT = Patient("H-0042", "王小明 \\ Wang\nXiaoming", "female", 63.0, "1963-02-28")
ACQUISITION = Acquisition(
    "2026-03-01T08:15:30",
    "Cart 5, 二号",
    0.05,
    150.0,
    50.0,
    step_uv=2.5,
    extra={"Site: ward": "心内科", "Note": "first line\nsecond: line"},
)


def _reading(n_leads: int) -> DeviceReading:
    return DeviceReading(
        (DeviceMeasurement("qt", 402.5, "ms"), DeviceMeasurement("t_amplitude", 0.21, "mV", "V5")),
        (DeviceStatement("Sinus rhythm, 窦性心律", "SR"), DeviceStatement("agreed: normal", "", "reader")),
        MedianBeat(
            np.linspace(-1, 1, n_leads * 60, dtype=np.float32).reshape(n_leads, 60),
            tuple(f"V{k}" for k in range(1, n_leads + 1)),
            500.0,
        ),
        (0.412, 1.2, 2.004),
    )


def _told(record: EcgRecord) -> EcgRecord:
    return replace(record, patient=PATIENT, acquisition=ACQUISITION, device_reading=_reading(6))


@pytest.mark.parametrize("suffix", [".hea", ".csv", ".npz"])
def test_everything_that_is_known_comes_back(pulse_record: EcgRecord, tmp_path: Path, suffix: str) -> None:
    before = _told(pulse_record)
    after = formats.read(formats.writers()[suffix].write(before, tmp_path / f"ecg{suffix}"))
    assert after.patient == before.patient
    assert after.acquisition == before.acquisition
    assert after.device_reading.measurements == before.device_reading.measurements
    assert after.device_reading.statements == before.device_reading.statements
    assert after.device_reading.qrs_s == before.device_reading.qrs_s
    if suffix == ".npz":
        assert after.device_reading.median is not None
        np.testing.assert_array_equal(after.device_reading.median.signal, _reading(6).median.signal)


@pytest.mark.parametrize("suffix", [".hea", ".csv", ".npz"])
def test_a_worklist_sees_the_patient(pulse_record: EcgRecord, tmp_path: Path, suffix: str) -> None:
    path = formats.writers()[suffix].write(_told(pulse_record), tmp_path / f"ecg{suffix}")
    summary = formats.peek(path)
    assert summary.patient == PATIENT
    assert summary.start_time == ACQUISITION.start_time


def test_damaged_lines_are_left_out() -> None:
    told = metadata.told(
        ["ecgview.age_years: old", "ecgview.measurement: qt|", "ecgview.qrs_s: 1 x", "ecgview.", "free: text"]
    )
    assert told.patient == Patient()
    assert told.device_reading == DeviceReading((), (), None, (1.0,))
    assert told.rest == ("free: text",)


def test_a_zip_bomb_as_arrays_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, signal=np.zeros((12, 2_000_000), dtype=np.float64), fs_hz=500)
    with pytest.raises(formats.FormatError, match="unpacks to far too much"):
        formats.read(path)
