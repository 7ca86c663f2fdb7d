"""The rows of the worklist as a table model: the texts of a row are made when it is looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ecgview.desktop.panels.worklist.search import matches, searched, words
from ecgview.desktop.panels.worklist.words import sentence
from ecgview.desktop.state.neutral_names import Names
from ecgview.desktop.state.worklist import Worklist, WorklistItem

Index = QModelIndex | QPersistentModelIndex


class WorklistModel(QAbstractTableModel):
    """One column, one row per record, in the order of the worklist; nothing in it comes from a model.

    What the filter looks through is kept as one text per record, so that typing reads no file again: one with
    what its file is called, and one without for a record whose name is closed.
    """

    def __init__(self, worklist: Worklist, names: Names, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worklist = worklist
        self._names = names
        self._texts: list[str] = []
        self._neutral: list[str] = []
        self._shown: range | list[int] = range(0)  # places in the worklist, rising
        self._words: tuple[str, ...] = ()
        worklist.rows_added.connect(self._add)
        worklist.rows_changed.connect(self._change)
        names.changed.connect(self._rename)
        self._add(0, len(worklist))

    @property
    def n_all(self) -> int:
        """Number of records in the list, shown or not."""
        return len(self._texts)

    def set_filter(self, text: str) -> None:
        """Show the rows in which every word of the text is found."""
        self.beginResetModel()
        self._words = words(text)
        if self._words:
            self._shown = self._fitting(range(len(self._texts)))
        else:
            self._shown = range(len(self._texts))
        self.endResetModel()

    def row_of(self, path: Path) -> int:
        """Return the row now shown for a path, -1 if it is not shown."""
        place = self._worklist.place(path)
        row = bisect_left(self._shown, place)
        return row if row < len(self._shown) and self._shown[row] == place else -1

    def places(self, rows: range) -> Sequence[int]:
        """Return the places in the worklist of shown rows."""
        return self._shown[rows.start : rows.stop]

    def item(self, index: Index) -> WorklistItem:
        """Return the record of a shown row."""
        return self._worklist[self._shown[index.row()]]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Return the number of rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Return 1: the delegate draws the whole record."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the row as it may be shown for the delegate, its name, or the row in words."""
        if not index.isValid():
            return None
        item = self._names.row(self._shown[index.row()])
        if role == Qt.ItemDataRole.UserRole:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return item.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return sentence(item)
        return None

    def _add(self, first: int, end: int) -> None:
        for place in range(first, end):
            self._texts.append("")
            self._neutral.append("")
            self._take(place)
        fresh = self._fitting(range(first, end))
        if not fresh:
            return
        n = len(self._shown)
        self.beginInsertRows(QModelIndex(), n, n + len(fresh) - 1)
        self._shown = [*self._shown, *fresh] if self._words else range(end)
        self.endInsertRows()

    def _take(self, place: int) -> None:
        number = f"record:{place + 1} "
        self._texts[place] = searched(self._worklist[place]) + number
        self._neutral[place] = searched(self._names.neutral_row(place)) + number

    def _fits(self, place: int) -> bool:
        if not self._words:
            return True
        is_closed = self._names.is_closed(self._worklist[place].path)
        return matches((self._neutral if is_closed else self._texts)[place], self._words)

    def _fitting(self, places: range) -> list[int]:
        if not self._words:
            return list(places)
        is_closed = self._names.closed_rows()
        texts = (self._texts, self._neutral)
        return [place for place in places if matches(texts[is_closed(place)][place], self._words)]

    def _rename(self) -> None:
        """Every record may be called something else from now on."""
        if self._words:
            self.beginResetModel()
            self._shown = self._fitting(range(len(self._texts)))
            self.endResetModel()
        elif self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, 0))

    def _change(self, places: Sequence[int]) -> None:
        for place in places:
            self._take(place)
            if isinstance(self._shown, list):
                self._refilter(place, self._shown)
        rows = [bisect_left(self._shown, place) for place in (min(places), max(places))]
        last = min(rows[1], len(self._shown) - 1)
        if rows[0] <= last:
            self.dataChanged.emit(self.index(rows[0], 0), self.index(last, 0))

    def _refilter(self, place: int, shown: list[int]) -> None:
        """Let a record come in, or go, whose text may fit the filter now and did not before."""
        row = bisect_left(shown, place)
        is_shown = row < len(shown) and shown[row] == place
        fits = self._fits(place)
        if fits and not is_shown:
            self.beginInsertRows(QModelIndex(), row, row)
            shown.insert(row, place)
            self.endInsertRows()
        elif is_shown and not fits:
            self.beginRemoveRows(QModelIndex(), row, row)
            del shown[row]
            self.endRemoveRows()
