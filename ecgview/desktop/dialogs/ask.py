"""Dialogs that ask for one text, before what cannot be taken back, and the scale of the screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDialogButtonBox, QLineEdit, QSlider, QWidget

from ecgview.desktop.dialogs.sheet import Sheet

RULER_MM = 100.0


def ask_text(
    parent: QWidget, title: str, question: str, done: str, on_text: Callable[[str], object], text: str = ""
) -> Sheet:
    """Ask for one line of text; `on_text` gets it once it is not empty."""
    sheet = Sheet(parent, title)
    sheet.add_text(question)
    box = QLineEdit(text)
    sheet.body.addWidget(box)
    sheet.body.addStretch(1)
    button = sheet.add_primary(done)
    button.setEnabled(bool(text.strip()))
    box.textChanged.connect(lambda now: button.setEnabled(bool(now.strip())))

    def accept() -> None:
        if box.text().strip():
            sheet.accept()
            on_text(box.text().strip())

    sheet.buttons.accepted.connect(accept)
    box.setFocus()
    sheet.resize(460, 200)
    sheet.open()
    return sheet


def ask_first(parent: QWidget, title: str, text: str, done: str, on_yes: Callable[[], object]) -> Sheet:
    """Ask before something that cannot be taken back; Enter and Escape leave everything as it is."""
    sheet = Sheet(parent, title)
    sheet.add_text(text)
    sheet.body.addStretch(1)
    button = sheet.add_primary(done)
    cancel = sheet.buttons.button(QDialogButtonBox.StandardButton.Close)
    button.setDefault(False)
    button.setAutoDefault(False)
    cancel.setDefault(True)
    sheet.buttons.accepted.connect(sheet.accept)
    sheet.accepted.connect(on_yes)
    sheet.resize(460, 220)
    sheet.open()
    cancel.setFocus()
    return sheet


class _Ruler(QWidget):
    """A bar that is 100 mm long when the scale is right."""

    def __init__(self, px_per_mm: float) -> None:
        super().__init__()
        self.px_per_mm = px_per_mm
        self.setMinimumHeight(56)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar with a tick every 10 mm."""
        with QPainter(self) as painter:
            painter.setPen(self.palette().windowText().color())
            end = RULER_MM * self.px_per_mm
            painter.drawLine(1, 20, round(end) + 1, 20)
            for step in range(11):
                x = round(1 + step * end / 10)
                painter.drawLine(x, 8 if step % 10 == 0 else 13, x, 20)
            painter.drawText(1, 44, f"{RULER_MM:.0f} mm")


def ask_calibration(parent: QWidget, px_per_mm: float, on_scale: Callable[[float], object]) -> Sheet:
    """Let the user match a bar with a ruler held to the screen (C4); `on_scale` gets px per mm, 0 = none."""
    sheet = Sheet(parent, "Calibrate the screen")
    sheet.add_text("Hold a ruler to the screen and move the slider until the bar is exactly 100 mm long.")
    ruler = _Ruler(px_per_mm)
    sheet.body.addWidget(ruler)
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(200, 1500)
    slider.setValue(round(px_per_mm * 100))

    def moved(value: int) -> None:
        ruler.px_per_mm = value / 100
        ruler.update()

    def accept() -> None:
        sheet.accept()
        on_scale(ruler.px_per_mm)

    slider.valueChanged.connect(moved)
    sheet.body.addWidget(slider)
    sheet.add_primary("This is 100 mm")
    forget = sheet.buttons.addButton("Forget", QDialogButtonBox.ButtonRole.ResetRole)
    forget.clicked.connect(sheet.reject)
    forget.clicked.connect(lambda: on_scale(0.0))
    sheet.buttons.accepted.connect(accept)
    sheet.resize(900, 260)
    sheet.open()
    return sheet
