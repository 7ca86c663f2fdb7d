"""PDF report: head and read above the tracing at true scale, then the AI's answers in tables with their facts."""

from pathlib import Path

from ecgview.paper.palette import RED, Palette
from ecgview.paper.sheet import Sheet
from ecgview.report import _ai_pages, _first_page, _map_page, _median_pages, _pictures
from ecgview.report._frame import BODY_MM, SIDE_MM, framed
from ecgview.report.content import ReportContent
from ecgview.report.whole_file import whole_file

NAME = "PDF report"
SUFFIX = ".pdf"


def write(content: ReportContent, path: Path, palette: Palette = RED) -> Path:
    """Write the report on A4 landscape; 1 s and 1 mV have their true length. Nothing is left half-written.

    Raises:
        ReportError: the file cannot be written, or the layout does not fit the sheet at true scale.
    """
    from ecgview.paper.painter import write_pdf

    path = Path(path)
    with whole_file(path) as part:
        write_pdf(part, sheets(content), palette, "ECG report")
    return path


def sheets(content: ReportContent) -> list[Sheet]:
    """Return the sheets of a report: the first page with the text, median beats, the AI's answers, map, pictures."""
    found = _first_page.sheets(content)
    found += _median_pages.sheets(content)
    found += _ai_pages.sheets(content)
    found += _map_page.sheets(content)
    if pictures := _pictures.of(content, SIDE_MM, BODY_MM):
        found.append(Sheet(pictures=pictures))
    return framed(found, content)
