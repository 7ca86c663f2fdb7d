"""Which part of the page is seen, and how large: pure arithmetic between page, screen and zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from ecgview.leads import STANDARD_12
from ecgview.paper import time_span
from ecgview.paper.plan import FOOT_MM, foot_mm, plan
from ecgview.paper.scale_line import foot
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord

Fit = Literal["width", "page", "free"]
MIN_PX_PER_MM, MAX_PX_PER_MM = 0.8, 40.0
ZOOM_STEP = 1.25
WIDE_MM = 270.0  # 10 s at 25 mm/s; a wider page is not squeezed: it is wide and scrolls (L3)
NARROW_MM = 145.0  # 10 s at 12.5 mm/s; a narrower page, of a short record, is not blown up
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

    @property
    def anew(self) -> Zoom:
        """The scale another record is shown at: what a hand chose for this one does not hold for it."""
        return replace(self, fit="width") if self.fit == "free" else self

    def fitted(self, page_mm: tuple[float, float], seen_px: tuple[int, int]) -> Zoom:
        """Return it as it must be for this page in this window; unchanged if it follows nothing."""
        if self.fit == "free":
            return self
        room = (max(1, seen_px[0] - 2 * EDGE_PX), max(1, seen_px[1] - 2 * EDGE_PX))
        scale = room[0] / _between(page_mm[0])
        if self.fit == "page":
            scale = min(room[0] / page_mm[0], room[1] / page_mm[1])
        return replace(self, px_per_mm=_limited(scale))


def _limited(px_per_mm: float) -> float:
    return min(max(px_per_mm, MIN_PX_PER_MM), MAX_PX_PER_MM)


def _between(width_mm: float) -> float:
    return min(max(width_mm, NARROW_MM), WIDE_MM)


def with_room(
    paper: PaperSettings, seen_px: tuple[int, int], record: EcgRecord | None = None
) -> PaperSettings:
    """Return the settings with rows as far apart as the window has room for; speed and gain stay.

    Rows never come closer than their layout has them, and a row height that was asked for stays.
    """
    if paper.row_mm is not None:
        return paper
    drawn = plan(STANDARD_12 if record is None else record.lead_names, paper)
    here = paper if record is None else time_span.shown(record, paper, drawn.columns)
    page_mm = _AROUND_MM[0] + here.seconds * here.speed_mm_per_s
    px_per_mm = _limited((seen_px[0] - 2 * EDGE_PX) / _between(page_mm))
    free_mm = (seen_px[1] - 2 * EDGE_PX) / px_per_mm - _AROUND_MM[1]
    if record is not None:
        free_mm -= foot_mm(foot(record, paper, drawn, 0.0, 0.0, page_mm)[1]) - FOOT_MM
    rows = drawn.n_rows + len(drawn.rhythm) * drawn.rhythm_mm / drawn.row_mm
    row_mm = min(math.floor(free_mm / rows), max(TALLEST_ROW_MM, drawn.row_mm))
    return replace(paper, row_mm=float(row_mm)) if row_mm > drawn.row_mm else paper
