"""A page of calibrated paper on the screen: laid out, painted, zoomed and scrolled."""

from __future__ import annotations

from dataclasses import replace

from old import hints
from old.layers import Layers, page_size
from old.laying_out import Laid, Plan
from old.view_port import EDGE_PX, ZOOM_STEP, Zoom, with_room
from PySide6.QtCore import QPoint, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from ecgview.desktop.state.workspace import Workspace
from ecgview.paper.page import Location, Page
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord

RESIZE_REST_MS = 60


class PaperView(QAbstractScrollArea):
    """The paper of the open record, without gestures; a subclass draws what is live in `paint_live`.

    Signals:
        scale_changed: px per mm.
        page_changed: another page, or none, is on the paper from now on.
        first_painted: once, after the first trace is on the screen.
    """

    scale_changed = Signal(float)
    page_changed = Signal()
    first_painted = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._page: Page | None = None
        self._record: EcgRecord | None = None
        self._painted: EcgRecord | None = None
        self._composed: PaperSettings | None = None
        self._zoom = Zoom()
        self._layers = Layers(workspace)
        self._has_painted = False
        self._rest = QTimer(self, singleShot=True, interval=RESIZE_REST_MS)
        self._rest.timeout.connect(self._rested)
        self._idle = QTimer(self, singleShot=True, interval=0)
        self._idle.timeout.connect(self._make_missing)
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
    def painted(self) -> EcgRecord | None:
        """The record that was painted last; None where the paper was blank."""
        return self._painted

    @property
    def composed(self) -> PaperSettings | None:
        """The settings that the page on the screen was laid out with."""
        return self._composed

    def plan(self) -> Plan:
        """Return how the page of a record that is to be opened is made, by the settings of now."""
        made = self._plan(self._zoom.anew)
        return replace(made, paper=replace(self._workspace.paper.settings, start_s=0.0, part=0))

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
        self._page = self._record = self._composed = None
        self._layers.drop()
        self._rest.stop()
        self._idle.stop()
        self._set_ranges()
        self.page_changed.emit()
        self.viewport().update()

    def _compose(self, _changed: object = None) -> None:
        """Have the page laid out in a job (it filters the signal); the old page stays until then."""
        record, workspace = self._workspace.ecg.record, self._workspace
        if record is None:
            return
        plan = self._plan(self._zoom)
        if record is self._record and plan.paper == self._composed:
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
        self._layers.set_page(laid.drawn if laid.plan.colours == self._layers.palette() else laid.drawn.bare)
        if is_new:
            QTimer.singleShot(0, self._workspace.ecg.tell_painted)
            self.verticalScrollBar().setValue(0)
            self.horizontalScrollBar().setValue(0)
        self._fit_again()
        if self._wanted() == self._composed:
            self._rest.stop()
        else:
            self._rest.start()  # the room has changed since the page was asked for
        self._sharpen()
        self.page_changed.emit()

    def _plan(self, zoom: Zoom) -> Plan:
        room = self.maximumViewportSize()
        seen_px = (room.width(), room.height())
        return Plan(self._wanted(zoom), zoom, seen_px, self._layers.palette(), self.devicePixelRatioF())

    def _wanted(self, zoom: Zoom | None = None) -> PaperSettings:
        """Return the reader's paper, its rows spread over the room there is while the zoom follows it."""
        zoom, paper = zoom or self._zoom, self._workspace.paper.settings
        if zoom.fit == "free" and self._composed is not None:
            same = paper.layout == self._composed.layout
            return replace(paper, row_mm=self._composed.row_mm if same else None)
        size = self.maximumViewportSize()
        return with_room(paper, (size.width(), size.height()), self._workspace.ecg.record)

    def _rested(self) -> None:
        """Draw sharply after a change of size or scale; lay out anew if the room for rows changed."""
        if self._page is not None and self._wanted() != self._composed:
            self._compose()
        else:
            self._sharpen()

    def recolour(self, _theme: object = None) -> None:
        """Draw everything anew in the colours of now."""
        self._layers.forget()
        self._sharpen()

    def _reoverlay(self, _changed: object = None) -> None:
        self._layers.forget_overlay()
        self.viewport().update()

    # ---- scale and place -----------------------------------------------------------------------------

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

    @property
    def true_px_per_mm(self) -> float:
        """Logical px per real millimetre: calibrated by a ruler, else as the screen says of itself."""
        calibrated = self._workspace.settings.number("screen.px_per_mm")
        return calibrated if calibrated > 0 else self.screen().physicalDotsPerInch() / 25.4

    def _follow(self, fit: str) -> None:
        self._zoom = replace(self._zoom, fit=fit)  # type: ignore[arg-type]
        self._fit_again()

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom by a factor; what lies at `around` (viewport px, the middle by default) stays there."""
        self._set_zoom(self._zoom.times(factor), around)

    def _fit_again(self) -> None:
        if self._page is not None:
            size = self.maximumViewportSize()
            page_mm = (self._page.width_mm, self._page.height_mm)
            self._set_zoom(self._zoom.fitted(page_mm, (size.width(), size.height())), QPointF(0, 0))

    def _set_zoom(self, zoom: Zoom, around: QPointF | None = None) -> None:
        """Take a scale; what lies at `around` (viewport px, the middle by default) stays there."""
        held = around if around is not None else QPointF(self.viewport().rect().center())
        before, scale = self._to_mm(held), zoom.px_per_mm
        changed = scale != self._zoom.px_per_mm
        self._zoom = zoom
        self._set_ranges()
        if before is not None and changed:
            self.horizontalScrollBar().setValue(round(before.x() * scale + EDGE_PX - held.x()))
            self.verticalScrollBar().setValue(round(before.y() * scale + EDGE_PX - held.y()))
        if changed:
            self._rest.start()
        self.scale_changed.emit(scale)
        self.viewport().update()

    @property
    def has_missing(self) -> bool:
        """Whether squares of the picture are still to be made."""
        return self._idle.isActive() or self._rest.isActive()

    @property
    def is_scrollable(self) -> bool:
        """Whether the page is larger than what is seen of it."""
        return self.horizontalScrollBar().maximum() + self.verticalScrollBar().maximum() > 0

    def _set_ranges(self) -> None:
        page, seen = self._page_px(), self.viewport().size()
        for bar, extent, room in (
            (self.horizontalScrollBar(), page.width(), seen.width()),
            (self.verticalScrollBar(), page.height(), seen.height()),
        ):
            bar.setRange(0, max(0, extent + 2 * EDGE_PX - room))
            bar.setPageStep(room)
            bar.setSingleStep(40)

    def _page_px(self) -> QRect:
        """Return the page's rectangle in px from its own corner."""
        if self._page is None:
            return QRect()
        return QRect(QPoint(0, 0), page_size(self._page, self._zoom.px_per_mm))

    @property
    def page_corner(self) -> QPoint:
        """Where the page's corner lies in the viewport; a smaller page stands in the middle."""
        page, seen = self._page_px(), self.viewport().size()
        x = max(EDGE_PX, (seen.width() - page.width()) // 2) - self.horizontalScrollBar().value()
        y = max(EDGE_PX, (seen.height() - page.height()) // 3) - self.verticalScrollBar().value()
        return QPoint(x, y)

    def _to_mm(self, at: QPointF) -> QPointF | None:
        if self._page is None:
            return None
        moved, scale = at - QPointF(self.page_corner), self._zoom.px_per_mm
        return QPointF(moved.x() / scale, moved.y() / scale)

    def locate(self, at: QPointF) -> Location | None:
        """Return lead, time and amplitude at a place of the viewport; None outside every trace."""
        mm = self._to_mm(at)
        return None if mm is None or self._page is None else self._page.locate(mm.x(), mm.y())

    # ---- painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Blit the squares there are; what is missing is drawn coarsely and made when there is time."""
        with QPainter(self.viewport()) as painter:
            colours = self._workspace.paper.colours
            painter.fillRect(event.rect(), QColor(colours.window))
            self._painted = self._record
            if self._page is None:
                shown = self._workspace.ecg.shown
                name = self._workspace.names.of(shown.path)
                reason = self._workspace.names.without(shown.reason, shown.path)
                shown = replace(shown, reason=reason)
                hints.paint_empty(painter, self.viewport().rect(), colours, shown, name)
                return
            corner = self.page_corner
            painter.translate(corner)
            page = self._page_px()
            seen = page.intersected(event.rect().translated(-corner))
            if not self._layers.draw(painter, page.size(), seen) and not self._rest.isActive():
                self._idle.start()
            painter.setPen(QColor(colours.line))
            painter.drawRect(page.adjusted(-1, -1, 0, 0))
            self.paint_live(painter)
        if not self._has_painted:
            self._has_painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def paint_live(self, painter: QPainter) -> None:
        """Draw what follows the hand; the painter stands on the page's corner, in px."""

    def _make_missing(self) -> None:
        """Make one missing square per turn of the event loop, so that input never waits for more."""
        self._layers.make_one()
        self.viewport().update()

    def _sharpen(self) -> None:
        """Draw the page anew at the scale of now."""
        if self._page is not None:
            self._layers.sharpen(self._zoom.px_per_mm, self._page_px().size(), self.devicePixelRatioF())
        self.viewport().update()

    def settle(self) -> None:
        """Lay out or draw sharply now, without waiting for the hand to rest."""
        self._rest.stop()
        self._rested()

    # ---- moving --------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again where the zoom follows the window; the picture is stretched until it is drawn anew."""
        super().resizeEvent(event)
        self._fit_again()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move the paper: what is drawn already is blitted."""
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the mouse with Ctrl, else move the paper."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            super().wheelEvent(event)
