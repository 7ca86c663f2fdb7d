"""Rules beside a network: both are told, neither replaces the other."""

from ecgview.results import LabelScore
from ecgview.signal import criteria
from ecgview.signal.criteria.beside import beside
from tests.measured_by_hand import Hand


def score(code: str, probability: float, threshold: float | None = 0.5) -> LabelScore:
    return LabelScore(code, code, probability, threshold)


def test_a_rule_that_is_met_is_told_beside_a_low_score() -> None:
    found = criteria.judge(Hand(rate=47.0).asked())
    told = [one for one in beside(found, [score("SBRAD", 0.12), score("STACH", 0.01)]) if one.is_told]
    assert [one.sentence for one in told] == [
        "SBRAD by rule: met (Heart rate 47 bpm; P waves before QRS 7 of 7 beats; P axis 50 deg; Atrial rate 47 bpm);"
        " the network 0.12, below its threshold"
    ]


def test_a_statement_of_the_network_that_the_rule_does_not_find_is_told() -> None:
    found = criteria.judge(Hand(rate=70.0).asked())
    both = {
        one.score.code: one
        for one in beside(found, [score("SBRAD", 0.8), score("1AVB", 0.2), score("LVH", 0.9)])
    }
    assert (both["SBRAD"].is_told, both["1AVB"].is_told) == (True, False)
    assert "not met" in both["SBRAD"].sentence
    assert "LVH" not in both  # of voltages a rule is no better


def test_what_is_not_measurable_is_not_held_against_the_network() -> None:
    found = criteria.judge(Hand(p_ms=None, pr=None).asked())
    (one,) = beside(found, [score("1AVB", 0.9, None)])
    assert not one.is_told
    assert one.sentence.endswith("the network 0.90, without a threshold")
