"""MFER, built tag by tag from the public rules."""

import struct
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.record import DeviceStatement

CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8}


def _tag(tag: int, value: bytes, channel: int | None = None) -> bytes:
    number = b"" if channel is None else bytes([channel])
    size = bytes([len(value)]) if len(value) < 128 else b"\x84" + struct.pack(">I", len(value))
    return bytes([tag]) + number + size + value


def _file(
    samples: np.ndarray,
    codes: list[int],
    *,
    big: bool = True,
    more: bytes = b"",
    interval: bytes = b"\x00\x00\x01\xf4",
    resolution: bytes = b"\x00\xfa\x00\x05",
    tail: bytes = b"",
    stored: str = "i2",
    block: int | None = None,
) -> bytes:
    """Return a file of (leads, samples): one block of each lead per sequence."""
    order = ">" if big else "<"
    n_leads, n = samples.shape
    block = block or n

    def number(value: int) -> bytes:
        return struct.pack(f"{order}I", value)

    def scaled(value: bytes) -> bytes:
        return value if big else value[:2] + value[:1:-1]

    head = _tag(0x40, b"MFR Standard 12 leads ECG".ljust(32)) + _tag(0x01, b"\x00" if big else b"\x01")
    head += (
        _tag(0x08, struct.pack(f"{order}H", 1))
        + _tag(0x0B, scaled(interval))
        + _tag(0x0C, scaled(resolution))
    )
    head += _tag(0x04, number(block)) + _tag(0x05, number(n_leads)) + _tag(0x06, number(n // block)) + more
    for k, code in enumerate(codes):
        head += _tag(0x3F, _tag(0x09, struct.pack(f"{order}H", code)), k)
    blocks = samples.reshape(n_leads, n // block, block).transpose(1, 0, 2)
    return head + _tag(0x1E, blocks.astype(order + stored).tobytes()) + tail + b"\x80\x00"


def _samples(leads: int = 8, n: int = 1000) -> np.ndarray:
    return np.random.default_rng(0).integers(-400, 400, (leads, n))


@pytest.mark.parametrize("big", [True, False])
@pytest.mark.parametrize("block", [1000, 1, 50])
def test_eight_leads_in_every_order(tmp_path: Path, big: bool, block: int) -> None:
    samples = _samples()
    path = tmp_path / "e.mwf"
    path.write_bytes(_file(samples, list(CODES.values()), big=big, block=block))
    record = formats.read(path)
    assert (record.sampling_rate_hz, record.n_samples) == (500.0, 1000)
    assert record.acquisition.step_uv == 5.0
    assert record.acquisition.derived_leads == ("III", "aVR", "aVL", "aVF")
    for k, name in enumerate(CODES):
        assert np.allclose(record.lead(name), samples[k] * 0.005, atol=1e-6)
    summary = formats.peek(path)
    assert (summary.n_leads, summary.fs_hz, summary.duration_s) == (12, 500.0, 2.0)  # as it opens


def test_the_patient_the_time_and_the_rest(tmp_path: Path) -> None:
    more = _tag(0x03, b"UTF-8") + _tag(0x81, "王^ワン^小明".encode()) + _tag(0x82, b"P-7")
    more += _tag(0x83, bytes([63]) + struct.pack(">HHBB", 90, 1961, 2, 3)) + _tag(0x84, b"\x02")
    more += _tag(0x85, struct.pack(">HBBBBBHH", 2024, 5, 6, 7, 8, 9, 250, 0))
    more += _tag(0x17, b"Maker^Cart 9^1.0^SN1") + _tag(0x11, b"HPF=0.05") + _tag(0x11, b"LPF=150^Bessel")
    more += _tag(0x11, b"BEF=50") + _tag(0x16, "备注".encode()) + _tag(0x02, b"\x01\x01\x00")
    more += _tag(0x41, struct.pack(">HII", 0x0123, 0, 0) + "窦性心律".encode())
    more += _tag(0x41, struct.pack(">HII", 7, 250, 50) + b"PVC") + _tag(0x46, b"\xab\xcd")
    path = tmp_path / "p.mwf"
    path.write_bytes(_file(_samples(), list(CODES.values()), more=more))
    record = formats.read(path)
    told = record.patient
    assert (told.name, told.patient_id, told.sex, told.age_years) == ("王小明", "P-7", "female", 63.0)
    assert told.birth_date == "1961-02-03"
    kept = record.acquisition
    assert (kept.start_time, kept.device) == ("2024-05-06T07:08:09.250000", "Maker Cart 9")
    assert (kept.highpass_hz, kept.lowpass_hz, kept.notch_hz) == (0.05, 150.0, 50.0)
    assert kept.extra["comment"] == "备注"
    assert kept.extra["event at sample 250"] == "PVC for 50 samples"
    assert kept.extra["tag 0x46"] == "abcd"
    assert kept.extra["MFER version"] == "1.1.0"
    assert record.device_reading.statements == (DeviceStatement("窦性心律", "291"),)
    assert formats.peek(path).patient == told


@pytest.mark.parametrize(
    ("interval", "rate"),
    [
        (b"\x00\x00\x01\xf4", 500.0),
        (b"\x01\xfd\x00\x04", 250.0),
        (b"\x00\x03\x01", 1000.0),
        (b"\x01\xfa\x07\xd0", 500.0),
    ],
)
def test_rates_in_hertz_and_in_seconds(tmp_path: Path, interval: bytes, rate: float) -> None:
    path = tmp_path / "r.mwf"
    path.write_bytes(_file(_samples(), list(CODES.values()), interval=interval))
    assert formats.read(path).sampling_rate_hz == rate


@pytest.mark.parametrize("stored", ["i2", "u2", "i4", "u1", "i1", "u4", "f4", "f8"])
def test_every_type_of_sample(tmp_path: Path, stored: str) -> None:
    kinds = {"i2": 0, "u2": 1, "i4": 2, "u1": 3, "i1": 5, "u4": 6, "f4": 7, "f8": 8}
    samples = np.abs(_samples(1)) % 100
    path = tmp_path / "t.mwf"
    path.write_bytes(_file(samples, [2], more=_tag(0x0A, bytes([kinds[stored]])), stored=stored))
    assert np.allclose(formats.read(path).lead("II"), samples[0] * 0.005, atol=1e-6)


def test_what_was_not_recorded_is_a_gap(tmp_path: Path) -> None:
    samples = _samples(1)
    samples[0, 100:200] = -32768
    path = tmp_path / "g.mwf"
    path.write_bytes(_file(samples, [2], more=_tag(0x12, b"\x80\x00")))
    lead = formats.read(path).lead("II")
    assert np.isnan(lead[100:200]).all()
    assert np.isfinite(lead[200:]).all()


def test_the_dominant_beat_is_the_median(tmp_path: Path) -> None:
    beat = np.arange(300).astype(">i2").tobytes()
    tail = _tag(0x08, b"\x00\x09") + _tag(0x05, b"\x01") + _tag(0x04, b"\x01\x2c") + _tag(0x06, b"\x01")
    tail += _tag(0x3F, _tag(0x09, b"\x00\x02"), 0) + _tag(0x1E, beat)
    path = tmp_path / "m.mwf"
    path.write_bytes(_file(_samples(), list(CODES.values()), tail=tail))
    record = formats.read(path)
    median = record.device_reading.median
    assert record.n_samples == 1000
    assert median is not None
    assert median.lead_names == ("II",)
    assert np.allclose(median.signal[0], np.arange(300) * 0.005)


def test_the_inverse_avr_of_cabrera_is_turned_round(tmp_path: Path) -> None:
    samples = _samples(1)
    path = tmp_path / "c.mwf"
    path.write_bytes(_file(samples, [65]))
    assert np.allclose(formats.read(path).lead("aVR"), samples[0] * -0.005, atol=1e-6)


def test_frames_of_the_same_channels_follow_each_other(tmp_path: Path) -> None:
    samples = _samples(1)
    path = tmp_path / "f.mwf"
    path.write_bytes(_file(samples, [2], tail=_tag(0x1E, samples.astype(">i2").tobytes())))
    record = formats.read(path)
    assert record.n_samples == 2000
    assert np.array_equal(record.lead("II")[:1000], record.lead("II")[1000:])


def test_a_value_without_a_length_ends_at_two_zero_bytes(tmp_path: Path) -> None:
    samples = _samples(1)
    whole = _file(samples, [])
    at = whole.index(b"\x1e\x84")
    path = tmp_path / "o.mwf"
    path.write_bytes(whole[:at] + b"\x3f\x00\x80" + _tag(0x09, b"\x00\x03") + b"\x00\x00" + whole[at:])
    assert formats.read(path).lead_names == ("V1",)


def test_other_quantities_stay_out(tmp_path: Path) -> None:
    pressure = _tag(0x3F, _tag(0x09, b"\x00\x8f") + _tag(0x0C, b"\x01\x00\x01"), 1)
    whole = _file(_samples(2), [2])
    at = whole.index(b"\x1e\x84")
    path = tmp_path / "q.mwf"
    path.write_bytes(whole[:at] + pressure + whole[at:])
    record = formats.read(path)
    assert record.lead_names == ("II",)
    assert any("code 143" in note.text for note in record.notes)


def _without(whole: bytes, tag: int) -> bytes:
    at = whole.index(bytes([tag, 4, 0]))
    return whole[:at] + whole[at + 6 :]


def test_the_standards_default_rate_is_said_and_a_missing_gain_refused(tmp_path: Path) -> None:
    whole = _file(_samples(1), [2])
    path = tmp_path / "d.mwf"
    path.write_bytes(_without(whole, 0x0B))
    record = formats.read(path)
    assert record.sampling_rate_hz == 1000.0
    assert any("1000 Hz" in note.text for note in record.notes)
    path.write_bytes(_without(whole, 0x0C))
    with pytest.raises(FormatError, match=r"d\.mwf: sampling resolution.*the gain is unknown"):
        formats.read(path)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (_tag(0x0A, b"\x09"), "data type"),
        (_tag(0x0E, b"\x00\x01"), "compressed"),
        (_tag(0x04, b"\x00"), "data block length"),
        (_tag(0x16, b"x")[:1] + b"\x84\x7f\xff\xff\xff", "longer"),
        (_tag(0x05, b"\x7f\xff\xff\xff"), "number of channels"),
    ],
)
def test_a_wrong_definition_is_named(tmp_path: Path, more: bytes, named: str) -> None:
    path = tmp_path / "w.mwf"
    path.write_bytes(_file(_samples(1), [2], more=more))
    with pytest.raises(FormatError, match=rf"w\.mwf.*{named}"):
        formats.read(path)


def test_it_is_found_by_its_content(tmp_path: Path) -> None:
    whole = _file(_samples(), list(CODES.values()))
    bare = whole[34:]  # without the preamble
    for name, raw in (("nameless", whole), ("bare.bin", bare)):
        path = tmp_path / name
        path.write_bytes(raw)
        assert formats.detect(path).NAME == "MFER"
        scores = sorted(fmt.sniff(raw[:4096], path) for fmt in formats.known())
        assert scores[-1] > scores[-2]


def test_one_lead_without_a_gain_is_left_out_by_name(tmp_path: Path) -> None:
    bad = _tag(0x3F, _tag(0x09, b"\x00\x03") + _tag(0x0C, b"\x00\x00\x00\x00"), 1)  # 0 V per step
    whole = _file(_samples(2), [2])
    at = whole.index(b"\x1e\x84")
    path = tmp_path / "g.mwf"
    path.write_bytes(whole[:at] + bad + whole[at:])
    record = formats.read(path)
    assert record.lead_names == ("II",)
    assert any("V1 (impossible gain)" in note.text for note in record.notes)
