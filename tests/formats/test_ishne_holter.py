"""ISHNE Holter files, built field by field as the published layout says."""

import struct
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError


def _crc(raw: bytes) -> int:
    """CRC-CCITT by its definition: polynomial 0x1021, begun with ones."""
    value = 0xFFFF
    for byte in raw:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def test_the_checksum_of_this_test_is_the_published_one() -> None:
    assert _crc(b"123456789") == 0x29B1


def _file(
    samples: np.ndarray,
    specs: tuple[int, ...] = (5, 6, 11),
    steps: tuple[int, ...] = (2500, 2500, 5000),
    *,
    rate: int = 200,
    text: bytes = b"",
    first: bytes = b"Jane",
    last: bytes = b"Doe",
    crc: int | None = None,
    size: int | None = None,
    leads: int | None = None,
) -> bytes:
    def twelve(values: tuple[int, ...]) -> bytes:
        return struct.pack("<12h", *(values + (-9,) * 12)[:12])

    head = struct.pack("<iiii", len(text), samples.size if size is None else size, 522, 522 + len(text))
    head += struct.pack("<h", 1) + first.ljust(40, b"\0") + last.ljust(40, b"\0") + b"ID-7".ljust(20, b"\0")
    head += struct.pack("<hh", 2, 3) + struct.pack("<3h", 3, 2, 1961) + struct.pack("<3h", 6, 5, 2024)
    head += struct.pack("<3h", 7, 5, 2024) + struct.pack("<3h", 7, 8, 9)
    head += struct.pack("<h", len(specs) if leads is None else leads)
    head += twelve(specs) + twelve((1, 2, 3)) + twelve(steps)
    head += struct.pack("<h", 5) + b"digital".ljust(40, b"\0") + struct.pack("<h", rate)
    head += b"proprietary".ljust(80, b"\0") + b"nobody".ljust(80, b"\0") + bytes(88)
    assert len(head) == 512
    checksum = _crc(head + text) if crc is None else crc
    return b"ISHNE1.0" + struct.pack("<H", checksum) + head + text + samples.astype("<i2").tobytes()


def _samples(n: int = 4000, leads: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(-3000, 3000, (n, leads))


def test_every_field_is_read(tmp_path: Path) -> None:
    samples = _samples()
    path = tmp_path / "night.ecg"
    path.write_bytes(_file(samples, text=b"a note of the recorder"))
    record = formats.read(path)
    assert record.source.format == "ISHNE Holter"
    assert record.lead_names == ("I", "II", "III", "aVR", "aVL", "aVF", "V1")
    assert (record.sampling_rate_hz, record.seconds) == (200.0, 20.0)
    assert np.allclose(record.lead("I"), samples[:, 0] * 0.0025, rtol=1e-6)
    assert np.allclose(record.lead("V1"), samples[:, 2] * 0.005, rtol=1e-6)
    told = record.patient
    assert (told.patient_id, told.name, told.sex, told.birth_date) == (
        "ID-7",
        "Jane Doe",
        "female",
        "1961-02-03",
    )
    assert record.acquisition.start_time == "2024-05-06T07:08:09"
    extra = record.acquisition.extra
    assert extra["free text"] == "a note of the recorder"
    assert extra["race"] == "Oriental"
    assert extra["pacemaker"] == "dual chamber bipolar"
    assert extra["lead quality"] == "I: good; II: intermittent noise; V1: frequent noise"
    assert not any(note.kind in ("header", "duration") for note in record.notes)
    summary = formats.peek(path)
    assert (summary.n_leads, summary.fs_hz, summary.duration_s) == (7, 200.0, 20.0)  # as it opens


def test_both_ways_to_count_samples(tmp_path: Path) -> None:
    for size in (4000, 12000):
        path = tmp_path / "n.ecg"
        path.write_bytes(_file(_samples(), size=size))
        record = formats.read(path)
        assert record.n_samples == 4000
        assert not any(note.kind == "duration" for note in record.notes)
    path.write_bytes(_file(_samples(), size=99000))
    assert any("announced" in note.text for note in formats.read(path).notes)


def test_a_wrong_checksum_is_noted_not_refused(tmp_path: Path) -> None:
    path = tmp_path / "crc.ecg"
    path.write_bytes(_file(_samples(), crc=1))
    assert any("checksum" in note.text for note in formats.read(path).notes)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_names(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "name.ecg"
    path.write_bytes(_file(_samples(), first="小明".encode(encoding), last="王".encode(encoding)))
    assert formats.read(path).patient.name == "王小明"


def test_leads_without_a_name_keep_apart(tmp_path: Path) -> None:
    path = tmp_path / "b.ecg"
    path.write_bytes(_file(_samples(), (1, 1, 0)))
    assert formats.read(path).lead_names == ("bipolar 1", "bipolar 2", "lead 3")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": (0, -1, 0)}, "resolution"),
        ({"rate": 0}, "sampling rate"),
        ({"leads": 13}, "number of leads"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, int], field: str) -> None:
    path = tmp_path / "wrong.ecg"
    path.write_bytes(_file(_samples(), **change))  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=rf"wrong\.ecg: {field}"):
        formats.read(path)


def test_a_file_cut_in_its_header_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.ecg"
    whole = _file(_samples(), text=b"some words")
    for length in (9, 30, 400, 525):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"cut\.ecg"):
            formats.read(path)


def test_a_lead_without_a_resolution_is_left_out_and_one_twice_is_numbered(tmp_path: Path) -> None:
    samples = _samples()
    path = tmp_path / "r.ecg"
    path.write_bytes(_file(samples, (11, 11, 12), (2500, 2500, 0)))
    record = formats.read(path)
    assert record.lead_names == ("V1", "V1 2")
    assert any("V2" in note.text and "without a resolution" in note.text for note in record.notes)
    assert np.allclose(record.lead("V1 2"), samples[:, 1] * 0.0025, atol=1e-4)
    assert formats.peek(path).n_leads == 2
