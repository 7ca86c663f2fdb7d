"""The paper in the scene: desk, page and overlay, kept as opaque tiles in device pixels.

Qt's own item cache costs six times as much at a device pixel ratio of 2. A tile is the page painter on a part of the
page, blitted at whole device pixels. While the scale changes, old tiles are stretched; 20 ms after the last change the
new ones are painted in slices and shown at once.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, cast

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas import drawn
from ecgview.desktop.canvas.drawn import Drawn
from ecgview.desktop.canvas.tile_set import Lying, TileSet
from ecgview.desktop.theme import Colours
from ecgview.overlay import Overlay
from ecgview.paper.palette import Palette

BUDGET_MS = 8.0  # of painting between two events: input never waits for more
REST_MS = 20  # without a change of scale: then the paper is drawn sharp
KEPT_BYTES = 192 << 20
KEPT_SETS = 3  # scales: zooming back is sharp at once
SAME = 1e-7  # the last bits of the scale change when the paper is moved
EVERYWHERE = QRectF(-1e5, -1e5, 2e5, 2e5)  # the desk about the page is painted, too: the viewport is opaque


class PaperItem(QGraphicsObject):
    """A page with its overlay in mm; without a page `empty` paints the viewport.

    Qt's own class: pyqtgraph's hears of each change of parent and scene in Python, and PySide 6.9 gives away
    references of None that are not its own each time.
    """

    def __init__(self, empty: Callable[[QPainter, QRect], None], colours: Colours) -> None:
        super().__init__()
        self._empty, self._colours = empty, colours
        self._palette: Palette | None = None
        self._coarse: QImage | None = None
        self._sets: list[TileSet] = []  # one a scale, the last used last
        self._shown: TileSet | None = None  # what is seen, if only stretched
        self._wanted: TileSet | None = None  # what is to be seen, sharp
        self._is_new = False  # the scale was set, not gestured: sharp in the next frame
        self._seen, self._toward = QRect(), (0, 0)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._rest = QTimer(singleShot=True, interval=REST_MS)
        self._idle = QTimer(interval=0)
        self._rest.timeout.connect(self._idle.start)
        self._idle.timeout.connect(self._work)

    def boundingRect(self) -> QRectF:
        """Return the page and the desk about it."""
        return EVERYWHERE

    @property
    def is_sharp(self) -> bool:
        """Whether nothing is stretched, and nothing that is seen waits to be painted."""
        return self._shown is self._wanted and not (self._shown is not None and self._shown.is_behind)

    @property
    def is_working(self) -> bool:
        """Whether tiles are still being painted, or will be when the hand rests."""
        return self._idle.isActive() or self._rest.isActive()

    @property
    def n_bytes(self) -> int:
        """What the tiles take."""
        return sum(tiles.n_bytes for tiles in self._sets)

    # ---- what it shows -------------------------------------------------------------------------------

    def show_page(self, made: Drawn, overlay: Overlay) -> None:
        """Show another page, sharp in its first frame."""
        self._palette, self._coarse = made.palette, made.coarse
        self._stop()
        self._shown = self._wanted = TileSet.of(made, Lying.on(made.page, overlay))
        self._sets = [self._shown]
        self._is_new = True
        self.update()

    def show_colours(self, palette: Palette, colours: Colours) -> None:
        """Draw everything anew in these colours; the page keeps its own until it is drawn."""
        self._colours = colours
        if self._wanted is not None and palette != self._palette:
            before = self._wanted
            self._stop()
            self._wanted = TileSet(before.page, palette, before.scale, before.ratio, before.overlay)
            self._sets = [tiles for tiles in (self._shown, self._wanted) if tiles is not None]
            self._coarse = None  # of other colours
            self._idle.start()
        self._palette = palette
        self.update()

    def show_nothing(self) -> None:
        """Leave nothing of a page."""
        self._stop()
        self._shown = self._wanted = self._coarse = None
        self._sets = []
        self.update()

    def show_overlay(self, overlay: Overlay) -> None:
        """Lay something else over the trace; only the tiles that it touches are laid anew."""
        if self._wanted is None:
            return
        page = self._wanted.page
        changed = drawn.difference(self._wanted.overlay.all, overlay)
        if not (changed.spans or changed.curves or changed.bars):
            return
        lying, changed_there = Lying.on(page, overlay), Lying.on(page, changed)
        kept = {id(curve) for curve in overlay.curves}
        has_more = any(id(curve) in kept for curve in changed.curves)
        for tiles in self._sets:
            at_leisure = has_more and tiles is self._shown is self._wanted and not self._is_new
            tiles.lay_over(lying, changed_there, at_leisure=at_leisure)
        if self._shown is not None and self._shown.is_behind:
            self._idle.start()
        self.update()

    def settle(self) -> None:
        """Draw sharp at once in the next frame: the scale was set, not gestured."""
        self._stop()
        if self._wanted is not None:
            self._shown = self._wanted
        self._is_new = True
        self.update()

    def _stop(self) -> None:
        self._rest.stop()
        self._idle.stop()
        for tiles in self._sets:
            tiles.catch_up()

    # ---- painting ------------------------------------------------------------------------------------

    def paint(self, brush: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Blit the tiles under what is exposed; one that is not there is painted now."""
        world, ratio = brush.worldTransform(), brush.device().devicePixelRatioF()
        exposed: QRectF = world.mapRect(cast(Any, option).exposedRect)  # the stubs do not know it
        brush.save()
        brush.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self._shown is None or self._wanted is None:
            brush.resetTransform()
            room = exposed.toAlignedRect() if widget is None else widget.rect()
            brush.fillRect(room, QColor(self._colours.window))
            self._empty(brush, room)
            brush.restore()
            return
        left, top = round(world.dx() * ratio), round(world.dy() * ratio)  # whole device px: blits, not blends
        dirty = QRectF(exposed.topLeft() * ratio, exposed.size() * ratio).toAlignedRect()
        dirty.translate(-left, -top)
        brush.setWorldTransform(QTransform.fromScale(1 / ratio, 1 / ratio))
        brush.translate(left, top)
        brush.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        self._choose(world.m11() * ratio, ratio)
        self._paint_page(brush, dirty)
        brush.restore()
        if widget is not None:
            size = QRectF(0, 0, widget.width() * ratio, widget.height() * ratio).toAlignedRect()
            self._look_ahead(size.translated(-left, -top))

    def _choose(self, scale: float, ratio: float) -> None:
        """Know which tiles are wanted, and whether they are shown at once or when the hand rests."""
        shown, wanted = self._shown, self._wanted
        assert shown is not None
        assert wanted is not None
        is_new, self._is_new = self._is_new, False
        if ratio != wanted.ratio or not _is_same(scale, wanted.scale):
            self._stop()
            self._wanted = wanted = self._set_of(scale, ratio)
            if wanted is not shown and not is_new:
                self._rest.start()
        if is_new:
            self._shown = wanted

    def _set_of(self, scale: float, ratio: float) -> TileSet:
        assert self._wanted is not None
        assert self._palette is not None
        for tiles in self._sets:
            is_same = tiles.ratio == ratio and _is_same(tiles.scale, scale)
            if is_same and tiles.palette == self._palette:
                self._sets.remove(tiles)
                break
        else:
            before = self._wanted
            tiles = TileSet(before.page, self._palette, scale, ratio, before.overlay)
        # Each frame of a gesture asks for a scale of its own: those of which nothing was painted are not kept.
        self._sets = [*(one for one in self._sets if one.n_tiles or one is self._shown), tiles]
        while len(self._sets) > KEPT_SETS:
            self._sets.remove(next(one for one in self._sets if one not in (self._shown, tiles)))
        return tiles

    def _paint_page(self, brush: QPainter, dirty: QRect) -> None:
        """Paint desk and page, the brush standing on the page's corner in device px."""
        assert self._wanted is not None
        sheet = self._wanted.sheet
        if not sheet.contains(dirty):
            for rect in _around(dirty, sheet):
                brush.fillRect(rect, QColor(self._colours.window))
        if self._shown is self._wanted:
            side = self._wanted.side
            for place in self._wanted.over(dirty):
                brush.drawImage(place[0] * side, place[1] * side, self._wanted.tile(place))
            self._keep_within()
        else:
            self._stretch(brush, dirty & sheet)
        brush.setPen(QColor(self._colours.line))
        brush.drawRect(sheet.adjusted(-1, -1, 0, 0))

    def _stretch(self, brush: QPainter, area: QRect) -> None:
        """Draw the tiles of the last sharp scale larger or smaller, the picture of the whole page where none are."""
        shown, wanted = self._shown, self._wanted
        assert shown is not None
        assert wanted is not None
        factor, side = wanted.scale / shown.scale, shown.side
        before = QRect(
            int(area.left() / factor),
            int(area.top() / factor),
            int(area.width() / factor) + 2,
            int(area.height() / factor) + 2,
        )
        there = [(place, shown.kept(place)) for place in shown.over(before)] if 0.1 < factor < 10 else []
        if not there or any(image is None for _, image in there):
            self._paint_coarse(brush, area, wanted.sheet)
        for (column, row), image in there:
            if image is not None:
                x, y = column * side, row * side
                x0, y0 = round(x * factor), round(y * factor)
                x1, y1 = round((x + image.width()) * factor), round((y + image.height()) * factor)
                brush.drawImage(QRect(x0, y0, x1 - x0, y1 - y0), image)

    def _paint_coarse(self, brush: QPainter, area: QRect, sheet: QRect) -> None:
        if self._coarse is None:
            if self._palette is not None:
                brush.fillRect(area, QColor(self._palette.background))
            return
        across, down = self._coarse.width() / sheet.width(), self._coarse.height() / sheet.height()
        source = QRectF(area.x() * across, area.y() * down, area.width() * across, area.height() * down)
        brush.drawImage(QRectF(area), self._coarse, source)

    def _look_ahead(self, view: QRect) -> None:
        """Begin to paint what lies where the paper is moved to; `view` in device px of the page."""
        if view == self._seen:
            return
        step = view.topLeft() - self._seen.topLeft()
        self._toward = (int(np.sign(step.x())), int(np.sign(step.y())))
        self._seen = view
        if self._shown is self._wanted and not self._idle.isActive():
            self._idle.start()

    def _keep_within(self) -> None:
        """Let go of tiles: of other scales first, then of those that were used longest ago."""
        assert self._wanted is not None
        while self.n_bytes > KEPT_BYTES:
            other = next((tiles for tiles in self._sets if tiles not in (self._shown, self._wanted)), None)
            if other is not None:
                self._sets.remove(other)
            elif self._wanted.n_tiles > len(self._wanted.over(self._seen)):
                self._wanted.drop_oldest()
            else:
                return  # what is seen stays, however large the screen is

    def _work(self) -> None:
        """Make what is seen as it is wanted, then what lies ahead, a few ms at a time."""
        shown, wanted = self._shown, self._wanted
        if shown is None or wanted is None:
            self._idle.stop()
            return
        began = perf_counter()
        for place in self._due(wanted):
            wanted.make(place)
            if (perf_counter() - began) * 1000 > BUDGET_MS:
                return
        if shown is not wanted or wanted.is_behind:  # all that is seen is there: swap it in one step
            wanted.catch_up()
            self._shown = wanted
            self.update()
            return
        self._keep_within()
        if self._coarse is None and self._palette is not None:
            self._coarse = drawn.draw_small(wanted.page, self._palette, wanted.scale, wanted.ratio)
        self._idle.stop()

    def _due(self, wanted: TileSet) -> list[tuple[int, int]]:
        due = [place for place in wanted.over(self._seen) if wanted.is_due(place)]
        if not due and self._shown is wanted and not wanted.is_behind:
            dx, dy = self._toward
            ahead = self._seen.translated(dx * wanted.side, dy * wanted.side)
            due = [place for place in wanted.over(ahead) if wanted.is_due(place)]
        return due


def _is_same(one: float, other: float) -> bool:
    return abs(one - other) < SAME * one


def _around(outer: QRect, hole: QRect) -> list[QRect]:
    """Return the rectangles of `outer` beyond `hole`."""
    inner = outer & hole
    if inner.isEmpty():
        return [outer]
    strips = (
        QRect(outer.left(), outer.top(), outer.width(), inner.top() - outer.top()),
        QRect(outer.left(), inner.bottom() + 1, outer.width(), outer.bottom() - inner.bottom()),
        QRect(outer.left(), inner.top(), inner.left() - outer.left(), inner.height()),
        QRect(inner.right() + 1, inner.top(), outer.right() - inner.right(), inner.height()),
    )
    return [strip for strip in strips if not strip.isEmpty()]
