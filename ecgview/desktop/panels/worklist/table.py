"""The view of the worklist: as quick with 20,000 rows as with six, and it says which rows are on the screen."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStyledItemDelegate,
    QTableView,
)

LOOK_MS = 40  # scrolling is told at most this often


class RecordTable(QTableView):
    """One column of rows of one height: a table, as a list view asks its model for every row at each layout.

    The chosen row is always that of the record on the screen. The arrow keys move the frame of the keys alone,
    and a click moves nothing by itself: both follow when the record that was asked for is there.

    Signals:
        looked_at: range of rows on the screen, soon after they or what they show changed.
    """

    looked_at = Signal(object)

    def __init__(self, model: QAbstractItemModel, delegate: QStyledItemDelegate, row_px: int) -> None:
        super().__init__()
        delegate.setParent(self)
        self.setModel(model)
        self.setItemDelegate(delegate)
        self._set_up_rows()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QAbstractItemView { background: transparent; }")  # not its tooltip
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Worklist")
        self._pressed = QPersistentModelIndex()
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(lambda: self.looked_at.emit(self.rows_seen()))
        self.set_row_height(row_px)
        bar = self.verticalScrollBar()
        for signal in (bar.valueChanged, bar.rangeChanged):
            signal.connect(self._look_soon)
        for change in (model.modelReset, model.rowsInserted, model.rowsRemoved, model.dataChanged):
            change.connect(self._look_soon)

    def rows_seen(self) -> range:
        """Return the rows that are on the screen, whole or in part."""
        n = self.model().rowCount()
        if n == 0:
            return range(0)
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        return range(max(first, 0), n if last < 0 else last + 1)

    def set_row_height(self, pixels: int) -> None:
        """Give every row the same height."""
        self.verticalHeader().setMinimumSectionSize(pixels)
        self.verticalHeader().setDefaultSectionSize(pixels)
        self._look_soon()

    def move_frame(self, row: int) -> None:
        """Move the frame of the keys to a row, which stays as it is."""
        index = self.model().index(row, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the first and the last row with Home and End, as in a list."""
        ends = {int(Qt.Key.Key_Home): 0, int(Qt.Key.Key_End): self.model().rowCount() - 1}
        if event.key() in ends and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.move_frame(ends[event.key()])
        else:
            super().keyPressEvent(event)

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Choose no row by hand."""
        if event is not None:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note the row that is pressed."""
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = QPersistentModelIndex(
            self.indexAt(event.position().toPoint()) if left else QModelIndex()
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell of a click where the mouse was pressed and let go over one row."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self._pressed == index:
            self.clicked.emit(index)
        self._pressed = QPersistentModelIndex()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose nothing by a drag."""
        if event.buttons() == Qt.MouseButton.NoButton:
            super().mouseMoveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Do no more than the first click did."""

    def _look_soon(self, *_changed: object) -> None:
        if not self._look.isActive():  # never put off: rows may change without a pause
            self._look.start()

    def _set_up_rows(self) -> None:
        self.horizontalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
