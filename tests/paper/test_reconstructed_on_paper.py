"""A reconstruction on paper: the measured trace stays, hidden stretches are hatched, the word stands there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pdfplumber
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from ecgview.overlay import Curve, Overlay, Span
from ecgview.paper import layout, painter
from ecgview.paper.page import Page
from ecgview.paper.palette import DARK, GREY, PALETTES, RED, Palette, contrast
from ecgview.paper.settings import PaperSettings
from ecgview.paper.sheet import Sheet
from ecgview.record import EcgRecord

SCALE = 8.0


@pytest.fixture
def page(pulse_record: EcgRecord, qapp: object) -> Page:
    return layout.compose(pulse_record, replace(PaperSettings(), layout="3x4"))


def _overlay(record: EcgRecord, lead: str = "II", shift: float = 0.0) -> Overlay:
    curve = Curve(lead, 0.0, 500.0, (record.lead("II") + shift).astype(np.float32), "reconstructed")
    return Overlay(curves=(curve,))


def _whole(page: Page, palette: Palette, overlay: Overlay | None) -> np.ndarray:
    return _image(page, lambda p: painter.paint_page(p, page, palette, px_per_mm=SCALE, overlay=overlay))


def _later(page: Page, palette: Palette, overlay: Overlay) -> np.ndarray:
    """Lay the overlay over a page painted before, as the window does."""

    def paint(brush: QPainter) -> None:
        painter.paint_page(brush, page, palette, px_per_mm=SCALE)
        painter.paint_overlay(brush, page, palette, px_per_mm=SCALE, overlay=overlay)

    return _image(page, paint)


def _image(page: Page, paint: object) -> np.ndarray:
    size = (round(page.width_mm * SCALE), round(page.height_mm * SCALE))
    image = QImage(*size, QImage.Format.Format_RGB32)
    brush = QPainter(image)
    paint(brush)  # type: ignore[operator]
    brush.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(size[1], size[0], 4)
    return pixels[:, :, :3].astype(int)


def _trace_ink(pixels: np.ndarray, palette: Palette) -> np.ndarray:
    trace = QColor(palette.trace)
    wanted = np.array([trace.blue(), trace.green(), trace.red()])
    return np.abs(pixels - wanted).max(-1) < 8


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
@pytest.mark.parametrize("paint", [_whole, _later])
def test_the_curve_does_not_hide_the_measured_trace(
    palette: Palette, paint: object, page: Page, pulse_record: EcgRecord
) -> None:
    bare = _trace_ink(_whole(page, palette, None), palette)
    drawn = paint(page, palette, _overlay(pulse_record))  # type: ignore[operator]
    kept = _trace_ink(drawn, palette)
    box = _cell(page, "II")
    assert bare[box].sum() > 500
    assert (kept & bare)[box].sum() >= 0.99 * bare[box].sum()


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_both_curves_and_paper_are_told_apart_without_colour(palette: Palette) -> None:
    curve = palette.roles["reconstructed"]
    assert contrast(curve, palette.background) > 3
    assert contrast(curve, palette.trace) > 3


@pytest.mark.parametrize("palette", [RED, GREY, DARK], ids=["red", "grey", "dark"])
def test_hidden_stretches_are_hatched_and_the_rest_of_the_page_is_as_before(
    palette: Palette, page: Page
) -> None:
    bare = _whole(page, palette, None)
    drawn = _whole(page, palette, Overlay(spans=(Span(0.5, 1.0, "masked"),)))
    changed = np.abs(drawn - bare).sum(-1)
    trace = next(t for t in page.traces if t.lead == "II")
    middle = round((trace.baseline_mm - 0.3 * trace.row_mm) * SCALE)
    left, right = (round((trace.x0_mm + s * trace.mm_per_s) * SCALE) for s in (0.5, 1.0))
    row = changed[middle, left + 2 : right - 2]
    assert (row > 0).all()  # the tint
    strong = row > 2 * np.median(row)
    assert 0.05 < strong.mean() < 0.5  # lines, not a surface
    gaps = np.diff(np.flatnonzero(np.diff(strong.astype(int)) == 1))
    assert gaps == pytest.approx(painter.HATCH_MM * 2**0.5 * SCALE, abs=1.5)
    below = changed[middle + 20, left + 2 : right - 2] > 2 * np.median(row)
    assert (below != strong).any()  # slanted
    assert changed[:, : left - 2].max() == 0


def test_the_hatch_joins_over_the_edge_of_two_spans(page: Page) -> None:
    one = _whole(page, GREY, Overlay(spans=(Span(0.5, 1.0, "masked"),)))
    two = _whole(page, GREY, Overlay(spans=(Span(0.5, 0.75, "masked"), Span(0.75, 1.0, "masked"))))
    differing = np.abs(one - two).max(-1) > 40
    assert differing.sum() < 0.002 * differing.size / 10


def test_a_reconstruction_is_named_on_paper_and_never_alone(
    page: Page, pulse_record: EcgRecord, tmp_path: Path
) -> None:
    pdf = tmp_path / "page.pdf"
    for overlay, times in ((_overlay(pulse_record), 1), (_overlay(pulse_record, lead="Z9"), 0), (None, 0)):
        sheet = Sheet(page=page, overlay=overlay)
        painter.write_pdf(pdf, [sheet], GREY, "page")
        assert _text(pdf).count(painter.WATERMARK) == times
    strange = _whole(page, GREY, _overlay(pulse_record, lead="Z9"))  # no such trace on this page
    assert (strange == _whole(page, GREY, None)).all()


HIDDEN = {  # stretches, s, and over which of them there is room for a word
    "far apart": (((0.1, 0.5), (3.0, 4.0), (7.0, 7.3)), (0, 1, 2)),
    "long": (((2.0, 6.0),), (0, 0)),
    "many": (((1.0, 1.2), (1.3, 1.5), (2.0, 3.0)), (0, 2)),
    "at the end": (((9.8, 10.0),), (0,)),
}


@pytest.mark.parametrize(("stretches", "over"), HIDDEN.values(), ids=HIDDEN.keys())
def test_the_word_stands_over_hidden_stretches_and_not_over_what_was_measured(
    stretches: tuple[tuple[float, float], ...], over: tuple[int, ...], pulse_record: EcgRecord, tmp_path: Path
) -> None:
    pdf, page = tmp_path / "page.pdf", layout.compose(pulse_record, replace(PaperSettings(), layout="12x1"))
    overlay = _hidden(pulse_record, stretches)
    painter.write_pdf(pdf, [Sheet(page=page, overlay=overlay)], GREY, "page")
    with pdfplumber.open(pdf) as opened:
        words = [one for one in opened.pages[0].extract_words() if one["text"] == painter.WATERMARK]
        names = [one for one in opened.pages[0].extract_words() if one["text"] == "II"]
    left_mm = names[0]["x0"] * 25.4 / 72 - next(t.x_mm for t in page.texts if t.text == "II")
    trace = next(t for t in page.traces if t.lead == "II")
    assert len(words) == len(over)
    for word, index in zip(words, over, strict=True):
        start, end = (word[side] * 25.4 / 72 - left_mm - trace.x0_mm for side in ("x0", "x1"))
        low, high = (edge * trace.mm_per_s for edge in stretches[index])
        assert start < high
        assert end > low
        assert end <= trace.x1_mm - trace.x0_mm + 0.5
        if high - low > end - start:
            assert start >= low - 0.5
            assert end <= high + 0.5
        assert word["x0"] > names[0]["x1"]  # clear of the lead's name


def test_the_word_is_the_same_painted_in_parts(page: Page, pulse_record: EcgRecord) -> None:
    overlay = _hidden(pulse_record, ((0.0, 0.2), (1.0, 1.2), (2.3, 2.5)))

    def lay(brush: QPainter) -> None:
        painter.paint_overlay(brush, page, GREY, px_per_mm=SCALE, overlay=overlay)

    def whole(brush: QPainter) -> None:
        painter.paint_page(brush, page, GREY, px_per_mm=SCALE)
        lay(brush)

    def in_parts(brush: QPainter) -> None:
        painter.paint_page(brush, page, GREY, px_per_mm=SCALE)
        for x in range(0, round(page.width_mm * SCALE), 97):
            brush.save()
            brush.setClipRect(x, 0, 97, round(page.height_mm * SCALE))
            lay(brush)
            brush.restore()

    differing = np.abs(_image(page, whole) - _image(page, in_parts)).max()
    assert differing <= 4  # of 255: how an edge is smoothed where it is cut; a word cut short differs by 100


def _hidden(record: EcgRecord, stretches: tuple[tuple[float, float], ...]) -> Overlay:
    signal = np.full(record.n_samples, np.nan, np.float32)
    for start, end in stretches:
        part = slice(round(start * 500), round(end * 500))
        signal[part] = record.lead("II")[part]
    spans = tuple(Span(start, end, "masked") for start, end in stretches)
    return Overlay(spans=spans, curves=(Curve("II", 0.0, 500.0, signal, "reconstructed"),))


def _text(pdf: Path) -> str:
    with pdfplumber.open(pdf) as opened:
        return "".join(one.extract_text() for one in opened.pages)


def test_a_judgement_is_a_small_mark_with_its_word(page: Page) -> None:
    bare = _whole(page, GREY, None)
    marked = _whole(page, GREY, Overlay(spans=(Span(0.5, 1.0, "judgement", ("II",), "disagree"),)))
    changed = np.abs(marked - bare).sum(-1) > 30
    rows, columns = np.nonzero(changed)
    box = _cell(page, "II")
    assert changed.sum() == changed[box].sum() > 100
    trace = next(t for t in page.traces if t.lead == "II")
    assert rows.max() < (trace.baseline_mm - 0.25 * trace.row_mm) * SCALE  # clear of the trace
    assert np.ptp(columns) < 20 * SCALE


def _cell(page: Page, lead: str) -> tuple[slice, slice]:
    trace = next(t for t in page.traces if t.lead == lead)
    rows = slice(
        round((trace.baseline_mm - 0.52 * trace.row_mm) * SCALE),
        round((trace.baseline_mm + 0.48 * trace.row_mm) * SCALE),
    )
    return rows, slice(round(trace.x0_mm * SCALE), round(trace.x1_mm * SCALE))
