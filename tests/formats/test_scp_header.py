"""What an SCP-ECG file says beside its samples: patient, device, character sets, measurements, statements."""

import struct
from pathlib import Path

import pytest
from scp_made import read_made, tags, two_leads

from ecgview.record import DeviceStatement, Patient


def _machine(language: int) -> bytes:
    fixed = struct.pack("<HHHBB6sBBBBB16x", 1, 2, 3, 0, 8, b"ELI\0", 13, 0xA0, language, 0xF0, 1)
    return fixed + b"\x04p1.\0" + b"sn9\0" + b"\0\0\0"


def test_every_field_of_section_1_is_kept(tmp_path: Path) -> None:
    fields = tags(
        *((0, b"Doe\0"), (1, b"Jane\0"), (2, b"id 7\0"), (3, b"Roe\0"), (4, struct.pack("<HB", 6, 2))),
        *(
            (5, struct.pack("<HBB", 2001, 2, 3)),
            (6, struct.pack("<HB", 61, 2)),
            (7, struct.pack("<HB", 9, 1)),
        ),
        *((8, b"\2"), (9, b"\1"), (10, b"\0\1\2digoxin\0"), (11, struct.pack("<H", 120)), (13, b"why\0")),
        *((14, _machine(0)), (16, b"here\0"), (20, b"who\0"), (24, b"\1")),
        *((25, struct.pack("<HBB", 2020, 1, 2)), (26, bytes([3, 4, 5])), (27, struct.pack("<H", 5))),
        *((28, struct.pack("<H", 150)), (29, b"\2"), (30, b"one\0"), (30, b"two\0"), (32, b"\0\x0a")),
        *((33, b"\1\0"), (34, struct.pack("<hHB", 480, 0, 0)), (35, b"old MI\0"), (200, b"\1\2\3")),
    )
    record = read_made(tmp_path, two_leads(s1=fields))
    assert record.patient == Patient("id 7", "Jane Doe Roe", "female", 0.5, "2001-02-03")
    made = record.acquisition
    assert (made.start_time, made.device) == ("2020-01-02T03:04:05", "Mortara Instruments ELI")
    assert (made.highpass_hz, made.lowpass_hz, made.notch_hz, made.step_uv) == (0.05, 150.0, 50.0, 5.0)
    expected = {"age": "6 months", "height": "61 inches", "weight": "9 kg", "race": "Caucasian"}
    expected |= {"drug": "0/1/2 digoxin", "systolic blood pressure": "120 mmHg", "indication": "why"}
    expected |= {"acquiring institution": "here", "referring physician": "who", "priority": "1"}
    expected |= {"free text": "one\ntwo", "history codes": "table 0: 10", "electrodes": "standard"}
    expected |= {"time zone": "UTC+08:00", "medical history": "old MI", "field 200": "01 02 03"}
    assert expected.items() <= made.extra.items()
    assert all(word in made.extra["acquiring device"] for word in ("program p1.", "serial number sn9"))


@pytest.mark.parametrize(
    ("language", "codec", "last", "first", "name"),
    [
        (0x27, "gb2312", "张", "伟", "张伟"),
        (0x00, "gb18030", "欧阳", "喆", "欧阳喆"),  # undeclared, as carts write it
        (0x00, "utf-8", "张", "伟", "张伟"),
        (0x37, "utf-8", "张", "喆", "张喆"),
        (0x07, "utf-16-le", "张", "A", "张A"),
        (0x01, "latin-1", "Müller", "Zoë", "Zoë Müller"),
        (0x13, "iso8859_5", "Иванов", "Пётр", "Пётр Иванов"),
        (0x2F, "cp949", "김", "철수", "김철수"),
    ],
)
def test_names_in_many_character_sets(
    language: int, codec: str, last: str, first: str, name: str, tmp_path: Path
) -> None:
    end = "\0".encode(codec)
    fields = tags((0, last.encode(codec) + end), (1, first.encode(codec) + end), (14, _machine(language)))
    assert read_made(tmp_path, two_leads(s1=fields)).patient.name == name


def test_a_field_that_claims_too_much_is_noted(tmp_path: Path) -> None:
    record = read_made(tmp_path, two_leads(s1=tags((2, b"7\0"))[:-3] + b"\x0d\xff\xff\0"))
    assert record.patient.patient_id == "7"
    assert any("claims 65535 bytes" in note.text for note in record.notes)


def test_measurements_and_statements_of_all_sections(tmp_path: Path) -> None:
    block = struct.pack("<5H3h", 100, 190, 250, 340, 620, 45, -30, 999)
    beat = struct.pack("<5H3h", 29999, 29999, 251, 345, 621, 999, 999, 999)
    spikes = struct.pack("<Hh", 1200, -900) + struct.pack("<BBHH", 1, 0, 1, 500)
    rates = struct.pack("<H", 3) + b"\0\0\1" + struct.pack("<HHHBH", 71, 29999, 431, 1, 0)
    seven = struct.pack("<BBHH", 2, 1, 845, 29999) + block + beat + spikes + rates
    when = struct.pack("<HBBBBB", 2020, 5, 6, 7, 8, 9)
    eight = b"\1" + when + b"\2"
    for number, text in enumerate(("sinus rhythm", "左室肥大"), start=1):
        raw = text.encode("utf-8") + b"\0"
        eight += struct.pack("<BH", number, len(raw)) + raw
    eleven = b"\0" + when + b"\1" + struct.pack("<BHB", 1, 8, 1) + b"LVH\0PR\0"
    ten = struct.pack("<HHHH", 1, 0, 3, 24) + struct.pack("<12h", 90, 150, 92, *[29999] * 6, -150, 1234, -600)
    parts = two_leads(s7=seven, s8=eight, s10=ten, s11=eleven)
    record = read_made(tmp_path, parts)
    reading = record.device_reading
    values = {one.name: (one.value, one.unit) for one in reading.measurements if not one.lead}
    assert values == {
        **{"rr": (845, "ms"), "p_duration": (90, "ms"), "pr": (150, "ms"), "qrs": (90, "ms")},
        **{"qt": (370, "ms"), "p_axis": (45, "deg"), "qrs_axis": (-30, "deg"), "heart_rate": (71, "bpm")},
        "qtcb": (431, "ms"),
    }
    of_leads = {one.name: (one.value, one.unit, one.lead) for one in reading.measurements if one.lead}
    assert of_leads["q_amplitude"] == (-0.15, "mV", "V1")
    assert of_leads["r_amplitude"] == (1.234, "mV", "V1")
    assert of_leads["qrs"] == (92, "ms", "V1")
    assert len(of_leads) == 6
    assert reading.statements == (
        DeviceStatement("sinus rhythm", "", "reader"),
        DeviceStatement("左室肥大", "", "reader"),
        DeviceStatement("LVH PR", "LVH PR", "machine"),
    )
    extra = record.acquisition.extra
    assert extra["statements"] == "confirmed, 2020-05-06T07:08:09"
    assert "1200 ms, -900 µV" in extra["pacemaker spikes"]
    assert extra["measurements of beats"].startswith("29999 29999 251")
    assert not [note for note in record.notes if note.kind == "header"]


def test_a_broken_measurement_section_costs_no_rhythm(tmp_path: Path) -> None:
    record = read_made(tmp_path, two_leads(s7=b"\5\0\1\2\3\4"))
    assert record.n_samples == 500
    assert any("section 7 was read in part" in note.text for note in record.notes)
