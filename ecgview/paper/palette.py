"""Colours of the paper by role; trace against background at least 7 : 1 (C5)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb; overlay roles may carry alpha as #aarrggbb.

    What is "masked" gets a faint tint and lines of "hatch". "reconstructed" is lighter than the trace on paper and
    darker in the dark: it lies beneath the measured trace, which must stand out on it in a grey print, too.
    """

    name: str
    background: str
    fine: str
    heavy: str
    trace: str
    text: str
    faint: str
    caution: str
    roles: Mapping[str, str]


_LIGHT_ROLES = {
    "masked": "#12204a7a",
    "hatch": "#78204a7a",
    "reconstructed": "#0a9a8c",
    "positive": "#60d9480f",
    "negative": "#60217a9c",
    "raises": "#d4620a",  # orange and blue: apart for every kind of colour blindness
    "lowers": "#1a6fb8",
    "stretch": "#5a3d8a",
    "annotation": "#40217a3c",
    "judgement": "#7a3db8",
    "caliper": "#7a3db8",
}

RED = Palette(
    "red", "#fff4f4", "#ffc9c9", "#e0a0a0", "#000000", "#1c1c1c", "#6e5a5a", "#b00020", _LIGHT_ROLES
)
GREY = Palette(
    "grey", "#ffffff", "#e4e4e4", "#bdbdbd", "#000000", "#1c1c1c", "#5c5c5c", "#b00020", _LIGHT_ROLES
)
DARK = Palette(
    "dark",
    "#14181c",
    "#22292f",
    "#36424a",
    "#e9f2e4",
    "#dfe5e8",
    "#93a1a9",
    "#ff8a80",
    {
        "masked": "#1888a0c8",
        "hatch": "#7888a0c8",
        "reconstructed": "#1d9589",
        "positive": "#70ff8a50",
        "negative": "#7060c0e8",
        "raises": "#e8893a",
        "lowers": "#4aa3e8",
        "stretch": "#c9b3f0",
        "annotation": "#5060d090",
        "judgement": "#c9a0f5",
        "caliper": "#d5a6ff",
    },
)
PALETTES: Mapping[str, Palette] = {palette.name: palette for palette in (RED, GREY, DARK)}


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two #rrggbb colours (WCAG 2 relative luminance)."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
