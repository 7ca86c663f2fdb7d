"""A map of attribution beside a page: what of it the page shows, where it is strongest, how it is drawn."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.overlay import Bar, Overlay
from ecgview.paper.page import Page
from ecgview.results import Attribution

LEGEND = "where the score is sensitive, not proof of cause"
# Share of the cells that may be drawn at full strength: 12 of 12 x 200. One spike would pale all others otherwise.
SATURATED = 0.005
STRETCH_S = 0.2  # a QRS complex with the beginning of its ST segment: cells of one sign may go on for seconds

Shown = tuple[str, float, float]  # a lead, and from when to when a page shows it, in seconds


UNTRIED = "whether maps can be trusted was not measured with these leads"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Cells side by side in one lead, and their sum in the map's unit."""

    lead: str
    start_s: float
    end_s: float
    value: float

    def __str__(self) -> str:
        """Return "V2, 3.15 to 3.30 s"."""
        return f"{self.lead}, {self.start_s:.2f} to {self.end_s:.2f} s"


@dataclass(frozen=True, slots=True, eq=False)
class OnPage:
    """What of a map a page shows: `here` (leads, segments) bool, the sum there, and the sum of the cells elsewhere.

    `shown` + `not_on_page` + the map's remainder = its share.
    """

    here: NDArray[np.bool_]
    shown: float
    not_on_page: float


def shown_by(page: Page) -> tuple[Shown, ...]:
    """Return which stretch of which lead each trace of a page shows."""
    return tuple((trace.lead, trace.start_s, trace.end_s) for trace in page.traces)


def divided(attribution: Attribution, shown: Iterable[Shown]) -> OnPage:
    """Return a map divided into what is on a page and what is not; a cell is where its middle is.

    A lead that stands twice on the page, as in the rhythm strip, counts once.
    """
    here = np.zeros_like(attribution.cells, dtype=np.bool_)
    middles = (np.arange(attribution.cells.shape[1]) + 0.5) * attribution.segment_s
    for lead, start_s, end_s in shown:
        if lead in attribution.leads:
            here[attribution.leads.index(lead)] |= (middles >= start_s) & (middles < end_s)
    cells = attribution.cells.astype(np.float64)
    return OnPage(here, float(cells[here].sum()), float(cells[~here].sum()))


def strongest(attribution: Attribution, shown: Iterable[Shown] | None = None) -> Stretch | None:
    """Return the stretch of 0.2 s with the largest absolute sum, on a page or anywhere; None where all is zero."""
    return next(iter(stretches(attribution, 1, shown)), None)


def stretches(
    attribution: Attribution, most: int, shown: Iterable[Shown] | None = None
) -> tuple[Stretch, ...]:
    """Return up to `most` stretches of 0.2 s with the largest sums in one lead, the strongest first; none overlap.

    `shown` counts only what a page shows.
    """
    cells = attribution.cells.astype(np.float64)
    if shown is not None:
        cells = np.where(divided(attribution, shown).here, cells, 0.0)
    width = max(1, round(STRETCH_S / attribution.segment_s))
    if cells.shape[1] < width:
        return ()
    sums = np.lib.stride_tricks.sliding_window_view(cells, width, axis=1).sum(-1)
    left = np.abs(sums)
    found: list[Stretch] = []
    while len(found) < most and left.max(initial=0.0) > 0:
        row, first = (int(place) for place in np.unravel_index(np.argmax(left), left.shape))
        start_s, end_s = first * attribution.segment_s, (first + width) * attribution.segment_s
        found.append(Stretch(attribution.leads[row], start_s, end_s, float(sums[row, first])))
        left[row, max(0, first - width + 1) : first + width] = 0.0
    return tuple(found)


def bars(attribution: Attribution, *, failed: bool = False) -> tuple[Bar, ...]:
    """Return a signed bar beneath each lead, all on one scale; none where the map has no cell to show."""
    size = np.abs(attribution.cells)
    largest = float(np.quantile(size, 1.0 - SATURATED, method="higher")) or float(size.max(initial=0.0))
    if not largest:
        return ()
    end_s = attribution.cells.shape[1] * attribution.segment_s
    values = np.clip(attribution.cells / np.float32(largest), -1.0, 1.0).astype(np.float32)
    hatched = failed or bool(attribution.failed)
    return tuple(
        Bar(lead, 0.0, end_s, row, "signed", hatched)
        for lead, row in zip(attribution.leads, values, strict=True)
    )


def overlay(attribution: Attribution, verdict: str = "not checked", doubt: str = "") -> Overlay:
    """Return the bars and their legend: of what they are, how they were found, what they are worth.

    Args:
        attribution: the map; its method is left out where it is "".
        verdict: of the checks on this record, see `results.Stamp`; a map that failed is hatched.
        doubt: why the map is not offered by itself, "" where it is.
    """
    said = attribution.failed or verdict
    what = attribution.target or "all predictors"
    how = f" ({attribution.method})" if attribution.method else ""
    untried = UNTRIED if any(UNTRIED in note.lower() for note in attribution.notes) else ""
    parts = [f"{what}: {LEGEND}{how}", said, doubt, untried]
    return Overlay(
        bars=bars(attribution, failed=said.startswith("failed")), legend="; ".join(filter(None, parts)) + "."
    )
