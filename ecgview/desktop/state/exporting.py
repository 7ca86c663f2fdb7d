"""Writing the report of the open record: what goes into it is gathered here, in the UI thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import ReportError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.report.content import ReportContent


def content(
    workspace: Workspace, *, identified: bool = True, study_name: str = "", layout: str = ""
) -> ReportContent:
    """Return the report of the open record; AI results are in it only while they may be shown.

    Unless `identified`, nothing in it tells who was recorded, where and when; `study_name` stands for the patient.
    `layout` "" is the one of the window.

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
        paper=replace(workspace.paper_settings, layout=layout or workspace.paper_settings.layout),
        measurements=workspace.measurements,
        with_device=workspace.may_show_ai(),
        identified=identified,
        study_name=study_name,
    )


def start(workspace: Workspace, path: Path, *, identified: bool = False, layout: str = "") -> None:
    """Have the report of the open record written; where it is, or why it is not, is told.

    De-identified, the file's own name is its study name.
    """
    if workspace.record is None:
        workspace.post_message("Open an ECG first.", "warning")
        return
    if identified:
        workspace.exposures.exported("report")
    name = "" if identified else path.stem
    workspace.jobs.start(
        write,
        content(workspace, identified=identified, study_name=name, layout=layout),
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
