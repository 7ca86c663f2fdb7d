"""The first page: who, how, what was measured and what was read, all above the tracing; what has no room goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from ecgview.paper.sheet import A4_LANDSCAPE, Line, Sheet, Stroke, TextRun
from ecgview.report import _head, _tracing
from ecgview.report._flow import Box, pour
from ecgview.report._frame import BODY_MM, FOOT_MM, SIDE_MM, TOP_MM, WIDTH_MM
from ecgview.report.content import ReportContent

GAP_MM = 5.0
PATIENT_MM, MEASURED_MM = 64.0, 64.0
MEASURED_X_MM = SIDE_MM + PATIENT_MM + GAP_MM
READ_X_MM = MEASURED_X_MM + MEASURED_MM + GAP_MM
READ_MM = SIDE_MM + WIDTH_MM - READ_X_MM
HALF_MM = (READ_MM - GAP_MM) / 2
LEAST_MM, MOST_MM, STEP_MM = 38.0, 92.0, 2.0  # heights of the head that are tried
BELOW_MM = 1.5  # between head and tracing
NOTICE_MM = 5.0  # a line that says where the text goes on
SHEET_COLUMNS = 3

Runs = tuple[TextRun, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """The head at one height: what is placed, and what had no room."""

    height_mm: float
    lines: tuple[Line, ...]
    frame: tuple[Stroke, ...]  # of the measurements
    rest: Runs


def sheets(content: ReportContent) -> list[Sheet]:
    """Return the first page, further pages of the tracing, and pages of the text that had no room above it.

    Raises:
        ReportError: the tracing does not fit the sheet at true scale.
    """
    head = _fitting(content, _tallest(content), 0)
    first_room = _room(head.height_mm)
    pieces = _tracing.pieces(content, first_room)
    if head.rest:
        head = _laid(content, head.height_mm, len(pieces) + 1)
    overlay = _tracing.marks(content)
    found = []
    for number, piece in enumerate(pieces):
        top = FOOT_MM - first_room if number == 0 else BODY_MM
        page = _tracing.page(content, piece, FOOT_MM - top)
        left = (A4_LANDSCAPE[0] - page.width_mm) / 2
        found.append(Sheet(page=page, page_x_mm=left, page_y_mm=top, overlay=overlay))
    found[0] = Sheet(
        head.lines,
        head.frame,
        (),
        found[0].page,
        found[0].page_x_mm,
        found[0].page_y_mm,
        overlay,
    )
    return found + _further(head.rest)


def _tallest(content: ReportContent) -> float:
    """Return the most height that the head may take without another page for the tracing."""

    def count(height: float) -> int:
        return len(_tracing.pieces(content, _room(height)))

    height, wanted = MOST_MM, count(LEAST_MM)
    while height > LEAST_MM and count(height) != wanted:
        height -= STEP_MM
    return height


def _room(head_mm: float) -> float:
    return FOOT_MM - TOP_MM - head_mm - BELOW_MM


def _fitting(content: ReportContent, most_mm: float, goes_on: int) -> _Head:
    """Return the lowest head that holds everything, or the tallest one with what it has no room for."""
    height = LEAST_MM
    while True:
        head = _laid(content, height, goes_on)
        if not head.rest or height >= most_mm:
            return head
        height = min(most_mm, height + STEP_MM)


def _laid(content: ReportContent, height_mm: float, goes_on: int) -> _Head:
    """Return the head at a height; `goes_on` is the page where the rest stands."""
    flag = pour(_head.critical(content), [Box(SIDE_MM, TOP_MM, WIDTH_MM, height_mm)])
    top = flag.bottom_mm + BELOW_MM if flag.lines else TOP_MM
    room = TOP_MM + height_mm - top
    first = (_head.title(content), *_head.patient(content), *_head.acquisition(content))
    left = _column(first, [Box(SIDE_MM, top, PATIENT_MM, room)], goes_on)
    inside = Box(MEASURED_X_MM + 2.0, top + 1.0, MEASURED_MM - 4.0, room - 2.0)
    middle = _column(_head.measurements(content), [inside], goes_on)
    heading = pour(_head.read_heading(content), [Box(READ_X_MM, top, READ_MM, room)])
    below = heading.bottom_mm + 1.0
    halves = [
        Box(x, below, HALF_MM, max(0.0, TOP_MM + height_mm - below))
        for x in (READ_X_MM, READ_X_MM + HALF_MM + GAP_MM)
    ]
    beside = (*_head.in_the_file(content), *_head.criteria(content))
    right = _read(_head.statements(content), beside, halves, goes_on)
    parts = (left, middle, right)
    rest = tuple(run for part in parts for run in part[1])
    lines = (*flag.lines, *heading.lines, *(line for part in parts for line in part[0]))
    return _Head(height_mm, lines, _frames(top, room), flag.rest + heading.rest + rest)


def _read(said: Runs, filed: Runs, halves: Sequence[Box], goes_on: int) -> tuple[tuple[Line, ...], Runs]:
    """Return the reader's words beside the file's where each has room in its half, else one after the other."""
    beside = pour(said, halves[:1]), pour(filed, halves[1:])
    if said and filed and not (beside[0].rest or beside[1].rest):
        return beside[0].lines + beside[1].lines, ()
    return _column(said + filed, halves, goes_on)


def _column(runs: Runs, boxes: Sequence[Box], goes_on: int) -> tuple[tuple[Line, ...], Runs]:
    """Return lines, and paragraphs without room; then the last line says on which page they are."""
    poured = pour(runs, boxes)
    if not poured.rest:
        return poured.lines, ()
    last = boxes[-1]
    shorter = [*boxes[:-1], Box(last.x_mm, last.y_mm, last.width_mm, last.height_mm - NOTICE_MM)]
    poured = pour(runs, shorter)
    notice = Line(f"continued on page {goes_on}", last.x_mm, last.bottom_mm - 1.0, 3.0, True, "caution")
    return (*poured.lines, notice), poured.rest


def _frames(top: float, height_mm: float) -> tuple[Stroke, ...]:
    """Return the frame of the measurements."""
    left, right, bottom = MEASURED_X_MM, MEASURED_X_MM + MEASURED_MM, top + height_mm
    return (
        Stroke(left, top, right, top),
        Stroke(right, top, right, bottom),
        Stroke(right, bottom, left, bottom),
        Stroke(left, bottom, left, top),
    )


def _further(runs: Runs) -> list[Sheet]:
    """Return pages of paragraphs in columns."""
    width = (WIDTH_MM - (SHEET_COLUMNS - 1) * GAP_MM) / SHEET_COLUMNS
    found = []
    while runs:
        heading = pour(
            [TextRun("Continued from page 1", 3.6, bold=True)], [Box(SIDE_MM, BODY_MM, WIDTH_MM, 8.0)]
        )
        top = heading.bottom_mm + 1.0
        boxes = [Box(SIDE_MM + i * (width + GAP_MM), top, width, FOOT_MM - top) for i in range(SHEET_COLUMNS)]
        poured = pour(runs, boxes)
        found.append(Sheet(heading.lines + poured.lines))
        runs = poured.rest
    return found
