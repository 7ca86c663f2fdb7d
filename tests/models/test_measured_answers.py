"""Synthetic ECGs: what was put in is measured, within M5, at every rate and under noise, wander and mains."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
import pytest

from ecgview import api, resources
from ecgview.record import EcgRecord
from ecgview.signal.criteria.criterion import Criterion
from ecgview.signal.measure import axes
from ecgview.signal.measure.measured import Measured
from tests.synthetic_ecg import Made, record

KINDS = (
    Made(),
    Made(rr_ms=650, p_ms=90, pr_ms=140, qrs_ms=84, qt_ms=350),
    Made(rr_ms=1000, p_ms=110, pr_ms=190, qrs_ms=104, qt_ms=430, axis=-20),
)
LIMITS = {
    "P duration": (10, 15),
    "PR": (10, 10),
    "QRS duration": (10, 10),
    "QT": (25, 30),
}  # M5: mean, SD in ms
DISTURBED = ({}, {"noise_mv": 0.02}, {"wander_mv": 0.2}, {"mains_mv": 0.03})


def _put_in(made: Made) -> dict[str, float]:
    return {"P duration": made.p_ms, "PR": made.pr_ms, "QRS duration": made.qrs_ms, "QT": made.qt_ms}


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 500.0, 1000.0])
def test_intervals_and_axes_are_what_was_put_in(fs_hz: float) -> None:
    apart: dict[str, list[float]] = {name: [] for name in LIMITS}
    for number, made in enumerate(KINDS):
        disturbed = DISTURBED[number :: len(KINDS)] or DISTURBED
        for how in disturbed:
            found = api.measured(record(made, fs_hz, **how))
            assert not found.reason
            for name, value in _put_in(made).items():
                own = found.value(name)
                assert own is not None, (name, how)
                apart[name].append(own - value)
            assert found.value("QRS axis") == pytest.approx(made.axis, abs=3)
            assert found.value("T axis") == pytest.approx(made.t_axis, abs=6)
            assert found.value("P axis") == pytest.approx(made.p_axis, abs=12)
            assert found.value("Heart rate") == pytest.approx(60_000 / made.rr_ms, abs=0.5)
    for name, (mean, spread) in LIMITS.items():
        assert abs(fmean(apart[name])) <= mean, (name, apart[name])
        assert pstdev(apart[name]) <= spread, (name, apart[name])


@pytest.mark.parametrize("degrees", range(-150, 181, 30))
def test_axes_go_round_the_circle(degrees: int) -> None:
    """M4, by vectors: lead I and aVF of a unit vector, aVF smaller by the root of 3/4."""
    one, foot = np.cos(np.radians(degrees)), np.sin(np.radians(degrees)) * np.sqrt(3) / 2
    assert axes.axis({"I": 20 * one, "aVF": 20 * foot}) == pytest.approx(degrees, abs=1e-6)
    assert axes.axis({"I": 20 * one, "II": 20 * (foot + one / 2)}) == pytest.approx(degrees, abs=1e-6)


def test_a_small_net_area_has_no_axis() -> None:
    assert axes.axis({"I": 3.9, "aVF": -4.0}) is None
    assert axes.axis({"I": 4.1, "aVF": 0.0}) == 0
    assert axes.axis({"V1": 30.0}) is None


def test_without_p_waves_there_is_no_pr() -> None:
    """M6."""
    found = api.measured(record(Made(with_p=False), noise_mv=0.01))
    assert found.value("QRS duration") is not None
    rows = {one.name: one for one in found.values}
    for name in ("P duration", "PR", "P axis"):
        assert rows[name].value is None
        assert rows[name].note
    assert not any(one.name.startswith("P ") for one in found.lead_values)


def _amplitudes(found: Measured, lead: str) -> dict[str, float | None]:
    return {one.name: one.value for one in found.lead_values if one.lead == lead and one.unit == "mV"}


def test_amplitudes_are_against_the_level_before_qrs() -> None:
    made = record(Made(), noise_mv=0.005)
    shifted = made.with_signal(made.signal + np.float32(0.7))
    plain, other = (_amplitudes(api.measured(one), "II") for one in (made, shifted))
    assert plain.keys() == other.keys()
    assert plain["R amplitude"] == pytest.approx(float(made.lead("II").max()), abs=0.05)
    for name, value in plain.items():
        assert other[name] == pytest.approx(value, abs=0.004), name
    assert abs(plain["J+60"] or 0.0) < 0.03


@pytest.mark.parametrize("leads", [("II",), ("V1",), ("I", "II"), ("I", "II", "V1", "V5")])
def test_few_leads_are_measured_and_say_so(leads: tuple[str, ...]) -> None:
    whole = record(Made(), noise_mv=0.01)
    found = api.measured(replace(whole, signal=whole.leads(leads), lead_names=leads))
    assert found.leads == leads
    assert found.value("QRS duration") == pytest.approx(90, abs=25)
    assert any(f"{len(leads)} of 12 leads" in text for text in found.warnings)
    if "I" not in leads:
        assert found.value("QRS axis") is None


def test_fifteen_leads_are_measured() -> None:
    whole = record(Made(), noise_mv=0.01)
    more = np.concatenate([whole.signal, 0.8 * whole.leads(("V6", "V6", "V6"))])
    found = api.measured(EcgRecord(more, (*whole.lead_names, "V7", "V8", "V9"), 500.0))
    assert {one.lead for one in found.lead_values} == {*whole.lead_names, "V7", "V8", "V9"}
    assert found.value("QRS duration") == pytest.approx(90, abs=12)


T = np.arange(5000) / 500
NOT_ECGS = {
    "noise": np.random.default_rng(3).normal(0, 0.3, (12, 5000)),
    "flat": np.zeros((12, 5000)),
    "saturated": np.sign(np.sin(2 * np.pi * 1.3 * T)) * 5 + np.zeros((12, 1)),
    "a 60 Hz sine": np.sin(2 * np.pi * 60 * T) + np.zeros((12, 1)),
    "a 1 Hz sine": np.sin(2 * np.pi * T) + np.zeros((12, 1)),
    "a ramp": np.linspace(-1, 1, 5000) * np.linspace(0.5, 1.5, 12)[:, None],
}


@pytest.mark.parametrize("name", NOT_ECGS)
def test_no_number_comes_from_what_is_no_ecg(name: str) -> None:
    found = api.measured(replace(record(), signal=NOT_ECGS[name].astype(np.float32)))
    assert found.reason
    assert found.beats == ()
    assert found.lead_values == ()
    for one in found.values:
        assert one.value is None or one.name == "Pacemaker stimuli", one
        assert one.note


def test_gaps_and_dead_leads_are_left_out_by_name() -> None:
    whole = record(Made(), noise_mv=0.01)
    signal = whole.signal.copy()
    signal[7, 1000:1500] = np.nan
    signal[3] = 0.0
    found = api.measured(whole.with_signal(signal))
    assert set(found.left_out) == {"aVR", "V2"}
    assert found.value("QRS duration") == pytest.approx(90, abs=12)


def test_a_long_record_is_measured_minute_by_minute() -> None:
    made = record(Made(seconds=305.0), 250.0, noise_mv=0.01)
    found = api.measured(made)
    assert [minute.start_s for minute in found.trend] == [0, 60, 120, 180, 240]
    assert all(minute.heart_rate_bpm == pytest.approx(75, abs=0.5) for minute in found.trend)
    assert found.value("Heart rate") == pytest.approx(75, abs=0.5)
    assert found.value("QT") == pytest.approx(400, abs=25)
    assert len(found.beats) < 90
    assert "minute by minute" in " ".join(found.warnings) or "minutes were measured" in " ".join(
        found.warnings
    )


def _rest(made: EcgRecord, seconds: float, noise_mv: float = 0.005) -> np.ndarray:
    """Return a stretch without a beat, as an electrode records it: never quite still."""
    n = round(seconds * made.sampling_rate_hz)
    noise = np.random.default_rng(3).normal(0.0, noise_mv, (len(made.lead_names), n))
    return (np.repeat(made.signal[:, -1:], n, 1) + noise).astype(np.float32)


def _two_leads(made: EcgRecord) -> EcgRecord:
    rows = [made.lead_names.index(name) for name in ("II", "V1")]
    return replace(made, signal=made.signal[rows], lead_names=("II", "V1"))


def _pause(made: EcgRecord) -> Criterion:
    return next(each for each in api.criteria(made) if each.code == "PAUSE")


def test_a_pause_from_one_minute_to_the_next_is_one() -> None:
    one, two = record(Made(seconds=118.0), 250.0, noise_mv=0.01), record(Made(seconds=120.0), 250.0)
    whole = one.with_signal(np.concatenate([one.signal, _rest(one, 4.0), two.signal], 1))
    assert api.measured(whole).value("RR max") == pytest.approx(5200, abs=20)
    found = _pause(whole)
    assert found.state == "met"
    assert found.where_s == pytest.approx((117.33, 122.53), abs=0.1)


def test_a_qrs_by_rules_in_few_leads_is_of_low_confidence() -> None:
    made = _two_leads(record(Made(seconds=150.0), 250.0, noise_mv=0.005))
    found = api.measured(made)
    width = next(one for one in found.values if one.name == "QRS duration")
    assert (width.confidence, "fewer than three leads" in width.note) == ("low", True)
    of_leads = {one.confidence for one in found.lead_values if one.name == "QRS duration"}
    assert of_leads == {"low"}
    whole = api.measured(record(Made(seconds=150.0), 250.0, noise_mv=0.005))
    width = next(one for one in whole.values if one.name == "QRS duration")
    assert (width.confidence, "fewer than three leads" in width.note) == ("medium", False)


def test_a_p_wave_that_rules_alone_see_is_told_of(shared_data: Path) -> None:
    """Before every QRS of this sinus tachycardia stands a P wave; the network, whose T goes on, marks none."""
    found = api.measured(shared_data / "cpsc2018" / "A0081.hea")
    for name in ("P duration", "PR"):
        one = next(value for value in found.values if value.name == name)
        assert one.value is None
        assert "rules see one" in one.note


def test_waves_of_fibrillation_are_no_doubt_of_an_absent_p() -> None:
    found = api.measured(resources.path("demo", "af.hea"))
    pr = next(value for value in found.values if value.name == "PR")
    assert found.median is not None
    assert found.median.by_rules.get("P") is not None
    assert (pr.value, pr.note) == (None, "no P wave before at least half of the beats")


def test_leads_that_stand_still_are_no_pause() -> None:
    one, two = record(Made(seconds=100.0), 250.0, noise_mv=0.01), record(Made(seconds=150.0), 250.0)
    for still in (one.signal[:, -1:], np.zeros((12, 1)), np.full((12, 1), np.nan)):
        rest = np.repeat(still, 1000, 1).astype(np.float32)
        found = _pause(one.with_signal(np.concatenate([one.signal, rest, two.signal], 1)))
        assert found.state == "not measurable"


@pytest.mark.parametrize("size", [0.33, 1.0])
def test_a_pause_in_which_a_lead_shows_beats_is_none(size: float) -> None:
    """Beats of a small lead whose amplitude falls: the detector may lose them, a reader does not."""
    made = record(Made(seconds=150.0), 250.0, noise_mv=0.005)
    signal = made.signal.copy()
    signal[:, 10000:11000] *= size
    found = _pause(_two_leads(made.with_signal(signal)))
    assert found.state != "met"


def test_an_interval_over_complexes_that_are_noise_is_no_rr() -> None:
    """Complexes unlike all others, in their time: they may be beats, so no interval bridges them."""
    made = _two_leads(record(Made(seconds=150.0), 250.0, noise_mv=0.005))
    measured = api.measured(made)
    assert measured.value("RR max") == pytest.approx(800, abs=10)
    signal = made.signal.copy()
    # Four seconds turned back to front: complexes of the same size, none like the others.
    for start in (10050, 20050):
        signal[:, start : start + 1000] = signal[:, start + 1000 : start : -1] * np.array([[1.0], [-1.0]])
    changed = api.measured(made.with_signal(signal))
    longest = changed.value("RR max")
    assert longest is not None
    assert longest < 1300
    assert _pause(made.with_signal(signal)).state == "not measurable"


def test_what_beats_do_not_show_is_not_denied_of_a_long_record() -> None:
    one, two = record(Made(seconds=100.0), 250.0, noise_mv=0.01), record(Made(seconds=150.0), 250.0)
    made = one.with_signal(np.concatenate([one.signal, _rest(one, 4.0), two.signal], 1))
    found = {each.code: each for each in api.criteria(made)}
    assert found["PAUSE"].state == "met"
    assert found["PAUSE"].where_s == pytest.approx((100.0, 104.0), abs=1.0)
    assert (found["VT-RUN"].state, found["PVC"].state) == ("not measurable", "not measurable")
    short = {each.code: each.state for each in api.criteria(two.with_signal(two.signal[:, :2500]))}
    assert (short["PAUSE"], short["VT-RUN"], short["PVC"]) == ("not met", "not met", "not met")


@pytest.mark.parametrize("rr_ms", [450.0, 520.0, 600.0])
def test_t_does_not_end_in_the_next_beat(rr_ms: float) -> None:
    found = api.measured(record(Made(rr_ms=rr_ms, pr_ms=130.0, qt_ms=300.0), 500.0))
    pr = found.value("PR")
    for name in ("QT, tangent", "QT, threshold"):
        value = found.value(name)
        assert value is None or value < rr_ms - (pr or 0.0)


def test_a_value_is_as_long_as_the_place_where_it_is_shown() -> None:
    found = api.measured(record(Made(), 500.0))
    for one in found.values:
        if one.name in ("P duration", "PR", "QRS duration", "QT"):
            assert one.where_s is not None
            assert 1000 * (one.where_s[1] - one.where_s[0]) == pytest.approx(one.value, abs=5)


def test_the_depth_of_v1_counts_whatever_stands_before_it() -> None:
    """A QS complex in V1, and one with an r too small to count, have the depth of S in the sum."""
    made = record(Made(), noise_mv=0.003)
    deep = made.signal.copy()
    deep[6] = -np.abs(made.lead("V2"))
    found = api.measured(made.with_signal(deep))
    rows = {one.name: one.value for one in found.values}
    assert found.value("S amplitude", "V1") is None
    assert rows["SV1"] == pytest.approx(abs(found.value("Q amplitude", "V1") or 0.0), abs=0.011)
    assert rows["RV5+SV1"] == pytest.approx((rows["RV5"] or 0.0) + (rows["SV1"] or 0.0), abs=0.011)
