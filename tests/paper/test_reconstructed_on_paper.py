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
