"""Paints the pictures of the canvas in a process of its own, since Qt takes its device pixel ratio from there.

python canvas_pictures.py FOLDER [--grid]    QT_SCALE_FACTOR says at which ratio; --grid leaves all but two out
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from ecgview import resources
from ecgview.desktop import app, theme
from ecgview.desktop.canvas.trace_canvas import TraceCanvas
from ecgview.desktop.settings import Settings
from ecgview.desktop.state.workspace import Workspace
from ecgview.overlay import Bar, Curve, Overlay, Span
from ecgview.record import EcgRecord
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation

SIZE = (720, 460)  # logical px: a page as small as its words can be read
PART = QRect(0, 0, 420, 300)  # of it, where the ratio is 2 or the picture is of an overlay
LAYOUTS = ("3x4+1R", "3x4+3R", "3x4", "6x2", "6x2 Cabrera", "12x1", "single")
PATIENCE_S = 60.0


def overlays(record: EcgRecord) -> dict[str, Overlay]:
    """Return what may lie over the trace, by the name of its picture."""
    rate, rows = record.sampling_rate_hz, dict(zip(record.lead_names, record.signal, strict=True))
    part = slice(round(0.8 * rate), round(1.8 * rate))
    curves = tuple(
        Curve(lead, 0.8, rate, (0.8 * rows[lead][part]).astype(np.float32), "reconstructed") for lead in rows
    )
    values = np.sin(np.arange(200) / 9.0).astype(np.float32)
    bars = tuple(Bar(lead, 0.0, 10.0, values, "signed") for lead in rows)
    return {
        "mask": Overlay((Span(0.8, 1.8, "masked"),), curves),
        "signed": Overlay(bars=bars),
        "failed": Overlay(bars=tuple(replace(bar, failed=True) for bar in bars)),
    }


def main(folder: Path, *, grid_alone: bool) -> None:
    """Write every picture at the ratio of this process, or only those that show the grid."""
    qt = app.application()
    theme.apply(qt, "light")
    with tempfile.TemporaryDirectory(prefix="ecgview-") as home:
        settings = Settings(None)
        settings.set("reader.name", "Golden")
        workspace = Workspace(settings=settings, store_path=Path(home) / "golden.db")
        canvas = TraceCanvas(workspace)
        canvas.resize(*SIZE)
        canvas.show()
        workspace.ecg.open(resources.path("demo", "normal.hea"))
        _rest(workspace, canvas, lambda: workspace.reading.session is not None)
        record = workspace.ecg.record
        assert record is not None
        canvas.fit()
        for name in LAYOUTS[:1] if grid_alone else LAYOUTS:
            workspace.paper.choose(replace(workspace.paper.settings, layout=name))
            _rest(workspace, canvas)
            _save(canvas, folder, name.replace(" ", "-"), is_grey=True)
        workspace.paper.choose(replace(workspace.paper.settings, layout="3x4+1R"))
        _rest(workspace, canvas)
        canvas.zoom_by(2.2)  # more than the picture that a worker painted: tile by tile
        _rest(workspace, canvas)
        _save(canvas, folder, "zoomed", is_grey=False)
        if grid_alone:
            return
        canvas.fit_width()
        for name, overlay in overlays(record).items():
            workspace.paper.lay("golden", overlay)
            _rest(workspace, canvas)
            _save(canvas, folder, name, is_grey=False)
        workspace.paper.lay("golden", None)
        workspace.steps.apply(AddAnnotation(Annotation(("II",), 0.6, 1.4, text="a mark")))
        workspace.steps.apply(AddAnnotation(Annotation((), 1.6, 1.9, text="of all leads")))
        _rest(workspace, canvas)
        _save(canvas, folder, "mark", is_grey=False)
        workspace.paper.set_theme("dark")
        theme.apply(qt, "dark")
        _rest(workspace, canvas)
        _save(canvas, folder, "mark-dark", is_grey=False)


def _rest(workspace: Workspace, canvas: TraceCanvas, also: Callable[[], bool] = lambda: True) -> None:
    """Wait until nothing is still to be laid out, kept or drawn."""
    qt, calm, end = app.application(), 0, time.monotonic() + PATIENCE_S
    while calm < 20:
        qt.processEvents()
        is_calm = also() and workspace.jobs.n_alive == 0 and workspace.reading.keeping.is_idle
        calm = calm + 1 if is_calm and not canvas.has_missing else 0
        if time.monotonic() > end:
            raise SystemExit("the canvas does not come to rest")


def _save(canvas: TraceCanvas, folder: Path, name: str, *, is_grey: bool) -> None:
    picture, ratio = canvas.grab().toImage(), canvas.devicePixelRatioF()
    if ratio > 1.0 or not is_grey:
        picture = picture.copy(QRect(PART.topLeft() * ratio, PART.size() * ratio))
    picture = picture.convertToFormat(
        QImage.Format.Format_Grayscale8 if is_grey else QImage.Format.Format_RGB888
    )
    if not picture.save(str(folder / f"canvas_{name}_x{ratio:g}.png")):
        raise SystemExit(f"{name} cannot be written")


if __name__ == "__main__":
    main(Path(sys.argv[1]), grid_alone="--grid" in sys.argv)
    os._exit(0)  # workers and windows have nothing to say any more
