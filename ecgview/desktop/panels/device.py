"""What the device, or a reader before this one, wrote into the file; closed while the read is blind (W2, M7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.gate import AiPanel
from ecgview.desktop.panels.kit.widgets import Text
from ecgview.signal import device_values

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.signal.device_values import Compared

NOTHING = "The file holds no measurements or statements."
BY = {"machine": "Statements of the device", "reader": "Statements of a reader, in the file"}


class DevicePanel(AiPanel):
    """The file's own measurements beside ecgview's, and its statements with who made them."""

    closed = "What the file says of the ECG stays closed until you lock your first read and reveal the AI."

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._rows: list[Compared] = []
        workspace.ecg.measured.connect(self._follow_values)
        self.renew()

    def fill(self) -> None:
        """Show what the file holds."""
        record = self.workspace.ecg.record
        if record is None or not (record.device_reading.measurements or record.device_reading.statements):
            self.content.addWidget(Text(NOTHING, tone="secondary"))
            return
        self._rows = rows = self._compared()
        if rows:
            self.content.addWidget(_table(rows))
        if record.device_reading.ecgview:
            self.content.addWidget(
                Text(f"Measurements {record.device_reading.whose}: no device's.", tone="secondary")
            )
        for by, heading in BY.items():
            if by == "machine" and record.device_reading.ecgview:
                heading = "Statements in the file"
            said = [item for item in record.device_reading.statements if item.by == by]
            if said:
                self.content.addWidget(Text(heading, size="strong"))
            for item in said:
                self.content.addWidget(Text(item.text or item.code))

    def _compared(self) -> list[Compared]:
        record = self.workspace.ecg.record
        own = self.workspace.ecg.measurements or ()
        return [] if record is None else list(device_values.compared(record.device_reading, own))

    def _follow_values(self, _found: object) -> None:
        """Build anew where our values beside the file's are others, but not at each step while an edge is moved."""
        if self.is_open and not self.workspace.measuring.is_held and self._compared() != self._rows:
            self.renew()


def _table(rows: list[device_values.Compared]) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(tokens.SPACE_S)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for column, text in enumerate(
        ("", "Device" if not rows[0].version else f"ecgview {rows[0].version}", "ecgview")
    ):
        grid.addWidget(Text(text, size="caption", tone="secondary", wrap=False), 0, column, right)
    for index, row in enumerate(rows, 1):
        ours = "" if row.ours is None else f"{row.ours:.0f}"
        if row.differs:
            ours += " differs"
        grid.addWidget(Text(row.name, elide=True), index, 0)
        grid.addWidget(Text(row.text, bold=True, wrap=False), index, 1, right)
        grid.addWidget(
            Text(ours, tone="warning" if row.differs else "secondary", wrap=False), index, 2, right
        )
    return table


PANEL = Panel(id="device", title="In the file", views=("read",), order=45, make=DevicePanel)
