"""The states of a read, blindness, and what is kept of every version."""

from dataclasses import replace

import pytest

from ecgview import __version__
from ecgview.errors import BlindedError, ReviewError, SignalError, StoreError
from ecgview.labels.label_set import load
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review.annotation import Annotation
from ecgview.review.history import PutEdges, SetComment
from ecgview.review.merging import SupersededError
from ecgview.review.moment import now
from ecgview.review.read import Certainty, Draft, ReadKind, ReadState
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store
from ecgview.signal.measure.measured import Edit as EdgeEdit


def actions(store: Store) -> list[str]:
    return [entry.action for entry in store.audit()]


def test_a_read_from_new_to_amended(store: Store, session: ReadingSession) -> None:
    mark = Annotation(("II", "V1"), 1.0, 1.25, "PVC", "早搏")
    assert session.state is ReadState.NEW
    session.toggle_statement("AFIB", Certainty.PROBABLE)
    session.add_annotation(mark)
    session.set_comment("无P波")
    assert session.state is ReadState.IN_READING
    first = session.commit_first_read()
    assert session.state is ReadState.READ
    session.reveal()
    session.set_certainty("AFIB", Certainty.DEFINITE)
    signed = session.sign()
    assert session.state is ReadState.CONFIRMED
    assert not session.is_editable
    session.amend("second opinion")
    assert session.state is ReadState.CONFIRMED  # until the amendment is signed
    session.toggle_statement("PVC")
    amended = session.sign()
    assert session.state is ReadState.AMENDED

    assert store.reads("pulse", "Reader A") == (first, signed, amended)  # every version, as it was
    assert [read.kind for read in session.reads] == list(ReadKind)
    assert [(s.code, s.certainty) for s in first.statements] == [("AFIB", Certainty.PROBABLE)]
    assert (first.annotations, first.comment) == ((mark,), "无P波")
    assert signed.changes == ("AFIB: probable to definite",)
    assert (amended.reason, amended.changes) == ("second opinion", ("added PVC (definite)",))
    statement = amended.statements[0]
    assert (statement.label_set, statement.version) == ("ptbxl71", load("ptbxl71").version)
    for read in session.reads:
        assert read.reader == "Reader A"
        assert read.application == f"ecgview {__version__}"
        assert read.committed_at.utc.endswith("Z")
        assert read.blind
    assert actions(store) == [
        "reading_started",
        "first_read_committed",
        "revealed",
        "changed_after_reveal",
        "signed",
        "amendment_opened",
        "changed_after_reveal",
        "amended",
    ]
    assert store.verify() == []


def test_ai_is_closed_until_the_first_read_is_committed_and_revealed(
    store: Store, session: ReadingSession, prediction: Prediction, lef: LefResult
) -> None:
    store.add_result(prediction, "asked")
    store.add_result(lef, "asked too")

    def refused() -> bool:
        assert not session.may_show_ai
        for ask in (
            session.require_ai,
            lambda: session.recall(Prediction, "asked"),
            lambda: session.recall(LefResult, "asked too"),
            lambda: store.result(Prediction, "asked", "pulse", "Reader A"),
            lambda: store.result(LefResult, "asked too", "pulse", "Reader A"),
        ):
            with pytest.raises(BlindedError):
                ask()
        return True

    assert refused()
    with pytest.raises(BlindedError):
        session.reveal()
    with pytest.raises(BlindedError):
        store.reveal("pulse", "Reader A", "revealed", now())
    session.toggle_statement("SR")
    assert refused()
    session.commit_first_read()
    assert refused()
    session.reveal()
    assert session.may_show_ai
    assert session.recall(Prediction, "asked") == prediction
    assert session.recall(LefResult, "asked too") == lef
    assert session.recall(LefResult, "asked") is None  # that was another question
    with pytest.raises(BlindedError):  # another reader is blinded still
        store.result(Prediction, "asked", "pulse", "Reader B")


def test_blind_off_shows_at_once_and_is_on_record(store: Store, pulse_record: EcgRecord) -> None:
    session = ReadingSession(store, pulse_record, "Reader A", blind=False)
    assert session.may_show_ai
    assert actions(store) == ["blind_off"]
    session.toggle_statement("SR")
    assert not session.sign().blind
    assert session.reads[0].revealed_at == session.revealed_at is not None


def test_what_was_seen_stays_on_record_when_blind_is_switched_on_again(session: ReadingSession) -> None:
    session.set_blind(False)
    session.set_blind(True)
    assert not session.may_show_ai
    session.toggle_statement("SR")
    assert not session.commit_first_read().blind


def test_a_session_goes_on_where_it_was_left(
    store: Store, session: ReadingSession, pulse_record: EcgRecord
) -> None:
    session.toggle_statement("SR")
    session.set_comment("half way")
    again = ReadingSession(store, pulse_record, "Reader A")
    assert (again.state, again.draft) == (ReadState.IN_READING, session.draft)
    other = ReadingSession(store, pulse_record, "Reader B")  # does not see it
    assert (other.state, other.draft.is_empty) == (ReadState.NEW, True)
    again.sign()
    again.amend("typing error")
    again.set_comment("whole")
    once_more = ReadingSession(store, pulse_record, "Reader A")
    assert (once_more.is_amending, once_more.draft.comment) == (True, "whole")
    once_more.discard_amendment()
    last = ReadingSession(store, pulse_record, "Reader A")
    assert (last.is_editable, last.draft.comment) == (False, "half way")


def test_steps_that_are_not_open_are_refused_with_a_reason(session: ReadingSession) -> None:
    with pytest.raises(ReviewError, match="empty"):
        session.commit_first_read()
    with pytest.raises(ReviewError, match="does not have this code"):
        session.toggle_statement("NOSUCH")
    session.toggle_statement("SR")
    session.sign()
    for refused in (
        session.sign,
        session.commit_first_read,
        session.undo,
        lambda: session.apply(SetComment("x")),
    ):
        with pytest.raises(ReviewError):
            refused()
    with pytest.raises(ReviewError, match="reason"):
        session.amend(" ")
    session.amend("typing error")
    with pytest.raises(ReviewError, match="changes nothing"):
        session.sign()


def test_undo_and_redo_are_saved_too(store: Store, session: ReadingSession) -> None:
    session.toggle_statement("SR")
    session.toggle_statement("PVC")
    session.undo()
    saved = store.draft("pulse", "Reader A")
    assert saved is not None
    assert [s.code for s in saved[0].statements] == ["SR"]
    session.redo()
    assert [s.code for s in session.draft.statements] == ["SR", "PVC"]
    assert not session.can_redo


def test_two_windows_cannot_commit_the_same_version(
    store: Store, session: ReadingSession, pulse_record: EcgRecord
) -> None:
    session.toggle_statement("SR")
    other = ReadingSession(store, pulse_record, "Reader A")
    session.commit_first_read()
    with pytest.raises(SupersededError, match="elsewhere"):
        other.commit_first_read()
    assert other.reads == session.reads  # as the store has it


def test_an_edit_that_could_not_be_saved_is_kept_and_saved_later(
    session: ReadingSession, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "save_draft", full)
        with pytest.raises(StoreError):
            session.toggle_statement("SR")
    assert not session.is_saved
    assert store.draft("pulse", "Reader A") is None
    session.save()
    assert session.is_saved
    assert store.draft("pulse", "Reader A") == (session.draft, "")
    assert "reading_started" in actions(store)


def test_worklist_states(store: Store, session: ReadingSession, pulse_record: EcgRecord) -> None:
    session.toggle_statement("SR")
    session.commit_first_read()
    second = replace(pulse_record, source=replace(pulse_record.source, sha256="two", path="two.hea"))
    ReadingSession(store, second, "Reader B").set_comment("x")
    assert store.statuses(["pulse", "two", "three"]) == {
        "pulse": ReadState.READ,
        "two": ReadState.IN_READING,
        "three": ReadState.NEW,
    }
    assert store.statuses(["pulse", "two"], reader="Reader B")["pulse"] is ReadState.NEW
    assert len(store.statuses(str(n) for n in range(1200))) == 1200


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            EdgeEdit("P onset", float("nan")),
            "would be nowhere",
        ),  # a database would keep it as a wave that is not there
        (EdgeEdit("QRS offset", None, 2), "cannot be taken away"),
        (EdgeEdit("U offset", 0.4), "no such edge"),  # type: ignore[arg-type]
        (EdgeEdit("P onset", 0.4, -3), "no such beat"),
    ],
)
def test_an_edge_where_none_can_be_comes_into_no_read_by_any_road(
    store: Store, session: ReadingSession, edit: EdgeEdit, words: str
) -> None:
    """By the session, and by the store alone, as who brings a read from elsewhere would write it."""
    with pytest.raises(SignalError, match=words):
        session.apply(PutEdges((edit,)))
    assert session.draft == Draft()
    with pytest.raises(SignalError, match=words):
        store.save_draft("pulse", "Reader B", Draft(edges=(edit,)), after_number=0, follows=0)
    session.set_comment("a read")
    brought = replace(session.commit_first_read(), reader="Reader B", content=Draft(edges=(edit,)))
    with pytest.raises(SignalError, match=words):
        store.commit_read(brought, follows=0)
    assert (store.draft("pulse", "Reader B"), store.reads("pulse", "Reader B")) == (None, ())
    assert store.verify() == []


def test_half_a_character_does_not_keep_a_draft_from_being_saved(
    store: Store, session: ReadingSession
) -> None:
    session.set_comment("x\ud83d")
    assert session.is_saved
    assert session.draft.comment == "x\ufffd"
    with pytest.raises(ReviewError, match="half of a character"):
        session.add_annotation(Annotation(("II",), 0.5, 1.0, "PVC\ud83d"))
    session.set_comment("whole")
    assert session.is_saved
