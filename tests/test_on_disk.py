"""Large arrays lie in a nameless file: what is written stays, what rests costs no memory, a full disk is no end."""

import errno
import tempfile
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats, on_disk, runs
from ecgview.formats import wfdb
from ecgview.record import EcgRecord

needs_files = pytest.mark.skipif(not on_disk.CAN, reason="nameless files are a matter of POSIX")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of scratch files, where from here on nearly every array lies."""
    monkeypatch.setattr(on_disk, "LARGE", 4000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@needs_files
def test_what_was_written_stays_when_it_rests(folder: Path) -> None:
    made = on_disk.zeros((3, 5000), np.float32)
    assert on_disk.holds(made)
    assert not made.any()
    assert not [path for path in folder.rglob("*") if path.is_file()]
    made[:] = np.arange(15_000).reshape(3, 5000)
    on_disk.rest()
    assert np.array_equal(made, np.arange(15_000, dtype=np.float32).reshape(3, 5000))
    assert not on_disk.holds(made[:, :100])
    del made
    on_disk.rest()  # one that is gone is no trouble


@needs_files
def test_a_full_disk_is_met_before_anything_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(on_disk.os, "posix_fallocate", full)
    made = on_disk.zeros((3, 5000), np.int16)
    assert not on_disk.holds(made)
    assert made.shape == (3, 5000)


def test_a_small_array_stays_in_memory() -> None:
    assert not on_disk.holds(on_disk.zeros((12, 5000), np.float32))


@needs_files
def test_a_record_on_disk_is_the_one_in_memory_and_rests_while_it_is_looked_through(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = np.random.default_rng(0).integers(-900, 900, (3, 30_000)) * np.float32(0.005)
    path = wfdb.write(EcgRecord(signal, ("I", "II", "V5"), 250.0), tmp_path_factory.mktemp("made") / "r")
    found = formats.read(path)
    assert on_disk.holds(found.signal)
    assert not found.signal.flags.writeable
    monkeypatch.setattr(on_disk, "LARGE", 10**9)
    expected = formats.read(path)
    assert not on_disk.holds(expected.signal)
    assert np.array_equal(found.signal, expected.signal)
    assert (found.source.sha256, found.notes) == (expected.source.sha256, expected.notes)
    rests: list[None] = []
    monkeypatch.setattr(on_disk, "rest", lambda: rests.append(None))
    monkeypatch.setattr(runs, "STRETCH", 1000)
    assert sum(part.stop - part.start for part in runs.stretches(found.n_samples)) == 30_000
    assert len(rests) == 29
