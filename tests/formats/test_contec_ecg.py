"""Contec's .ECG: the real file against its twins in CSV and EDF, files made here, and every variant refused."""

import csv
import struct
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import contec_ecg

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")


def test_the_real_file_agrees_with_its_csv_and_edf_twins_to_a_step(shared_data: Path) -> None:
    from pyedflib import EdfReader

    folder = shared_data / "formats" / "contec"
    record = formats.read(folder / "0000050.ECG")
    assert record.lead_names == LIMB
    assert (record.sampling_rate_hz, record.n_samples) == (800.0, 37855)
    with open(folder / "0000050.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert all(not cell for row in rows for cell in row[6:])  # no chest electrodes
    table = np.array([row[:6] for row in rows], dtype=np.float64).T
    steps = record.signal.astype(np.float64) / 0.005
    assert np.abs(steps[1:3] - table[1:3]).max() < 1e-3  # II and III are stored
    assert np.abs(steps - table).max() < 0.51  # the rest follows; the table cuts halves off
    with EdfReader(str(folder / "0000050.edf")) as edf:
        assert edf.getSampleFrequency(0) == record.sampling_rate_hz
        assert edf.getStartdatetime().isoformat() == record.acquisition.start_time == "2020-11-16T21:44:39"
        for k, lead in enumerate(LIMB):
            assert edf.getLabel(k) == lead
            assert np.abs(steps[k] - edf.readSignal(k, digital=True)).max() < 0.51


def test_what_the_real_file_says_and_does_not_say(shared_data: Path) -> None:
    path = shared_data / "formats" / "contec" / "0000050.ECG"
    record, summary = formats.read(path), formats.peek(path)
    assert record.missing_leads == ("V1", "V2", "V3", "V4", "V5", "V6")
    assert record.acquisition.derived_leads == ("I", "aVR", "aVL", "aVF")
    assert record.acquisition.step_uv == 5.0
    assert record.acquisition.extra["case"] == "0000050"
    assert (record.patient.name, record.patient.sex, record.patient.age_years) == ("", "", None)
    assert any(note.kind == "gain" and "5 µV per step" in note.text for note in record.notes)
    assert summary.duration_s == pytest.approx(record.seconds)
    assert (summary.start_time, summary.fs_hz) == (record.acquisition.start_time, 800.0)


def _file(folder: Path, samples: int = 900, **changes: object) -> Path:
    words = np.random.default_rng(3).integers(1500, 2600, (samples, 8)).astype("<u2")
    words[:, 4:] = 0x6800
    words[100:200, 2] = 0x6800
    if "word" in changes:
        words[7, 1] = changes["word"]
    name = str(changes.get("name", "王芳")).encode("gb18030").ljust(8, b"\0")
    header = b"0000011\0\0\0" + str(changes.get("date", "2020-11-12 18:09:05")).encode() + b"\0\0\0"
    person = struct.pack("BBB", changes.get("sex", 0), 61, 58)
    path = folder / "0000011.ECG"
    footer = bytes(37) if "footer" not in changes else changes["footer"]
    path.write_bytes(header + name + person + words.tobytes() + footer)  # type: ignore[operator]
    return path


def test_a_known_answer(tmp_path: Path) -> None:
    path = _file(tmp_path)
    record = formats.read(path)
    words = np.frombuffer(path.read_bytes()[43:-37], dtype="<u2").reshape(-1, 8).astype(np.float64)
    mv = (words - 2048) * 0.005
    assert record.lead_names == (*LIMB, "V1", "V2")
    assert record.lead("II") == pytest.approx(mv[:, 0], abs=1e-6)
    assert record.lead("I") == pytest.approx(mv[:, 0] - mv[:, 1], abs=1e-5)
    assert np.isnan(record.lead("V1")).sum() == 100  # the electrode was off
    assert np.isnan(record.lead("V1")[100:200]).all()
    assert record.lead("V2") == pytest.approx(mv[:, 3], abs=1e-6)
    assert any("chest leads" in note.text for note in record.notes)
    assert (record.patient.name, record.patient.sex, record.patient.age_years) == ("王芳", "female", 61.0)
    assert record.acquisition.extra["weight_kg"] == "58"
    assert formats.peek(path).patient == record.patient


def test_it_is_found_under_another_name(tmp_path: Path) -> None:
    assert formats.detect(_file(tmp_path).rename(tmp_path / "case.bin")) is contec_ecg


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"word": 4096}, "lead III, sample 7"),
        ({"sex": 7}, "header"),
        ({"date": "2020-13-12 18:09:05"}, "header"),
        ({"footer": bytes(36)}, "size"),
        ({"footer": b"\1" + bytes(36)}, "footer"),
        ({"samples": 0}, "size"),
    ],
)
def test_variants_are_refused(changes: dict[str, object], field: str, tmp_path: Path) -> None:
    path = _file(tmp_path, **changes)  # type: ignore[arg-type]
    with pytest.raises(FormatError) as caught:
        formats.read(path)
    assert str(path) in str(caught.value)
    assert field in (caught.value.where or "")


def test_other_bytes_are_not_contec(tmp_path: Path) -> None:
    path = tmp_path / "x.ecg"
    path.write_bytes(b"ISHNE1.0" + bytes(600))
    assert contec_ecg.sniff(path.read_bytes(), path) == 0
    for read in (contec_ecg.read, contec_ecg.peek):
        with pytest.raises(FormatError, match="header"):
            read(path)
