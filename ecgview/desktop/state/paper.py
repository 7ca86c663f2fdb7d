"""How the trace is shown: which view, on what paper, in which theme, with what laid over it."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QObject, Signal

from ecgview.desktop.settings import Settings
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.theme import Colours, colours
from ecgview.desktop.views import VIEWS
from ecgview.errors import EcgviewError
from ecgview.overlay import Overlay, joined
from ecgview.paper import median_page
from ecgview.paper.plan import LAYOUTS
from ecgview.paper.settings import PaperSettings
from ecgview.signal.filters import DisplayFilter

NAMES = tuple(one.name for one in fields(PaperSettings))
PLACE = ("single_lead", "start_s", "part")  # with the layout, which page it is


class Paper(QObject):
    """The choices of paper, view and theme; it knows of no record.

    Signals:
        changed: PaperSettings, the paper is to be laid out anew.
        view_changed: one of `VIEWS`.
        overlay_changed: Overlay | None, what lies over the trace.
        theme_changed: "light" or "dark".
    """

    changed = Signal(object)
    view_changed = Signal(str)
    overlay_changed = Signal(object)
    theme_changed = Signal(str)

    def __init__(self, settings: Settings, telling: Telling, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept = settings
        self._telling = telling
        self._settings = from_settings(settings)
        self._before: PaperSettings | None = None  # the reader's own, while another page is shown for a while
        self._view = "read"
        self._overlay: Overlay | None = None
        self._layers: dict[str, Overlay] = {}  # by the part that lays it

    @property
    def settings(self) -> PaperSettings:
        """How the paper is laid out."""
        return self._settings

    @property
    def at_start(self) -> PaperSettings:
        """How the next record is laid out: the reader's own paper, from its first page on."""
        return replace(self._before or self._settings, start_s=0.0, part=0)

    def choose(self, settings: PaperSettings) -> None:
        """Lay the paper out anew, and remember what was chosen; not the page that is shown for a while."""
        if settings == self._settings:
            return
        if settings.layout != self._settings.layout and median_page.is_of_median(settings):
            self.show_for_a_while(
                settings
            )  # the next record begins with its rhythm, not with a beat made of it
            return
        own = settings
        if (before := self._before) is not None:
            now = self._settings
            news = {key: new for key in NAMES if (new := getattr(settings, key)) != getattr(now, key)}
            if "layout" in news:
                self._before, settings = None, (own := replace(before, **news))
            else:
                self._before = own = replace(before, **{k: new for k, new in news.items() if k not in PLACE})
        self._settings = settings
        try:
            keep(self._kept, own)
        except EcgviewError as error:
            self._telling.fail(error)
        self.changed.emit(settings)

    def show_for_a_while(self, settings: PaperSettings) -> None:
        """Show another page until `go_back`; it is not remembered, and never the next record's."""
        if settings != self._settings:
            self._before = self._before or self._settings
            self._settings = settings
            self.changed.emit(settings)

    def go_back(self) -> None:
        """Show the reader's own page again after `show_for_a_while`; nothing happens where it is shown."""
        before, self._before = self._before, None
        if before is not None and before != self._settings:
            self._settings = before
            self.changed.emit(before)

    def to_start(self) -> bool:
        """Go to the first page of time and leads of the reader's own paper, for another record; tells nobody yet.

        Returns:
            whether that is another page, so that `changed` has to be told.
        """
        before, self._settings = self._settings, self.at_start
        self._before = None
        return self._settings != before

    @property
    def view(self) -> str:
        """One of `VIEWS`."""
        return self._view

    def set_view(self, view: str) -> None:
        """Show one of `VIEWS`."""
        if view not in VIEWS:
            raise ValueError(f"no view {view!r}")
        if view != self._view:
            self._view = view
            self.view_changed.emit(view)

    @property
    def overlay(self) -> Overlay | None:
        """What lies over the trace in this view."""
        return self._overlay

    def lay(self, part: str, overlay: Overlay | None) -> None:
        """Lay what one part of the window draws over the trace, or nothing; what others laid stays as it is."""
        if overlay is self._layers.get(part):
            return
        before = dict(self._layers)
        self._layers = {name: one for name, one in before.items() if name != part}
        if overlay is not None:
            self._layers[part] = overlay
        layers = list(self._layers.values())
        self._overlay = joined(layers) if len(layers) > 1 else next(iter(layers), None)
        self.overlay_changed.emit(self._overlay)

    @property
    def theme(self) -> str:
        """The theme, "light" or "dark"."""
        return self._kept.text("window.theme")

    @property
    def colours(self) -> Colours:
        """The colours of the theme."""
        return colours(self.theme)

    def set_theme(self, name: str) -> None:
        """Switch to "light" or "dark"."""
        try:
            self._kept.set("window.theme", name)
        except EcgviewError as error:
            self._telling.fail(error)
        self.theme_changed.emit(self.theme)


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
