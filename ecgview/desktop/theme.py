"""The look of the window: Fusion with our own palette, light and dark, one spacing, one stylesheet.

Text keeps a contrast of at least 4.5:1 on its background in both themes (checked by a test).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Template

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from ecgview import resources

SPACE = 8  # px; everything stands on multiples of it


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one theme, by what they are for."""

    name: str
    window: str  # the desk that paper and panels lie on
    base: str  # the ground of lists and fields
    text: str
    muted: str
    line: str
    hover: str
    accent: str
    on_accent: str
    warning: str
    warning_ground: str
    error: str
    error_ground: str
    info_ground: str
    caliper: str
    masked: str
    reconstructed: str
    positive: str
    negative: str
    annotation: str


LIGHT = Colours(
    "light",
    window="#f6f7f9", base="#ffffff", text="#1b2127", muted="#56616c", line="#dde2e7", hover="#e8ecf1",
    accent="#1d5fae", on_accent="#ffffff", warning="#8a5a00", warning_ground="#fdf3dc", error="#b3261e",
    error_ground="#fcebe9", info_ground="#e9f0f9", caliper="#1d5fae", masked="#7b8794",
    reconstructed="#0b7a6f", positive="#b4402e", negative="#2c6ca8", annotation="#7a3db8",
)  # fmt: skip
DARK = Colours(
    "dark",
    window="#1a1f24", base="#20262c", text="#e6eaee", muted="#a3aeb9", line="#39424b", hover="#2c343c",
    accent="#7db4f2", on_accent="#0f1a26", warning="#e5b454", warning_ground="#3a3120", error="#f28b82",
    error_ground="#40262a", info_ground="#223040", caliper="#7db4f2", masked="#8794a1",
    reconstructed="#5fd3c4", positive="#f0907c", negative="#7ab8ee", annotation="#c9a0f5",
)  # fmt: skip


def colours(name: str) -> Colours:
    """Return the colours of a theme, "light" or "dark"."""
    return DARK if name == "dark" else LIGHT


def apply(application: QApplication, name: str) -> Colours:
    """Give the whole application one theme: style, palette, stylesheet, fonts; returns its colours."""
    from ecgview.paper.painter import load_fonts

    chosen = colours(name)
    sheet = _stylesheet(chosen)
    if application.styleSheet() == sheet:
        return chosen  # every widget would be polished anew for nothing
    application.setStyle("Fusion")
    families = load_fonts()
    font = QFont()
    if families:
        font.setFamilies(list(families))
    font.setPixelSize(13)
    application.setFont(font)
    application.setPalette(_palette(chosen))
    application.setStyleSheet(sheet)
    return chosen


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget a role of the stylesheet: "title", "muted", "heading", "primary", "banner", "quiet"."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _palette(chosen: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, chosen.window),
        (role.WindowText, chosen.text),
        (role.Base, chosen.base),
        (role.AlternateBase, chosen.hover),
        (role.Text, chosen.text),
        (role.PlaceholderText, chosen.muted),
        (role.Button, chosen.base),
        (role.ButtonText, chosen.text),
        (role.BrightText, chosen.error),
        (role.Link, chosen.accent),
        (role.Highlight, chosen.accent),
        (role.HighlightedText, chosen.on_accent),
        (role.ToolTipBase, chosen.base),
        (role.ToolTipText, chosen.text),
        (role.Light, chosen.base),
        (role.Midlight, chosen.line),
        (role.Mid, chosen.line),
        (role.Dark, chosen.muted),
        (role.Shadow, chosen.line),
        (role.Accent, chosen.accent),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(
            QPalette.ColorGroup.Disabled, which, QColor(_blend(chosen.muted, chosen.window, 0.35))
        )
    return palette


def _blend(one: str, other: str, share: float) -> str:
    first, second = QColor(one), QColor(other)
    red, green, blue = (
        round(a * (1 - share) + b * share)
        for a, b in (
            (first.red(), second.red()),
            (first.green(), second.green()),
            (first.blue(), second.blue()),
        )
    )
    return QColor(red, green, blue).name()


def _stylesheet(chosen: Colours) -> str:
    sheet = resources.path("themes", "window.qss").read_text(encoding="utf-8")
    words = {field.name: getattr(chosen, field.name) for field in fields(chosen)}
    return Template(sheet).substitute(words, icons=resources.path("icons").as_posix())
