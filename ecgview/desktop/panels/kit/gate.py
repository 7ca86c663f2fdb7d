"""The one gate through which AI text reaches a panel: nothing is built before the session opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QProgressBar, QPushButton, QSizePolicy, QWidget

from ecgview.desktop import theme
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.gate_step import GateStep, gate_step
from ecgview.desktop.panels.kit.widgets import Notice, Text, clear, column, row
from ecgview.models import context

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.review.session import ReadingSession

BLINDED = "AI results stay closed until you lock your first read."


class AiPanel(QWidget):
    """A panel of AI results: closed while the read is blind, and emptied whenever the record changes.

    A panel builds its content in `fill`, which is called only while `Reading.may_show_ai` says so.
    While closed, no label, tooltip or model of the widget holds anything that a model said; `closed` tells why,
    and below it stands the button that does what comes next, with the sentence for it where `leads`.
    """

    closed = BLINDED
    leads = False

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.content = column(self, spacing=tokens.SPACE_S)
        self.content.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._failure = ""
        self._working: Working | None = None
        self._job = ""  # that the content waits for
        self._was: tuple[bool, tuple[str, str] | None] | None = None
        workspace.ecg.opened.connect(self.renew)
        workspace.ecg.closed.connect(self.renew)
        workspace.reading.session_changed.connect(self._follow_session)
        workspace.reading.draft_changed.connect(self._follow_draft)
        workspace.reader.name_changed.connect(self._follow_session)
        workspace.jobs.job_progressed.connect(self._report)
        workspace.jobs.busy_changed.connect(self._look_after_job)

    @property
    def is_open(self) -> bool:
        """Whether AI results of the open record may be shown."""
        return self.workspace.reading.may_show_ai()

    def renew(self, _changed: object = None) -> None:
        """Build the content anew from the workspace; the gate comes first."""
        self._failure = ""
        self._build()

    def fail(self, reason: object) -> None:
        """Say why there is no result; a failure that comes while the gate is closed is not kept."""
        self._failure = str(reason) if self.is_open else ""
        self._build()

    def _build(self) -> None:
        clear(self.content)
        self._working = None
        step = gate_step(self.workspace, self)
        self._was = self.is_open, step.words if step is not None else None
        self._named = context.named_by_reader(self.stated) if self.is_open else ()
        session = self.workspace.reading.session
        self._was_empty = session is None or session.draft.is_empty
        if self.workspace.ecg.record is None:
            text = self.workspace.ecg.shown.instead("Open an ECG to see what the models say.")
            self.content.addWidget(Text(text, tone="secondary"))
        elif not self.is_open:
            self.content.addWidget(Notice(self.closed, "accent"))
        else:
            self.fill()
        if step is not None:
            self._add_step(step)

    def _add_step(self, step: GateStep) -> None:
        button = _button(step.button, step.do)
        if self.leads and self.workspace.ecg.record is not None:
            self.content.addWidget(Text(step.text, tone="secondary"))
        elif not self.leads:  # the panel above it in this tab says what is to be done
            button.setToolTip(step.text)
            theme.set_role(button, "link")
        self.content.addLayout(row(button, 1))

    def fill(self) -> None:
        """Add the content for the open record; every panel has its own."""
        raise NotImplementedError

    def fill_pending(self, doing: str, request: Callable[[], object], job: str) -> None:
        """Say that there is no result yet: why it failed, that it is being made, or how to ask for it.

        Args:
            doing: what is being done, for the reader.
            request: asks for the result.
            job: key of the job that makes it, to watch and to cancel.
        """
        jobs = self.workspace.jobs
        if self._failure:
            self.content.addWidget(Notice(self._failure, "error", title="Not analysed"))
            self.content.addLayout(row(_button("Try again", lambda: self._ask(request)), 1))
        elif jobs.is_running(job):
            self._job = job
            self._working = Working(doing, lambda: self._stop(job))
            self.content.addWidget(self._working)
        else:
            self.content.addWidget(Text("Not analysed yet.", tone="secondary"))
            self.content.addLayout(row(_button("Analyse", lambda: self._ask(request)), 1))

    @property
    def stated(self) -> tuple[tuple[str, str], ...]:
        """What the reader states of the open record: label sets and codes."""
        session = self.workspace.reading.session
        return () if session is None else tuple(item.key for item in session.draft.statements)

    def _follow_session(self, _session: object) -> None:
        step = gate_step(self.workspace, self)
        if self._was != (self.is_open, step.words if step is not None else None):
            self.renew()
        elif self.is_open:
            self._follow_names()

    def _follow_draft(self, session: ReadingSession) -> None:
        """Most edits of the read change nothing here: closed, the step that comes next; open, a context it names."""
        if self.is_open:
            self._follow_names()
        elif session.draft.is_empty != self._was_empty:
            self.renew()

    def _follow_names(self) -> None:
        if context.named_by_reader(self.stated) != self._named:
            self.renew()

    def _ask(self, request: Callable[[], object]) -> None:
        request()
        self.renew()

    def _stop(self, job: str) -> None:
        self.workspace.jobs.cancel(job)
        self.renew()

    def _look_after_job(self, _n_busy: int) -> None:
        if self._working is not None and not self.workspace.jobs.is_running(self._job):
            QTimer.singleShot(0, self, self._stopped)  # what it brought, if anything, is told first

    def _stopped(self) -> None:
        if self._working is not None and not self.workspace.jobs.is_running(self._job):
            self.renew()  # another panel gave the question up

    def _report(self, progress: tuple[str, float, str]) -> None:
        if self._working is not None:
            self._working.report(progress[1], progress[2])


class Working(QWidget):
    """What is being computed, how far it is, and a way to stop it."""

    def __init__(self, text: str, on_cancel: Callable[[], object]) -> None:
        super().__init__()
        self._label = Text(text, tone="secondary", elide=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        whole = column(self, spacing=tokens.SPACE_XS)
        whole.addLayout(row(self._label, _button("Cancel", on_cancel)))
        whole.addWidget(self._bar)

    def report(self, fraction: float, text: str = "") -> None:
        """Show how far the work is; 0 leaves the bar moving."""
        self._bar.setRange(0, 100 if fraction > 0 else 0)
        self._bar.setValue(round(fraction * 100))
        if text:
            self._label.setText(text)


def _button(text: str, run: Callable[[], object]) -> QPushButton:
    made = QPushButton(text)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    made.clicked.connect(lambda: run())
    return made
