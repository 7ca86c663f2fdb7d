"""Error rates of pairs of ECGs: cuts that keep their limits, intervals by patient, upper bounds that are no wishes."""

import numpy as np
import pytest

from ecgview.training.evaluation import pairs
from ecgview.training.evaluation.pairs import Pairs


def made(n_patients: int = 60, seed: int = 0, apart: float = 0.6, extra: int = 0) -> Pairs:
    """Return all pairs of two recordings of each patient; the first patient has `extra` more, all unlike."""
    rng = np.random.default_rng(seed)
    owner = np.concatenate([np.repeat(np.arange(n_patients), 2), np.zeros(extra, dtype=np.int64)])
    i, j = np.triu_indices(len(owner), 1)
    score = np.clip(rng.normal(0, 0.25, len(i)) + np.where(owner[i] == owner[j], apart, 0.0), -1, 1)
    score[(owner[i] == 0) & (owner[j] == 0) & (j >= 2 * n_patients)] = -0.9
    return Pairs(score, owner[i], owner[j], np.arange(len(i)) % 3)


def test_the_cuts_keep_both_limits() -> None:
    found = made()
    cut = pairs.cuts(found)
    strangers, own = found.score[~found.genuine], found.score[found.genuine]
    assert 0 < (strangers >= cut.same).mean() <= pairs.FALSE_MATCH
    assert 0 < (own <= cut.two).mean() <= pairs.FALSE_ALARM
    assert cut.two < cut.same
    lower = np.sort(strangers)[-int(pairs.FALSE_MATCH * len(strangers)) - 1]
    assert (strangers >= lower).mean() > pairs.FALSE_MATCH  # the next lower score would not keep it


def test_a_patient_with_many_recordings_is_one_patient() -> None:
    many = made(extra=8)  # 44 pairs of one patient of 60, all far below the others'
    assert (many.score[many.genuine] < -0.8).mean() > 0.3
    assert pairs.cuts(many).two > -0.8  # counted by pairs the cut would lie among them
    rates = pairs.rates(many, *(np.full(len(many.score), one) for one in (0.5, -0.5)), 200)["false_alarm"]
    assert rates["low"] < 0.05  # without that patient nothing is wrong, and resamples tell it
    assert rates["high"] > rates["value"]


def test_the_figures_are_those_of_counting() -> None:
    found = made(30)
    cut = pairs.cuts(found)
    given = (np.full(len(found.score), cut.same), np.full(len(found.score), cut.two))
    rates = pairs.rates(found, *given, 50)
    own, strange = found.score[found.genuine], found.score[~found.genuine]
    area = (own[:, None] > strange).mean()
    assert rates["auroc"]["value"] == pytest.approx(area, abs=2e-3)
    assert rates["false_match"]["value"] == pytest.approx((strange >= cut.same).mean(), abs=1e-4)
    assert rates["missed"]["value"] == pytest.approx((own < cut.same).mean(), abs=1e-4)
    assert rates["caught"]["value"] == pytest.approx((strange <= cut.two).mean(), abs=1e-4)
    at = np.quantile(strange, 1 - rates["equal_error_rate"]["value"])
    assert (own < at).mean() == pytest.approx(rates["equal_error_rate"]["value"], abs=0.04)


def test_no_error_seen_is_not_no_error() -> None:
    found = made(40, apart=0.95)
    rates = pairs.rates(found, *(np.full(len(found.score), one) for one in (1.1, -1.1)), 50)
    assert rates["false_alarm"]["value"] == 0.0
    assert rates["false_alarm"]["high"] == pytest.approx(1 - 0.025 ** (1 / 40), abs=1e-3)
    assert rates["false_match"]["high"] > 0
    assert pairs.at_most(1, 40) > pairs.at_most(0, 40)
    assert pairs.at_most(40, 40) == 1.0


def test_a_score_against_itself_gains_nothing_and_against_chance_it_does() -> None:
    found = made(30)
    same = pairs.paired(found, found, 50)["auroc"]
    assert (same["value"], same["low"], same["high"]) == (0, 0, 0)
    shuffled = np.random.default_rng(1).permutation(found.score)
    chance = Pairs(shuffled, found.first, found.second, found.fold)
    gain = pairs.paired(found, chance, 100)
    assert gain["auroc"]["low"] > 0.2
    assert gain["equal_error_rate"]["high"] < 0
