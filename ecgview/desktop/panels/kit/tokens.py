"""The type scale, spacing and colours by meaning that the panels draw with, in light and dark.

Most colours are the theme's own. Which theme holds is read from the widget's palette, so that a
change of theme needs no word to a panel.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QWidget

from ecgview.desktop import theme

SPACE_XS, SPACE_S, SPACE_M, SPACE_L = 4, 8, 12, 18
RADIUS = 6

_SCALE: dict[str, float] = {"caption": 0.9, "body": 1.0, "strong": 1.0, "title": 1.2, "number": 2.0}
_OWN: dict[str, tuple[str, str]] = {  # what only panels need: light, dark
    "surface": ("#f3f5f7", "#2a3138"),
    "track": ("#e3e8ed", "#38424c"),
    "faint": ("#68737e", "#8f9aa5"),
    "ok": ("#2a7548", "#7fcf9f"),
}
_THEME: dict[str, str] = {"secondary": "muted"}  # a tone that the theme calls otherwise


def is_dark(widget: QWidget) -> bool:
    """Return whether the widget stands on a dark background."""
    return widget.palette().color(QPalette.ColorRole.WindowText).lightness() > 128


def colour(widget: QWidget, tone: str) -> QColor:
    """Return the colour of a meaning (a name of `theme.Colours` or of ours) in the widget's theme."""
    dark = is_dark(widget)
    if tone in _OWN:
        return QColor(_OWN[tone][dark])
    named = getattr(theme.colours("dark" if dark else "light"), _THEME.get(tone, tone))
    return QColor(named)


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
