"""A read says what was shown of its record on this workstation before it was locked, by whomever."""

from pathlib import Path

import pytest

from ecgview.record import EcgRecord
from ecgview.review.history import SetComment
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    return Store(tmp_path / "s.db").open()


def _locked(store: Store, record: EcgRecord, reader: str) -> ReadingSession:
    session = ReadingSession(store, record, reader)
    session.apply(SetComment("read"))
    session.commit_first_read()
    return session


def test_a_read_of_which_nothing_was_shown_is_blind_here(store: Store, pulse_record: EcgRecord) -> None:
    (read,) = _locked(store, pulse_record, "One").reads
    assert (read.blind, read.exposed) == (True, "")


def test_what_a_command_showed_before_the_lock_is_said_and_what_came_after_is_not(
    store: Store, pulse_record: EcgRecord
) -> None:
    store.add_exposure("pulse", "classify", "mtecg-t")
    store.add_exposure("another", "lef")
    session = _locked(store, pulse_record, "One")
    store.add_exposure("pulse", "reconstruct")
    (read,) = session.reads
    assert read.blind  # as to the window
    assert read.exposed.startswith("diagnoses of a model on the command line: mtecg-t (20")
    assert "reconstruction" not in read.exposed
    assert "LEF" not in read.exposed
    session.sign()
    assert session.reads[1].exposed == read.exposed
    assert store.reads("pulse")[0].exposed == read.exposed
    assert store.verify() == []
    assert any("not blind on this workstation" in entry.details for entry in store.audit("pulse"))


def test_another_readers_reveal_counts_and_ones_own_does_not(store: Store, pulse_record: EcgRecord) -> None:
    first = _locked(store, pulse_record, "One")
    first.reveal()
    assert first.reads[0].exposed == ""
    (read,) = _locked(store, pulse_record, "Two").reads
    assert read.blind
    assert read.exposed.startswith("AI opened by One (20")


def test_another_reader_without_blind_reading_counts_too(store: Store, pulse_record: EcgRecord) -> None:
    ReadingSession(store, pulse_record, "One", blind=False)
    (read,) = _locked(store, pulse_record, "Two").reads
    assert "AI opened by One" in read.exposed
