"""Writing the report of the open record: what goes into it is gathered here, in the UI thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import ReportError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.desktop.workspace import Workspace
    from ecgview.report.content import ReportContent


def content(workspace: Workspace) -> ReportContent:
    """Return the report of the open record; AI results are in it only while they may be shown.

    Raises:
        ReportError: no record is open.
    """
    from ecgview.report.content import gather

    record, session = workspace.record, workspace.session
    if record is None:
        raise ReportError("no ECG is open")
    return gather(
        record,
        read=session.latest if session is not None else None,
        prediction=workspace.prediction,
        lef=workspace.lef,
        paper=workspace.paper_settings,
        measurements=workspace.measurements,
        with_device=workspace.may_show_ai(),
    )


def start(workspace: Workspace, path: Path) -> None:
    """Have the report of the open record written; where it is, or why it is not, is told."""
    if workspace.record is None:
        workspace.post_message("Open an ECG first.", "warning")
        return
    workspace.jobs.start(
        write,
        content(workspace),
        path,
        title="Writing the report",
        on_done=lambda written: workspace.post_message(f"Report written: {written}"),
        on_failed=workspace.fail,
        key="export",
    )


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
