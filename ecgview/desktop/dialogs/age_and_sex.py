"""The sheet in which a reader enters the age and sex that a file does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout

from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.review.subject import OLDEST_YEARS, SEXES, Subject

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame

TITLE = "Age and sex"
WHY = (
    "The file does not say them. What you enter is kept with your name, is shown as entered by hand, and stands beside "
    "the measurements and the AI in the place of the file's own."
)
UNKNOWN = -1.0


def show(window: Frame) -> None:
    """Ask for what the file of the open record does not say."""
    record = window.workspace.ecg.record
    if record is None:
        return
    sheet = Sheet(window, TITLE)
    sheet.of_record = True
    sheet.add_text(WHY)
    form = QFormLayout()
    age = QDoubleSpinBox()
    age.setDecimals(0)
    age.setRange(UNKNOWN, OLDEST_YEARS)
    age.setSpecialValueText("unknown")
    age.setSuffix(" years")
    age.setValue(UNKNOWN)
    sex = QComboBox()
    sex.addItems(["unknown", *SEXES])
    if record.patient.age_years is None:
        form.addRow("Age", age)
    if not record.patient.sex:
        form.addRow("Sex", sex)
    sheet.body.addLayout(form)
    sheet.body.addStretch(1)
    button = sheet.add_primary("Keep")
    button.setEnabled(False)

    def check() -> None:
        button.setEnabled(age.value() > UNKNOWN or sex.currentIndex() > 0)

    def accept() -> None:
        sheet.accept()
        years = age.value() if age.value() > UNKNOWN else None
        chosen = sex.currentText() if sex.currentIndex() > 0 else ""
        window.workspace.ecg.enter_subject(record, Subject(years, chosen, window.workspace.reader.name))

    age.valueChanged.connect(check)
    sex.currentIndexChanged.connect(check)
    sheet.buttons.accepted.connect(accept)
    sheet.resize(460, 260)
    sheet.open()
