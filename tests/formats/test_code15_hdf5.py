"""CODE-15's HDF5 files: which exam, zeros around it, the table beside it, the order of the leads."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import code15_hdf5
from ecgview.formats.places import member
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord

IDENTITIES = [1169160, 2873686, 0]


@pytest.fixture
def part(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a file of two exams and the publisher's empty last row: 2,800 and 4,000 samples among zeros."""
    path = tmp_path / "exams_part0.hdf5"
    tracings = np.zeros((3, 4096, 12), dtype=np.float32)
    noise = np.random.default_rng(0).normal(0, 0.01, (12, 5000)).astype(np.float32)
    noise[2] = noise[1] - noise[0]
    noise[3] = -(noise[0] + noise[1]) / 2
    signal = pulse_record.signal + noise
    tracings[0, 648:3448] = signal[:, :2800].T
    tracings[1, 48:4048] = 2 * signal[:, :4000].T
    with h5py.File(path, "w") as file:
        file["tracings"] = tracings
        file["exam_id"] = np.array(IDENTITIES)
    return path


def _table(folder: Path) -> None:
    (folder / "exams.csv").write_text(
        "exam_id,age,is_male,nn_predicted_age,1dAVb,AF,patient_id,trace_file\n"
        "1169160,38,True,40.16,False,True,523632,exams_part0.hdf5\n"
        "2873686,73,False,67.05,False,False,1724173,exams_part0.hdf5\n"
    )


def test_every_exam_by_its_name(part: Path, pulse_record: EcgRecord) -> None:
    assert formats.detect(part).NAME == "CODE-15"
    assert list(code15_hdf5.members(part)) == ["1169160", "2873686"]
    first = code15_hdf5.read(Path(f"{part}#1169160"))
    second = code15_hdf5.read(Path(f"{part}#2873686"))
    assert first.lead_names == STANDARD_12
    assert (first.sampling_rate_hz, first.seconds, second.seconds) == (400.0, 7.0, 10.0)
    with h5py.File(part) as file:
        assert np.array_equal(first.signal, file["tracings"][0, 648:3448].T)
        assert np.array_equal(second.signal, file["tracings"][1, 48:4048].T)
    assert any("1296 zeros" in note.text for note in first.notes)
    assert first.gain_doubt
    assert first.source.path == f"{part}#1169160"
    assert first.acquisition.extra["exam_id"] == "1169160"
    assert first.acquisition.extra.keys() == {"exam_id", "calibration"}  # a converted file keeps the doubt


def test_the_file_alone_is_its_first_exam_and_says_so(part: Path) -> None:
    record = formats.read(part)
    assert record.seconds == 7.0
    assert any("first of 2 records" in note.text and "#1169160" in note.text for note in record.notes)


def test_the_table_beside_tells_the_patient(part: Path) -> None:
    _table(part.parent)
    record = code15_hdf5.read(Path(f"{part}#2873686"))
    assert (record.patient.patient_id, record.patient.sex, record.patient.age_years) == (
        "1724173",
        "female",
        73.0,
    )
    assert record.acquisition.extra["AF"] == "False"
    summary = code15_hdf5.peek(Path(f"{part}#1169160"))
    assert (summary.name, summary.patient.sex, summary.n_leads, summary.fs_hz) == (
        "1169160",
        "male",
        12,
        400.0,
    )


def test_the_order_of_the_test_set_is_told_by_the_leads(part: Path, tmp_path: Path) -> None:
    path = tmp_path / "ecg_tracings.hdf5"
    usual = code15_hdf5.read(Path(f"{part}#1169160"))
    rows = [usual.lead_names.index(name) for name in code15_hdf5._TEST_SET_ORDER]
    with h5py.File(path, "w") as file:
        file["tracings"] = usual.signal[rows].T[None]
    record = formats.read(path)
    assert np.array_equal(record.signal, usual.signal)
    assert any("aVL, aVF, aVR" in note.text for note in record.notes)
    assert list(code15_hdf5.members(path)) == ["0"]


def test_what_is_not_there_is_named(part: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"exams_part0\.hdf5#7: .*one of its 2 records"):
        code15_hdf5.read(Path(f"{part}#7"))
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["x"] = np.zeros((3, 3))
    with pytest.raises(FormatError, match=r"other\.hdf5: tracings"):
        formats.read(tmp_path / "other.hdf5")
    with h5py.File(tmp_path / "huge.hdf5", "w") as file:
        file.create_dataset("tracings", (10, 10_000_000, 12), dtype="f4", chunks=(1, 4096, 12))
    with pytest.raises(FormatError, match=r"huge\.hdf5.*too long"):
        formats.read(tmp_path / "huge.hdf5")
    with h5py.File(tmp_path / "empty.hdf5", "w") as file:
        file["tracings"] = np.zeros((1, 4096, 12))
    with pytest.raises(FormatError, match=r"empty\.hdf5.*empty"):
        formats.read(tmp_path / "empty.hdf5")


def test_links_to_other_files_are_not_followed(part: Path, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "link.hdf5", "w") as file:
        file["tracings"] = h5py.ExternalLink(str(part), "/tracings")
    with pytest.raises(FormatError, match=r"link\.hdf5: tracings"):
        formats.read(tmp_path / "link.hdf5")
    with h5py.File(tmp_path / "raw.hdf5", "w") as file:
        file.create_dataset("tracings", (1, 100, 12), "f4", external=[(str(part), 0, h5py.h5f.UNLIMITED)])
    with pytest.raises(FormatError, match=r"raw\.hdf5: tracings"):
        formats.read(tmp_path / "raw.hdf5")


def test_a_sign_in_a_name_is_no_member(tmp_path: Path) -> None:
    (tmp_path / "a#b.hdf5").write_bytes(b"x")
    (tmp_path / "a").mkdir()
    assert member.split(tmp_path / "a#b.hdf5") == (tmp_path / "a#b.hdf5", "")
    assert member.split(tmp_path / "a#missing") == (tmp_path / "a#missing", "")
    assert member.split(tmp_path / "a#b.hdf5#7") == (tmp_path / "a#b.hdf5", "7")
    assert member.split(member.joined(tmp_path / "a#b.hdf5", "x")) == (tmp_path / "a#b.hdf5", "x")
