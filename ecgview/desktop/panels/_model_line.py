"""The line that stands beside every number of a model: which model, which version, trained on what."""

from __future__ import annotations

from ecgview.desktop.panels._widgets import Text
from ecgview.results import ModelFacts

SHORT_SHA = 8


def model_sentence(model: ModelFacts, *, device: str = "", duration_ms: float | None = None) -> str:
    """Return name, version, short hash, training data, calibration and what ran where."""
    parts = [model.origin] if model.origin else []
    parts += [
        f"{model.name}, version {model.version} ({model.sha256[:SHORT_SHA]})",
        f"training data: {model.training_data}",
    ]
    parts.append(model.calibrated)
    if device:
        ran = f"{device}" if duration_ms is None else f"{device}, {_duration(duration_ms)}"
        parts.append(f"ran on {ran}")
    return " · ".join(part for part in parts if part)


def model_line(model: ModelFacts, *, device: str = "", duration_ms: float | None = None) -> Text:
    """Return the sentence as a small quiet paragraph."""
    return Text(
        model_sentence(model, device=device, duration_ms=duration_ms), size="caption", tone="secondary"
    )


def _duration(duration_ms: float) -> str:
    return f"{duration_ms:.0f}\u00a0ms" if duration_ms < 1000 else f"{duration_ms / 1000:.1f}\u00a0s"
