"""Which files are read and written, from where that is known, and which are not and why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from ecgview import formats
from ecgview.desktop.dialogs.sheet import Sheet

COLUMNS = {
    "format": "Format",
    "extensions": "Files",
    "read": "Read",
    "write": "Written",
    "known_from": "Known from",
    "real_files": "Real files tried",
    "note": "Note",
}
_WIDTHS = (150, 110, 50, 60, 230, 130)
SCOPE = (
    "A file is told by its content, not by its name. Archives (.zip, .tar) of ECGs open as a worklist. Scanned or "
    "photographed ECGs are out of scope: a trace on paper has no samples."
)


def show(parent: QWidget) -> Sheet:
    """Open the sheet."""
    sheet = Sheet(parent, "File formats")
    sheet.add_text(SCOPE)
    rows = formats.table()
    table = QTableWidget(len(rows), len(COLUMNS))
    table.setHorizontalHeaderLabels(list(COLUMNS.values()))
    for place, row in enumerate(rows):
        for column, key in enumerate(COLUMNS):
            item = QTableWidgetItem(_words(getattr(row, key)))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setTextAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            table.setItem(place, column, item)
    for column, width in enumerate(_WIDTHS):
        table.setColumnWidth(column, width)
    table.horizontalHeader().setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    sheet.body.addWidget(table, 1)
    sheet.resize(1080, 640)
    sheet.open()
    return sheet


def _words(value: str | bool | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else " ".join(value)
