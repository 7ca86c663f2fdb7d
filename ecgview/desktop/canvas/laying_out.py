"""How the page of a record is made for the screen: planned in the UI thread, made in a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ecgview.desktop.canvas.drawn import Drawn, draw_page
from ecgview.desktop.canvas.view_port import Zoom, with_room
from ecgview.paper import layout, median_page
from ecgview.paper.palette import Palette
from ecgview.paper.settings import PaperSettings
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.signal.measure.measured import Median


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a page depends on besides its record: paper, scale, room (logical px), colours, device ratio."""

    paper: PaperSettings
    zoom: Zoom
    seen_px: tuple[int, int]
    colours: Palette
    ratio: float
    median: Median | None = None  # for a layout that shows it
    why_not: str = ""  # there is none

    @property
    def look(self) -> tuple[PaperSettings, Palette, float]:
        """What the reader chose; the height of the rows follows the room there is."""
        return replace(self.paper, row_mm=None), self.colours, self.ratio

    def __call__(self, record: EcgRecord, progress: Progress = silent) -> Laid:
        """Return the page of a record, painted as it will be seen first; its rows use the room there is."""
        source, asked = record, self.paper
        if median_page.is_of_median(asked):
            source = median_page.as_record(record, self.median)
            asked = median_page.paper_for(source, asked)
        row_mm = asked.row_mm
        if self.zoom.fit != "free":
            row_mm = with_room(asked, self.seen_px, source).row_mm
        paper = replace(self.paper, row_mm=row_mm)
        if source is record:
            page = layout.compose(record, paper)
        else:
            page = median_page.compose(record, self.median, paper, self.why_not)
        progress(0.5)
        fitted = self.zoom.fitted((page.width_mm, page.height_mm), self.seen_px)
        drawn = draw_page(page, self.colours, fitted.px_per_mm, self.ratio, self.seen_px)
        return Laid(replace(self, paper=paper), drawn, source)


@dataclass(frozen=True, slots=True)
class Laid:
    """A page with the plan it was made by."""

    plan: Plan
    drawn: Drawn
    source: EcgRecord  # what the page is drawn from: the record, or its median beat
