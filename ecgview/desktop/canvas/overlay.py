"""What lies over the trace now: the reader's marks, the mask under the hand, an explanation."""

from __future__ import annotations

from dataclasses import replace

from ecgview.desktop.canvas import gestures
from ecgview.desktop.state.workspace import Workspace
from ecgview.overlay import Overlay, Span
from ecgview.review.annotation import to_overlay


def gather(workspace: Workspace) -> Overlay:
    """Return the reader's marks, what an explanation draws, and the mask of now."""
    session, shown = workspace.reading.session, workspace.paper.overlay or Overlay()
    marks = to_overlay(session.draft.annotations).spans if session is not None else ()
    spans = shown.spans
    if workspace.paper.view == "reconstruct":  # the mask under the hand, not that of the last answer
        answers = workspace.answers
        drawn = gestures.spans(answers.mask, answers.segments.seconds)
        hidden = tuple(Span(start, end, "masked") for start, end in drawn)
        spans = (*(span for span in spans if span.role != "masked"), *hidden)
    return replace(shown, spans=(*spans, *marks))
