"""The Annotate menu: marks on the trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ecgview.desktop.action import Action, with_ai
from ecgview.desktop.panels.judging import KEYS, TIPS
from ecgview.review.history import RemoveAnnotation
from ecgview.review.judgement import Verdict

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.desktop.state.workspace import Workspace

MENU = "Annotate"
ORDER = 40


def _editable(workspace: Workspace) -> bool:
    return workspace.reading.session is not None and workspace.reading.session.is_editable


def mark_caliper(window: Frame) -> None:
    """Mark the stretch of time between the ends of the caliper, on its lead."""
    caliper, record = window.canvas.caliper, window.canvas.record
    if record is not window.canvas.drawn:
        window.workspace.telling.post("A mark is of the record: go back from its median beat first (L).")
        return
    if caliper is None or record is None:
        window.workspace.telling.post("Measure a stretch with the caliper first (C).")
        return
    start_s, end_s = sorted(caliper.seconds(record))
    session = window.workspace.reading.session
    before = None if session is None else session.draft
    window.workspace.steps.add_annotation((caliper.lead,), start_s, end_s)
    if session is not None and before is not None:
        window.toast.tell_change(session, before)


def remove_last_mark(window: Frame) -> None:
    """Take the newest mark away; it can be undone."""
    session = window.workspace.reading.session
    if session is not None and session.draft.annotations:
        before = session.draft
        window.workspace.steps.apply(RemoveAnnotation(before.annotations[-1]))
        window.toast.tell_change(session, before)


def _may_judge(workspace: Workspace) -> bool:
    return with_ai(workspace) and workspace.paper.view in ("explain", "reconstruct")


def judge(verdict: Verdict, window: Frame) -> None:
    """Give a verdict on the stretch that is meant, and say on which, or that none is."""
    judging = window.workspace.judging
    if judging.why_not:
        window.workspace.telling.post(judging.why_not, "warning")
    elif (stretch := judging.stretch) is None:
        window.workspace.telling.post(
            "Lay a map or a reconstruction on the trace and choose a stretch of it first."
        )
    else:
        judging.judge(verdict)
        window.workspace.telling.post(
            f"Judged “{verdict.words}”: {stretch.words}.", about=window.workspace.ecg.path
        )


JUDGE = tuple(
    Action(
        f"annotate.judge_{verdict.value}",
        verdict.words[:1].upper() + verdict.words[1:],
        partial(judge, verdict),
        (key,),
        _may_judge,
        hint=f"{TIPS[verdict]}; kept beside the read",
        edits=True,
        follows=("read", "view"),
        submenu="Judge the reason",
    )
    for verdict, key in KEYS.items()
)

ACTIONS = (
    Action(
        "annotate.draw",
        "Draw marks",
        lambda w: w.workspace.mouse.choose("mark"),
        ("A",),
        _editable,
        hint="Drag over a lead; with Shift over all leads",
        follows=("read",),
    ),
    Action(
        "annotate.from_caliper",
        "Mark what the caliper spans",
        mark_caliper,
        ("M",),
        _editable,
        hint="On the lead of the caliper",
        edits=True,
        follows=("read",),
    ),
    Action(
        "annotate.remove_last",
        "Remove the last mark",
        remove_last_mark,
        ("Shift+M",),
        _editable,
        edits=True,
        follows=("read",),
    ),
    *JUDGE,
    Action(
        "annotate.withdraw_judgement",
        "Withdraw the last judgement",
        lambda w: w.workspace.judging.withdraw_last(),
        ("Alt+0",),
        _may_judge,
        hint="It stays in the database, with a row that says so",
        edits=True,
        follows=("read", "view"),
        submenu="Judge the reason",
    ),
)
