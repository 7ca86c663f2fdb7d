"""EDF, EDF+ and BDF: against pyedflib, against files built by hand, and the way there and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import edf
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    Patient,
)


def _column(values: list[str | bytes], width: int) -> bytes:
    raw = [value if isinstance(value, bytes) else value.encode() for value in values]
    return b"".join(value.ljust(width)[:width] for value in raw)


def _file(
    blocks: list[bytes],
    labels: list[str],
    samples: list[int],
    *,
    patient: bytes = b"X X X X",
    recording: str = "Startdate X X X X",
    reserved: str = "",
    records: int | None = None,
    duration: str = "1",
    unit: str | bytes = "uV",
    limits: tuple[str, str, str, str] = ("-3276.8", "3276.7", "-32768", "32767"),
    prefilter: str = "",
    version: bytes = b"0       ",
) -> bytes:
    """Return a file by the columns of the specification."""
    n = len(labels)
    annotations = ["Annotations" in label for label in labels]
    wide = [("-1", "1", "-32768", "32767") if one else limits for one in annotations]
    head = version + patient.ljust(80)[:80] + recording.encode().ljust(80)[:80] + b"16.11.2021.44.39"
    head += _column([str(256 * (n + 1))], 8) + _column([reserved], 44)
    head += _column([str(len(blocks) if records is None else records)], 8) + _column([duration], 8)
    head += _column([str(n)], 4)
    head += _column(list(labels), 16) + _column([b"electrode"] * n, 80)
    head += _column(["" if one else unit for one in annotations], 8)
    for k in range(4):
        head += _column([one[k] for one in wide], 8)
    head += _column([prefilter] * n, 80) + _column([str(one) for one in samples], 8) + _column([""] * n, 32)
    assert len(head) == 256 * (n + 1)
    return head + b"".join(blocks)


def _ramp(records: int, samples: int, leads: int) -> list[bytes]:
    """Return data records in which lead k holds 1000 k + the sample's number."""
    blocks = []
    for record in range(records):
        rows = [1000 * k + record * samples + np.arange(samples) for k in range(leads)]
        blocks.append(np.concatenate(rows).astype("<i2").tobytes())
    return blocks


@pytest.fixture
def told_record(pulse_record: EcgRecord) -> EcgRecord:
    """Return a record on a 5 uV grid with everything that a file can say."""
    return replace(
        pulse_record.with_signal((np.round(pulse_record.signal * 200.0) * 5.0 / 1000.0).astype(np.float32)),
        patient=Patient("P-0042", "王小明", "female", 63.0, "1961-02-03"),
        acquisition=Acquisition(
            "2024-05-06T07:08:09",
            "心电图机 PageWriter TC70",
            0.05,
            150.0,
            50.0,
            step_uv=5.0,
            extra={"ward": "心内科", "note": "first line\nsecond line"},
        ),
        device_reading=DeviceReading(
            (DeviceMeasurement("qrs", 96.0, "ms"), DeviceMeasurement("r_amplitude", 1.5, "mV", "V5")),
            (DeviceStatement("窦性心律", "22"), DeviceStatement("A normal ECG", "1", "reader")),
            None,
            (0.4, 1.4),
        ),
    )


def test_there_and_back_is_lossless_and_keeps_all_that_is_known(
    tmp_path: Path, told_record: EcgRecord
) -> None:
    assert edf.loss(told_record) == "lossless at 5 µV per step"
    path = edf.write(replace(told_record, synthetic=True), tmp_path / "ecg.edf")
    assert path == tmp_path / "ecg.edf"
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["ecg.edf"]
    again = formats.read(path)
    assert np.array_equal(again.signal, told_record.signal)
    assert again.lead_names == told_record.lead_names
    assert again.sampling_rate_hz == 500.0
    assert again.patient == told_record.patient
    assert again.acquisition == told_record.acquisition
    assert again.device_reading == told_record.device_reading
    assert again.synthetic
    assert b"synthetic" in path.read_bytes()
    summary = formats.peek(path)
    assert (summary.patient, summary.n_leads, summary.fs_hz) == (told_record.patient, 12, 500.0)
    assert (summary.duration_s, summary.synthetic) == (10.0, True)


@pytest.mark.parametrize(
    ("samples", "fs_hz", "step_uv"),
    [
        (5000, 500.0, 4.88),
        (5003, 500.0, 2.44140625),
        (2500, 257.0, 1.25),
        (4096, 400.0, 0.152588),
        (999, 1000.0, 2.5),
    ],
)
def test_pyedflib_reads_the_same_samples(
    tmp_path: Path, pulse_record: EcgRecord, samples: int, fs_hz: float, step_uv: float
) -> None:
    import pyedflib

    steps = np.round(pulse_record.signal[:, :samples].astype(np.float64) * 1000 / step_uv)
    record = replace(
        pulse_record,
        signal=np.resize(steps * step_uv / 1000, (12, samples)).astype(np.float32),
        sampling_rate_hz=fs_hz,
        acquisition=Acquisition(step_uv=step_uv),
    )
    path = edf.write(record, tmp_path / "oracle")
    again = formats.read(path)
    assert again.sampling_rate_hz == fs_hz
    assert np.array_equal(again.signal, record.signal)
    assert again.acquisition.step_uv == pytest.approx(step_uv)
    with pyedflib.EdfReader(str(path)) as theirs:
        assert theirs.getSignalLabels() == list(record.lead_names)
        assert theirs.getSampleFrequencies() == pytest.approx([fs_hz] * 12)
        for k in range(12):
            assert np.abs(theirs.readSignal(k) / 1000 - record.signal[k]).max() < 1e-6


def test_pyedflib_reads_the_patient_and_the_start(tmp_path: Path, told_record: EcgRecord) -> None:
    import pyedflib

    record = replace(told_record, patient=replace(told_record.patient, name="Jane Doe"))
    with pyedflib.EdfReader(str(edf.write(record, tmp_path / "p.edf"))) as theirs:
        assert theirs.getPatientCode() == "P-0042"
        assert theirs.getPatientName() == "Jane_Doe" or theirs.getPatientName() == "Jane Doe"
        assert theirs.getStartdatetime().isoformat() == "2024-05-06T07:08:09"
        assert theirs.getPrefilter(0) == "HP:0.05Hz LP:150Hz N:50Hz"


def test_the_ordinary_fields_alone_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "plus.edf"
    path.write_bytes(
        _file(
            _ramp(3, 250, 2),
            ["EKG I", "ECG V1-REF"],
            [250, 250],
            patient=b"MCH-0234567 F 02-MAY-1951 Haagse_Harry",
            recording="Startdate 02-MAR-2002 EMG561 BK/JOP Sony_MNC",
            prefilter="HP:0.05Hz LP:150Hz N:50Hz",
        )
    )
    record = formats.read(path)
    assert record.lead_names == ("I", "V1")
    assert (record.sampling_rate_hz, record.seconds) == (250.0, 3.0)
    assert record.patient == Patient("MCH-0234567", "Haagse Harry", "female", None, "1951-05-02")
    told = record.acquisition
    assert (told.start_time, told.device) == ("2002-03-02T21:44:39", "Sony MNC")
    assert (told.highpass_hz, told.lowpass_hz, told.notch_hz, told.step_uv) == (0.05, 150.0, 50.0, 0.1)
    assert told.extra["technician"] == "BK/JOP"
    assert told.extra["transducer"] == "electrode"
    assert record.lead("I")[740] == pytest.approx(0.074)
    assert record.lead("V1")[740] == pytest.approx(0.174)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_chinese_name_in_a_header_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "name.edf"
    field = "0001 M 01-JAN-1960 王小明".encode(encoding)
    path.write_bytes(_file(_ramp(2, 500, 1), ["II"], [500], patient=field))
    assert formats.read(path).patient == Patient("0001", "王小明", "male", None, "1960-01-01")
    assert formats.peek(path).patient.name == "王小明"


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("uV", 1e-4), ("mV", 0.1), (b"\xb5V", 1e-4), ("μV", 1e-4), ("µV", 1e-4), (b"\xa6\xccV", 1e-4)],
)
def test_units_become_millivolts(tmp_path: Path, unit: str | bytes, factor: float) -> None:
    path = tmp_path / "unit.edf"
    path.write_bytes(_file(_ramp(1, 500, 1), ["II"], [500], unit=unit))
    assert formats.read(path).lead("II")[7] == pytest.approx(7 * factor, rel=1e-6)


def test_other_rates_and_quantities_stay_out_and_are_named(tmp_path: Path) -> None:
    blocks = [np.arange(500 + 500 + 10).astype("<i2").tobytes()]
    path = tmp_path / "rates.edf"
    path.write_bytes(_file(blocks, ["ECG I", "ECG II", "ECG V1"], [500, 500, 10]))
    record = formats.read(path)
    assert record.lead_names == ("I", "II", "III", "aVR", "aVL", "aVF")
    assert record.acquisition.derived_leads == ("III", "aVR", "aVL", "aVF")
    assert any("ECG V1" in note.text for note in record.notes)


def _onset(seconds: float, text: str = "", size: int = 64) -> bytes:
    note = b"+0.5\x1510\x14" + text.encode() + b"\x14\x00" if text else b""
    return (f"+{seconds:g}".encode() + b"\x14\x14\x00" + note).ljust(size, b"\0")


def test_an_interrupted_recording_has_gaps_and_its_notes(tmp_path: Path) -> None:
    blocks = [
        block + _onset(at, text)
        for block, at, text in zip(_ramp(3, 100, 1), (0.25, 1.25, 4.25), ("早搏", "", ""), strict=True)
    ]
    path = tmp_path / "gaps.edf"
    path.write_bytes(_file(blocks, ["II", "EDF Annotations"], [100, 32], reserved="EDF+D"))
    record = formats.read(path)
    assert record.n_samples == 500
    assert np.isnan(record.lead("II")[200:400]).all()
    assert np.isfinite(record.lead("II")[400:]).all()
    assert record.lead("II")[400] == pytest.approx(0.02)
    assert record.acquisition.start_time == "2020-11-16T21:44:39.25"[11:]  # the day is X
    assert record.acquisition.extra["annotation at 0.25 s for 10 s"] == "早搏"
    path.write_bytes(_file(blocks[::-1], ["II", "EDF Annotations"], [100, 32], reserved="EDF+D"))
    with pytest.raises(FormatError, match="overlap"):
        formats.read(path)


def test_statements_at_the_beginning_are_the_machines(tmp_path: Path) -> None:
    block = _ramp(1, 100, 1)[0] + b"+0\x14\x14Sinus rhythm\x14\x00".ljust(64, b"\0")
    path = tmp_path / "s.edf"
    path.write_bytes(_file([block], ["II", "EDF Annotations"], [100, 32], reserved="EDF+C"))
    assert formats.read(path).device_reading.statements == (DeviceStatement("Sinus rhythm"),)


def test_bdf_holds_24_bits(tmp_path: Path) -> None:
    values = np.array([0, 1, -1, 8388607, -8388608, 70000] * 50, dtype="<i4")
    block = values.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    path = tmp_path / "b.bdf"
    limits = ("-8388608", "8388607", "-8388608", "8388607")
    path.write_bytes(_file([block], ["II"], [300], limits=limits, version=b"\xffBIOSEMI", reserved="24BIT"))
    assert np.allclose(formats.read(path).lead("II"), values / 1000, rtol=1e-6)


def test_an_open_or_wrong_number_of_data_records_is_said(tmp_path: Path) -> None:
    path = tmp_path / "n.edf"
    for records, kind in ((-1, "header"), (9, "duration")):
        path.write_bytes(_file(_ramp(3, 500, 1), ["II"], [500], records=records))
        record = formats.read(path)
        assert record.seconds == 3.0
        assert any(note.kind == kind and "3 are there" in note.text for note in record.notes)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"limits": ("0", "0", "-32768", "32767")}, "range of II"),
        ({"limits": ("x", "1", "-32768", "32767")}, "range of II"),
        ({"unit": "mmHg"}, "units"),
        ({"duration": "0"}, "duration of a data record"),
        ({"reserved": "EDF+D"}, "EDF Annotations"),
        ({"records": 0}, ""),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, object], field: str) -> None:
    path = tmp_path / "wrong.edf"
    path.write_bytes(_file(_ramp(2, 500, 1), ["II"], [500], **change))  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=f"wrong.edf.*{field}"):
        formats.read(path)


def test_a_rounded_duration_gives_the_whole_rate(tmp_path: Path) -> None:
    path = tmp_path / "r.edf"
    path.write_bytes(_file(_ramp(600, 1, 1), ["II"], [1], duration="0.001953"))
    assert formats.read(path).sampling_rate_hz == 512.0


def test_it_is_found_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "nameless"
    path.write_bytes(_file(_ramp(2, 500, 1), ["II"], [500]))
    assert formats.detect(path).NAME == "EDF"
    scores = sorted(fmt.sniff(path.read_bytes()[:4096], path) for fmt in formats.known())
    assert scores[-1] > scores[-2]


def test_gaps_cannot_be_written(tmp_path: Path, pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal.copy()
    signal[0, 100:200] = np.nan
    with pytest.raises(FormatError, match="gaps"):
        edf.write(pulse_record.with_signal(signal), tmp_path / "g.edf")
    assert not list(tmp_path.glob("*.edf"))


def test_real_files_open_as_other_libraries_read_them(shared_data: Path) -> None:
    import edfio  # pyedflib refuses the second file for a degree sign among its units

    for name in ("contec/0000050.edf", "edf/test_generator_2.edf"):
        path = shared_data / "formats" / name
        record = formats.read(path)
        theirs = {one.label: one for one in edfio.read_edf(path, header_encoding="latin-1").signals}
        for lead in record.lead_names:
            scale = {"uV": 1e-3, "mV": 1.0}[theirs[lead].physical_dimension]
            assert np.allclose(theirs[lead].data * scale, record.lead(lead), rtol=1e-6, atol=1e-9)
            assert theirs[lead].sampling_frequency == pytest.approx(record.sampling_rate_hz)


def test_the_contec_file_is_its_own_table(shared_data: Path) -> None:
    folder = shared_data / "formats" / "contec"
    record = formats.read(folder / "0000050.edf")
    table = np.genfromtxt(folder / "0000050.csv", delimiter=",", usecols=range(6))
    assert record.lead_names == (
        "I",
        "II",
        "III",
        "aVR",
        "aVL",
        "aVF",
    )  # the table has six columns, V1 to V6 empty
    assert (record.sampling_rate_hz, record.n_samples) == (800.0, 37855)
    assert np.allclose(record.signal.T, (table + 0.5) * 2000 / 65535, atol=1e-6)
    assert any("V1" in note.text for note in record.notes if note.kind == "missing-lead")


def test_an_inverted_lead_is_not_taken_for_the_lead(tmp_path: Path) -> None:
    path = tmp_path / "cabrera.edf"
    path.write_bytes(_file(_ramp(2, 500, 2), ["I", "ECG -aVR"], [500, 500]))
    record = formats.read(path)
    assert "aVR" not in record.lead_names
    assert record.lead_names == ("I", "ECG -aVR")


def test_amplitudes_beyond_the_fields_are_refused(tmp_path: Path, pulse_record: EcgRecord) -> None:
    with pytest.raises(FormatError, match="too large"):
        edf.write(pulse_record.with_signal(pulse_record.signal * 20_000), tmp_path / "volts.edf")
    assert not list(tmp_path.glob("volts*"))
