"""Which part of the page is seen, and how large: pure arithmetic between page, screen and zoom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Fit = Literal["width", "page", "free"]
MIN_PX_PER_MM, MAX_PX_PER_MM = 0.8, 40.0
ZOOM_STEP = 1.25
WIDE_MM = 300.0  # a page wider than A4 landscape is not squeezed: it is wide and scrolls (L3)
EDGE_PX = 12  # desk around the page


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
