"""What the one big button of a read does next: save and lock, reveal, sign, amend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QWidget

from ecgview.desktop import theme
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Text, column, row
from ecgview.review.moment import now
from ecgview.review.read import ReadState

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.review.session import ReadingSession

Kind = Literal["commit", "reveal", "sign", "amend", "sign_amendment"]
KEYS: dict[Kind, str] = {  # as the Read menu has them
    "commit": "Ctrl+Return",
    "reveal": "R",
    "sign": "Ctrl+Shift+Return",
    "sign_amendment": "Ctrl+Shift+Return",
}
BEYOND = "Changed since: a report tells the version that was locked or signed last."
OTHER: dict[Kind, str] = {"reveal": "Sign without AI", "sign_amendment": "Discard the amendment"}


@dataclass(frozen=True, slots=True)
class Step:
    """The next step of a read: its button, what it means, and whether it can be done now."""

    kind: Kind
    text: str
    hint: str
    is_possible: bool


def next_step(session: ReadingSession, may_show_ai: bool) -> Step:
    """Return the next step of this session.

    A read that was not blind on this workstation says so, and one that was changed since it was committed, for then the
    window shows other numbers than a report, which tells the committed version.
    """
    step = _next_step(session, may_show_ai)
    if session.is_beyond_latest:
        step = replace(step, hint=f"{step.hint} {BEYOND}")
    exposed = session.reads[0].exposed if session.reads else ""
    return replace(step, hint=f"{step.hint} Not blind on this workstation: {exposed}.") if exposed else step


def _next_step(session: ReadingSession, may_show_ai: bool) -> Step:
    """Return the next step of this session; the button's text begins with where the read stands."""
    says_something = not session.draft.is_empty
    needs = "" if says_something else "Add a statement, a mark or a comment first."
    if session.is_amending:
        hint = f"Amending: {session.amendment_reason}. Every earlier version is kept."
        return Step("sign_amendment", "Sign amendment", hint, says_something)
    if session.state in (ReadState.CONFIRMED, ReadState.AMENDED):
        word = "Signed" if session.state is ReadState.CONFIRMED else "Amendment signed"
        hint = "A change needs a reason; every earlier version is kept."
        return Step("amend", f"{word}{_time(session)} · amend", hint, True)
    if session.state is ReadState.READ:
        locked = f"Your first read was locked{_time(session)} and will be kept as it is."
        if may_show_ai:
            hint = f"{locked} Changes from here on are logged as made after the reveal."
            return Step("sign", "Locked, AI revealed · sign", hint, says_something)
        return Step("reveal", "Locked · reveal AI", locked, True)
    if may_show_ai:
        hint = needs or "AI results were open while this was read; the read says so."
        return Step("sign", "Not blind, not signed · sign", hint, says_something)
    hint = needs or "Locks this first read; then the AI results may be opened."
    return Step("commit", "Lock first read", hint, says_something)


def _time(session: ReadingSession) -> str:
    """Return when the newest version was committed, with its day where that is another one."""
    if session.latest is None:
        return ""
    when = session.latest.committed_at.local
    is_today = when.date() == now().local.date()
    return f" {when:%H:%M}" if is_today else f" {when:%Y-%m-%d %H:%M}"


class StepBox(QWidget):
    """The big button with its hint; an amendment first asks for its reason, in place.

    `before` is called ahead of every step, so that nothing typed is left behind.
    """

    def __init__(self, workspace: Workspace, before: Callable[[], None]) -> None:
        super().__init__()
        self._workspace = workspace
        self._before = before
        self._step: Step | None = None
        self.button = QPushButton()
        self.button.setMinimumHeight(38)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.set_role(self.button, "primary")
        self.button.clicked.connect(self._go)
        self.hint = Text("", size="caption", tone="secondary")
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("Reason for the amendment")
        self.reason.setAccessibleName("Reason for the amendment")
        self.reason.textChanged.connect(self._enable)
        self.reason.returnPressed.connect(self._go)
        self.other = QPushButton()
        theme.set_role(self.other, "link")
        self.other.clicked.connect(self._go_other)
        whole = column(self, spacing=tokens.SPACE_XS)
        whole.addWidget(self.reason)
        whole.addWidget(self.button)
        whole.addWidget(self.hint)
        whole.addLayout(row(self.other, 1))

    def show_step(self, session: ReadingSession | None) -> None:
        """Show the next step of a session."""
        self.setVisible(session is not None)
        if session is None:
            self._step = None
            return
        step = next_step(session, self._workspace.reading.may_show_ai())
        if self._step is None or step.kind != self._step.kind:
            self.reason.clear()
        self._step = step
        self.reason.setVisible(step.kind == "amend")
        self.other.setVisible(step.kind in OTHER)
        self.other.setText(OTHER.get(step.kind, ""))
        self.button.setText(step.text)
        self.button.setToolTip(KEYS.get(step.kind, ""))
        self.hint.setText(step.hint)
        self._enable()

    def _enable(self) -> None:
        if self._step is not None:
            missing = self._step.kind == "amend" and not self.reason.text().strip()
            self.button.setEnabled(self._step.is_possible and not missing)

    def _go(self) -> None:
        self._before()
        if self._step is None or not self.button.isEnabled():
            return
        if self._step.kind == "commit":
            self._workspace.steps.commit_first_read()
        elif self._step.kind == "reveal":
            self._workspace.steps.reveal()
        elif self._step.kind == "amend":
            self._workspace.steps.amend(self.reason.text().strip())
        else:
            self._workspace.steps.sign()

    def _go_other(self) -> None:
        self._before()
        if self._step is not None and self._step.kind == "sign_amendment":
            self._workspace.steps.discard_amendment()
        else:
            self._workspace.steps.sign()
