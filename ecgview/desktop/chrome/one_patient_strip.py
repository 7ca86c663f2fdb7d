"""One quiet line above the trace where two ECGs filed under one patient do not look like one patient's."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from ecgview.desktop.chrome import strip
from ecgview.desktop.dialogs import one_patient
from ecgview.desktop.frame import Frame
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import set_role


class OnePatientStrip(QFrame):
    """Hidden unless a model that may be shown says so of the open record; it can be put away for this record."""

    def __init__(self, window: Frame, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._put_away = ""
        set_role(self, "strip")
        self.text = strip.text()
        self.why = QPushButton("What this rests on …")
        self.why.clicked.connect(lambda: one_patient.show(window))
        self.away = QPushButton("Put away")
        self.away.clicked.connect(self._put)
        line = strip.line(self.text, self.why, self.away)
        strip.keep_margins(line)
        self.setLayout(line)
        workspace.ecg.opened.connect(self._come_back)
        workspace.one_patient.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self._workspace.hand.when_free(self, self._show)  # the page stays under the hand

    def _show(self) -> None:
        warning = self._workspace.one_patient.warning
        self.text.setText(warning)
        self.text.setToolTip("\n".join(self._workspace.one_patient.words) if warning else "")
        self.setVisible(bool(warning) and warning != self._put_away)

    def _put(self) -> None:
        self._put_away = self.text.text()
        self._show()

    def _come_back(self, _record: object) -> None:
        self._put_away = ""
