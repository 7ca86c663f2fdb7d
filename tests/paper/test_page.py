"""The page in millimetres: layouts, scale, identities of the conventions C1-C6 and L1-L8."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgview.leads import STANDARD_12
from ecgview.paper import layout
from ecgview.paper.palette import PALETTES, contrast
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
from ecgview.signal.filters import DisplayFilter

OPEN = DisplayFilter(None, None)
TWELVE = [name for name, one in layout.LAYOUTS.items() if name != "single" and not one.of_median]


def _page(record: EcgRecord, **changes: object) -> layout.Page:
    return layout.compose(record, replace(PaperSettings(display_filter=OPEN), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TWELVE)
def test_l5_each_lead_stands_exactly_once_beside_the_rhythm(name: str, pulse_record: EcgRecord) -> None:
    page = _page(pulse_record, layout=name)
    count = Counter(trace.lead for trace in page.traces)
    count.subtract(layout.LAYOUTS[name].rhythm)
    assert count == Counter(STANDARD_12)


def test_c1_a_second_is_25_mm_and_a_millivolt_10_mm(pulse_record: EcgRecord) -> None:
    trace = next(trace for trace in _page(pulse_record, layout="12x1").traces if trace.lead == "II")
    tops = [trace.x_mm[k : k + 500][np.argmin(trace.y_mm[k : k + 500])] for k in range(0, 5000, 500)]
    assert np.diff(tops) == pytest.approx(np.full(9, 25.0))
    assert tops[0] == pytest.approx(trace.x0_mm + 0.4 * 25.0)
    assert np.ptp(trace.y_mm) == pytest.approx(10.0 * np.ptp(pulse_record.lead("II")), rel=1e-5)


@pytest.mark.parametrize(("speed", "gain"), [(12.5, 5.0), (25.0, 10.0), (50.0, 20.0)])
def test_c6_the_pulse_is_one_millivolt_for_200_ms(speed: float, gain: float, pulse_record: EcgRecord) -> None:
    page = _page(pulse_record, speed_mm_per_s=speed, gain_mm_per_mv=gain)
    assert len(page.pulses) == 4
    for pulse in page.pulses:
        high = pulse.x_mm[pulse.y_mm == pulse.y_mm.min()]
        assert np.ptp(high) == pytest.approx(0.2 * speed)
        assert np.ptp(pulse.y_mm) == pytest.approx(gain)
        assert pulse.x_mm.max() <= page.grid.origin_x_mm + 1e-9


def test_c6_the_pulse_is_stepped_when_the_gains_differ(pulse_record: EcgRecord) -> None:
    pulse = _page(pulse_record, layout="3x4", chest_gain_factor=0.5).pulses[0]
    assert {round(float(pulse.y_mm.max() - y), 6) for y in pulse.y_mm} == {0.0, 10.0, 5.0}


def test_c2_the_traces_start_on_a_heavy_line(pulse_record: EcgRecord) -> None:
    for name in TWELVE:
        page = _page(pulse_record, layout=name)
        first = min(trace.x0_mm for trace in page.traces)
        assert first == pytest.approx(page.grid.origin_x_mm)
        assert (page.grid.origin_x_mm - page.grid.x_mm) % 5 == pytest.approx(0.0)
        assert page.grid.height_mm % 5 == pytest.approx(0.0)


def test_l4_columns_go_on_in_time_or_show_the_same_instants(pulse_record: EcgRecord) -> None:
    starts = {t.lead: t.start_s for t in _page(pulse_record, layout="3x4").traces}
    assert (starts["I"], starts["aVR"], starts["V1"], starts["V4"]) == (0.0, 2.5, 5.0, 7.5)
    same = _page(pulse_record, layout="3x4", sequential=False)
    assert {trace.start_s for trace in same.traces} == {0.0}
    rhythm = next(t for t in _page(pulse_record).traces if t.end_s - t.start_s == 10.0)
    assert rhythm.lead == "II"


def test_l6_a_missing_lead_keeps_its_place_and_says_so(pulse_record: EcgRecord) -> None:
    names = tuple(name for name in STANDARD_12 if name != "V3")
    page = _page(EcgRecord(pulse_record.leads(names), names, 500.0), layout="12x1")
    assert "V3" not in {trace.lead for trace in page.traces}
    label = next(text for text in page.texts if text.text == "V3")
    missing = next(text for text in page.texts if text.text == "not recorded")
    assert abs(missing.y_mm - label.y_mm) < 13.0


def test_cabrera_turns_avr_over_and_says_so(pulse_record: EcgRecord) -> None:
    upright = next(t for t in _page(pulse_record, layout="12x1").traces if t.lead == "aVR")
    page = _page(pulse_record, layout="12x1 Cabrera")
    turned = next(t for t in page.traces if t.lead == "aVR")
    assert turned.baseline_mm - turned.y_mm == pytest.approx(-(upright.baseline_mm - upright.y_mm))
    assert "-aVR" in {text.text for text in page.texts}


def test_l8_a_trace_beyond_the_page_is_marked_and_the_gain_kept(pulse_record: EcgRecord) -> None:
    loud = pulse_record.with_signal(pulse_record.signal * 20)
    page = _page(loud)
    assert any(text.text == "exceeds page" for text in page.texts)
    assert {abs(trace.mm_per_mv) for trace in page.traces} == {10.0}


def test_gaps_stay_gaps(pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal.copy()
    signal[1, 100:200] = np.nan
    page = layout.compose(pulse_record.with_signal(signal), PaperSettings(layout="12x1"))
    trace = next(t for t in page.traces if t.lead == "II")
    assert np.isnan(trace.y_mm[100:200]).all()
    assert np.isfinite(trace.y_mm[:100]).all()


def test_the_word_synthetic_and_the_scale_stand_on_the_page(pulse_record: EcgRecord) -> None:
    texts = [text.text for text in _page(replace(pulse_record, synthetic=True)).texts]
    assert "synthetic" in texts
    line = next(text for text in texts if "mm/s" in text)
    for part in ("25 mm/s", "10 mm/mV", "notch off", "500 Hz", "sequential"):
        assert part in line


def test_f5_a_slow_recording_says_what_it_cannot_hold(pulse_record: EcgRecord) -> None:
    slow = EcgRecord(pulse_record.signal[:, ::5], STANDARD_12, 100.0)
    texts = [text.text for text in layout.compose(slow, PaperSettings()).texts]
    assert any("nothing above 50 Hz" in text for text in texts)
    assert not any(
        "nothing above" in text.text for text in layout.compose(pulse_record, PaperSettings()).texts
    )


COLUMN_EDGES = (2.5, 5.0, 7.5)


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.floats(0.05, 9.95),
    millivolts=st.floats(-0.4, 0.4),
    lead=st.sampled_from(STANDARD_12),
    name=st.sampled_from(TWELVE),
)
def test_locate_inverts_position(seconds: float, millivolts: float, lead: str, name: str) -> None:
    record = EcgRecord(np.zeros((12, 5000), dtype=np.float32) + 0.1, STANDARD_12, 500.0)
    page = _page(record, layout=name)
    for x, y in page.position(lead, seconds, millivolts):
        found = page.locate(x, y)
        assert found is not None
        if seconds not in COLUMN_EDGES:  # where two leads meet, the point is both's
            assert found.lead == lead
        assert found.seconds == pytest.approx(seconds, abs=1e-6)
        assert found.millivolts == pytest.approx(millivolts, abs=1e-6)


@pytest.mark.parametrize("name", sorted(PALETTES))
def test_c5_the_trace_stands_out_from_the_paper(name: str) -> None:
    palette = PALETTES[name]
    assert contrast(palette.trace, palette.background) >= 7.0
    assert contrast(palette.text, palette.background) >= 7.0
    assert contrast(palette.trace, palette.heavy) >= 4.5
