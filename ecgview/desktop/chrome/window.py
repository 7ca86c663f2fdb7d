"""The window: worklist at the left, the trace in the middle, the panels of the view at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ecgview import plugins
from ecgview.desktop import theme
from ecgview.desktop.canvas.overview import Overview
from ecgview.desktop.canvas.trace_canvas import TraceCanvas
from ecgview.desktop.chrome import dropping, lead_menu, recent, side_panels, sides, window_place
from ecgview.desktop.chrome.critical_strip import CriticalStrip
from ecgview.desktop.chrome.exchange_strip import ExchangeStrip
from ecgview.desktop.chrome.lead_values import LeadValues, TraceAndValues
from ecgview.desktop.chrome.letter_keys import LetterKeys
from ecgview.desktop.chrome.measured_strip import MeasuredStrip
from ecgview.desktop.chrome.menus import Menus
from ecgview.desktop.chrome.message_strip import MessageStrip, ReaderStrip
from ecgview.desktop.chrome.one_patient_strip import OnePatientStrip
from ecgview.desktop.chrome.record_header import RecordHeader
from ecgview.desktop.chrome.side_panels import Section, SidePanels
from ecgview.desktop.chrome.status_line import StatusLine
from ecgview.desktop.chrome.store_watch import StoreWatch
from ecgview.desktop.chrome.toast import Toast
from ecgview.desktop.chrome.toolbar import ToolBar
from ecgview.desktop.dialogs import new_reader, unexpected_error
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.frame import Frame
from ecgview.desktop.panel import Panel
from ecgview.desktop.state.workspace import Workspace
from ecgview.desktop.theme import SPACE, set_role
from ecgview.desktop.work import warm_up
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay
from ecgview.record import EcgRecord

WORDS = {"nothing": "", "opening": "opening …", "failed": "not shown"}  # of a record that is not open
SAME_BUG = "The error of before happened again."


class MainWindow(Frame):
    """One window over one workspace, which it owns and closes."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self._keeps_place = False
        self._may_close = False  # what was not saved was saved, or let go
        self.hidden_for_reading = ()
        workspace.setParent(self)
        self.setWindowTitle("ecgview")
        self.setAcceptDrops(True)
        window_place.limit(self)
        self.canvas = TraceCanvas(workspace)
        self.overview = Overview(workspace, self.canvas)
        self.lead_values = LeadValues(workspace, self.canvas)
        self.toast = Toast(workspace, self.canvas)
        self.measured = MeasuredStrip(workspace)
        self.legend = _legend()
        self.header = RecordHeader()
        self.messages = MessageStrip(workspace.hand)
        self.watch = StoreWatch(self, workspace)
        self.reader = ReaderStrip()
        self.critical = CriticalStrip(workspace)
        self.exchange = ExchangeStrip(workspace)
        self.one_patient = OnePatientStrip(self, workspace)
        panels = side_panels.discovered()
        self.side = SidePanels(workspace, [p for p in panels if p.id != side_panels.WORKLIST])
        self.left = _left(workspace, [p for p in panels if p.id == side_panels.WORKLIST])
        self._lay_out()
        self.menus = Menus(self)
        self.recent = recent.RecentFiles(workspace, self.menus.submenus[recent.SUBMENU])
        self.leads = lead_menu.LeadMenu(workspace, self.menus.submenus["Layout"])
        self.tools = ToolBar(self, self.menus)
        self.addToolBar(self.tools)
        self.status = StatusLine(workspace, self.canvas)
        self.setStatusBar(self.status)
        self.drop_hint = dropping.DropHint(self)
        dropping.claim(self)
        self.letters = LetterKeys(self)
        self._listen()
        self._faults_told = 0
        self._bugs_told: set[tuple[str, str]] = set()
        self._tell_left_out(workspace.settings.problems)  # now: while they were read, nobody could hear of it

    def _lay_out(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.reader)
        column.addWidget(self.side, 1)
        self.right = right
        middle = self._middle()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for index, part in enumerate((self.left, middle, right)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(index, int(part is middle))
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.header)
        rows.addWidget(self.splitter, 1)
        self.setCentralWidget(whole)

    def _middle(self) -> QWidget:
        """Return the trace with what is said above and below it, between the rails that fold the sides."""
        column = QWidget()
        centre = QVBoxLayout(column)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.setSpacing(0)
        centre.addWidget(self.exchange)
        centre.addWidget(self.critical)
        centre.addWidget(self.one_patient)
        centre.addWidget(self.watch.strip)
        centre.addWidget(self.messages)
        centre.addWidget(self.measured)
        centre.addWidget(self._trace_and_values(), 1)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(sides.FoldRail(self.left, "worklist", at_left=True, colours=self._colours))
        row.addWidget(column, 1)
        row.addWidget(sides.FoldRail(self.right, "panels", at_left=False, colours=self._colours))
        return whole

    def _trace_and_values(self) -> TraceAndValues:
        """Return the trace above the values of its leads, which take no room until they are asked for."""
        above = QWidget()
        rows = QVBoxLayout(above)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.canvas, 1)
        rows.addWidget(self.overview)
        rows.addWidget(self.legend)
        return TraceAndValues(above, self.lead_values)

    def _colours(self) -> theme.Colours:
        return self.workspace.paper.colours

    def _listen(self) -> None:
        workspace = self.workspace
        workspace.ecg.opened.connect(self._show_record)
        workspace.ecg.closed.connect(self._show_none)
        workspace.reading.session_changed.connect(self._name_record)
        workspace.names.changed.connect(self._name_record)
        workspace.names.changed.connect(self.messages.forget)
        workspace.paper.overlay_changed.connect(self._show_legend)
        workspace.telling.posted.connect(self.messages.show_message)
        workspace.telling.unexpected.connect(self.show_unexpected)
        workspace.paper.theme_changed.connect(self._apply_theme)
        workspace.reader.name_changed.connect(self._show_reader)
        workspace.reader.name_changed.connect(lambda _name: self.messages.keep_about(None, is_open=False))
        workspace.reader.needed.connect(self.reader.field.setFocus)
        self.canvas.first_painted.connect(lambda: warm_up.start(workspace))
        self.reader.button.clicked.connect(self._take_reader)
        self.reader.field.returnPressed.connect(self._take_reader)
        self._show_reader(workspace.reader.name)
        workspace.ecg.switched.connect(self._part_with_others)
        workspace.ecg.switched.connect(self._paint_now)  # the last to hear of it

    def set_sides(self, width: int) -> None:
        """Share the width: the trace gets what the sides do not need."""
        self.splitter.setSizes(list(sides.widths(width)))

    def show_unexpected(self, error: BaseException) -> None:
        """Tell a bug in a dialog, with a report that names nobody; one that comes again only in the strip.

        What fails while it is painted fails at every frame: a dialog for each would leave no way out.
        """
        place = unexpected_error.place(error)
        if place in self._bugs_told:
            self.workspace.telling.post(SAME_BUG, "warning")
        else:
            self._bugs_told.add(place)
            unexpected_error.show(self, error)

    def _tell_left_out(self, besides: Sequence[EcgviewError] = ()) -> None:
        """Tell which files are not used and why, each once; the strip says one thing, so several are its details."""
        faults = plugins.faults()
        problems = [*besides, *faults[self._faults_told :]]
        self._faults_told = len(faults)
        if len(problems) == 1:
            self.workspace.telling.fail(problems[0])
        elif problems:
            lines = "\n".join(str(problem) for problem in problems)
            self.workspace.telling.post(f"{len(problems)} things are left out", "warning", lines)

    def _show_record(self, record: EcgRecord) -> None:
        self._name_record()
        self.canvas.setFocus()
        self._tell_left_out()  # a room is searched when first asked: the formats, now

    def _name_record(self, _changed: object = None) -> None:
        """Say which record is shown, by what it may be called now."""
        workspace = self.workspace
        record, path = workspace.ecg.record, workspace.ecg.path
        if record is None or path is None:
            self._show_none()
            return
        self.header.show_record(record, path, workspace.names)
        name = workspace.names.of(path)
        self.setWindowTitle(f"{name}{' (synthetic)' if record.synthetic else ''} - ecgview")

    def _show_none(self) -> None:
        shown = self.workspace.ecg.shown
        name = self.workspace.names.of(shown.path)
        self.header.show_blank(name, WORDS[shown.kind])
        self.setWindowTitle(f"{name}, {WORDS[shown.kind]} - ecgview" if name else "ecgview")

    def _part_with_others(self) -> None:
        """Take away what was said or asked about another record than the one that is shown now."""
        shown = self.workspace.ecg.shown
        self.messages.keep_about(shown.path, is_open=shown.kind == "open")
        for sheet in self.findChildren(Sheet):
            if sheet.of_record:
                sheet.reject()

    def _paint_now(self) -> None:
        """Bring what has changed onto the screen in one go, before any other event."""
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        self.canvas.viewport().repaint()  # with every other part that is to be painted anew

    def _show_legend(self, overlay: Overlay | None) -> None:
        self.legend.setText(overlay.legend if overlay is not None else "")
        self.legend.setVisible(bool(self.legend.text()))

    def _show_reader(self, name: str) -> None:
        self.reader.setVisible(not name)

    def _take_reader(self) -> None:
        new_reader.take(self, self.reader.field.text())
        self.canvas.setFocus()

    def _apply_theme(self, name: str) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.apply(application, name)

    # ---- coming and going ----------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Give the keys to the trace, not to the first field there is."""
        super().showEvent(event)
        self.canvas.setFocus()

    def event(self, event: QEvent) -> bool:
        """Give the keys to the trace when the window comes back, as after a dialog, with nothing that had them.

        They would go to the first field there is, and the next letter into the filter of the worklist.
        """
        if event.type() == QEvent.Type.WindowActivate:
            holder = self.focusWidget()
            if holder is None or not (holder.isVisible() and holder.isEnabled()):
                self.canvas.setFocus()
        return super().event(event)

    def restore_place(self) -> None:
        """Come up where and as large as the window was left, as far as the screen has room."""
        self._keeps_place = True
        window_place.restore(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave full screen by Escape, where nothing nearer took the key."""
        if event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            window_place.leave_full_screen(self)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders, wherever they hover."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.drop_hint.show_over(self.splitter, event.mimeData().urls(), self.workspace.paper.colours)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the hint away."""
        self.drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped, or say why not."""
        self.drop_hint.hide()
        if not event.mimeData().hasUrls():
            return
        event.acceptProposedAction()
        try:
            self.workspace.ecg.open_paths(dropping.local_paths(event.mimeData().urls()))
        except EcgviewError as error:
            self.workspace.telling.fail(error)

    def _close_if(self, may_go: bool) -> None:
        if may_go:
            self._may_close = True
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save what is not saved, or ask; then stop the work, close the store, remember the place."""
        self.workspace.reading.typing_ended.emit()
        if not self._may_close and not self.workspace.reading.keeping.is_kept:
            event.ignore()
            self.workspace.reading.leave(self._close_if)
            return
        if self._keeps_place:
            window_place.keep(self)
        self.workspace.close()
        super().closeEvent(event)


def _legend() -> QLabel:
    """Return the line under the trace that says what the colours of an explanation mean."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setContentsMargins(2 * SPACE, 0, 2 * SPACE, SPACE)
    set_role(made, "muted")
    made.hide()
    return made


def _left(workspace: Workspace, panels: list[Panel]) -> QFrame:
    side = QFrame()
    set_role(side, "side")
    column = QVBoxLayout(side)
    column.setContentsMargins(SPACE, 2 * SPACE, SPACE, SPACE)
    for panel in panels:
        column.addWidget(Section(panel, workspace, folds=False), 1)
    return side
