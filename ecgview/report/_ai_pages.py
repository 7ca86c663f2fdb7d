"""The AI's answers, on pages of their own behind the tracing: statements, LEF, the facts of each model."""

from ecgview.paper.sheet import Sheet
from ecgview.report import _texts
from ecgview.report._flow import Box, pour
from ecgview.report._frame import BODY_MM, FOOT_MM, SIDE_MM, WIDTH_MM
from ecgview.report.content import ReportContent

GAP_MM = 6.0
HALF_MM = (WIDTH_MM - GAP_MM) / 2


def sheets(content: ReportContent) -> list[Sheet]:
    """Return the pages of the AI's answers; none where there are none."""
    if content.prediction is None and content.lef is None:
        return []
    found = []
    left, right = _texts.prediction(content), _texts.lef(content)
    while left or right:
        columns = [
            pour(runs, [Box(x, BODY_MM, HALF_MM, FOOT_MM - BODY_MM)])
            for runs, x in ((left, SIDE_MM), (right, SIDE_MM + HALF_MM + GAP_MM))
        ]
        left, right = (column.rest for column in columns)
        lines = tuple(line for column in columns for line in column.lines)
        found.append(Sheet(lines, blocks=tuple(block for column in columns for block in column.blocks)))
    return found
