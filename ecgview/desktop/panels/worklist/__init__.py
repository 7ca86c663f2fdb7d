"""The worklist: which records there are, whose they are, and how far each has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Text, column
from ecgview.desktop.panels.worklist import search
from ecgview.desktop.panels.worklist.delegate import WorklistDelegate, row_px
from ecgview.desktop.panels.worklist.model import WorklistModel
from ecgview.desktop.panels.worklist.table import RecordTable
from ecgview.desktop.views import VIEWS

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace


class WorklistPanel(QWidget):
    """The records as a list in the order they were opened, never in an order that a model made."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.model = WorklistModel(workspace.worklist, workspace.names, self)
        self.filter = self._make_filter()
        self.list = RecordTable(
            self.model, WorklistDelegate(workspace.thumbnails), row_px(workspace.thumbnails)
        )
        self.list.clicked.connect(self._open)
        self.list.activated.connect(self._open)
        self.list.looked_at.connect(self._look_at)
        self.count = Text("", size="caption", tone="secondary", elide=True)
        whole = column(self, spacing=tokens.SPACE_S)
        whole.addWidget(self.filter)
        whole.addWidget(self.count)
        whole.addWidget(self.list, 1)
        self.model.rowsInserted.connect(self._take_in)
        self.model.rowsRemoved.connect(self._tell_count)
        workspace.ecg.opened.connect(self._follow)
        workspace.ecg.closed.connect(self._follow)
        workspace.thumbnails.ready.connect(self.list.viewport().update)
        workspace.thumbnails.switched.connect(self._resize_rows)
        self._tell_count()

    def _make_filter(self) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName("worklist_filter")
        made.setAccessibleName("Filter of the worklist")
        made.setPlaceholderText("Filter: name, sex, age")
        made.setToolTip(search.HINT)
        made.setClearButtonEnabled(True)
        made.textChanged.connect(self._apply_filter)
        made.installEventFilter(self)
        return made

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys and Enter of the filter box work on the list, and Escape empty it."""
        key = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else 0
        if watched is self.filter and self._key(key):
            return True
        return super().eventFilter(watched, event)

    def _key(self, key: int) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._step(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            first = self.model.index(0, 0)
            self._open(self.list.currentIndex() if self.list.currentIndex().isValid() else first)
        elif key == Qt.Key.Key_Escape:
            if not self.filter.text():
                self.list.setFocus()
            self.filter.clear()
        else:
            return False
        return True

    def _step(self, by: int) -> None:
        row = min(max(self.list.currentIndex().row() + by, 0), self.model.rowCount() - 1)
        self.list.move_frame(row)
        self.list.setFocus()

    def _take_in(self, *_added: object) -> None:
        self._tell_count()
        if not self.list.currentIndex().isValid():
            self._follow()

    def _look_at(self, rows: range) -> None:
        places = self.model.places(rows)
        self._workspace.worklist.prefer(places)
        self._workspace.thumbnails.want(self._workspace.worklist[place] for place in places)

    def _resize_rows(self, _on: bool) -> None:
        self.list.set_row_height(row_px(self._workspace.thumbnails))
        if self.list.currentIndex().isValid():
            self.list.scrollTo(self.list.currentIndex())

    def _apply_filter(self, text: str) -> None:
        self.model.set_filter(text)
        self._tell_count()
        self._follow()

    def _tell_count(self, *_changed: object) -> None:
        shown, n_all = self.model.rowCount(), self.model.n_all
        noun = "record" if n_all == 1 else "records"
        if n_all == 0:
            self.count.setText("No records yet. Open files or a folder.")
        elif shown == n_all:
            self.count.setText(f"{n_all:,} {noun}")
        else:
            self.count.setText(
                f"{shown:,} of {n_all:,} {noun}" if shown else f"None of {n_all:,} {noun} matches"
            )

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self._workspace.ecg.open(self.model.item(index).path)

    def _follow(self, _record: object = None) -> None:
        path = self._workspace.ecg.shown.path
        row = -1 if path is None else self.model.row_of(path)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row, 0))


PANEL = Panel(id="worklist", title="Worklist", views=VIEWS, order=0, make=WorklistPanel)
