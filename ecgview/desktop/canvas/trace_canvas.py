"""The trace: paper that is moved, measured, masked and marked by hand and by keys."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas import gestures, hints
from ecgview.desktop.canvas.caliper import Caliper, samples_of
from ecgview.desktop.canvas.caliper_item import paint_caliper
from ecgview.desktop.canvas.gestures import Drag
from ecgview.desktop.canvas.paper_view import PaperView
from ecgview.desktop.state.workspace import Workspace

STEP_MS = 10.0  # Shift+arrow on a caliper end (T1)
_ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class TraceCanvas(PaperView):
    """The paper of the open record, and every gesture on it.

    Signals:
        cursor_moved: str, lead, time and amplitude under the mouse; empty outside a trace.
        caliper_changed: Caliper | None.
    """

    caliper: Caliper | None
    caliper_is_on: bool

    cursor_moved = Signal(str)
    caliper_changed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self.caliper: Caliper | None = None
        self.caliper_is_on = False
        self._drag: Drag | None = None
        self._mask_before: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self._pan_from: QPoint | None = None
        self._space_held = False
        self._live = LiveItem(self)
        self.put(self._live)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        workspace.ecg.opened.connect(self._let_go)
        workspace.ecg.closed.connect(self._let_go)
        workspace.paper.view_changed.connect(self._show_cursor)
        workspace.answers.mask_mode_changed.connect(self._show_cursor)

    def paint_live(self, painter: QPainter) -> None:
        """Draw the drag under way and the caliper."""
        record, page = self.record, self.page
        if record is None or page is None:
            return
        colours = self._workspace.paper.colours
        if self._drag is not None and self._drag.gesture == "mark":
            hints.paint_drag(painter, page, self._drag, self.px_per_mm, colours)
        if self.caliper is not None:
            paint_caliper(painter, page, record, self.caliper, self.px_per_mm, colours)

    def _let_go(self, _record: object = None) -> None:
        """Drop what the hand has begun on another record, and what was read off it."""
        self._drag = self._pan_from = None
        self.set_caliper(None)
        self.cursor_moved.emit("")
        self._show_cursor()

    # ---- caliper -------------------------------------------------------------------------------------

    def toggle_caliper(self) -> None:
        """Take the caliper out, or put it away."""
        self.caliper_is_on = not self.caliper_is_on
        if not self.caliper_is_on:
            self.set_caliper(None)
        self._show_cursor()

    def set_caliper(self, caliper: Caliper | None) -> None:
        """Show a caliper, or none."""
        self.caliper = caliper
        self.caliper_changed.emit(caliper)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move a caliper end by a sample or 10 ms, put it away, or hold Space to move the paper."""
        record, caliper = self.record, self.caliper
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(True)
        elif key == Qt.Key.Key_Escape and self.caliper_is_on:
            self.toggle_caliper()
        elif record is not None and caliper is not None and key in _ARROWS:
            is_far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            step = samples_of(record, STEP_MS) if is_far else 1
            self.set_caliper(caliper.stepped(record, _ARROWS[key] * step))
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go of Space."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(False)
        else:
            super().keyReleaseEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Give Tab to the caliper while there is one: it switches the end that the keys move."""
        if self.caliper is not None:
            self.set_caliper(self.caliper.switched())
            return True
        return bool(super().focusNextPrevChild(forward))

    # ---- mouse ---------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what a drag does here."""
        record = self.record
        if record is None or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return event.ignore()
        gesture = self._gesture() if event.button() == Qt.MouseButton.LeftButton else "pan"
        place = self.locate(event.position())
        if gesture == "pan" or place is None:
            self._pan_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            return None
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._drag = Drag(gesture, place.lead, place.seconds, place.seconds, not shift, shift)
        if gesture == "caliper":
            self.set_caliper(self._caliper_from(place.lead, place.seconds))
        elif gesture == "mask":
            self._mask_before = self._workspace.answers.mask
            self._drag_to(place.seconds)
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the drag, and tell what lies under the mouse."""
        if self._pan_from is not None:
            now = event.position().toPoint()
            moved, self._pan_from = now - self._pan_from, now
            self.move_by(QPointF(moved))
            return
        place = self.locate(event.position())
        if place is None:
            self.cursor_moved.emit("")
            return
        self.cursor_moved.emit(f"{place.lead}  {place.seconds:.3f} s  {place.millivolts:+.2f} mV")
        if self._drag is not None:
            self._drag_to(place.seconds)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag; a mark is placed now."""
        self._pan_from = None
        drag, self._drag = self._drag, None
        self._show_cursor()
        if drag is not None and drag.gesture == "mark" and drag.is_mark:
            start_s, end_s = drag.span_s
            self._workspace.steps.add_annotation(() if drag.all_leads else (drag.lead,), start_s, end_s)
        self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the mouse any more."""
        self.cursor_moved.emit("")
        super().leaveEvent(event)

    def _drag_to(self, seconds: float) -> None:
        record = self.record
        if self._drag is None or record is None:
            return
        drag = self._drag
        self._drag = Drag(drag.gesture, drag.lead, drag.start_s, seconds, drag.hides, drag.all_leads)
        if drag.gesture == "caliper" and self.caliper is not None:
            self.set_caliper(self.caliper.moved_to(record, seconds))
        elif drag.gesture == "mask":
            answers = self._workspace.answers
            answers.set_mask(gestures.masked(self._mask_before, self._drag, answers.segments.seconds))
        self.viewport().update()

    def _caliper_from(self, lead: str, seconds: float) -> Caliper:
        """Return the caliper with the end near the press taken up, or a new one."""
        record = self.record
        assert record is not None
        if self.caliper is not None and self.caliper.lead == lead and self.page is not None:
            near_s = 1.5 / self._workspace.paper.settings.speed_mm_per_s  # 1.5 mm on paper
            for end, time_s in enumerate(self.caliper.seconds(record)):
                if abs(time_s - seconds) <= near_s:
                    return Caliper(lead, self.caliper.ends, end)
        return Caliper.at(record, lead, seconds)

    def _gesture(self) -> gestures.Gesture:
        return gestures.choose(
            self._workspace.paper.view,
            mask_mode=self._workspace.answers.mask_mode,
            caliper_on=self.caliper_is_on,
            space_held=self._space_held,
        )

    def _hold_space(self, held: bool) -> None:
        self._space_held = held
        self._show_cursor()

    def _show_cursor(self, _changed: object = None) -> None:
        shapes = {
            "pan": Qt.CursorShape.OpenHandCursor if self.is_scrollable else Qt.CursorShape.ArrowCursor,
            "caliper": Qt.CursorShape.CrossCursor,
            "mask": Qt.CursorShape.IBeamCursor,
            "mark": Qt.CursorShape.IBeamCursor,
        }
        self.viewport().setCursor(shapes[self._gesture()])

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget held keys."""
        self._hold_space(False)
        super().focusOutEvent(event)


class LiveItem(pg.GraphicsObject):
    """What follows the hand, above the paper."""

    def __init__(self, canvas: TraceCanvas) -> None:
        super().__init__()
        self._canvas = canvas

    def boundingRect(self) -> QRectF:
        """Return the page and more."""
        return QRectF(-1e4, -1e4, 2e4, 2e4)

    def paint(
        self, brush: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw it from the page's corner on, in logical px."""
        brush.save()
        corner = self._canvas.page_corner
        brush.setWorldTransform(QTransform.fromTranslate(corner.x(), corner.y()))
        self._canvas.paint_live(brush)
        brush.restore()
