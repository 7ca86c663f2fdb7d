"""Where on the trace a score comes from: the tracing once more, with the map beneath its leads and what it is worth."""

from ecgview.paper.sheet import A4_LANDSCAPE, Sheet, TextRun
from ecgview.report import _texts, _tracing
from ecgview.report._flow import Box, pour
from ecgview.report._frame import BODY_MM, FOOT_MM, SIDE_MM, WIDTH_MM
from ecgview.report.content import OnTrace, ReportContent

MOST_TEXT_MM = 60.0
BELOW_MM = 1.5


def sheets(content: ReportContent) -> list[Sheet]:
    """Return the pages of the map on the trace; none where there is none.

    Raises:
        ReportError: the tracing does not fit the sheet at true scale.
    """
    shown = content.on_trace
    if shown is None:
        return []
    text = pour(_runs(shown), [Box(SIDE_MM, BODY_MM, WIDTH_MM, MOST_TEXT_MM)])
    first_top = text.bottom_mm + BELOW_MM
    found = []
    for number, piece in enumerate(_tracing.pieces(content, FOOT_MM - first_top)):
        top = first_top if number == 0 else BODY_MM
        page = _tracing.page(content, piece, FOOT_MM - top)
        left = (A4_LANDSCAPE[0] - page.width_mm) / 2
        lines = text.lines if number == 0 else ()
        found.append(Sheet(lines, page=page, page_x_mm=left, page_y_mm=top, overlay=shown.overlay))
    return found


def _runs(shown: OnTrace) -> tuple[TextRun, ...]:
    """Return what is mapped, the legend with the verdict, the sum, and the model's facts."""
    runs = [TextRun(f"AI: where on the trace the score comes from: {shown.name}", 3.6, bold=True)]
    runs.append(TextRun(shown.overlay.legend, tone="caution" if shown.has_failed or shown.doubt else "text"))
    runs += [TextRun(line) for line in shown.lines]
    return (*runs, *_texts.facts(shown.model, ""))
