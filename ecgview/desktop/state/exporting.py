"""Writing a report beside the window; what is in it was gathered before, from the parts of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.report.content import ReportContent


def write(report: ReportContent, path: Path, progress: Progress = silent) -> Path:
    """Write a report in the form that the path's suffix names, and return the path.

    Raises:
        ReportError: no form has this suffix, or the file cannot be written.
    """
    from ecgview.report import form_of

    progress(0.1, f"writing {path.name}")
    return form_of(path).write(report, path)
