"""A backup of the reads when the window opens and the last one is older than the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ecgview.errors import EcgviewError, StoreError
from ecgview.progress import Progress, silent
from ecgview.review import backups
from ecgview.review.store import Store

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

_DAYS = {"day": 1, "week": 7}


def start(workspace: Workspace) -> None:
    """Make one in a job if it is due; what keeps it from being made is told."""
    days = _DAYS.get(workspace.settings.text("backups.every"))
    if days is None:
        return

    def failed(error: Exception) -> None:
        if isinstance(error, EcgviewError):
            workspace.telling.post(
                f"The reads could not be backed up: {error.message}.", "warning", details=str(error)
            )
        else:
            workspace.telling.fail(error)

    workspace.jobs.start(
        _run,
        workspace.reading.store,
        timedelta(days=days),
        int(workspace.settings.number("backups.kept")),
        title="Backing up the reads",
        on_done=lambda _done: None,
        on_failed=failed,
        key="backup",
        is_light=True,
    )


def start_after_first_trace(workspace: Workspace) -> None:
    """Do so once a trace is on the screen, which waits for nothing."""

    def begin(*_painted: object) -> None:
        workspace.ecg.painted.disconnect(connection)
        start(workspace)

    connection = workspace.ecg.painted.connect(begin)


def _run(store: Store, every: timedelta, n_kept: int, progress: Progress = silent) -> backups.Backup | None:
    try:
        if store.path.is_file() and store.problem is not None:
            return None  # the window says already that nothing can be written there
    except StoreError:
        return None  # and what else is wrong with it
    return backups.make_if_due(store, every, n_kept, progress=progress)
