"""PDF report: the tracing at true scale as vectors, statements, measurements, AI results with their facts."""

from dataclasses import replace
from pathlib import Path

from ecgview import RESEARCH_USE_ONLY
from ecgview.errors import ReportError
from ecgview.leads import STANDARD_12
from ecgview.overlay import Overlay
from ecgview.paper import layout
from ecgview.paper.page import Page
from ecgview.paper.palette import RED, Palette
from ecgview.paper.settings import PaperSettings
from ecgview.paper.sheet import A4_LANDSCAPE, Column, Sheet, TextRun, Tone
from ecgview.report import _pictures, _texts
from ecgview.report._whole_file import whole_file
from ecgview.report.content import ReportContent

NAME = "PDF report"
SUFFIX = ".pdf"

SIDE_MM = 13.0
HEADER_MM = 22.0
LEAST_COLUMNS_MM = 45.0


def write(content: ReportContent, path: Path, palette: Palette = RED) -> Path:
    """Write the report on A4 landscape; 1 s and 1 mV have their true length. Nothing is left half-written.

    Raises:
        ReportError: the file cannot be written, or the layout does not fit the sheet at true scale.
    """
    from ecgview.paper.sheet_painter import write_pdf

    path = Path(path)
    with whole_file(path) as part:
        write_pdf(part, sheets(content), palette, "12-lead ECG report")
    return path


def sheets(content: ReportContent) -> list[Sheet]:
    """Return the sheets of a report: the tracing (more than one where it is longer than a sheet), then texts."""
    width, height = A4_LANDSCAPE
    footer = f"{RESEARCH_USE_ONLY}    {content.application}    report made {content.created}"
    pages = _pages(content)
    found: list[Sheet] = []
    for number, page in enumerate(pages):
        header = _header(content, width, number, len(pages))
        overlay = _marks(content)
        left = (width - page.width_mm) / 2
        found.append(Sheet((), header, HEADER_MM + 2.0, page, left, HEADER_MM, overlay, footer))
    columns = _columns(content, width)
    free = height - HEADER_MM - pages[-1].height_mm - 12.0
    if free >= LEAST_COLUMNS_MM:
        top = HEADER_MM + pages[-1].height_mm + 2.0
        found[-1] = replace(found[-1], columns=tuple(replace(c, y_mm=top) for c in columns))
    else:
        texts = tuple(replace(c, y_mm=HEADER_MM + 2.0) for c in columns)
        found.append(Sheet(texts, _header(content, width, 0, 1), HEADER_MM + 2.0, footer=footer))
    if pictures := _pictures.of(content, SIDE_MM, HEADER_MM + 4.0):
        found.append(Sheet((), _header(content, width, 0, 1), footer=footer, pictures=pictures))
    return found


def _pages(content: ReportContent, room_mm: float = A4_LANDSCAPE[1] - HEADER_MM - 10.0) -> list[Page]:
    """Return the tracing in pages no higher than `room_mm`: the scale is never changed for it (L3).

    A stretch of time longer than a sheet goes on, on further pages, and so do leads that do not fit.
    """
    settings = replace(content.paper, row_mm=None, most_mm=room_mm)
    longest = (A4_LANDSCAPE[0] - 2 * 8.0 - 10.0 - 10.0) / settings.speed_mm_per_s
    seconds = min(settings.seconds, max(1.0, longest // 0.5 * 0.5))
    if settings.seconds > longest:
        seconds = settings.seconds / 2 if settings.seconds / 2 <= longest else seconds
    found: list[Page] = []
    start, end = settings.start_s, min(settings.start_s + settings.seconds, content.record.seconds)
    while not found or start < end - 1e-6:
        piece: PaperSettings = replace(settings, seconds=seconds, start_s=start)
        found += layout.pages(content.record, piece)
        start += seconds
    if max(page.height_mm for page in found) > room_mm:
        raise ReportError(
            f"layout {settings.layout} does not fit A4 at this gain and row height",
            expected="another layout; the scale is never changed to fit",
        )
    return found


def _header(content: ReportContent, width: float, number: int, count: int) -> tuple[Column, ...]:
    third = (width - 2 * SIDE_MM) / 3
    title = "12-lead ECG" if set(STANDARD_12) <= set(content.record.lead_names) else "ECG"
    if content.record.synthetic:
        title += ", synthetic ECG: no patient"
    if count > 1:
        title += f", part {number + 1} of {count}"
    tone: Tone = "caution" if content.record.synthetic else "text"
    left = (TextRun(title, 4.6, bold=True, tone=tone), *_texts.patient(content))
    middle = _texts.acquisition(content)
    right = (
        TextRun(RESEARCH_USE_ONLY, 3.2, bold=True, tone="caution"),
        TextRun(content.state, 3.2, bold=True, tone="text" if content.is_confirmed else "caution"),
    )
    return (
        Column(SIDE_MM, 6.0, third - 4, left),
        Column(SIDE_MM + third, 6.0, third - 4, middle),
        Column(SIDE_MM + 2 * third, 6.0, third, right),
    )


def _columns(content: ReportContent, width: float) -> tuple[Column, ...]:
    third = (width - 2 * SIDE_MM) / 3
    parts = (
        _texts.statements(content) + _texts.measurements(content) + _texts.device(content),
        _texts.prediction(content),
        _texts.lef(content),
    )
    return tuple(Column(SIDE_MM + i * third, 0.0, third - 5, runs) for i, runs in enumerate(parts))


def _marks(content: ReportContent) -> Overlay | None:
    """Return the reader's marks as they are drawn on the tracing."""
    from ecgview.review.annotation import to_overlay

    if content.read is None or not content.read.content.annotations:
        return None
    return to_overlay(content.read.content.annotations)
