"""Philips XML: real files against sierraecg, the decompression against sierraecg and an encoder, every refusal."""

import base64
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import philips
from ecgview.leads import STANDARD_12

REAL = ("sierra_1_03_129DYPRG.xml", "sierra_1_04_3191723.xml", "sierra_1_04_01.xml")
SHORT = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6"


@pytest.mark.parametrize("name", REAL)
def test_real_files_hold_the_samples_that_sierraecg_finds(name: str, shared_data: Path) -> None:
    import sierraecg

    path = shared_data / "formats" / "philips" / name
    record = formats.read(path)
    theirs = np.stack([lead.samples for lead in sierraecg.read_file(str(path)).leads])
    assert record.lead_names == STANDARD_12
    assert record.sampling_rate_hz == 500.0
    assert record.acquisition.step_uv == 5.0
    n = record.n_samples
    assert np.array_equal(record.signal, (theirs[:, :n] * 0.005).astype(np.float32))
    pulse = theirs[:, n:]  # what is cut off is the pulse of 1 mV, the same in all leads
    assert (pulse == pulse[0]).all()
    heights, lengths = np.unique(pulse[0], return_counts=True)
    assert heights.tolist() == [0, 200]
    assert lengths[1] == 100
    assert any(note.kind == "calibration" for note in record.notes)


@pytest.mark.parametrize("name", REAL)
def test_a_look_at_a_real_header_agrees_with_reading_it(name: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "philips" / name
    record, summary = formats.read(path), formats.peek(path)
    assert summary.patient == record.patient
    assert (summary.start_time, summary.fs_hz) == (record.acquisition.start_time, 500.0)
    assert (summary.n_leads, summary.format) == (12, "Philips XML")


def test_what_a_real_utf16_file_says(shared_data: Path) -> None:
    record = formats.read(shared_data / "formats" / "philips" / "sierra_1_04_3191723.xml")
    patient, how, reading = record.patient, record.acquisition, record.device_reading
    assert (patient.patient_id, patient.name, patient.sex) == ("9999", "ZZDEMOPTONLY, ADULT", "male")
    assert (patient.birth_date, patient.age_years) == ("1950-01-01", 60.0)
    assert (how.start_time, how.device) == ("2010-01-19T15:19:22", "PageWriter Touch")
    assert (how.highpass_hz, how.lowpass_hz, how.notch_hz) == (0.05, 150.0, None)
    values = {name: reading.value(name) for name in ("heart_rate", "pr", "qrs", "qt", "qtcb", "qrs_axis")}
    assert values == {"heart_rate": 84, "pr": 144, "qrs": 84, "qt": 352, "qtcb": 417, "qrs_axis": 78}
    first, second = reading.statements[:2]
    assert (first.code, first.text) == ("SR", "SINUS RHYTHM (normal P axis, V-rate 60-99)")
    assert (second.code, second.by) == ("LVHCNP", "machine")
    assert how.extra["documentinfo/documentversion"] == "1.04"
    assert how.extra["dataacquisition/machine@machineid"]
    assert not any(len(value) > 5000 for value in how.extra.values())


def test_the_representative_beat_has_the_amplitudes_that_the_device_measured(shared_data: Path) -> None:
    import sierraecg

    for name, fs_hz in (("sierra_1_04_3191723.xml", 500.0), ("sierra_1_04_01.xml", 1000.0)):
        path = shared_data / "formats" / "philips" / name
        reading = formats.read(path).device_reading
        beat = reading.median
        assert beat is not None
        assert beat.sampling_rate_hz == fs_hz
        theirs = sierraecg.read_file(str(path), include_repbeats=True).repbeats
        for label, row in zip(beat.lead_names, beat.signal, strict=True):
            step_mv = theirs[label].resolution / 1000.0
            assert np.array_equal(row, (theirs[label].samples[: len(row)] * step_mv).astype(np.float32))
        heights = {one.lead: one.value for one in reading.measurements if one.name == "qrsppk"}
        for lead in ("I", "II"):
            assert np.ptp(beat.signal[beat.lead_names.index(lead)]) == pytest.approx(heights[lead], abs=0.002)


def _ecg(samples: int = 300) -> NDArray[np.int16]:
    """Return twelve leads in steps whose limb leads obey Einthoven and Goldberger as the device rounds them."""
    rng = np.random.default_rng(1)
    rows = np.cumsum(rng.integers(-9, 10, (12, samples)), axis=1)
    one, two = rows[:2]
    rows[2] = three = two - one
    rows[3], rows[4], rows[5] = -((one + two) >> 1), (one - three) >> 1, (two + three) >> 1
    return rows.astype(np.int16)


def _xli(rows: NDArray[np.int16]) -> bytes:
    """Return rows as a device would store them: residuals, corrections, bytes apart, LZW of 10 bits."""
    wide = rows.astype(np.int64)
    one, two, three = wide[:3]
    stored = wide.copy()
    stored[2] = two - one - three
    stored[3] = -((one + two) >> 1) - wide[3]
    stored[4] = ((one - three) >> 1) - wide[4]
    stored[5] = ((two + three) >> 1) - wide[5]
    return b"".join(_chunk(row) for row in stored)


def _chunk(samples: NDArray[np.int64]) -> bytes:
    words = samples.copy()
    bends = np.diff(samples, n=2)
    words[2:-1] = 64 - bends[1:]
    words[-1] = 64
    raw = (words & 0xFFFF).astype(np.uint16)
    data = (raw >> 8).astype(np.uint8).tobytes() + (raw & 255).astype(np.uint8).tobytes()
    packed = _lzw(data)
    return struct.pack("<IHh", len(packed), 0, -int(bends[0])) + packed


def _lzw(data: bytes) -> bytes:
    table = {bytes((k,)): k for k in range(256)}
    codes, held = [], b""
    for k in range(len(data)):
        grown = held + data[k : k + 1]
        if grown in table:
            held = grown
            continue
        codes.append(table[held])
        if len(table) <= 1022:
            table[grown] = len(table)
        held = data[k : k + 1]
    bits = "".join(f"{code:010b}" for code in [*codes, table[held], 1023])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _file(folder: Path, data: str, **changes: str) -> Path:
    stated = {
        "compression": "",
        "dataencoding": "Base64",
        "leadlabels": SHORT,
        "numberofleads": "12",
        "samplespersecond": "500",
        "resolution": "5",
        "patient": "",
        "more": "",
        "status": "New",
    } | changes
    attributes = " ".join(
        f'{key}="{stated[key]}"'
        for key in (
            "compression",
            "dataencoding",
            "leadlabels",
            "numberofleads",
            "samplespersecond",
            "resolution",
        )
        if stated[key]
    )
    text = (
        f'<?xml version="1.0"?><restingecgdata xmlns="http://www3.medical.philips.com" status="{stated["status"]}">'
        f"<documentinfo><documentversion>1.04</documentversion></documentinfo>"
        f'<dataacquisition date="2024-02-29" time="08:09:10"/>{stated["patient"]}{stated["more"]}'
        f"<waveforms><parsedwaveforms {attributes}>{data}</parsedwaveforms></waveforms></restingecgdata>"
    )
    path = folder / "p.xml"
    path.write_text(text, encoding="utf-8")
    return path


def _plain(rows: NDArray[np.int16]) -> str:
    return base64.b64encode(rows.astype("<i2").tobytes()).decode()


@pytest.mark.parametrize("samples", [3, 50, 3000])
def test_compressed_samples_come_back_and_sierraecg_agrees(samples: int, tmp_path: Path) -> None:
    from sierraecg.xli import xli_decode

    rows = _ecg(samples)
    raw = _xli(rows)
    path = _file(tmp_path, base64.b64encode(raw).decode(), compression="XLI")
    assert np.array_equal(formats.read(path).signal, (rows * 0.005).astype(np.float32))
    theirs = xli_decode(raw, SHORT.split())
    for k in (0, 1, 6, 11):  # the leads that are stored as they are
        assert np.array_equal(theirs[k], rows[k])


@pytest.mark.parametrize(("encoding", "step"), [("Base64", 5.0), ("Hex", 2.5), ("Plain", 1.0)])
def test_samples_without_compression(encoding: str, step: float, tmp_path: Path) -> None:
    rows = _ecg()
    raw = rows.astype("<i2").tobytes()
    data = {
        "Base64": base64.b64encode(raw).decode(),
        "Hex": raw.hex(),
        "Plain": ",".join(map(str, rows.ravel())),
    }[encoding]
    record = formats.read(_file(tmp_path, data, dataencoding=encoding, resolution=f"{step}"))
    assert record.signal == pytest.approx(rows * step / 1000.0, abs=1e-6)
    assert record.acquisition.step_uv == step
    assert record.acquisition.start_time == "2024-02-29T08:09:10"


def test_an_inverted_avr_is_turned(tmp_path: Path) -> None:
    rows = _ecg()
    turned = rows.copy()
    turned[3] *= -1
    record = formats.read(_file(tmp_path, _plain(turned), leadlabels=SHORT.replace("aVR", "-aVR")))
    assert record.lead("aVR") == pytest.approx(rows[3] * 0.005, abs=1e-6)


def test_a_pulse_of_another_height_is_cut_off_and_doubted(tmp_path: Path) -> None:
    pulse = np.zeros((12, 90), dtype=np.int16)
    pulse[:, 30:60] = 100
    rows = _ecg()
    rows[:, -1] = np.arange(12)  # not alike
    record = formats.read(_file(tmp_path, _plain(np.hstack([rows, pulse]))))
    assert record.n_samples == 300
    assert any("0.5 mV" in note.text and "check the amplitudes" in note.text for note in record.notes)
    assert formats.read(_file(tmp_path, _plain(rows))).n_samples == 300


PATIENT = (
    "<patient><generalpatientdata><patientid>{id}</patientid><name><lastname>{last}</lastname>"
    "<firstname>{first}</firstname></name><age><months>18</months></age><sex>Female</sex>"
    "</generalpatientdata></patient>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_chinese_names_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    person = PATIENT.format(id="阜外-7", last="欧阳", first="小明")
    path = _file(tmp_path, _plain(_ecg()), patient=person)
    text = path.read_text(encoding="utf-8").replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    path.write_bytes(text.encode(encoding))
    for patient in (formats.read(path).patient, formats.peek(path).patient):
        assert (patient.patient_id, patient.name) == ("阜外-7", "欧阳小明")
        assert (patient.sex, patient.age_years) == ("female", 1.5)


def test_statements_of_a_confirmed_reading_are_the_readers(tmp_path: Path) -> None:
    more = (
        "<interpretations><interpretation><statement editedflag='False'><statementcode>AF</statementcode>"
        "<leftstatement>Atrial fibrillation</leftstatement></statement></interpretation></interpretations>"
    )
    for status, by in (("New", "machine"), ("Confirmed", "reader")):
        reading = formats.read(_file(tmp_path, _plain(_ecg()), more=more, status=status)).device_reading
        assert [(one.text, one.code, one.by) for one in reading.statements] == [
            ("Atrial fibrillation", "AF", by)
        ]


def test_failed_measurements_are_no_numbers(tmp_path: Path) -> None:
    more = (
        "<interpretations><interpretation><globalmeasurements><heartrate>61</heartrate><qtint>Failed</qtint>"
        "<print>Invalid</print></globalmeasurements></interpretation></interpretations>"
    )
    record = formats.read(_file(tmp_path, _plain(_ecg()), more=more))
    assert [(one.name, one.value, one.unit) for one in record.device_reading.measurements] == [
        ("heart_rate", 61.0, "bpm")
    ]
    assert "Failed" in record.acquisition.extra.values()


def test_a_synthetic_file_says_so(tmp_path: Path) -> None:
    path = _file(tmp_path, _plain(_ecg()))
    text = path.read_text().replace("<documentinfo>", "<documentinfo><comments>synthetic</comments>")
    path.write_text(text)
    assert formats.read(path).synthetic
    assert formats.peek(path).synthetic


XLI = base64.b64encode(_xli(_ecg(60)))
BAD = {
    "no labels": ({"leadlabels": "", "numberofleads": ""}, "leadlabels"),
    "wrong count": ({"numberofleads": "8"}, "numberofleads"),
    "no rate": ({"samplespersecond": "0"}, "samplespersecond"),
    "rate of words": ({"samplespersecond": "many"}, "samplespersecond"),
    "no resolution": ({"resolution": ""}, "resolution"),
    "endless resolution": ({"resolution": "1e999"}, "resolution"),
    "other compression": ({"compression": "ZIP"}, "compression"),
    "other encoding": ({"dataencoding": "Base32"}, "dataencoding"),
    "no base64": ({"data": "????"}, "parsedwaveforms"),
    "uneven": ({"data": base64.b64encode(bytes(26)).decode()}, "parsedwaveforms"),
    "nothing": ({"data": ""}, "parsedwaveforms"),
    "chunk cut short": ({"data": base64.b64encode(bytes(30)).decode(), "compression": "XLI"}, "lead 1"),
    "endless chunk": ({"data": base64.b64encode(b"\xff" * 60).decode(), "compression": "XLI"}, "lead 1"),
    "half the chunks": (
        {"data": base64.b64encode(_xli(_ecg(60))[:700]).decode(), "compression": "XLI"},
        "parsedwaveforms, lead",
    ),
    "code without entry": (
        {
            "data": base64.b64encode(struct.pack("<IHh", 5, 0, 0) + b"\0\x7f\xf0\0\0").decode(),
            "compression": "XLI",
        },
        "lead 1",
    ),
    "residuals alone": (
        {"data": XLI.decode(), "compression": "XLI", "leadlabels": SHORT.replace("I II", "X Y", 1)},
        "leadlabels",
    ),
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_malformed_file_names_itself_and_the_field(kind: str, tmp_path: Path) -> None:
    changes, field = BAD[kind]
    data = changes.get("data", _plain(_ecg()))
    path = _file(tmp_path, data, **{key: value for key, value in changes.items() if key != "data"})
    with pytest.raises(FormatError) as caught:
        formats.read(path)
    assert str(path) in str(caught.value)
    assert field in (caught.value.where or "")


def test_entities_floods_and_other_roots_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.xml"
    path.write_text('<!DOCTYPE restingecgdata [<!ENTITY a "b">]><restingecgdata>&a;</restingecgdata>')
    with pytest.raises(FormatError, match="entities"):
        formats.read(path)
    path.write_text("<restingecgdata>" + "<a/>" * 300_001 + "</restingecgdata>")
    with pytest.raises(FormatError, match="too many elements"):
        formats.read(path)
    path.write_text("<restingecgdata/>")
    with pytest.raises(FormatError, match="holds no rhythm"):
        formats.peek(path)
    path.write_text("<somethingelse/>")
    with pytest.raises(FormatError, match="not Philips XML"):
        philips.read(path)


def test_a_file_without_its_extension_is_found(tmp_path: Path) -> None:
    path = _file(tmp_path, _plain(_ecg())).rename(tmp_path / "export.bin")
    assert formats.detect(path) is philips
    assert formats.read(path).source.format == "Philips XML"


def test_a_lead_that_occurs_twice_is_numbered_unless_it_is_compressed(tmp_path: Path) -> None:
    path = _file(tmp_path, _plain(_ecg()), leadlabels=SHORT.replace("V2", "V1"))
    record = formats.read(path)
    assert "V1 2" in record.lead_names
    assert any("V1, V1 2" in note.text for note in record.notes)
    assert formats.peek(path).n_leads == 12
    packed = base64.b64encode(_xli(_ecg())).decode()
    with pytest.raises(FormatError, match="occurs twice"):
        formats.read(_file(tmp_path, packed, leadlabels=SHORT.replace("V2", "V1"), compression="XLI"))
