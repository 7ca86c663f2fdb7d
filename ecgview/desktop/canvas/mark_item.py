"""A mark of the read on the paper: its edges and its middle are moved by mouse and keys, one edit each time."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas.span_item import Part, SpanItem, boxes, row_at, seconds_along
from ecgview.desktop.canvas.surface import Surface
from ecgview.desktop.state.mouse import SHORTEST_S
from ecgview.desktop.theme import Colours
from ecgview.paper import painter as paper
from ecgview.paper.page import Page, TracePath
from ecgview.paper.palette import Palette
from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation, to_overlay


class MarkItem(SpanItem):
    """One annotation of the draft. While the hand or a key has it, it shows where it would be; then it is written.

    Signals:
        changed: (before, after), Annotation both; once per drag or key, when it is let go.
        live_changed: it is drawn by itself from now on, or by the overlay again.
    """

    changed = Signal(object, object)
    live_changed = Signal()

    def __init__(
        self, page: Page, record: EcgRecord, mark: Annotation, colours: Colours, palette: Palette
    ) -> None:
        super().__init__(page, colours)
        self._record, self._mark, self._palette = record, mark, palette
        self._live: Annotation | None = None
        self._row: TracePath | None = None  # where the hand took it up
        self._from_s = 0.0
        self._place()

    @property
    def mark(self) -> Annotation:
        """The mark as the draft has it."""
        return self._mark

    @property
    def shown(self) -> Annotation:
        """The mark as it is under the hand."""
        return self._mark if self._live is None else self._live

    @property
    def is_live(self) -> bool:
        """Whether it is moved now, and not yet written."""
        return self._live is not None

    @property
    def name(self) -> str:
        """It in words, for the tool tip and for screen readers."""
        mark = self.shown
        where = " ".join(mark.leads) or "all leads"
        part = {"start": "its start", "end": "its end", "whole": "it"}[self.part]
        return (
            f"Mark {mark.title or 'without code'} on {where}, {mark.start_s:.3f} s to {mark.end_s:.3f} s; "
            f"the keys move {part}"
        )

    def show_page(self, page: Page, colours: Colours, palette: Palette) -> None:
        """Stand on another page of the same record, or in other colours."""
        if (page, colours, palette) != (self._page, self._colours, self._palette):
            self._page, self._colours, self._palette = page, colours, palette
            self._place()

    def _place(self) -> None:
        mark = self.shown
        self.place(boxes(self._page, mark.leads, mark.start_s, mark.end_s))
        self.setToolTip(self.name)

    # ---- moving --------------------------------------------------------------------------------------

    def take(self, at: QPointF) -> bool:
        """Take up what lies at a place of the page, mm: an edge, or the whole mark."""
        part, row = self.part_at(at), row_at(self._page, at)
        if part is None or row is None:
            return False
        self.part, self._row, self._from_s = part, row, seconds_along(row, at, ())
        self.setFocus()
        self._place()
        return True

    def drag_to(self, at: QPointF) -> None:
        """Follow the hand to a place of the page, mm, from sample to sample (C4)."""
        if self._row is None:
            return
        seconds = seconds_along(self._row, at, self._page.traces)
        moved = self._with(self._mark, self.part, seconds - self._from_s)
        if moved != self.shown:
            self._show_live(moved)

    def nudge(self, samples: int) -> None:
        """Move what the keys move by whole samples; `let_go` writes it."""
        moved = self._with(self.shown, self.part, samples / self._record.sampling_rate_hz)
        if moved != self.shown:
            self._show_live(moved)

    def switch(self, forward: bool) -> bool:
        """Give the keys the next of start, end and whole; returns whether there was one."""
        order: tuple[Part, ...] = ("start", "end", "whole")
        index = order.index(self.part) + (1 if forward else -1)
        if not 0 <= index < len(order):
            return False
        self.part = order[index]
        self._place()
        return True

    def let_go(self) -> None:
        """Write where it is now, as one edit; nothing where it did not move."""
        live, before, self._live = self._live, self._mark, None
        if live is None:
            return
        if live != before:
            self._mark = live  # the draft answers with the same, or with what it kept instead
            self.changed.emit(before, live)
        self.live_changed.emit()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, not self.hasFocus())
        self._place()

    def adopt(self, mark: Annotation) -> None:
        """Be the item of another mark, which stands in the place of this one."""
        self._mark, self._live = mark, None
        self._place()

    def drop(self) -> None:
        """Forget where the hand had it: it stands where the draft has it."""
        self._live = None
        self.live_changed.emit()
        self._place()

    def _show_live(self, mark: Annotation) -> None:
        was_live, self._live = self.is_live, mark
        if not was_live:
            self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, False)
            self.live_changed.emit()
        self._place()

    def _with(self, mark: Annotation, part: Part, by_s: float) -> Annotation:
        """Return a mark moved by a time, its edges on samples, inside the record; it never turns over.

        Nor does an edge leave it shorter than a drag can draw one, or than it was.
        """
        rate, last = self._record.sampling_rate_hz, self._record.n_samples - 1

        def on_sample(seconds: float) -> float:
            return min(max(round(seconds * rate), 0), last) / rate

        start, end = mark.start_s * rate, mark.end_s * rate
        least = max(1, min(round(end - start), math.ceil(SHORTEST_S * rate)))
        if part == "start":
            latest = max(math.floor(end + 1e-6) - least, 0) / rate
            return replace(mark, start_s=min(on_sample(mark.start_s + by_s), latest))
        if part == "end":
            earliest = min(math.ceil(start - 1e-6) + least, last) / rate
            return replace(mark, end_s=max(on_sample(mark.end_s + by_s), earliest, mark.start_s))
        length = mark.end_s - mark.start_s
        begin = on_sample(min(max(mark.start_s + by_s, 0.0), max(0.0, last / rate - length)))
        return replace(mark, start_s=begin, end_s=begin + length)

    # ---- Qt ------------------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw it as the page does while it is moved, and the ring of the focus."""
        if self._live is not None:
            scale = painter.worldTransform().m11()
            painter.save()
            painter.scale(1 / scale, 1 / scale)
            overlay = to_overlay((self._live,))
            paper.paint_overlay(painter, self._page, self._palette, px_per_mm=scale, overlay=overlay)
            painter.restore()
        super().paint(painter, option, widget)


class Marks(QObject):
    """The items of the draft's marks: one each, kept while the mark lives on, whoever changes it.

    Signals:
        written: (before, after), Annotation both: what the hand asks the draft to change.
        live_changed: another mark is drawn by its item, and left out of the overlay.
    """

    written = Signal(object, object)
    live_changed = Signal()

    def __init__(self, surface: Surface, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._surface = surface
        self._items: list[MarkItem] = []

    @property
    def items(self) -> tuple[MarkItem, ...]:
        """One for each mark that is on the paper."""
        return tuple(self._items)

    @property
    def live(self) -> tuple[Annotation, ...]:
        """The marks that their items draw now: the overlay leaves them out."""
        return tuple(item.mark for item in self._items if item.is_live)

    def show(self, marks: tuple[Annotation, ...], colours: Colours, palette: Palette) -> None:
        """Have an item for each of these marks on the page of now."""
        page, record = self._surface.page, self._surface.record
        if page is None or record is None:
            self.forget()
            return
        gone = [item for item in self._items if item.mark not in marks]
        held = {item.mark for item in self._items}
        fresh = [mark for mark in marks if mark not in held]
        if len(gone) == len(fresh) == 1:  # changed by undo, a menu or another window: the focus stays with it
            gone.pop().adopt(fresh.pop())
        for item in gone:
            self._items.remove(item)
            self._surface.take_off(item)
        for item in self._items:
            item.show_page(page, colours, palette)
        for mark in fresh:
            made = MarkItem(page, record, mark, colours, palette)
            made.show_scale(self._surface.px_per_mm)
            made.changed.connect(self.written)
            made.live_changed.connect(self.live_changed)
            self._items.append(made)
            self._surface.put(made)

    def show_scale(self, px_per_mm: float) -> None:
        """Follow the zoom."""
        for item in self._items:
            item.show_scale(px_per_mm)

    def forget(self) -> None:
        """Leave nothing of a record."""
        for item in self._items:
            self._surface.take_off(item)
        self._items.clear()
