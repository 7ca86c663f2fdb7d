"""The worklist: which records there are, whose they are, and how far each has been read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QListView, QSizePolicy, QWidget

from ecgview.desktop.panel import VIEWS, Panel
from ecgview.desktop.panels import _tokens as tokens
from ecgview.desktop.panels._widgets import Text, column
from ecgview.desktop.panels._worklist_delegate import WorklistDelegate
from ecgview.desktop.panels._worklist_model import WorklistModel
from ecgview.desktop.worklist import WorklistItem

if TYPE_CHECKING:
    from ecgview.desktop.workspace import Workspace


class WorklistPanel(QWidget):
    """The records as a list in the order they were opened, never in an order that a model made."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.model = WorklistModel(self)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name, patient or state")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._apply_filter)
        self.filter.installEventFilter(self)
        self.list = self._make_list()
        self.count = Text("", size="caption", tone="secondary", elide=True)
        whole = column(self, spacing=tokens.SPACE_S)
        whole.addWidget(self.filter)
        whole.addWidget(self.count)
        whole.addWidget(self.list, 1)
        workspace.worklist_changed.connect(self._show)
        workspace.record_opened.connect(self._follow)
        self._show(workspace.worklist_items)
        self._tell_count()

    def _make_list(self) -> QListView:
        made = QListView()
        made.setModel(self.model)
        made.setItemDelegate(WorklistDelegate(made))
        made.setUniformItemSizes(True)
        made.setFrameShape(QFrame.Shape.NoFrame)
        made.setStyleSheet("background: transparent;")
        made.setMouseTracking(True)
        made.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        made.setAccessibleName("Worklist")
        made.clicked.connect(self._open)
        made.activated.connect(self._open)
        return made

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys and Enter of the filter box work on the list."""
        if watched is self.filter and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                first = self.model.index(0, 0)
                self._open(self.list.currentIndex() if self.list.currentIndex().isValid() else first)
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        row = min(max(self.list.currentIndex().row() + by, 0), self.model.rowCount() - 1)
        self.list.setCurrentIndex(self.model.index(row, 0))
        self.list.setFocus()

    def _show(self, items: Sequence[WorklistItem]) -> None:
        if self.model.set_items(items):
            self._tell_count()
            self._follow()

    def _apply_filter(self, text: str) -> None:
        self.model.set_filter(text)
        self._tell_count()
        self._follow()

    def _tell_count(self) -> None:
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
            self._workspace.open_record(self.model.item(index).path)

    def _follow(self, _record: object = None) -> None:
        path = self._workspace.record_path
        row = -1 if path is None else self.model.row_of(path)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row, 0))


PANEL = Panel(id="worklist", title="Worklist", views=VIEWS, order=0, make=WorklistPanel)
