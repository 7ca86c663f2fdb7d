"""MATLAB files alone: against scipy, with what is missing named, and without objects or bombs."""

import json
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats import matlab
from ecgview.formats.matlab.file import MOST_BYTES, variables
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord


def test_every_version_gives_the_samples(tmp_path: Path, pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal
    told = {"val": signal, "fs": 500.0, "units": "mV", "age": 63.0, "sex": "F"}
    savemat(tmp_path / "v5.mat", told)
    savemat(tmp_path / "packed.mat", told, do_compression=True)
    savemat(tmp_path / "v4.mat", {"val": signal, "fs": 500.0}, format="4")
    savemat(tmp_path / "upright.mat", {"ecg": signal.T.astype(np.float64), "Fs": np.uint16(500)})
    for name in ("v5", "packed", "v4", "upright"):
        record = formats.read(tmp_path / f"{name}.mat")
        assert record.source.format == "MATLAB"
        assert record.lead_names == STANDARD_12
        assert record.sampling_rate_hz == 500.0
        assert np.array_equal(record.signal, signal)
    record = formats.read(tmp_path / "v5.mat")
    assert (record.patient.age_years, record.patient.sex) == (63.0, "female")
    assert not any(note.kind == "units" for note in record.notes)


def test_version_7_3_is_hdf5_the_other_way_round(tmp_path: Path, pulse_record: EcgRecord) -> None:
    import h5py

    path = tmp_path / "v73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["val"] = pulse_record.signal.T
        file["fs"] = np.array([[500.0]])
        unit = file.create_dataset("units", data=np.array([[109], [86]], np.uint16))
        unit.attrs["MATLAB_class"] = np.bytes_("char")
        file["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/x")
    raw = bytearray(path.read_bytes())
    raw[:19] = b"MATLAB 7.3 MAT-file"
    path.write_bytes(bytes(raw))
    record = formats.read(path)
    assert np.array_equal(record.signal, pulse_record.signal)
    assert record.sampling_rate_hz == 500.0


def test_the_structure_of_cpsc_2018(tmp_path: Path, pulse_record: EcgRecord) -> None:
    savemat(
        tmp_path / "A0001.mat", {"ECG": {"sex": "Male", "age": 74, "data": pulse_record.signal.astype(float)}}
    )
    record = formats.read(tmp_path / "A0001.mat")
    assert np.array_equal(record.signal, pulse_record.signal)
    assert (record.sampling_rate_hz, record.patient.sex, record.patient.age_years) == (500.0, "male", 74.0)
    assert any("500 Hz" in note.text for note in record.notes)


def test_what_is_missing_is_named(tmp_path: Path, pulse_record: EcgRecord) -> None:
    path = tmp_path / "alone.mat"
    savemat(path, {"val": pulse_record.signal})
    with pytest.raises(FormatError, match=r"alone\.mat: val: .*rate.*alone\.hea"):
        formats.read(path)
    savemat(path, {"val": (pulse_record.signal * 1000).astype(np.int16), "fs": 500.0})
    with pytest.raises(FormatError, match=r"alone\.mat: units"):
        formats.read(path)
    savemat(path, {"val": pulse_record.signal[:3], "fs": 500.0})
    with pytest.raises(FormatError, match=r"alone\.mat: lead names"):
        formats.read(path)
    savemat(path, {"a": pulse_record.signal, "b": pulse_record.signal, "fs": 500.0})
    with pytest.raises(FormatError, match="not clear"):
        formats.read(path)
    savemat(path, {"val": (pulse_record.signal[:2] * 1000).astype(np.int16)})
    (tmp_path / "alone.json").write_text(
        json.dumps({"fs_hz": 500, "lead_names": ["II", "V1"], "units": "uV"})
    )
    record = formats.read(path)
    assert record.lead_names == ("II", "V1")
    assert np.allclose(record.lead("II"), pulse_record.lead("I"), atol=0.001)


def test_a_challenge_file_beside_its_header_is_that_record(tmp_path: Path, shared_data: Path) -> None:
    for suffix in (".hea", ".mat"):
        shutil.copy(shared_data / "cinc2021" / f"E07541{suffix}", tmp_path)
    header = formats.read(tmp_path / "E07541.hea")
    assert np.array_equal(matlab.read(tmp_path / "E07541.mat").signal, header.signal)
    assert matlab.peek(tmp_path / "E07541.mat").fs_hz == header.sampling_rate_hz
    stored = loadmat(tmp_path / "E07541.mat")["val"]
    (tmp_path / "E07541.hea").unlink()
    assert formats.detect(tmp_path / "E07541.mat").NAME == "MATLAB"
    with pytest.raises(FormatError, match=r"E07541\.hea"):
        formats.read(tmp_path / "E07541.mat")
    (tmp_path / "E07541.json").write_text(json.dumps({"fs_hz": 500, "units": "uV"}))
    assert np.allclose(formats.read(tmp_path / "E07541.mat").signal, stored / 1000, atol=1e-6)


def test_a_real_file_without_a_rate_says_so(tmp_path: Path, shared_data: Path) -> None:
    source = shared_data / "formats" / "mat" / "ecgdeli_s0273lre_signal.mat"
    with pytest.raises(FormatError, match="sampling rate is unknown"):
        formats.read(source)
    shutil.copy(source, tmp_path / "s.mat")
    (tmp_path / "s.json").write_text('{"fs_hz": 1000}')
    record = formats.read(tmp_path / "s.mat")
    assert (record.lead_names, record.n_samples) == (STANDARD_12, 115200)
    assert np.array_equal(record.signal, loadmat(source)["signal"].T.astype(np.float32))
    assert not any(
        note.kind == "einthoven" for note in record.notes
    )  # the order of the columns is the usual one


def test_all_kinds_of_variables_are_as_scipy_reads_them(tmp_path: Path) -> None:
    told = {
        "f8": np.arange(6.0).reshape(2, 3),
        "i2": np.arange(-3, 3, dtype=np.int16).reshape(3, 2),
        "u1": np.arange(5, dtype=np.uint8),
        "u8": np.array([[2**60]], dtype=np.uint64),
        "text": "心电图",
        "cell": np.array(["I", "aVR"], dtype=object),
        "inner": {"deep": {"x": 3.0}},
    }
    savemat(tmp_path / "k.mat", told)
    found = variables((tmp_path / "k.mat").read_bytes(), tmp_path / "k.mat")
    theirs = loadmat(tmp_path / "k.mat")
    for name in ("f8", "i2", "u1", "u8"):
        assert np.array_equal(found[name], theirs[name])
    assert found["text"] == "心电图"
    assert found["cell"] == ["I", "aVR"]
    assert found["inner"]["deep"]["x"].item() == 3.0


def _element(kind: int, raw: bytes) -> bytes:
    return struct.pack("<II", kind, len(raw)) + raw + bytes(-len(raw) % 8)


def _file(element: bytes) -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + element


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(MOST_BYTES // 1_000_000 + 20))
    packed += packer.flush()
    assert len(packed) < 400_000
    path = tmp_path / "bomb.mat"
    path.write_bytes(_file(struct.pack("<II", 15, len(packed)) + packed))
    with pytest.raises(FormatError, match=r"bomb\.mat.*unpacks to too much"):
        formats.read(path)


@pytest.mark.parametrize("kind", [3, 16, 17])
def test_objects_and_functions_are_refused(tmp_path: Path, kind: int) -> None:
    array = (
        _element(6, struct.pack("<II", kind, 0)) + _element(5, struct.pack("<ii", 1, 1)) + _element(1, b"f")
    )
    path = tmp_path / "object.mat"
    path.write_bytes(_file(_element(14, array)))
    with pytest.raises(FormatError, match=r"object\.mat.*(an object|a function)"):
        formats.read(path)


def test_a_size_that_is_not_there_is_refused(tmp_path: Path) -> None:
    array = _element(6, struct.pack("<II", 6, 0)) + _element(5, struct.pack("<ii", 2**31 - 1, 2**31 - 1))
    path = tmp_path / "huge.mat"
    path.write_bytes(_file(_element(14, array + _element(1, b"val") + _element(9, bytes(80)))))
    with pytest.raises(FormatError, match=r"huge\.mat: val"):
        formats.read(path)
