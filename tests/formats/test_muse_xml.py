"""GE MUSE XML: real exports, an independent decoding of their samples, made files with known answers, refusals."""

import base64
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats.muse.person import month_first, time_of_day
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord

STORED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
FILES = (
    "braveheart_example1",
    "braveheart_example2",
    "echonext_validation_example",
    "muse-sinus",
    "muse_240hz",
)


def _lead(name: str, steps: list[int], **changed: str) -> str:
    raw = struct.pack(f"<{len(steps)}h", *steps)
    fields = {
        "LeadByteCountTotal": str(len(raw)),
        "LeadTimeOffset": "0",
        "LeadSampleCountTotal": str(len(steps)),
        "LeadAmplitudeUnitsPerBit": "4.88",
        "LeadAmplitudeUnits": "MICROVOLTS",
        "LeadID": name,
        "LeadSampleSize": "2",
        "LeadOff": "FALSE",
        "LeadDataCRC32": str(zlib.crc32(raw)),
        "WaveFormData": base64.b64encode(raw).decode(),
    } | changed
    return "".join(f"<{key}>{value}</{key}>" for key, value in fields.items() if value)


def _waveform(
    kind: str, leads: dict[str, str], base: str = "500", exponent: str = "0", more: str = ""
) -> str:
    data = "".join(f"<LeadData>{lead}</LeadData>" for lead in leads.values())
    return (
        f"<Waveform><WaveformType>{kind}</WaveformType><NumberofLeads>{len(leads)}</NumberofLeads>"
        f"<SampleBase>{base}</SampleBase><SampleExponent>{exponent}</SampleExponent>{more}{data}</Waveform>"
    )


def _steps(number: int, count: int = 500) -> list[int]:
    return [(number * 37 + k * (number + 1)) % 400 - 200 for k in range(count)]


def _rhythm(**changed: str) -> str:
    return _waveform("Rhythm", {name: _lead(name, _steps(k), **changed) for k, name in enumerate(STORED)})


def _file(
    path: Path, body: str, encoding: str = "utf-8", declared: str = "ISO-8859-1", top: str = ""
) -> Path:
    top = top or '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">'
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{top}\n<RestingECG>{body}</RestingECG>'
    path.write_bytes(text.encode(encoding))
    return path


def _independent(path: Path, kind: str) -> dict[str, np.ndarray]:
    """Return microvolts by lead, decoded by the standard library alone."""
    root = ElementTree.parse(path).getroot()
    found = {}
    for waveform in root.findall("Waveform"):
        for lead in waveform.findall("LeadData") if waveform.findtext("WaveformType") == kind else []:
            raw = base64.b64decode(lead.findtext("WaveFormData") or "")
            values = np.array(struct.unpack(f"<{len(raw) // 2}h", raw))
            found[str(lead.findtext("LeadID"))] = values * float(
                lead.findtext("LeadAmplitudeUnitsPerBit") or 0
            )
    return found


@pytest.mark.parametrize("stem", FILES)
def test_real_exports_hold_what_an_independent_decoding_finds(stem: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "muse" / f"{stem}.xml"
    record = formats.read(path)
    rhythm, median = _independent(path, "Rhythm"), _independent(path, "Median")
    assert record.source.format == "MUSE XML"
    assert record.lead_names == STANDARD_12
    assert record.sampling_rate_hz == (240.0 if stem == "muse_240hz" else 500.0)
    assert record.n_samples == (2500 if stem == "muse_240hz" else 5000)
    for name in STORED:
        assert np.abs(record.lead(name) * 1000 - rhythm[name]).max() < 2e-3
    beat = record.device_reading.median
    assert beat is not None
    assert beat.lead_names == STORED
    assert beat.sampling_rate_hz == record.sampling_rate_hz
    for name, row in zip(beat.lead_names, beat.signal, strict=True):
        assert np.abs(row * 1000 - median[name]).max() < 2e-3
    assert record.acquisition.derived_leads == ("III", "aVR", "aVL", "aVF")
    assert np.allclose(record.lead("III"), record.lead("II") - record.lead("I"), atol=1e-6)
    assert np.allclose(record.lead("aVF"), record.lead("II") - record.lead("I") / 2, atol=1e-6)
    assert record.acquisition.step_uv == 4.88
    assert not any(note.kind == "checksum" for note in record.notes)


@pytest.mark.parametrize("stem", FILES)
def test_a_look_at_a_file_says_what_opening_it_does(stem: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "muse" / f"{stem}.xml"
    record, seen = formats.read(path), formats.peek(path)
    assert seen.patient == record.patient
    assert seen.start_time == record.acquisition.start_time
    assert (seen.n_leads, seen.fs_hz) == (12, record.sampling_rate_hz)
    assert seen.duration_s == pytest.approx(record.seconds)


def test_who_when_and_how_of_a_real_export(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "muse" / "muse-sinus.xml")
    patient, acquisition, reading = record.patient, record.acquisition, record.device_reading
    assert (patient.patient_id, patient.name, patient.sex) == ("081486213", "DOE, JOHN", "male")
    assert (patient.age_years, patient.birth_date) == (43.0, "1979-07-08")
    assert (acquisition.start_time, acquisition.device) == ("2023-04-29T22:41:16", "MV360")
    assert (acquisition.highpass_hz, acquisition.lowpass_hz, acquisition.notch_hz) == (0.56, 150.0, 60.0)
    values = {one.name: (one.value, one.unit) for one in reading.measurements}
    assert values["heart_rate"] == (90.0, "bpm")
    assert [values[name][0] for name in ("pr", "qrs", "qt", "qtc", "qtcf")] == [144, 86, 402, 491, 460]
    assert [values[name] for name in ("p_axis", "qrs_axis", "t_axis")] == [
        (48, "deg"),
        (0, "deg"),
        (111, "deg"),
    ]
    assert [one.text for one in reading.statements][:2] == [
        "Normal Sinus rhythm",
        "Anterior infarct, age undetermined",
    ]
    assert {one.by for one in reading.statements} == {"machine"}
    assert acquisition.extra["Order/AdmitDiagnosis"] == "End stage renal disease"
    assert acquisition.extra["TestDemographics/AcquisitionTechLastName"] == "CM"
    assert len(acquisition.extra["MeasurementMatrix"]) > 1000
    assert "JOHN" not in "".join(acquisition.extra.values())


def test_a_confirmed_reading_is_the_readers_and_the_carts_own_stays_beside_it(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "muse" / "muse_240hz.xml")
    said = [(one.by, one.text) for one in record.device_reading.statements]
    assert ("machine", "CANNOT RULE OUT ANTERIOR INFARCT (CITED ON OR BEFORE 21-JAN-1999)") in said
    assert ("reader", "SINUS TACHYCARDIA WITH ONE VENTRICULAR PREMATURE BEAT") in said
    assert ("reader", "OLD ANTEROSEPTAL INFARCT") in said
    assert record.acquisition.highpass_hz == 0.05
    assert record.acquisition.notch_hz is None
    assert any("66" in note.text and "59" in note.text for note in record.notes), "age contradicts birth date"


@pytest.mark.parametrize("stem", FILES)
def test_beat_times_lie_on_the_qrs_whatever_their_unit(stem: str, shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "muse" / f"{stem}.xml")
    steep = np.abs(np.gradient(record.leads(("II", "V2", "V3", "V5")), axis=1)).sum(axis=0)
    reading = record.device_reading
    near = [
        steep[
            int((time - 0.08) * record.sampling_rate_hz) : int((time + 0.08) * record.sampling_rate_hz)
        ].max()
        for time in reading.qrs_s
    ]
    assert len(near) > 7
    assert min(near) > 5 * np.median(steep)
    heart_rate, rr = reading.value("heart_rate"), reading.value("rr")
    assert heart_rate is not None
    assert rr is not None
    assert 60_000 / rr == pytest.approx(heart_rate, rel=0.03)


def test_amplitudes_by_lead_are_millivolts(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "muse" / "echonext_validation_example.xml")
    of_lead = {
        (one.lead, one.name): (one.value, one.unit) for one in record.device_reading.measurements if one.lead
    }
    assert of_lead["I", "IE_R beat 1"] == (0.556, "mV")
    assert 0.4 < record.lead("I").max() < 0.7
    assert record.acquisition.extra["AmplitudeMeasurements/I/IE_R/1"].endswith("Duration 94, Area 4344")
    assert record.acquisition.start_time == ""
    assert record.acquisition.extra["TestDemographics/AcquisitionDate"] == "XX-XX-XXXX"
    assert record.device_reading.statements[-1].text.startswith("Confirmed by")


def _made(tmp_path: Path, body: str) -> EcgRecord:
    return formats.read(_file(tmp_path / "made.xml", body))


@pytest.mark.parametrize(
    ("gain", "unit", "millivolts"),
    [
        ("4.88", "MICROVOLTS", 0.488),
        ("2.5", "", 0.25),
        ("0.01", "MILLIVOLTS", 1.0),
        ("", "", 0.488),
        ("4,88", "", 0.488),
    ],
)
def test_the_gain_is_microvolts_or_millivolts_for_each_step(
    gain: str, unit: str, millivolts: float, tmp_path: Path
) -> None:
    leads = {
        name: _lead(name, [0, 100, -100] * 100, LeadAmplitudeUnitsPerBit=gain, LeadAmplitudeUnits=unit)
        for name in STORED
    }
    record = _made(tmp_path, _waveform("Rhythm", leads))
    assert record.lead("V1")[:3] == pytest.approx([0.0, millivolts, -millivolts], rel=1e-6)
    assert record.lead("aVR")[1] == pytest.approx(-millivolts, rel=1e-6)
    assert record.lead("III")[1] == 0
    assert bool(record.gain_doubt) == (not gain or not unit)


def test_median_before_rhythm_and_a_short_rhythm_before_the_long_one(tmp_path: Path) -> None:
    median = _waveform("Median", {name: _lead(name, [1000] * 600) for name in STORED})
    single = _waveform("Rhythm", {"II": _lead("II", [7] * 100)})
    record = _made(tmp_path, median + single + _rhythm())
    assert record.lead_names == STANDARD_12
    assert record.lead("V6")[:500] == pytest.approx(np.array(_steps(7)) * 0.00488, abs=1e-6)
    beat = record.device_reading.median
    assert beat is not None
    assert beat.signal.shape == (8, 600)
    assert beat.signal.max() == pytest.approx(4.88)
    assert any("1 more waveform in" in note.text for note in record.notes)


def test_the_rate_has_an_exponent_of_ten(tmp_path: Path) -> None:
    leads = {name: _lead(name, _steps(k)) for k, name in enumerate(STORED)}
    assert _made(tmp_path, _waveform("Rhythm", leads, "25", "1")).sampling_rate_hz == 250.0


@pytest.mark.parametrize(
    ("said", "hertz"),
    [("16", 0.16), ("5", 0.05), ("2000", 20.0), ("0.05", 0.05), ("NONE", None), ("-1", None)],
)
def test_the_high_pass_is_in_hundredths_of_a_hertz(said: str, hertz: float | None, tmp_path: Path) -> None:
    leads = {name: _lead(name, _steps(k)) for k, name in enumerate(STORED)}
    filters = (
        f"<HighPassFilter>{said}</HighPassFilter><LowPassFilter>40</LowPassFilter><ACFilter>50</ACFilter>"
    )
    acquisition = _made(tmp_path, _waveform("Rhythm", leads, more=filters)).acquisition
    assert (acquisition.highpass_hz, acquisition.lowpass_hz, acquisition.notch_hz) == (hertz, 40.0, 50.0)


def test_a_lead_whose_electrode_was_off_is_absent_not_zero(tmp_path: Path) -> None:
    leads = {name: _lead(name, _steps(k)) for k, name in enumerate(STORED)}
    leads["V3"] = _lead("V3", [0] * 500, LeadOff="TRUE")
    leads["V4"] = _lead("V4", _steps(5), LeadOff="TRUE")
    record = _made(tmp_path, _waveform("Rhythm", leads))
    assert record.missing_leads == ("V3",)
    assert {note.leads for note in record.notes if note.kind == "lead-off"} == {("V3",), ("V4",)}


def test_damaged_samples_are_noted_and_short_leads_end_in_gaps(tmp_path: Path) -> None:
    leads = {name: _lead(name, _steps(k)) for k, name in enumerate(STORED)}
    leads["V1"] = _lead("V1", _steps(2), LeadDataCRC32="12345")
    leads["V2"] = _lead("V2", _steps(3, 400), LeadSampleCountTotal="500")
    record = _made(tmp_path, _waveform("Rhythm", leads))
    assert [note.leads for note in record.notes if note.kind == "checksum"] == [("V1",)]
    assert np.isnan(record.lead("V2")[400:]).all()
    assert np.isfinite(record.lead("V2")[:400]).all()
    assert any(note.kind == "header" and "400 stored" in note.text for note in record.notes)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("gb18030", "GB18030"),
        ("gb18030", "ISO-8859-1x"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-8", "UTF-8"),
    ],
)
def test_chinese_names_survive_every_encoding(encoding: str, declared: str, tmp_path: Path) -> None:
    person = (
        "<PatientDemographics><PatientID>7</PatientID><PatientAge>8</PatientAge><AgeUnits>MONTHS</AgeUnits>"
        "<Gender>FEMALE</Gender><PatientLastName>\u5f20</PatientLastName>"
        "<PatientFirstName>\u4e09\u4e30</PatientFirstName></PatientDemographics>"
    )
    path = _file(tmp_path / "made.xml", person + _rhythm(), encoding, declared)
    for patient in (formats.read(path).patient, formats.peek(path).patient):
        assert (patient.name, patient.sex) == ("\u5f20\u4e09\u4e30", "female")
        assert patient.age_years == pytest.approx(8 / 12, abs=1e-3)


def test_a_file_is_known_by_its_content_and_by_one_format(tmp_path: Path) -> None:
    path = _file(tmp_path / "export.dat2", _rhythm())
    head = path.read_bytes()[: formats.HEAD_BYTES]
    scores = sorted((fmt.sniff(head, path) for fmt in formats.known()), reverse=True)
    assert scores[0] == 95
    assert scores[1] < 95
    assert formats.read(path).source.format == "MUSE XML"


_ENTITY = '<!DOCTYPE RestingECG [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
_BOMB = '<!DOCTYPE RestingECG [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("top", [_ENTITY, _BOMB])
def test_entities_are_refused(top: str, tmp_path: Path) -> None:
    name = "x" if top is _ENTITY else "b"
    body = f"<PatientDemographics><PatientID>&{name};</PatientID></PatientDemographics>{_rhythm()}"
    path = _file(tmp_path / "made.xml", body, top=top)
    for read in (formats.read, formats.peek):
        with pytest.raises(FormatError, match=r"made\.xml: DOCTYPE.*entities|entities.*made\.xml"):
            read(path)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"WaveFormData": "AAAA$AAA"}, "LeadData I: WaveFormData"),
        ({"WaveFormData": "AAAA"}, "LeadData I: WaveFormData"),
        ({"LeadSampleSize": "3"}, "LeadData I: LeadSampleSize"),
        ({"LeadAmplitudeUnits": "FURLONGS"}, "LeadData I: LeadAmplitudeUnits"),
        ({"LeadAmplitudeUnitsPerBit": "0"}, "LeadData I: LeadAmplitudeUnitsPerBit"),
        ({"LeadAmplitudeUnitsPerBit": "nan"}, "LeadData I: LeadAmplitudeUnitsPerBit"),
    ],
)
def test_what_cannot_be_read_is_named(changed: dict[str, str], field: str, tmp_path: Path) -> None:
    path = _file(tmp_path / "made.xml", _rhythm(**changed))
    with pytest.raises(FormatError) as caught:
        formats.read(path)
    assert "made.xml" in str(caught.value)
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "no rhythm"),
        (_waveform("Median", {"I": _lead("I", [1, 2])}), "no rhythm"),
        (_waveform("Rhythm", {}), "number of leads"),
        (_waveform("Rhythm", {"I": _lead("I", [1, 2])}, base=""), "SampleBase"),
        (_waveform("Rhythm", {"I": _lead("I", [1, 2])}, exponent="9"), "SampleBase"),
        (
            _waveform("Rhythm", {"I": _lead("I", [1, 2]), "II": _lead("II", [1, 2], LeadTimeOffset="2500")}),
            "Offset",
        ),
    ],
)
def test_files_without_a_usable_rhythm_say_so(body: str, field: str, tmp_path: Path) -> None:
    path = _file(tmp_path / "made.xml", body)
    with pytest.raises(FormatError, match=field):
        formats.read(path)


def test_dates_are_month_first_unless_that_is_no_month() -> None:
    assert [month_first(one) for one in ("04-29-2023", "29-04-2023", "2023-04-29", "04/05/2023")] == [
        "2023-04-29",
        "2023-04-29",
        "2023-04-29",
        "2023-04-05",
    ]
    assert [month_first(one) for one in ("XX-XX-2020", "13-32-2020", "", "02-30-2020")] == [""] * 4
    assert [time_of_day(one) for one in ("9:05", "23:59:59", "24:00:00", "XX:XX:XX")] == [
        "09:05:00",
        "23:59:59",
        "",
        "",
    ]


def test_control_characters_in_free_text_do_not_hide_the_ecg(tmp_path: Path) -> None:
    person = "<PatientDemographics><PatientLastName>WE\x1aST\x00</PatientLastName></PatientDemographics>"
    assert formats.read(_file(tmp_path / "made.xml", person + _rhythm())).patient.name == "WE ST"


def test_a_broken_median_beat_leaves_the_rhythm_readable(tmp_path: Path) -> None:
    record = _made(tmp_path, _waveform("Median", {"I": _lead("I", [1, 2], WaveFormData="AA$A")}) + _rhythm())
    assert record.device_reading.median is None
    assert any("median beat cannot be read" in note.text for note in record.notes)


@pytest.mark.parametrize(
    "changed",
    [
        {"WaveFormData": "AAAA$AAA"},
        {"WaveFormData": ""},
        {"LeadAmplitudeUnitsPerBit": "0"},
        {"LeadSampleSize": "3"},
    ],
)
def test_one_bad_lead_is_left_out_by_name(changed: dict[str, str], tmp_path: Path) -> None:
    leads = {
        name: _lead(name, _steps(k), **(changed if name == "V3" else {})) for k, name in enumerate(STORED)
    }
    record = formats.read(_file(tmp_path / "made.xml", _waveform("Rhythm", leads)))
    assert record.missing_leads == ("V3",)
    assert any(note.text.startswith("V3 left out: ") for note in record.notes)


def test_a_lead_that_occurs_twice_is_numbered(tmp_path: Path) -> None:
    leads = {"V1": _lead("V1", _steps(1)), "again": _lead("Lead V1", _steps(2))}
    path = _file(tmp_path / "made.xml", _waveform("Rhythm", leads))
    record = formats.read(path)
    assert record.lead_names == ("V1", "V1 2")
    assert any("V1, V1 2" in note.text for note in record.notes)
    assert formats.peek(path).n_leads == 2
