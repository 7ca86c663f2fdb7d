"""A page in millimetres: what is drawn and where, with no toolkit in sight."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

TextRole = Literal["lead", "scale", "header", "note", "missing", "caution"]
Align = Literal["left", "right", "centre"]


@dataclass(frozen=True, slots=True)
class GridArea:
    """Where paper lines are drawn; `origin_x_mm` and `origin_y_mm` lie on a heavy line (C2)."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    origin_x_mm: float
    origin_y_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class TracePath:
    """One lead in one cell: the points in mm, NaN where nothing was recorded."""

    lead: str
    start_s: float
    end_s: float
    sampling_rate_hz: float
    x0_mm: float
    x1_mm: float
    baseline_mm: float
    row_mm: float
    mm_per_s: float
    mm_per_mv: float  # negative for an inverted lead (-aVR)
    x_mm: NDArray[np.float64]
    y_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    """A calibration pulse, (n,) mm each way."""

    x_mm: NDArray[np.float64]
    y_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tick:
    """A short line where one column ends and the next begins."""

    x_mm: float
    y0_mm: float
    y1_mm: float


@dataclass(frozen=True, slots=True)
class PageText:
    """A text with its baseline's left, centre or right end at (x, y); `size_mm` is the height of capitals' em."""

    text: str
    x_mm: float
    y_mm: float
    size_mm: float
    role: TextRole
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Location:
    """A point of the page as a reader thinks of it."""

    lead: str
    seconds: float
    millivolts: float


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Everything on one page."""

    width_mm: float
    height_mm: float
    grid: GridArea
    traces: tuple[TracePath, ...]
    pulses: tuple[Polyline, ...]
    ticks: tuple[Tick, ...]
    texts: tuple[PageText, ...]
    peak_s: float | None = (
        None  # where the QRS peak lies, on a page of the median beat; None on one of the record
    )

    @property
    def is_of_median(self) -> bool:
        """Whether it shows the median beat: its seconds are not those of the record."""
        return self.peak_s is not None

    def trace_at(self, x_mm: float, y_mm: float) -> TracePath | None:
        """Return the trace whose cell holds the point, None outside all of them."""
        column = [trace for trace in self.traces if trace.x0_mm <= x_mm <= trace.x1_mm]
        nearest = min(column, key=lambda trace: abs(y_mm - trace.baseline_mm), default=None)
        if nearest is None or abs(y_mm - nearest.baseline_mm) > nearest.row_mm:
            return None
        return nearest

    def locate(self, x_mm: float, y_mm: float) -> Location | None:
        """Return lead, time in s and amplitude in mV of a point; None outside the traces."""
        trace = self.trace_at(x_mm, y_mm)
        if trace is None:
            return None
        seconds = trace.start_s + (x_mm - trace.x0_mm) / trace.mm_per_s
        return Location(trace.lead, seconds, (trace.baseline_mm - y_mm) / trace.mm_per_mv)

    def position(self, lead: str, seconds: float, millivolts: float = 0.0) -> tuple[tuple[float, float], ...]:
        """Return every (x, y) in mm where this moment of this lead is drawn; the inverse of `locate`."""
        return tuple(
            (
                trace.x0_mm + (seconds - trace.start_s) * trace.mm_per_s,
                trace.baseline_mm - millivolts * trace.mm_per_mv,
            )
            for trace in self.traces
            if trace.lead == lead and trace.start_s <= seconds <= trace.end_s
        )
