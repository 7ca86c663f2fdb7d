"""One line above the trace where limb electrodes seem exchanged, or where the ECG is shown as if they were not (T7)."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from ecgview.desktop.chrome import strip
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import set_role
from ecgview.signal import limb_leads


class ExchangeStrip(QFrame):
    """Hidden unless our measurements, where they may be shown, tell of an exchange, or a what-if is shown."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._electrodes = ""
        set_role(self, "warning")
        self.text = strip.text()
        self.button = QPushButton()
        self.button.clicked.connect(self._do)
        line = strip.line(self.text, self.button)
        strip.keep_margins(line)
        self.setLayout(line)
        for signal in (workspace.ecg.opened, workspace.ecg.closed):
            signal.connect(self._follow)
        workspace.measuring.changed.connect(self._follow)
        workspace.measuring.opened_changed.connect(self._follow)
        self._follow()

    def _follow(self, _changed: object = None) -> None:
        self._workspace.hand.when_free(self, self._show)  # the page stays under the hand

    def _show(self) -> None:
        record, measured = self._workspace.ecg.record, self._workspace.measuring.measured
        what_if = "" if record is None else record.what_if
        self._electrodes = (
            limb_leads.suspected(measured.warnings) if measured is not None and not what_if else ""
        )
        if what_if:
            weak = f" Note: {limb_leads.WEAK}." if "left arm and left leg" in what_if else ""
            self.text.setText(
                f"NOT THE RECORDING, {what_if}. It is not read or signed, nothing of it is kept, and no model is asked "
                f"about it.{weak}"
            )
            self.button.setText("Back to the recording")
        elif self._electrodes:
            self.text.setText(
                f"Limb electrodes perhaps exchanged: {self._electrodes} (or the heart on the right side). The ECG is "
                "shown as recorded."
            )
            self.button.setText("Show as if exchanged back")
        self.setVisible(bool(what_if or self._electrodes))

    def _do(self) -> None:
        if self._electrodes:
            self._workspace.ecg.show_as_if(self._electrodes)
        else:
            self._workspace.ecg.show_recorded()
