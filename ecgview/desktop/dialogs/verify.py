"""Whether the store of reads is as ecgview wrote it, in plain words; checked in a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.progress import Progress, silent
from ecgview.review.store import Store

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.review.verifying import Verification

_ELSEWHERE = (
    "Whoever may read your files can forge the log with its head. A head on a printed report, or in somebody else's "
    "hands, shows that: ecgview log verify --head N:HASH."
)


def show(window: Frame) -> None:
    """Check the store, and open the sheet with what came of it."""
    workspace = window.workspace
    workspace.telling.post("Verifying the log ...")
    workspace.jobs.start(
        _checked,
        workspace.reading.store,
        title="Verifying the log",
        on_done=lambda found: _show(window, found),
        on_failed=workspace.telling.fail,
        key="verify",
    )


def _checked(store: Store, progress: Progress = silent) -> Verification:
    return store.check(progress=progress)


def _show(window: Frame, found: Verification) -> None:
    sheet = Sheet(window, "The log of reads", scrolls=True)
    sheet.setObjectName("verification")
    sheet.add_text(f"{found.summary}.", "heading" if not found.problems else "warning")
    for text in found.problems:
        sheet.add_text(f"{text[:1].upper()}{text[1:]}.")
    for text in found.notes:
        sheet.add_text(f"{text[:1].upper()}{text[1:]}.", "muted")
    sheet.add_text(f"Head of the log: {found.head.text}")
    sheet.add_text(_ELSEWHERE, "muted")
    sheet.body.addStretch(1)
    sheet.resize(640, 460)
    sheet.open()
