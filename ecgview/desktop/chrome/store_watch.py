"""Watches over what the store keeps: the banner of a store that does not, and what has to be asked."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from ecgview.desktop.chrome import strip
from ecgview.desktop.dialogs import elsewhere
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import set_role
from ecgview.errors import EcgviewError, EmptyStoreError
from ecgview.review.merging import ConflictError, SupersededError
from ecgview.review.presence import Presence


class StoreStrip(QFrame):
    """One line above the trace while reads cannot be kept; it stays until they can."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.text = strip.text()
        self.anew = QPushButton("Start a new store here")
        self.anew.clicked.connect(workspace.reading.start_anew)
        self.again = QPushButton("Try again")
        self.again.clicked.connect(workspace.reading.again)
        for button in (self.anew, self.again):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            set_role(button, "link")
        line = strip.line(self.text, self.anew, self.again)
        strip.keep_margins(line)
        self.setLayout(line)
        set_role(self, "warning")
        self.hide()
        hand = workspace.hand
        workspace.reading.problem_changed.connect(
            lambda problem: hand.when_free(self, lambda: self.show_problem(problem))
        )

    def show_problem(self, problem: EcgviewError | None) -> None:
        """Say why reads cannot be kept, or nothing."""
        if problem is not None:
            self.text.setText(f"View only, reads are not kept: {problem.message}.")
            self.text.setToolTip(str(problem))
            self.anew.setVisible(isinstance(problem, EmptyStoreError))
        self.setVisible(problem is not None)


class StoreWatch(QObject):
    """Tells and asks in a window what the store and other windows do to its read."""

    def __init__(self, window: QWidget, workspace: Workspace) -> None:
        super().__init__(window)
        self._window, self._workspace = window, workspace
        self.strip = StoreStrip(workspace)
        self.sheet: Sheet | None = None
        workspace.reading.shared.connect(self._tell_shared)
        workspace.reading.read_under_other_data.connect(self._tell_other_data)
        keeping = workspace.reading.keeping
        keeping.conflicted.connect(self._ask_which)
        keeping.superseded.connect(self._offer)
        keeping.blocked.connect(self._ask_leaving)

    def _tell_shared(self, presence: Presence) -> None:
        others = " and ".join(
            f"process {other.process}, since {other.since.local:%H:%M}" for other in presence.others
        )
        self._workspace.telling.post(
            f"This ECG is open in another window too ({others}). Edits of both are joined.",
            "warning",
            about=self._workspace.ecg.path,
        )

    def _tell_other_data(self, said: str) -> None:
        self._workspace.telling.post(
            f"Is this the right patient? {said[:1].upper()}{said[1:]}.",
            "warning",
            about=self._workspace.ecg.path,
        )

    def _ask_which(self, conflict: ConflictError) -> None:
        self._replace(elsewhere.ask_which(self._window, conflict, self._workspace.steps.resolve))

    def _offer(self, error: SupersededError) -> None:
        session = self._workspace.reading.session
        if session is None or session.offer is None:
            self._workspace.telling.fail(error, self._workspace.ecg.path)
            return
        offer, session.offer = session.offer, None
        self._replace(elsewhere.offer_again(self._window, self._workspace, error, offer))

    def _ask_leaving(self, error: Exception) -> None:
        self._replace(elsewhere.ask_leaving(self._window, error, self._workspace.reading.answer))

    def _replace(self, sheet: Sheet) -> None:
        before, self.sheet = self.sheet, sheet
        sheet.finished.connect(lambda _result: self._forget(sheet))
        if before is not None:
            before.blockSignals(True)  # its question is asked anew
            before.close()

    def _forget(self, sheet: Sheet) -> None:
        if self.sheet is sheet:
            self.sheet = None
