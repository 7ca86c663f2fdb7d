"""Writing SCP-ECG, plain and compressed: the round trip, what biosig reads, and what cannot be written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scp_made import DEMO, EXAMPLE, biosig_rows, crc

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import scp
from ecgview.formats.scp.layout import read_leads
from ecgview.formats.scp.sections import sections
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
    """Return an ECG on a 5 uV grid of which everything is known."""
    signal = (np.round(pulse_record.signal.astype(float) / 0.005) * 0.005).astype(np.float32)
    beat = MedianBeat(signal[:, 100:350], STANDARD_12, 500.0)
    return replace(
        pulse_record,
        signal=signal,
        patient=Patient("编号 7", "欧阳喆", "female", 61.5, "1959-03-02"),
        acquisition=Acquisition(
            start_time="2024-05-06T07:08:09",
            device="心电图机 9000",
            highpass_hz=0.05,
            lowpass_hz=150.0,
            notch_hz=50.0,
            step_uv=5.0,
            extra={"height": "171 cm", "free text": "one\ntwo", "technician": "李", "odd key": "a\\b\nc"},
        ),
        device_reading=DeviceReading(
            (
                DeviceMeasurement("heart_rate", 60.0, "bpm"),
                DeviceMeasurement("pr", 150.0, "ms"),
                DeviceMeasurement("qrs", 90.5, "ms"),
                DeviceMeasurement("r_amplitude", 1.25, "mV", "V5"),
            ),
            (
                DeviceStatement("窦性心律" * 30, "SR"),
                DeviceStatement("normal ECG", "", "reader"),
            ),
            beat,
            (0.4, 1.4, 2.4005),
        ),
        synthetic=True,
    )


def _alike(one: EcgRecord, two: EcgRecord) -> None:
    assert np.array_equal(one.signal, two.signal)
    assert (one.lead_names, one.sampling_rate_hz) == (two.lead_names, two.sampling_rate_hz)
    assert (one.patient, one.synthetic) == (two.patient, two.synthetic)
    kept = {"extra": {}}
    assert replace(one.acquisition, **kept) == replace(two.acquisition, **kept)
    assert one.acquisition.extra.items() <= two.acquisition.extra.items()
    reading, again = one.device_reading, two.device_reading
    assert reading.measurements == again.measurements
    assert reading.statements == again.statements
    assert reading.qrs_s == again.qrs_s
    assert (reading.median is None) == (again.median is None)
    if reading.median is not None and again.median is not None:
        assert np.array_equal(reading.median.signal, again.median.signal)
        assert reading.median.lead_names == again.median.lead_names
        assert reading.median.sampling_rate_hz == again.median.sampling_rate_hz


@pytest.mark.parametrize("writer", [scp.write, scp.write_compressed])
def test_round_trip_loses_nothing(writer: object, told_record: EcgRecord, tmp_path: Path) -> None:
    path = writer(told_record, tmp_path / "r.scp")  # type: ignore[operator]
    raw = path.read_bytes()
    assert int.from_bytes(raw[:2], "little") == crc(raw[2:])
    assert b"synthetic" in raw
    again = formats.read(path)
    _alike(told_record, again)
    assert not [note for note in again.notes if note.kind in ("checksum", "header")]
    assert formats.peek(path).patient == told_record.patient
    assert formats.peek(path).synthetic
    assert scp.loss(told_record) == "lossless at 5 µV per step"


@pytest.mark.parametrize("writer", [scp.write, scp.write_compressed])
def test_biosig_reads_what_is_written(writer: object, tmp_path: Path, told_record: EcgRecord) -> None:
    path = writer(told_record, tmp_path / "ours.scp")  # type: ignore[operator]
    theirs = biosig_rows(path, tmp_path)
    assert set(theirs) == set(STANDARD_12)
    for label, row in theirs.items():
        assert np.abs(told_record.lead(label) * 1000 - row).max() < 0.01


@pytest.mark.parametrize("name", [EXAMPLE, DEMO])
def test_a_real_file_written_again_is_the_same(name: str, shared_data: Path, tmp_path: Path) -> None:
    record = formats.read(shared_data / name)
    source = replace(
        record,
        acquisition=replace(
            record.acquisition,
            extra={
                key: text
                for key, text in record.acquisition.extra.items()
                if key not in ("SCP-ECG protocol", "rhythm coding")
            },
        ),
    )
    _alike(source, formats.read(scp.write(record, tmp_path / "a.scp")))
    _alike(source, formats.read(scp.write_compressed(record, tmp_path / "b.scp")))


def test_what_fits_its_own_fields_is_not_repeated_in_free_text(
    pulse_record: EcgRecord, tmp_path: Path
) -> None:
    record = replace(
        pulse_record,
        patient=Patient("7", "张伟", "male", 50.0, "1970-01-01"),
        acquisition=Acquisition(start_time="2020-01-02T03:04:05", device="cart", lowpass_hz=40.0),
        device_reading=DeviceReading(
            (DeviceMeasurement("rr", 1000.0, "ms"), DeviceMeasurement("qrs", 90.0, "ms")),
            (DeviceStatement("ok"),),
        ),
    )
    raw = scp.write(record, tmp_path / "f.scp").read_bytes()
    assert b"ecgview." not in raw
    assert "张伟".encode("gb2312") in raw
    again = formats.read(tmp_path / "f.scp")
    assert again.patient == record.patient
    assert again.device_reading.measurements == record.device_reading.measurements
    assert again.device_reading.statements == record.device_reading.statements


def test_computed_leads_are_not_stored_and_come_back(told_record: EcgRecord, tmp_path: Path) -> None:
    computed = ("III", "aVR", "aVL", "aVF")
    names = ("I", "II", *STANDARD_12[6:])
    path = tmp_path / "n.npz"
    np.savez(path, signal=told_record.leads(names), fs_hz=500.0, lead_names=np.array(names))
    record = formats.read(path)
    again = formats.read(scp.write(record, tmp_path / "n.scp"))
    stored = read_leads(sections((tmp_path / "n.scp").read_bytes(), tmp_path / "n.scp")).leads
    assert len(stored) == 8
    assert formats.peek(tmp_path / "n.scp").n_leads == 12  # as it opens
    assert again.acquisition.derived_leads == record.acquisition.derived_leads == computed
    assert np.array_equal(again.signal, record.signal)


@pytest.mark.parametrize("rate", [150.0, 240.0, 257.3, 1000.0])
def test_rates_and_unknown_lead_names_come_back(rate: float, tmp_path: Path) -> None:
    signal = np.stack([np.arange(300) % 50, np.arange(300) % 40]).astype(np.float32) / 1000
    record = EcgRecord(signal, ("chest", "back"), rate)
    again = formats.read(scp.write(record, tmp_path / "u.scp"))
    assert (again.lead_names, again.sampling_rate_hz) == (record.lead_names, rate)
    assert np.array_equal(again.signal, signal)


def test_a_long_record_is_compressed_or_refused(pulse_record: EcgRecord, tmp_path: Path) -> None:
    one = pulse_record.with_signal(np.tile(np.round(pulse_record.signal, 3), 8))
    again = formats.read(scp.write(one, tmp_path / "long.scp"))
    assert again.seconds == 80.0
    assert np.abs(again.signal - one.signal).max() < 1e-6
    noise = np.random.default_rng(0).integers(-9000, 9000, (12, 40_000)) / np.float32(1000)
    with pytest.raises(FormatError, match=r"noisy\.scp: too long"):
        scp.write(pulse_record.with_signal(noise.astype(np.float32)), tmp_path / "noisy.scp")


def test_what_cannot_be_written_leaves_nothing_behind(pulse_record: EcgRecord, tmp_path: Path) -> None:
    gap = pulse_record.signal.copy()
    gap[3, 100:200] = np.nan
    with pytest.raises(FormatError, match="gaps"):
        scp.write(pulse_record.with_signal(gap), tmp_path / "g.scp")
    assert "gaps" in scp.loss(pulse_record.with_signal(gap))
    with pytest.raises(FormatError, match="cannot be written"):
        scp.write(pulse_record, tmp_path / "no" / "folder.scp")
    (tmp_path / "d.scp").mkdir()
    with pytest.raises(FormatError, match="cannot be written"):
        scp.write(pulse_record, tmp_path / "d.scp")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["d.scp"]


def test_odd_steps_are_rounded_and_said(pulse_record: EcgRecord, tmp_path: Path) -> None:
    odd = 5000 / 1024
    signal = (np.round(pulse_record.signal * 1000 / odd) * odd / 1000).astype(np.float32)
    record = replace(pulse_record, signal=signal, acquisition=Acquisition(step_uv=odd))
    assert scp.loss(record) == "rounded to 1 µV per step, at most 0.5 µV off"
    again = formats.read(scp.write(record, tmp_path / "o.scp"))
    assert np.abs(again.signal - signal).max() <= 0.0005001
    assert again.acquisition.step_uv == 1.0
