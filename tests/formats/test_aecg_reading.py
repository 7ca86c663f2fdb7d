"""What is read from HL7 annotated ECGs: real files against an independent parse, known samples, findings, names."""

from pathlib import Path

import numpy as np
import pytest
from aecg_made import (
    FILES,
    PERSON,
    STORED,
    TIME,
    independent_leads,
    lead_sequence,
    lead_sequences,
    made_digits,
    series_of,
    write_file,
)

from ecgview import formats
from ecgview.formats.aecg.time import iso, later, seconds_between, stamp
from ecgview.leads import STANDARD_12
from ecgview.record import DeviceMeasurement, DeviceStatement, Patient


@pytest.mark.parametrize("stem", FILES)
def test_real_files_hold_what_an_independent_parse_finds(stem: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "aecg" / f"{stem}.xml"
    record = formats.read(path)
    theirs = independent_leads(path, "")
    assert record.source.format == "HL7 aECG"
    assert set(record.lead_names) == set(theirs)
    assert record.sampling_rate_hz == (1000.0 if stem.startswith("cvrg") else 500.0)
    for name, row in theirs.items():
        assert np.abs(record.lead(name) * 1000 - row).max() < 1e-3
    beat, median = record.device_reading.median, independent_leads(path, "h:derivation/h:derivedSeries/")
    assert (beat is None) == (not median)
    for name, row in zip(beat.lead_names, beat.signal, strict=True) if beat else ():
        assert np.abs(row * 1000 - median[name]).max() < 1e-3
    assert record.acquisition.step_uv == 2.5


@pytest.mark.parametrize("stem", FILES)
def test_a_look_at_a_file_says_what_opening_it_does(stem: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "aecg" / f"{stem}.xml"
    record, seen = formats.read(path), formats.peek(path)
    assert (seen.patient, seen.start_time) == (record.patient, record.acquisition.start_time)
    assert (seen.n_leads, seen.fs_hz) == (len(record.lead_names), record.sampling_rate_hz)
    assert seen.duration_s == pytest.approx(record.seconds)


def test_the_standards_own_example(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "aecg" / "hl7_2003_example.xml")
    assert record.patient == Patient("SBJ-123", "Clark", "male", 46.0, "1953-05-08")
    acquisition, reading = record.acquisition, record.device_reading
    assert (acquisition.start_time, acquisition.device) == (
        "2002-11-22T09:10:00",
        "Mortara Instrument, Inc. ELI250",
    )
    assert (acquisition.highpass_hz, acquisition.lowpass_hz, acquisition.notch_hz) == (None, 150.0, 60.0)
    names = ("p_duration", "pr", "qrs", "qt", "qtc", "p_axis", "qrs_axis", "t_axis")
    assert [reading.value(name) for name in names] == [102, 148, 120, 420, 443, 44, -61, 86]
    assert reading.statements == (DeviceStatement("Sinus Rhythm", "MDC_ECG_RHY_SINUS_RHY", "machine"),)
    assert reading.qrs_s[:3] == (0.33, 1.12, 1.928)  # middles of 0.270-0.390 s, 1.060-1.180 s, ...
    assert len(reading.qrs_s) == 12
    extra = acquisition.extra
    assert (
        extra["pertainsTo/subjectFindingComment/text"]
        == "Subject felt dizzy 2 minutes prior to ECG collection"
    )
    assert any(value == "KAB" for key, value in extra.items() if "secondaryPerformer" in key)
    peaks = [value for key, value in extra.items() if "reader/MDC_ECG_WAVC_TYPE/MDC_ECG_WAVC_TYPE" in key]
    assert peaks[0] == "MDC_ECG_WAVC_PEAK; 332 ms; MDC_ECG_LEAD_I"
    assert "Clark" not in "".join(extra.values())
    assert any("46" in note.text and "49" in note.text for note in record.notes)


def test_the_same_ecg_in_two_formats_agrees(shared_data: Path) -> None:
    """subject1_0 is the standard's example with other metadata: the samples are the same."""
    one, other = (formats.read(shared_data / "formats" / "aecg" / f"{stem}.xml") for stem in FILES[1::2])
    assert np.array_equal(one.signal, other.signal)
    assert one.patient.patient_id != other.patient.patient_id


@pytest.mark.parametrize(
    ("unit", "scale", "origin", "millivolts"),
    [
        ("uV", "2.5", "0", 0.25),
        ("mV", "0.01", "0.5", 1.5),
        ("nV", "2500", "0", 0.25),
        ("V", "0.000001", "0", 0.1),
        ("\u00b5V", "5", "-100", 0.4),
        ("", "3", "0", 0.3),
    ],
)
def test_a_sample_is_origin_and_scale_times_digit_in_its_unit(
    unit: str, scale: str, origin: str, millivolts: float, tmp_path: Path
) -> None:
    body = "".join(lead_sequence(lead, "100 0 -3 " * 100, scale, unit, origin) for lead in STORED)
    record = formats.read(write_file(tmp_path / "made.xml", series_of(TIME + body)))
    assert record.lead("V1")[0] == pytest.approx(millivolts, rel=1e-6)
    assert record.lead_names == STANDARD_12
    assert bool(record.gain_doubt) == (not unit)


def test_integer_lists_and_milliseconds_from_zero(tmp_path: Path) -> None:
    time = TIME.replace("ABSOLUTE", "RELATIVE").replace("GLIST_TS", "GLIST_PQ")
    time = time.replace('value="20240229080000"', 'value="0" unit="ms"').replace(
        '"0.002" unit="s"', '"4" unit="ms"'
    )
    record = formats.read(
        write_file(tmp_path / "made.xml", series_of(time + lead_sequences(kind="INT", unit="")))
    )
    assert record.sampling_rate_hz == 250.0
    assert record.lead("I")[0] == pytest.approx(-0.5)


@pytest.mark.parametrize("increment", ["0.00277777777777778", "0.0027777778"])
def test_a_rate_that_no_decimal_increment_gives_exactly(increment: str, tmp_path: Path) -> None:
    time = TIME.replace('"0.002"', f'"{increment}"')
    assert (
        formats.read(write_file(tmp_path / "made.xml", series_of(time + lead_sequences()))).sampling_rate_hz
        == 360.0
    )


def test_the_first_twelve_lead_rhythm_is_opened_and_beats_stay_apart(tmp_path: Path) -> None:
    beat = series_of(TIME + lead_sequences(300, scale="1"), "REPRESENTATIVE_BEAT")
    single = series_of(TIME + lead_sequence("II", made_digits(9)))
    record = formats.read(
        write_file(tmp_path / "made.xml", beat + single + series_of(TIME + lead_sequences()) + single)
    )
    assert record.n_samples == 500
    assert record.lead("I")[0] == pytest.approx(-0.5)
    median = record.device_reading.median
    assert median is not None
    assert median.signal.shape == (8, 300)
    assert any("2 more series" in note.text for note in record.notes)


def test_leads_recorded_after_one_another_stand_where_they_belong(tmp_path: Path) -> None:
    later_time = TIME.replace("20240229080000", "20240229080001.000")
    first = "".join(lead_sequence(lead, made_digits(k)) for k, lead in enumerate(STORED[:4]))
    second = "".join(lead_sequence(lead, made_digits(k)) for k, lead in enumerate(STORED[4:]))
    after = f"<component><sequenceSet>{later_time}{second}</sequenceSet></component>"
    record = formats.read(write_file(tmp_path / "made.xml", series_of(TIME + first, after=after)))
    assert record.n_samples == 1000
    assert np.isnan(record.lead("V2")[500:]).all()
    assert np.isnan(record.lead("V3")[:500]).all()
    assert record.lead("V3")[500] == pytest.approx(-0.5)
    assert np.isfinite(record.lead("V2")[:500]).all()


_READ = (
    "<subjectOf><annotationSet><author><assignedEntity><assignedAuthorType><{who}/></assignedAuthorType>"
    "</assignedEntity></author>{annotations}</annotationSet></subjectOf>"
)


def _annotation(code: str, value: str, inner: str = "") -> str:
    return (
        f'<component><annotation><code code="{code}"/><value {value}</value>{inner}</annotation></component>'
    )


def test_annotations_of_other_makers(tmp_path: Path) -> None:
    lead = (
        '<support><supportingROI><component><boundary><code code="MDC_ECG_LEAD_V2"/></boundary></component>'
        "</supportingROI></support>"
    )
    machine = (
        _annotation("MDC_ECG_HEART_RATE", 'value="61" unit="bmp">')
        + _annotation("MDC_ECG_TIME_PD_QTC", 'value="0.43" unit="s">')
        + _annotation("MDC_ECG_TIME_PD_QT_GL", 'value="400" unit="ms">')
        + _annotation("MDC_ECG_AMPL_ST", 'value="120" unit="uV">', lead)
        + _annotation("MAKER_RV5", 'value="1.5" unit="mV">')
        + _annotation("MDC_ECG_TIME_PD_PR", 'value="failed" unit="ms">')
    )
    said = _annotation("MDC_ECG_INTERPRETATION_STATEMENT", 'xsi:type="ST">\u7aa6\u6027\u5fc3\u5f8b')
    reader = f'<component><annotation><code code="MDC_ECG_INTERPRETATION"/>{said}</annotation></component>'
    after = _READ.format(who="assignedDevice", annotations=machine)
    after += _READ.format(who="assignedPerson", annotations=reader)
    record = formats.read(write_file(tmp_path / "made.xml", series_of(TIME + lead_sequences(), after=after)))
    reading = record.device_reading
    assert [reading.value(name) for name in ("heart_rate", "qtc", "qt", "pr")] == [61, 430, 400, None]
    assert DeviceMeasurement("AMPL_ST", pytest.approx(0.12), "mV", "V2") in reading.measurements  # type: ignore[arg-type]
    assert DeviceMeasurement("MAKER_RV5", 1.5, "mV") in reading.measurements
    assert reading.statements == (DeviceStatement("\u7aa6\u6027\u5fc3\u5f8b", "", "reader"),)
    assert any("failed" in value for value in record.acquisition.extra.values())


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("gb18030", "GB18030"),
        ("gb18030", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
@pytest.mark.parametrize("name", ["\u738b\u5c0f\u660e", "<family>\u738b</family><given>\u5c0f\u660e</given>"])
def test_chinese_names_survive_every_encoding(
    name: str, encoding: str, declared: str, tmp_path: Path
) -> None:
    body = PERSON.format(name=name) + series_of(TIME + lead_sequences(60))
    path = write_file(tmp_path / "made.xml", body, encoding, declared)
    for patient in (formats.read(path).patient, formats.peek(path).patient):
        assert (patient.patient_id, patient.name, patient.sex) == ("7", "\u738b\u5c0f\u660e", "female")
        assert patient.birth_date == "1960-03-01"


def test_the_age_follows_from_birth_and_recording_where_it_is_not_stated(tmp_path: Path) -> None:
    body = (
        '<effectiveTime><low value="20240229"/></effectiveTime>'
        + PERSON.format(name="X")
        + series_of(TIME + lead_sequences())
    )
    assert formats.read(write_file(tmp_path / "made.xml", body)).patient.age_years == 63.0


def test_time_stamps_are_shortened_from_the_right_and_keep_their_zone() -> None:
    stamps = (
        "20021122091000.000",
        "20021122091000.25-0600",
        "200211220910",
        "20021122",
        "2002",
        "20021340",
        "x",
    )
    assert [iso(one) for one in stamps] == [
        "2002-11-22T09:10:00",
        "2002-11-22T09:10:00.25-06:00",
        "2002-11-22T09:10:00",
        "2002-11-22",
        "",
        "",
        "",
    ]
    for moment in ("2002-11-22T09:10:00", "2002-11-22T09:10:00.250+08:00", "2002-11-22"):
        assert iso(stamp(moment)) == moment
    assert stamp("yesterday") == stamp("2002-11-22T09:10") == ""
    assert later("2023-12-31T23:59:55+08:00", 10) == "20240101000005.000000+0800"
    assert seconds_between("20021122091000", "20021122091001.5") == 1.5
    assert seconds_between("20021122091000", "20021122091001-0600") is None


def test_a_lead_that_occurs_twice_is_numbered(tmp_path: Path) -> None:
    body = series_of(TIME + lead_sequence("V1", "1 2 3") + lead_sequence("V1", "4 5 6"))
    record = formats.read(write_file(tmp_path / "t.xml", body))
    assert record.lead_names == ("V1", "V1 2")
    assert any("V1, V1 2" in note.text for note in record.notes)


def test_sets_of_another_rate_are_named(tmp_path: Path) -> None:
    slow = TIME.replace('"0.002"', '"0.01"') + lead_sequence("V7", "1 2 3")
    after = f"<component><sequenceSet>{slow}</sequenceSet></component>"
    record = formats.read(write_file(tmp_path / "s.xml", series_of(TIME + lead_sequences(), after=after)))
    assert not record.has("V7")
    assert any("V7 at 100 Hz" in note.text for note in record.notes)
