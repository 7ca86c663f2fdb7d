"""Everything on the paper that the hand moves (calipers, marks, hidden stretches, edges of waves); who has the keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtWidgets import QGraphicsScene

from ecgview.desktop.canvas.beat_letters import BeatLetters
from ecgview.desktop.canvas.caliper import samples_of
from ecgview.desktop.canvas.caliper_item import CaliperItem, Handle
from ecgview.desktop.canvas.calipers import Calipers
from ecgview.desktop.canvas.edge_item import EdgeItem, Edges
from ecgview.desktop.canvas.mark_item import MarkItem, Marks
from ecgview.desktop.canvas.mask_item import MaskItem, Masks
from ecgview.desktop.canvas.moves import Moves
from ecgview.desktop.canvas.stimulus_marks import StimulusMarks
from ecgview.desktop.canvas.surface import Surface
from ecgview.desktop.state.workspace import Workspace
from ecgview.paper.palette import Palette
from ecgview.review.annotation import Annotation
from ecgview.review.history import ChangeAnnotation, RemoveAnnotation
from ecgview.signal.measurements import pacing_told

STEP_MS = 10.0  # Shift+arrow on a caliper end or on the edge of a mark (T1)
HandItem = CaliperItem | MarkItem | MaskItem | EdgeItem
_KINDS = (CaliperItem, MarkItem, MaskItem, EdgeItem)


class PaperItems(QObject):
    """The items of the open record, all changed with its page in one step.

    Marks are changed by edits of the draft, whose history undoes them; calipers and masks have `moves`.

    Signals:
        caliper_changed: Caliper | None, the active one.
        live_changed: another mark is drawn by its item now, or by the overlay again.
        keyed_changed: another item has the keys, or it says something else.
    """

    caliper_changed = Signal(object)
    live_changed = Signal()
    keyed_changed = Signal()

    def __init__(
        self, surface: Surface, scene: QGraphicsScene, workspace: Workspace, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._surface, self._scene, self._workspace = surface, scene, workspace
        self._palette: Palette | None = None
        self._held: HandItem | None = None
        self._spoke_last = False
        self._px_per_mm = 0.0
        self.moves = Moves()
        self.calipers = Calipers(surface, self.moves, self)
        self.marks = Marks(surface, self)
        self.masks = Masks(surface, self)
        self.edges = Edges(surface, self)
        self.letters = BeatLetters()
        surface.put(self.letters)
        self.stimuli = StimulusMarks()
        surface.put(self.stimuli)
        self.calipers.changed.connect(self.caliper_changed)
        self.calipers.changed.connect(self.keyed_changed)
        self.marks.written.connect(self._write_mark)
        self.marks.live_changed.connect(self.live_changed)
        self.masks.asked.connect(workspace.answers.set_mask)
        self.masks.noted.connect(self._note_mask)
        self.edges.moved.connect(workspace.measuring.hold)
        self.edges.put.connect(workspace.measuring.put)
        self.edges.dropped.connect(workspace.measuring.let_go)
        workspace.measuring.changed.connect(self.show_measured)
        workspace.measuring.lines_changed.connect(self.show_measured)
        scene.focusItemChanged.connect(self._focus_moved)
        workspace.answers.mask_changed.connect(self.show_masks)
        workspace.paper.view_changed.connect(self.show_masks)
        workspace.reading.session_changed.connect(self.show_marks)
        workspace.reading.marks_changed.connect(self.show_marks)
        workspace.reading.draft_changed.connect(self._read_went_on)
        workspace.reading.typing_ended.connect(self.write_pending)

    # ---- what they show ------------------------------------------------------------------------------

    def show_page(self, palette: Palette) -> None:
        """Let every item stand on the page of now, in the colours of now."""
        self._palette = palette
        self.calipers.show_page(self._workspace.paper.colours)
        self.show_marks()
        self.show_masks()
        self.show_measured()

    def show_view(self) -> None:
        """Follow zoom and place of the paper."""
        self.calipers.show_view()
        if self._surface.px_per_mm != self._px_per_mm:
            self._px_per_mm = self._surface.px_per_mm
            self.marks.show_scale(self._px_per_mm)
            self.masks.show_scale(self._px_per_mm)
            self.edges.show_scale(self._px_per_mm)

    def show_marks(self, _changed: object = None) -> None:
        """Have an item for each mark of the draft, if that is the read of the record on the paper."""
        session, record = self._workspace.reading.session, self._surface.record
        if self._palette is None:
            return
        is_ours = session is not None and record is not None and session.record_sha256 == record.source.sha256
        marks = (
            session.draft.annotations if session is not None and is_ours and not self._is_of_median else ()
        )
        self.marks.show(marks, self._workspace.paper.colours, self._palette)
        self.keyed_changed.emit()

    def show_masks(self, _changed: object = None) -> None:
        """Have an item for each hidden stretch, while the view shows them."""
        workspace = self._workspace
        if workspace.paper.view != "reconstruct" or self._is_of_median:
            self.masks.forget()
        else:
            answers = workspace.answers
            self.masks.show(answers.mask, answers.segments.seconds, workspace.paper.colours)

    @property
    def _is_of_median(self) -> bool:
        page = self._surface.page
        return page is not None and page.is_of_median

    def show_measured(self, _changed: object = None) -> None:
        """Have a line for each edge of a wave, and a letter over each beat, where they are switched on.

        On the page of the median beat the lines are what it is for.
        """
        workspace, record = self._workspace, self._surface.record
        is_ours = record is not None and record is workspace.ecg.record
        measured = workspace.measuring.measured if is_ours else None
        colours = workspace.paper.colours
        shows_edges = workspace.measuring.shows_edges or self._is_of_median
        self.edges.show(measured if shows_edges else None, colours)
        shown = measured if workspace.measuring.shows_letters else None
        self.letters.show(shown, self._surface.page, colours)
        seen = () if measured is None or record is None else pacing_told(record).times_s
        self.stimuli.show(seen, self._surface.page, colours)
        self.keyed_changed.emit()

    def forget(self) -> None:
        """Leave nothing of a record, and nothing that the hand began on it."""
        self._held, self._spoke_last = None, False
        self.calipers.forget()
        self.marks.forget()
        self.masks.forget()
        self.edges.forget()
        self.letters.show(None, None, self._workspace.paper.colours)
        self.stimuli.show((), None, self._workspace.paper.colours)
        self.moves.forget()

    # ---- which has the keys --------------------------------------------------------------------------

    @property
    def focused(self) -> HandItem | None:
        """The item that has the focus."""
        item = self._scene.focusItem()
        return item if isinstance(item, _KINDS) else None

    @property
    def keyed(self) -> HandItem | None:
        """The item that the arrow keys move: the one in focus, else the active caliper."""
        return self.focused or self.calipers.active

    def give_focus(self, item: HandItem | None) -> None:
        """Give an item the keys, or none."""
        self._spoke_last = False
        if item is None:
            self._scene.setFocusItem(None)  # type: ignore[arg-type]  # Qt takes none
        else:
            item.setFocus(Qt.FocusReason.OtherFocusReason)

    def in_order(self) -> list[HandItem]:
        """Return what is on the paper as it is read: rows from above, each from left to right."""
        shown: list[HandItem] = [item for item in self.calipers.items if item.is_shown]
        shown += [item for item in self.marks.items if item.boxes]
        shown += [item for item in self.masks.items if item.boxes]
        shown += [item for item in self.edges.items if item.is_shown]
        return sorted(shown, key=_reading_order)

    def step_focus(self, step: int) -> bool:
        """Give the next item the keys, or the one before; returns whether there is any."""
        order, now = self.in_order(), self.focused
        if not order:
            return False
        index = order.index(now) + step if now in order else (0 if step > 0 else -1)
        self.give_focus(order[index % len(order)])
        return True

    def switch(self, forward: bool) -> bool:
        """Give the keys the other end of a caliper, the next edge of a mark; returns whether there is one."""
        item = self.keyed
        if isinstance(item, CaliperItem) and forward:
            item.show_caliper(item.caliper.switched())
            self.calipers.activate(item)
            return True
        if isinstance(item, MarkItem) and item.switch(forward):
            self.keyed_changed.emit()
            return True
        return False

    def _focus_moved(self, new: object, old: object, _reason: object) -> None:
        if isinstance(old, MarkItem | EdgeItem) and old is not self._held:
            old.let_go()
        if isinstance(new, CaliperItem) and new is not self.calipers.active:
            self.calipers.activate(new)
        self.keyed_changed.emit()

    # ---- what is done with them ----------------------------------------------------------------------

    def may_move(self, item: HandItem) -> bool:
        """Return whether an item can be moved: a mark or an edge not where the read is locked, or looked at only."""
        session = self._workspace.reading.session
        if isinstance(item, EdgeItem) and self._workspace.measuring.is_fixed:
            return False
        is_of_read = isinstance(item, MarkItem | EdgeItem)
        return not is_of_read or (session is not None and session.is_editable)

    def take(self, item: HandItem, at: QPointF, handle: Handle | None = None) -> bool:
        """Let the hand take an item up at a place of the page, mm; says so where the read is held.

        `handle` is the end of a caliper that is meant, by default the nearest.
        """
        self._spoke_last = False
        if not isinstance(item, CaliperItem) and self._workspace.reading.is_held:
            self._workspace.steps.refuse()
            return False
        if isinstance(item, CaliperItem):
            took = item.take(at, handle)
        else:
            took = self.masks.take(item, at) if isinstance(item, MaskItem) else item.take(at)
        self._held = item if took else None
        return took

    def drag_to(self, at: QPointF, *, snaps: bool) -> None:
        """Let the item that the hand has follow it to a place of the page, mm."""
        if isinstance(self._held, CaliperItem):
            self._held.drag_to(at, snaps=snaps)
        elif self._held is not None:
            self._held.drag_to(at)

    @property
    def held(self) -> HandItem | None:
        """The item that the hand has."""
        return self._held

    def let_go(self) -> None:
        """End the drag."""
        item, self._held = self._held, None
        if isinstance(item, MaskItem):
            self.masks.let_go(item)
            self.show_masks()
            self._spoke_last = self.focused is None  # by a click
        elif item is not None:
            item.let_go()
        if isinstance(item, CaliperItem):
            self.calipers.settle(item)
        self.keyed_changed.emit()

    def drop(self) -> None:
        """End the drag as if it had not been."""
        item, self._held = self._held, None
        if isinstance(item, MaskItem):
            self.masks.drop()
            self.show_masks()
        elif item is not None:
            item.drop()
        if isinstance(item, CaliperItem):
            self.calipers.settle(item)

    def nudge(self, item: HandItem, step: int, is_far: bool) -> None:
        """Move an item by one sample, or 10 ms; a hidden stretch by one segment."""
        record = self._surface.drawn
        if record is None or not self.may_move(item):
            return
        if not isinstance(item, CaliperItem) and self._workspace.reading.is_held:
            self._workspace.steps.refuse()
            return
        samples = step * (samples_of(record, STEP_MS) if is_far else 1)
        if isinstance(item, CaliperItem):
            self.calipers.move(item, item.caliper.stepped(record, samples))
        elif isinstance(item, MarkItem | EdgeItem):
            item.nudge(samples)
        else:
            self.masks.nudge(item, step)
        self.keyed_changed.emit()

    def remove(self, item: HandItem) -> None:
        """Take a caliper off, delete a mark, show a hidden stretch again; each can be undone."""
        if not self.may_move(item):
            return
        if isinstance(item, CaliperItem):
            self.calipers.remove(item)
        elif isinstance(item, MarkItem):
            item.drop()
            self._workspace.steps.apply(RemoveAnnotation(item.mark))
        elif isinstance(item, EdgeItem):
            item.drop()
            self._workspace.measuring.take_away(item.line.edge, item.line.beat)
        else:
            self.masks.remove(item)
        self._spoke_last = not isinstance(item, MarkItem | EdgeItem)

    def change(self, before: Annotation, after: Annotation) -> None:
        """Let a mark say something else, as one edit of the draft."""
        if before != after:
            self._write_mark(before, after)

    def _write_mark(self, before: Annotation, after: Annotation) -> None:
        self._workspace.steps.apply(ChangeAnnotation(before, after))
        self.show_marks()  # where that was refused, the mark goes back to where it was

    def write_pending(self) -> None:
        """Write what an arrow key still holds: the read is about to be kept, or left."""
        moved: tuple[MarkItem | EdgeItem, ...] = (*self.marks.items, *self.edges.items)
        for item in moved:
            if item is not self._held:
                item.let_go()

    def _note_mask(self, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> None:
        answers = self._workspace.answers
        self.moves.push(lambda: answers.set_mask(before), lambda: answers.set_mask(after))

    def note_mask(self, before: NDArray[np.bool_]) -> None:
        """Remember the mask, (segments,) True = hidden, that was there before the hand drew on it."""
        if not np.array_equal(before, self._workspace.answers.mask):
            self._note_mask(before, self._workspace.answers.mask)
            self.give_focus(None)
            self._spoke_last = True

    # ---- undo ----------------------------------------------------------------------------------------

    def _read_went_on(self, _session: object = None) -> None:
        self.moves.is_last = False

    @property
    def has_last_word(self) -> bool:
        """Whether undo means the hand's last move: it came after the last edit, and a tool has the keys."""
        focused = self.focused
        is_tool = isinstance(focused, CaliperItem | MaskItem)
        return self.moves.is_last and (is_tool or (focused is None and self._spoke_last))


def _reading_order(item: HandItem) -> tuple[float, float]:
    """Return what items are sorted by; the name that an edge shows while it has the keys does not move it."""
    place = item.shape().boundingRect() if isinstance(item, EdgeItem) else item.boundingRect()
    return round(place.top()), place.left()
