"""SHAP's own pictures of the LEF number: this ECG's waterfall, and what the model rests on over its cohort."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QTabWidget, QWidget

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.work import steady
from ecgview.progress import Progress, silent
from ecgview.results import LefResult

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame

WIDTH_PX = 860
HEIGHT_PX = 450
COHORT = (("beeswarm", "Cohort"), ("bar", "Mean size"))
NO_COHORT = "This model has no pictures of a cohort: it was never fitted to one."


def show(window: Frame) -> None:
    """Draw the pictures off the UI thread, then open the sheet."""
    result = window.workspace.answers.lef
    if result is None or result.contributions is None:
        _say(window, "There are no contributions to draw: ask for low ejection fraction first.")
        return
    window.workspace.jobs.start(
        draw,
        result,
        title="Drawing the contributions",
        key="lef_pictures",
        on_done=lambda pictures: _open(window, result, pictures),
        on_failed=lambda error: _say(window, f"The pictures could not be drawn: {error}"),
    )


def _say(window: Frame, text: str) -> None:
    window.workspace.telling.post(text, "warning", about=window.workspace.ecg.path)


def draw(result: LefResult, progress: Progress = silent) -> list[tuple[str, bytes]]:
    """Return the pictures as (title, PNG): this ECG's, then the model's own where it has them."""
    steady.load_model_libraries()
    from ecgview.models import cards
    from ecgview.models.tabular import waterfall

    with tempfile.TemporaryDirectory(prefix="ecgview-") as folder:
        made = [("This ECG", waterfall.draw(result, Path(folder) / "waterfall.png").read_bytes())]
    card = cards.get(result.model.model_id)
    for name, title in COHORT:
        path = card.folder / f"{name}.png"
        if path.is_file():
            made.append((title, path.read_bytes()))
    return made


def _open(window: QWidget, result: LefResult, pictures: list[tuple[str, bytes]]) -> None:
    sheet = Sheet(window, "Contributions as pictures")
    sheet.of_record = True
    sheet.add_text(RESEARCH_USE_ONLY, "banner")
    kind = "an index, not a probability" if result.kind == "index" else "a probability"
    facts = result.model
    origin = f", {facts.origin}" if facts.origin else ""
    sheet.add_text(
        f"{facts.name} (version {facts.version}{origin}), {kind}; {facts.calibrated}. "
        f"Training data: {facts.training_data}.",
        "muted",
    )
    tabs = QTabWidget()
    for title, content in pictures:
        picture = QPixmap()
        picture.loadFromData(content)
        label = QLabel()
        label.setObjectName(f"picture {title}")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setStyleSheet("background: white")  # the pictures are black on white in either theme
        whole = QSize(WIDTH_PX, HEIGHT_PX)
        kept, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        label.setPixmap(picture.scaled(whole, kept, smooth))
        label.setMinimumHeight(HEIGHT_PX + 12)
        tabs.addTab(label, title)
    sheet.body.addWidget(tabs, 1)
    if len(pictures) == 1:
        sheet.add_text(NO_COHORT, "muted")
    sheet.resize(WIDTH_PX + 60, 720)
    sheet.open()
