"""What a reader says of a model's reason: kept for good beside the read, never of a blind one, never anybody else's."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview.errors import BlindedError, ReviewError, StoreError
from ecgview.record import EcgRecord
from ecgview.review.judgement import Judged, Opinion, Verdict, standing, to_overlay
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

MAP = Judged("map", "AFIB", "m", "1.0", "f" * 64, "integrated gradients, 12 steps", "no failure found")
OPINION = Opinion(Verdict.AGREE, ("V1", "V2"), 1.2, 1.45, MAP, "P wave missing")
SHAM = replace(MAP, shown="sham-other", shown_target="LVH")


def _open(session: ReadingSession) -> ReadingSession:
    session.set_comment("read")
    session.commit_first_read()
    session.reveal()
    return session


def test_a_judgement_is_kept_with_what_was_judged_and_the_read_it_stands_beside(
    store: Store, session: ReadingSession
) -> None:
    kept = _open(session).judge(OPINION)
    assert (kept.number, kept.read_number, kept.withdraws) == (1, 1, 0)
    assert kept.opinion == OPINION
    assert kept.application.startswith("ecgview ")
    session.sign()
    second = session.judge(replace(OPINION, verdict=Verdict.MISSED, judged=SHAM, leads=()))
    assert (second.number, second.read_number) == (2, 2)
    assert store.judgements("pulse", "Reader A") == session.judgements == (kept, second)
    assert [entry.action for entry in store.audit("pulse")].count("judged") == 2
    assert store.verify() == []


def test_w2_nothing_is_judged_before_the_reveal_by_any_path(store: Store, session: ReadingSession) -> None:
    session.set_comment("draft")
    for _ in range(2):  # before the first read is committed, and before it is revealed
        with pytest.raises(BlindedError):
            session.judge(OPINION)
        with pytest.raises(BlindedError):
            store.add_judgement("pulse", "Reader A", OPINION)
        if not session.reads:
            session.commit_first_read()
    assert store.judgements() == ()
    session.reveal()
    session.judge(OPINION)
    with pytest.raises(BlindedError):  # what one reader opened is closed to another
        store.add_judgement("pulse", "Reader B", OPINION)


def test_withdrawing_adds_a_row_and_takes_none_away(store: Store, session: ReadingSession) -> None:
    first, second = _open(session).judge(OPINION), session.judge(replace(OPINION, verdict=Verdict.DISAGREE))
    gone = session.withdraw(first.number)
    assert (gone.number, gone.withdraws, gone.opinion) == (3, 1, first.opinion)
    assert session.judgements == (second,)
    assert store.judgements("pulse") == (first, second, gone)
    assert store.audit("pulse")[-1].action == "judgement_withdrawn"
    for number in (1, 3, 9):  # withdrawn before, no judgement, none at all
        with pytest.raises(StoreError, match="no such judgement"):
            session.withdraw(number)
    again = session.judge(OPINION)
    assert again.number == 4
    assert session.judgements == (second, again)
    assert store.verify() == []


def test_another_readers_judgements_are_neither_shown_nor_withdrawn(
    store: Store, session: ReadingSession, pulse_record: EcgRecord
) -> None:
    _open(session).judge(OPINION)
    other = ReadingSession(store, pulse_record, "Reader B")
    assert other.judgements == ()
    _open(other)
    assert other.judgements == ()
    with pytest.raises(StoreError, match="no such judgement"):
        other.withdraw(1)
    kept = other.judge(replace(OPINION, verdict=Verdict.ARTEFACT))
    assert kept.number == 1  # each reader counts on their own
    assert len(standing(store.judgements())) == 2


def test_a_judgement_changes_nothing_of_the_draft_or_the_read(session: ReadingSession) -> None:
    draft, reads = _open(session).draft, session.reads
    session.judge(OPINION)
    assert (session.draft, session.reads, session.is_saved) == (draft, reads, True)
    read = session.sign()
    assert "agree" not in str(read)


def test_the_log_never_says_that_a_sham_was_one(store: Store, session: ReadingSession) -> None:
    _open(session).judge(replace(OPINION, judged=SHAM))
    (entry,) = [entry for entry in store.audit("pulse") if entry.action == "judged"]
    assert entry.details == "agree on V1 V2, 1.20 to 1.45 s: map of AFIB by m 1.0"
    assert store.judgements()[0].opinion.judged.shown == "sham-other"


def test_judgements_are_append_only_and_tampering_shows(
    store: Store, session: ReadingSession, database: Path
) -> None:
    _open(session).judge(OPINION)
    session.judge(replace(OPINION, verdict=Verdict.DISAGREE))
    raw = sqlite3.connect(database)
    for sql in ("UPDATE judgements SET verdict = 'agree'", "DELETE FROM judgements"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(sql)
    for name in ("judgements_is_never_updated", "judgements_is_never_deleted"):
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("UPDATE judgements SET verdict = 'agree' WHERE number = 2")
    raw.execute("DELETE FROM judgements WHERE number = 1")
    raw.commit()
    raw.close()
    problems = store.verify()
    assert sum("judgement logged in entry" in one for one in problems) == 2  # one gone, one changed
    assert any(one.startswith("judgement 2 by Reader A") for one in problems)


def test_what_cannot_be_written_is_said(session: ReadingSession) -> None:
    _open(session).view_only = "the database is read-only"
    with pytest.raises(ReviewError, match="read-only"):
        session.judge(OPINION)


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (-0.1, 1.0), (2.0, 1.0), (0.0, float("nan"))])
def test_a_judgement_is_of_a_stretch(start: float, end: float) -> None:
    with pytest.raises(ReviewError, match="stretch"):
        Opinion(Verdict.AGREE, (), start, end, MAP)


def test_the_paper_gets_a_mark_with_the_word(session: ReadingSession) -> None:
    _open(session).judge(replace(OPINION, verdict=Verdict.MISSED))
    (span,) = to_overlay(session.judgements).spans
    assert (span.role, span.leads, span.text) == ("judgement", ("V1", "V2"), "missed here")
    assert to_overlay(()).legend == ""
