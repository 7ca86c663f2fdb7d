"""The View menu: the four views, the paper, zoom, caliper, theme."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QWidget

from ecgview.desktop.action import Action, with_record, with_recording
from ecgview.desktop.canvas import beat_letters
from ecgview.desktop.chrome import window_place
from ecgview.desktop.dialogs import ask
from ecgview.desktop.settings import KEPT
from ecgview.desktop.state import paper_choices
from ecgview.desktop.views import VIEWS
from ecgview.errors import EcgviewError
from ecgview.paper.plan import LAYOUTS
from ecgview.signal import filters
from ecgview.signal.limb_leads import EXCHANGES

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.desktop.state.workspace import Workspace

MENU = "View"
ORDER = 20


def _choice(kind: str, submenu: str, name: str, value: object, text: str) -> Action:
    """Return one radio row of the paper: `name` is the field of PaperSettings that it sets."""
    return Action(
        f"view.{kind}.{str(value).removesuffix('.0')}",
        text,
        lambda w: paper_choices.change(w.workspace, **{name: value}),
        checked_when=lambda w: getattr(w.workspace.paper.settings, name) == value,
        submenu=submenu,
        follows=("paper",),
    )


def _filter_choice(band: filters.DisplayFilter) -> Action:
    """Return the radio row of a display filter, named and offered by what the open file holds (F5)."""
    return Action(
        f"view.filter.{band.label}",
        band.label,
        lambda w: paper_choices.change(w.workspace, display_filter=band),
        enabled_when=lambda workspace: band in paper_choices.display_filters(workspace),
        checked_when=lambda w: w.workspace.paper.settings.display_filter == band,
        text_when=lambda workspace: paper_choices.filter_label(workspace, band),
        submenu="Display filter",
        follows=("record", "paper"),
    )


def _layout_choice(name: str) -> Action:
    """Return the radio row of a layout, offered where the open record has the leads for it."""
    about = LAYOUTS[name].about
    return Action(
        f"view.layout.{name}",
        f"{name}: {about}" if about else name,
        lambda w: paper_choices.change(w.workspace, layout=name),
        enabled_when=lambda workspace: name in paper_choices.layouts(workspace),
        checked_when=lambda w: w.workspace.paper.settings.layout == name,
        submenu="Layout",
        follows=("record", "paper"),
    )


def toggle_side(side: QWidget) -> None:
    """Hide a side of the window, or show it."""
    side.setVisible(side.isHidden())


def find_record(window: Frame) -> None:
    """Put the cursor into the worklist's filter."""
    window.left.show()
    box = window.left.findChild(QLineEdit, "worklist_filter")
    if isinstance(box, QLineEdit):
        box.setFocus()
        box.selectAll()


def toggle_grey_paper(window: Frame) -> None:
    """Switch between red and grey paper in the light theme."""
    settings = window.workspace.settings
    settings.set("paper.palette", "red" if settings.text("paper.palette") == "grey" else "grey")
    window.canvas.recolour()


def toggle_kept(window: Frame) -> None:
    """Keep how ECGs are drawn and read for the next start, or begin that with the defaults."""
    settings = window.workspace.settings
    try:
        settings.set(KEPT, not settings.flag(KEPT))
    except EcgviewError as error:
        window.workspace.telling.fail(error)


def ask_calibration(window: Frame) -> None:
    """Let a ruler tell how large a millimetre is on this screen."""

    def keep(px_per_mm: float) -> None:
        window.workspace.settings.set("screen.px_per_mm", px_per_mm)
        window.status.show_screen()

    ask.ask_calibration(window, window.canvas.true_px_per_mm, keep)


def zoom_to_rectangle(window: Frame) -> None:
    """Let the next drag say what is to fill the view, or go back to what a drag did before."""
    mouse = window.workspace.mouse
    if not mouse.leave("zoom"):
        mouse.choose("zoom")


def toggle_median(layout: str, window: Frame) -> None:
    """Show the median beat, or the reader's own page again."""
    paper = window.workspace.paper
    if paper.settings.layout == layout:
        paper.go_back()
    else:
        paper_choices.change(window.workspace, layout=layout)


def move_in_time(window: Frame, pages: int) -> None:
    """Show the stretch of time after or before the one on the page."""
    paper, record = window.workspace.paper.settings, window.workspace.ecg.record
    if record is not None:
        last = max(0.0, record.seconds - paper.seconds)  # the last page ends where the recording does
        paper_choices.change(
            window.workspace, start_s=min(max(0.0, paper.start_s + pages * paper.seconds), last)
        )


def _exchange_choice(electrodes: str) -> Action:
    """Return the row that shows the open record as if two limb electrodes had been exchanged."""
    return Action(
        f"view.as_if.{electrodes}",
        electrodes.capitalize(),
        lambda w: w.workspace.ecg.show_as_if(electrodes),
        enabled_when=may_exchange,
        submenu="As if limb electrodes were exchanged",
        hint="What the recording would be, to be looked at alone: never read, kept or asked about",
        follows=("record", "read"),
    )


def may_exchange(workspace: Workspace) -> bool:
    """Return whether a recording is open whose measurements may be shown, and that has the limb leads."""
    record = workspace.ecg.recorded
    has = record is not None and sum(record.has(lead) for lead in ("I", "II", "III")) > 1
    return has and workspace.measuring.is_open


_VIEWS = tuple(
    Action(
        f"view.{view}",
        view.capitalize(),
        lambda w, view=view: w.workspace.paper.set_view(view),  # type: ignore[misc]
        (str(number),),
        checked_when=lambda w, view=view: w.workspace.paper.view == view,  # type: ignore[misc]
        follows=("view",),
    )
    for number, view in enumerate(VIEWS, 1)
)
_PAPER = (
    Action(
        "view.next_speed",
        "Paper speed 25 / 50 mm/s",
        lambda w: paper_choices.cycle(w.workspace, "speed_mm_per_s", paper_choices.SPEEDS),
        ("S",),
        separator_before=True,
    ),
    Action(
        "view.next_gain",
        "Gain 5 / 10 / 20 mm/mV",
        lambda w: paper_choices.cycle(w.workspace, "gain_mm_per_mv", paper_choices.GAINS),
        ("G",),
    ),
    Action(
        "view.next_layout",
        "Next layout",
        lambda w: paper_choices.cycle(w.workspace, "layout", paper_choices.layouts(w.workspace)),
        ("L",),
    ),
    Action(
        "view.next_lead",
        "Next lead alone",
        lambda w: paper_choices.step_lead(w.workspace, 1),
        ("Shift+L",),
        with_record,
        hint="One lead over the whole width; then the next of all that were recorded",
        follows=("record",),
    ),
    Action(
        "view.previous_lead",
        "Previous lead alone",
        lambda w: paper_choices.step_lead(w.workspace, -1),
        ("Ctrl+Shift+L",),
        with_record,
        follows=("record",),
    ),
    Action(
        "view.leads_on",
        "Further leads",
        lambda w: paper_choices.turn_page(w.workspace, 1),
        ("Ctrl+Down",),
        paper_choices.has_pages,
        hint="The next page, where more leads were recorded than fit on one",
        follows=("record", "paper"),
    ),
    Action(
        "view.leads_back",
        "Leads before these",
        lambda w: paper_choices.turn_page(w.workspace, -1),
        ("Ctrl+Up",),
        paper_choices.has_pages,
        follows=("record", "paper"),
    ),
    Action(
        "view.next_filter",
        "Next display filter",
        lambda w: paper_choices.cycle(
            w.workspace, "display_filter", paper_choices.display_filters(w.workspace)
        ),
        ("F",),
    ),
    *(
        _choice("speed", "Paper speed", "speed_mm_per_s", speed, f"{speed:g} mm/s")
        for speed in paper_choices.SPEEDS
    ),
    *(_choice("gain", "Gain", "gain_mm_per_mv", gain, f"{gain:g} mm/mV") for gain in paper_choices.GAINS),
    *(_layout_choice(name) for name in LAYOUTS),
    *(_filter_choice(band) for band in filters.CHOICES),
    Action(
        "view.chest_half",
        "Chest leads at half gain",
        lambda w: paper_choices.change(
            w.workspace, chest_gain_factor=1.0 if w.workspace.paper.settings.chest_gain_factor != 1 else 0.5
        ),
        ("H",),
        checked_when=lambda w: w.workspace.paper.settings.chest_gain_factor != 1,
        follows=("paper",),
    ),
    Action(
        "view.sequential",
        "Columns follow each other in time",
        lambda w: paper_choices.change(w.workspace, sequential=not w.workspace.paper.settings.sequential),
        ("Shift+C",),
        checked_when=lambda w: w.workspace.paper.settings.sequential,
        follows=("paper",),
    ),
)
_CANVAS = (
    Action(
        "view.zoom_in", "Zoom in", lambda w: w.canvas.zoom_in(), ("+", "=", "Ctrl++"), with_record,
        separator_before=True, short="+", repeats=True, follows=("record",),
    ),
    Action(
        "view.zoom_out", "Zoom out", lambda w: w.canvas.zoom_out(), ("-", "Ctrl+-"), with_record, short="−",
        repeats=True, follows=("record",),
    ),
    Action("view.fit", "Whole page", lambda w: w.canvas.fit(), ("0", "Ctrl+0"), with_record, follows=("record",)),
    Action(
        "view.fit_width", "Full width", lambda w: w.canvas.fit_width(), ("9",), with_record, short="Fit",
        follows=("record",),
    ),
    Action(
        "view.true_size", "True size", lambda w: w.canvas.true_size(), ("Ctrl+1",), with_record,
        hint="One millimetre on the screen for one on paper, as far as the screen tells its size", follows=("record",),
    ),
    Action(
        "view.later", "Later in the record", lambda w: move_in_time(w, 1), ("Ctrl+Right",), with_record,
        repeats=True, follows=("record",),
    ),
    Action(
        "view.earlier", "Earlier in the record", lambda w: move_in_time(w, -1), ("Ctrl+Left",), with_record,
        repeats=True, follows=("record",),
    ),
    Action(
        "view.caliper", "Caliper", lambda w: w.canvas.toggle_caliper(), ("C",), with_record,
        checked_when=lambda w: w.canvas.caliper_is_on, separator_before=True,
        hint="Drag between two points, as often as you like; arrow keys move by one sample, with Shift by 10 ms",
        follows=("record", "mouse"),
    ),
    Action(
        "view.edges", "Edges of waves", lambda w: w.workspace.measuring.switch_edges(), ("I",), with_record,
        checked_when=lambda w: w.workspace.measuring.shows_edges,
        hint="P, QRS and T of every beat; drag a line, or Alt+arrow to one, then arrows; Delete takes the wave away",
        follows=("record", "lines"),
    ),
    Action(
        "view.letters", "Kinds of beats", lambda w: w.workspace.measuring.switch_letters(), ("Shift+I",), with_record,
        checked_when=lambda w: w.workspace.measuring.shows_letters, hint=beat_letters.WORDS,
        follows=("record", "lines"),
    ),
    Action(
        "view.median", "Median beats", partial(toggle_median, "median 3x4"), ("Q",), with_record,
        checked_when=lambda w: w.workspace.paper.settings.layout == "median 3x4",
        hint="The median of the dominant beats in each lead, where intervals are measured; once more goes back",
        follows=("record", "paper"),
    ),
    Action(
        "view.median_superimposed", "Median beats over each other", partial(toggle_median, "median superimposed"),
        ("Shift+Q",), with_record,
        checked_when=lambda w: w.workspace.paper.settings.layout == "median superimposed",
        follows=("record", "paper"),
    ),
    Action(
        "view.lead_values", "Values of each lead", lambda w: w.lead_values.show_or_hide(w.lead_values.isHidden()),
        ("K",), with_record, checked_when=lambda w: not w.lead_values.isHidden(),
        hint="Amplitudes, durations, ST levels and QT by lead; Enter or a click shows where, Escape leaves them",
        follows=("record", "sides"),
    ),
    Action(
        "view.copy_lead_values", "Copy the values of each lead", lambda w: w.lead_values.copy(), ("Ctrl+Shift+C",),
        lambda workspace: workspace.measuring.is_open and workspace.ecg.record is not None,
        hint="As text with tabs, for a spreadsheet", follows=("record", "read"),
    ),
    *(_exchange_choice(electrodes) for electrodes in EXCHANGES),
    Action(
        "view.as_recorded", "Back to the recording", lambda w: w.workspace.ecg.show_recorded(), ("Shift+R",),
        lambda workspace: workspace.ecg.record is not None and not with_recording(workspace),
        hint="Where a what-if is shown", follows=("record",),
    ),
    Action(
        "view.rectangle", "Zoom to a rectangle", zoom_to_rectangle, ("Z",), with_record,
        checked_when=lambda w: w.workspace.mouse.mode == "zoom",
        hint="Drag over what is to fill the view; a double click does so with one lead", follows=("record", "mouse"),
    ),
    Action(
        "view.pan", "Move the paper", lambda w: w.workspace.mouse.choose("pan"), ("Shift+Z",),
        with_record,
        checked_when=lambda w: w.workspace.mouse.mode == "pan",
        hint="In every mode: Space and drag, or the middle button", follows=("record", "mouse"),
    ),
)  # fmt: skip
_WINDOW = (
    Action(
        "view.worklist", "Worklist", lambda w: toggle_side(w.left), ("W",),
        checked_when=lambda w: not w.left.isHidden(), separator_before=True, follows=("sides",),
    ),
    Action(
        "view.find_record", "Find in the worklist", find_record, ("Ctrl+F",),
        hint="Words of the file's name, patient, date, format or number of leads; Escape shows all again",
    ),
    Action(
        "view.thumbnails", "Mini-traces in the worklist",
        lambda w: w.workspace.thumbnails.switch(not w.workspace.thumbnails.is_on), ("Shift+W",),
        checked_when=lambda w: w.workspace.thumbnails.is_on,
        hint="Lead II, or the first lead, of the rows on the screen; the picture is 2 mV high", follows=("thumbnails",),
    ),
    Action(
        "view.panels", "Panels", lambda w: toggle_side(w.right), ("P",),
        checked_when=lambda w: not w.right.isHidden(), follows=("sides",),
    ),
    Action(
        "view.theme", "Dark theme",
        lambda w: w.workspace.paper.set_theme("light" if w.workspace.paper.theme == "dark" else "dark"), ("T",),
        checked_when=lambda w: w.workspace.paper.theme == "dark", follows=("theme",),
    ),
    Action(
        "view.paper_grey", "Grey paper", toggle_grey_paper, ("Shift+T",),
        checked_when=lambda w: w.workspace.settings.text("paper.palette") == "grey", follows=("settings",),
    ),
    Action(
        "view.calibrate", "Calibrate the screen …", ask_calibration, ("Ctrl+K",),
        hint="Hold a ruler to the screen once; millimetres are exact from then on",
    ),
    Action(
        "view.keep", "Keep these for the next start", toggle_kept, ("Shift+K",),
        checked_when=lambda w: w.workspace.settings.flag(KEPT),
        hint="Speed, gain, layout, filter, notch and blind reading; else each start has 25 mm/s, 10 mm/mV, blind",
        follows=("settings",),
    ),
    Action(
        "view.full_screen", "Full screen", window_place.toggle_full_screen, ("F11",),
        checked_when=lambda w: w.isFullScreen(),
        hint="The trace takes the whole width; W and P bring worklist and panels, Escape ends it", follows=("sides",),
    ),
)  # fmt: skip
ACTIONS = (*_VIEWS, *_PAPER, *_CANVAS, *_WINDOW)
