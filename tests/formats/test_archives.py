"""Archives of records: listed as a worklist, read one at a time, and never more than an ECG's worth."""

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats.places import archive as _archive
from ecgview.record import EcgRecord

Pack = Callable[[Path, dict[str, bytes]], Path]


def _zip(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return path


def _tar(suffix: str) -> Pack:
    def pack(folder: Path, files: dict[str, bytes]) -> Path:
        path = folder / f"export{suffix}"
        with tarfile.open(path, f"w:{suffix.rpartition('.')[2] if suffix.count('.') > 1 else ''}") as archive:
            for name, raw in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(raw)
                archive.addfile(entry, io.BytesIO(raw))
        return path

    return pack


PACKERS = [_zip, _tar(".tar"), _tar(".tar.gz"), _tar(".tar.bz2"), _tar(".tar.xz")]


@pytest.fixture
def files(pulse_record: EcgRecord, tmp_path: Path) -> dict[str, bytes]:
    """Return two records as an export holds them, with what is no record beside them."""
    made = tmp_path / "made"
    made.mkdir()
    formats.writers()[".hea"].write(pulse_record, made / "one.hea")
    formats.writers()[".npz"].write(pulse_record, made / "two.npz")
    held = {f"ward 3/{path.name}": path.read_bytes() for path in made.iterdir()}
    return held | {"RECORDS": b"one\n", "notes.csv": b"a,b\n1,2\n", "ward 3/.hidden.npz": b"PK"}


@pytest.mark.parametrize("pack", PACKERS)
def test_an_archive_is_a_worklist(
    pack: Pack, files: dict[str, bytes], pulse_record: EcgRecord, tmp_path: Path
) -> None:
    path = pack(tmp_path, files)
    listed = formats.list_records([path])
    assert [str(item) for item in listed] == [f"{path}#ward 3/one.hea", f"{path}#ward 3/two.npz"]
    for item in listed:
        record = formats.read(item)
        np.testing.assert_allclose(record.signal, pulse_record.signal, atol=0.0006)
        assert record.source.path == str(item)
        assert formats.peek(item).path == str(item)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(["home", "made", path.name])


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("evil", ["/etc/evil.npz", "../evil.npz", "a/../../evil.npz", "C:\\evil.npz"])
def test_names_that_lead_out_are_not_seen(
    pack: Pack, evil: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    path = pack(tmp_path, files | {evil: files["ward 3/two.npz"]})
    assert len(formats.list_records([path])) == 2
    with pytest.raises(FormatError, match="no such file in the archive"):
        formats.read(f"{path}#{evil}")


def test_links_in_a_tar_are_not_seen(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "links.tar"
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            entry = tarfile.TarInfo(f"link{kind.decode()}.npz")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    with pytest.raises(FormatError, match="holds no ECG files"):
        formats.list_records([path])


@pytest.mark.parametrize("pack", [_zip, _tar(".tar.gz")])
def test_a_bomb_is_refused(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path, {"bomb.npz": bytes(_archive.SMALL * 2)})
    with pytest.raises(FormatError, match="unpacks to far too much"):
        formats.read(f"{path}#bomb.npz")


def test_an_encrypted_member_is_named(files: dict[str, bytes], tmp_path: Path) -> None:
    path = _zip(tmp_path, files)
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = -1
        while (place := raw.find(mark, place + 1)) >= 0:
            raw[place + at] |= 1
    path.write_bytes(raw)
    with pytest.raises(FormatError, match=r"two\.npz: is encrypted"):
        formats.read(f"{path}#ward 3/two.npz")


def test_chinese_names_of_a_windows_zip(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "chinese.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("XXXX.npz", files["ward 3/two.npz"])
    path.write_bytes(path.read_bytes().replace(b"XXXX", "心电".encode("gb18030")))
    assert [item.name for item in formats.list_records([path])] == ["chinese.zip#心电.npz"]
    assert formats.read(f"{path}#心电.npz").lead_names[0] == "I"


def test_errors_name_the_archive_and_not_a_scratch_folder(files: dict[str, bytes], tmp_path: Path) -> None:
    path = _zip(tmp_path, files | {"bad.npz": b"PK\3\4no"})
    with pytest.raises(FormatError) as caught:
        formats.read(f"{path}#bad.npz")
    assert "export.zip#" in str(caught.value)
    assert "ecgview-" not in str(caught.value)


def test_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_archive, "MOST_ENTRIES", 3)
    for pack in (_zip, _tar(".tar")):
        path = pack(tmp_path, {f"{number}.npz": b"" for number in range(5)})
        with pytest.raises(FormatError, match="too many files"):
            formats.list_records([path])


def test_a_changed_archive_is_listed_anew(files: dict[str, bytes], tmp_path: Path) -> None:
    path = _zip(tmp_path, files)
    assert len(formats.list_records([path])) == 2
    _zip(tmp_path, {"ward 3/two.npz": files["ward 3/two.npz"]})
    os.utime(path, (1, 1))
    assert len(formats.list_records([path])) == 1


def test_a_cut_archive_is_damaged(files: dict[str, bytes], tmp_path: Path) -> None:
    for pack in PACKERS:
        path = pack(tmp_path, files)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(FormatError, match="damaged") as caught:
            formats.read(formats.list_records([path])[-1])
        assert str(path) in str(caught.value)
