"""The plain dialog that the others are made of: a title, a body that may scroll, one row of buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ecgview.desktop.theme import SPACE, set_role


class Sheet(QDialog):
    """A window-modal sheet that deletes itself when it is closed; `body` takes the content.

    `of_record` says that it tells of the open record: it leaves with it.
    """

    of_record = False

    def __init__(self, parent: QWidget | None, title: str, *, scrolls: bool = False) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        whole.setSpacing(2 * SPACE)
        heading = QLabel(title)
        set_role(heading, "title")
        whole.addWidget(heading)
        content = QWidget()
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACE)
        if scrolls:
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setWidget(content)
            whole.addWidget(area, 1)
        else:
            whole.addWidget(content, 1)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.reject)
        whole.addWidget(self.buttons)

    def showEvent(self, event: QShowEvent) -> None:
        """Come up with room for every line: what is asked is never cut."""
        super().showEvent(event)
        whole = self.layout()
        if whole is not None and whole.hasHeightForWidth():
            available = self.screen().availableGeometry().height()
            needed = min(whole.totalHeightForWidth(self.width()), available)
            self.resize(self.width(), max(self.height(), needed))

    def add_text(self, text: str, role: str = "") -> QLabel:
        """Add a paragraph that wraps and can be copied."""
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if role:
            set_role(label, role)
        self.body.addWidget(label)
        return label

    def add_primary(self, text: str) -> QPushButton:
        """Add the button that does what the sheet is for, and turn Close into Cancel."""
        self.buttons.button(QDialogButtonBox.StandardButton.Close).setText("Cancel")
        made = self.buttons.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole)
        set_role(made, "primary")
        made.setDefault(True)
        return made
