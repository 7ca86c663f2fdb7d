"""How the page of a record is made for the screen: planned in the UI thread, made in a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ecgview.desktop.canvas.drawn import Drawn, draw_page
from ecgview.desktop.canvas.view_port import Zoom, with_room
from ecgview.paper import layout
from ecgview.paper.palette import Palette
from ecgview.paper.settings import PaperSettings
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a page depends on besides its record: paper, scale, room (logical px), colours, device ratio."""

    paper: PaperSettings
    zoom: Zoom
    seen_px: tuple[int, int]
    colours: Palette
    ratio: float

    @property
    def look(self) -> tuple[PaperSettings, Palette, float]:
        """What the reader chose; the height of the rows follows the room there is."""
        return replace(self.paper, row_mm=None), self.colours, self.ratio

    def __call__(self, record: EcgRecord, progress: Progress = silent) -> Laid:
        """Return the page of a record, painted as it will be seen first; its rows use the room there is."""
        paper = self.paper if self.zoom.fit == "free" else with_room(self.paper, self.seen_px, record)
        page = layout.compose(record, paper)
        progress(0.5)
        fitted = self.zoom.fitted((page.width_mm, page.height_mm), self.seen_px)
        drawn = draw_page(page, self.colours, fitted.px_per_mm, self.ratio, self.seen_px)
        return Laid(replace(self, paper=paper), drawn)


@dataclass(frozen=True, slots=True)
class Laid:
    """A page with the plan it was made by."""

    plan: Plan
    drawn: Drawn
