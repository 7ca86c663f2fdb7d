"""Getting the models ready after the first trace is on the screen, never before."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ecgview.desktop.work import steady
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace


def start(workspace: Workspace) -> None:
    """Load the default model and try its precision in a job; a failure is told when a model is asked for."""

    def failed(error: Exception) -> None:
        if not isinstance(error, EcgviewError):
            workspace.telling.fail(error)

    workspace.jobs.start(
        _run,
        workspace.answers.device,
        workspace.answers.precision,
        title="Getting the models ready",
        on_done=workspace.answers.device_resolved.emit,
        on_failed=failed,
        key="warm_up",
    )


def preload(workspace: Workspace) -> None:
    """Import what reading a file needs while the user is still choosing one."""
    workspace.jobs.start(
        _import_readers, title="Getting ready", on_done=lambda _done: None, on_failed=workspace.telling.fail
    )


def _import_readers(progress: Progress = silent) -> None:
    import scipy.signal  # noqa: F401
    import wfdb  # noqa: F401

    from ecgview import formats

    formats.known()


def _run(wanted: str, precision: str, progress: Progress = silent) -> str:
    from ecgview import explain
    from ecgview.models import precision as choice
    from ecgview.models import runtime

    steady.load_model_libraries()
    progress(0.1)
    explain.known()  # so that choosing one never waits for its imports
    runtime.warm_up(progress)
    device = runtime.resolve_device(wanted)
    with contextlib.suppress(EcgviewError):  # without a classifier, the first question says so
        choice.choose(runtime.classifier_named(None), device, precision)  # tries bf16, where it is asked for
    return device
