"""EchoNext's arrays: normalised values back in millivolts, rows by number, the table beside them."""

from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import echonext_array
from ecgview.leads import STANDARD_12
from ecgview.signal.echonext_scaling import normalised


@pytest.fixture
def millivolts() -> np.ndarray:
    """Return (5, 12, 2500) mV in which III = II - I, small enough to escape the publisher's clipping."""
    t = np.arange(2500) / 250
    beat = np.exp(-((((t % 1.0) - 0.4) / 0.03) ** 2) / 2) + 0.2 * np.sin(2 * np.pi * 1.3 * t)
    gains = np.array([0.3, 0.5, 0.2, -0.4, 0.05, 0.35, 0.2, 0.4, 0.6, 0.7, 0.6, 0.4])
    return np.stack([gains[:, None] * beat * (1 + 0.1 * k) for k in range(5)])


@pytest.fixture
def array(tmp_path: Path, millivolts: np.ndarray) -> Path:
    """Return a file in the published layout."""
    path = tmp_path / "EchoNext_val_waveforms.npy"
    np.save(path, normalised(millivolts.transpose(0, 2, 1))[:, None])
    return path


def test_rows_come_back_in_millivolts(array: Path, millivolts: np.ndarray) -> None:
    assert formats.detect(array).NAME == "EchoNext"
    assert list(echonext_array.members(array)) == ["0", "1", "2", "3", "4"]
    for row in (0, 4):
        record = echonext_array.read(Path(f"{array}#{row}"))
        assert record.lead_names == STANDARD_12
        assert (record.sampling_rate_hz, record.seconds) == (250.0, 10.0)
        assert np.abs(record.signal - millivolts[row]).max() < 1e-5
    record = formats.read(array)
    assert any("first of 5 records" in note.text for note in record.notes)


def test_the_table_beside_tells_the_patient(array: Path) -> None:
    rows = [("p1", "train", 1, 50), ("p2", "val", 0, 61), ("p3", "val", 1, 72), ("synthetic-4", "val", 1, 83)]
    text = "patient_key,split,sex,age_at_ecg,lvef_value\n"
    text += "".join(f"{key},{split},{sex},{age},55\n" for key, split, sex, age in rows)
    (array.parent / "EchoNext_metadata_100k.csv").write_text(text)
    record = echonext_array.read(Path(f"{array}#1"))
    assert (record.patient.patient_id, record.patient.sex, record.patient.age_years) == ("p3", "male", 72.0)
    assert record.acquisition.extra["lvef_value"] == "55"
    assert not record.synthetic
    assert echonext_array.read(Path(f"{array}#2")).synthetic
    assert echonext_array.peek(Path(f"{array}#0")).patient.patient_id == "p2"
    assert echonext_array.read(Path(f"{array}#4")).patient.patient_id == ""


def test_what_is_wrong_is_named(array: Path, tmp_path: Path) -> None:
    for member in ("5", "x", "-1"):
        with pytest.raises(FormatError, match=rf"waveforms\.npy#{member}"):
            echonext_array.read(Path(f"{array}#{member}"))
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).normal(size=(3, 1, 2500, 12)))
    with pytest.raises(FormatError, match=r"noise\.npy.*millivolts"):
        formats.read(tmp_path / "noise.npy")
    array.write_bytes(array.read_bytes()[:5000])
    with pytest.raises(FormatError, match="EchoNext_val_waveforms"):
        formats.read(array)
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FormatError, match=r"objects\.npy"):
        echonext_array.read(tmp_path / "objects.npy")


def test_other_arrays_stay_numpys(tmp_path: Path) -> None:
    np.save(tmp_path / "plain.npy", np.zeros((12, 5000)))
    assert formats.detect(tmp_path / "plain.npy").NAME == "NumPy"
