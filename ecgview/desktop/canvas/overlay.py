"""What lies over the trace now: the reader's marks, the mask under the hand, an explanation."""

from __future__ import annotations

from dataclasses import replace

from ecgview.desktop.canvas import gestures
from ecgview.desktop.state.workspace import Workspace
from ecgview.overlay import Overlay, Span
from ecgview.review.annotation import Annotation, to_overlay


def gather(workspace: Workspace, live: tuple[Annotation, ...] = ()) -> Overlay:
    """Return the reader's marks but those under the hand (`live`), what an explanation draws, and the mask of now."""
    session, shown = workspace.reading.session, workspace.paper.overlay or Overlay()
    drawn = () if session is None else (mark for mark in session.draft.annotations if mark not in live)
    marks = to_overlay(drawn).spans
    spans = shown.spans
    if workspace.paper.view == "reconstruct":  # the mask under the hand, not that of the last answer
        answers = workspace.answers
        stretches = gestures.spans(answers.mask, answers.segments.seconds)
        hidden = tuple(Span(start, end, "masked") for start, end in stretches)
        spans = (*(span for span in spans if span.role != "masked"), *hidden)
    return replace(shown, spans=(*spans, *marks))
