"""Which part of the page is seen, and how large: pure arithmetic between page, screen and zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from ecgview.paper.layout import LAYOUTS
from ecgview.paper.settings import PaperSettings

Fit = Literal["width", "page", "free"]
MIN_PX_PER_MM, MAX_PX_PER_MM = 0.8, 40.0
ZOOM_STEP = 1.25
WIDE_MM = 270.0  # 10 s at 25 mm/s; a wider page is not squeezed: it is wide and scrolls (L3)
EDGE_PX = 12  # desk around the page
TALLEST_ROW_MM = 46.0
_AROUND_MM = (20.0, 23.0)  # what a page holds beside its traces: margins, pulse; margins, scale lines


@dataclass(frozen=True, slots=True)
class Zoom:
    """The scale in px per mm, and what it follows when the window changes."""

    px_per_mm: float = 3.0
    fit: Fit = "width"

    def times(self, factor: float) -> Zoom:
        """Return it larger or smaller, within limits, following nothing any more."""
        return Zoom(_limited(self.px_per_mm * factor), "free")

    def at(self, px_per_mm: float) -> Zoom:
        """Return it at a given scale, following nothing any more."""
        return Zoom(_limited(px_per_mm), "free")

    def fitted(self, page_mm: tuple[float, float], seen_px: tuple[int, int]) -> Zoom:
        """Return it as it must be for this page in this window; unchanged if it follows nothing."""
        if self.fit == "free":
            return self
        room = (max(1, seen_px[0] - 2 * EDGE_PX), max(1, seen_px[1] - 2 * EDGE_PX))
        scale = room[0] / min(page_mm[0], WIDE_MM)
        if self.fit == "page":
            scale = min(room[0] / page_mm[0], room[1] / page_mm[1])
        return replace(self, px_per_mm=_limited(scale))


def _limited(px_per_mm: float) -> float:
    return min(max(px_per_mm, MIN_PX_PER_MM), MAX_PX_PER_MM)


def with_room(paper: PaperSettings, seen_px: tuple[int, int]) -> PaperSettings:
    """Return the settings with rows as far apart as the window has room for; speed and gain stay.

    Rows never come closer than their layout has them, and a row height that was asked for stays.
    """
    plan = LAYOUTS[paper.layout]
    if paper.row_mm is not None:
        return paper
    width_mm = min(WIDE_MM, _AROUND_MM[0] + paper.seconds * paper.speed_mm_per_s)
    px_per_mm = _limited((seen_px[0] - 2 * EDGE_PX) / width_mm)
    free_mm = (seen_px[1] - 2 * EDGE_PX) / px_per_mm - _AROUND_MM[1]
    rows = len(plan.rows) + len(plan.rhythm) * plan.rhythm_mm / plan.row_mm
    row_mm = min(math.floor(free_mm / rows), TALLEST_ROW_MM)
    return replace(paper, row_mm=float(row_mm)) if row_mm > plan.row_mm else paper
