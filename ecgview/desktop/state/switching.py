"""From one record to another: every part of the window changes in one step, or all of it is blank."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ecgview.desktop.state.opening import Shown
from ecgview.desktop.work import tasks
from ecgview.errors import EcgviewError
from ecgview.record import EcgRecord

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

STOPPED = "Opening was stopped."
OF_RECORD = (
    "measure",
    "layout",
    "lef_pictures",
)  # jobs whose answer tells of the open record; models have theirs
OWN_ERROR = "ecgview met an error of its own"


class Switch(QObject):
    """What happens to the window while a record is opened, when it is there, and when it cannot be shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        opening = workspace.opening
        opening.changed.connect(workspace.opening_changed)
        opening.slow.connect(self._blank)
        opening.ready.connect(self._open)
        opening.failed.connect(self._fail)

    def to(self, path: Path) -> None:
        """Open a record; the one before stays until this one can be shown, or it takes longer than a blink."""
        self._workspace.typing_ended.emit()
        self._workspace.opening.start(path)
        if self._workspace.record is None:
            self._blank(path)

    def stop(self) -> None:
        """Give up opening; the record before stays if it is still there."""
        workspace = self._workspace
        path = workspace.opening.stop()
        if path is not None and workspace.record is None:
            self._tell_of(Shown("failed", path, STOPPED))
        if workspace.session is None:  # its edits were let go
            workspace.reading.again()
        workspace.post_message(STOPPED, about=workspace.shown.path)

    def page_failed(self, record: EcgRecord, error: Exception) -> None:
        """Take the open record away: it cannot be laid out as it is wanted now."""
        path = self._workspace.record_path
        if record is self._workspace.record and path is not None:
            self._workspace.typing_ended.emit()
            self._workspace.reading.leave(
                lambda may_go: self._fail(path, error, True) if may_go and path is not None else None
            )

    def _blank(self, path: Path) -> None:
        self._tell_of(Shown("opening", path))

    def _open(self, path: Path, record: EcgRecord) -> None:
        workspace = self._workspace
        self._tell_of(Shown("open", path), record)
        workspace.jobs.start(
            tasks.measure,
            record,
            title="Measuring",
            on_done=workspace.take_measurements,
            on_failed=lambda error: workspace.fail(error, path),
            key="measure",
        )

    def _fail(self, path: Path, error: Exception, by_layout: bool) -> None:
        workspace = self._workspace
        known = error if isinstance(error, EcgviewError) else None
        if known is not None and not by_layout:
            workspace.worklist.set_problem(path, known.message)
        self._tell_of(Shown("failed", path, known.sentence if known else OWN_ERROR, retry=by_layout))
        if known is not None:
            workspace.record_failed.emit(known)
        workspace.fail(error, path)

    def _tell_of(self, shown: Shown, record: EcgRecord | None = None) -> None:
        """Let every part of the window tell of something else, all in this one step."""
        workspace = self._workspace
        for key in OF_RECORD:
            workspace.jobs.cancel(key)
        was_later = workspace.paper_settings.start_s > 0 or workspace.paper_settings.part > 0
        workspace.begin_telling_of(shown, record)
        workspace.inference.forget(record)
        workspace.reading.begin(record)
        if record is None:
            workspace.record_closed.emit()
        else:
            workspace.record_opened.emit(record)
        if was_later:
            workspace.paper_changed.emit(workspace.paper_settings)
        workspace.reading.tell()
        workspace.mask_changed.emit(workspace.mask)
        workspace.choose_overlay()
        workspace.switched.emit()
