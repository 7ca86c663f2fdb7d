"""The calipers on the open record, any number; one of them is active: the keys move it, its reading is told."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QRectF, Signal

from ecgview.desktop.canvas.caliper import Caliper
from ecgview.desktop.canvas.caliper_item import CaliperItem
from ecgview.desktop.canvas.moves import Moves
from ecgview.desktop.canvas.surface import Surface
from ecgview.desktop.theme import Colours

_Values = tuple[Caliper, ...]


class Calipers(QObject):
    """The items, and what the hand did with them; put away they are kept until the record changes.

    Signals:
        changed: Caliper | None, the active one as it is now.
    """

    changed = Signal(object)

    def __init__(self, surface: Surface, moves: Moves, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._surface, self._moves = surface, moves
        self._items: list[CaliperItem] = []
        self._active: CaliperItem | None = None
        self._colours: Colours | None = None
        self._kept: _Values = ()  # what is put away
        self._before_fresh: _Values | None = None  # while a new one is drawn
        self._is_of_median = False
        self._aside: _Values = ()  # those of the record while its median beat is shown, and the other way round

    @property
    def items(self) -> tuple[CaliperItem, ...]:
        """The calipers on the paper, the oldest first."""
        return tuple(self._items)

    @property
    def values(self) -> _Values:
        """What they measure."""
        return tuple(item.caliper for item in self._items)

    @property
    def active(self) -> CaliperItem | None:
        """The one that the keys move; None where there is none."""
        return self._active

    @property
    def caliper(self) -> Caliper | None:
        """What the active one measures."""
        return None if self._active is None else self._active.caliper

    # ---- how they change -----------------------------------------------------------------------------

    def add(self, caliper: Caliper) -> CaliperItem | None:
        """Lay another caliper on the paper, active; None where there is no page."""
        page, record = self._surface.page, self._surface.drawn
        if page is None or record is None or self._colours is None:
            return None
        item = CaliperItem(page, record, caliper, self._colours)
        item.show_view(self._surface.seen_mm, self._surface.px_per_mm)
        item.changed.connect(partial(self._follow, item))
        item.released.connect(partial(self._released, item))
        self._items.append(item)
        self._surface.put(item)
        self.activate(item)
        return item

    def begin(self, caliper: Caliper) -> CaliperItem | None:
        """Lay a caliper on the paper that the hand draws now; `settle` ends that."""
        before = self.values
        made = self.add(caliper)
        self._before_fresh = None if made is None else before
        return made

    def settle(self, item: CaliperItem) -> None:
        """End a drag; a new caliper whose ends lie on one sample measures nothing, and goes."""
        before, self._before_fresh = self._before_fresh, None
        if before is not None and item.caliper.ends[0] == item.caliper.ends[1]:
            self.restore(before, len(before) - 1)

    def show_only(self, caliper: Caliper | None) -> None:
        """Let the active caliper measure this, or take all of them off."""
        if caliper is None:
            self.restore((), 0)
        elif self._active is None:
            self.add(caliper)
        else:
            self._active.show_caliper(caliper)
            self._arrange()
            self.changed.emit(caliper)

    def activate(self, item: CaliperItem | None) -> None:
        """Let the keys move this one."""
        self._active = item
        for one in self._items:
            one.set_active(one is item)
        self._arrange()
        self.changed.emit(self.caliper)

    def remove(self, item: CaliperItem) -> None:
        """Take one off; it can be undone."""
        before = self.values
        self._items.remove(item)
        self._surface.take_off(item)
        self.activate(self._items[-1] if self._items else None)
        self.note(before)

    def clear(self) -> None:
        """Take all of them off; it can be undone."""
        if before := self.values:
            self.restore((), 0)
            self.note(before)

    def move(self, item: CaliperItem, caliper: Caliper) -> None:
        """Let one measure something else; it can be undone."""
        before = self.values
        item.show_caliper(caliper)
        self.activate(item)
        if tuple(one.ends for one in before) != tuple(one.ends for one in self.values):
            self.note(before)

    def note(self, before: _Values) -> None:
        """Remember what was before the last change, so that it can be taken back."""
        after, active = self.values, self._index
        self._moves.push(lambda: self.restore(before, active), lambda: self.restore(after, active))

    def restore(self, values: _Values, active: int) -> None:
        """Show exactly these; those that are there already keep their focus."""
        for item in self._items[len(values) :]:
            self._surface.take_off(item)
        del self._items[len(values) :]
        for item, value in zip(self._items, values, strict=False):
            item.show_caliper(value)
        for value in values[len(self._items) :]:
            self.add(value)
        self.activate(self._items[min(active, len(self._items) - 1)] if self._items else None)

    def put_away(self) -> None:
        """Take all off the paper, but keep what they measure."""
        self._kept = self.values
        self.restore((), 0)

    def take_out(self) -> None:
        """Lay those on the paper that were put away."""
        kept, self._kept = self._kept, ()
        if kept and not self._items:
            self.restore(kept, len(kept) - 1)

    def _arrange(self) -> None:
        """Let the readings stand clear of each other, the older where they are."""
        taken: tuple[QRectF, ...] = ()
        for item in self._items:
            item.avoid(taken)
            taken += item.plates

    # ---- what they follow ----------------------------------------------------------------------------

    def show_page(self, colours: Colours) -> None:
        """Stand on the page of now."""
        self._colours = colours
        page, record = self._surface.page, self._surface.drawn
        if page is not None and page.is_of_median != self._is_of_median:
            self._is_of_median, here = page.is_of_median, self.values
            there, self._aside = self._aside, here
            self.restore(there, max(len(there) - 1, 0))
            self._moves.forget()  # they are of places that this page does not have
        if page is not None and record is not None:
            for item in self._items:
                item.show_page(page, record, colours)
        self._arrange()

    def show_view(self) -> None:
        """Follow zoom and place."""
        seen, scale = self._surface.seen_mm, self._surface.px_per_mm
        for item in self._items:
            item.show_view(seen, scale)
        self._arrange()

    def forget(self) -> None:
        """Leave nothing of a record."""
        self._kept = self._aside = ()
        self._is_of_median = False
        self.restore((), 0)

    @property
    def _index(self) -> int:
        return self._items.index(self._active) if self._active in self._items else 0

    def _follow(self, item: CaliperItem, caliper: Caliper) -> None:
        if item is not self._active:
            self.activate(item)
        else:
            self._arrange()
            self.changed.emit(caliper)

    def _released(self, item: CaliperItem, was: Caliper) -> None:
        if self._before_fresh is not None:
            self.note(self._before_fresh)
            return
        self.note(tuple(was if one is item else one.caliper for one in self._items))
