"""How the reader wants the paper: the paper settings kept as settings of the user."""

from __future__ import annotations

from dataclasses import replace

from ecgview.desktop.settings import Settings
from ecgview.paper.plan import LAYOUTS
from ecgview.paper.settings import PaperSettings
from ecgview.signal.filters import DisplayFilter


def from_settings(settings: Settings) -> PaperSettings:
    """Return the paper of this run, or the one kept from an earlier one."""
    layout = settings.text("paper.layout")
    return PaperSettings(
        speed_mm_per_s=settings.number("paper.speed"),
        gain_mm_per_mv=settings.number("paper.gain"),
        chest_gain_factor=0.5 if settings.flag("paper.chest_half") else 1.0,
        layout=layout if layout in LAYOUTS else PaperSettings().layout,
        sequential=settings.flag("paper.sequential"),
        display_filter=filter_from_text(settings.text("paper.filter"), settings.number("paper.notch")),
    )


def keep(settings: Settings, paper: PaperSettings) -> None:
    """Remember a choice of paper for this run; where it starts in time belongs to the record and is not kept."""
    settings.set("paper.speed", paper.speed_mm_per_s)
    settings.set("paper.gain", paper.gain_mm_per_mv)
    settings.set("paper.chest_half", paper.chest_gain_factor == 0.5)
    settings.set("paper.layout", paper.layout)
    settings.set("paper.sequential", paper.sequential)
    settings.set("paper.filter", text_of_band(paper.display_filter))
    settings.set("paper.notch", paper.display_filter.notch_hz or 0.0)


def text_of_band(display_filter: DisplayFilter) -> str:
    """Return a filter's band as it stands in the settings file: "0.05-150", "off"."""
    low, high = display_filter.highpass_hz, display_filter.lowpass_hz
    if low is None and high is None:
        return "off"
    return f"{'' if low is None else format(low, 'g')}-{'' if high is None else format(high, 'g')}"


def filter_from_text(text: str, notch_hz: float) -> DisplayFilter:
    """Return the filter of a band text; the diagnostic band where the text says nothing understandable."""
    notch = notch_hz or None
    if text == "off":
        return DisplayFilter(None, None, notch)
    low, _, high = text.partition("-")
    try:
        return DisplayFilter(float(low) if low else None, float(high) if high else None, notch)
    except ValueError:
        return replace(DisplayFilter(), notch_hz=notch)
