"""The rows of the worklist as a table model: the texts of a row are made when it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ecgview.desktop.worklist import WorklistItem

Index = QModelIndex | QPersistentModelIndex


class WorklistModel(QAbstractTableModel):
    """One column, one row per record, in the order of the worklist; nothing in it comes from a model."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: Sequence[WorklistItem] = ()
        self._shown: Sequence[int] = ()
        self._filter = ""

    @property
    def n_all(self) -> int:
        """Number of records in the list, shown or not."""
        return len(self._items)

    def set_items(self, items: Sequence[WorklistItem]) -> bool:
        """Take over the list; returns whether other rows are shown now than before."""
        shown = self._select(items, self._filter)
        if len(items) == len(self._items) and shown == self._shown:
            self._items = items
            if shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, 0))
            return False
        self.beginResetModel()
        self._items, self._shown = items, shown
        self.endResetModel()
        return True

    def set_filter(self, text: str) -> None:
        """Show the rows whose name, patient or state contains the text."""
        self.beginResetModel()
        self._filter = text.strip().casefold()
        self._shown = self._select(self._items, self._filter)
        self.endResetModel()

    def row_of(self, path: Path) -> int:
        """Return the row now shown for a path, -1 if it is not shown."""
        return next((row for row, place in enumerate(self._shown) if self._items[place].path == path), -1)

    def item(self, index: Index) -> WorklistItem:
        """Return the record of a shown row."""
        return self._items[self._shown[index.row()]]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Return the number of rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Return 1: the delegate draws the whole record."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the record for the delegate, its name, or the row in words."""
        if not index.isValid():
            return None
        item = self.item(index)
        if role == Qt.ItemDataRole.UserRole:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return item.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return sentence(item)
        return None

    def _select(self, items: Sequence[WorklistItem], wanted: str) -> Sequence[int]:
        if not wanted:
            return range(len(items))
        return [
            place
            for place, item in enumerate(items)
            if wanted in f"{item.name} {who(item)} {state_words(item)}".casefold()
        ]


def who(item: WorklistItem) -> str:
    """Return the patient's name or id (where it says more than the file's name), sex and age."""
    if item.summary is None:
        return ""
    patient = item.summary.patient
    sex = {"male": "M", "female": "F"}.get(patient.sex, "")
    age = "" if patient.age_years is None else f"{patient.age_years:.0f}"
    about = " ".join(part for part in (sex, age) if part)
    named = patient.name or patient.patient_id
    return ", ".join(part for part in ("" if named == item.name else named, about) if part)


def what(item: WorklistItem) -> str:
    """Return length, sampling rate, and the number of leads where it is not twelve."""
    if item.problem:
        return "cannot be read"
    got = item.summary
    if got is None:
        return "…"
    length = "" if got.duration_s is None else _length(got.duration_s)
    rate = "" if got.fs_hz is None else f"{got.fs_hz:g} Hz"
    leads = "" if got.n_leads in (None, 12) else f"{got.n_leads} leads"
    return " · ".join(part for part in (length, rate, leads) if part)


def state_words(item: WorklistItem) -> str:
    """Return how far the reading is: "new", "in reading", "read", "confirmed", "amended"."""
    return (item.state or "new").replace("_", " ")


def is_synthetic(item: WorklistItem) -> bool:
    """Return whether the record is known to be synthetic."""
    return item.summary is not None and item.summary.synthetic


def sentence(item: WorklistItem) -> str:
    """Return the row in words, for tooltips and screen readers."""
    synthetic = "synthetic" if is_synthetic(item) else ""
    lines = (item.name, who(item), what(item), synthetic, state_words(item), item.problem, str(item.path))
    return "\n".join(line for line in lines if line)


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s" if abs(seconds - round(seconds)) < 0.05 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
