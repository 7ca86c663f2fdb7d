"""The page of the median beat: at true scale, labelled as what it is, each lead once."""

from dataclasses import replace

import numpy as np
import pytest

from ecgview.leads import STANDARD_12
from ecgview.paper import median_page
from ecgview.paper.plan import plan
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.signal.measure.measured import Median

RATE_HZ, PEAK = 500.0, 250


def _median(leads: tuple[str, ...] = STANDARD_12, n_samples: int = 700) -> Median:
    """Return a beat whose R wave of lead number k is k + 1 tenths of a millivolt high, at its peak."""
    signal = np.zeros((len(leads), n_samples), dtype=np.float32)
    signal[:, PEAK] = (np.arange(len(leads)) + 1) / 10
    return Median(signal, leads, RATE_HZ, PEAK, 9, {}, {})


def _record(leads: tuple[str, ...] = STANDARD_12) -> EcgRecord:
    return EcgRecord(np.zeros((len(leads), 5000), dtype=np.float32), leads, RATE_HZ)


@pytest.mark.parametrize("speed", [25.0, 50.0])
@pytest.mark.parametrize("layout", ["median 3x4", "median superimposed"])
def test_l1_every_lead_stands_once_at_true_scale_and_the_page_says_what_it_is(
    speed: float, layout: str
) -> None:
    page = median_page.compose(_record(), _median(), PaperSettings(layout=layout, speed_mm_per_s=speed))
    assert sorted(trace.lead for trace in page.traces) == sorted(STANDARD_12)
    assert "Median of 9 beats, not a rhythm strip" in [text.text for text in page.texts]
    assert not any("recorded" in text.text or "sequential" in text.text for text in page.texts)
    assert page.peak_s == PEAK / RATE_HZ
    for trace in page.traces:
        height = (STANDARD_12.index(trace.lead) + 1) / 10
        at = int(np.argmin(trace.y_mm))
        assert trace.baseline_mm - trace.y_mm[at] == pytest.approx(10 * height, abs=1e-4)
        assert trace.x_mm[at] - trace.x0_mm == pytest.approx(speed * page.peak_s)
        assert trace.mm_per_s == speed


def test_leads_over_each_other_share_their_place_limb_and_chest_side_by_side() -> None:
    page = median_page.compose(_record(), _median(), PaperSettings(layout="median superimposed"))
    places = {(trace.x0_mm, trace.baseline_mm): "" for trace in page.traces}
    assert len(places) == 2
    assert [text.text for text in page.texts if text.role == "lead"] == ["I to aVF", "V1 to V6"]


def test_a_display_filter_does_not_reach_the_median_beat() -> None:
    """It would need seconds to settle that one beat has not."""
    asked = PaperSettings(layout="median 3x4")
    page = median_page.compose(_record(), _median(), asked)
    other = median_page.compose(
        _record(), _median(), replace(asked, display_filter=replace(asked.display_filter, notch_hz=50.0))
    )
    assert all(np.array_equal(one.y_mm, two.y_mm) for one, two in zip(page.traces, other.traces, strict=True))


def test_few_leads_have_a_row_each_and_other_leads_a_cell_of_their_own() -> None:
    leads = ("II", "X", "ECG 4")
    page = median_page.compose(_record(leads), _median(leads), PaperSettings(layout="median 3x4"))
    assert [trace.lead for trace in page.traces] == list(leads)
    paper = PaperSettings(layout="median superimposed")
    assert plan(leads, paper).rows == (("II",), ("X", "ECG 4"))
    assert [text.text for text in median_page.compose(_record(leads), _median(leads), paper).texts][:2] == [
        "II",
        "X ECG 4",
    ]


def test_without_a_median_beat_the_page_says_why_and_shows_no_line() -> None:
    page = median_page.compose(_record(), None, PaperSettings(layout="median 3x4"), "only noise")
    texts = [text.text for text in page.texts]
    assert "No median beat: only noise" in texts
    assert "no signal" not in texts  # the record may well have one
    assert not any(np.isfinite(trace.y_mm).any() for trace in page.traces)
