"""The page of the median beat: a beat that was computed, never shown as the rhythm (L1)."""

from dataclasses import replace

import numpy as np

from ecgview.counts import counted
from ecgview.paper import layout
from ecgview.paper.page import Page, TracePath
from ecgview.paper.plan import LAYOUTS, plan
from ecgview.paper.settings import PaperSettings
from ecgview.record import WHAT_IF, EcgRecord
from ecgview.signal.filters import DisplayFilter
from ecgview.signal.measure.measured import Median

OF_SIZE = 0.7  # of letters: the page is about so narrow, and is shown as large as one of the rhythm
DESCENT = 0.35  # of the size of a name, below its base line, with a little air
EMPTY_S = 1.4  # of paper where there is no median beat, about as long as one


def is_of_median(settings: PaperSettings) -> bool:
    """Return whether the layout asked for shows the median beat."""
    return LAYOUTS[settings.layout].of_median


def as_record(record: EcgRecord, median: Median | None) -> EcgRecord:
    """Return the median beat as a record of its own, with what is known of the one that it was made from.

    Its first sample is the median beat's. Without a median beat its samples are gaps.
    """
    if median is None:
        n_samples = round(EMPTY_S * record.sampling_rate_hz)
        empty = np.full((len(record.lead_names), n_samples), np.nan, dtype=np.float32)
        return replace(record, signal=empty)
    return replace(
        record,
        signal=median.signal,
        lead_names=median.lead_names,
        sampling_rate_hz=median.sampling_rate_hz,
        notes=tuple(note for note in record.notes if note.kind == WHAT_IF),
    )


def paper_for(beat: EcgRecord, settings: PaperSettings) -> PaperSettings:
    """Return the paper for `as_record`: the same stretch in all cells, as it was averaged.

    A display filter would need seconds to settle that a beat has not, and the high-pass would tilt its ST segment.
    """
    columns = plan(beat.lead_names, settings).columns
    return replace(
        settings,
        start_s=0.0,
        seconds=beat.seconds * columns,
        sequential=False,
        display_filter=DisplayFilter(None, None, None),
    )


def compose(record: EcgRecord, median: Median | None, settings: PaperSettings, why_not: str = "") -> Page:
    """Return the page of a record's median beat at true scale.

    Args:
        record: what the median beat was made from.
        median: None where there is none; `why_not` says why.
        settings: the paper asked for, its layout one of the median beat.
        why_not: a reason without a full stop.
    """
    beat = as_record(record, median)
    if median is None:
        head = f"No median beat: {why_not or 'nothing was measured'}"
    else:
        head = f"Median of {counted(median.n_beats, 'beat')}, not a rhythm strip"
    page = layout.compose(beat, paper_for(beat, settings), header_lines=(head,))
    texts = (replace(one, size_mm=one.size_mm * OF_SIZE) for one in page.texts)
    if median is None:
        return replace(page, texts=tuple(one for one in texts if one.role != "missing"), peak_s=0.0)
    return replace(page, texts=tuple(texts), peak_s=median.peak / median.sampling_rate_hz)


def below_names(page: Page, top_mm: float, trace: TracePath) -> float:
    """Return where the edges of waves begin in a trace's row, mm: below the names in it, where all lines cross them."""
    ends = (one.y_mm + DESCENT * one.size_mm for one in page.texts if one.role == "lead")
    return max([top_mm, *(end for end in ends if top_mm < end < trace.baseline_mm)])
