"""Undo and redo of any sequence of edits lead exactly back and forth."""

from hypothesis import given
from hypothesis import strategies as st

from ecgview.review.annotation import Annotation, to_overlay
from ecgview.review.history import (
    AddAnnotation,
    AddStatement,
    AddTold,
    ChangeAnnotation,
    Edit,
    History,
    PutEdges,
    RemoveAnnotation,
    RemoveStatement,
    RemoveTold,
    RestoreEdges,
    SetCertainty,
    SetComment,
)
from ecgview.review.read import Certainty, Draft, ReadStatement, Told, differences
from ecgview.signal.measure.measured import EDGES
from ecgview.signal.measure.measured import Edit as EdgeEdit

codes = st.sampled_from(["AFIB", "SR", "PVC"])
marks = st.builds(
    Annotation,
    st.sampled_from([(), ("II",), ("V1", "V2")]),
    st.just(1.0),
    st.floats(1, 3),
    st.sampled_from(["", "PVC"]),
)
tellings = st.builds(
    Told, codes, codes, st.sampled_from(["Dr Li", "ward 3"]), st.just("2026-01-02T03:04:05Z")
)
beats = st.sampled_from([None, 0, 4])
moves = st.builds(EdgeEdit, st.sampled_from(EDGES), st.one_of(st.none(), st.floats(0, 1)), beats)
edits: st.SearchStrategy[Edit] = st.one_of(
    st.builds(
        AddStatement, st.builds(ReadStatement, codes, st.sampled_from(Certainty), st.just("s"), st.just("1"))
    ),
    st.builds(RemoveStatement, codes, st.just("s")),
    st.builds(SetCertainty, codes, st.just("s"), st.sampled_from(Certainty)),
    st.builds(AddAnnotation, marks),
    st.builds(RemoveAnnotation, marks),
    st.builds(ChangeAnnotation, marks, marks),
    st.builds(SetComment, st.text(max_size=5)),
    st.builds(PutEdges, st.lists(moves, min_size=1, max_size=2).map(tuple)),
    st.builds(AddTold, tellings),
    st.builds(RemoveTold, tellings),
    st.builds(RestoreEdges, st.tuples(st.tuples(st.sampled_from(EDGES), beats))),
)


@given(st.lists(edits, max_size=20))
def test_undo_leads_back_through_every_draft_and_redo_forth(steps: list[Edit]) -> None:
    history, drafts = History(), [Draft()]
    for edit in steps:
        history, change = history.apply(edit)
        if change is None:
            assert history.draft == drafts[-1]  # nothing recorded that changed nothing
            continue
        assert (change.before, change.after) == (drafts[-1], history.draft)
        changed = (change.statements_changed, change.annotations_changed, change.comment_changed)
        assert any(changed) or change.edges_changed or change.told_changed
        drafts.append(history.draft)
    for expected in reversed(drafts[:-1]):
        history, change = history.undo()
        assert history.draft == expected
        assert change is not None
        assert change.after == expected
    assert history.undo() == (history, None)
    for expected in drafts[1:]:
        history, _ = history.redo()
        assert history.draft == expected
    assert history.redo() == (history, None)


def test_a_new_edit_forgets_what_was_undone() -> None:
    history, _ = History().apply(SetComment("a"))
    history, _ = history.undo()
    history, _ = history.apply(SetComment("b"))
    assert history.redo() == (history, None)
    assert history.draft.comment == "b"


def test_a_removed_statement_comes_back_to_its_place() -> None:
    history = History()
    for code in ("SR", "PVC", "LVH"):
        history, _ = history.apply(AddStatement(ReadStatement(code, Certainty.DEFINITE, "s", "1")))
    history, change = history.apply(RemoveStatement("PVC", "s"))
    assert change is not None
    assert change.words == "removed PVC"
    history, _ = history.undo()
    assert [s.code for s in history.draft.statements] == ["SR", "PVC", "LVH"]


def test_marks_are_drawn_where_they_were_placed() -> None:
    (span,) = to_overlay([Annotation(("V1",), 1.0, 1.5, "PVC", "early")]).spans
    assert (span.leads, span.start_s, span.end_s, span.role, span.text) == (
        ("V1",),
        1.0,
        1.5,
        "annotation",
        "PVC: early",
    )


def test_a_mark_that_is_moved_keeps_its_place_and_is_one_step() -> None:
    first, second, moved = (Annotation(("II",), start, start + 0.5, "PVC") for start in (1.0, 2.0, 1.25))
    history = History(Draft(annotations=(first, second)))
    history, change = history.apply(ChangeAnnotation(first, moved))
    assert history.draft.annotations == (moved, second)
    assert change is not None
    assert change.annotations_changed
    assert change.words == "changed mark PVC on II, 1.000-1.500 s to PVC on II, 1.250-1.750 s"
    history, _ = history.undo()
    assert history.draft.annotations == (first, second)


def test_a_mark_that_is_gone_is_not_moved_and_one_that_meets_its_equal_is_that_one() -> None:
    first, second = Annotation(("II",), 1.0, 1.5), Annotation(("II",), 2.0, 2.5)
    history = History(Draft(annotations=(second,)))
    assert history.apply(ChangeAnnotation(first, Annotation(("II",), 3.0, 3.5))) == (history, None)
    both = History(Draft(annotations=(first, second)))
    assert both.apply(ChangeAnnotation(second, first))[0].draft.annotations == (first,)


def test_an_edge_has_one_place_which_is_told_in_words() -> None:
    """The edit of before is replaced, whatever its place; another beat's edge of the same name is another edge."""
    first, other = EdgeEdit("T offset", 0.4), EdgeEdit("T offset", 2.4, 1)
    again, gone = EdgeEdit("T offset", 0.42), EdgeEdit("P onset", None)
    draft = PutEdges((first, other)).apply(Draft())
    after = PutEdges((again, gone)).apply(draft)
    assert after.edges == (other, again, gone)
    assert differences(draft, after) == (
        "T offset of the median beat at 0.420 s from the QRS peak",
        "P onset of the median beat taken away",
    )
    restored = RestoreEdges((("T offset", None),)).apply(after)
    assert restored.edges == (other, gone)
    assert differences(after, restored) == (
        "T offset of the median beat at 0.420 s from the QRS peak: no longer",
    )
    assert not after.is_empty
