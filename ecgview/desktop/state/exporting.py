"""Writing a report beside the window; what is in it was gathered before, from the parts of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import ReportError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.report.content import ReportContent


def write(report: ReportContent, path: Path, progress: Progress = silent) -> Path:
    """Write a report in the form that the path's suffix names, and return the path.

    Raises:
        ReportError: no form has this suffix, or the file cannot be written.
    """
    from ecgview.report import exports

    progress(0.1, f"writing {path.name}")
    for form in exports():
        if path.suffix.lower() == form.SUFFIX:
            return form.write(report, path)
    known = ", ".join(form.SUFFIX for form in exports())
    raise ReportError("a report has no such form", where=str(path), expected=known)
