"""Where a text stands free of ink: beside its trace, never over one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.paper.page import TracePath

CAPITAL = 0.74  # height of a capital, of the font's size
WIDTH = 0.66  # of a bold letter, of the font's size
CLEAR_MM = 0.5  # around the text
STEP_MM = 0.5
AWAY_MM = (0.0, 2.0, 4.0, 7.0, 10.0, 14.0, 18.0, 23.0, 28.0)  # to the right, where no height is free

BELOW_MM = 12.0  # a place below its trace counts as so much further: it may be taken for the next row's
INK_MM = 1000.0  # and every piece of trace beneath counts more than any distance

Segments = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row stands on the page."""

    top_mm: float
    baseline_mm: float
    bottom_mm: float


class Ink:
    """The ink of a page's traces, asked for by upright bands."""

    def __init__(self, traces: Sequence[TracePath]) -> None:
        self._traces = traces
        self._bands: dict[tuple[float, float], Segments] = {}

    def place(
        self, text: str, size_mm: float, wanted: tuple[float, float], row: Row, right_mm: float
    ) -> tuple[float, float]:
        """Return where a text's baseline begins, mm: the free place nearest the wanted one, above the trace if it can.

        Where no place is free it is the one with the least ink beneath.

        Args:
            text: what is written.
            size_mm: size of its font.
            wanted: (x, y) of the baseline's left end.
            row: the row that it belongs to.
            right_mm: right edge of its cell.
        """
        width = width_mm(text, size_mm)
        x, y = wanted
        if not self._below(x, width, size_mm, np.array([y]))[0]:
            return wanted
        heights = np.arange(row.top_mm + CAPITAL * size_mm + CLEAR_MM, row.bottom_mm - CLEAR_MM, STEP_MM)
        if heights.size == 0:
            return wanted
        far = np.abs(heights - y) + BELOW_MM * (heights > row.baseline_mm)
        best, found = np.inf, wanted
        for away in AWAY_MM:
            if away and (away >= best or x + away + width > right_mm):
                break
            cost = far + away + INK_MM * self._below(x + away, width, size_mm, heights)
            nearest = int(np.argmin(cost))
            if cost[nearest] < best:
                best, found = float(cost[nearest]), (x + away, float(heights[nearest]))
        return found

    def _below(
        self, x_mm: float, width: float, size_mm: float, heights: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return how many pieces of trace lie under the text at each height of its baseline."""
        low, high = self._band(x_mm - CLEAR_MM, x_mm + width + CLEAR_MM)
        above = (heights - CAPITAL * size_mm - CLEAR_MM)[:, None]
        hit = (high >= above) & (low <= (heights + CLEAR_MM)[:, None])
        counts: NDArray[np.int64] = hit.sum(axis=1, dtype=np.int64)
        return counts

    def _band(self, x0: float, x1: float) -> Segments:
        """Return the upper and lower ends of every piece of trace between two x."""
        key = (round(x0, 3), round(x1, 3))
        if key not in self._bands:
            lows, highs = [np.empty(0)], [np.empty(0)]
            for trace in self._traces:
                if trace.x0_mm <= x1 and trace.x1_mm >= x0:
                    first, last = np.searchsorted(trace.x_mm, (x0, x1))
                    y = trace.y_mm[max(0, first - 1) : last + 1]
                    lows.append(np.fmin(y[:-1], y[1:]))
                    highs.append(np.fmax(y[:-1], y[1:]))
            self._bands[key] = (np.concatenate(lows), np.concatenate(highs))
        return self._bands[key]


def width_mm(text: str, size_mm: float) -> float:
    """Return about how wide a bold text is."""
    return WIDTH * size_mm * len(text)
