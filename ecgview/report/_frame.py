"""What stands on every sheet of a report: the patient, research use only, the number of the page."""

from collections.abc import Sequence
from dataclasses import replace

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.paper.sheet import A4_LANDSCAPE, Line, Sheet, Stroke, TextRun
from ecgview.report import _head
from ecgview.report._flow import Box, pour
from ecgview.report.content import ReportContent

SIDE_MM = 13.0  # text and tracing fit Letter as well as A4 when they are printed at their true size
TOP_MM = 9.0
WIDTH_MM = A4_LANDSCAPE[0] - 2 * SIDE_MM
BODY_MM = 21.0  # where a further sheet begins below its head
FOOT_MM = 202.0  # where every sheet ends above its foot
NOTICE_Y_MM, FOOT_Y_MM = 7.2, 205.5


def framed(sheets: Sequence[Sheet], content: ReportContent) -> list[Sheet]:
    """Return the sheets with their feet, and all but the first with a head that names patient and state."""
    head = _further_head(content)
    return [
        replace(
            sheet,
            lines=(*sheet.lines, *_foot(content, number, len(sheets)), *(head if number > 1 else ())),
            strokes=(*sheet.strokes, *(_rule() if number > 1 else ())),
        )
        for number, sheet in enumerate(sheets, 1)
    ]


def _rule() -> tuple[Stroke, ...]:
    return (Stroke(SIDE_MM, BODY_MM - 2.0, SIDE_MM + WIDTH_MM, BODY_MM - 2.0),)


def _further_head(content: ReportContent) -> tuple[Line, ...]:
    """Return two lines: the state of the read, and the patient, whose end is left out where it has no room."""
    state = f"RESEARCH READ: {content.read_state}"
    right = SIDE_MM + WIDTH_MM
    title = _head.title(content)
    return (
        Line(title.text, SIDE_MM, TOP_MM + 3.0, 3.2, True, title.tone),
        Line(state, right, TOP_MM + 3.0, 3.2, True, "text" if content.is_signed else "caution", "right"),
        Line(_one_line(_head.who(content), 3.2, WIDTH_MM), SIDE_MM, TOP_MM + 8.0, 3.2),
    )


def _foot(content: ReportContent, number: int, count: int) -> tuple[Line, ...]:
    page = f"page {number} of {count}"
    right = SIDE_MM + WIDTH_MM
    notice = Line(RESEARCH_USE_ONLY, right, NOTICE_Y_MM, 2.6, True, "caution", "right")
    made = f"{content.application}    report made {content.created}"
    return (
        notice,
        Line(RESEARCH_USE_ONLY, SIDE_MM, FOOT_Y_MM, 2.9, True, "caution"),
        Line(made, right - 28.0, FOOT_Y_MM, 2.6, False, "faint", "right"),
        Line(page, right, FOOT_Y_MM, 2.9, True, "text", "right"),
    )


def _one_line(text: str, size_mm: float, width_mm: float) -> str:
    """Return a text that fits one line, its end left out where it does not."""
    lines = pour([TextRun(text, size_mm)], [Box(0.0, 0.0, width_mm - 4.0, 1e6)]).lines
    first = lines[0].text if lines else ""
    return first if len(lines) <= 1 else f"{first} …"
