"""Signed strips beneath the leads (A6): sign by place and colour, never over the trace, striped where they failed."""

import colorsys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from ecgview.overlay import Bar, Overlay, Span
from ecgview.paper import painter
from ecgview.paper.layout import compose
from ecgview.paper.page import Page, TracePath
from ecgview.paper.palette import GREY, PALETTES, Palette, contrast
from ecgview.paper.settings import PaperSettings
from ecgview.paper.sheet import Sheet
from ecgview.record import EcgRecord
from ecgview.signal.filters import DisplayFilter

SCALE = 8.0


def paint(page: Page, overlay: Overlay, palette: Palette = GREY, *, above: bool = True) -> QImage:
    """Paint a page with an overlay, laid over it or with it."""
    painter.ensure_application()
    image = QImage(int(page.width_mm * SCALE), int(page.height_mm * SCALE), QImage.Format.Format_RGB32)
    with QPainter(image) as brush:
        painter.paint_page(brush, page, palette, px_per_mm=SCALE, overlay=None if above else overlay)
        if above:
            painter.paint_overlay(brush, page, palette, px_per_mm=SCALE, overlay=overlay)
    return image


def strip(lead: str, *cells: tuple[int, float], failed: bool = False) -> Overlay:
    """Return a strip of 50 ms cells with these values beneath a lead."""
    values = np.zeros(200, dtype=np.float32)
    for cell, value in cells:
        values[cell] = value
    return Overlay(bars=(Bar(lead, 0.0, 10.0, values, "signed", failed),))


def trace_of(page: Page, lead: str) -> TracePath:
    """Return the first cell of a lead."""
    return next(trace for trace in page.traces if trace.lead == lead)


def colour_at(image: QImage, trace: TracePath, seconds: float, above_mm: float) -> QColor:
    """Return the colour at a time, so far above the middle of the strip beneath the lead."""
    x = trace.x0_mm + (seconds - trace.start_s) * trace.mm_per_s
    y = trace.baseline_mm + 0.44 * trace.row_mm - painter.SIGNED_MM / 2 - above_mm
    return image.pixelColor(round(x * SCALE), round(y * SCALE))


@pytest.fixture
def page(pulse_record: EcgRecord) -> Page:
    """Return a page whose traces stay clear of the strips."""
    return compose(pulse_record.with_signal(pulse_record.signal * 0), PaperSettings())


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("above", [True, False])
def test_a6_what_raises_stands_above_in_one_colour_and_what_lowers_below_in_another(
    page: Page, name: str, above: bool
) -> None:
    palette, trace = PALETTES[name], trace_of(page, "II")
    image = paint(page, strip("II", (20, 1.0), (30, -1.0)), palette, above=above)
    assert colour_at(image, trace, 1.025, 1.3).name() == palette.roles["raises"]
    assert colour_at(image, trace, 1.525, -1.3).name() == palette.roles["lowers"]
    said = {palette.roles["raises"], palette.roles["lowers"]}
    for seconds, place in ((1.025, -1.3), (1.525, 1.3), (0.5, 1.3), (0.5, -1.3)):
        assert colour_at(image, trace, seconds, place).name() not in said


def test_a6_a_lead_has_its_own_strip_wherever_it_is_drawn(page: Page) -> None:
    image = paint(page, strip("II", (20, 1.0)))
    for trace in page.traces:
        there = trace.start_s <= 1.0 < trace.end_s
        if there:
            is_raised = colour_at(image, trace, 1.025, 1.3).name() == GREY.roles["raises"]
            assert is_raised == (trace.lead == "II")


def test_height_follows_the_value_and_values_next_to_nothing_are_not_drawn(page: Page) -> None:
    image, trace = paint(page, strip("II", (20, 0.5), (30, 0.02))), trace_of(page, "II")
    raises = GREY.roles["raises"]
    assert colour_at(image, trace, 1.025, 0.7).name() == raises
    assert colour_at(image, trace, 1.025, 1.4).name() != raises
    assert colour_at(image, trace, 1.525, 0.3).name() != raises


def hue(colour: QColor) -> float:
    """Return how far a colour is from grey, 0 to 1."""
    return colorsys.rgb_to_hsv(colour.redF(), colour.greenF(), colour.blueF())[1]


def test_a_strip_that_failed_has_stripes_and_no_colour(page: Page) -> None:
    image = paint(page, strip("II", *((cell, 1.0) for cell in range(10, 40)), failed=True))
    trace = trace_of(page, "II")
    row = [colour_at(image, trace, 0.6 + step / 400, 1.0) for step in range(500)]
    assert max(map(hue, row)) < 0.1
    dark = np.array([colour.lightness() < 160 for colour in row])
    assert 0.1 < dark.mean() < 0.7
    assert np.count_nonzero(np.diff(dark.astype(int)) == 1) > 20, "many lines, not one block"


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("above", [True, False])
def test_a6_the_trace_stays_on_top(pulse_record: EcgRecord, name: str, above: bool) -> None:
    """A deep S wave goes through the strip; its ink is as it was."""
    deep = pulse_record.with_signal(np.full_like(pulse_record.signal, -1.0))
    page, palette = compose(deep, PaperSettings(display_filter=DisplayFilter(None, None))), PALETTES[name]
    trace = trace_of(page, "II")
    y = float(np.nanmedian(trace.y_mm))
    middle = trace.baseline_mm + 0.44 * trace.row_mm - painter.SIGNED_MM / 2
    assert abs(y - middle) < painter.SIGNED_MM / 2, "the trace lies in the strip"
    value = 1.0 if y < middle else -1.0
    image = paint(page, strip("II", (20, value), (21, value)), palette, above=above)
    x = trace.x0_mm + 1.05 * trace.mm_per_s
    found = image.pixelColor(round(x * SCALE), round(y * SCALE)).name()
    assert contrast(found, palette.trace) < 1.3


@pytest.mark.parametrize("name", PALETTES)
def test_the_two_colours_stand_out_from_the_paper(name: str) -> None:
    palette = PALETTES[name]
    for role in ("raises", "lowers"):
        assert contrast(palette.roles[role], palette.background) >= 3.0


def test_a_bracket_stands_around_a_stretch_and_hides_nothing_within(page: Page) -> None:
    bare = paint(page, Overlay())
    image = paint(page, Overlay(spans=(Span(1.0, 1.4, "stretch", ("II",)),)))
    trace = trace_of(page, "II")
    assert colour_at(image, trace, 1.0, 6.0).name() == GREY.roles["stretch"]
    assert colour_at(image, trace, 1.4, 6.0).name() == GREY.roles["stretch"]
    for step in range(5, 36):
        place = (trace, 1.0 + step / 100, 6.0)
        assert colour_at(image, *place) == colour_at(bare, *place)


def test_a_tile_of_the_paper_shows_what_the_whole_paper_shows(page: Page) -> None:
    overlay = strip("II", (20, 1.0), (30, -0.4))
    whole = paint(page, overlay)
    side = 256
    for left, top in ((0, 0), (256, 256), (512, 512)):
        image = QImage(side, side, QImage.Format.Format_RGB32)
        with QPainter(image) as brush:
            brush.translate(-left, -top)
            painter.paint_page(brush, page, GREY, px_per_mm=SCALE)
            painter.paint_overlay(brush, page, GREY, px_per_mm=SCALE, overlay=overlay)
        assert image == whole.copy(left, top, side, side)


def test_the_pdf_says_what_the_colours_are(page: Page, tmp_path: Path) -> None:
    import pdfplumber

    for failed, words in ((False, ("raises", "lowers")), (True, ("failed: not to be read",))):
        out = tmp_path / f"{failed}.pdf"
        sheet = Sheet(page=page, page_x_mm=5.0, page_y_mm=5.0, overlay=strip("II", (20, 1.0), failed=failed))
        painter.write_pdf(out, [sheet], GREY, "strips")
        with pdfplumber.open(out) as pdf:
            said = pdf.pages[0].extract_text()
        for word in words:
            assert word in said
