"""Power loss, simulated: what was locked or signed is there and whole, edits are lost as promised, tears are found."""

import itertools
from pathlib import Path

import pytest
from torn_files import READER, Film, film, lay

from ecgview.errors import StoreError
from ecgview.record import EcgRecord
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

LOST = ("of the rows written last are gone", "the log is cut")  # what the check says of lost edits


@pytest.fixture
def filmed(database: Path, pulse_record: EcgRecord) -> Film:
    return film(database, pulse_record)


def test_the_film_shows_every_step(filmed: Film) -> None:
    assert [one.step for one in filmed.said] == [
        "opened",
        "edit",
        "edit",
        "edit",
        "lock",
        "edit",
        "edit",
        "edit",
        "sign",
        "edit",
        "edit",
    ]
    lengths = [one.log_bytes for one in filmed.said]
    assert lengths == sorted(set(lengths))  # each step wrote, and SQLite took nothing over meanwhile
    assert lengths[-1] == len(filmed.log)
    assert filmed.n_frames > 30
    assert len(filmed.after) > len(filmed.before)


def test_wherever_the_log_is_cut_each_step_is_there_whole_or_not_at_all(filmed: Film, database: Path) -> None:
    """Locks and signatures wait for the disk: a cut behind one leaves it; of edits the last ones may be gone."""
    seen = set()
    for name, whole, log in filmed.cut_logs():
        lay(database, filmed.before, log)
        expected = filmed.at(whole)
        with Store(database) as store:
            assert store.reads("pulse", READER) == expected.reads, name
            assert store.draft_version("pulse", READER).content == expected.draft, name
        for step, number in (("lock", 1), ("sign", 2)):
            (ended,) = [one.log_bytes for one in filmed.said if one.step == step]
            if whole >= ended:  # the disk had it when it was said to be saved
                assert len(expected.reads) >= number, name
        seen.add((len(expected.reads), expected.step))
    assert {n for n, _ in seen} == {0, 1, 2}


def test_the_check_tells_which_edits_a_cut_took_and_nothing_else(filmed: Film, database: Path) -> None:
    (signed,) = [one.log_bytes for one in filmed.said if one.step == "sign"]
    for name, whole, log in filmed.cut_logs():
        if whole < signed:
            continue
        lay(database, filmed.before, log)
        with Store(database) as store:
            found = store.check()
        assert found.damage == (), name
        assert all(any(said in text for said in LOST) for text in found.problems), (name, found.problems)
        assert bool(found.problems) == (whole < len(filmed.log)), name


def test_a_file_that_is_torn_while_it_takes_the_log_over_is_mended_from_it(
    filmed: Film, database: Path
) -> None:
    """SQLite has the disk take its log before the file is touched, and the file before the log is let go."""
    last = filmed.said[-1]
    for name, during, _ in itertools.islice(filmed.torn_pages(), 0, None, 3):
        lay(database, during, filmed.log)
        with Store(database) as store:
            assert store.verify() == [], name
            assert store.reads("pulse", READER) == last.reads, name
            assert store.draft_version("pulse", READER).content == last.draft, name


def test_a_torn_page_that_no_log_mends_is_found(filmed: Film, database: Path) -> None:
    """A disk that did not keep its word, or lost a sector: said, never read as if nothing were wrong."""
    lay(database, filmed.after)
    with Store(database) as store:
        assert store.verify() == []
    n_torn = 0
    for name, _, after in filmed.torn_pages():
        if after == filmed.after:
            continue
        n_torn += 1
        lay(database, after)
        try:
            with Store(database) as store:
                found = store.verify()
        except StoreError:
            continue
        assert found, name
    assert n_torn > 60


def test_locks_signatures_and_openings_wait_for_the_disk_and_edits_do_not(
    store: Store, pulse_record: EcgRecord
) -> None:
    statements: list[str] = []
    session = ReadingSession(store, pulse_record, READER)
    store._database.connection().set_trace_callback(statements.append)

    def waits() -> bool:
        """Return whether the transactions since the last call waited, all of them alike."""
        modes = {one.split()[-1] for one in statements if one.startswith("PRAGMA synchronous")}
        assert sum(one == "COMMIT" for one in statements) >= 1
        statements.clear()
        assert len(modes) == 1
        return modes == {"FULL"}

    session.toggle_statement("AFIB")
    assert not waits()
    session.commit_first_read()
    assert waits()
    session.reveal()
    assert waits()
    session.set_comment("x")
    assert not waits()
    session.sign()
    assert waits()
