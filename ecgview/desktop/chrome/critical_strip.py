"""One line above the trace for what must not be missed (W6): in the window only, ecgview sends no alarm."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from ecgview.desktop.chrome import strip
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import set_role


class CriticalStrip(QFrame):
    """Hidden unless a critical criterion of the open record is met and may be shown."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        set_role(self, "error")
        self.text = strip.text()
        self.who = QPushButton("Who was told …")
        self.who.clicked.connect(workspace.criteria.sought)
        line = strip.line(self.text, self.who)
        strip.keep_margins(line)
        self.setLayout(line)
        workspace.criteria.changed.connect(self._follow)
        workspace.criteria.told_changed.connect(self._follow)
        workspace.measuring.opened_changed.connect(self._follow)
        self._follow()

    def _follow(self, _changed: object = None) -> None:
        self._workspace.hand.when_free(self, self._show)  # the page stays under the hand

    def _show(self) -> None:
        criteria = self._workspace.criteria
        found = criteria.critical
        if found:
            names = "; ".join(one.name for one in found)
            told = "; ".join(one.words for one in criteria.told) or "nobody is recorded as told"
            self.text.setText(f"Critical by rule, to be confirmed: {names}. {told[:1].upper()}{told[1:]}.")
            self.text.setToolTip("\n".join(f"{one.name}: {one.evidence}" for one in found))
        self.setVisible(bool(found))
