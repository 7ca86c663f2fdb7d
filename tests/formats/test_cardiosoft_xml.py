"""CardioSoft XML: real files against what they say of themselves, the whole recording, character sets, refusals."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import cardiosoft
from ecgview.leads import STANDARD_12

REAL = ("example1.xml", "dummy_ecg.xml")


@pytest.mark.parametrize("name", REAL)
def test_real_files_hold_every_number_of_their_strip(name: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "cardiosoft" / name
    record = formats.read(path)
    assert record.lead_names == STANDARD_12
    assert (record.sampling_rate_hz, record.seconds, record.acquisition.step_uv) == (500.0, 10.0, 5.0)
    strip = path.read_text(encoding="latin-1").split("<StripData>")[1]
    stored = re.findall(r'<WaveformData lead="(\w+)">([^<]*)</WaveformData>', strip)
    assert len(stored) == 12
    for lead, numbers in stored:
        steps = np.array([int(one) for one in re.findall(r"-?\d+", numbers)])
        assert np.array_equal(np.rint(record.lead(lead) / 0.005), steps)
        assert np.abs(record.lead(lead) - steps * 0.005).max() < 1e-6
    assert not [note for note in record.notes if note.kind in ("einthoven", "clipping", "flat", "units")]


@pytest.mark.parametrize(
    ("name", "lead", "r_mv", "s_mv"),
    [
        ("example1.xml", "II", 1.791, None),
        ("example1.xml", "V2", 0.595, 2.836),
        ("dummy_ecg.xml", "I", 1.580, None),
    ],
)
def test_the_median_beat_has_the_amplitudes_that_12sl_measured(
    name: str, lead: str, r_mv: float, s_mv: float | None, shared_data: Path
) -> None:
    reading = formats.read(shared_data / "formats" / "cardiosoft" / name).device_reading
    stated = {one.name: one.value for one in reading.measurements if one.lead == lead}
    assert stated["RAmplitude"] == r_mv
    assert stated.get("SAmplitude") == s_mv or s_mv is None
    beat = reading.median
    assert beat is not None
    row = beat.signal[beat.lead_names.index(lead)]
    assert (beat.signal.shape, beat.sampling_rate_hz) == ((12, 600), 500.0)
    assert row.max() == pytest.approx(r_mv, abs=0.005)
    assert s_mv is None or -row.min() == pytest.approx(s_mv, abs=0.005)


@pytest.mark.parametrize("name", REAL)
def test_beat_times_lie_on_the_beats(name: str, shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "cardiosoft" / name)
    times = record.device_reading.qrs_s
    assert len(times) == {"example1.xml": 7, "dummy_ecg.xml": 12}[name]
    moves = np.abs(np.diff(record.signal, axis=1)).sum(axis=0)
    for time in times:
        at = int(time * 500)
        steepest = int(np.argmax(moves[at - 100 : at + 100])) - 100
        assert abs(steepest) <= 15  # 30 ms
    assert np.mean(np.diff(times)) * 1000 == pytest.approx(record.device_reading.value("rr"), rel=0.01)


def test_what_a_real_file_says(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "cardiosoft" / "example1.xml")
    patient, how, reading = record.patient, record.acquisition, record.device_reading
    assert (patient.patient_id, patient.name, patient.sex) == ("001", "Surname, Name", "male")
    assert (patient.age_years, patient.birth_date, how.start_time) == (18.0, "", "")
    assert any(
        "no date that can be meant" in note.text for note in record.notes
    )  # the first of January of year 1
    assert (how.device, how.highpass_hz, how.lowpass_hz, how.notch_hz) == ("CardioSoft", 0.01, 40.0, 50.0)
    names = ("heart_rate", "rr", "p_duration", "pr", "qrs", "qt", "qtc", "p_axis", "qrs_axis", "t_axis")
    assert [reading.value(name) for name in names] == [42, 1440, 126, 250, 106, 462, 385, 31, 83, 58]
    assert how.extra["ClinicalInfo/DeviceInfo/SoftwareVer"] == "V6.73"
    assert how.extra["PatientInfo/Height"] == "186"
    assert not any(len(value) > 500 for value in how.extra.values())
    other = formats.read(shared_data / "formats" / "cardiosoft" / "dummy_ecg.xml").device_reading
    assert [(one.text, one.by) for one in other.statements] == [
        ("Normal sinus rhythm", "machine"),
        ("Voltage criteria for left ventricular hypertrophy", "machine"),
        ("Abnormal ECG", "machine"),
    ]


@pytest.mark.parametrize("name", REAL)
def test_a_look_at_a_real_header_agrees_with_reading_it(name: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "cardiosoft" / name
    record, summary = formats.read(path), formats.peek(path)
    assert (summary.patient, summary.start_time) == (record.patient, record.acquisition.start_time)
    assert (summary.n_leads, summary.fs_hz, summary.duration_s) == (12, 500.0, 10.0)


def _rows(samples: int = 1000) -> NDArray[np.int64]:
    rows = np.cumsum(np.random.default_rng(2).integers(-9, 10, (12, samples)), axis=1)
    rows[2] = rows[1] - rows[0]
    return rows


def _strip(rows: NDArray[np.int64], **changes: str) -> str:
    stated = {
        "rate": "500",
        "rate_unit": "Hz",
        "step": "5",
        "step_unit": "uVperLsb",
        "count": str(rows.shape[1]),
    }
    stated |= changes
    waves = "".join(
        f'<WaveformData lead="{lead}">{",".join(map(str, row))}</WaveformData>'
        for lead, row in zip(STANDARD_12, rows, strict=True)
    )
    return (
        f'<StripData><NumberOfLeads>12</NumberOfLeads><SampleRate units="{stated["rate_unit"]}">{stated["rate"]}'
        f"</SampleRate><ChannelSampleCountTotal>{stated['count']}</ChannelSampleCountTotal>"
        f'<Resolution units="{stated["step_unit"]}">{stated["step"]}</Resolution>{waves}</StripData>'
    )


def _whole(numbers: NDArray[np.int64], leads: str = ",".join(STANDARD_12)) -> str:
    count = len(leads.split(","))
    return (
        f"<FullDisclosure><NumberOfChannels>{count}</NumberOfChannels><SampleRate units='Hz'>500</SampleRate>"
        f"<Resolution units='uVperLsb'>5</Resolution><LeadOrder>{leads}</LeadOrder><FullDisclosureData>"
        f"<SampleCountTotal>{numbers.size}</SampleCountTotal>{','.join(map(str, numbers.ravel()))},"
        f"</FullDisclosureData></FullDisclosure>"
    )


def _file(folder: Path, *parts: str, encoding: str = "iso-8859-1") -> Path:
    path = folder / "c.xml"
    text = f'<?xml version="1.0" encoding="{encoding}" ?><CardiologyXML>{"".join(parts)}</CardiologyXML>'
    path.write_bytes(text.encode(encoding))
    return path


def test_units_and_rate_are_taken_from_the_strip(tmp_path: Path) -> None:
    rows = _rows()
    record = formats.read(_file(tmp_path, _strip(rows, rate="250", step="4.88")))
    assert record.sampling_rate_hz == 250.0
    assert record.signal == pytest.approx(rows * 0.00488, abs=1e-5)


@pytest.mark.parametrize("order", ["samples in turn", "seconds in turn"])
def test_a_whole_recording_opens_in_the_order_that_its_limb_leads_prove(order: str, tmp_path: Path) -> None:
    rows = _rows(1500)
    stored = rows.T if order == "samples in turn" else rows.reshape(12, 3, 500).transpose(1, 0, 2)
    record = formats.read(_file(tmp_path, _whole(stored)))
    assert record.lead_names == STANDARD_12
    assert record.signal == pytest.approx(rows * 0.005, abs=1e-5)
    assert formats.peek(record.source.path).n_leads == 12


def test_a_whole_recording_whose_order_cannot_be_told_is_refused(tmp_path: Path) -> None:
    rows = _rows(1000)
    for numbers, leads in ((rows.T[:, [0, 1, 8]], "I,II,V3"), (rows, ",".join(STANDARD_12))):
        with pytest.raises(FormatError, match="order of the samples"):
            formats.read(_file(tmp_path, _whole(numbers, leads)))


def test_a_strip_comes_before_the_whole_recording_and_a_note_says_so(tmp_path: Path) -> None:
    rows = _rows()
    record = formats.read(_file(tmp_path, _strip(rows), _whole(_rows(3000).T)))
    assert record.n_samples == 1000
    assert any("whole recording" in note.text for note in record.notes)
    assert record.signal == pytest.approx(rows * 0.005, abs=1e-5)


def test_a_conclusion_is_a_readers_and_conflicting_counts_are_noted(tmp_path: Path) -> None:
    said = (
        "<Interpretation><Diagnosis><DiagnosisText>Sinus rhythm</DiagnosisText></Diagnosis>"
        "<Conclusion><ConclusionText>Artefact</ConclusionText></Conclusion></Interpretation>"
    )
    record = formats.read(_file(tmp_path, said, _strip(_rows(), count="999")))
    assert [(one.text, one.by) for one in record.device_reading.statements] == [
        ("Sinus rhythm", "machine"),
        ("Artefact", "reader"),
    ]
    assert any("the file says 999" in note.text for note in record.notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_names_and_dates_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    said = (
        "<ObservationDateTime><Hour>7</Hour><Minute>5</Minute><Second>9</Second><Day>3</Day><Month>11</Month>"
        "<Year>2021</Year></ObservationDateTime><PatientInfo><PID>阜外12</PID><Name><FamilyName>王</FamilyName>"
        "<GivenName>芳</GivenName></Name><BirthDateTime><Day>4</Day><Month>11</Month><Year>1961</Year>"
        "</BirthDateTime><Gender>FEMALE</Gender></PatientInfo>"
    )
    path = _file(tmp_path, said, _strip(_rows()), encoding=encoding)
    for patient in (formats.read(path).patient, formats.peek(path).patient):
        assert (patient.patient_id, patient.name, patient.sex) == ("阜外12", "王芳", "female")
        assert (patient.birth_date, patient.age_years) == ("1961-11-04", 59.0)  # a day before the birthday
    assert formats.peek(path).start_time == "2021-11-03T07:05:09"


BAD = {
    "rate missing": (_strip(_rows(), rate=""), "StripData/SampleRate"),
    "rate in kHz": (_strip(_rows(), rate_unit="kHz"), "StripData/SampleRate"),
    "rate of words": (_strip(_rows(), rate="fast"), "SampleRate"),
    "step missing": (_strip(_rows(), step=""), "StripData/Resolution"),
    "step in other units": (_strip(_rows(), step_unit="nVperLsb"), "StripData/Resolution"),
    "count of words": (_strip(_rows(), count="-5"), "ChannelSampleCountTotal"),
    "nothing": ("", "StripData"),
    "no leads": (_whole(_rows().T, "I,I"), "LeadOrder"),
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_malformed_file_names_itself_and_the_field(kind: str, tmp_path: Path) -> None:
    body, field = BAD[kind]
    path = _file(tmp_path, body)
    with pytest.raises(FormatError) as caught:
        formats.read(path)
    assert str(path) in str(caught.value)
    assert field in (caught.value.where or "")


def test_a_file_without_its_extension_is_found(tmp_path: Path) -> None:
    path = _file(tmp_path, _strip(_rows())).rename(tmp_path / "export")
    assert formats.detect(path) is cardiosoft
    path.write_text("<Other/>")
    with pytest.raises(FormatError, match="not CardioSoft"):
        cardiosoft.read(path)


SPOILT = {
    "letters": _strip(_rows()).replace(",", ",x", 1),
    "a number too many": _strip(_rows()).replace('lead="I">', 'lead="I">7,'),
    "endless": _strip(_rows()).replace(",", ",1e999,", 1),
}


@pytest.mark.parametrize("kind", sorted(SPOILT))
def test_one_bad_lead_is_left_out_by_name(kind: str, tmp_path: Path) -> None:
    record = formats.read(_file(tmp_path, SPOILT[kind]))
    assert record.acquisition.derived_leads == ("I",)  # from II and III, which are sound
    assert any(note.text.startswith("I left out: ") for note in record.notes)
    assert np.allclose(record.lead("V1"), _rows()[6] * 0.005, atol=1e-5)


def test_a_lead_that_occurs_twice_is_numbered(tmp_path: Path) -> None:
    record = formats.read(_file(tmp_path, _strip(_rows()).replace('lead="V2"', 'lead="V1"')))
    assert "V1 2" in record.lead_names
    assert any("V1, V1 2" in note.text for note in record.notes)
