"""HL7 annotated ECG: real files against an independent parse, known answers, refusals, and the writer's round trip."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import hl7_aecg
from ecgview.formats._aecg_time import iso, later, seconds_between, stamp
from ecgview.leads import STANDARD_12, canonical_name
from ecgview.record import (
    Acquisition,
    DeviceMeasurement,
    DeviceReading,
    DeviceStatement,
    EcgRecord,
    MedianBeat,
    Patient,
)

FILES = ("cvrg_example2_1000hz", "hl7_2003_example", "minimum_aecg", "subject1_0")
NAMESPACE = {"h": "urn:hl7-org:v3"}
XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
STORED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
TIME = (
    '<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">'
    '<head value="20240229080000"/><increment value="0.002" unit="s"/></value></sequence></component>'
)


def _sequence(
    lead: str, digits: str, scale: str = "2.5", unit: str = "uV", origin: str = "0", kind: str = "PQ"
) -> str:
    units = f' unit="{unit}"' if unit else ""
    return (
        f'<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}" codeSystem="any"/>'
        f'<value xsi:type="SLIST_{kind}"><origin value="{origin}"{units}/><scale value="{scale}"{units}/>'
        f"<digits>{digits}</digits></value></sequence></component>"
    )


def _digits(number: int, count: int = 500) -> str:
    return " ".join(str((number * 37 + k * (number + 1)) % 400 - 200) for k in range(count))


def _leads(count: int = 500, **how: str) -> str:
    return "".join(_sequence(lead, _digits(k, count), **how) for k, lead in enumerate(STORED))


def _series(body: str, code: str = "RHYTHM", before: str = "", after: str = "") -> str:
    return (
        f'<component><series><code code="{code}"/>{before}<component><sequenceSet>{body}</sequenceSet></component>'
        f"{after}</series></component>"
    )


def _file(path: Path, body: str, encoding: str = "utf-8", declared: str = "UTF-8", top: str = "") -> Path:
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>{top}<AnnotatedECG xmlns="urn:hl7-org:v3" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{body}</AnnotatedECG>'
    )
    path.write_bytes(text.encode(encoding))
    return path


def _independent(path: Path, where: str) -> dict[str, np.ndarray]:
    """Return microvolts by lead of the first series, by the standard library alone."""
    found = {}
    root = ElementTree.parse(path).getroot()
    base = "h:component/h:series/" + where
    for sequence in root.findall(f"{base}h:component/h:sequenceSet/h:component/h:sequence", NAMESPACE):
        code, value = sequence.find("h:code", NAMESPACE), sequence.find("h:value", NAMESPACE)
        assert code is not None
        assert value is not None
        if value.get(XSI) != "SLIST_PQ":
            continue
        parts = {part.tag.rpartition("}")[2]: part for part in value}
        assert parts["scale"].get("unit") == parts["origin"].get("unit") == "uV"
        digits = np.array([int(one) for one in (parts["digits"].text or "").split()])
        scaled = float(parts["origin"].get("value", "")) + digits * float(parts["scale"].get("value", ""))
        found[canonical_name(code.get("code", "").replace("MDC_ECG_LEAD_", ""))] = scaled
    return found


@pytest.mark.parametrize("stem", FILES)
def test_real_files_hold_what_an_independent_parse_finds(stem: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "aecg" / f"{stem}.xml"
    record = formats.read(path)
    theirs = _independent(path, "")
    assert record.source.format == "HL7 aECG"
    assert set(record.lead_names) == set(theirs)
    assert record.sampling_rate_hz == (1000.0 if stem.startswith("cvrg") else 500.0)
    for name, row in theirs.items():
        assert np.abs(record.lead(name) * 1000 - row).max() < 1e-3
    beat, median = record.device_reading.median, _independent(path, "h:derivation/h:derivedSeries/")
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
    body = "".join(_sequence(lead, "100 0 -3 " * 100, scale, unit, origin) for lead in STORED)
    record = formats.read(_file(tmp_path / "made.xml", _series(TIME + body)))
    assert record.lead("V1")[0] == pytest.approx(millivolts, rel=1e-6)
    assert record.lead_names == STANDARD_12
    assert any(note.kind == "units" for note in record.notes) == (not unit)


def test_integer_lists_and_milliseconds_from_zero(tmp_path: Path) -> None:
    time = TIME.replace("ABSOLUTE", "RELATIVE").replace("GLIST_TS", "GLIST_PQ")
    time = time.replace('value="20240229080000"', 'value="0" unit="ms"').replace(
        '"0.002" unit="s"', '"4" unit="ms"'
    )
    record = formats.read(_file(tmp_path / "made.xml", _series(time + _leads(kind="INT", unit=""))))
    assert record.sampling_rate_hz == 250.0
    assert record.lead("I")[0] == pytest.approx(-0.5)


@pytest.mark.parametrize("increment", ["0.00277777777777778", "0.0027777778"])
def test_a_rate_that_no_decimal_increment_gives_exactly(increment: str, tmp_path: Path) -> None:
    time = TIME.replace('"0.002"', f'"{increment}"')
    assert formats.read(_file(tmp_path / "made.xml", _series(time + _leads()))).sampling_rate_hz == 360.0


def test_the_first_twelve_lead_rhythm_is_opened_and_beats_stay_apart(tmp_path: Path) -> None:
    beat = _series(TIME + _leads(300, scale="1"), "REPRESENTATIVE_BEAT")
    single = _series(TIME + _sequence("II", _digits(9)))
    record = formats.read(_file(tmp_path / "made.xml", beat + single + _series(TIME + _leads()) + single))
    assert record.n_samples == 500
    assert record.lead("I")[0] == pytest.approx(-0.5)
    median = record.device_reading.median
    assert median is not None
    assert median.signal.shape == (8, 300)
    assert any("2 more series" in note.text for note in record.notes)


def test_leads_recorded_after_one_another_stand_where_they_belong(tmp_path: Path) -> None:
    later_time = TIME.replace("20240229080000", "20240229080001.000")
    first = "".join(_sequence(lead, _digits(k)) for k, lead in enumerate(STORED[:4]))
    second = "".join(_sequence(lead, _digits(k)) for k, lead in enumerate(STORED[4:]))
    after = f"<component><sequenceSet>{later_time}{second}</sequenceSet></component>"
    record = formats.read(_file(tmp_path / "made.xml", _series(TIME + first, after=after)))
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
    record = formats.read(_file(tmp_path / "made.xml", _series(TIME + _leads(), after=after)))
    reading = record.device_reading
    assert [reading.value(name) for name in ("heart_rate", "qtc", "qt", "pr")] == [61, 430, 400, None]
    assert DeviceMeasurement("AMPL_ST", pytest.approx(0.12), "mV", "V2") in reading.measurements  # type: ignore[arg-type]
    assert DeviceMeasurement("MAKER_RV5", 1.5, "mV") in reading.measurements
    assert reading.statements == (DeviceStatement("\u7aa6\u6027\u5fc3\u5f8b", "", "reader"),)
    assert any("failed" in value for value in record.acquisition.extra.values())


_PERSON = (
    "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
    '<id root="1.2" extension="7"/><subjectDemographicPerson><name>{name}</name>'
    '<administrativeGenderCode code="F"/><birthTime value="19600301"/></subjectDemographicPerson></trialSubject>'
    "</subject></subjectAssignment></componentOf></timepointEvent></componentOf>"
)


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
    body = _PERSON.format(name=name) + _series(TIME + _leads(60))
    path = _file(tmp_path / "made.xml", body, encoding, declared)
    for patient in (formats.read(path).patient, formats.peek(path).patient):
        assert (patient.patient_id, patient.name, patient.sex) == ("7", "\u738b\u5c0f\u660e", "female")
        assert patient.birth_date == "1960-03-01"


def test_the_age_follows_from_birth_and_recording_where_it_is_not_stated(tmp_path: Path) -> None:
    body = (
        '<effectiveTime><low value="20240229"/></effectiveTime>'
        + _PERSON.format(name="X")
        + _series(TIME + _leads())
    )
    assert formats.read(_file(tmp_path / "made.xml", body)).patient.age_years == 63.0


@pytest.mark.parametrize(
    "top",
    [
        '<!DOCTYPE AnnotatedECG [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE AnnotatedECG [<!ENTITY y "aaaa"><!ENTITY x "&y;&y;&y;&y;&y;&y;&y;">]>',
    ],
)
def test_entities_are_refused(top: str, tmp_path: Path) -> None:
    path = _file(tmp_path / "made.xml", _PERSON.format(name="&x;") + _series(TIME + _leads()), top=top)
    for read in (formats.read, formats.peek):
        with pytest.raises(FormatError, match="entities") as caught:
            read(path)
        assert "made.xml" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "series"),
        (_series(TIME), "series"),
        (_series(_leads()), "sampling rate"),
        (_series(TIME.replace('"0.002"', '"0"') + _leads()), "increment"),
        (_series(TIME.replace('"0.002"', '"1e999"') + _leads()), "increment"),
        (_series(TIME.replace('unit="s"', 'unit="parsec"') + _leads()), "increment"),
        (_series(TIME + _leads(unit="mmHg")), "MDC_ECG_LEAD_I: scale"),
        (_series(TIME + _leads(scale="nan")), "MDC_ECG_LEAD_I: scale"),
        (_series(TIME + _leads(scale="0")), "MDC_ECG_LEAD_I"),
        (_series(TIME + _leads(origin="x")), "MDC_ECG_LEAD_I: origin"),
        (_series(TIME + _sequence("V1", "1 2 x")), "MDC_ECG_LEAD_V1: digits"),
        (_series(TIME + _sequence("V1", "1 2") * 2), "occurs twice"),
        (_series(TIME + _leads(0)), "holds no samples"),
        (_series(TIME + _leads(), "REPRESENTATIVE_BEAT"), "no rhythm series"),
    ],
)
def test_what_cannot_be_read_is_named(body: str, field: str, tmp_path: Path) -> None:
    path = _file(tmp_path / "made.xml", body)
    with pytest.raises(FormatError) as caught:
        formats.read(path)
    assert "made.xml" in str(caught.value)
    assert field in str(caught.value)


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
    path = hl7_aecg.write(record, tmp_path / "ecg.xml")
    again = formats.read(path)
    assert np.array_equal(again.signal, record.signal)
    assert hl7_aecg.loss(record) == "lossless at 1 uV per step"
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
    again = formats.read(hl7_aecg.write(pulse_record, tmp_path / "ecg.xml"))
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
    again = formats.read(hl7_aecg.write(record, tmp_path / "ecg.xml"))
    assert (again.patient.patient_id, again.patient.birth_date) == ("7", "about 1960")
    assert again.acquisition.start_time == "2024-02-29T08:00"
    assert again.patient.age_years is None


@pytest.mark.parametrize("fs_hz", [128.0, 257.0, 360.0, 1000.0, 999.9, 31.25])
def test_any_rate_and_any_lead_come_back(fs_hz: float, tmp_path: Path, pulse_record: EcgRecord) -> None:
    names = ("I", "aVF", "V3R", "V7", "X", "Odd name")
    record = EcgRecord(pulse_record.signal[:6], names, fs_hz)
    again = formats.read(hl7_aecg.write(record, tmp_path / "ecg.xml"))
    assert again.lead_names == names
    assert again.sampling_rate_hz == fs_hz


def test_a_written_file_has_the_standards_order_and_another_parser_finds_the_leads(
    tmp_path: Path, pulse_record: EcgRecord
) -> None:
    record = _full(pulse_record)
    path = hl7_aecg.write(record, tmp_path / "ecg.xml")
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
    found = _independent(path, "")
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
        hl7_aecg.write(pulse_record.with_signal(signal), target)
    assert target.read_text() == "stays"
    assert "gaps" in hl7_aecg.loss(pulse_record.with_signal(signal))
    with pytest.raises(FormatError, match="cannot be written"):
        hl7_aecg.write(pulse_record, tmp_path / "nowhere" / "ecg.xml")


@pytest.mark.parametrize("stem", FILES)
def test_real_files_survive_being_written(stem: str, tmp_path: Path, shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "aecg" / f"{stem}.xml")
    again = formats.read(hl7_aecg.write(record, tmp_path / "ecg.xml"))
    assert np.array_equal(again.signal, record.signal)
    assert (again.patient, again.acquisition) == (record.patient, record.acquisition)
    assert set(again.device_reading.measurements) == set(record.device_reading.measurements)
    assert again.device_reading.statements == record.device_reading.statements
    assert again.device_reading.qrs_s == record.device_reading.qrs_s
