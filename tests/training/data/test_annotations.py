"""ecgview's own reads as training data: signed ones only, agreed ones only, of samples unchanged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.review import history
from ecgview.review.read import Certainty, ReadStatement
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.training.data import sources
from ecgview.training.data.sources import annotations


def read(
    store: Store, path: Path, reader: str, *said: str, sign: bool = True, set_id: str = "ptbxl71"
) -> None:
    session = ReadingSession(store, formats.read(path), reader)
    for word in said:
        code, doubt, _ = word.partition("?")
        sure = Certainty.POSSIBLE if doubt else Certainty.DEFINITE
        session.apply(history.AddStatement(ReadStatement(code, sure, set_id, "1.0")))
    session.commit_first_read()
    if sign:
        session.sign()


@pytest.fixture
def files(tmp_path: Path, write_record: Callable[[Path, float], Path]) -> list[Path]:
    """Return three recordings that differ."""
    return [write_record(tmp_path / "ecg" / f"r{k}", 1.0 + k) for k in range(3)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store in a file."""
    return Store(tmp_path / "reads.db").open()


def test_signed_reads_become_rows(store: Store, files: list[Path]) -> None:
    read(store, files[0], "A", "AFIB", "LVH?")
    read(store, files[1], "A", "NORM", sign=False)  # a first read only
    read(store, files[2], "A", "SB", set_id="cinc2021")
    store.close()
    source = sources.open(store.path)
    assert source.name == annotations.NAME
    found = {row.patient_id: (row, record) for row, record in source.records()}
    assert {name: row.codes for name, (row, _) in found.items()} == {
        "ecgview-r0": ("AFIB",),  # "possible LVH" is not enough
        "ecgview-r2": ("426177001",),
    }
    for row, record in found.values():
        assert row.record_id == record.source.sha256
    assert sorted(map(repr, source.rows())) == sorted(repr(row) for row, _ in found.values())
    assert {"labels", "rhythm12", "cinc26"} <= {task.name for task in source.tasks}
    assert source.facts() == {"signed recordings": 2, "readers": "A"}


def test_more_than_half_of_the_readers_must_agree(store: Store, files: list[Path]) -> None:
    read(store, files[0], "A", "AFIB", "LVH")
    read(store, files[0], "B", "AFIB")
    read(store, files[0], "C", "AFIB", "PVC")
    store.close()
    assert [row.codes for row in annotations.open(store.path).rows()] == [("AFIB",)]
    assert [row.codes for row in annotations.open(store.path, reader="C").rows()] == [("AFIB", "PVC")]


def test_a_recording_that_changed_or_went_is_told(
    store: Store, files: list[Path], write_record: Callable[[Path, float], Path]
) -> None:
    read(store, files[0], "A", "AFIB")
    read(store, files[1], "A", "NORM")
    store.close()
    write_record(files[0].with_suffix(""), 9.0)
    files[1].unlink()
    source = sources.open(store.path)
    assert [problem.kind for problem in source.problems()] == ["missing-file"]
    heard: list[str] = []
    assert list(source.records(lambda error: heard.append(str(error)))) == []
    assert len(heard) == 2
    assert all("gone or changed" in text for text in heard)
    with pytest.raises(FormatError, match="gone or changed"):
        list(source.records())


def test_another_database_is_not_taken(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"SQLite format 3\0" + bytes(84))
    assert not annotations.sniff(other)
    with pytest.raises(FormatError, match="no known data set"):
        sources.open(other)
