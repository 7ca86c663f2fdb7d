"""A picture of the real window, rendered without a screen: for the documentation and for reviews."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview.errors import EcgviewError, ModelError, ReportError

if TYPE_CHECKING:
    from ecgview.desktop.chrome.window import MainWindow
    from ecgview.desktop.state.shams import Target
    from ecgview.desktop.state.workspace import Workspace

HIDDEN_S = (0.5, 2.2, 4.2, 6.05, 8.2)  # 150 ms in every column
WAIT_S = 120.0  # for models on a slow machine; what is not there by then is missing from the picture
MOST_S = 600.0  # of a recording of hours: a picture shows one page of it
READER = "screenshot"
COMMENT = "Saved by the screenshot command, so that AI results may be shown."


def take(
    path: str | Path,
    out: str | Path,
    view: str = "read",
    size: tuple[int, int] = (1600, 1000),
    theme: str = "light",
    model_id: str | None = None,
    neighbours: bool = True,
    explanation: str = "",
    target: Target | None = None,
    layout: str = "",
    waves: bool = False,
    whole: bool = False,
) -> Path:
    """Render the window on one record and return the path of the PNG.

    The reads of the user are neither read nor written, nor are the settings but for one: where a study closes
    measurements until the first read is locked, the picture shows none. Reader "screenshot" reads in a
    store that is deleted afterwards. Blindness is kept: for a view that shows AI results a first read is
    saved and the results are revealed, and the picture shows that read.

    Args:
        path: a record of any known format.
        out: the PNG to write.
        view: "read", "explain", "reconstruct" or "annotate".
        size: width and height of the window, px.
        theme: "light" or "dark".
        model_id: the classifier; the default one where None.
        neighbours: whether the worklist shows the other records of the folder.
        explanation: in the view "explain", the id of the explanation on the trace.
        target: in the view "explain", the statement or predictor whose map lies on the trace.
        layout: of the paper; "" = the usual one.
        waves: whether the edges of waves and the kinds of beats are drawn.
        whole: open all of a recording of hours; otherwise its first ten minutes, where its format can be read in part.

    Raises:
        EcgviewError: the record cannot be read, or the picture cannot be written.
    """
    _refuse_odd(Path(path), Path(out))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from ecgview.desktop.app import application, open_window
    from ecgview.desktop.settings import MEASUREMENTS_OPEN, Settings, settings_path
    from ecgview.desktop.state import paper_choices

    qt = application()
    with tempfile.TemporaryDirectory(prefix="ecgview-") as folder:
        settings = Settings()
        settings.set(
            MEASUREMENTS_OPEN, Settings(settings_path()).flag(MEASUREMENTS_OPEN)
        )  # a study's closing holds for pictures, too
        settings.set("reader.name", READER)
        settings.set("window.theme", theme)
        window = open_window(settings=settings, store_path=Path(folder) / "screenshot.db")
        try:
            window.resize(*size)
            window.set_sides(size[0])
            window.show()
            window.workspace.ecg.opening.most_s = None if whole else MOST_S
            if model_id is not None:
                window.workspace.answers.model_id = model_id
            _open(window, Path(path), neighbours, qt.processEvents)
            if waves:
                window.workspace.measuring.switch_edges()
                window.workspace.measuring.switch_letters()
            if layout:
                paper_choices.change(window.workspace, layout=layout)
            _arrange(window.workspace, view, lambda done: _wait(done, qt.processEvents))
            _wait(lambda: window.workspace.jobs.n_alive == 0, qt.processEvents)
            if explanation and view == "explain":
                _explain(window.workspace, explanation, lambda done: _wait(done, qt.processEvents))
            if target is not None and view == "explain":
                _map(window.workspace, target, lambda done: _wait(done, qt.processEvents))
            return _save(window, Path(out), qt.processEvents)
        finally:
            window.close()
            window.deleteLater()
            qt.processEvents()


def _refuse_odd(path: Path, out: Path) -> None:
    """Raise EcgviewError of what is no record, before a window is made and the folder around it is listed."""
    from ecgview import formats

    if out.suffix.lower() != ".png":
        raise ReportError(
            "a picture of the window is a PNG", where=str(out), expected="a file ending in .png"
        )
    formats.peek(path)


def _open(window: MainWindow, path: Path, neighbours: bool, turn: Callable[[], None]) -> None:
    workspace, failed = window.workspace, list[EcgviewError]()
    workspace.ecg.failed.connect(failed.append)
    if neighbours and path.parent.is_dir():
        workspace.worklist.add([path.parent])
        _wait(lambda: workspace.jobs.n_alive == 0, turn)
    workspace.ecg.open(path)
    _wait(lambda: workspace.ecg.record is not None or bool(failed), turn)
    if failed:
        raise failed[0]
    _wait(lambda: workspace.jobs.n_alive == 0, turn)


def _arrange(workspace: Workspace, view: str, wait: Callable[[Callable[[], bool]], None]) -> None:
    """Do what a reader would have done before this view makes sense."""
    from ecgview.explain import reconstruction
    from ecgview.review.annotation import Annotation
    from ecgview.review.history import AddAnnotation, SetComment

    workspace.paper.set_view(view)
    if view in ("explain", "reconstruct"):
        workspace.steps.apply(SetComment(COMMENT))
        workspace.steps.commit_first_read()
        workspace.steps.reveal()
        wait(lambda: workspace.reading.keeping.is_idle)
    if view == "reconstruct":
        answers = workspace.answers
        answers.set_mask(reconstruction.span_mask([(s, s + 0.15) for s in HIDDEN_S], answers.segments))
        workspace.answers.request_error_strip()
    elif view == "annotate" and workspace.ecg.record is not None:
        mark = Annotation(("II",), 0.6, 1.4, text="example mark")
        workspace.steps.apply(AddAnnotation(mark))


def _explain(workspace: Workspace, explanation: str, wait: Callable[[Callable[[], bool]], None]) -> None:
    """Lay an explanation on the trace; ModelError says why there is none."""
    from ecgview import explain

    explain.named(explanation)
    failed: list[str] = []
    workspace.answers.explanation_failed.connect(failed.append)
    workspace.answers.explain(explanation)
    wait(lambda: workspace.answers.explanation is not None or bool(failed))
    if failed:
        raise ModelError(failed[0], where=explanation)


def _map(workspace: Workspace, target: Target, wait: Callable[[Callable[[], bool]], None]) -> None:
    """Lay the map of a target on the trace, and wait for its stamp; ModelError says why there is none."""
    maps = workspace.maps
    maps.choose(target, anyway=True)
    wait(lambda: maps.step != "mapping" and workspace.jobs.n_alive == 0)
    if maps.attribution is None:
        raise ModelError(maps.problem or "there is no map", where=target.words)


def _wait(done: Callable[[], bool], turn: Callable[[], None]) -> None:
    end = time.monotonic() + WAIT_S
    while not done() and time.monotonic() < end:
        turn()
        time.sleep(0.01)
    turn()


def _save(window: MainWindow, out: Path, turn: Callable[[], None]) -> Path:
    for _ in range(3):  # the sides take their places, then the paper follows
        turn()
        window.canvas.settle()
        _wait(lambda: window.workspace.jobs.n_alive == 0, turn)
    if not window.grab().save(str(out), "PNG"):
        raise ReportError("the picture cannot be written", where=str(out))
    return out
