"""One reader, one record, two windows: edits of different items are joined, the same item is refused."""

import subprocess
import sys
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from ecgview.errors import ReviewError
from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation
from ecgview.review.handover import Handover
from ecgview.review.history import AddStatement, AddTold, ApplyAgain, PutEdges
from ecgview.review.merging import ConflictError, SupersededError, merge
from ecgview.review.read import Certainty, Draft, ReadState, ReadStatement, Told
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.signal.measure.measured import Edit as EdgeEdit

SR = ReadStatement("SR", Certainty.DEFINITE, "ptbxl71", "1.0")
PVC = ReadStatement("PVC", Certainty.DEFINITE, "ptbxl71", "1.0")
T_END = EdgeEdit("T offset", 0.412)
TOLD = Told("STE", "ST elevation", "Dr Li", "2026-01-02T03:04:05Z")
MARK = Annotation(("II",), 1.0, 1.5, "PVC")


@pytest.fixture
def other(store: Store, session: ReadingSession, pulse_record: EcgRecord) -> ReadingSession:
    """Return a second window of the same reader on the same record."""
    return ReadingSession(store, pulse_record, "Reader A")


def codes(session: ReadingSession) -> list[str]:
    return sorted(item.code for item in session.draft.statements)


def kept(store: Store) -> Draft:
    return store.draft_version("pulse", "Reader A").content


def test_edits_of_different_items_are_joined_whoever_saves_first(
    store: Store, session: ReadingSession, other: ReadingSession
) -> None:
    session.toggle_statement("SR")
    other.toggle_statement("PVC")
    session.add_annotation(MARK)
    other.set_comment("from the other room")
    session.apply(PutEdges((T_END,)))
    other.apply(PutEdges((replace(T_END, beat=2, to_s=2.4),)))
    session.apply(AddTold(TOLD))
    other.apply(AddTold(replace(TOLD, person="ward 3")))
    session.set_certainty("SR", Certainty.PROBABLE)
    other.add_annotation(replace(MARK, start_s=3.0, end_s=3.5))
    session.save()
    draft = kept(store)
    assert {(item.code, item.certainty) for item in draft.statements} == {
        ("SR", Certainty.PROBABLE),
        ("PVC", Certainty.DEFINITE),
    }
    assert {mark.start_s for mark in draft.annotations} == {1.0, 3.0}
    assert draft.comment == "from the other room"
    assert {edge.beat for edge in draft.edges} == {None, 2}
    assert {one.person for one in draft.told} == {"Dr Li", "ward 3"}
    assert other.draft == draft  # who saved last has it all


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "item"),
    [
        (Draft(), Draft(comment="a"), Draft(comment="b"), "comment"),
        (Draft(), Draft(edges=(T_END,)), Draft(edges=(replace(T_END, to_s=0.5),)), "T offset"),
        (Draft((SR,)), Draft((replace(SR, certainty=Certainty.POSSIBLE),)), Draft(), "SR"),
        (
            Draft((SR,)),
            Draft((replace(SR, certainty=Certainty.POSSIBLE),)),
            Draft((replace(SR, certainty=Certainty.PROBABLE),)),
            "SR",
        ),
        (Draft(), Draft((SR,)), Draft((replace(SR, certainty=Certainty.POSSIBLE),)), "SR"),
        (Draft((), (MARK,)), Draft((), (replace(MARK, text="one"),)), Draft(), "mark PVC"),
        (
            Draft((), (MARK,)),
            Draft((), (replace(MARK, end_s=1.6),)),
            Draft((), (replace(MARK, end_s=1.7),)),
            "mark PVC",
        ),
    ],
)
def test_the_same_item_changed_unlike_is_named_from_either_side(
    base: Draft, ours: Draft, theirs: Draft, item: str
) -> None:
    for mine, yours in permutations((ours, theirs)):
        assert merge(base, mine, yours).conflicts == (item,)
        assert merge(base, mine, yours, prefer="ours").draft == mine
        assert merge(base, mine, yours, prefer="theirs").draft == yours


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "both"),
    [
        (Draft(), Draft((SR,)), Draft((PVC,)), Draft((PVC, SR))),
        (Draft((SR,)), Draft(), Draft((SR, PVC)), Draft((PVC,))),
        (Draft((SR,)), Draft(), Draft(), Draft()),
        (Draft(comment="a"), Draft(comment="b"), Draft(comment="b"), Draft(comment="b")),
        (Draft(), Draft((), (MARK,)), Draft((), (MARK,)), Draft((), (MARK,))),
        (Draft((), (MARK,)), Draft(), Draft((), (MARK,), "x"), Draft(comment="x")),
    ],
)
def test_what_only_one_changed_or_both_alike_is_no_conflict(
    base: Draft, ours: Draft, theirs: Draft, both: Draft
) -> None:
    merged = merge(base, ours, theirs)
    assert (merged.draft, merged.conflicts) == (both, ())


def test_a_conflict_writes_nothing_and_shows_both_until_the_reader_says_which(
    store: Store, session: ReadingSession, other: ReadingSession
) -> None:
    session.set_comment("sinus rhythm")
    version = store.draft_version("pulse", "Reader A")
    with pytest.raises(ConflictError) as told:
        other.set_comment("flutter")
    assert told.value.items == ("comment",)
    assert (told.value.ours.comment, told.value.theirs.content.comment) == ("flutter", "sinus rhythm")
    assert store.draft_version("pulse", "Reader A").number == version.number
    assert kept(store).comment == "sinus rhythm"
    with pytest.raises(ConflictError):  # nothing of this window is saved before that
        other.add_annotation(MARK)
    other.resolve("ours")
    assert (kept(store).comment, kept(store).annotations, other.is_saved) == ("flutter", (MARK,), True)
    assert "conflict_resolved" in [entry.action for entry in store.audit()]


def test_theirs_stands_if_the_reader_says_so(
    store: Store, session: ReadingSession, other: ReadingSession
) -> None:
    session.set_comment("sinus rhythm")
    with pytest.raises(ConflictError):
        other.set_comment("flutter")
    other.resolve("theirs")
    assert other.draft.comment == kept(store).comment == "sinus rhythm"
    assert other.undo() is None  # nothing of this window is left to take back


def test_undo_takes_back_what_was_done_here_and_nothing_of_the_other_window(
    session: ReadingSession, other: ReadingSession
) -> None:
    session.toggle_statement("SR")
    other.toggle_statement("PVC")
    session.set_comment("x")  # PVC came in with this one
    assert codes(session) == ["PVC", "SR"]
    session.undo()
    session.undo()
    assert (codes(session), session.draft.comment) == (["PVC"], "")
    session.redo()
    assert codes(session) == ["PVC", "SR"]


def test_an_edit_after_the_other_windows_commit_is_refused_and_offered_again(
    store: Store, session: ReadingSession, other: ReadingSession
) -> None:
    session.toggle_statement("SR")
    session.commit_first_read()
    with pytest.raises(SupersededError, match="committed"):
        other.toggle_statement("PVC")
    assert (other.state, other.reads, codes(other)) == (ReadState.READ, session.reads, ["SR"])
    assert store.draft("pulse", "Reader A") is None  # in no draft that nobody reads
    offer = other.offer
    assert isinstance(offer, ApplyAgain)
    assert offer.words == "added PVC (definite)"
    other.apply(offer)
    assert codes(other) == ["PVC", "SR"]
    assert [item.code for item in other.sign().statements] == ["SR", "PVC"]


def test_after_signing_the_refused_edit_needs_an_amendment(
    session: ReadingSession, other: ReadingSession
) -> None:
    session.toggle_statement("SR")
    session.sign()
    with pytest.raises(SupersededError):
        other.set_comment("late")
    assert other.offer is not None
    with pytest.raises(ReviewError, match="amend"):
        other.apply(other.offer)
    other.amend("late finding")
    other.apply(other.offer)
    assert other.sign().comment == "late"


def test_nothing_is_committed_that_the_reader_has_not_seen(
    store: Store, session: ReadingSession, other: ReadingSession
) -> None:
    session.toggle_statement("SR")
    other.toggle_statement("PVC")
    with pytest.raises(ConflictError, match="look at it"):
        session.commit_first_read()
    assert store.reads("pulse") == ()
    assert codes(session) == ["PVC", "SR"]  # now it is seen
    assert [item.code for item in session.commit_first_read().statements] == ["SR", "PVC"]


def test_an_amendment_closed_in_the_other_window_is_not_written_on(
    store: Store, session: ReadingSession, pulse_record: EcgRecord
) -> None:
    session.toggle_statement("SR")
    session.sign()
    session.amend("second look")
    other = ReadingSession(store, pulse_record, "Reader A")
    session.discard_amendment()
    with pytest.raises(ConflictError) as told:
        other.set_comment("x")
    assert told.value.items == ("amendment",)
    other.resolve("theirs")
    assert not other.is_editable


def test_a_read_is_not_blind_if_the_other_window_showed_the_models(
    session: ReadingSession, other: ReadingSession
) -> None:
    session.toggle_statement("SR")
    other.set_blind(False)
    assert not session.commit_first_read().blind


def test_what_is_edited_while_a_save_is_under_way_is_kept(
    store: Store, session: ReadingSession, other: ReadingSession
) -> None:
    session.autosave = False
    session.toggle_statement("SR")
    under_way = Handover(session)
    session.set_comment("typed meanwhile")
    other.toggle_statement("PVC")
    under_way.twin.save()
    under_way.settle()
    assert codes(session) == ["PVC", "SR"]
    assert (session.draft.comment, session.is_saved) == ("typed meanwhile", False)
    assert kept(store).comment == ""
    last = Handover(session)
    last.twin.save()
    last.settle()
    assert session.is_saved
    assert kept(store) == session.draft
    session.undo()
    assert session.draft.comment == ""
    assert codes(session) == ["PVC", "SR"]


def test_a_conflict_with_what_came_in_during_a_save_is_told(
    session: ReadingSession, other: ReadingSession
) -> None:
    session.autosave = False
    session.toggle_statement("SR")
    under_way = Handover(session)
    session.apply(AddStatement(replace(PVC, certainty=Certainty.POSSIBLE)))
    other.toggle_statement("PVC")
    under_way.twin.save()
    under_way.settle()
    assert session.conflict is not None
    assert session.conflict.items == ("PVC",)
    session.resolve("ours")
    last = Handover(session)
    last.twin.save()
    last.settle()
    assert session.is_saved
    assert session.draft.statement("PVC", "ptbxl71") == replace(PVC, certainty=Certainty.POSSIBLE)


@pytest.mark.skipif(sys.platform == "win32", reason="a matter of POSIX")
def test_a_second_store_in_one_program_takes_no_lock_of_the_first(
    tmp_path: Path, pulse_record: EcgRecord
) -> None:
    """POSIX takes back all locks of a program on a file of which it closes any opening."""
    path = tmp_path / "ecgview.db"
    looks = (
        f"import sqlite3; raw = sqlite3.connect({str(path)!r})",
        "raw.execute('SELECT count(*) FROM reads').fetchall(); raw.close()",
    )
    with Store(path) as first:
        session = ReadingSession(first, pulse_record, "Reader One")
        session.set_comment("kept")
        with Store(path) as second:
            second.readers()
        subprocess.run(
            [sys.executable, "-c", "; ".join(looks)], check=True
        )  # the last one out takes the log away
        assert path.with_name("ecgview.db-wal").exists()
        session.set_comment("kept, too")
        with Store(path) as third:
            assert third.draft_version("pulse", "Reader One").content.comment == "kept, too"
