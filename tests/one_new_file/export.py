"""A report of one line."""

from pathlib import Path

from ecgview.report.content import ReportContent
from ecgview.report.whole_file import whole_file

NAME = "One line"
SUFFIX = ".line"


def write(content: ReportContent, path: Path) -> Path:
    with whole_file(path) as part:
        part.write_text(f"{content.paper.layout}: {len(content.record.lead_names)} leads\n", encoding="utf-8")
    return path
