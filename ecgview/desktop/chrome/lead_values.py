"""Below the trace: the values of each lead of the median beat, which a click shows on the trace or the median page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ecgview import csv_cells
from ecgview.counts import counted
from ecgview.desktop.state.measuring import CLOSED
from ecgview.desktop.theme import SPACE, set_role
from ecgview.paper import median_page
from ecgview.signal.measure import block, lead_table
from ecgview.signal.measure.lead_table import LeadTable

if TYPE_CHECKING:
    from ecgview.desktop.canvas.trace_canvas import TraceCanvas
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.signal.measure.measured import Measured
    from ecgview.signal.measurements import Measurement

HEIGHT_PX, LEAST_PX = 236, 120
SHARE = 0.36  # at most, of the height of trace and table: the trace is what is looked at
EMPTY = LeadTable((), (), ())
Index = QModelIndex | QPersistentModelIndex


class LeadModel(QAbstractTableModel):
    """The table for its view; while an edge is dragged only cells change, and nothing is laid out anew."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.table = EMPTY

    def show_table(self, table: LeadTable) -> None:
        """Show these values; `table` may have other leads and rows than before."""
        before, names = self.table, [(row.name, row.unit) for row in table.rows]
        if (before.leads, before.doubts, [(row.name, row.unit) for row in before.rows]) != (
            table.leads,
            table.doubts,
            names,
        ):
            self.beginResetModel()
            self.table = table
            self.endResetModel()
            return
        self.table = table
        for place, (row, old) in enumerate(zip(table.rows, before.rows, strict=True)):
            others = [
                k for k, pair in enumerate(zip(row.cells, old.cells, strict=True)) if pair[0] != pair[1]
            ]
            if others:
                self.dataChanged.emit(self.index(place, others[0]), self.index(place, others[-1]))

    def item(self, index: Index) -> Measurement | None:
        """Return the measurement in a cell; None where nothing was measured."""
        return self.table.rows[index.row()].cells[index.column()] if index.isValid() else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of values."""
        return 0 if parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of leads."""
        return 0 if parent.isValid() else len(self.table.leads)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, colour and all that is known of it."""
        item = self.item(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return lead_table.cell(item)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole and item is not None:
            return block.told(item)
        if role == Qt.ItemDataRole.ForegroundRole:
            colours = self._workspace.paper.colours
            if item is None or item.value is None:
                return QColor(colours.muted)
            is_marked = item.confidence == "low" or item.source == "edited"
            return QColor(colours.warning if is_marked else colours.text)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a lead, marked where there is a doubt, or a value's name with its unit."""
        if orientation == Qt.Orientation.Vertical:
            row = self.table.rows[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return f"{row.name} ({row.unit})"
            return None
        doubt = self.table.doubts[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.table.leads[section] + (" !" if doubt else "")
        if role == Qt.ItemDataRole.ToolTipRole and doubt:
            return f"{self.table.leads[section]}: {doubt}"
        if role == Qt.ItemDataRole.ForegroundRole and doubt:
            return QColor(self._workspace.paper.colours.warning)
        return None


class _View(QTableView):
    """The cells; Enter or Space does what a click does, Escape gives the keys to the trace."""

    meant = Signal(QModelIndex)
    left = Signal()
    copied = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the value that has the keys, leave, or copy."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.meant.emit(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        else:
            super().keyPressEvent(event)


class LeadValues(QWidget):
    """Hidden until it is asked for. It is closed where measurements are, and follows every edit.

    Signals:
        shown: it takes room now.
    """

    shown = Signal()

    def __init__(self, workspace: Workspace, canvas: TraceCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._canvas = workspace, canvas
        self.setObjectName("lead_values")
        self.setMinimumHeight(LEAST_PX)
        self.model = LeadModel(workspace, self)
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        set_role(self.said, "muted")
        self.copy_button, self.close_button = QPushButton("Copy"), QPushButton("Close")
        self.copy_button.setToolTip("All of it as text with tabs, for a spreadsheet")
        for button in (self.copy_button, self.close_button):
            set_role(button, "link")
        self._shown: Measured | None = None
        self.view = self._made_view()
        self._lay_out()
        self.copy_button.clicked.connect(self.copy)
        self.close_button.clicked.connect(lambda: self.show_or_hide(False))
        for signal in (workspace.ecg.opened, workspace.ecg.closed, workspace.ecg.measured):
            signal.connect(self._renew)
        workspace.measuring.changed.connect(self._renew)
        workspace.measuring.opened_changed.connect(self._renew)
        workspace.paper.theme_changed.connect(self._recolour)
        self.hide()

    def _made_view(self) -> _View:
        view = _View()
        view.setModel(self.model)
        view.setAccessibleName("Values of each lead")
        view.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        view.setShowGrid(False)
        view.setAlternatingRowColors(True)
        view.setWordWrap(False)
        view.setTextElideMode(Qt.TextElideMode.ElideNone)  # half a number is another number
        view.setCornerButtonEnabled(False)
        view.setTabKeyNavigation(False)
        rows, columns = view.verticalHeader(), view.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(view.fontMetrics().height() + 6)
        rows.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        rows.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        columns.setMinimumSectionSize(view.fontMetrics().horizontalAdvance("−0.00?*"))
        columns.setHighlightSections(False)
        view.clicked.connect(self.go_to)
        view.meant.connect(self.go_to)
        view.left.connect(self._canvas.setFocus)
        view.copied.connect(self.copy)
        return view

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(2 * SPACE, 2, SPACE, 2)
        title = QLabel("Values of each lead")
        set_role(title, "heading")
        head.addWidget(title)
        head.addSpacing(SPACE)
        head.addWidget(self.said, 1)
        head.addWidget(self.copy_button)
        head.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.view, 1)

    # ---- what it does --------------------------------------------------------------------------------

    def show_or_hide(self, shows: bool) -> None:
        """Show the table and give it the keys, or hide it and give them to the trace."""
        self.setVisible(shows)
        if shows:
            self._renew()
            self.shown.emit()
            self._canvas.fit()  # in the room that is left no row of the page is cut
            if not self.view.currentIndex().isValid() and self.model.rowCount():
                self.view.setCurrentIndex(self.model.index(0, 0))
            self.view.setFocus()
        else:
            self._canvas.setFocus()

    def copy(self) -> None:
        """Put the whole table on the clipboard as text; nothing while measurements are closed."""
        measured = self._workspace.measuring.measured
        table = EMPTY if measured is None else lead_table.of(measured)
        if measured is not None and table.rows:
            head = "".join(f"{csv_cells.line(cells)}\n" for cells in self._head(measured, table))
            QGuiApplication.clipboard().setText(head + table.text)
            self._workspace.telling.post(
                "The values of each lead are on the clipboard.", about=self._workspace.ecg.path
            )

    def _head(self, measured: Measured, table: LeadTable) -> Iterator[tuple[str, ...]]:
        """Yield lines that say whose values these are and of what: once pasted, a table has lost its window."""
        workspace = self._workspace
        record, path = workspace.ecg.record, workspace.ecg.path
        if record is None:
            return
        yield ("record", workspace.names.of(path))
        patient = workspace.names.patient(record, path)
        yield from (row for row in (("name", patient.name), ("ID", patient.patient_id)) if row[1])
        if record.what_if:
            yield ("NOT THE RECORDING", record.what_if)
        yield ("values", _said(measured, table))
        yield ("", "ecgview, for research use only")

    def go_to(self, index: QModelIndex) -> None:
        """Set the caliper where the value in a cell lies: on the median page if that is shown, else on the trace."""
        item, measured = self.model.item(index), self._workspace.measuring.measured
        if item is None or measured is None or measured.median is None:
            return
        median = measured.median
        span = lead_table.span_s(median, item)
        if median_page.is_of_median(self._workspace.paper.settings):
            if span is not None:
                peak = median.peak / median.sampling_rate_hz
                self._canvas.point_on_median(item.lead, peak + span[0], peak + span[1])
            return
        where = lead_table.on_the_record(measured, item)
        if where is not None:
            self._workspace.measuring.pointed.emit(item.lead, *where)

    # ---- what it follows -----------------------------------------------------------------------------

    def _renew(self, _changed: object = None) -> None:
        if self.isHidden():
            return
        workspace = self._workspace
        measured = workspace.measuring.measured
        if measured is None or measured is not self._shown:  # told twice: with the values, and with the waves
            self.model.show_table(EMPTY if measured is None else lead_table.of(measured))
            self._shown = measured
        self.said.setText(self._words())
        self.copy_button.setEnabled(bool(self.model.table.rows))
        self.view.setVisible(bool(self.model.table.rows))

    def _words(self) -> str:
        workspace = self._workspace
        measured = workspace.measuring.measured
        if workspace.ecg.record is None:
            return workspace.ecg.shown.instead("Open an ECG to see its measurements.")
        if not workspace.measuring.is_open:
            return CLOSED
        if measured is None:
            return "Measuring …"
        if measured.median is None or not self.model.table.rows:
            return f"None: {measured.reason or 'no beats were found'}"
        return _said(measured, self.model.table)

    def _recolour(self, _theme: object = None) -> None:
        self.view.viewport().update()
        self.view.horizontalHeader().viewport().update()


class TraceAndValues(QSplitter):
    """The trace above the values of its leads, which take a share of the height until a hand sets another."""

    def __init__(self, above: QWidget, values: LeadValues) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._values, self._is_by_hand = values, False
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(above)
        self.addWidget(values)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.splitterMoved.connect(self._leave)
        values.shown.connect(self._share)

    def _leave(self, _place: int, _index: int) -> None:
        self._is_by_hand = True

    def _share(self) -> None:
        if not self._values.isHidden() and not self._is_by_hand:
            height = max(LEAST_PX, min(HEIGHT_PX, round(SHARE * self.height())))
            self.setSizes([self.height() - height, height])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share another height in the same way."""
        super().resizeEvent(event)
        self._share()


def _said(measured: Measured, table: LeadTable) -> str:
    """Return of how many beats the values are, and what the marks behind them mean."""
    if measured.median is None:
        return ""
    said = [f"median of {counted(measured.median.n_beats, 'beat')}"]
    if measured.trend:
        said[0] += " of one minute"
    if any(table.doubts):
        said.append("! doubtful or left out")
    cells = [one for one in measured.lead_values if one.name in lead_table.ROWS]
    if any(one.confidence == "low" for one in cells):
        said.append("? uncertain")
    if edited := [one for one in cells if one.source == "edited"]:
        by = ", ".join(dict.fromkeys(one.by for one in edited if one.by))
        said.append(f"* edited by {by}" if by else "* edited")
    return " · ".join(said)
