"""A drag over the trace as a stretch of time on a lead, and the mask that it draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.desktop.state.mouse import SHORTEST_S
from ecgview.runs import runs


@dataclass(frozen=True, slots=True)
class Drag:
    """A drag that began on a lead at a time; `hides` is false where a mask is being wiped away."""

    gesture: str  # a mouse mode
    lead: str
    start_s: float
    now_s: float
    hides: bool = True
    all_leads: bool = False

    @property
    def span_s(self) -> tuple[float, float]:
        """The stretch of time, earlier end first."""
        return min(self.start_s, self.now_s), max(self.start_s, self.now_s)

    @property
    def is_mark(self) -> bool:
        """Whether it is long enough to be meant."""
        return abs(self.now_s - self.start_s) >= SHORTEST_S


def masked(before: NDArray[np.bool_], drag: Drag, segment_s: float) -> NDArray[np.bool_]:
    """Return a mask, (segments,) True = hidden, with the segments under a drag hidden or shown."""
    start, end = drag.span_s
    mask = before.copy()
    first = max(0, int(start / segment_s))
    mask[first : max(first, int(np.ceil(end / segment_s)))] = drag.hides
    return mask


def spans(mask: NDArray[np.bool_], segment_s: float) -> list[tuple[float, float]]:
    """Return the hidden stretches of time of a mask, s."""
    return [(float(a) * segment_s, float(b) * segment_s) for a, b in runs(mask)]
