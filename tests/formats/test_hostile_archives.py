"""Archives, headers and XML that are odd in their size: bounded, and the same work for each entry."""

import zipfile
from pathlib import Path, PurePosixPath

import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats.places import archive


def header_and_signal(name: str) -> dict[str, bytes]:
    return {
        f"{name}.hea": f"{name} 1 500 10\n{name}.dat 16 200 16 0 0 0 0 I\n".encode(),
        f"{name}.dat": bytes(20),
    }


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, raw in files.items():
            made.writestr(name, raw)
    return path


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what grows by each name that is taken apart while an archive is used."""
    seen: list[str] = []

    class Counting(PurePosixPath):
        def __new__(cls, *parts: str) -> "Counting":
            seen.append(str(parts[0]))
            return super().__new__(cls, *parts)

    monkeypatch.setattr(archive, "PurePosixPath", Counting)
    return seen


def test_a_record_costs_the_same_in_a_large_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for number in (20, 2_000):
        files = {name: raw for k in range(number) for name, raw in header_and_signal(f"r{k}").items()}
        path = zipped(tmp_path / f"{number}.zip", files)
        listed = formats.list_records([path])
        assert len(listed) == number
        seen = looked_at(monkeypatch)
        with archive.unpacked(path, "r7.hea") as there:
            assert sorted(one.name for one in there.parent.iterdir()) == ["r7.dat", "r7.hea"]
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_each_entry_is_looked_at_once_when_an_archive_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", {f"f/{k}.hea": b"" for k in range(1_000)})
    seen = looked_at(monkeypatch)
    archive.names(path)
    archive.names(path)
    assert len(seen) == 1_000


def test_an_archive_of_too_many_entries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_ENTRIES", 10)
    path = zipped(tmp_path / "a.zip", {f"{k}.hea": b"" for k in range(12)})
    with pytest.raises(FormatError, match="too many files in the archive") as caught:
        formats.list_records([path])
    assert str(path) in str(caught.value.where)


def test_names_that_no_system_could_hold_are_typed_errors(tmp_path: Path) -> None:
    long = "x" * 4_000
    path = zipped(tmp_path / "a.zip", {f"{long}.hea": b"", **header_and_signal("fine")})
    assert [one.name for one in formats.list_records([path])] == ["a.zip#fine.hea"]
    for odd in (tmp_path / f"{long}.hea", tmp_path / f"a.zip#{long}.hea", Path("a/" * 3_000 + "x.hea")):
        for look in (formats.read, formats.peek):
            with pytest.raises(FormatError) as caught:
                look(odd)
            assert "x" * 200 in str(caught.value.where) or "a/" * 50 in str(caught.value.where)


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_names_a_header_for_its_samples_is_refused(packed: bool, tmp_path: Path) -> None:
    raw = b"self 1 500 10\nself.hea 16 200 16 0 0 0 0 I\n"
    (tmp_path / "self.hea").write_bytes(raw)
    path = tmp_path / "self.hea"
    if packed:
        zipped(tmp_path / "a.zip", {"self.hea": raw})
        path = tmp_path / "a.zip#self.hea"
    with pytest.raises(FormatError, match="names a header for its samples"):
        formats.read(path)


def test_a_record_of_segments_that_names_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "self.hea").write_bytes(b"self/2 1 500 100\nself 50\nself 50\n")
    for look in (formats.read, formats.peek):
        with pytest.raises(FormatError) as caught:
            look(tmp_path / "self.hea")
        assert "self.hea" in str(caught.value)


def test_an_element_of_many_attributes_is_refused(tmp_path: Path) -> None:
    attributes = " ".join(f'a{k}="1"' for k in range(20_000))
    path = tmp_path / "many.xml"
    path.write_text(f'<AnnotatedECG xmlns="urn:hl7-org:v3" {attributes}/>')
    for look in (formats.read, formats.peek):
        with pytest.raises(FormatError, match="too many attributes") as caught:
            look(path)
        assert "many.xml: AnnotatedECG" in str(caught.value.where)
