"""DICOM files in every character set, byte order and packing, with and without their preamble, read alike."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from dicom_made import channel_item, ecg_object, group_item, ramp, save
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ecgview import formats


@pytest.mark.parametrize(
    ("declared", "stored", "shown"),
    [
        ("GB18030", "王^小东".encode("gb18030"), "王小东"),
        ("GBK", "Wang^XiaoDong=王^小东=".encode("gbk"), "王小东"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "王小東"),
        ("\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "张小东"),
        ("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=", "山田太郎"),
        ("", "张伟强".encode("gb18030"), "张伟强"),
        ("ISO_IR 100", "张^伟强".encode("gb18030"), "张伟强"),
        ("ISO_IR 100", "张伟强".encode(), "张伟强"),
        ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller, Jörg"),
        ("ISO_IR 100", "Créée^Zoé".encode("latin-1"), "Créée, Zoé"),
        ("ISO_IR 144", "Иванов^Иван".encode("iso8859_5"), "Иванов, Иван"),
        ("NONSENSE", "张伟强".encode("gb18030"), "张伟强"),
    ],
)
def test_character_sets(declared: str, stored: bytes, shown: str, tmp_path: Path) -> None:
    made = ecg_object(group_item(ramp(), [channel_item("I"), channel_item("V1")]))
    stored += b" " * (len(stored) % 2)
    marker = b"N" * len(stored)
    made.PatientName = marker.decode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the marker is no character set
        made.SpecificCharacterSet = "D" * 20
        path = save(made, tmp_path / "n.dcm")
    raw = path.read_bytes()
    assert raw.count(marker) == 1
    path.write_bytes(raw.replace(marker, stored).replace(b"D" * 20, declared.encode().ljust(20)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, of a character set that is none
        assert formats.read(path).patient.name == shown
        assert formats.peek(path).patient.name == shown


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian],
)
@pytest.mark.parametrize("kind", ["SS", "SB"])
def test_encodings(syntax: str, kind: str, tmp_path: Path) -> None:
    values = ramp() // 4
    group = group_item(values, [channel_item("I"), channel_item("V1")], kind)
    if syntax == ExplicitVRBigEndian:  # the library leaves the samples as they are given
        swapped = np.frombuffer(group.WaveformData, "<i2").astype(">i2").tobytes()
        group.add_new(0x54001010, "OW", swapped)
    path = save(ecg_object(group), tmp_path / "e.dcm", syntax)
    record = formats.read(path)
    assert np.allclose(record.lead("V1"), values[:, 1] * 0.002, atol=1e-7)
    assert record.patient.patient_id == "P-1"
    assert formats.peek(path).fs_hz == 500.0


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_file_without_preamble_or_meta_information_or_extension(syntax: str, tmp_path: Path) -> None:
    group = group_item(np.full((600, 2), 0x0101), [channel_item("I"), channel_item("V1")])
    raw = save(ecg_object(group), tmp_path / "w.dcm", syntax).read_bytes()
    big = syntax == ExplicitVRBigEndian
    bare = raw.index(b"\0\x08\0\x05CS" if big else b"\x08\0\x05\0")
    for name, part in (("bare", raw[bare:]), ("meta", raw[132:]), ("whole", raw)):
        (tmp_path / name).write_bytes(part)
        assert float(formats.read(tmp_path / name).lead("I")[5]) == pytest.approx(257 * 0.002)
        assert formats.peek(tmp_path / name).n_leads == 2
