"""The strip above the trace: whose ECG this is, when it was recorded, and what ecgview is not for."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.counts import counted
from ecgview.desktop.state.neutral_names import Names
from ecgview.desktop.theme import SPACE, set_role
from ecgview.record import EcgRecord, Patient

CLOSED = "The file's name and folder are shown once your first read is locked."


class RecordHeader(QFrame):
    """Name, patient, time; "synthetic" as a word wherever that is so; the banner at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = _label("title")
        self.synthetic = _label("badge")
        self.synthetic.setText("synthetic")
        self.synthetic.hide()
        self.details = _label("muted")
        self.details.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.banner = _label("banner")
        self.banner.setText(RESEARCH_USE_ONLY)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        row.setSpacing(SPACE + 4)
        row.addWidget(self.name)
        row.addWidget(self.synthetic)
        row.addWidget(self.details, 1)
        row.addWidget(self.banner)
        set_role(self, "strip")

    def show_record(self, record: EcgRecord, path: Path, names: Names) -> None:
        """Show whose ECG this is, by its number while its file's name is closed."""
        name = names.of(path)
        self.name.setText(name)
        self.synthetic.setVisible(record.synthetic)
        self.details.setText(details(record, names.patient(record, path), name))
        self.details.setToolTip(CLOSED if names.is_closed(path) else str(path))

    def show_blank(self, name: str, words: str) -> None:
        """Show the name of a record that is not open, and why nothing more is told."""
        self.name.setText(name)
        self.synthetic.hide()
        self.details.setText(words)
        self.details.setToolTip("")


def details(record: EcgRecord, patient: Patient, name: str) -> str:
    """Return patient, age, sex and time of recording, as far as the file says; not what `name` says."""
    age = "" if patient.age_years is None else counted(f"{patient.age_years:.0f}", "year")
    when = record.acquisition.start_time.replace("T", " ")
    parts = [patient.name, patient.patient_id, age, patient.sex, when]
    return "  ·  ".join(part for part in parts if part and part != name)


def _label(role: str) -> QLabel:
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)  # what a file says is never markup
    set_role(made, role)
    return made
