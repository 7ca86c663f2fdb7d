"""The paper in the scene: desk, page and overlay, kept as opaque tiles in device pixels.

Qt's own item cache costs six times as much at a device pixel ratio of 2. A tile is the page painter on a part of the
page, blitted at whole device pixels. While the scale changes, old tiles are stretched; 20 ms after the last change the
new ones are painted in slices and shown at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import perf_counter
from typing import Any, cast

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ecgview.desktop.canvas import drawn
from ecgview.desktop.canvas.drawn import Drawn
from ecgview.desktop.theme import Colours
from ecgview.overlay import Overlay
from ecgview.paper.page import Page
from ecgview.paper.palette import Palette

SIDE = 256  # of a tile, logical px; 128 and 512 were slower
BUDGET_MS = 8.0  # of painting ahead between two events: input never waits for more
REST_MS = 20  # without a change of scale: then the paper is drawn sharp
KEPT_BYTES = 192 << 20  # of tiles without an overlay; those with one are as many at most
SAME = 1e-7  # the last bits of the scale change when the paper is moved
TEXT_MM = 60.0  # how far the words of a span may reach to its right
EVERYWHERE = QRectF(-1e5, -1e5, 2e5, 2e5)  # the desk about the page is painted, too: the viewport is opaque
Key = tuple[float, int, int]  # scale in device px per mm, column, row


class PaperItem(pg.GraphicsObject):
    """A page with its overlay in mm; without a page `empty` paints the viewport."""

    def __init__(self, empty: Callable[[QPainter, QRect], None], colours: Colours) -> None:
        super().__init__()
        self._empty, self._colours = empty, colours
        self._page: Page | None = None
        self._palette: Palette | None = None
        self._overlay = Overlay()
        self._coarse: Drawn | None = None
        self._tiles: OrderedDict[Key, QImage] = OrderedDict()
        self._laid: dict[Key, QImage] = {}  # with the overlay, where it touches
        self._shown = self._wanted = 0.0  # device px per mm: of the sharp tiles, and asked for
        self._ratio, self._seen, self._toward = 1.0, QRect(), (0, 0)
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
        return self._shown == self._wanted

    @property
    def n_tiles(self) -> int:
        """How many tiles are kept."""
        return len(self._tiles)

    # ---- what it shows -------------------------------------------------------------------------------

    def show_page(self, made: Drawn) -> None:
        """Show another page, sharp in its first frame."""
        self._page, self._palette, self._coarse = made.page, made.palette, made
        self._forget_tiles()

    def show_colours(self, palette: Palette, colours: Colours) -> None:
        """Draw everything anew in these colours."""
        self._palette, self._colours = palette, colours
        if self._page is not None and self._coarse is not None:
            self._coarse = drawn.draw_page(self._page, palette, self._coarse.scale / self._ratio, self._ratio)
        self._forget_tiles()

    def show_nothing(self) -> None:
        """Leave nothing of a page."""
        self._page = self._coarse = None
        self._overlay = Overlay()
        self._forget_tiles()

    def show_overlay(self, overlay: Overlay) -> None:
        """Lay something else over the trace; only the tiles that it touches are laid anew."""
        before, self._overlay = self._overlay, overlay
        if self._page is None:
            return
        for area in _changed(self._page, before, overlay):
            for key in [key for key in self._laid if self._mm_of(key).intersects(area)]:
                del self._laid[key]
        self.update()

    def settle(self) -> None:
        """Draw sharp at once in the next frame: the scale was set, not gestured."""
        self._shown = self._wanted = 0.0
        self._rest.stop()
        self._idle.stop()
        self.update()

    def _forget_tiles(self) -> None:
        self._tiles.clear()
        self._laid.clear()
        self.settle()

    # ---- painting ------------------------------------------------------------------------------------

    def paint(self, brush: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Blit the tiles under what is exposed; one that is not there is painted now."""
        world, self._ratio = brush.worldTransform(), brush.device().devicePixelRatioF()
        ratio = self._ratio
        exposed: QRectF = world.mapRect(cast(Any, option).exposedRect)  # the stubs do not know it
        brush.save()
        brush.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self._page is None:
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
        scale = self._paint_page(brush, world.m11() * ratio, dirty)
        brush.restore()
        if widget is not None and scale == self._wanted:
            size = QRectF(0, 0, widget.width() * ratio, widget.height() * ratio).toAlignedRect()
            self._look_ahead(size.translated(-left, -top))

    def _paint_page(self, brush: QPainter, scale: float, dirty: QRect) -> float:
        """Paint desk and page, the brush standing on the page's corner in device px; return the scale it has."""
        is_sharp = _is_same(scale, self._shown)
        if is_sharp:
            scale = self._shown
        elif not self._shown:
            self._shown = self._wanted = scale
            is_sharp = True
        elif not _is_same(scale, self._wanted):  # a pan meanwhile does not put off the sharp picture
            self._wanted = scale
            self._idle.stop()
            self._rest.start()
        else:
            scale = self._wanted
        if is_sharp and self._wanted != self._shown:  # back where it was, before the hand came to rest
            self._wanted = self._shown
            self._rest.stop()
        sheet = self._sheet(scale)
        if not sheet.contains(dirty):
            for rect in _around(dirty, sheet):
                brush.fillRect(rect, QColor(self._colours.window))
        if is_sharp:
            for key in self._keys(dirty & sheet, scale):
                brush.drawImage(key[1] * self._side, key[2] * self._side, self._tile(key))
        else:
            self._stretched(brush, scale, dirty & sheet)
        brush.setPen(QColor(self._colours.line))
        brush.drawRect(sheet.adjusted(-1, -1, 0, 0))
        return scale

    def _look_ahead(self, view: QRect) -> None:
        """Begin to paint what lies where the paper is moved to; `view` in device px of the page."""
        if view == self._seen:
            return
        step = view.topLeft() - self._seen.topLeft()
        self._toward = (int(np.sign(step.x())), int(np.sign(step.y())))
        self._seen = view
        if self.is_sharp and not self._idle.isActive():
            self._idle.start()

    def _stretched(self, brush: QPainter, scale: float, area: QRect) -> None:
        """Draw the tiles of the last sharp scale larger or smaller, the picture of the whole page where none are."""
        factor, side = scale / self._shown, self._side
        before = QRect(
            int(area.left() / factor),
            int(area.top() / factor),
            int(area.width() / factor) + 2,
            int(area.height() / factor) + 2,
        )
        keys = self._keys(before, self._shown) if 0.1 < factor < 10 else []
        if (not keys or any(key not in self._tiles for key in keys)) and self._coarse is not None:
            k = self._coarse.scale / scale
            source = QRectF(area.x() * k, area.y() * k, area.width() * k, area.height() * k)
            brush.drawImage(QRectF(area), self._coarse.picture, source)
        for key in keys:
            image = self._laid.get(key) or self._tiles.get(key)
            if image is not None:
                x, y = key[1] * side, key[2] * side
                x0, y0 = round(x * factor), round(y * factor)
                x1, y1 = round((x + image.width()) * factor), round((y + image.height()) * factor)
                brush.drawImage(QRect(x0, y0, x1 - x0, y1 - y0), image)

    # ---- tiles ---------------------------------------------------------------------------------------

    @property
    def _side(self) -> int:
        return round(SIDE * self._ratio)

    def _sheet(self, scale: float) -> QRect:
        assert self._page is not None
        size = drawn.page_size(self._page, scale)
        return QRect(0, 0, size.width(), size.height())

    def _keys(self, area: QRect, scale: float) -> list[Key]:
        """Return the tiles over an area of the page in device px."""
        area = area & self._sheet(scale)
        if area.isEmpty():
            return []
        side = self._side
        rows = range(area.top() // side, area.bottom() // side + 1)
        columns = range(area.left() // side, area.right() // side + 1)
        return [(scale, x, y) for y in rows for x in columns]

    def _area(self, key: Key) -> QRect:
        side = self._side
        return QRect(key[1] * side, key[2] * side, side, side) & self._sheet(key[0])

    def _mm_of(self, key: Key) -> QRectF:
        mm = self._side / key[0]
        return QRectF(key[1] * mm, key[2] * mm, mm, mm)

    def _tile(self, key: Key) -> QImage:
        """Return a tile with the overlay upon it, painted now where it is not yet there."""
        assert self._page is not None
        assert self._palette is not None
        area = self._area(key)
        if key not in self._tiles:
            self._tiles[key] = self._bare(key, area)
            while len(self._tiles) * 4 * self._side**2 > KEPT_BYTES:
                old, _ = self._tiles.popitem(last=False)
                self._laid.pop(old, None)
        self._tiles.move_to_end(key)
        if not self._has_overlay:
            return self._tiles[key]
        if key not in self._laid:
            self._laid[key] = drawn.lay(
                self._tiles[key], self._page, self._palette, area, key[0], self._ratio, self._overlay
            )
        return self._laid[key]

    def _bare(self, key: Key, area: QRect) -> QImage:
        """Return the page under a tile: cut from the whole picture, if a worker painted it at this very scale."""
        assert self._page is not None
        assert self._palette is not None
        whole = self._coarse
        if whole is not None and _is_same(whole.scale, key[0]) and whole.ratio == self._ratio:
            return whole.picture.copy(area)
        return drawn.draw(self._page, self._palette, area, key[0], self._ratio)

    @property
    def _has_overlay(self) -> bool:
        return bool(self._overlay.spans or self._overlay.curves or self._overlay.bars)

    @property
    def is_working(self) -> bool:
        """Whether tiles are still being painted, or will be when the hand rests."""
        return self._idle.isActive() or self._rest.isActive()

    def _work(self) -> None:
        """Paint what is seen at the wanted scale, then what lies ahead, a few ms at a time."""
        if self._page is None or not self._wanted:
            return self._idle.stop()
        began, side = perf_counter(), self._side
        due = self._keys(self._seen, self._wanted)
        if self.is_sharp:
            dx, dy = self._toward
            due = self._keys(self._seen.translated(dx * side, dy * side), self._wanted)
        for key in due:
            if key not in self._tiles or (self._has_overlay and key not in self._laid):
                self._tile(key)
                if (perf_counter() - began) * 1000 > BUDGET_MS:
                    return None
        self._idle.stop()
        if not self.is_sharp:
            self._shown = self._wanted
            self.update()
        return None


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


def _changed(page: Page, before: Overlay, after: Overlay) -> list[QRectF]:
    """Return where on the page two overlays differ, mm."""
    areas: list[QRectF] = []
    for old, new in ((before, after), (after, before)):
        areas += [
            area
            for span in set(old.spans) - set(new.spans)
            for area in _areas(page, span.leads, span.start_s, span.end_s, TEXT_MM if span.text else 0.0)
        ]
        kept = {id(item) for item in (*new.curves, *new.bars)}
        for curve in old.curves:
            if id(curve) not in kept:
                end = curve.start_s + curve.signal.size / curve.sampling_rate_hz
                areas += _areas(page, (curve.lead,), curve.start_s, end, TEXT_MM)
        for bar in old.bars:
            if id(bar) not in kept:
                areas += _areas(page, (bar.lead,) if bar.lead else (), bar.start_s, bar.end_s, TEXT_MM)
    return areas


def _areas(page: Page, leads: tuple[str, ...], start_s: float, end_s: float, more_mm: float) -> list[QRectF]:
    """Return where a stretch of some leads, all where none is named, may be drawn, mm."""
    found = []
    for trace in page.traces:
        if leads and trace.lead not in leads:
            continue
        x0 = trace.x0_mm + (max(start_s, trace.start_s) - trace.start_s) * trace.mm_per_s
        x1 = trace.x0_mm + (min(end_s, trace.end_s) - trace.start_s) * trace.mm_per_s
        top, bottom = drawn.reach(trace)
        if x1 >= x0:
            around = drawn.AROUND_MM
            found.append(QRectF(x0 - around, top, x1 - x0 + 2 * around + more_mm, bottom - top))
    return found
