"""A hidden stretch of the mask on the paper: shown again by a click, moved segment by segment."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Signal

from ecgview.desktop.canvas.span_item import SpanItem, boxes, row_at, seconds_along
from ecgview.desktop.canvas.surface import Surface
from ecgview.desktop.theme import Colours
from ecgview.paper.page import Page, TracePath
from ecgview.runs import runs


class MaskItem(SpanItem):
    """Segments `first` to before `last`, hidden together; the mask itself is that of `Answers`.

    Signals:
        moved: int, by how many segments the hand has it from where it took it up.
        removed: it is to be shown again.
    """

    moved = Signal(int)
    removed = Signal()

    def __init__(self, page: Page, first: int, last: int, segment_s: float, colours: Colours) -> None:
        super().__init__(page, colours)
        self.first, self.last, self._segment_s = first, last, segment_s
        self._row: TracePath | None = None
        self._from_s: float | None = None
        self._by, self._has_moved = 0, False
        self._place()

    @property
    def name(self) -> str:
        """It in words, for the tool tip and for screen readers."""
        start, end = self.first * self._segment_s, self.last * self._segment_s
        return f"Hidden from {start:.2f} s to {end:.2f} s, on all leads; a click or Delete shows it again"

    def show_page(self, page: Page, colours: Colours) -> None:
        """Stand on another page of the same record, or in other colours."""
        self._page, self._colours = page, colours
        self._place()

    def show_segments(self, first: int, last: int) -> None:
        """Hide other segments."""
        self.first, self.last = first, last
        self._place()

    def _place(self) -> None:
        self.place(boxes(self._page, (), self.first * self._segment_s, self.last * self._segment_s))
        self.setToolTip(self.name)

    def take(self, at: QPointF) -> bool:
        """Take it up at a place of the page, mm."""
        self._row = row_at(self._page, at)
        if self.part_at(at) is None or self._row is None:
            return False
        self._from_s = seconds_along(self._row, at, ())
        self._by, self._has_moved = 0, False
        self.setFocus()
        return True

    def drag_to(self, at: QPointF) -> None:
        """Follow the hand to a place of the page, mm, from segment to segment."""
        if self._row is None or self._from_s is None:
            return
        seconds = seconds_along(self._row, at, self._page.traces)
        by = round((seconds - self._from_s) / self._segment_s)
        if by != self._by:
            self._by, self._has_moved = by, True
            self.moved.emit(by)

    def let_go(self) -> None:
        """End the drag; a press that did not move shows the stretch again."""
        was_taken, self._from_s = self._from_s is not None, None
        if was_taken and not self._has_moved:
            self.removed.emit()


def without(mask: NDArray[np.bool_], first: int, last: int) -> NDArray[np.bool_]:
    """Return a mask, (segments,) True = hidden, with a stretch shown again."""
    shown = mask.copy()
    shown[first:last] = False
    return shown


def shifted(mask: NDArray[np.bool_], first: int, last: int, by: int) -> tuple[NDArray[np.bool_], int]:
    """Return a mask with a stretch moved by segments, as far as there are any, and by how many it was moved."""
    by = min(max(by, -first), mask.size - last)
    moved = without(mask, first, last)
    moved[first + by : last + by] = True
    return moved, by


class Masks(QObject):
    """One item for each hidden stretch of the mask.

    Signals:
        asked: the mask, (segments,) True = hidden, that the hand asks for.
        noted: (before, after), masks both: once for every drag, key or click.
    """

    asked = Signal(object)
    noted = Signal(object, object)

    def __init__(self, surface: Surface, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._surface = surface
        self._items: list[MaskItem] = []
        self._mask: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self._before: tuple[NDArray[np.bool_], MaskItem, int, int] | None = None

    @property
    def items(self) -> tuple[MaskItem, ...]:
        """One for each hidden stretch."""
        return tuple(self._items)

    def show(self, mask: NDArray[np.bool_], segment_s: float, colours: Colours) -> None:
        """Have an item for each stretch of a mask, (segments,) True = hidden, on the page of now."""
        self._mask, page = mask, self._surface.page
        if page is None:
            return self.forget()
        if self._before is not None:  # the item under the hand leads, whatever it runs into
            return None
        stretches = [(int(first), int(after)) for first, after in runs(mask)]
        for item in self._items[len(stretches) :]:
            self._surface.take_off(item)
        del self._items[len(stretches) :]
        for item, (first, last) in zip(self._items, stretches, strict=False):
            item.show_segments(first, last)
            item.show_page(page, colours)
        for first, last in stretches[len(self._items) :]:
            made = MaskItem(page, first, last, segment_s, colours)
            made.show_scale(self._surface.px_per_mm)
            made.moved.connect(partial(self._move, made))
            made.removed.connect(partial(self.remove, made))
            self._items.append(made)
            self._surface.put(made)
        return None

    def take(self, item: MaskItem, at: QPointF) -> bool:
        """Take one up at a place of the page, mm."""
        if not item.take(at):
            return False
        self._before = (self._mask, item, item.first, item.last)
        return True

    def let_go(self, item: MaskItem) -> None:
        """End the drag."""
        before, self._before = self._before, None
        item.let_go()
        if before is not None and not np.array_equal(before[0], self._mask):
            self.noted.emit(before[0], self._mask)

    def drop(self) -> None:
        """End the drag as if it had not been."""
        before, self._before = self._before, None
        if before is not None:
            self.asked.emit(before[0])

    def nudge(self, item: MaskItem, segments: int) -> None:
        """Move one by whole segments."""
        before = self._mask
        mask, by = shifted(before, item.first, item.last, segments)
        if by:
            self.asked.emit(mask)
            self.noted.emit(before, mask)

    def remove(self, item: MaskItem) -> None:
        """Show a hidden stretch again."""
        before = self._mask
        mask = without(before, item.first, item.last)
        self.asked.emit(mask)
        self.noted.emit(before, mask)

    def clear(self) -> None:
        """Show everything again."""
        before = self._mask
        self.asked.emit(np.zeros_like(before))
        self.noted.emit(before, np.zeros_like(before))

    def _move(self, item: MaskItem, by: int) -> None:
        if self._before is None:
            return
        mask, held, first, last = self._before
        moved, by = shifted(mask, first, last, by)
        held.show_segments(first + by, last + by)
        self.asked.emit(moved)

    def show_scale(self, px_per_mm: float) -> None:
        """Follow the zoom."""
        for item in self._items:
            item.show_scale(px_per_mm)

    def forget(self) -> None:
        """Leave nothing of a record."""
        self._before = None
        for item in self._items:
            self._surface.take_off(item)
        self._items.clear()
