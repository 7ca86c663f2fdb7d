"""DICOM ECG waveforms: real files against pydicom, known values, character sets, encodings, round trip, refusals."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import dicom_waveform
from ecgview.formats._deidentify import deidentified
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

TWELVE, GENERAL, AMBULATORY, WIDE = (f"1.2.840.10008.5.1.4.1.1.9.1.{i}" for i in (1, 2, 3, 4))
MDC_NUMBERS = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64} | {
    f"V{i}": i + 2 for i in range(1, 7)
}


def _code(value: str, scheme: str, meaning: str = "") -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def _channel(name: str, **changes: Any) -> Dataset:
    item = Dataset()
    item.ChannelSourceSequence = _code(f"2:{MDC_NUMBERS.get(name, 0)}", "MDC", f"Lead {name}")
    item.ChannelSensitivity = "2"
    item.ChannelSensitivityUnitsSequence = _code("uV", "UCUM", "microvolt")
    item.ChannelSensitivityCorrectionFactor = "1"
    item.ChannelBaseline = "0"
    item.ChannelSampleSkew = "0"
    item.WaveformBitsStored = 16
    for keyword, value in changes.items():
        setattr(item, keyword, value)
    return item


def _group(samples: np.ndarray, channels: list[Dataset], kind: str = "SS", **changes: Any) -> Dataset:
    """Return a group of (samples, channels) stored values."""
    dtype = {"SB": "<i1", "UB": "<u1", "SS": "<i2", "US": "<u2", "SL": "<i4"}[kind]
    item = Dataset()
    item.WaveformOriginality = "ORIGINAL"
    item.MultiplexGroupTimeOffset = "0"
    item.NumberOfWaveformSamples, item.NumberOfWaveformChannels = samples.shape
    item.SamplingFrequency = "500"
    item.MultiplexGroupLabel = "RHYTHM"
    item.ChannelDefinitionSequence = channels
    item.WaveformBitsAllocated = 8 * np.dtype(dtype).itemsize
    item.WaveformSampleInterpretation = kind
    item.WaveformData = samples.astype(dtype).tobytes()
    for keyword, value in changes.items():
        setattr(item, keyword, value)
    return item


def _object(*groups: Dataset, **changes: Any) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = TWELVE
    made.SOPInstanceUID = generate_uid()
    made.Modality = "ECG"
    made.PatientName, made.PatientID = "Doe^Jane", "P-1"
    made.AcquisitionDateTime = "20200512123359"
    if groups:
        made.WaveformSequence = list(groups)
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    return made


def _save(made: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    made.preamble = bytes(128)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", TWELVE)
    made.file_meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", "1.2")
    pydicom.dcmwrite(
        path,
        made,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        force_encoding=True,
    )
    return path


def _ramp(n_channels: int = 2, n_samples: int = 600) -> np.ndarray:
    """Return stored values that differ in every sample and channel."""
    return (np.arange(n_samples)[:, None] * 3 % 700 - 350) + 7 * np.arange(n_channels)[None, :]


def _two(path: Path, kind: str = "SS", values: np.ndarray | None = None, **changes: Any) -> EcgRecord:
    """Read a file of leads I and V1 with something changed in its group."""
    values = _ramp() if values is None else values
    channels = changes.pop("channels", [_channel("I"), _channel("V1")])
    return formats.read(_save(_object(_group(values, channels, kind, **changes)), path))


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


@pytest.mark.parametrize("name", ["ecgtoolkit_example", "pydicom_waveform_ecg"])
def test_real_files_hold_what_pydicom_decodes(name: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "dicom" / f"{name}.dcm"
    record = formats.read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's, of identifiers that a cart wrote wrongly
        theirs = pydicom.dcmread(path)
        rhythm, beat = theirs.waveform_array(0).T / 1000.0, theirs.waveform_array(1).T / 1000.0
    assert record.lead_names == STANDARD_12
    assert record.signal.shape == rhythm.shape
    assert np.abs(record.signal - rhythm).max() < 1e-6
    median = record.device_reading.median
    assert median is not None
    assert median.lead_names == STANDARD_12
    same = np.isfinite(median.signal)
    assert same.mean() > 0.95
    assert np.abs(median.signal - beat)[same].max() < 1e-6
    summary = formats.peek(path)
    assert (summary.n_leads, summary.fs_hz, summary.duration_s) == (12, record.sampling_rate_hz, 10.0)
    assert (summary.patient, summary.start_time) == (record.patient, record.acquisition.start_time)


def test_a_real_sample_by_hand(shared_data: Path) -> None:
    """The first bytes of the rhythm are 50 00, 5a 00, 0a 00: 80, 90, 10 steps of 1.25 uV in leads I, II, III."""
    record = formats.read(shared_data / "formats" / "dicom" / "pydicom_waveform_ecg.dcm")
    assert [round(float(record.lead(name)[0]), 6) for name in ("I", "II", "III")] == [0.1, 0.1125, 0.0125]
    assert record.acquisition.step_uv == 1.25


def test_what_a_real_cart_says(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "dicom" / "pydicom_waveform_ecg.dcm")
    assert record.patient == Patient("642341", "Anonymous", "female", 42.0, "1971-01-23")
    assert record.acquisition.start_time == "2013-01-25T10:59:19"
    assert record.acquisition.device == "Mortara Instrument, Inc. el250"
    filters = (
        record.acquisition.highpass_hz,
        record.acquisition.lowpass_hz,
        record.acquisition.notch_hz,
    )
    assert filters == (0.05, 300.0, None)
    reading = record.device_reading
    values = {name: reading.value(name) for name in ("rr", "pr", "qrs", "qt", "qtc", "p_axis", "t_axis")}
    assert values == {"rr": 982, "pr": 161, "qrs": 75, "qt": 368, "qtc": 370, "p_axis": 74, "t_axis": 57}
    assert [one.text for one in reading.statements] == ["RITMO SINUSALE", "ECG NORMALE"]
    assert [round(second * 1000) for second in reading.qrs_s[:3]] == [526, 1525, 2506]
    assert len(reading.qrs_s) == 10  # the median beat's own fiducial point at 501 is none of them
    assert record.acquisition.extra["InstitutionName"] == "E. O. Ospedali Galliera"


def test_a_real_padding_value_that_every_lead_crosses_makes_no_gaps(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "dicom" / "ecgtoolkit_example.dcm")
    assert np.isfinite(record.signal).all()
    assert {note.kind for note in record.notes} >= {"padding", "units"}
    assert record.device_reading.value("qrs_axis") == -61
    assert record.device_reading.qrs_s == ()  # the one beat that is marked is the median beat
    assert record.patient.age_years == 49.0  # born 1953-05-08, recorded 2002-11-22


def test_baseline_is_added_after_scaling_and_units_are_seen(tmp_path: Path) -> None:
    """By hand: 100 * 2 * 1.5 + 40 = 340 uV; 100 * 0.002 - 0.1 = 0.1 mV; 100 * 2000 * 1e-6 = 0.2 mV."""
    channels = [
        _channel("I", ChannelSensitivityCorrectionFactor="1.5", ChannelBaseline="40"),
        _channel(
            "II",
            ChannelSensitivity="0.002",
            ChannelBaseline="-0.1",
            ChannelSensitivityUnitsSequence=_code("mV", "UCUM"),
        ),
        _channel(
            "V1", ChannelSensitivity="2000", ChannelSensitivityUnitsSequence=_code("nV", "UCUM", "nanovolt")
        ),
    ]
    values = np.full((500, 3), 100)
    values[0] = 0
    record = _two(tmp_path / "b.dcm", values=values, channels=channels)
    assert [round(float(record.lead(name)[1]), 6) for name in ("I", "II", "V1")] == [0.34, 0.1, 0.2]
    assert [round(float(record.lead(name)[0]), 6) for name in ("I", "II", "V1")] == [0.04, -0.1, 0.0]
    assert record.acquisition.step_uv is None  # the leads have steps of their own


@pytest.mark.parametrize("kind", ["SB", "UB", "SS", "US", "SL"])
def test_sample_formats(kind: str, tmp_path: Path) -> None:
    values = np.stack([np.arange(500) % 100, (np.arange(500) * 7) % 120], axis=1)
    record = _two(tmp_path / "k.dcm", kind, values)
    assert np.allclose(record.lead("I"), values[:, 0] * 0.002, atol=1e-7)
    assert np.allclose(record.lead("V1"), values[:, 1] * 0.002, atol=1e-7)


def test_twelve_bits_in_sixteen_are_read(tmp_path: Path) -> None:
    values = np.stack([np.arange(500) - 250, np.arange(500) * 4 % 4000 - 2000], axis=1)
    channels = [_channel("I", WaveformBitsStored=12), _channel("V1", WaveformBitsStored=12)]
    record = _two(tmp_path / "t.dcm", values=values, channels=channels)
    assert np.allclose(record.lead("V1"), values[:, 1] * 0.002, atol=1e-7)


@pytest.mark.parametrize(
    ("value", "scheme", "meaning", "name"),
    [
        ("5.6.3-9-62", "SCPECG", "Lead aVR", "aVR"),
        ("5.6.3-9-11\0", "SCPECG", "", "V3R"),
        ("2:66", "MDC", "", "V8"),
        ("MDC_ECG_LEAD_V2", "MDC", "", "V2"),
        ("131133", "MDC", "", "III"),
        ("X1", "99VENDOR", "Lead V6 (chest)", "V6"),
        ("2:62", "MDC", "aVR, augmented voltage, right", "aVR"),
    ],
)
def test_lead_codes(value: str, scheme: str, meaning: str, name: str, tmp_path: Path) -> None:
    channels = [_channel("I", ChannelSourceSequence=_code(value, scheme, meaning)), _channel("V1")]
    assert set(_two(tmp_path / "c.dcm", channels=channels).lead_names) == {name, "V1"}


def test_a_channel_without_code_goes_by_its_label(tmp_path: Path) -> None:
    nameless = _channel("I", ChannelLabel="aVL")
    del nameless.ChannelSourceSequence
    assert _two(tmp_path / "l.dcm", channels=[nameless, _channel("V1")]).lead_names == ("aVL", "V1")


def test_padding_becomes_gaps(tmp_path: Path) -> None:
    values = _ramp()
    values[100:150, 0] = -32768
    record = _two(tmp_path / "p.dcm", values=values, WaveformPaddingValue=b"\x00\x80")
    assert np.isnan(record.lead("I")[100:150]).all()
    assert np.isfinite(record.lead("I")[:100]).all()
    assert np.isfinite(record.lead("V1")).all()


def test_padding_inside_the_range_counts_in_long_runs_only(tmp_path: Path) -> None:
    values = np.tile(np.array([-5, 0, 5, 3]), 200)[:, None] * np.array([1, 1])
    values[300:450, 1] = 0
    record = _two(tmp_path / "z.dcm", values=values, WaveformPaddingValue=b"\x00\x00")
    assert np.isfinite(record.lead("I")).all()
    assert np.isnan(record.lead("V1")[300:450]).all()
    assert np.isnan(record.lead("V1")).sum() <= 152
    assert any(note.kind == "padding" for note in record.notes)


@pytest.mark.parametrize("first", [True, False])
def test_the_rhythm_is_read_wherever_it_stands(first: bool, tmp_path: Path) -> None:
    leads = [_channel(name) for name in STANDARD_12]
    rhythm = _group(_ramp(12, 5000), leads)
    beat = _group(_ramp(12, 400) + 1, leads, WaveformOriginality="DERIVED", MultiplexGroupLabel="MEDIAN BEAT")
    groups = (rhythm, beat) if first else (beat, rhythm)
    path = _save(_object(*groups), tmp_path / "m.dcm")
    record = formats.read(path)
    assert record.n_samples == 5000
    assert float(record.lead("I")[0]) == pytest.approx(-0.7)
    assert record.device_reading.median is not None
    assert record.device_reading.median.signal.shape == (12, 400)
    assert float(record.device_reading.median.signal[0, 0]) == pytest.approx(-0.698)
    assert formats.peek(path).duration_s == 10.0


def test_a_median_beat_alone_is_no_rhythm(tmp_path: Path) -> None:
    beat = _group(_ramp(), [_channel("I"), _channel("V1")], WaveformOriginality="DERIVED")
    beat.MultiplexGroupLabel = "MEDIAN BEAT"
    with pytest.raises(FormatError, match=r"b\.dcm: WaveformSequence.*median beat only"):
        formats.read(_save(_object(beat), tmp_path / "b.dcm"))


def test_leads_recorded_one_after_another_become_one_record_with_gaps(tmp_path: Path) -> None:
    names = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
    groups = [
        _group(
            _ramp(3, 1250) + i,
            [_channel(name) for name in three],
            MultiplexGroupTimeOffset=str(2500 * i),
            MultiplexGroupLabel=f"PART {i}",
        )
        for i, three in enumerate(names)
    ]
    record = formats.read(_save(_object(*groups), tmp_path / "s.dcm"))
    assert record.lead_names == STANDARD_12
    assert record.n_samples == 5000
    assert np.isfinite(record.lead("V1")[2500:3750]).all()
    assert np.isnan(record.lead("V1")[:2500]).all()
    assert float(record.lead("V1")[2500]) == pytest.approx((-350 + 2) * 0.002)


def test_annotations_become_measurements_and_statements(tmp_path: Path) -> None:
    def note(concept: list[Dataset] | None = None, **values: Any) -> Dataset:
        item = Dataset()
        item.ReferencedWaveformChannels = values.pop("channels", [1, 0])
        if concept:
            item.ConceptNameCodeSequence = concept
        for keyword, value in values.items():
            setattr(item, keyword, value)
        return item

    ms, volt = _code("ms", "UCUM"), _code("uV", "UCUM")
    items = [
        note(UnformattedTextValue="ACUTE MI "),
        note(_code("8867-4", "LN", "Heart rate"), NumericValue="72"),
        note(_code("2:16160", "MDC", "QT"), NumericValue="400", MeasurementUnitsCodeSequence=ms),
        note(_code("2:15880", "MDC", "QTc global using Framingham formula"), NumericValue="410"),
        note(
            _code("A1", "99X", "R amplitude"),
            NumericValue="1200",
            MeasurementUnitsCodeSequence=volt,
            channels=[1, 2],
        ),
        note(_code("2:15872", "MDC", "PR"), NumericValue="0", MeasurementUnitsCodeSequence=ms),
        note(
            _code("121071", "DCM", "Finding"),
            ConceptCodeSequence=_code("49436004", "SCT", "Atrial fibrillation"),
        ),
        note(
            _code("10:576", "MDC", "R wave"), TemporalRangeType="POINT", ReferencedSamplePositions=[101, 351]
        ),
    ]
    made = _object(_group(_ramp(), [_channel("I"), _channel("V1")]), WaveformAnnotationSequence=items)
    record = formats.read(_save(made, tmp_path / "a.dcm"))
    reading = record.device_reading
    assert reading.value("heart_rate") == 72
    assert reading.value("qt") == 400
    assert reading.value("pr") is None  # 0 ms is "not measured"
    assert reading.value("qtcb") is None  # the standard prints Bazett's code beside Framingham's name
    assert DeviceMeasurement("R amplitude", 1.2, "mV", "V1") in reading.measurements
    assert reading.statements == (
        DeviceStatement("ACUTE MI"),
        DeviceStatement("Atrial fibrillation", "49436004"),
    )
    assert reading.qrs_s == pytest.approx((0.2, 0.7))
    assert "PR: 0" in record.acquisition.extra["WaveformAnnotationSequence"]


@pytest.mark.parametrize(
    ("age", "years"), [("063Y", 63.0), ("011M", 11 / 12), ("003W", 21 / 365.25), ("", 20.0), ("old", 20.0)]
)
def test_age_and_age_from_birth(age: str, years: float, tmp_path: Path) -> None:
    made = _object(_group(_ramp(), [_channel("I"), _channel("V1")]), PatientBirthDate="20000101")
    made.add_new(0x00101010, "LO" if age == "old" else "AS", age)
    path = _save(made, tmp_path / "y.dcm")
    assert formats.read(path).patient.age_years == pytest.approx(years)
    assert formats.peek(path).patient.age_years == pytest.approx(years)


@pytest.mark.parametrize(
    ("declared", "stored", "shown"),
    [
        ("GB18030", "王^小东".encode("gb18030"), "王小东"),
        ("GBK", "Wang^XiaoDong=王^小东=".encode("gbk"), "王小东"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "王小東"),
        ("\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "张小东"),
        ("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=", "山田太郎"),
        ("", "张伟强".encode("gb18030"), "张伟强"),
        ("ISO_IR 100", "张^伟强".encode("gb18030"), "张伟强"),
        ("ISO_IR 100", "张伟强".encode(), "张伟强"),
        ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller, Jörg"),
        ("ISO_IR 100", "Créée^Zoé".encode("latin-1"), "Créée, Zoé"),
        ("ISO_IR 144", "Иванов^Иван".encode("iso8859_5"), "Иванов, Иван"),
        ("NONSENSE", "张伟强".encode("gb18030"), "张伟强"),
    ],
)
def test_character_sets(declared: str, stored: bytes, shown: str, tmp_path: Path) -> None:
    made = _object(_group(_ramp(), [_channel("I"), _channel("V1")]))
    stored += b" " * (len(stored) % 2)
    marker = b"N" * len(stored)
    made.PatientName = marker.decode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the marker is no character set
        made.SpecificCharacterSet = "D" * 20
        path = _save(made, tmp_path / "n.dcm")
    raw = path.read_bytes()
    assert raw.count(marker) == 1
    path.write_bytes(raw.replace(marker, stored).replace(b"D" * 20, declared.encode().ljust(20)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, of a character set that is none
        assert formats.read(path).patient.name == shown
        assert formats.peek(path).patient.name == shown


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian],
)
@pytest.mark.parametrize("kind", ["SS", "SB"])
def test_encodings(syntax: str, kind: str, tmp_path: Path) -> None:
    values = _ramp() // 4
    group = _group(values, [_channel("I"), _channel("V1")], kind)
    if syntax == ExplicitVRBigEndian:  # the library leaves the samples as they are given
        swapped = np.frombuffer(group.WaveformData, "<i2").astype(">i2").tobytes()
        group.add_new(0x54001010, "OW", swapped)
    path = _save(_object(group), tmp_path / "e.dcm", syntax)
    record = formats.read(path)
    assert np.allclose(record.lead("V1"), values[:, 1] * 0.002, atol=1e-7)
    assert record.patient.patient_id == "P-1"
    assert formats.peek(path).fs_hz == 500.0


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_file_without_preamble_or_meta_information_or_extension(syntax: str, tmp_path: Path) -> None:
    group = _group(np.full((600, 2), 0x0101), [_channel("I"), _channel("V1")])
    raw = _save(_object(group), tmp_path / "w.dcm", syntax).read_bytes()
    big = syntax == ExplicitVRBigEndian
    bare = raw.index(b"\0\x08\0\x05CS" if big else b"\x08\0\x05\0")
    for name, part in (("bare", raw[bare:]), ("meta", raw[132:]), ("whole", raw)):
        (tmp_path / name).write_bytes(part)
        assert float(formats.read(tmp_path / name).lead("I")[5]) == pytest.approx(257 * 0.002)
        assert formats.peek(tmp_path / name).n_leads == 2


def test_a_deflated_bomb_is_refused(tmp_path: Path) -> None:
    import zlib

    path = tmp_path / "bomb.dcm"
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    syntax = b"\x02\0\x10\0UI\x16\0" + b"1.2.840.10008.1.2.1.99"
    path.write_bytes(bytes(128) + b"DICM" + syntax + body)
    with pytest.raises(FormatError, match=r"bomb\.dcm: .*too large"):
        formats.read(path)


@pytest.mark.parametrize(
    ("sop_class", "modality", "name"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", "CT", "CT Image Storage"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "DOC", "Encapsulated PDF Storage"),
        ("1.2.840.10008.1.3.10", "", "Media Storage Directory Storage"),
    ],
)
def test_objects_without_waveform_are_named(sop_class: str, modality: str, name: str, tmp_path: Path) -> None:
    path = _save(_object(SOPClassUID=sop_class, Modality=modality), tmp_path / "x.dcm")
    for action in (formats.read, formats.peek):
        with pytest.raises(FormatError, match=rf"x\.dcm.*out of scope.*{name}"):
            action(path)


def test_an_ecg_object_that_ends_before_its_waveform_is_cut_short(tmp_path: Path) -> None:
    path = _save(_object(_group(_ramp(), [_channel("I"), _channel("V1")])), tmp_path / "c.dcm")
    path.write_bytes(path.read_bytes()[:400])
    for action in (formats.read, formats.peek):
        with pytest.raises(FormatError, match=r"c\.dcm.*cut short"):
            action(path)


def test_a_flood_of_elements_is_refused(tmp_path: Path) -> None:
    path = _save(_object(), tmp_path / "flood.dcm")
    items = b"\xfe\xff\x00\xe0" + bytes(4)
    path.write_bytes(path.read_bytes() + b"\0\x54\0\1SQ\0\0" + b"\xff" * 4 + items * 400_000)
    with pytest.raises(FormatError, match="too many elements"):
        formats.read(path)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"WaveformData": b"\0\0\0\0"}, "WaveformData"),
        ({"NumberOfWaveformSamples": 4_000_000_000}, "WaveformData"),
        ({"NumberOfWaveformSamples": 0}, "WaveformData"),
        ({"SamplingFrequency": "0"}, "SamplingFrequency"),
        ({"WaveformSampleInterpretation": "MB"}, "WaveformSampleInterpretation"),
        ({"WaveformBitsAllocated": 8}, "WaveformSampleInterpretation"),
        ({"ChannelDefinitionSequence": []}, "ChannelDefinitionSequence"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=rf"f\.dcm: WaveformSequence item 1, {field}"):
        _two(tmp_path / "f.dcm", **changes)


def test_channels_that_are_no_leads_in_volts_stay_out(tmp_path: Path) -> None:
    pressure = _channel("I", ChannelSensitivityUnitsSequence=_code("mm[Hg]", "UCUM", "mmHg"))
    record = _two(tmp_path / "v.dcm", channels=[pressure, _channel("V1")])
    assert record.lead_names == ("V1",)
    assert any("mm[Hg]" in note.text for note in record.notes)
    arbitrary = _channel("I")
    del arbitrary.ChannelSensitivity
    with pytest.raises(FormatError, match="no sensitivity"):
        _two(tmp_path / "v.dcm", values=_ramp(1), channels=[arbitrary])
    unitless = _channel("I")
    del unitless.ChannelSensitivityUnitsSequence
    record = _two(tmp_path / "v.dcm", values=_ramp(1), channels=[unitless])
    assert any("no unit stated; uV taken" in note.text for note in record.notes)


def test_an_object_of_another_class_gives_its_ecg_leads_only(tmp_path: Path) -> None:
    breath = _channel("I", ChannelSourceSequence=_code("3:1", "MDC", "Breath"))
    made = _object(_group(_ramp(), [breath, _channel("II")]), SOPClassUID="1.2.840.10008.5.1.4.1.1.9.2.1")
    assert formats.read(_save(made, tmp_path / "h.dcm")).lead_names == ("II",)


def test_round_trip_of_everything(tmp_path: Path, told_record: EcgRecord) -> None:
    path = dicom_waveform.write(told_record, tmp_path / "r.dcm")
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
    twice = formats.read(dicom_waveform.write(again, tmp_path / "r2.dcm"))
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
    again = formats.read(dicom_waveform.write(record, tmp_path / "o.dcm"))
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
        path = dicom_waveform.write(told_record, tmp_path / "p.dcm")
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
        path = dicom_waveform.write(record, tmp_path / "o.dcm")
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
    again = formats.read(dicom_waveform.write(record, tmp_path / "g.dcm"))
    assert again.lead_names == record.lead_names
    assert np.array_equal(np.isnan(again.signal), np.isnan(signal))


def test_a_deidentified_record_leaves_nothing_of_the_patient(tmp_path: Path, told_record: EcgRecord) -> None:
    raw = dicom_waveform.write(deidentified(told_record, "S-1"), tmp_path / "d.dcm").read_bytes()
    for word in ("王小明", "病号", "19570302", "1957-03", "20200512", "2020-05", "ECG-1200", "李", "心内科"):
        assert word.encode() not in raw
    assert formats.read(tmp_path / "d.dcm").acquisition.start_time == ""


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path, pulse_record: EcgRecord) -> None:
    with pytest.raises(FormatError, match=r"nowhere.*cannot be written"):
        dicom_waveform.write(pulse_record, tmp_path / "nowhere" / "o.dcm")
    (tmp_path / "taken.dcm").mkdir()
    with pytest.raises(FormatError, match=r"taken\.dcm.*cannot be written"):
        dicom_waveform.write(pulse_record, tmp_path / "taken.dcm")
    assert {path.name for path in tmp_path.iterdir()} == {"home", "taken.dcm"}


def test_content_not_extension_decides(tmp_path: Path, pulse_record: EcgRecord) -> None:
    path = dicom_waveform.write(pulse_record, tmp_path / "o.dcm").rename(tmp_path / "o.xml")
    assert formats.detect(path).NAME == "DICOM"
    scores = [fmt.sniff(path.read_bytes()[:4096], path) for fmt in formats.known()]
    assert sorted(scores)[-1] > sorted(scores)[-2]
