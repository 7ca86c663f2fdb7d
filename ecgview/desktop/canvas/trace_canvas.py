"""The trace: paper that is moved, measured, masked and marked by hand and by keys.

What lies on the paper are items of the scene (`PaperItems`). A drag on bare paper does what the mouse mode says; other
parts of the window add modes and menu rows in `ecgview.desktop.state.mouse`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from ecgview.desktop.canvas import gestures, paper_menu
from ecgview.desktop.canvas.band_item import BandItem
from ecgview.desktop.canvas.caliper import Caliper, nearest_sample
from ecgview.desktop.canvas.caliper_item import CaliperItem
from ecgview.desktop.canvas.edge_item import EdgeItem
from ecgview.desktop.canvas.gestures import Drag
from ecgview.desktop.canvas.mark_item import MarkItem
from ecgview.desktop.canvas.mask_item import MaskItem
from ecgview.desktop.canvas.paper_items import HandItem, PaperItems
from ecgview.desktop.canvas.paper_view import Look, PaperView
from ecgview.desktop.canvas.span_item import boxes, row_at, seconds_along
from ecgview.desktop.state import going_to
from ecgview.desktop.state.mouse import SHORTEST_S, MenuRow, Spot
from ecgview.desktop.state.workspace import Workspace
from ecgview.paper.page import Location, Page, TracePath
from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation

CLICK_PX = 4  # a press that moved less is a click
ROOM_MM = 1.5  # of paper about what is zoomed to
_ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_MOVES_PAPER = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)
_NONE, _SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
_CTRL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_CURSORS = {
    "caliper": Qt.CursorShape.CrossCursor,
    "zoom": Qt.CursorShape.CrossCursor,
    "mask": Qt.CursorShape.IBeamCursor,
    "mark": Qt.CursorShape.IBeamCursor,
}


@dataclass(frozen=True, slots=True)
class _LeadZoom:
    """A lead that fills the view: its moment, where its row lies on the page (mm), at which scale, what was before."""

    spot: Spot
    part: QRectF
    px_per_mm: float
    before: Look


class TraceCanvas(PaperView):
    """The paper of the open record, and every gesture on it.

    Signals:
        cursor_moved: str, lead, time and amplitude under the mouse; empty outside a trace.
        caliper_changed: Caliper | None, the active one.
    """

    cursor_moved = Signal(str)
    caliper_changed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self.items_on_paper = items = PaperItems(self, self.scene(), workspace, self)
        self._band = BandItem()
        self.put(self._band)
        self._items_of: EcgRecord | None = None
        self._drag: Drag | None = None
        self._drag_row: TracePath | None = None  # where it began
        self._rect_from: QPointF | None = None  # mm, where a rectangle to zoom to begins
        self._mask_before: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self._pressed: QPointF | None = None
        self._pan_from: QPointF | None = None
        self._space_held = False
        self._lead_zoom: _LeadZoom | None = None
        self._pointed: tuple[str, float, float] | None = None  # a value's place, until its page is there
        self._menu: QMenu | None = None
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        items.caliper_changed.connect(self.caliper_changed)
        items.live_changed.connect(self._reoverlay)
        items.keyed_changed.connect(self._describe)
        self.page_changed.connect(self._show_items)
        self.moved.connect(items.show_view)
        workspace.ecg.opened.connect(self._let_go_of_another)
        workspace.ecg.closed.connect(self._let_go)
        workspace.paper.theme_changed.connect(self._show_items)
        workspace.mouse.changed.connect(self._mode_changed)
        workspace.measuring.pointed.connect(self._point_at)

    @property
    def workspace(self) -> Workspace:
        """What the window knows."""
        return self._workspace

    @property
    def may_edit(self) -> bool:
        """Whether the read of the record on the paper takes edits."""
        session = self._workspace.reading.session
        return session is not None and session.is_editable

    def _show_items(self, _changed: object = None) -> None:
        """Let everything stand on the page of now; of another record nothing stays for a moment."""
        if self.record is not self._items_of:
            self._items_of = self.record
            self._let_go()
            return
        self._keep_to_lead()
        self.items_on_paper.show_page(self.palette_of_paper)
        if self._pointed is not None:
            self._point_at(*self._pointed)

    def _let_go_of_another(self, record: EcgRecord) -> None:
        if record is not self._items_of:  # its page may have come first, and its items with it
            self._let_go()

    def _let_go(self) -> None:
        """Drop what the hand has begun on another record, and what was read off it."""
        self._cancel()
        self._lead_zoom = self._pointed = None
        self.items_on_paper.forget()
        self._show_items()
        if self._menu is not None:
            self._menu.close()
        self.cursor_moved.emit("")
        self._show_cursor()

    def live_marks(self) -> tuple[Annotation, ...]:
        """Return the marks that are drawn by their items, since the hand has them: the overlay leaves them out."""
        return self.items_on_paper.marks.live

    def _describe(self) -> None:
        """Tell screen readers of the item that has the keys: to them the canvas is one thing."""
        item = self.items_on_paper.keyed
        self.setAccessibleDescription("" if item is None else item.name)

    # ---- calipers ------------------------------------------------------------------------------------

    @property
    def caliper(self) -> Caliper | None:
        """What the active caliper measures."""
        return self.items_on_paper.calipers.caliper

    @property
    def calipers(self) -> tuple[Caliper, ...]:
        """What every caliper on the paper measures."""
        return self.items_on_paper.calipers.values

    @property
    def caliper_is_on(self) -> bool:
        """Whether a drag over the trace measures."""
        return self._workspace.mouse.mode == "caliper"

    def toggle_caliper(self) -> None:
        """Take the calipers out, or put them away."""
        if self.caliper_is_on:
            self.items_on_paper.calipers.put_away()
            self._workspace.mouse.leave("caliper")
        else:
            self._workspace.mouse.choose("caliper")

    def set_caliper(self, caliper: Caliper | None) -> None:
        """Let the active caliper measure this; None takes all of them off."""
        self.items_on_paper.calipers.show_only(caliper)

    def _point_at(self, lead: str, start_s: float, end_s: float) -> None:
        """Set the caliper where a value was measured, and bring it into sight; on another page if it must be."""
        record, page, paper = self.record, self.page, self._workspace.paper.settings
        if record is None or page is None:
            return
        row = _row_that_shows(page, lead, start_s, end_s)
        wanted = None if row is not None else going_to.page_with(record, paper, lead, start_s, end_s)
        if wanted is not None and self._pointed is None:
            self._pointed = (lead, start_s, end_s)  # before the page is asked for: it may be there at once
            self._workspace.paper.show_for_a_while(wanted)
            return
        self._pointed = None
        if row is None:
            said = f"It was measured from {start_s:.1f} to {end_s:.1f} s, which no page shows as one."
            self._workspace.telling.post(said, about=self._workspace.ecg.path)
            return
        ends = nearest_sample(record, start_s), nearest_sample(record, end_s)
        self._set_caliper_on(row, ends, start_s, end_s)

    def point_on_median(self, lead: str, start_s: float, end_s: float) -> None:
        """Set the caliper on a lead of the median page, between times in s from its first sample; only on that page."""
        beat, page = self.drawn, self.page
        if beat is None or page is None or not page.is_of_median:
            return
        row = next((one for one in page.traces if one.lead == lead), None)
        if row is not None:
            ends = nearest_sample(beat, start_s), nearest_sample(beat, end_s)
            self._set_caliper_on(row, ends, start_s, end_s)

    def _set_caliper_on(self, row: TracePath, ends: tuple[int, int], start_s: float, end_s: float) -> None:
        self._workspace.mouse.choose("caliper")
        self.items_on_paper.calipers.show_only(Caliper(row.lead, ends))
        left, right = (row.x0_mm + (at - row.start_s) * row.mm_per_s for at in (start_s, end_s))
        place = QRectF(left, row.baseline_mm - row.row_mm / 2, right - left, row.row_mm)
        if not self.seen_mm.contains(place):
            self.bring_into_sight(place)

    # ---- keys ----------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Claim the keys that belong to the item in focus before the menus take them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            is_delete = event.key() in _DELETES and self.items_on_paper.focused is not None
            if is_delete or self._step_of_mode(event) or self._undoes(event) or self._redoes(event):
                event.accept()
                return True
        return bool(super().event(event))

    def _step_of_mode(self, event: QKeyEvent) -> Callable[[], object] | None:
        """Return what the key takes back, or does again, in the mouse mode of another part."""
        added = self._workspace.mouse.added_mode(self._workspace.mouse.mode)
        if added is None:
            return None
        if event.matches(QKeySequence.StandardKey.Undo):
            return added.undo
        return added.redo if _is_redo(event) else None

    def _undoes(self, event: QKeyEvent) -> bool:
        items = self.items_on_paper
        return event.matches(QKeySequence.StandardKey.Undo) and items.has_last_word and items.moves.can_undo

    def _redoes(self, event: QKeyEvent) -> bool:
        items = self.items_on_paper
        return _is_redo(event) and items.has_last_word and items.moves.can_redo

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move what has the keys by a sample or 10 ms, remove it, leave it; Space moves the paper."""
        key, items = Qt.Key(event.key()), self.items_on_paper
        keyed, held_keys = items.keyed, event.modifiers() & ~_KEYPAD
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(True)
        elif key == Qt.Key.Key_Escape:
            if not self._escape():
                super().keyPressEvent(event)
        elif (step := self._step_of_mode(event)) is not None:
            step()
        elif self._undoes(event):
            items.moves.undo()
        elif self._redoes(event):
            items.moves.redo()
        elif key in _ARROWS and held_keys == _ALT:
            items.step_focus(_ARROWS[key])
        elif keyed is not None and key in _ARROWS and held_keys in (_NONE, _SHIFT):
            items.nudge(keyed, _ARROWS[key], held_keys == _SHIFT)
        elif key in _DELETES and items.focused is not None:
            items.remove(items.focused)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go of Space; write the mark that an arrow key moved."""
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Space:
            self._hold_space(False)
        elif event.key() in _ARROWS:
            self.items_on_paper.write_pending()
        else:
            super().keyReleaseEvent(event)

    def _escape(self) -> bool:
        """Go one step back: end a drag, leave an item, leave the mouse mode; returns whether there was one."""
        items, mouse = self.items_on_paper, self._workspace.mouse
        if self._pressed is not None:
            self._cancel()
        elif self.caliper_is_on and not isinstance(items.focused, MarkItem | MaskItem | EdgeItem):
            self.toggle_caliper()
        elif items.focused is not None:
            items.give_focus(None)
        elif not mouse.leave():
            return False
        return True

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Give Tab to the caliper or the mark that has the keys: it switches the end that they move."""
        if self.items_on_paper.switch(forward):
            return True
        return bool(
            QWidget.focusNextPrevChild(self, forward)
        )  # not the scene's, which goes through its boxes

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget held keys."""
        self._hold_space(False)
        self.items_on_paper.write_pending()
        super().focusOutEvent(event)

    def _hold_space(self, held: bool) -> None:
        self._space_held = held
        self._show_cursor()

    # ---- mouse ---------------------------------------------------------------------------------------

    @property
    def _mode(self) -> str:
        return "pan" if self._space_held else self._workspace.mouse.mode

    def item_at(self, at: QPointF) -> HandItem | None:
        """Return the uppermost caliper, mark or hidden stretch at a place of the viewport."""
        found = self.scene().items(self.mapToScene(at.toPoint()))
        return next((item for item in found if isinstance(item, HandItem)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take up what lies under the mouse, else begin what a drag does here."""
        if self.record is None or event.button() not in _MOVES_PAPER:
            event.ignore()
            return
        self._workspace.hand.take()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at, is_left = event.position(), event.button() == Qt.MouseButton.LeftButton
        self._pressed = at
        place, mm = self.locate(at), self.to_mm(at)
        if is_left and mm is not None and self._pick_up(at, mm, event.modifiers()):
            self._show_cursor(at)
            return
        mode = self._mode if is_left else "pan"
        if self.page is not None and self.page.is_of_median and mode not in ("zoom", "caliper"):
            mode = "pan"  # marks and masks are of the record's own seconds
        if mode == "zoom":
            self._rect_from = mm
        elif mode == "pan" or place is None or mm is None:
            self._pan_from = at
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif mode == "caliper":
            self._begin_caliper(mm, place.lead, place.seconds)
        else:
            shift = bool(event.modifiers() & _SHIFT)
            seconds = self._on_sample(place.seconds) if mode != "mask" else place.seconds
            self._drag = Drag(mode, place.lead, seconds, seconds, not shift, shift)
            self._drag_row = None if self.page is None else row_at(self.page, mm)
            self._mask_before = self._workspace.answers.mask
            if mode == "mask":
                self._drag_to(place.seconds)

    def _pick_up(self, at: QPointF, mm: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """Let the hand take up an item; a mark or a hidden stretch only where the mode, or its focus, means it."""
        items, item = self.items_on_paper, self.item_at(at)
        if item is None or self._space_held or self._mode == "zoom" or modifiers & _CTRL:
            return False
        if isinstance(item, MarkItem | MaskItem):
            means = "mark" if isinstance(item, MarkItem) else "mask"
            is_meant = self._mode == means or (item is items.focused and self._mode == "pan")
            if not is_meant or modifiers & _SHIFT or not items.may_move(item):
                return False
        elif isinstance(item, EdgeItem):
            if not self._takes_edge(item):
                return False
        elif self._workspace.mouse.added_mode(self._mode) is not None:
            return False
        if not items.take(item, mm):
            self._pressed = None  # it was refused, and said so
        return True

    def _takes_edge(self, item: EdgeItem) -> bool:
        """Whether a press takes up an edge of a wave: where a drag would move the paper, or where it has the keys."""
        items = self.items_on_paper
        return items.may_move(item) and (self._mode == "pan" or item is items.focused)

    def _begin_caliper(self, at: QPointF, lead: str, seconds: float) -> None:
        record, items = self.drawn, self.items_on_paper
        made = items.calipers.begin(Caliper.at(record, lead, seconds)) if record is not None else None
        if made is not None:
            items.take(made, at, "second")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the drag, and tell what lies under the mouse."""
        at = event.position()
        if self._pan_from is not None:
            moved, self._pan_from = at - self._pan_from, at
            self.move_by(moved)
            return
        mm, place = self.to_mm(at), self.locate(at)
        if mm is not None and self.items_on_paper.held is not None:
            self.items_on_paper.drag_to(mm, snaps=bool(event.modifiers() & _ALT))
        elif mm is not None and self._rect_from is not None:
            self._show_rect(mm)
        elif mm is not None and self._drag is not None and self.page is not None:
            if self._drag_row is not None:
                self._drag_to(seconds_along(self._drag_row, mm, self.page.traces))
        else:
            self._show_cursor(at)
        self.cursor_moved.emit("" if place is None else self._told_of(place))

    def _told_of(self, place: Location) -> str:
        peak_s = None if self.page is None else self.page.peak_s
        when = f"{place.seconds:.3f} s" if peak_s is None else f"median beat {place.seconds - peak_s:+.3f} s"
        return f"{place.lead}  {when}  {round(place.millivolts, 2) + 0.0:+.2f} mV"

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag: write what it moved, mark or zoom to what it spans; a click gives the focus."""
        at, pressed = event.position(), self._pressed
        is_click = pressed is not None and (at - pressed).manhattanLength() < CLICK_PX
        drag, band = self._drag, self._band.rects[:1] if self._rect_from is not None else ()
        held = self.items_on_paper.held
        self._end()
        if held is not None:
            self.items_on_paper.let_go()
        if band and not is_click:
            self._workspace.mouse.leave("zoom")
            self.show_part(band[0])
        if drag is not None:
            self._release_drag(drag, is_click=is_click)
        if is_click and not isinstance(held, MaskItem):
            self.items_on_paper.give_focus(self.item_at(at))
        self._show_cursor(at)
        self._workspace.hand.let_go()

    def _end(self) -> None:
        self._pressed = self._drag = self._rect_from = self._pan_from = None
        self._band.hide()

    def _cancel(self) -> None:
        """End a drag as if it had not been."""
        drag = self._drag
        self._end()
        self.items_on_paper.drop()
        added = None if drag is None else self._workspace.mouse.added_mode(drag.gesture)
        if drag is not None and drag.gesture == "mask" and self.record is self._workspace.ecg.record:
            self._workspace.answers.set_mask(self._mask_before)
        elif drag is not None and added is not None and added.on_drag is not None:
            added.on_drag(drag.gesture, drag.lead, drag.start_s, drag.start_s)
        self._show_cursor()

    def _release_drag(self, drag: Drag, *, is_click: bool) -> None:
        workspace, lead = self._workspace, "" if drag.all_leads else drag.lead
        added = workspace.mouse.added_mode(drag.gesture)
        start_s, end_s = drag.span_s
        if drag.gesture == "mask":
            self.items_on_paper.note_mask(self._mask_before)
        elif added is not None and end_s - start_s >= SHORTEST_S:
            added.on_span(drag.gesture, lead, start_s, end_s)
        elif added is not None and is_click and added.on_click is not None:
            added.on_click(drag.gesture, lead, drag.start_s)
        elif drag.gesture == "mark" and drag.is_mark:
            workspace.steps.add_annotation((lead,) if lead else (), start_s, end_s)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Zoom to the lead under the mouse, or to a mark; once more goes back."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        item, place = self.item_at(event.position()), self.locate(event.position())
        if isinstance(item, MarkItem) and not self.is_zoomed_to_lead and item is self.items_on_paper.focused:
            self.zoom_to_item(item)
        elif place is not None:
            self.toggle_lead(Spot(place.lead, place.seconds, place.millivolts), event.position())

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the mouse any more."""
        self.cursor_moved.emit("")
        super().leaveEvent(event)

    # ---- what a drag does ----------------------------------------------------------------------------

    def _on_sample(self, seconds: float) -> float:
        """Return the time of the sample nearest to a time: what is marked begins and ends on samples (C4)."""
        record = self.record
        return seconds if record is None else nearest_sample(record, seconds) / record.sampling_rate_hz

    def _drag_to(self, seconds: float) -> None:
        drag, page = self._drag, self.page
        if drag is None or page is None:
            return
        is_mask = drag.gesture == "mask"
        self._drag = drag = replace(drag, now_s=seconds if is_mask else self._on_sample(seconds))
        if is_mask:
            answers = self._workspace.answers
            answers.set_mask(gestures.masked(self._mask_before, drag, answers.segments.seconds))
            return
        start_s, end_s = drag.span_s
        over = [box.rect for box in boxes(page, () if drag.all_leads else (drag.lead,), start_s, end_s)]
        added = self._workspace.mouse.added_mode(drag.gesture)
        role = "annotation" if added is None else added.role
        if added is not None and added.on_drag is not None:
            is_long = abs(drag.now_s - drag.start_s) >= SHORTEST_S
            lead = "" if drag.all_leads else drag.lead
            added.on_drag(drag.gesture, lead, drag.start_s, drag.now_s if is_long else drag.start_s)
        self._band.span(over, self._band_colours(role), f"{(end_s - start_s) * 1000:.0f} ms", self.px_per_mm)

    def _show_rect(self, mm: QPointF) -> None:
        if self._rect_from is not None:
            rect = QRectF(self._rect_from, mm).normalized()
            self._band.span((rect,), self._band_colours("caliper"), "", self.px_per_mm)

    def _band_colours(self, role: str) -> tuple[str, str]:
        colours = self._workspace.paper.colours
        return str(getattr(colours, role, colours.accent)), colours.on_accent

    # ---- zoom to what is meant -----------------------------------------------------------------------

    @property
    def is_zoomed_to_lead(self) -> bool:
        """Whether one lead fills the view since a double click, and nobody has zoomed since."""
        zoom = self._lead_zoom
        return zoom is not None and abs(zoom.px_per_mm / self.px_per_mm - 1) < 1e-6

    def toggle_lead(self, spot: Spot, at: QPointF | None = None) -> None:
        """Let one lead's row fill the view, or go back to what was seen before.

        Args:
            spot: a moment of the lead.
            at: where it was asked for, viewport px; of several rows of a lead the one there is meant.
        """
        if self.page is None:
            return
        if self._lead_zoom is not None and self.is_zoomed_to_lead:
            self.show_look(self._lead_zoom.before)
            self._lead_zoom = None
            return
        mm = self.to_mm(at) if at is not None else None
        rows = [row for row in self._rows_of(spot.lead) if row.start_s <= spot.seconds <= row.end_s]
        here = self.page.trace_at(mm.x(), mm.y()) if mm is not None else None
        row = here if here is not None else (rows[-1] if rows else None)
        if row is not None:
            self._fill_with(row, spot, self.look())

    def _rows_of(self, lead: str) -> list[TracePath]:
        return [] if self.page is None else [row for row in self.page.traces if row.lead == lead]

    def _fill_with(self, row: TracePath, spot: Spot, before: Look) -> None:
        self.show_part(part := _part_of(row))
        self._lead_zoom = _LeadZoom(spot, part, self.px_per_mm, before)

    def _keep_to_lead(self) -> None:
        """Let the lead that fills the view fill it where its row lies now, or show the whole where it is no more."""
        zoom = self._lead_zoom
        if zoom is None or not self.is_zoomed_to_lead:
            self._lead_zoom = None
            return
        rows = self._rows_of(zoom.spot.lead)
        if any(_part_of(row) == zoom.part for row in rows):  # the hand may have moved along it
            return
        before = zoom.before  # of the page before: its place means nothing on this one
        before = Look(
            replace(before.zoom, fit="width") if before.zoom.fit == "free" else before.zoom, QPointF()
        )
        with_it = [row for row in rows if row.start_s <= zoom.spot.seconds <= row.end_s]
        if rows:
            self._fill_with((with_it or rows)[-1], zoom.spot, before)
        else:
            self._lead_zoom = None
            self.show_look(before)

    def zoom_to_item(self, item: MarkItem) -> None:
        """Let a mark fill the view, with as much paper on either side."""
        part = QRectF()
        for box in item.boxes:
            part = part.united(box.rect)
        if not part.isNull():
            more = max(part.width() / 2, 5.0)
            self.show_part(part.adjusted(-more, -ROOM_MM, more, ROOM_MM))

    # ---- the menu ------------------------------------------------------------------------------------

    def menu_rows(self, at: QPointF) -> list[MenuRow]:
        """Return what the menu of the paper offers at a place of the viewport."""
        place = self.locate(at)
        spot = None if place is None else Spot(place.lead, place.seconds, place.millivolts)
        return paper_menu.rows(self, self.item_at(at), spot)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the paper; by the keyboard, that of what has the keys."""
        if self.record is None or self._pressed is not None:
            return
        keyed = self.items_on_paper.keyed
        at, where = QPointF(event.pos()), event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and keyed is not None:
            at = QPointF(self.mapFromScene(keyed.mapToScene(keyed.boundingRect().center())))
            where = self.viewport().mapToGlobal(at.toPoint())
            rows = paper_menu.rows(self, keyed, None)
        else:
            rows = self.menu_rows(at)
            self.items_on_paper.give_focus(self.item_at(at))
        self._menu = paper_menu.build(rows, self)
        self._menu.aboutToHide.connect(self._forget_menu)
        self._menu.popup(where)
        event.accept()

    def _forget_menu(self) -> None:
        menu, self._menu = self._menu, None
        if menu is not None:
            menu.deleteLater()

    # ---- what shows the mode -------------------------------------------------------------------------

    def _mode_changed(self, mode: str) -> None:
        if self._pressed is not None and self.items_on_paper.held is None and self._pan_from is None:
            self._cancel()  # the drag under way was begun in another mode
        if mode == "caliper":
            self.items_on_paper.calipers.take_out()
        self._show_cursor()

    def _show_cursor(self, at: QPointF | None = None) -> None:
        if self._pan_from is not None:
            return
        shape = _CURSORS.get(self._mode)
        if shape is None:
            added = self._workspace.mouse.added_mode(self._mode) is not None
            shape = Qt.CursorShape.IBeamCursor if added else Qt.CursorShape.ArrowCursor
            if not added and self.is_scrollable:
                shape = Qt.CursorShape.OpenHandCursor
        item = self.item_at(at) if at is not None and self.record is not None else None
        self.items_on_paper.edges.hover(item if isinstance(item, EdgeItem) else None)
        over = None if item is None else self._cursor_over(item, at)
        self.viewport().setCursor(shape if over is None else over)

    def _cursor_over(self, item: HandItem, at: QPointF | None) -> Qt.CursorShape | None:
        """Return the cursor over an item that a press would take up; None where it would not."""
        mm = self.to_mm(at) if at is not None else None
        if mm is None or self._mode == "zoom":
            return None
        if isinstance(item, CaliperItem):
            part = item.handle_at(mm)
            return Qt.CursorShape.SizeAllCursor if part == "span" else Qt.CursorShape.SizeHorCursor
        if isinstance(item, EdgeItem):
            return Qt.CursorShape.SizeHorCursor if self._takes_edge(item) else None
        means = "mark" if isinstance(item, MarkItem) else "mask"
        if self._mode != means and not (item is self.items_on_paper.focused and self._mode == "pan"):
            return None
        if not self.items_on_paper.may_move(item):
            return None
        is_edge = isinstance(item, MarkItem) and item.part_at(mm) in ("start", "end")
        return Qt.CursorShape.SizeHorCursor if is_edge else Qt.CursorShape.SizeAllCursor


def _row_that_shows(page: Page, lead: str, start_s: float, end_s: float) -> TracePath | None:
    """Return the row of a lead (of any where it is empty) with a stretch of the record on it; the longest one."""
    if page.is_of_median:
        return None
    rows = [
        row
        for row in page.traces
        if lead in ("", row.lead) and row.start_s - 1e-6 <= start_s and end_s <= row.end_s + 1e-6
    ]
    return max(rows, key=lambda row: row.end_s - row.start_s, default=None)


def _part_of(row: TracePath) -> QRectF:
    """Return what is seen of a page, mm, where one row of it fills the view."""
    left, width = row.x0_mm - ROOM_MM, row.x1_mm - row.x0_mm + 2 * ROOM_MM
    return QRectF(left, row.baseline_mm - 0.58 * row.row_mm, width, 1.1 * row.row_mm)


def _is_redo(event: QKeyEvent) -> bool:
    is_y = event.key() == Qt.Key.Key_Y and event.modifiers() == _CTRL
    return is_y or event.matches(QKeySequence.StandardKey.Redo)
