"""The report of the open ECG: de-identified under a new name unless the reader wants it otherwise (P1, P2)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QRadioButton

from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.theme import set_role

if TYPE_CHECKING:
    from ecgview.desktop.chrome.window import MainWindow
    from ecgview.record import EcgRecord

KEPT = (
    "Without name, identifiers, dates, device, file name and the file's own statements. The reader's name and the time "
    "of the read stay. Known names are taken out of comments and marks; read them all the same before you pass the "
    "report on."
)


def show(window: MainWindow) -> Sheet | None:
    """Open the sheet for the open record."""
    from ecgview.paper.plan import choices
    from ecgview.report import exports

    record, path = window.workspace.record, window.workspace.record_path
    if record is None or path is None:
        return None
    sheet = Sheet(window, "Export report")
    sheet.of_record = True
    form = _choice(sheet, "Form", "form")
    for one in sorted(exports(), key=lambda one: one.SUFFIX != ".pdf"):
        form.addItem(f"{one.NAME} ({one.SUFFIX})", one.SUFFIX)
    layout = _choice(sheet, "Layout", "layout")
    layout.addItems(choices(record.lead_names))
    layout.setCurrentText(window.workspace.paper_settings.layout)
    without = QRadioButton("De-identified, under a new name")
    without.setObjectName("deidentified")
    without.setChecked(True)
    sheet.body.addWidget(without)
    sheet.add_text(KEPT, "muted")
    identified = QRadioButton("Identified: with name, ID, dates and device")
    identified.setObjectName("identified")
    sheet.body.addWidget(identified)
    sheet.body.addStretch(1)
    sheet.add_primary("Choose a place …").clicked.connect(
        lambda: _ask(window, sheet, record, form.currentData(), layout.currentText(), identified.isChecked())
    )
    sheet.resize(560, 420)
    sheet.open()
    return sheet


def _choice(sheet: Sheet, title: str, name: str) -> QComboBox:
    heading = QLabel(title)
    set_role(heading, "heading")
    sheet.body.addWidget(heading)
    box = QComboBox()
    box.setObjectName(name)
    sheet.body.addWidget(box)
    return box


def _ask(
    window: MainWindow, sheet: Sheet, record: EcgRecord, suffix: str, layout: str, identified: bool
) -> None:
    from ecgview.report.convert import new_name

    workspace = window.workspace
    opened = workspace.record_path
    name = workspace.names.file_of(opened) if identified and opened is not None else new_name(Path.cwd())
    chosen, _ = QFileDialog.getSaveFileName(window, "Export report", f"{name}{suffix}", f"(*{suffix})")
    if chosen and workspace.record is not record:
        workspace.post_message("Another ECG was opened meanwhile: no report was written.", "warning")
    elif chosen:
        sheet.accept()
        named = chosen if chosen.lower().endswith(suffix) else f"{chosen}{suffix}"
        workspace.export_report(named, identified=identified, layout=layout)
