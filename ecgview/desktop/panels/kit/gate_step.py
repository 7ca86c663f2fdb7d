"""What a reader does next so that the gate opens: a sentence and a button for every state of a read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace


@dataclass(frozen=True, slots=True)
class GateStep:
    """`text` says what is to be done, `button` is its short name and `do` does it."""

    text: str
    button: str
    do: Callable[[], object]

    @property
    def words(self) -> tuple[str, str]:
        """What makes two steps the same to a reader."""
        return self.text, self.button


def gate_step(workspace: Workspace, asker: QWidget) -> GateStep | None:
    """Return what opens the gate in this state; None where a record is being opened, or the gate is open.

    Args:
        workspace: whose record and read are looked at.
        asker: a widget of the window, whose actions are run.
    """
    session = workspace.reading.session
    if workspace.ecg.record is None:
        if workspace.ecg.shown.kind != "nothing":
            return None
        return GateStep("Open an ECG first.", "Open files …", lambda: _run(asker, "file.open"))
    if not workspace.reader.name:
        return GateStep(
            "Say who reads: a read without a name is none.",
            "Say who reads",
            workspace.reader.needed.emit,
        )
    if workspace.ecg.record.what_if:
        return GateStep(
            "This is a what-if, not the recording: no model is asked about it.",
            "Back to the recording",
            workspace.ecg.show_recorded,
        )
    if session is None or session.view_only:
        return GateStep(
            "Reads cannot be saved now, so that none can be locked: this ECG can only be looked at.",
            "Try the database again",
            workspace.reading.again,
        )
    if workspace.reading.may_show_ai():
        return None
    if session.reads:
        return GateStep("Your first read is locked.", "Reveal AI", workspace.steps.reveal)
    if session.draft.is_empty:
        return GateStep(
            "First say what you see: a statement, a mark or a comment.",
            "Go to your read",
            lambda: _find_statement(workspace, asker),
        )
    return GateStep(
        "Your read is a draft. Lock it, then the AI may be revealed.",
        "Lock first read",
        workspace.steps.commit_first_read,
    )


def _run(asker: QWidget, action_id: str) -> bool:
    action = asker.window().findChild(QAction, action_id)
    if isinstance(action, QAction):
        action.trigger()
    return action is not None


def _find_statement(workspace: Workspace, asker: QWidget) -> None:
    if not _run(asker, "read.find_statement"):
        workspace.paper.set_view("read")
