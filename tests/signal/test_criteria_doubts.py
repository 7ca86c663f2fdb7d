"""What a record must be doubted for reaches each criterion that rests on it, and no other."""

from dataclasses import replace

import numpy as np
import pytest

from ecgview.models import context
from ecgview.record import GAIN, EcgRecord, ImportNote
from ecgview.results import LabelScore
from ecgview.signal import criteria, measurements, pacing
from ecgview.signal.criteria.beside import beside
from ecgview.signal.criteria.criterion import Asked, Criterion
from ecgview.signal.judgement import judged
from ecgview.signal.measure.measured import Measured
from tests.measured_by_hand import FS, Hand

VOLTAGE = (
    "LVH-SOKOLOW",
    "LVH-AVL",
    "LVH-CORNELL",
    "LVH-PEGUERO",
    "LVOLT",
    "STE",
    "STD",
    "T-INVERTED",
    "Q-INFERIOR",
)
NO_VOLTAGE = ("BRADY", "TACHY", "1AVB", "LAD", "LNGQT", "PAUSE")


def _found(asked: Asked) -> dict[str, Criterion]:
    return {one.code: one for one in criteria.judge(asked)}


def _beating(hand: Hand, gains: dict[str, float] | None = None, limit_mv: float = 100.0) -> Asked:
    """Return what is asked, with a record of the median's beats, leads changed in gain, and cut off at a limit."""
    asked = hand.asked()
    median = asked.measured.median
    assert median is not None
    rng = np.random.default_rng(2)
    rows = np.tile(median.signal[:, 50:500], (1, 11))
    rows = rows + np.cumsum(rng.normal(0.0, 0.0005, rows.shape), axis=1) + rng.normal(0.0, 0.004, rows.shape)
    scale = np.array([(gains or {}).get(lead, 1.0) for lead in asked.record.lead_names])[:, None]
    signal = np.clip(rows * scale, -limit_mv, limit_mv).astype(np.float32)
    return replace(asked, record=replace(asked.record, signal=signal))


def test_under_a_wrong_gain_no_limit_in_mv_is_judged() -> None:
    plain = _found(_beating(Hand()))
    assert plain["LVOLT"].state == plain["STE"].state == "not met"
    chest = ("V1", "V2", "V3", "V4", "V5", "V6")
    for gains in (
        dict.fromkeys(chest, 12.0),
        {lead: 6.0 for lead in (*chest, "I", "II", "III", "aVR", "aVL", "aVF")},
    ):
        asked = _beating(Hand(), gains)
        assert judged(asked.record).kinds[:1] == ("amplitude",)
        found = _found(asked)
        for code in VOLTAGE:
            assert found[code].state == "not measurable", code
            assert "check" in found[code].reason
            assert "gain" in found[code].reason
        assert "gain" in found["FQRS"].reason
        for code in NO_VOLTAGE:
            assert found[code].state == plain[code].state, code
            assert "gain" not in found[code].reason


def test_a_calibration_that_was_assumed_stands_beside_every_limit_in_mv() -> None:
    doubt = ImportNote(GAIN, "calibration not stated: mV taken")
    found = _found(Hand(notes=(doubt,)).asked())
    for code in VOLTAGE:
        assert doubt.text in found[code].reason, code
    for code in NO_VOLTAGE:
        assert doubt.text not in found[code].reason, code
    step = ImportNote("units", "I: 30.5 µV per step; check the gain")
    left_out = ImportNote("units", "left out: RESP (by its name no ECG)")
    told = _found(Hand(notes=(step, left_out)).asked())["LVH-AVL"]
    assert step.text in told.reason
    assert "left out" not in told.reason


def test_a_criterion_does_not_rest_on_clipped_leads() -> None:
    clipped = ImportNote("clipping", "clipped at the limit of the recorder: V2, V3", ("V2", "V3"))
    found = _found(Hand(notes=(clipped,), st={"II": 0.15, "aVF": 0.15}).asked())
    assert found["STE"].state == "met"  # in II and aVF, which are whole
    assert "clipped at the limit of the recorder: V2, V3" in found["STE"].reason
    for code in ("STD", "LVH-CORNELL", "LVH-PEGUERO", "POOR-R", "WELLENS"):
        assert found[code].state == "not measurable", code
        assert "clipped at the limit of the recorder: V" in found[code].reason
    assert found["LVH-SOKOLOW"].state == found["LVH-AVL"].state == "not met"
    assert "clipped" in found["IVCD"].reason  # the width is that of all leads
    assert "clipped" not in found["1AVB"].reason


def test_rails_that_the_samples_show_are_told_without_a_note_of_the_file() -> None:
    asked = _beating(Hand(), limit_mv=0.4)
    assert "clipping" in judged(asked.record).kinds
    found = _found(asked)
    assert found["LVOLT"].state == found["LVH-SOKOLOW"].state == "not measurable"
    assert "clipped" in found["LVOLT"].reason


@pytest.mark.parametrize(("hz", "told"), [(0.5, True), (0.05, False), (None, False)])
def test_a_high_pass_filter_stands_beside_st(hz: float | None, told: bool) -> None:
    found = _found(Hand(highpass_hz=hz).asked())
    assert ("may shift ST" in found["STE"].reason) is told
    assert "may shift ST" not in found["LVH-AVL"].reason


def test_a_value_of_low_confidence_is_named() -> None:
    found = _found(Hand(pr=214.0, confidence={"PR": "low"}).asked())
    assert found["1AVB"].state == "met"
    assert "of low confidence: PR" in found["1AVB"].reason
    assert "confidence" not in found["BRADY"].reason


def test_of_a_test_signal_neither_stimuli_nor_any_criterion_are_told() -> None:
    row = np.zeros(5000, np.float32)
    row[250::400] = 1.0  # a pulse every 0.8 s, the same in all leads
    spikes = EcgRecord(np.tile(row, (12, 1)), tuple(Hand().leads), FS)
    assert pacing.detect(spikes).state == "seen"
    assert judged(spikes).reason
    assert not judged(spikes).has_beats
    assert [one.value for one in measurements.stimuli(spikes)] == [None]
    assert context.pacing_of(spikes).state == "cannot tell"
    assert context.pacing_of(spikes).times_s == ()
    assert judged(spikes).reason in context.pacing_of(spikes).text
    refused = Measured(
        spikes.lead_names, {}, reason=judged(spikes).reason, values=measurements.measure(spikes)
    )
    found = criteria.judge(Asked(spikes, refused, spikes.patient))
    assert {(one.state, one.reason) for one in found} == {("not measurable", judged(spikes).reason)}


def test_what_is_met_is_printed_with_its_doubts() -> None:
    doubt = ImportNote(GAIN, "calibration not stated: mV taken")
    high = Hand(notes=(doubt,), age=None, shapes={"aVL": ((1.2, 90),)}, st={"II": 0.15, "aVF": 0.15})
    found = _found(high.asked())
    assert found["LVH-AVL"].doubts == (doubt.text,)
    assert found["LVH-AVL"].evidence == "R amplitude: aVL 1.20 mV; calibration not stated: mV taken"
    assert (
        "early repolarisation" in found["STE"].evidence
    )  # it heads the page: all that is to be borne in mind
    assert doubt.text in found["STE"].evidence
    told = beside(found.values(), [LabelScore("STE_", "ST elevation", 0.9, 0.5)])
    assert doubt.text in told[0].sentence


def test_early_repolarisation_is_named_where_st_is_high() -> None:
    high = Hand(st={"V4": 0.15, "V5": 0.15}).judged("STE")
    assert high.state == "met"
    assert "early repolarisation" in high.reason
    assert "notch or slur" not in high.reason
    slurred = Hand(st={"V4": 0.15, "V5": 0.15}, st_ms={"V4": 10.0, "V5": 10.0}).judged("STE")
    assert slurred.state == "met"
    assert "notch or slur" in slurred.reason
    assert "early repolarisation" not in Hand().judged("STE").reason
