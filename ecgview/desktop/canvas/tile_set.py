"""The paper at one scale in opaque square pictures of device pixels, each made when it is first needed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage

from ecgview.desktop.canvas import drawn
from ecgview.desktop.canvas.drawn import Drawn
from ecgview.overlay import Overlay
from ecgview.paper.page import Page
from ecgview.paper.painter import Ink
from ecgview.paper.palette import Palette

SIDE = 256  # logical px; 128 and 512 were slower
Place = tuple[int, int]  # column, row


@dataclass(frozen=True, slots=True, eq=False)
class Lying:
    """An overlay on a page in two parts, and where each draws: (n, 4) left, top, right, bottom, mm."""

    all: Overlay
    spans: Overlay
    rest: Overlay
    spans_at: NDArray[np.float64]
    rest_at: NDArray[np.float64]

    @classmethod
    def on(cls, page: Page, overlay: Overlay) -> Lying:
        """Return where an overlay lies on a page, at every scale."""
        spans, rest = Overlay(spans=overlay.spans), replace(overlay, spans=())
        return cls(overlay, spans, rest, _edges(drawn.places(page, spans)), _edges(drawn.places(page, rest)))


class TileSet:
    """Tiles of one page at `scale` device px per mm, without and with an overlay; used longest ago, dropped first."""

    def __init__(self, page: Page, palette: Palette, scale: float, ratio: float, overlay: Lying) -> None:
        self.page, self.scale, self.ratio = page, scale, ratio
        self.side = round(SIDE * ratio)
        self.sheet = QRect(QPoint(0, 0), drawn.page_size(page, scale))
        self.palette = palette
        self.overlay = overlay
        self._ink, self._overlay_ink = Ink(scale), Ink(scale)
        self._made: QImage | None = None
        self._tiles: OrderedDict[Place, QImage] = OrderedDict()
        # A tile with the stretches upon it, which are many and slow, and with curves and strips upon these: another
        # map lays its strips on what is there. Each is the one beneath where nothing lies on it.
        self._spanned: dict[Place, QImage] = {}
        self._laid: dict[Place, QImage] = {}
        self._stale: dict[
            Place, QImage | None
        ] = {}  # still with the overlay of before; its successor, if made

    @classmethod
    def of(cls, made: Drawn, overlay: Lying) -> TileSet:
        """Return the set of a page that a worker has painted in part."""
        found = cls(made.page, made.palette, made.scale, made.ratio, overlay)
        found._ink, found._made = made.ink, made.sharp
        return found

    # ---- which there are -----------------------------------------------------------------------------

    def over(self, area: QRect) -> list[Place]:
        """Return the tiles over an area in device px from the page's corner, row by row."""
        area = area & self.sheet
        if area.isEmpty():
            return []
        rows = range(area.top() // self.side, area.bottom() // self.side + 1)
        columns = range(area.left() // self.side, area.right() // self.side + 1)
        return [(x, y) for y in rows for x in columns]

    def kept(self, place: Place) -> QImage | None:
        """Return a tile as far as it is there, without making it."""
        return self._laid.get(place) or self._tiles.get(place)

    @property
    def n_tiles(self) -> int:
        """How many tiles are kept."""
        return len(self._tiles)

    @property
    def n_bytes(self) -> int:
        """What the tiles take, those with an overlay upon them counted apart."""
        copies = sum(image is not self._tiles[place] for place, image in self._spanned.items())
        copies += sum(image is not self._spanned.get(place) for place, image in self._laid.items())
        return (len(self._tiles) + copies + len(self._stale)) * 4 * self.side**2

    def drop_oldest(self) -> None:
        """Let go of the tile that was used longest ago."""
        place, _ = self._tiles.popitem(last=False)
        for kept in (self._spanned, self._laid, self._stale):
            kept.pop(place, None)

    # ---- making them ---------------------------------------------------------------------------------

    def tile(self, place: Place) -> QImage:
        """Return a tile with the overlay upon it, made now where it is not there."""
        if place not in self._tiles:
            self._tiles[place] = self._bare(self._area(place))
        self._tiles.move_to_end(place)
        if place not in self._laid:
            self._laid[place] = self._with_overlay(place)
        return self._laid[place]

    def _area(self, place: Place) -> QRect:
        return QRect(place[0] * self.side, place[1] * self.side, self.side, self.side) & self.sheet

    def _bare(self, area: QRect) -> QImage:
        if self._made is not None and self._made.rect().contains(area):
            return self._made.copy(area)
        return drawn.draw(self.page, self.palette, area, self.scale, self.ratio, self._ink)

    def _with_overlay(self, place: Place) -> QImage:
        if place not in self._spanned:
            self._spanned[place] = self._with(
                self._tiles[place], place, self.overlay.spans, self.overlay.spans_at
            )
        return self._with(self._spanned[place], place, self.overlay.rest, self.overlay.rest_at)

    def _with(self, image: QImage, place: Place, overlay: Overlay, lies_at: NDArray[np.float64]) -> QImage:
        if not self._touched([place], lies_at):
            return image
        area = self._area(place)
        return drawn.lay(
            image, self.page, self.palette, area, self.scale, self.ratio, overlay, self._overlay_ink
        )

    def _touched(self, places: list[Place], edges: NDArray[np.float64]) -> list[Place]:
        """Return those tiles that one of some rectangles, (n, 4) left, top, right, bottom in mm, lies on."""
        if not len(edges) or not places:
            return []
        mm = self.side / self.scale
        first = np.array(places, dtype=np.float64)[:, None, :] * mm
        low, high = edges[None, :, :2], edges[None, :, 2:]
        inside = np.all((low <= first + mm) & (high >= first), axis=2)
        lies: list[bool] = np.any(inside, axis=1).tolist()
        return [place for place, is_touched in zip(places, lies, strict=True) if is_touched]

    # ---- another overlay -----------------------------------------------------------------------------

    def lay_over(self, overlay: Lying, changed: Lying, *, at_leisure: bool) -> None:
        """Take another overlay; `changed` is what one of both has and the other has not.

        Only the tiles under it are laid anew. `at_leisure`, they show the overlay of before until `renew` has them
        all: a curve over twelve leads takes longer than a frame.
        """
        for place in self._touched(list(self._spanned), changed.spans_at):
            del self._spanned[place]
        touched = self._touched(list(self._laid), np.concatenate([changed.spans_at, changed.rest_at]))
        self._overlay_ink.keep_only(overlay.all)  # a line is cut once, as long as its curve is there
        self.overlay = overlay
        for place in touched:
            if at_leisure or place in self._stale:
                self._stale[place] = None
            else:
                del self._laid[place]

    def renew(self, place: Place) -> None:
        """Make what follows upon a tile that still shows the overlay of before."""
        if place in self._stale and self._stale[place] is None:
            self._stale[place] = self._with_overlay(place)

    def is_due(self, place: Place) -> bool:
        """Return whether a tile is to be made, or renewed."""
        if place in self._stale:
            return self._stale[place] is None
        return place not in self._laid

    def make(self, place: Place) -> None:
        """Make a tile that is due."""
        if place in self._stale:
            self.renew(place)
        else:
            self.tile(place)

    @property
    def is_behind(self) -> bool:
        """Whether some tiles still show the overlay of before."""
        return bool(self._stale)

    def catch_up(self) -> None:
        """Show the overlay of now everywhere, in one step."""
        for place, image in self._stale.items():
            if image is None:
                self._laid.pop(place, None)
            else:
                self._laid[place] = image
        self._stale.clear()


def _edges(rects: list[QRectF]) -> NDArray[np.float64]:
    return np.array(
        [(rect.left(), rect.top(), rect.right(), rect.bottom()) for rect in rects], dtype=np.float64
    ).reshape(-1, 4)
