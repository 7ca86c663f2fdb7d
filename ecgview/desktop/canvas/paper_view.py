"""A page of calibrated paper on the screen: laid out, painted in a pyqtgraph scene, zoomed and moved.

The scene's view box is in millimetres of paper. What lies on the paper is an item put into it, found by
`scene().items()`; `page_changed` and `moved` say when such items stand on another page, or are seen otherwise.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")  # pyqtgraph takes what it finds first, else

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsItem, QGraphicsView, QScrollBar, QWidget

from ecgview.desktop.canvas import hints
from ecgview.desktop.canvas.drawn import page_size
from ecgview.desktop.canvas.laying_out import Laid, Plan
from ecgview.desktop.canvas.overlay import gather
from ecgview.desktop.canvas.paper_box import PaperBox
from ecgview.desktop.canvas.paper_item import PaperItem
from ecgview.desktop.canvas.view_port import EDGE_PX, ZOOM_STEP, Zoom, with_room
from ecgview.desktop.state.workspace import Workspace
from ecgview.overlay import Overlay
from ecgview.paper import median_page
from ecgview.paper.page import Location, Page
from ecgview.paper.palette import PALETTES, Palette
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation
from ecgview.signal.measure.measured import Median

RESIZE_REST_MS = 60
STEP_PX = 40  # that an arrow key or a notch of the wheel moves the paper by
_STEPS = {
    Qt.Key.Key_Left: QPoint(-STEP_PX, 0),
    Qt.Key.Key_Right: QPoint(STEP_PX, 0),
    Qt.Key.Key_Up: QPoint(0, -STEP_PX),
    Qt.Key.Key_Down: QPoint(0, STEP_PX),
}


@dataclass(frozen=True, slots=True)
class Look:
    """Scale and place of a page: where its corner lay in the viewport."""

    zoom: Zoom
    corner: QPointF


class PaperView(pg.GraphicsView):
    """The paper of the open record, without gestures.

    Signals:
        scale_changed: px per mm.
        page_changed: another page, or none, is on the paper from now on.
        moved: another part of the page is seen, or at another scale.
        first_painted: once, after the first trace is on the screen.
    """

    scale_changed = Signal(float)
    page_changed = Signal()
    moved = Signal()
    first_painted = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self._workspace = workspace
        self._page: Page | None = None
        self._record: EcgRecord | None = None
        self._drawn: EcgRecord | None = None
        self._median: Median | None = None  # that the page was made of
        self._why_not = ""
        self._painted: EcgRecord | None = None
        self._composed: PaperSettings | None = None
        self._zoom = Zoom()
        self._has_painted = False
        self._is_placing = False
        self._paper = PaperItem(self._paint_empty, workspace.paper.colours)
        self._box = PaperBox()
        self._box.addItem(self._paper, ignoreBounds=True)
        self.setCentralItem(self._box)
        self._bars = {
            side: QScrollBar(side, self) for side in (Qt.Orientation.Horizontal, Qt.Orientation.Vertical)
        }
        for bar in self._bars.values():
            bar.hide()
            bar.valueChanged.connect(self._place)
        self._rest = QTimer(self, singleShot=True, interval=RESIZE_REST_MS)
        self._rest.timeout.connect(self._rested)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Trace")
        self._listen()

    def _listen(self) -> None:
        workspace = self._workspace
        workspace.ecg.opening.pages = self
        workspace.ecg.opened.connect(self._take)
        workspace.ecg.closed.connect(self._drop)
        workspace.paper.changed.connect(self._compose)
        workspace.paper.theme_changed.connect(self.recolour)
        workspace.measuring.changed.connect(self._follow_median)
        workspace.paper.overlay_changed.connect(self._reoverlay)
        workspace.answers.mask_changed.connect(self._reoverlay)
        workspace.reading.session_changed.connect(self._reoverlay)
        workspace.reading.marks_changed.connect(self._reoverlay)
        workspace.paper.view_changed.connect(self._reoverlay)

    # ---- what is shown -------------------------------------------------------------------------------

    @property
    def page(self) -> Page | None:
        """The page on the screen."""
        return self._page

    @property
    def px_per_mm(self) -> float:
        """The scale, logical px."""
        return self._zoom.px_per_mm

    @property
    def record(self) -> EcgRecord | None:
        """The record whose page is on the screen."""
        return self._record

    @property
    def drawn(self) -> EcgRecord | None:
        """What the page is drawn from: that record, or its median beat as a record of its own."""
        return self._drawn

    @property
    def painted(self) -> EcgRecord | None:
        """The record that was painted last; None where the paper was blank."""
        return self._painted

    @property
    def composed(self) -> PaperSettings | None:
        """The settings that the page on the screen was laid out with."""
        return self._composed

    @property
    def palette_of_paper(self) -> Palette:
        """The colours of the paper in this theme."""
        is_dark = self._workspace.paper.theme == "dark"
        return PALETTES["dark" if is_dark else self._workspace.settings.text("paper.palette")]

    @property
    def paper(self) -> PaperItem:
        """The paper in the scene."""
        return self._paper

    def put(self, item: QGraphicsItem) -> None:
        """Lay an item on the page; its coordinates are millimetres from the page's corner."""
        self._box.addItem(item, ignoreBounds=True)

    def take_off(self, item: QGraphicsItem) -> None:
        """Take an item off the page."""
        self._box.removeItem(item)

    def plan(self) -> Plan:
        """Return how the page of a record that is to be opened is made, by the settings of now."""
        made = self._plan(self._zoom.anew)
        return replace(made, paper=self._workspace.paper.at_start)

    def is_current(self, plan: object) -> bool:
        """Return whether a plan still asks for what the settings of now do; rows may find other room."""
        return isinstance(plan, Plan) and plan.look == self.plan().look

    def _take(self, record: EcgRecord) -> None:
        """Show the record that was just opened, with the page that was made for it."""
        made = self._workspace.ecg.opening.page
        self._zoom = self._zoom.anew
        if isinstance(made, Laid):
            self._show_page(record, made)
        else:
            self._drop()
            self._compose()

    def _drop(self) -> None:
        """Leave nothing of a record on the paper."""
        self._page = self._record = self._composed = self._drawn = self._median = None
        self._paper.show_nothing()
        self._rest.stop()
        self._set_ranges()
        self._place()
        self.page_changed.emit()
        self.viewport().update()

    def _compose(self, _changed: object = None) -> None:
        """Have the page laid out in a job (it filters the signal); the old page stays until then."""
        record, workspace = self._workspace.ecg.record, self._workspace
        if record is None:
            return
        plan = self._plan(self._zoom)
        if record is self._record and plan.paper == self._composed and not self._is_other_median(plan):
            workspace.jobs.cancel("layout")  # the page there is what is wanted again
            return
        workspace.jobs.start(
            plan,
            record,
            title="Laying out the paper",
            on_done=lambda laid: self._show_page(record, laid),
            on_failed=lambda error: workspace.ecg.page_failed(record, error),
            key="layout",
            is_light=True,
        )

    def _show_page(self, record: EcgRecord, laid: Laid) -> None:
        if record is not self._workspace.ecg.record:
            return
        is_new = record is not self._record
        self._record, self._composed, self._page = record, laid.plan.paper, laid.drawn.page
        self._drawn, self._median, self._why_not = laid.source, laid.plan.median, laid.plan.why_not
        self._paper.show_page(laid.drawn, self._overlay())
        if laid.plan.colours != self.palette_of_paper:
            self.recolour()
        if is_new:
            QTimer.singleShot(0, self._workspace.ecg.tell_painted)
            for bar in self._bars.values():
                bar.setValue(0)
        self._fit_again()
        self._paper.settle()
        if self._wanted() == self._composed:
            self._rest.stop()
        else:
            self._rest.start()  # the room has changed since the page was asked for
        self.page_changed.emit()

    def _plan(self, zoom: Zoom) -> Plan:
        room = self._room
        seen_px = (room.width(), room.height())
        wanted, ratio = self._wanted(zoom), self.devicePixelRatioF()
        plan = Plan(wanted, zoom, seen_px, self.palette_of_paper, ratio)
        if not median_page.is_of_median(wanted):
            return plan
        measured = self._workspace.measuring.measured
        median = None if measured is None else measured.median
        return replace(plan, median=median, why_not=self._workspace.measuring.why_not)

    def _is_other_median(self, plan: Plan) -> bool:
        """Whether a page of the median beat would show another one than it does: an edit moves edges, not samples."""
        if not median_page.is_of_median(plan.paper):
            return False
        now, then = plan.median, self._median
        same = now is then or (now is not None and then is not None and now.signal is then.signal)
        return not same or plan.why_not != self._why_not

    def _follow_median(self, _measured: object = None) -> None:
        if median_page.is_of_median(self._workspace.paper.settings):
            self._compose()

    def _wanted(self, zoom: Zoom | None = None) -> PaperSettings:
        """Return the reader's paper, its rows spread over the room there is while the zoom follows it."""
        zoom, paper = zoom or self._zoom, self._workspace.paper.settings
        if zoom.fit == "free" and self._composed is not None:
            same = paper.layout == self._composed.layout
            return replace(paper, row_mm=self._composed.row_mm if same else None)
        size, record = self._room, self._workspace.ecg.record
        if record is None or not median_page.is_of_median(paper):
            return with_room(paper, (size.width(), size.height()), record)
        measured = self._workspace.measuring.measured
        beat = median_page.as_record(record, None if measured is None else measured.median)
        with_rows = with_room(median_page.paper_for(beat, paper), (size.width(), size.height()), beat)
        return replace(paper, row_mm=with_rows.row_mm)

    def _rested(self) -> None:
        """Lay out anew if the room for rows changed."""
        if self._page is not None and self._wanted() != self._composed:
            self._compose()

    def recolour(self, _theme: object = None) -> None:
        """Draw everything anew in the colours of now."""
        self._paper.show_colours(self.palette_of_paper, self._workspace.paper.colours)
        self.viewport().update()

    def _reoverlay(self, _changed: object = None) -> None:
        self._paper.show_overlay(self._overlay())

    def _overlay(self) -> Overlay:
        """Return what lies over the page: nothing on the median beat, whose seconds are its own."""
        if self._page is not None and self._page.is_of_median:
            return Overlay()
        return gather(self._workspace, self.live_marks())

    def live_marks(self) -> tuple[Annotation, ...]:
        """Return the marks that are drawn by their items, since the hand has them: the overlay leaves them out."""
        return ()

    # ---- scale ---------------------------------------------------------------------------------------

    def zoom_in(self) -> None:
        """Zoom in around the middle."""
        self.zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom out around the middle."""
        self.zoom_by(1 / ZOOM_STEP)

    def fit(self) -> None:
        """Show the whole page, and keep doing so."""
        self._follow("page")

    def fit_width(self) -> None:
        """Use the full width, and keep doing so."""
        self._follow("width")

    def true_size(self) -> None:
        """Show one millimetre for one millimetre, as far as the screen or its calibration tells."""
        self._set_zoom(self._zoom.at(self.true_px_per_mm))
        self._paper.settle()

    @property
    def true_px_per_mm(self) -> float:
        """Logical px per real millimetre: calibrated by a ruler, else as the screen says of itself."""
        calibrated = self._workspace.settings.number("screen.px_per_mm")
        return calibrated if calibrated > 0 else self.screen().physicalDotsPerInch() / 25.4

    def _follow(self, fit: str) -> None:
        self._zoom = replace(self._zoom, fit=fit)  # type: ignore[arg-type]
        self._fit_again()
        self._paper.settle()
        self._rest.start()

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom by a factor; what lies at `around` (viewport px, the middle by default) stays there."""
        self._set_zoom(self._zoom.times(factor), around)

    def show_part(self, part: QRectF) -> None:
        """Show a part of the page, mm, as large as the window has room for it, in its middle."""
        room = self._room
        scale = min(room.width() / max(part.width(), 1.0), room.height() / max(part.height(), 1.0))
        self._set_zoom(self._zoom.at(scale), QPointF(0, 0))
        self._paper.settle()
        scale, seen = self.px_per_mm, self.viewport().size()
        middle = QPointF(seen.width() / 2, seen.height() / 2)
        self._scroll_to(part.center() * scale - middle)

    def look(self) -> Look:
        """Return scale and place, to be shown again by `show_look`."""
        return Look(self._zoom, QPointF(self.page_corner))

    def show_look(self, look: Look) -> None:
        """Show the page as it was seen before; where the zoom followed the window, it follows it again."""
        self._set_zoom(look.zoom, QPointF(0, 0))
        self._fit_again()
        self._paper.settle()
        self._scroll_to(-look.corner)

    def _fit_again(self) -> None:
        if self._page is not None:
            size = self._room
            page_mm = (self._page.width_mm, self._page.height_mm)
            self._set_zoom(self._zoom.fitted(page_mm, (size.width(), size.height())), QPointF(0, 0))

    def _set_zoom(self, zoom: Zoom, around: QPointF | None = None) -> None:
        """Take a scale; what lies at `around` (viewport px, the middle by default) stays there."""
        held = around if around is not None else QPointF(self.viewport().rect().center())
        before, scale = self.to_mm(held), zoom.px_per_mm
        changed = scale != self._zoom.px_per_mm
        self._zoom = zoom
        self._set_ranges()
        if before is not None and changed:
            self._scroll_to(before * scale - held)
        else:
            self._place()
        if changed:
            self._rest.start()
        self.scale_changed.emit(scale)

    def settle(self) -> None:
        """Lay out or draw sharply now, without waiting for the hand to rest."""
        self._rest.stop()
        self._rested()
        self._paper.settle()

    @property
    def has_missing(self) -> bool:
        """Whether a part of the picture is still to be made."""
        return self._paper.is_working or self._rest.isActive()

    # ---- place ---------------------------------------------------------------------------------------

    @property
    def _room(self) -> QSize:
        """The room there would be without scroll bars, logical px."""
        size: QSize = self.size()
        return size

    @property
    def is_scrollable(self) -> bool:
        """Whether the page is larger than what is seen of it."""
        return any(bar.maximum() > 0 for bar in self._bars.values())

    def horizontalScrollBar(self) -> QScrollBar:
        """Return the bar that moves the paper sideways; Qt's own moves the scene, which stays where it is."""
        return self._bars[Qt.Orientation.Horizontal]

    def verticalScrollBar(self) -> QScrollBar:
        """Return the bar that moves the paper up and down."""
        return self._bars[Qt.Orientation.Vertical]

    def _set_ranges(self) -> None:
        """Show the bars that are needed, beside the paper; each of them may make the other needed."""
        page, room = self._page_px(), self._room
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        breadth = down.sizeHint().width()
        is_wide, is_tall = page.width() > room.width(), page.height() > room.height()
        is_wide = is_wide or (is_tall and page.width() > room.width() - breadth)
        is_tall = is_tall or (is_wide and page.height() > room.height() - breadth)
        right, bottom = breadth * is_tall, breadth * is_wide
        margins = self.viewportMargins()
        if (margins.right(), margins.bottom()) != (right, bottom):
            self.setViewportMargins(0, 0, right, bottom)
        across.setGeometry(0, room.height() - breadth, room.width() - right, breadth)
        down.setGeometry(room.width() - breadth, 0, breadth, room.height() - bottom)
        for bar, is_shown, extent, seen in (
            (across, is_wide, page.width(), room.width() - right),
            (down, is_tall, page.height(), room.height() - bottom),
        ):
            bar.setVisible(is_shown)
            bar.setPageStep(seen)
            bar.setSingleStep(STEP_PX)
            with QSignalBlocker(bar):  # who sets ranges places the page after
                bar.setRange(0, extent + 2 * EDGE_PX - seen if is_shown else 0)

    def _page_px(self) -> QSize:
        return QSize() if self._page is None else page_size(self._page, self._zoom.px_per_mm)

    @property
    def page_corner(self) -> QPoint:
        """Where the page's corner lies in the viewport; a smaller page stands in the middle."""
        page, seen = self._page_px(), self.viewport().size()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        x = EDGE_PX - across.value() if across.maximum() else (seen.width() - page.width()) // 2
        y = EDGE_PX - down.value() if down.maximum() else (seen.height() - page.height()) // 3
        return QPoint(x, y)

    def _place(self, _changed: object = None) -> None:
        """Let the scene show what the bars say."""
        size = self.viewport().size()
        if self._is_placing or size.isEmpty():
            return
        self._box.place(QPointF(self.page_corner), self._zoom.px_per_mm, size)
        self.moved.emit()

    def _scroll_to(self, at: QPointF) -> None:
        """Bring a place of the page, px from its corner, to the upper left of the window, as far as it goes."""
        self._is_placing = True  # once for both bars
        self.horizontalScrollBar().setValue(round(at.x()) + EDGE_PX)
        self.verticalScrollBar().setValue(round(at.y()) + EDGE_PX)
        self._is_placing = False
        self._place()

    def bring_into_sight(self, part: QRectF) -> None:
        """Move the paper until a part of it, mm, lies in the middle of what is seen, as far as it goes."""
        scale, seen = self.px_per_mm, self.viewport().size()
        self._scroll_to(part.center() * scale - QPointF(seen.width() / 2, seen.height() / 2))

    def move_by(self, px: QPointF) -> None:
        """Move the paper by logical px, as far as it goes."""
        corner = QPointF(self.page_corner)
        self._scroll_to(-(corner + px))

    @property
    def seen_mm(self) -> QRectF:
        """The part of the page that the window shows, mm; it may reach beyond the page."""
        corner, scale, size = self.page_corner, self._zoom.px_per_mm, self.viewport().size()
        return QRectF(-corner.x() / scale, -corner.y() / scale, size.width() / scale, size.height() / scale)

    def show_from_mm(self, x_mm: float) -> None:
        """Move the paper sideways until this place of it lies at the left, as far as it goes."""
        self.horizontalScrollBar().setValue(round(x_mm * self._zoom.px_per_mm) + EDGE_PX)

    def to_mm(self, at: QPointF) -> QPointF | None:
        """Return the place of the page under a place of the viewport, mm; None where there is no page."""
        if self._page is None:
            return None
        moved, scale = at - QPointF(self.page_corner), self._zoom.px_per_mm
        return QPointF(moved.x() / scale, moved.y() / scale)

    def locate(self, at: QPointF) -> Location | None:
        """Return lead, time and amplitude at a place of the viewport; None outside every trace."""
        mm = self.to_mm(at)
        return None if mm is None or self._page is None else self._page.locate(mm.x(), mm.y())

    # ---- painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the scene, and know whose trace was painted."""
        self._painted = self._record
        super().paintEvent(event)
        if not self._has_painted and self._page is not None:
            self._has_painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def _paint_empty(self, brush: QPainter, area: QRect) -> None:
        """Say why there is no page."""
        shown = self._workspace.ecg.shown
        name = self._workspace.names.of(shown.path)
        reason = self._workspace.names.without(shown.reason, shown.path)
        hints.paint_empty(brush, area, self._workspace.paper.colours, replace(shown, reason=reason), name)

    # ---- events that pyqtgraph would take for a view of its own ----------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit again where the zoom follows the window; the picture is stretched until it is drawn anew."""
        if event is None:  # so pyqtgraph calls it while it is made
            return
        QGraphicsView.resizeEvent(self, event)
        self.range = QRectF(self.viewport().rect())  # pyqtgraph takes the whole widget, scroll bars and all
        pg.GraphicsView.setRange(self, self.range, padding=0, disableAutoPixel=False)
        self.updateMatrix()
        if self._page is None:
            self._place()
        self._fit_again()
        self._rest.start()  # a change of height alone leaves the scale, but not the room for rows

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the mouse with Ctrl, else move the paper."""
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(ZOOM_STEP ** (turned.y() / 120), event.position())
        elif not event.pixelDelta().isNull():
            self.move_by(QPointF(event.pixelDelta()))
        else:
            across = turned.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else turned.x()
            down = 0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else turned.y()
            only_across = not self.verticalScrollBar().maximum() and not across
            step = QPointF(down, 0) if only_across else QPointF(across, down)
            self.move_by(step * (3 * STEP_PX / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the paper by the arrow keys; other keys belong to the window."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self.is_scrollable:
            event.ignore()
            return
        self.move_by(QPointF(-step))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Leave other keys to the window."""
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing of the scene follows the mouse."""
