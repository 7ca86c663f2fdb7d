"""The type scale, spacing and colours by meaning that the panels draw with, in light and dark.

Which of the two holds is read from the widget's own palette, so that a change of theme needs no word
to a panel.
Text on its background keeps a contrast of at least 4.5:1 in both.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QWidget

SPACE_XS, SPACE_S, SPACE_M, SPACE_L = 4, 8, 12, 18
RADIUS = 6

Size = Literal["caption", "body", "strong", "title", "number"]
Tone = Literal[
    "text", "secondary", "faint", "line", "surface", "track", "accent", "on_accent",
    "positive", "negative", "warning", "error", "ok",
]  # fmt: skip

_SCALE: dict[str, float] = {"caption": 0.88, "body": 1.0, "strong": 1.0, "title": 1.15, "number": 1.9}
_LIGHT: dict[str, str] = {
    "text": "#1b2127",
    "secondary": "#56616c",
    "faint": "#76818c",
    "line": "#dde2e7",
    "surface": "#f3f5f7",
    "track": "#e3e8ed",
    "accent": "#1d5fae",
    "on_accent": "#ffffff",
    "positive": "#b4402e",
    "negative": "#2c6ca8",
    "warning": "#8a5a00",
    "error": "#b3261e",
    "ok": "#2a7548",
}
_DARK: dict[str, str] = {
    "text": "#e6eaee",
    "secondary": "#a3aeb9",
    "faint": "#87929d",
    "line": "#39424b",
    "surface": "#262d34",
    "track": "#38424c",
    "accent": "#7db4f2",
    "on_accent": "#0f1a26",
    "positive": "#f0907c",
    "negative": "#7ab8ee",
    "warning": "#e5b454",
    "error": "#f28b82",
    "ok": "#7fcf9f",
}


def is_dark(widget: QWidget) -> bool:
    """Return whether the widget stands on a dark background."""
    return widget.palette().color(QPalette.ColorRole.WindowText).lightness() > 128


def colour(widget: QWidget, tone: str) -> QColor:
    """Return the colour of a meaning in the theme the widget stands in."""
    return QColor((_DARK if is_dark(widget) else _LIGHT)[tone])


def font(inherited: QFont, size: str, *, bold: bool = False) -> QFont:
    """Return the inherited font in one of the sizes of the scale."""
    made = QFont(inherited)
    if inherited.pointSizeF() > 0:
        made.setPointSizeF(inherited.pointSizeF() * _SCALE[size])
    else:
        made.setPixelSize(round(inherited.pixelSize() * _SCALE[size]))
    if bold or size in ("strong", "title", "number"):
        made.setWeight(QFont.Weight.DemiBold)
    return made
