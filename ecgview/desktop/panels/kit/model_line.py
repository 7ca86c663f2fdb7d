"""The line that stands beside every number of a model: which model, which version, trained on what."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ecgview.desktop.panels.kit.prose import Prose
from ecgview.desktop.panels.kit.widgets import Text, column
from ecgview.results import ModelFacts

SHORT_SHA = 8


def model_line(
    model: ModelFacts, *, device: str = "", duration_ms: float | None = None, precision: str = "fp32"
) -> QWidget:
    """Return which model it is and how it is calibrated, and the rest as prose below it; "" where it was not asked."""
    made = QWidget()
    inside = column(made, spacing=0)
    named = f"{model.name}, version {model.version} ({model.sha256[:SHORT_SHA]})"
    named = " · ".join(part for part in (model.origin, named, model.calibrated) if part)
    inside.addWidget(Text(named, size="caption", tone="secondary"))
    more = [f"Training data: {model.training_data}"]
    if model.figures:
        more.append(model.figures)
    ran = [f"ran on {device}"] if device else []
    if precision:
        ran.append(f"in {precision}")
    if ran:
        more.append(" ".join(ran) + ("" if duration_ms is None else f", {_duration(duration_ms)}"))
    inside.addWidget(Prose(" · ".join(more)))
    return made


def _duration(duration_ms: float) -> str:
    return f"{duration_ms:.0f}\u00a0ms" if duration_ms < 1000 else f"{duration_ms / 1000:.1f}\u00a0s"
