"""Everything that a file says: of the recording, of the patient, and what its device or a reader made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QPushButton, QTableView

from ecgview import csv_cells
from ecgview.counts import counted
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.record import TELLS_A_READING, EcgRecord

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.desktop.state.workspace import Workspace

CLOSED = (
    "What the device or a reader before made of this ECG, and the file's further fields, which may repeat it, stay "
    "closed until your first read is locked and the AI revealed; the file's name and folder, which may tell it, until "
    "your first read is locked."
)
LONGEST = 2000  # characters of one field that are shown; a copy has no more
FILE = "file"
Row = tuple[str, str]


def show(window: Frame) -> Sheet | None:
    """Open the sheet on the open record."""
    record = window.workspace.ecg.record
    if record is None:
        return None
    may_tell = window.workspace.reading.may_show_ai()
    sheet = Sheet(window, "About this file")
    sheet.of_record = True
    if not may_tell:
        sheet.add_text(CLOSED, "banner")
    table, shown = _table(_shown_rows(window.workspace, record, may_tell))
    search = QLineEdit()
    search.setPlaceholderText("Search: field or value")
    search.setClearButtonEnabled(True)
    search.textChanged.connect(shown.setFilterFixedString)
    sheet.body.addWidget(search)
    sheet.body.addWidget(table, 1)
    copy = QPushButton("Copy")
    copy.clicked.connect(lambda: _copy(table))
    sheet.buttons.addButton(copy, sheet.buttons.ButtonRole.ActionRole)
    sheet.resize(760, 640)
    sheet.open()
    return sheet


def _shown_rows(workspace: Workspace, record: EcgRecord, may_tell: bool) -> list[Row]:
    """Return the rows as they may be shown: without what the file is called before the first read is locked."""
    names, path = workspace.names, workspace.ecg.path
    if path is None or not names.is_closed(path):
        return list(rows(record, may_tell))
    nameless = replace(record, patient=names.patient(record, path))
    kept = [("record", names.of(path)), *rows(nameless, may_tell)]
    return [(field, names.without(value, path)) for field, value in kept if field != FILE]


def rows(record: EcgRecord, may_tell: bool) -> Iterator[Row]:
    """Yield (field, value) of all that is known; what tells a reading only where it may be told (W2)."""
    yield from _recording(record)
    for note in record.notes:
        if may_tell or note.kind not in TELLS_A_READING:
            yield f"note: {note.kind}", note.text
    if not may_tell:
        return
    version = record.device_reading.ecgview
    by = f"ecgview {version}" if version else "device"
    for one in record.device_reading.measurements:
        lead = f" {one.lead}" if one.lead else ""
        yield f"{by}: {one.name}{lead}", f"{one.value:g} {one.unit}"
    for item in record.device_reading.statements:
        who = ("file" if version else "device") if item.by == "machine" else item.by
        yield f"statement of the {who}", f"{item.text} [{item.code}]" if item.code else item.text
    if record.device_reading.median is not None:
        yield f"{by}: median beat", counted(len(record.device_reading.median.lead_names), "lead")
    yield from record.acquisition.extra.items()


def _recording(record: EcgRecord) -> Iterator[Row]:
    who, got = record.patient, record.acquisition
    filters = (("high-pass", got.highpass_hz), ("low-pass", got.lowpass_hz), ("notch", got.notch_hz))
    told = (
        ("format", record.source.format),
        (FILE, record.source.path),
        ("sha256 of leads, rate and samples", record.source.sha256),
        ("patient ID", who.patient_id),
        ("name", who.name),
        ("sex", who.sex),
        ("age", "" if who.age_years is None else counted(f"{who.age_years:g}", "year")),
        ("birth date", who.birth_date),
        ("recorded", got.start_time.replace("T", " ")),
        ("device", got.device),
        (
            "filter in the file",
            ", ".join(f"{name} {value:g} Hz" for name, value in filters if value is not None),
        ),
        ("leads", " ".join(record.lead_names)),
        ("computed leads", " ".join(got.derived_leads)),
        ("sampling rate", f"{record.sampling_rate_hz:g} Hz"),
        ("duration", f"{record.seconds:g} s"),
        ("step", "" if got.step_uv is None else f"{got.step_uv:g} µV"),
        ("synthetic", "synthetic: no patient was recorded" if record.synthetic else ""),
    )
    yield from ((name, value) for name, value in told if value)


def _table(found: list[Row]) -> tuple[QTableView, QSortFilterProxyModel]:
    model = QStandardItemModel(0, 2)
    model.setHorizontalHeaderLabels(["Field", "Value"])
    for name, value in found:
        model.appendRow([QStandardItem(name), QStandardItem(value[:LONGEST])])
    table = QTableView()
    shown = QSortFilterProxyModel(table)
    shown.setSourceModel(model)
    model.setParent(table)
    shown.setFilterKeyColumn(-1)
    shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    table.setModel(shown)
    table.verticalHeader().hide()
    table.setWordWrap(True)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setColumnWidth(0, 250)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.verticalHeader().setDefaultSectionSize(24)
    return table, shown


def _copy(table: QTableView) -> None:
    """Copy the chosen rows, or all that are shown, with tabs between field and value."""
    chosen = sorted({index.row() for index in table.selectedIndexes()}) or range(table.model().rowCount())
    lines = (csv_cells.line(table.model().index(row, column).data() for column in (0, 1)) for row in chosen)
    QGuiApplication.clipboard().setText("\n".join(lines))
