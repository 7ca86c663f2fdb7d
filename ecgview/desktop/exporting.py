"""Writing the report of the open record: what goes into it is gathered here, in the UI thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecgview import plugins
from ecgview.errors import ReportError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.desktop.workspace import Workspace
    from ecgview.report.content import ReportContent


def content(workspace: Workspace) -> ReportContent:
    """Return the report of the open record; AI results are in it only while they may be shown."""
    from ecgview.report.content import ReportContent
    from ecgview.signal import measurements

    record, session = workspace.record, workspace.session
    if record is None:
        raise ReportError("no ECG is open")
    return ReportContent(
        record=record,
        measurements=workspace.measurements or measurements.measure(record),
        read=session.latest if session is not None else None,
        prediction=workspace.prediction,
        lef=workspace.lef,
        settings=workspace.paper_settings,
    )


def write(report: ReportContent, path: Path, progress: Progress = silent) -> Path:
    """Write a report in the format of the path's suffix and return the path.

    Raises:
        ReportError: no export has this suffix, or the file cannot be written.
    """
    import ecgview.report as room

    progress(0.1, f"writing {path.name}")
    found = {module.SUFFIX: module for module in plugins.discover(room) if hasattr(module, "SUFFIX")}
    export = found.get(path.suffix.lower())
    if export is None:
        raise ReportError("no export of this kind", where=str(path), expected=", ".join(sorted(found)))
    export.write(report, path)
    return path
