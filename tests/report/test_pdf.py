"""The exported page, measured by the vectors in the file (C3), and what a report may and must say."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest

from ecgview.errors import ReportError
from ecgview.leads import STANDARD_12
from ecgview.paper.painter import HEAVY_MM
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord, Patient
from ecgview.report import content, json_report, pdf
from ecgview.results import (
    Contribution,
    Contributions,
    LabelScore,
    LefResult,
    ModelFacts,
    Placed,
    Prediction,
    ReferenceSet,
)
from ecgview.signal.filters import DisplayFilter

MM = 72 / 25.4
FACTS = ModelFacts("m-1", "Model", "1.0", "ab" * 32, "a training set", "not calibrated", "a caveat")


@pytest.fixture
def square_record() -> EcgRecord:
    """Return 12 leads with a 1 mV step at every full second, up and down."""
    t = np.arange(5000) // 500
    wave = (t % 2).astype(np.float32)
    return EcgRecord(
        np.stack([wave] * 12), STANDARD_12, 500.0, Patient("id-77", "李雷 Planted", "male", 61.0)
    )


def _open(path: Path) -> Any:
    return pdfplumber.open(path)


def _runs(page: Any) -> list[list[tuple[float, float]]]:
    return [[(x, y) for x, y in curve["pts"]] for curve in page.curves]


def test_c3_one_second_is_25_mm_and_one_millivolt_10_mm(tmp_path: Path, square_record: EcgRecord) -> None:
    paper = PaperSettings(layout="12x1", display_filter=DisplayFilter(None, None))
    path = pdf.write(content.gather(square_record, paper=paper), tmp_path / "r.pdf")
    with _open(path) as document:
        traces = [run for page in document.pages for run in _runs(page) if len(run) > 1000]
    assert len(traces) == 12
    for run in traces:
        x, y = np.array(run).T
        steps = x[np.flatnonzero(np.abs(np.diff(y)) > 5)]
        assert len(steps) == 9
        assert np.diff(steps) / MM == pytest.approx(np.full(8, 25.0), abs=0.1)
        assert np.ptp(y) / MM == pytest.approx(10.0, abs=0.1)


def test_c3_ten_major_lines_are_50_mm_both_ways(tmp_path: Path, pulse_record: EcgRecord) -> None:
    path = pdf.write(content.gather(pulse_record), tmp_path / "r.pdf")
    with _open(path) as document:
        lines = document.pages[0].lines
    heavy = [line for line in lines if line["linewidth"] == pytest.approx(HEAVY_MM * MM, rel=0.02)]
    across = np.unique(np.round([ln["x0"] for ln in heavy if abs(ln["x1"] - ln["x0"]) < 0.01], 3))
    down = np.unique(np.round([ln["top"] for ln in heavy if abs(ln["bottom"] - ln["top"]) < 0.01], 3))
    assert (across[10] - across[0]) / MM == pytest.approx(50.0, abs=0.1)
    assert (down[10] - down[0]) / MM == pytest.approx(50.0, abs=0.1)


def test_c6_the_pulse_on_paper(tmp_path: Path, pulse_record: EcgRecord) -> None:
    path = pdf.write(content.gather(pulse_record), tmp_path / "r.pdf")
    with _open(path) as document:
        pulses = [run for run in _runs(document.pages[0]) if len(run) == 6]
    assert len(pulses) == 4
    for run in pulses:
        x, y = np.array(run).T
        assert np.ptp(y) / MM == pytest.approx(10.0, abs=0.1)
        assert (x[3] - x[2]) / MM == pytest.approx(5.0, abs=0.1)


def test_l5_each_lead_label_once_and_the_rhythm_twice(tmp_path: Path, pulse_record: EcgRecord) -> None:
    path = pdf.write(content.gather(pulse_record), tmp_path / "r.pdf")
    with _open(path) as document:
        words = [word["text"] for word in document.pages[0].extract_words()]
    for lead in STANDARD_12:
        assert words.count(lead) == (2 if lead == "II" else 1), lead


def test_what_a_report_says(tmp_path: Path, square_record: EcgRecord) -> None:
    prediction = Prediction(FACTS, "x", "cpu", 3.0, (LabelScore("NORM", "normal ECG", 0.8, 0.5),))
    shares = Contributions(
        -1.0, (Contribution("1-P(NORM)", 0.2, 0.4),), -0.6, "logit", "shap.LinearExplainer"
    )
    lef = LefResult(FACTS, "x", "index", -0.6, 0.35, None, "index without a verdict", "", shares)
    among = ReferenceSet("a hospital", 1000, 18, 90)
    placed = Placed("1-P(NORM)", 0.2, "the lower P(NORM)", 34.0)
    lef = replace(lef, placed=(placed,), percentile=21.0, reference=among.sentence, reference_set=among)
    path = pdf.write(content.gather(square_record, prediction=prediction, lef=lef), tmp_path / "r.pdf")
    with _open(path) as document:
        edges = (0, 216, 410, 842), (0, 588, 842)
        parts = [
            page.crop((left, 0, right, 595)).extract_text()
            for page, cuts in zip(document.pages, edges, strict=True)
            for left, right in pairwise(cuts)
        ]
        text = " ".join(" ".join(parts).split())
        fonts = {char["fontname"] for page in document.pages for char in page.chars}
        about = str(document.metadata)
    for words in (
        "Research use only. Not for diagnosis or treatment.",
        "RESEARCH READ: unconfirmed",
        "李雷",
        "25 mm/s",
        "10 mm/mV",
        "Normal ECG 0.80 0.50 - positive",
        "1-P(NORM) = 0.2000: percentile 34; towards a low fraction: the lower P(NORM)",
        "Percentiles among 1,000 ECGs of a hospital, aged 18 to 90.",
        "Their mean, an index and not a probability: percentile 21 of 1,000 ECGs",
        "Never compared with echocardiography: no verdict.",
        "Percentile: no reference scores come with this model.",
        "base -1.000 + sum +0.400 = -0.600",
        "not calibrated",
        "a training set",
        "Model 1.0",
    ):
        assert words in text, words
    assert all("+" in name for name in fonts), "every font is an embedded subset"
    assert "Planted" not in about
    assert "id-77" not in about


def test_a_synthetic_ecg_says_so(tmp_path: Path, square_record: EcgRecord) -> None:
    path = pdf.write(content.gather(replace(square_record, synthetic=True)), tmp_path / "r.pdf")
    with _open(path) as document:
        assert "synthetic ECG" in document.pages[0].extract_text()


def test_l3_50_mm_per_s_goes_on_another_sheet_at_true_scale(tmp_path: Path, square_record: EcgRecord) -> None:
    paper = PaperSettings(speed_mm_per_s=50.0, layout="6x2")
    path = pdf.write(content.gather(square_record, paper=paper), tmp_path / "r.pdf")
    with _open(path) as document:
        assert len(document.pages) >= 2
        pulses = [run for run in _runs(document.pages[1]) if len(run) == 6]
        assert (pulses[0][3][0] - pulses[0][2][0]) / MM == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("name", ["3x4", "3x4+3R", "6x2", "12x1", "4x3", "single"])
def test_every_layout_fits_a4(name: str, tmp_path: Path, pulse_record: EcgRecord) -> None:
    path = pdf.write(content.gather(pulse_record, paper=PaperSettings(layout=name)), tmp_path / "r.pdf")
    with _open(path) as document:
        page = document.pages[0]
        assert (page.width / MM, page.height / MM) == pytest.approx((297.0, 210.0), abs=0.2)
        inside = [
            c for c in page.curves if c["x0"] >= 0 and c["x1"] <= page.width and c["bottom"] <= page.height
        ]
        assert len(inside) == len(page.curves)


def test_a_failed_write_leaves_the_old_report(tmp_path: Path, pulse_record: EcgRecord) -> None:
    with pytest.raises(ReportError, match=r"r\.pdf"):
        pdf.write(content.gather(pulse_record), tmp_path / "nowhere" / "r.pdf")
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_json_is_strict_and_whole(tmp_path: Path, pulse_record: EcgRecord) -> None:
    flat = pulse_record.with_signal(np.zeros_like(pulse_record.signal) + 0.001)
    path = json_report.write(content.gather(flat), tmp_path / "r.json")
    found = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda name: pytest.fail(name))
    assert found["notice"].startswith("Research use only")
    assert found["confirmed"] is False
    assert found["record"]["lead_names"] == list(STANDARD_12)
    assert {item["value"] for item in found["measurements"]} == {None}


def test_every_sheet_names_the_patient_and_the_warning(tmp_path: Path, square_record: EcgRecord) -> None:
    wordy = replace(FACTS, caveat="a caveat of many words " * 120)
    scores = (LabelScore("NORM", "normal ECG", 0.9, 0.5),)
    said = Prediction(wordy, "s", "cpu", 1.0, scores)
    path = pdf.write(content.gather(square_record, prediction=said), tmp_path / "r.pdf")
    with _open(path) as document:
        texts = [page.extract_text() for page in document.pages]
    assert len(texts) >= 2
    for text in texts:
        assert "id-77" in text
        assert "Planted" in text
        assert text.count("Research use only") >= 2


@pytest.mark.parametrize(
    ("leads", "layout"),
    [
        ((*STANDARD_12, "V3R", "V4R", "V5R", "V7", "V8", "V9"), "3x4+1R"),
        ((*STANDARD_12, "V3R", "V4R", "V5R", "V7", "V8", "V9"), "12x1"),
        ((*STANDARD_12, "X", "Y", "Z"), "6x2"),
        (("ECG1", "ECG2"), "3x4+1R"),
        (("ECG1", "ECG2"), "6x2 Cabrera"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} leads",
)
def test_every_recorded_lead_is_on_paper_once_at_true_scale(
    leads: tuple[str, ...], layout: str, tmp_path: Path
) -> None:
    """Lead number k is a sawtooth of (k + 1) / 20 mV: its height in the file's vectors tells which it is."""
    times = np.arange(2500) / 250
    signal = np.stack([(k + 1) / 20 * (times % 0.8) / 0.796 for k in range(len(leads))]).astype(np.float32)
    paper = PaperSettings(layout=layout, display_filter=DisplayFilter(None, None))
    path = pdf.write(content.gather(EcgRecord(signal, leads, 250.0), paper=paper), tmp_path / "r.pdf")
    with _open(path) as document:
        runs = [run for page in document.pages for run in _runs(page) if len(run) > 400]
        words = [word["text"] for page in document.pages for word in page.extract_words(x_tolerance=1.5)]
    heights = sorted(round(float(np.ptp([y for _x, y in run])) / MM, 1) for run in runs)
    rhythm = [0.5 * (leads.index("II") + 1)] if layout.endswith("+1R") and "II" in leads else []
    assert heights == pytest.approx(sorted([*(0.5 * (k + 1) for k in range(len(leads))), *rhythm]), abs=0.11)
    assert set(leads) <= set(words)


def test_a_record_longer_than_the_page_says_what_is_shown(tmp_path: Path, pulse_record: EcgRecord) -> None:
    long = pulse_record.with_signal(np.tile(pulse_record.signal, 4)[:, :18500])
    path = pdf.write(content.gather(long), tmp_path / "r.pdf")
    with _open(path) as document:
        assert "recorded 37 s, shown 0 to 10 s" in document.pages[0].extract_text()
