"""The page of median beats in a report: at true scale, edges where intervals are measured, each lead's values."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview import api
from ecgview.about import RESEARCH_USE_ONLY
from ecgview.errors import ReportError
from ecgview.models import measuring
from ecgview.paper.sheet import A4_LANDSCAPE, Sheet
from ecgview.record import EcgRecord, Patient
from ecgview.report import pdf
from ecgview.report.content import MedianBeats, ReportContent, gather
from ecgview.signal.measure import lead_table
from ecgview.signal.measure.measured import Edit, Measured
from tests import synthetic_ecg

WAYS = [
    MedianBeats(layout, speed) for layout in ("median 3x4", "median superimposed") for speed in (25.0, 50.0)
]


@pytest.fixture(scope="module")
def record() -> EcgRecord:
    """Return a record of known waves and a patient."""
    made = synthetic_ecg.record(synthetic_ecg.Made(rr_ms=1100.0, qt_ms=460.0))
    return replace(made, patient=Patient(patient_id="P77", sex="female", age_years=61))


@pytest.fixture(scope="module")
def measured(record: EcgRecord) -> Measured:
    """Return what is measured of it."""
    return measuring.measured(record)


def _content(record: EcgRecord, measured: Measured, asked: MedianBeats | None) -> ReportContent:
    return gather(record, measured=measured, median_beats=asked)


def _pages(content: ReportContent) -> list[Sheet]:
    return [sheet for sheet in pdf.sheets(content) if sheet.page is not None and sheet.page.is_of_median]


def _said(sheet: Sheet) -> str:
    return "\n".join(line.text for line in sheet.lines)


@pytest.mark.parametrize("asked", WAYS, ids=str)
def test_edges_stand_where_intervals_are_measured_at_true_scale(
    record: EcgRecord, measured: Measured, asked: MedianBeats
) -> None:
    (sheet,) = _pages(_content(record, measured, asked))
    page, median = sheet.page, measured.median
    assert page is not None
    assert median is not None
    assert page.width_mm + 2 * 8.0 <= A4_LANDSCAPE[0]
    assert {round(trace.mm_per_s, 6) for trace in page.traces} == {asked.speed_mm_per_s}
    assert {round(trace.mm_per_mv, 6) for trace in page.traces} == {10.0}
    assert {trace.lead for trace in page.traces} == set(record.lead_names)
    assert page.pulses
    upright = {
        round(stroke.x0_mm - sheet.page_x_mm, 3) for stroke in sheet.strokes if stroke.x0_mm == stroke.x1_mm
    }
    waves = median.overall
    assert page.peak_s is not None
    for trace in page.traces:
        times = [waves["P"].onset_s, waves["P"].offset_s, waves["QRS"].onset_s, waves["QRS"].offset_s]  # type: ignore[union-attr]
        times.append(waves["T"].offset_s)  # type: ignore[union-attr]
        wanted = {round(trace.x0_mm + (page.peak_s + at - trace.start_s) * trace.mm_per_s, 3) for at in times}
        assert wanted <= upright
        assert trace.end_s - trace.start_s > times[-1] - times[0]  # no wave is cut off
    assert len(upright) == 5 * len({trace.x0_mm for trace in page.traces})


@pytest.mark.parametrize("asked", WAYS, ids=str)
def test_every_page_says_whose_it_is_and_what_it_is_for(
    record: EcgRecord, measured: Measured, asked: MedianBeats
) -> None:
    found = pdf.sheets(_content(record, measured, asked))
    assert len(found) == 3
    for number, sheet in enumerate(found[1:], 2):
        said = _said(sheet)
        assert "ID P77    female, 61 years" in said
        assert said.count(RESEARCH_USE_ONLY) == 2
        assert f"page {number} of 3" in said
    assert found[1].page is not None
    assert any("not a rhythm strip" in text.text for text in found[1].page.texts)
    table = lead_table.of(measured)
    said = _said(found[2])
    for row in table.rows:
        assert f"{row.name} ({row.unit})" in said
    cells = [line.text for line in found[2].lines]
    for item in measured.lead_values:
        assert lead_table.cell(item) in cells


def test_an_edge_put_elsewhere_names_by_whom_and_moves_its_line(
    record: EcgRecord, measured: Measured
) -> None:
    assert measured.median is not None
    wave = measured.median.overall["QRS"]
    assert wave is not None
    edit = Edit("QRS offset", wave.offset_s - 0.02, None, "Reader Nine", "2026-01-01T00:00:00+00:00")
    again = api.measured_again(measured, record, [edit])
    asked = MedianBeats()
    (before,), (after,) = _pages(_content(record, measured, asked)), _pages(_content(record, again, asked))
    assert "Reader Nine" not in _said(before)
    assert "QRS offset" in _said(after)
    assert "Reader Nine" in _said(after)
    moved = {stroke.x0_mm for stroke in after.strokes} - {stroke.x0_mm for stroke in before.strokes}
    assert len(moved) == 4  # one in each column
    assert any(line.text.endswith("*") for line in pdf.sheets(_content(record, again, asked))[-1].lines)


def test_nobody_gets_it_unasked_and_none_is_made_of_what_has_no_beats(
    record: EcgRecord, measured: Measured
) -> None:
    assert _pages(_content(record, measured, None)) == []
    flat = replace(record, signal=np.zeros_like(record.signal))
    found = pdf.sheets(_content(flat, measuring.measured(flat), MedianBeats()))
    assert any("No median beat: " in _said(sheet) for sheet in found)


def test_measurements_that_are_closed_have_no_such_page(record: EcgRecord, measured: Measured) -> None:
    closed = gather(record, measurements=(), measured=None, median_beats=MedianBeats())
    assert len(pdf.sheets(closed)) == 1
    assert "VALUES OF EACH LEAD" not in "".join(map(_said, pdf.sheets(closed)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"median_layout": "3x4"}, "unknown layout of median beats '3x4'"),
        ({"median_layout": "median 3x4", "median_speed": 30.0}, "30 mm/s"),
    ],
)
def test_what_cannot_be_is_refused(
    record: EcgRecord, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    out = tmp_path / "r.pdf"
    with pytest.raises(ReportError, match=words):
        api.report(record, out, with_ai=False, **changes)  # type: ignore[arg-type]
    assert not out.exists()


def test_only_a_pdf_has_pages(record: EcgRecord, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="page of the PDF"):
        api.report(record, tmp_path / "r.json", with_ai=False, median_layout="median 3x4")
    api.report(record, tmp_path / "r.pdf", with_ai=False, median_layout="median 3x4", median_speed=50.0)
    assert (tmp_path / "r.pdf").stat().st_size > 10_000
